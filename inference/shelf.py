"""The user's own models: names for files and folders that stay where they are."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.api.codec import DecodeError, from_json, parse
from inference.api.errors import UserError, reason
from inference.api.models import MODELS, data_folder

DAMAGED = ".damaged"


@dataclass(frozen=True, slots=True)
class Added:
    """A model that the user added: what it is called here, and where it lies."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class _Shelf:
    models: tuple[Added, ...] = ()


def added() -> tuple[Added, ...]:
    """The models in the order they were added. A list that can't be read is kept aside."""
    file = _file()
    try:
        return from_json(_Shelf, parse(file.read_bytes())).models
    except FileNotFoundError:
        return ()
    except DecodeError:
        file.replace(file.with_name(file.name + DAMAGED))
        return ()
    except OSError as error:
        raise UserError(
            "The list of models {file} can't be read ({reason}).", file=file, reason=reason(error)
        ) from error


def path_of(name: str) -> Path | None:
    """Where the added model with that name lies, None if there is none."""
    return next((Path(model.path) for model in added() if model.name == name), None)


def add(path: Path) -> str:
    """Put the model at `path` on the list and return its name, which is new."""
    models, place = added(), str(path.resolve())
    for model in models:
        if model.path == place:
            return model.name
    name = _free_name(path, models)
    _write(_Shelf((*models, Added(name, place))))
    return name


def forget(name: str) -> None:
    """Take a model off the list; its files stay."""
    _write(_Shelf(tuple(model for model in added() if model.name != name)))


def _free_name(path: Path, models: tuple[Added, ...]) -> str:
    taken = {*MODELS, *(model.name.lower() for model in models)}
    stem = (path.stem if path.is_file() else path.resolve().name) or "model"
    name, count = stem, 1
    while name.lower() in taken:
        count += 1
        name = f"{stem}-{count}"
    return name


def _file() -> Path:
    return data_folder() / "models.json"


def _write(shelf: _Shelf) -> None:
    file = _file()
    partial = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as out:
            json.dump(asdict(shelf), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    except OSError as error:
        raise UserError(
            "The list of models {file} can't be written ({reason}).",
            file=file,
            reason=reason(error),
        ) from error
