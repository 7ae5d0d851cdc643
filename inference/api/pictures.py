"""The pictures that clips are made from, kept by their content.

A request names a picture by the SHA-256 of its file, and a folder of Kinora's holds a copy under that
name. So a clip that waits, or is made again from its recipe, has its pictures wherever the files were moved since,
and two requests for the same picture are the same.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import IO

from inference.api.errors import UserError, reason
from inference.api.models import data_folder
from inference.api.opening import open_shared

PIECE_BYTES = 2**20


class StoppedError(Exception):
    """Nothing was kept, as nobody waits for it any more."""


def pictures_folder() -> Path:
    """Where the copies lie."""
    return data_folder() / "pictures"


def keep(path: Path, stopped: Callable[[], bool] = lambda: False) -> str:
    """The name of the picture in the file at `path`, of which a copy is kept from now on.

    Whether it is a picture is for the caller to see. Raises `UserError` if it can't be read, or not be kept, and
    `StoppedError` once `stopped` says so: a video may take long.
    """
    try:
        source = open_shared(path)
    except OSError as error:
        raise UserError(
            "{path} can't be read: {reason}.", path=path, reason=reason(error)
        ) from error
    folder = pictures_folder()
    partial = folder / f".partial-{os.getpid()}-{get_ident()}"
    try:
        with source:
            name = _read(source, None, stopped)
            if path_of(name) is None:
                source.seek(0)
                folder.mkdir(parents=True, exist_ok=True)
                with partial.open("wb") as copy:
                    name = _read(source, copy, stopped)
                partial.replace(folder / name)  # what has the name is whole
    except OSError as error:
        raise UserError(
            "{path} can't be kept in {folder}: {reason}.",
            path=path,
            folder=folder,
            reason=reason(error),
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
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


def _read(source: IO[bytes], copy: IO[bytes] | None, stopped: Callable[[], bool]) -> str:
    """The hash of what was read, and written to `copy` if there is one."""
    seen = hashlib.sha256()
    while piece := source.read(PIECE_BYTES):
        if stopped():
            raise StoppedError
        seen.update(piece)
        if copy is not None:
            copy.write(piece)
    return seen.hexdigest()
