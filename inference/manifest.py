"""What a download wrote into a folder, so that removing a model deletes that and nothing else."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from inference.api.errors import UserError, reason

MANIFEST = ".kinora-files.json"


def record(folder: Path, names: Iterable[str]) -> None:
    """Add the files `names`, relative to `folder`, which are about to be written."""
    known = dict.fromkeys([*_read(folder), *names])
    if not known:
        return
    partial = folder / f"{MANIFEST}.partial"
    partial.write_text(json.dumps(list(known), indent=1), encoding="utf-8")
    partial.replace(folder / MANIFEST)


def has_files(folder: Path) -> bool:
    """Whether there is anything that `remove` would delete."""
    return any(True for _ in _files(folder))


def remove(folder: Path) -> None:
    """Delete the recorded files and the folders that this leaves empty. Raises `UserError`."""
    try:
        for file in list(_files(folder)):
            file.unlink()
        for parent in sorted(_parents(folder), reverse=True):
            with suppress(OSError):  # it isn't empty, or not there
                parent.rmdir()
        (folder / MANIFEST).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
    except OSError as error:
        raise UserError(
            "{path} can't be deleted ({reason}): close what uses it, then remove the model again.",
            path=error.filename,
            reason=reason(error),
        ) from error


def _files(folder: Path) -> Iterator[Path]:
    for name in _read(folder):
        target = folder / name
        if target.is_file():
            yield target
        yield from target.parent.glob(f"{_literal(target.name)}.*.partial")


def _parents(folder: Path) -> set[Path]:
    """All folders between `folder` and its recorded files."""
    return {
        folder / parent for name in _read(folder) for parent in Path(name).parents if parent.name
    }


def _read(folder: Path) -> list[str]:
    """The recorded names that lie inside; none where there is no record that can be read."""
    try:
        names = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(names, list):
        return []
    return [n for n in names if isinstance(n, str) and _is_inside(Path(n))]


def _is_inside(name: Path) -> bool:
    return not name.is_absolute() and ".." not in name.parts


def _literal(name: str) -> str:
    """`name` as a pattern that matches just it."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
