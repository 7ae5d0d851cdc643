"""What the worker does beside making clips: questions that it answers, and downloads."""

import time
from collections.abc import Generator
from pathlib import Path

from inference import checkup, manifest, shelf
from inference.api.errors import UserError
from inference.api.messages import (
    AddModel,
    Answer,
    CheckedUp,
    Checkup,
    Download,
    Downloaded,
    Downloading,
    Inspect,
    Inspected,
    ListModels,
    Measure,
    Measured,
    ModelInfo,
    ModelsListed,
    Question,
    RemoveModel,
)
from inference.api.models import DEMO, MODELS, folder_of, published_bytes, published_files
from inference.api.spec import ModelSpec
from inference.catalog import find, known_like
from inference.download import Repository
from inference.download import download as fetch
from inference.load import load_tokenizer
from inference.wan.text import Tokenizer
from inference.weights.checkpoint import Checkpoint
from inference.weights.inspect import inspect
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.params import dit_params
from inference.weights.variants import classify

LICENCE = "Apache-2.0"  # of the official models, and of the one that ships
REPORT_S = 0.1  # between two reports of a download


class Desk:
    """Answers questions, one at a time; remembers the tokenizers that it needed."""

    def __init__(self) -> None:
        self._tokenizers: dict[str, Tokenizer] = {}

    def answer(self, question: Question) -> Answer:
        """The answer. Raises `UserError` for what the user can put right."""
        match question:
            case Measure(name, model, text):
                count = self._tokenizer(model).measure(text)
                return Measured(name, count.used, count.limit, count.cut_at)
            case ListModels(name):
                return ModelsListed(name, list_models())
            case Inspect(name, path):
                return _inspect(name, Path(path))
            case AddModel(name, path):
                add_model(Path(path))
                return ModelsListed(name, list_models())
            case RemoveModel(name, model):
                self._tokenizers.pop(model, None)
                remove_model(model)
                return ModelsListed(name, list_models())
            case Checkup(name, folder):
                return CheckedUp(name, checkup.check(Path(folder)))

    def _tokenizer(self, name: str) -> Tokenizer:
        if name not in self._tokenizers:
            model = find(name)
            self._tokenizers[name] = load_tokenizer(model.files, dit_params(model.dit).text_len)
        return self._tokenizers[name]


def list_models() -> tuple[ModelInfo, ...]:
    """The models that Kinora knows, then those that the user added."""
    own = tuple(_added(model.name, Path(model.path)) for model in shelf.added())
    return (*map(_known, MODELS.values()), *own)


def add_model(path: Path) -> None:
    """Put the model at `path` on the list. Raises `UserError` unless it has a transformer to use."""
    if not path.exists():
        raise UserError("There is no file or folder {path}.", path=path)
    files = find_model(path)
    if files.dit is None:
        raise UserError(
            "{path} has no transformer of Wan2.1: choose a file or folder with one.", path=path
        )
    if obstacle := classify(files.dit).obstacle:
        raise UserError("{path} can't be used: {obstacle}.", path=files.dit.path, obstacle=obstacle)
    shelf.add(path)


def remove_model(name: str) -> None:
    """Forget a model that was added, or delete what a download wrote of a known one."""
    if shelf.path_of(name) is not None:
        shelf.forget(name)
        return
    spec = MODELS.get(name)
    if spec is None or not spec.repository or not manifest.has_files(folder_of(spec)):
        raise UserError(
            "There is nothing of {name} that Kinora downloaded: delete its files yourself if you "
            "don't need them.",
            name=name,
        )
    manifest.remove(folder_of(spec))


def download(command: Download) -> Generator[Downloading | Downloaded, None, None]:
    """Bring a known model to where it belongs; see `inference.download`. Closing it is safe."""
    spec = MODELS.get(command.model)
    if spec is None or not spec.repository:
        names = ", ".join(spec.name for spec in MODELS.values() if spec.repository)
        raise UserError(
            "{model!r} can't be downloaded: choose one of {names}.",
            model=command.model,
            names=names,
        )
    folder = folder_of(spec)
    repository = Repository(spec.repository, endpoint=command.endpoint.rstrip("/"))
    reported = 0.0
    for progress in fetch(repository, published_files(spec), folder):
        done, total = progress.done_bytes, progress.total_bytes
        if done == total or time.monotonic() - reported >= REPORT_S:
            reported = time.monotonic()
            yield Downloading(command.job, done, total)
    yield Downloaded(command.job, str(folder))


def _known(spec: ModelSpec) -> ModelInfo:
    folder = folder_of(spec)
    files = _find(folder)
    return ModelInfo(
        name=spec.name,
        title=spec.title,
        path=str(folder),
        bytes=_size(files),
        precision=_precision(files),
        licence=LICENCE,
        tasks=tuple(sorted(spec.tasks)),
        installed=files is not None and not files.missing,
        removable=manifest.has_files(folder),
        missing=files.missing if files is not None else (),
        downloadable=spec is not DEMO,
        like=spec.name,
        download_bytes=published_bytes(spec),
    )


def _added(name: str, path: Path) -> ModelInfo:
    files = _find(path)
    return _info(name, path, files, is_added=True)


def _info(name: str, path: Path, files: ModelFiles | None, *, is_added: bool) -> ModelInfo:
    """What is known of a model whose files are all there is to tell."""
    dit = None if files is None else files.dit
    variant = None if dit is None else classify(dit)
    like = None if dit is None else known_like(dit)
    return ModelInfo(
        name=name,
        title=name if variant is None else variant.name,
        path=str(path),
        bytes=_size(files),
        precision=_precision(files),
        licence="",
        tasks=() if variant is None else tuple(sorted(variant.tasks)),
        installed=files is not None and not files.missing,
        removable=is_added,
        missing=files.missing if files is not None else (),
        added=is_added,
        like="" if like is None else like.name,
    )


def _inspect(name: str, path: Path) -> Inspected:
    report = inspect(path)
    return Inspected(name, _info(path.name, path, _find(path), is_added=False), report.sentence())


def _find(path: Path) -> ModelFiles | None:
    """The parts of a model at `path`; None if there are none that can be used."""
    try:
        return find_model(path) if path.exists() else None
    except UserError:
        return None


def _size(files: ModelFiles | None) -> int:
    """Bytes of the files that the parts lie in."""
    if files is None:
        return 0
    paths = {path for part in _parts(files) for path in part.files}
    return sum(path.stat().st_size for path in paths)


def _precision(files: ModelFiles | None) -> str:
    return "" if files is None or files.dit is None else files.dit.precision.words


def _parts(files: ModelFiles) -> list[Checkpoint]:
    parts = (files.dit, files.text, files.vae, files.image)
    return [part for part in parts if part is not None]
