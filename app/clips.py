"""The library as Qt shows it: found by words, kept or thrown away, taken in from files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
    Signal,
)

from app.copying import Copying
from app.library import Clip, Library, Whereabouts, date_text, not_moved, shape_text
from app.presence import Presence
from app.process import remove_file
from app.recipes import Origin, read_origin
from app.text import tip
from app.thumbnails import Order, Thumbnails, plan_strip
from app.words import said
from inference.api.errors import UserError
from inference.api.models import data_folder
from inference.api.spec import GenerationRequest

Index = QModelIndex | QPersistentModelIndex

CLIP_ROLE = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()


class Clips(QAbstractListModel):
    """The clips that the search finds, newest first; `CLIP_ROLE` is a row's `Clip`.

    All of them are held in memory, so a change costs what it changes. Signals:
        trashed: the `Clip`s that were put into the trash, for an offer to undo it.
        restored: the `Clip`s that are out of the trash again.
        copying: a `Clip` that is copied from a trash on another drive, until it is `restored`.
        failed: why that came to nothing.
        missing_changed: files have gone or come back.
        relocated: the whereabouts of files are others than before, for any of these reasons.
        pictured: the id of a clip whose strip was made.
    """

    trashed = Signal(list)
    restored = Signal(list)
    copying = Signal(object)
    failed = Signal(str)
    missing_changed = Signal()
    relocated = Signal()
    pictured = Signal(int)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or data_folder()
        self._library = Library(self._folder)
        self.notice = self._say_broken()
        self._all = {clip.id: clip for clip in self._library.load()}
        self._ids = {clip.path: clip.id for clip in self._all.values()}
        self._words, self._favourites, self._trash = "", False, False
        self._found: frozenset[int] | None = None  # by the words; None: there are no words
        self._clips: list[Clip] = []
        self._missing: frozenset[int] = frozenset()
        self._strays: dict[Path, bool] = {}  # whether files are there that are no clip's
        self._ordered: set[int] = set()  # strips, once each
        self._thumbnails = Thumbnails(self)
        self._thumbnails.made.connect(self._on_thumbnail)
        self._copied: set[int] = set()  # clips that are being copied
        self._copying = Copying(self)
        self._copying.copied.connect(self._on_copied)
        self._copying.failed.connect(self._on_not_copied)
        self._presence = Presence(lambda: list(self._all.values()), self)
        self._presence.looked.connect(self._on_looked)
        for signal in (self.trashed, self.restored, self.missing_changed):
            signal.connect(self.relocated)
        self._show()

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Those that are shown."""
        return tuple(self._clips)

    @property
    def requests(self) -> tuple[GenerationRequest, ...]:
        """Of all clips, shown or not."""
        return tuple(clip.request for clip in self._all.values())

    def clip(self, id_: int) -> Clip:
        """The clip of that id, shown or not. Raises `KeyError`."""
        return self._all[id_]

    def at(self, path: Path) -> Clip | None:
        """The clip whose file lies there, shown or not."""
        id_ = self._ids.get(str(path.absolute()))
        return None if id_ is None else self._all[id_]

    def whereabouts(self, path: Path) -> Whereabouts:
        """What has become of the file of a clip that was made there."""
        if (clip := self.at(path)) is not None:
            return Whereabouts.GONE if clip.id in self._missing else Whereabouts.THERE
        if any(clip.trashed_from == str(path.absolute()) for clip in self._all.values()):
            return Whereabouts.TRASHED
        if path not in self._strays:
            self._strays[path] = path.is_file()
        return Whereabouts.THERE if self._strays[path] else Whereabouts.GONE

    def is_in_trash(self, id_: int) -> bool:
        """Whether there is a clip of that id, in the trash."""
        clip = self._all.get(id_)
        return clip is not None and bool(clip.trashed_from)

    def row(self, id_: int) -> int:
        """Where the clip of that id is shown; -1 for one that isn't."""
        return next((row for row, clip in enumerate(self._clips) if clip.id == id_), -1)

    def count(self, *, favourites: bool = False, trash: bool = False) -> int:
        """How many there are in that place, whatever is searched for."""
        return sum(_is_in(clip, favourites=favourites, trash=trash) for clip in self._all.values())

    def search(self, words: str = "", *, favourites: bool = False, trash: bool = False) -> None:
        """Show the clips with all of these words; of the favourites, or the trash, alone."""
        self._found = self._library.find(words) if words.strip() else None
        self._words, self._favourites, self._trash = words, favourites, trash
        self._show()

    def add(self, path: Path, request: GenerationRequest) -> Clip:
        """Take in a clip that was just made."""
        return self._add(path, request, datetime.now())

    def take_in(self, path: Path) -> Origin | None:
        """How a clip was made that lies anywhere; if that is known, it is in the library then.

        A part of a clip stays out, which its request would not make, and a folder of frames, which is no
        file to be kept. Raises `UserError` for what is no video or picture.
        """
        origin = read_origin(path)
        if origin is None or origin.part is not None or path.is_dir():
            return origin
        known = self.at(path)
        if known is None or known.request != origin.request:
            self._add(path, origin.request, datetime.fromtimestamp(path.stat().st_mtime))
        return origin

    def set_favourite(self, id_: int, *, favourite: bool) -> None:
        self._put(replace(self.clip(id_), favourite=favourite))

    def trash(self, ids: Iterable[int]) -> None:
        """Put clips into the trash; `restore` undoes that.

        Raises `UserError` at one that can't be moved; those before it are in the trash then.
        """
        done: list[Clip] = []
        try:
            for id_ in ids:
                clip = self._library.trash(self.clip(id_))
                done.append(clip)
        finally:
            for clip in done:
                self._know(clip)  # who sees rows go may count
            self._hide({clip.id for clip in done})
            for clip in done:
                self._take(clip)
            if done:
                self.trashed.emit(done)

    def restore(self, ids: Iterable[int]) -> None:
        """Take clips out of the trash again; `restored` says when they are.

        Raises `UserError` at one that can't be moved; those before it are back then.
        """
        done: list[Clip] = []
        try:
            for clip in self._of(ids):
                if clip.trashed_from and clip.id not in self._copied:
                    self._restore(clip, done)
        finally:
            if done:
                self.restored.emit(done)

    def empty_trash(self) -> None:
        """Delete what is in the trash for good."""
        try:
            for clip in list(self._all.values()):
                if clip.trashed_from and clip.id not in self._copied:
                    self._library.destroy(clip)
                    self._drop(clip.id)
        finally:
            self.relocated.emit()

    def check_files(self) -> None:
        """See which files have gone or come back, as when the window gets the focus."""
        self._strays.clear()
        self._presence.look()

    def is_missing(self, id_: int) -> bool:
        """Whether the file was gone when that was last seen to."""
        return id_ in self._missing

    def order_strip(self, id_: int) -> None:
        """Have the picture of a clip made that has none, or lost it; once, whatever comes of it."""
        clip = self._all.get(id_)
        if clip is None or id_ in self._ordered or clip.is_missing:
            return
        self._ordered.add(id_)
        order = plan_strip(id_, Path(clip.path), self._strip(id_), clip.request.written_frames)
        self._thumbnails.make(order)

    def close(self) -> None:
        self._thumbnails.stop()
        self._copying.stop()
        self._presence.stop()
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
            case Qt.ItemDataRole.DisplayRole:
                return clip.request.prompt
            case Qt.ItemDataRole.ToolTipRole:
                return tip(clip.request.prompt)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._say(clip)
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: N802, Qt's
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: N802, Qt's
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802, Qt's
        """The files, for another program that clips are dragged to."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(self._clips[index.row()].path) for index in indexes])
        return data

    def _of(self, ids: Iterable[int]) -> list[Clip]:
        return [self._all[id_] for id_ in ids if id_ in self._all]

    def _add(self, path: Path, request: GenerationRequest, made: datetime) -> Clip:
        replaced = self.at(path)
        clip = self._library.add(path, request, made)
        if replaced is not None:
            remove_file(self._strip(replaced.id))
            self._drop(replaced.id)
        if self._found is not None:
            self._found = self._library.find(self._words)
        self._take(clip)
        self.order_strip(clip.id)
        return clip

    def _strip(self, id_: int) -> Path:
        return self._folder / "thumbnails" / f"{id_}.png"

    def _put(self, clip: Clip) -> None:
        self._library.save(clip)
        self._take(clip)

    def _know(self, clip: Clip) -> None:
        if (before := self._all.get(clip.id)) is not None:
            self._ids.pop(before.path, None)
        self._all[clip.id], self._ids[clip.path] = clip, clip.id

    def _take(self, clip: Clip) -> None:
        """A clip as it is now: in its row, gone from there, or in one of its own."""
        self._know(clip)
        row, is_shown = self.row(clip.id), self._is_shown(clip)
        if row >= 0 and is_shown:
            self._clips[row] = clip
            self.dataChanged.emit(self.index(row), self.index(row))
        elif row >= 0:
            self._hide({clip.id})
        elif is_shown:
            after = (row for row, other in enumerate(self._clips) if _age(other) < _age(clip))
            row = next(after, len(self._clips))
            self.beginInsertRows(NOWHERE, row, row)
            self._clips.insert(row, clip)
            self.endInsertRows()

    def _drop(self, id_: int) -> None:
        self._ids.pop(self._all.pop(id_).path, None)
        self._hide({id_})

    def _hide(self, ids: set[int]) -> None:
        """Take their rows out, those beside each other at once: a view lays itself out each time."""
        last = len(self._clips)
        while last > 0:
            first = last = last - 1
            if self._clips[last].id not in ids:
                continue
            while first > 0 and self._clips[first - 1].id in ids:
                first -= 1
            self.beginRemoveRows(NOWHERE, first, last)
            del self._clips[first : last + 1]
            self.endRemoveRows()
            last = first

    def _show(self) -> None:
        self.beginResetModel()
        self._clips = sorted(filter(self._is_shown, self._all.values()), key=_age, reverse=True)
        self.endResetModel()

    def _is_shown(self, clip: Clip) -> bool:
        is_found = self._found is None or clip.id in self._found
        return is_found and _is_in(clip, favourites=self._favourites, trash=self._trash)

    def _restore(self, clip: Clip, done: list[Clip]) -> None:
        back = self._library.restore(clip)
        if back is not None:
            self._take(back)
            done.append(back)
            return
        self._copied.add(clip.id)
        self.copying.emit(clip)
        self._copying.copy(clip.id, Path(clip.path), Path(clip.trashed_from).parent)

    def _on_copied(self, id_: int, copy: Path) -> None:
        self._copied.discard(id_)
        try:
            back = self._library.restore(self.clip(id_), copy)
        except UserError as error:
            remove_file(copy)
            self.failed.emit(said(error))
            return
        assert back is not None  # it lies in its folder already
        self._take(back)
        self.restored.emit([back])

    def _on_not_copied(self, id_: int, error: OSError) -> None:
        self._copied.discard(id_)
        clip = self.clip(id_)
        folder = Path(clip.trashed_from).parent
        self.failed.emit(said(not_moved(Path(clip.path), folder, error)))

    def _on_looked(self, missing: frozenset[int]) -> None:
        if missing != self._missing:
            self._missing = missing
            if self._clips:
                self.dataChanged.emit(self.index(0), self.index(len(self._clips) - 1))
            self.missing_changed.emit()

    def _on_thumbnail(self, order: Order) -> None:
        clip = self._all.get(order.id)
        if clip is None:
            return
        pictured = replace(clip, thumbnail=str(order.target), thumbnail_frames=order.frames)
        try:
            self._put(pictured)
        except UserError:  # a full disk: it shows no picture, which is the least of it
            return
        self.pictured.emit(order.id)

    def _say(self, clip: Clip) -> str:
        """What is read out of a clip."""
        words = [clip.request.prompt, date_text(clip), shape_text(clip)]
        if clip.favourite:
            words.append(QCoreApplication.translate("Clips", "favourite"))
        if self.is_missing(clip.id):
            words.append(QCoreApplication.translate("Clips", "its file is missing"))
        return ", ".join(words)

    def _say_broken(self) -> str:
        if self._library.put_aside is None:
            return ""
        message = QCoreApplication.translate(
            "Clips", "The library could not be read, so a new one was begun; the old is {0}."
        )
        return message.format(self._library.put_aside)


def _age(clip: Clip) -> tuple[str, int]:
    return clip.made, clip.id


def _is_in(clip: Clip, *, favourites: bool, trash: bool) -> bool:
    return bool(clip.trashed_from) is trash and (clip.favourite or not favourites)
