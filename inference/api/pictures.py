"""The pictures that clips are made from, kept by their content.

A request names a picture by the SHA-256 of its file, and a folder of Kinora's holds a copy under that
name. So a clip that waits, or is made again from its recipe, has its pictures wherever the files were moved since,
and two requests for the same picture are the same.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from inference.api.errors import UserError, reason
from inference.api.models import data_folder

PIECE_BYTES = 2**20


def pictures_folder() -> Path:
    """Where the copies lie."""
    return data_folder() / "pictures"


def keep(path: Path) -> str:
    """The name of the picture in the file at `path`, of which a copy is kept from now on.

    Whether it is a picture is for the caller to see. Raises `UserError` if it can't be read, or not be kept.
    """
    try:
        name = _name_of(path)
    except OSError as error:
        raise UserError(
            "{path} can't be read: {reason}.", path=path, reason=reason(error)
        ) from error
    if path_of(name) is None:
        _copy(path, pictures_folder() / name)
    return name


def path_of(name: str) -> Path | None:
    """Where the kept picture of that name lies, None if it isn't on this machine."""
    path = pictures_folder() / name
    return path if path.is_file() else None


def require(name: str) -> Path:
    """Where the kept picture of that name lies. Raises `UserError` if it isn't on this machine."""
    path = path_of(name)
    if path is None:
        raise UserError(
            "A picture that the clip is made from isn't on this machine any more: choose it again."
        )
    return path


def _name_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> None:
    """Written under another name first: what has the name is whole."""
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as original, partial.open("wb") as copy:
            while piece := original.read(PIECE_BYTES):
                copy.write(piece)
        partial.replace(target)
    except OSError as error:
        raise UserError(
            "{path} can't be kept in {folder}: {reason}.",
            path=source,
            folder=target.parent,
            reason=reason(error),
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
