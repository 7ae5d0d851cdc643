"""The clips that were made, on disk: what each is of, found again by words."""

import errno
import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from app.process import remove_file
from app.words import said_reason
from inference.api.codec import DecodeError, from_json, parse
from inference.api.database import Database
from inference.api.errors import UserError
from inference.api.spec import GenerationRequest

TABLES = """
CREATE TABLE IF NOT EXISTS clips (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, words TEXT NOT NULL, clip TEXT NOT NULL
);
"""
NEAR_TRASH = ".kinora-trash"  # of clips on other drives, beside them
SEED = re.compile(r"(?<!\S)(?:seed|种子)\s*[:=]?\s*([0-9]+)(?!\S)")  # as one types it to find it


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip. `made` is the local time in ISO 8601; `thumbnail` a picture of `thumbnail_frames`
    frames side by side, empty until there is one; `trashed_from` where it lay before it was put
    into the trash, empty for one that wasn't."""

    id: int
    path: str
    request: GenerationRequest
    made: str
    favourite: bool = False
    thumbnail: str = ""
    thumbnail_frames: int = 0
    trashed_from: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether its file is gone."""
        return not Path(self.path).is_file()


class Whereabouts(Enum):
    """Of the file of a clip."""

    THERE = auto()
    TRASHED = auto()
    GONE = auto()


class Library:
    """Every clip, newest first. Raises `UserError` where the disk refuses.

    `put_aside` is where a library lies that was broken, None if all is well.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = Database(folder / "clips.sqlite3", TABLES)
        self.put_aside = self._database.put_aside

    def add(self, path: Path, request: GenerationRequest, made: datetime) -> Clip:
        """Take a clip in; one of that path is replaced."""
        clip = Clip(0, str(path.absolute()), request, made.isoformat(timespec="seconds"))
        id_ = self._database.write(
            "INSERT OR REPLACE INTO clips (path, words, clip) VALUES (?, ?, '')", clip.path, ""
        )
        clip = replace(clip, id=id_)
        self.save(clip)
        return clip

    def save(self, clip: Clip) -> None:
        """Keep a clip as it is now."""
        self._database.write(
            "UPDATE clips SET path = ?, words = ?, clip = ? WHERE id = ?",
            clip.path, _words(clip), json.dumps(asdict(clip), ensure_ascii=False), clip.id,
        )  # fmt: skip

    def find(self, words: str) -> frozenset[int]:
        """The ids of the clips with each of the words in prompt, model, size, seed or date.

        A seed is typed as it is, or after the word `seed`: then it is that one and no longer one.
        """
        wanted = _phrases(words)
        where = " AND ".join(["instr(words, ?) > 0"] * len(wanted)) or "1"
        rows = self._database.rows(f"SELECT id FROM clips WHERE {where}", *wanted)
        return frozenset(id_ for (id_,) in rows if isinstance(id_, int))

    def load(self) -> list[Clip]:
        """All clips, those in the trash as well."""
        clips: list[Clip] = []
        for (text,) in self._database.rows("SELECT clip FROM clips"):
            try:
                clips.append(from_json(Clip, parse(str(text))))
            except (DecodeError, UserError):  # of another version, which still finds it
                continue
        return clips

    def forget(self, id_: int) -> None:
        """Take a clip out; its file stays."""
        self._database.write("DELETE FROM clips WHERE id = ?", id_)

    def trash(self, clip: Clip) -> Clip:
        """Move its file, if it is not missing, to the trash; `restore` undoes that.

        A trash is always on the clip's own drive: nothing is copied, however large it is.
        """
        source = Path(clip.path)
        name = f"{clip.id} {source.name}"
        target = self._folder / "trash" / name
        if not clip.is_missing and not _move(source, target):
            target = source.parent / NEAR_TRASH / name
            _move(source, target)
        trashed = replace(clip, path=str(target), trashed_from=clip.path)
        self.save(trashed)
        return trashed

    def restore(self, clip: Clip, copy: Path | None = None) -> Clip | None:
        """Move a clip's file from the trash to where it was, or beside what lies there now.

        None, and nothing is changed, if the trash is on another drive, as one of before may be: give a
        `copy` then, which lies in the folder where the clip was and takes its file's place.
        """
        place, is_missing = Path(clip.trashed_from), clip.is_missing
        target, count = place, 1
        while self._is_known(target) or (target.exists() and not is_missing):
            count += 1
            target = place.with_name(f"{place.stem} {count}{place.suffix}")
        if copy is not None or not is_missing:
            if not _move(copy or Path(clip.path), target):
                return None
            if copy is not None:
                remove_file(Path(clip.path))
            _tidy(Path(clip.path).parent)
        restored = replace(clip, path=str(target), trashed_from="")
        self.save(restored)
        return restored

    def destroy(self, clip: Clip) -> None:
        """Delete a clip from the trash for good."""
        for path in filter(None, (clip.path, clip.thumbnail)):
            try:
                Path(path).unlink(missing_ok=True)
            except OSError as error:
                text = QCoreApplication.translate("Library", "{path} can't be deleted ({reason}).")
                raise UserError(text.format(path=path, reason=said_reason(error))) from error
        _tidy(Path(clip.path).parent)
        self.forget(clip.id)

    def close(self) -> None:
        self._database.close()

    def _is_known(self, path: Path) -> bool:
        return bool(self._database.rows("SELECT 1 FROM clips WHERE path = ?", str(path)))


def _words(clip: Clip) -> str:
    request, made = clip.request, clip.made.replace("T", " ")
    size = f"{request.width}x{request.height}"
    return f"{request.prompt} {request.model} {size} seed {request.seed} {made}".casefold()


def _phrases(typed: str) -> list[str]:
    """What must occur, each in any place; a number after the word `seed` together with it."""
    typed = typed.casefold().replace("×", "x")
    return [f"seed {seed} " for seed in SEED.findall(typed)] + SEED.sub(" ", typed).split()


def date_text(clip: Clip) -> str:
    """When it was made, in the form in which it is searched for."""
    return clip.made.replace("T", " ")[:16]


def shape_text(clip: Clip) -> str:
    """Its size, and how long it is."""
    size, length = f"{clip.request.width}×{clip.request.height}", length_text(clip)
    return f"{size} · {length}" if length else size


def length_text(clip: Clip) -> str:
    """How long it is; empty for a picture."""
    if clip.request.written_frames == 1:
        return ""
    seconds = clip.request.written_frames / clip.request.fps
    return QCoreApplication.translate("Clips", "{0} s", "seconds").format(f"{seconds:.1f}")


def not_moved(source: Path, folder: Path, error: OSError) -> UserError:
    """What a person is told of a file that could not be moved to a folder."""
    text = QCoreApplication.translate("Library", "{name} can't be moved to {folder} ({reason}).")
    return UserError(text.format(name=source.name, folder=folder, reason=said_reason(error)))


def _move(source: Path, target: Path) -> bool:
    """False, and the file stays, where it would have to be copied."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        _tidy(target.parent)
        if error.errno == errno.EXDEV:
            return False
        raise not_moved(source, target.parent, error) from error
    return True


def _tidy(folder: Path) -> None:
    """Take an empty trash away that lies among the user's clips."""
    if folder.name == NEAR_TRASH:
        with suppress(OSError):  # it is not empty
            folder.rmdir()
