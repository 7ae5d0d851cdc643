"""What is done with the clips of the library, and how that went."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import stills
from app.clip_actions import ClipAction
from app.clips import Clips
from app.library import Clip
from app.message import MessageLevel, Remedy, Say
from app.recipes import Origin
from app.reveal import Reveal
from app.text import shortened
from app.words import said
from inference.api.errors import UserError
from inference.api.spec import GenerationRequest


class Keeping(QObject):
    """Does what the library's page asks for, and takes in files. Signals:

    watch_wanted: the path of a clip.
    compare_wanted: the paths of two, or of one that is to be beside what is shown.
    picture_wanted: the path of a picture to begin a clip with.
    reuse_wanted: the request of one, and what is to be said of it; empty for what is always said.
    """

    watch_wanted = Signal(Path)
    compare_wanted = Signal(list)
    picture_wanted = Signal(Path)
    reuse_wanted = Signal(object, str)

    def __init__(self, clips: Clips, say: Say, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clips, self._say = clips, say
        self._deletions: list[list[int]] = []  # since the window opened; each the ids of its clips
        self._files: list[Path] = []  # that are still to be taken in
        self._count, self._taken, self._is_shown = 0, 0, False
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._take_next)
        self._reveal = Reveal(self)
        self._reveal.failed.connect(self._on_problem)
        clips.trashed.connect(self._on_trashed)
        clips.restored.connect(self._on_restored)
        clips.copying.connect(self._on_copying)
        clips.failed.connect(self._on_problem)

    def act(self, action: ClipAction, ids: Sequence[int]) -> None:
        """Do that to the clips of these ids; what can't be is said."""
        try:
            self._act(action, ids)
        except UserError as error:
            self._on_error(error)

    def keep(self, path: Path, request: GenerationRequest) -> None:
        """Take in a clip that was just made: as its file says, which knows if it was finished early."""
        try:
            if self._clips.take_in(path) is None:
                self._clips.add(path, request)
        except UserError as error:
            self._on_error(error)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Take in some files; show the first that can be, and use its settings if Kinora made it. A picture
        that it didn't make, alone, is what the next clip begins with."""
        self._files, self._count = list(paths), len(paths)
        self._taken, self._is_shown = 0, False
        self._take_next()

    def stop(self) -> None:
        """Take in no more."""
        self._files = []

    def undo(self) -> None:
        """Bring back what was deleted last, and has not been brought back since."""
        while self._deletions:
            if ids := [id_ for id_ in self._deletions.pop() if self._clips.is_in_trash(id_)]:
                self.act(ClipAction.RESTORE, ids)
                return

    def ask_to_empty(self) -> None:
        """Empty the trash once the user has said so again."""
        text = self.tr("What is in the trash will be deleted for good: that can't be undone.")
        self._say(MessageLevel.WARNING, text, Remedy(self.tr("Delete for good"), self._empty))

    def _act(self, action: ClipAction, ids: Sequence[int]) -> None:
        first = self._clips.clip(ids[0])
        match action:
            case ClipAction.WATCH:
                self.watch_wanted.emit(Path(first.path))
            case ClipAction.REUSE:
                self.reuse_wanted.emit(first.request, "")
            case ClipAction.COMPARE if len(ids) > 2:
                text = self.tr("Only two clips can be compared: select one or two.")
                self._say(MessageLevel.INFO, text)
            case ClipAction.COMPARE:
                self.compare_wanted.emit([Path(self._clips.clip(id_).path) for id_ in ids])
            case ClipAction.FAVOURITE:
                others = [id_ for id_ in ids if not self._clips.clip(id_).favourite]
                for id_ in others or ids:
                    self._clips.set_favourite(id_, favourite=bool(others))
            case ClipAction.FOLDER:
                self._reveal.show(Path(first.path))
            case ClipAction.DELETE:
                self._clips.trash(ids)
            case ClipAction.RESTORE:
                self._clips.restore(ids)

    def _take_next(self) -> None:
        """One file at a turn: the window goes on in between."""
        if not self._files:
            return
        path = self._files.pop(0)
        try:
            origin = self._clips.take_in(path)
        except UserError as error:
            self._on_error(error)
        else:
            self._taken += origin is not None
            if not self._is_shown:
                self._is_shown = True
                self._show(path, origin)
        if self._files:
            self._turn.start()
        elif self._count > 1:
            text = self.tr(
                "Kinora made {1} of these {0} files: what it made is in the library now."
            )
            if not self._taken:
                text = self.tr("Kinora made none of these {0} files.")
            self._say(MessageLevel.INFO, text.format(self._count, self._taken))

    def _show(self, path: Path, origin: Origin | None) -> None:
        if origin is None and self._count == 1 and stills.is_picture(path):
            self.picture_wanted.emit(path)
            return
        self.watch_wanted.emit(path)
        if origin is None:
            text = self.tr(
                "{name} has no recipe of Kinora's: it can be watched, and the settings stay."
            )
            self._say(MessageLevel.INFO, text.format(name=path.name))
            return
        text = ""
        if (part := origin.part) is not None:
            text = self.tr(
                "{name} is frames {first} to {last} of {count} of a clip: the settings are now those of "
                "the whole clip."
            )
            frames = {"first": part.first, "last": part.last, "count": part.count}
            text = text.format(name=path.name, **frames)
        self.reuse_wanted.emit(origin.request, text)

    def _empty(self) -> None:
        try:
            self._clips.empty_trash()
        except UserError as error:
            self._on_error(error)

    def _on_trashed(self, clips: list[Clip]) -> None:
        ids = [clip.id for clip in clips]
        self._deletions.append(ids)
        one, many = self.tr("“{0}” is in the trash."), self.tr("{0} clips are in the trash.")
        undo = Remedy(self.tr("Undo"), partial(self.act, ClipAction.RESTORE, ids))
        self._say(MessageLevel.INFO, _count(clips, one, many), undo)

    def _on_restored(self, clips: list[Clip]) -> None:
        one = self.tr("“{0}” is back in the library.")
        many = self.tr("{0} clips are back in the library.")
        self._say(MessageLevel.GOOD, _count(clips, one, many))

    def _on_copying(self, clip: Clip) -> None:
        text = self.tr("“{0}” is being copied back from the trash of another drive…")
        self._say(MessageLevel.INFO, _count([clip], text, ""))

    def _on_problem(self, sentence: str) -> None:
        self._say(MessageLevel.PROBLEM, sentence)

    def _on_error(self, error: UserError) -> None:
        self._say(MessageLevel.PROBLEM, said(error), None, error.details)


def _count(clips: Sequence[Clip], one: str, many: str) -> str:
    """A sentence about one clip, by its prompt, or about their number."""
    if len(clips) > 1:
        return many.format(len(clips))
    return one.format(shortened(clips[0].request.prompt))
