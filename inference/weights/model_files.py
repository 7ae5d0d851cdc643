"""The files of a model wherever they lie: in a folder, beside a chosen file, or in several places."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.api.errors import UserError, reason
from inference.api.sentence import Sentence, series
from inference.weights.checkpoint import Checkpoint, open_checkpoints, shards
from inference.weights.names import Network
from inference.weights.variants import classify

# Endings that weights have; what a file holds is told by its content.
WEIGHT_SUFFIXES = {".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".gguf"}
# The folders that ComfyUI and diffusers keep a model's other parts in, beside the transformer's.
NEIGHBOURS = (
    "text_encoders", "text_encoder", "clip", "vae", "clip_vision", "image_encoder", "tokenizer",
)  # fmt: skip
SPIECE = "spiece.model"
TOKENIZER_JSON = "tokenizer.json"
FOLDER_DEPTH = 3
DEPTH_BESIDE = 2  # google/umt5-xxl/spiece.model in an official folder

WHERE = {
    Network.DIT: Sentence("diffusion_pytorch_model.safetensors of Wan-AI/Wan2.1-T2V-1.3B"),
    Network.TEXT: Sentence(
        "models_t5_umt5-xxl-enc-bf16.pth of Wan-AI/Wan2.1-T2V-1.3B, or umt5_xxl_fp16.safetensors "
        "of "
        "Comfy-Org/Wan_2.1_ComfyUI_repackaged"
    ),
    Network.VAE: Sentence(
        "Wan2.1_VAE.pth of Wan-AI/Wan2.1-T2V-1.3B, or wan_2.1_vae.safetensors of "
        "Comfy-Org/Wan_2.1_ComfyUI_repackaged"
    ),
    Network.IMAGE: Sentence(
        "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth of Wan-AI/Wan2.1-I2V-14B-480P, or "
        "clip_vision_h.safetensors of Comfy-Org/Wan_2.1_ComfyUI_repackaged"
    ),
}
WHERE_TOKENIZER = Sentence("the folder google/umt5-xxl of Wan-AI/Wan2.1-T2V-1.3B")


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies in a place; `problems` says for each file of weights there why it can't be used."""

    checkpoints: tuple[Checkpoint, ...]
    tokenizer: Path | None
    problems: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The parts of one model. `tokenizer` is None where the text encoder's own file holds it."""

    path: Path
    dit: Checkpoint | None
    text: Checkpoint | None
    vae: Checkpoint | None
    image: Checkpoint | None
    tokenizer: Path | None
    problems: tuple[Sentence, ...] = ()

    @property
    def needs_image_encoder(self) -> bool:
        """Whether the transformer attends to an image's tokens (I2V, FLF2V)."""
        return self.dit is not None and "img_emb.proj.0.weight" in self.dit.sources

    @property
    def missing(self) -> tuple[Sentence, ...]:
        """What has to be found before the model can run, each with a place to get it from."""
        wanted = {Network.DIT: self.dit, Network.TEXT: self.text, Network.VAE: self.vae}
        if self.needs_image_encoder:
            wanted[Network.IMAGE] = self.image
        parts = [
            Sentence("the {part} ({place})", part=network.words, place=WHERE[network])
            for network, found in wanted.items()
            if found is None
        ]
        if self.tokenizer is None and (self.text is None or self.text.spiece_model is None):
            parts.append(Sentence("the tokenizer ({place})", place=WHERE_TOKENIZER))
        return tuple(parts)

    def require(self) -> None:
        """Raise `UserError` unless all parts are there."""
        if not self.missing:
            return
        parts = series(self.missing)
        if self.problems:
            raise UserError(
                "{problem} Without that file {path} lacks {parts}: put what is missing beside it, or say "
                "where it lies.",
                problem=self.problems[0],
                path=self.path,
                parts=parts,
            )
        raise UserError(
            "{path} lacks {parts}: put what is missing beside it, or say where it lies.",
            path=self.path,
            parts=parts,
        )


def find_model(path: Path, *elsewhere: Path) -> ModelFiles:
    """The parts of the model in `path`, a folder or a transformer's file.

    What `path` lacks is looked for in `elsewhere`, files or folders, in order; and, if `path` is a file,
    beside it. Raises `UserError` if `path` can't be read, has no network, or has several transformers.
    """
    first = scan(path)
    if not first.checkpoints:
        raise _nothing_found(path, first)
    return assemble(path, first, *(scan(place) for place in elsewhere))


def assemble(path: Path, first: Scan, *others: Scan) -> ModelFiles:
    """`find_model` for places that have been looked at: `first` is what lies in `path`."""
    scans = [first, *others]
    if path.is_file():
        scans.append(_scan_beside(path, first))
    return ModelFiles(
        path=path,
        dit=_only_transformer(path, scans),
        text=_best(Network.TEXT, scans),
        vae=_best(Network.VAE, scans),
        image=_best(Network.IMAGE, scans),
        tokenizer=next((place.tokenizer for place in scans if place.tokenizer), None),
        problems=tuple(problem for place in scans for problem in place.problems),
    )


def scan(path: Path) -> Scan:
    """What lies in a folder, or in a single file, which then has to be readable."""
    if path.is_dir():
        return _scan_files(list(_walk(path, FOLDER_DEPTH)))
    if path.name in (SPIECE, TOKENIZER_JSON):
        return Scan((), path)
    return Scan(open_checkpoints(path), None)


def _scan_files(files: list[Path]) -> Scan:
    checkpoints, problems = [], []
    seen: set[Path] = set()
    for file in files:
        if file.suffix.lower() not in WEIGHT_SUFFIXES or file in seen:
            continue
        try:
            seen.update(shards(file))
            checkpoints += open_checkpoints(file)
        except UserError as error:
            problems.append(error.sentence)
    return Scan(tuple(checkpoints), _tokenizer(files), tuple(dict.fromkeys(problems)))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Files in `folder` and `depth` levels below it, in a fixed order; nothing hidden."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(
            "The folder {folder} can't be read ({reason}).", folder=folder, reason=reason(error)
        ) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            yield Path(entry)
        elif depth and entry.is_dir():
            yield from _walk(Path(entry), depth - 1)


def _scan_beside(file: Path, known: Scan) -> Scan:
    """What lies beside a chosen file, but for transformers, which are other models'."""
    neighbours = [file.parent.parent / name for name in NEIGHBOURS]
    folders = [file.parent, *(n for n in neighbours if n.is_dir() and n != file.parent)]
    own = {path for checkpoint in known.checkpoints for path in checkpoint.files}
    files = [f for folder in folders for f in _walk(folder, DEPTH_BESIDE) if f not in own]
    found = _scan_files(files)
    parts = tuple(c for c in found.checkpoints if c.network is not Network.DIT)
    return Scan(parts, found.tokenizer)


def _only_transformer(path: Path, scans: Iterable[Scan]) -> Checkpoint | None:
    """The transformer of the first place that has one; several in one place are a question."""
    for place in scans:
        found = [c for c in place.checkpoints if c.network is Network.DIT]
        if len(found) > 1:
            names = ", ".join(c.path.name for c in found[:5])
            raise UserError(
                "{path} holds {count} transformers ({names}): choose one of these files.",
                path=path,
                count=len(found),
                names=names,
            )
        if found:
            return found[0]
    return None


def _best(network: Network, scans: list[Scan]) -> Checkpoint | None:
    """The first usable `network` in the first place that has it; else one that isn't usable."""
    found = [c for place in scans for c in place.checkpoints if c.network is network]
    usable = [c for c in found if c.precision.readable and not classify(c).obstacle]
    return next(iter(usable + found), None)


def _tokenizer(files: list[Path]) -> Path | None:
    """UMT5's tokenizer; I2V folders hold that of CLIP's text tower too, which is never used."""
    spiece = [file for file in files if file.name == SPIECE]
    if spiece:
        return spiece[0]
    candidates = [file for file in files if file.name == TOKENIZER_JSON]
    if len(candidates) > 1:
        candidates = [file for file in candidates if _pads_with_zero(file)]
    return next(iter(candidates), None)


def _pads_with_zero(tokenizer: Path) -> bool:
    """Whether token 0 is padding, as in T5 and not in XLM-RoBERTa."""
    try:
        content = json.loads(tokenizer.read_text("utf-8"))
        return any(t["id"] == 0 and t["content"] == "<pad>" for t in content["added_tokens"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _nothing_found(path: Path, found: Scan) -> UserError:
    if found.problems:
        return UserError(
            "{path} has no part of Wan2.1 that can be used. {problem}",
            path=path,
            problem=found.problems[0],
        )
    example = WHERE[Network.DIT]
    if path.is_dir():
        return UserError(
            "{path} has no part of Wan2.1: choose a folder with one, such as {example}.",
            path=path,
            example=example,
        )
    return UserError(
        "{path} has no part of Wan2.1: choose a file with one, such as {example}.",
        path=path,
        example=example,
    )
