"""From what a user calls a model to the model: a known name, or a path to files."""

from dataclasses import dataclass, replace
from pathlib import Path

from inference import shelf
from inference.api.errors import UserError, reason
from inference.api.models import DEMO, MODELS, folder_of
from inference.api.spec import DiTParams, ModelSpec
from inference.api.version import LAUNCHER
from inference.weights.checkpoint import Checkpoint
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.params import dit_params, text_params, vae_params
from inference.weights.variants import classify


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can run: what is known of it, and its parts, which fit together."""

    spec: ModelSpec
    files: ModelFiles

    @property
    def dit(self) -> Checkpoint:
        return _there(self.files.dit)

    @property
    def text(self) -> Checkpoint:
        return _there(self.files.text)

    @property
    def vae(self) -> Checkpoint:
        return _there(self.files.vae)

    @property
    def image(self) -> Checkpoint:
        """Of a model that attends to pictures."""
        return _there(self.files.image)


def find(name: str, *elsewhere: Path) -> Model:
    """The model called `name`, one of `MODELS`, one that was added or a path; its missing parts may lie
    in `elsewhere`.

    A path's spec is that of the known model with the same transformer, or else of the nearest kind.
    Raises `UserError` if there is no such model, it isn't whole, or its parts don't go together.
    """
    known = MODELS.get(name.lower())
    files = find_model(_path_of(name) if known is None else _folder_of(known), *elsewhere)
    files.require()
    spec = _spec_of(files) if known is None else known
    _require_fit(files)
    return Model(spec, files)


def find_dit(name: str) -> Checkpoint:
    """The transformer of a model called `name` as `find` has it; its other parts may be missing."""
    known = MODELS.get(name.lower())
    files = find_model(_path_of(name) if known is None else _folder_of(known))
    if files.dit is None:
        raise UserError(
            "{path} has no transformer: give the path of one, or of its model.", path=files.path
        )
    return files.dit


def known_like(dit: Checkpoint) -> ModelSpec | None:
    """The known model with the same transformer, None if there is none."""
    params = dit_params(dit)
    return next((spec for spec in MODELS.values() if _same_network(spec.dit, params)), None)


def is_installed(spec: ModelSpec) -> bool:
    """Whether all parts of a known model lie where they belong."""
    try:
        return not find_model(_folder_of(spec)).missing
    except UserError:
        return False


def _folder_of(spec: ModelSpec) -> Path:
    folder = folder_of(spec)
    if not spec.repository and not any(folder.glob("*.safetensors")):
        raise UserError(
            "The model that comes with Kinora isn't in {folder}: get Kinora again, as a whole.",
            folder=folder,
        )
    if not folder.is_dir():
        raise UserError(
            "The model {name} isn't on this machine: get it with {kinora} models download "
            "{name}, or give the path of a copy.",
            name=spec.name,
            kinora=LAUNCHER,
        )
    return folder


def _path_of(name: str) -> Path:
    if (added := shelf.path_of(name)) is not None:
        if not added.exists():
            raise UserError(
                "The model {name} isn't at {path} any more: put it back or add it again.",
                name=name,
                path=added,
            )
        return added
    try:
        exists = Path(name).exists()
    except OSError as error:
        raise UserError(
            "The model {name!r} can't be looked up ({reason}).", name=name, reason=reason(error)
        ) from error
    if not exists:
        raise UserError(
            "There is no model {name!r}: give the path of a model's folder or file, or one of "
            "{names}.",
            name=name,
            names=", ".join(MODELS),
        )
    return Path(name)


def _spec_of(files: ModelFiles) -> ModelSpec:
    """That of the known model with the same transformer; of an unknown size, with the nearest
    model's defaults."""
    dit = _there(files.dit)
    if (known := known_like(dit)) is not None:
        return known
    variant = classify(dit)
    official = [spec for spec in MODELS.values() if spec is not DEMO]
    nearest = next((spec for spec in official if spec.tasks == variant.tasks), official[0])
    return replace(
        nearest,
        name=files.path.name,
        title=variant.name,
        dit=dit_params(dit),
        text=text_params(_there(files.text)),
        vae=vae_params(_there(files.vae)),
        repository="",
    )


def _same_network(a: DiTParams, b: DiTParams) -> bool:
    """Whether the shapes agree; what the tensors don't tell may differ."""
    return a == replace(b, text_len=a.text_len, eps=a.eps)


def _require_fit(files: ModelFiles) -> None:
    for part in (files.dit, files.text, files.vae, files.image):
        if part is not None and (obstacle := classify(part).obstacle):
            raise UserError("{path} can't be used: {obstacle}.", path=part.path, obstacle=obstacle)
    dit, text = _there(files.dit), _there(files.text)
    wanted, given = dit_params(dit).text_dim, text_params(text).dim
    if wanted != given:
        raise UserError(
            "The text encoder {encoder} gives vectors of {given} numbers, and the transformer "
            "{transformer} takes {wanted}: use the one that came with it.",
            encoder=text.path,
            given=given,
            transformer=dit.path,
            wanted=wanted,
        )


def _there(part: Checkpoint | None) -> Checkpoint:
    assert part is not None  # `find` requires it
    return part
