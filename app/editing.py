"""The way of an edit through the window: from the picture where its mask is painted into the form, and back."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QSize, QTimer

from app import stills
from app.create import Create
from app.draft import Edit
from app.footage import Footage, Painted
from app.message import MessageLevel
from app.picture_well import LARGEST
from app.replacing import Replacing
from app.text import shortened
from app.theatre import Theatre
from app.watching import Watching
from inference.api import pictures
from inference.api.sizes import frames_of_edit, frames_to_keep

COPYING = "copying a clip"  # what a message is about
MOST_SIDE = 1 << 15  # of a mask: more than any video has
PATIENCE_MS = 400  # until it is said that a large clip is copied


class Editing(QObject):
    """Takes masks from the theatre into the draft, and those of the draft back to be painted on."""

    def __init__(
        self, replacing: Replacing, watching: Watching, theatre: Theatre, panel: Create
    ) -> None:
        super().__init__(theatre)
        self._replacing, self._watching, self._theatre = replacing, watching, theatre
        self._panel, self._messages = panel, replacing.messages
        self._footage = Footage(self)
        # Where videos lay that were painted on since the window opened, and when those files were changed last.
        self._paths: dict[str, tuple[Path, float]] = {}
        self._wanted: Painted | None = None  # the latest, until it is kept
        self._opening: tuple[Path, Edit] | None = None
        self._late = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._late.timeout.connect(self._on_late)
        well = panel.pictures.edited
        well.look_wanted.connect(self._on_look_wanted)
        well.opened.connect(self._on_opened)
        self._footage.seen.connect(well.show_frame)
        self._footage.kept.connect(self._on_kept)
        self._footage.failed.connect(self._on_failed)
        theatre.painted.connect(self._on_painted)
        theatre.going_on.connect(self._on_going_on)
        theatre.opened.connect(self._on_shown)
        well.look()

    def stop(self) -> None:
        """Waits for what is being copied, before the program ends."""
        self._wanted = None
        self._footage.stop()

    def _on_painted(self, painted: Painted) -> None:
        self._wanted = painted
        self._late.start()
        self._footage.keep(painted)

    def _on_going_on(self, whole: Painted) -> None:
        """The last of those frames are what the model sees: as many as suit it, and as there are."""
        own = self._panel.draft.defaults
        seen = frames_of_edit(whole.count, replace(own, frames=frames_to_keep(own.frames)))
        self._on_painted(replace(whole, start=whole.count - seen, count=seen))

    def _on_late(self) -> None:
        if self._wanted is not None:
            text = self.tr("“{0}” is being copied, to be there when the clip is made…")
            name = shortened(self._wanted.path.name)
            self._messages.say(MessageLevel.INFO, text.format(name), subject=COPYING)

    def _on_kept(self, painted: Painted, edit: Edit) -> None:
        if painted is not self._wanted:
            return
        self._end_copying()
        self._paths[edit.video] = (painted.path, changed_at(painted.path))
        self._replacing.give_edit(edit)
        self._panel.edit_prompt()

    def _on_failed(self, painted: Painted, sentence: str, details: str) -> None:
        if painted is self._wanted:
            self._end_copying()
        self._messages.say(MessageLevel.PROBLEM, sentence, None, details)

    def _end_copying(self) -> None:
        self._wanted = None
        self._late.stop()
        self._messages.withdraw(COPYING)

    def _on_look_wanted(self, video: str, frame: int) -> None:
        self._footage.look_at(video, frame, LARGEST)

    def _on_opened(self) -> None:
        """The clip of the edit is shown, as it was found or else as it is kept, to be painted on."""
        edit = self._panel.draft.edit
        if edit is None:
            return
        found, at = self._paths.get(edit.video, (None, 0.0))
        kept = pictures.path_of(edit.video)
        path = found if found is not None and changed_at(found) == at else kept
        if path is None:
            return  # which the form says
        if self._theatre.path == path and self._theatre.painter.is_on and not edit.kept_frames:
            self._theatre.canvas.setFocus()
            return
        self._opening = (path, edit)
        if self._theatre.path == path:
            self._on_shown()
        else:
            self._watching.hold()
            title = (
                self._panel.pictures.edited.text()
            )  # what is kept has a name that nobody can read
            self._theatre.open(path, play=False, name=title if found is None else found.name)

    def _on_shown(self) -> None:
        opening, self._opening = self._opening, None
        if opening is None or opening[0] != self._theatre.path:
            return
        _, edit = opening
        player = self._theatre.player
        if edit.kept_frames:
            player.seek(edit.shown_frame)
            self._theatre.canvas.setFocus()
            return
        whole = edit.start == 0 and edit.frames >= player.count
        player.set_range(edit.start, player.count - 1 if whole else edit.start + edit.frames - 1)
        player.seek(edit.start)
        mask = stills.look_at(edit.mask, QSize(MOST_SIDE, MOST_SIDE))
        self._theatre.paint(None if mask.isNull() else mask)


def changed_at(path: Path) -> float:
    """When a file was changed last; infinity for one that isn't there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")
