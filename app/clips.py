"""The library as Qt shows it: found by words, kept or thrown away, taken in from files."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.library import Clip, Library
from app.recipes import read_request
from app.thumbnails import Order, Thumbnails, plan_strip
from inference.api.errors import UserError
from inference.api.models import data_folder
from inference.api.spec import GenerationRequest

Index = QModelIndex | QPersistentModelIndex

CLIP_ROLE = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()


class Clips(QAbstractListModel):
    """The clips that the search finds, newest first; `CLIP_ROLE` is a row's `Clip`.

    Signals:
        trashed: the `Clip` that was put into the trash, for an offer to undo it.
        missing_changed: files have gone or come back.
    """

    trashed = Signal(object)
    missing_changed = Signal()

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or data_folder()
        self._library = Library(self._folder)
        self.notice = self._say_broken()
        self._words, self._favourites, self._trash = "", False, False
        self._clips: list[Clip] = []
        self._missing: frozenset[int] = frozenset()
        self._thumbnails = Thumbnails(self)
        self._thumbnails.made.connect(self._on_thumbnail)
        self._load()

    @property
    def clips(self) -> tuple[Clip, ...]:
        return tuple(self._clips)

    def clip(self, id_: int) -> Clip:
        """The clip of that id among those that are shown. Raises `KeyError`."""
        return self._clips[self._row(id_)]

    def search(self, words: str = "", *, favourites: bool = False, trash: bool = False) -> None:
        """Show the clips with all of these words; of the favourites, or the trash, alone."""
        self._words, self._favourites, self._trash = words, favourites, trash
        self._load()

    def add(self, path: Path, request: GenerationRequest) -> Clip:
        """Take in a clip that was just made."""
        return self._add(path, request, datetime.now())

    def take_in(self, path: Path) -> Clip | None:
        """Take in a clip of Kinora's that lies anywhere; None for a foreign file, which stays out.

        Raises `UserError` for what is no video or picture.
        """
        request = read_request(path)
        if request is None:
            return None
        absolute = str(path.absolute())
        known = next((clip for clip in self._library.find() if clip.path == absolute), None)
        return known or self._add(path, request, datetime.fromtimestamp(path.stat().st_mtime))

    def set_favourite(self, id_: int, *, favourite: bool) -> None:
        self._put(replace(self.clip(id_), favourite=favourite))

    def trash(self, id_: int) -> None:
        """Put a clip into the trash; `restore` undoes that. A missing one is only forgotten."""
        clip = self.clip(id_)
        if clip.is_missing:
            self._library.forget(id_)
        else:
            self.trashed.emit(self._library.trash(clip))
        self._load()

    def restore(self, id_: int) -> None:
        """Take a clip out of the trash again."""
        for clip in self._library.find():
            if clip.id == id_ and clip.trashed_from:
                self._library.restore(clip)
        self._load()

    def empty_trash(self) -> None:
        """Delete what is in the trash for good."""
        for clip in self._library.find():
            if clip.trashed_from:
                self._library.destroy(clip)
        self._load()

    def check_files(self) -> None:
        """See which files have gone or come back, as when the window gets the focus."""
        missing = frozenset(clip.id for clip in self._clips if clip.is_missing)
        if missing != self._missing:
            self._missing = missing
            self.dataChanged.emit(self.index(0), self.index(len(self._clips) - 1))
            self.missing_changed.emit()

    def is_missing(self, id_: int) -> bool:
        """Whether the file was gone when that was last seen to."""
        return id_ in self._missing

    def close(self) -> None:
        self._thumbnails.stop()
        self._library.close()

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802, Qt's
        return 0 if parent.isValid() else len(self._clips)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        clip = self._clips[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return clip
            case (
                Qt.ItemDataRole.DisplayRole
                | Qt.ItemDataRole.AccessibleTextRole
                | Qt.ItemDataRole.ToolTipRole
            ):
                return clip.request.prompt
            case _:
                return None

    def _add(self, path: Path, request: GenerationRequest, made: datetime) -> Clip:
        clip = self._library.add(path, request, made)
        target = self._folder / "thumbnails" / f"{clip.id}.png"
        self._thumbnails.make(plan_strip(clip.id, Path(clip.path), target, request.frames))
        self._load()
        return clip

    def _load(self) -> None:
        found = self._library.find(self._words)
        self.beginResetModel()
        self._clips = [clip for clip in found if self._is_shown(clip)]
        self._missing = frozenset(clip.id for clip in self._clips if clip.is_missing)
        self.endResetModel()

    def _is_shown(self, clip: Clip) -> bool:
        is_of_place = bool(clip.trashed_from) is self._trash
        return is_of_place and (clip.favourite or not self._favourites)

    def _row(self, id_: int) -> int:
        for row, clip in enumerate(self._clips):
            if clip.id == id_:
                return row
        raise KeyError(id_)

    def _put(self, clip: Clip) -> None:
        self._library.save(clip)
        row = self._row(clip.id)
        self._clips[row] = clip
        self.dataChanged.emit(self.index(row), self.index(row))

    def _on_thumbnail(self, order: Order) -> None:
        clip = next((clip for clip in self._library.find() if clip.id == order.id), None)
        if clip is None:
            return
        pictured = replace(clip, thumbnail=str(order.target), thumbnail_frames=order.frames)
        try:
            self._library.save(pictured)
        except UserError:  # a full disk: it shows no picture, which is the least of it
            return
        for row, shown in enumerate(self._clips):
            if shown.id == pictured.id:
                self._clips[row] = pictured
                self.dataChanged.emit(self.index(row), self.index(row))

    def _say_broken(self) -> str:
        if self._library.put_aside is None:
            return ""
        message = QCoreApplication.translate(
            "Clips", "The library could not be read, so a new one was begun; the old is {0}."
        )
        return message.format(self._library.put_aside)
