"""Videos that are edited: kept and looked at in a thread, as they may be large."""

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage

from app import stills
from app.draft import Edit
from app.sources import open_source
from app.words import said
from inference.api import pictures
from inference.api.errors import UserError
from inference.api.spec import MOST_FPS


@dataclass(frozen=True, slots=True)
class Painted:
    """A clip of which `count` frames, from `start` on, are to be made anew where the mask is white; without a mask
    the next clip goes on after them."""

    path: Path
    mask: QImage | None
    start: int
    count: int
    fps: float
    size: QSize


class Footage(QObject):
    """Does one thing after the other. Signals:

    kept: a `Painted` whose video and mask are kept now, and the `Edit` that names them.
    failed: a `Painted` that isn't, why, and the details.
    seen: the name of a kept video, the number of a frame of it, and that frame, small.
    """

    kept = Signal(object, object)
    failed = Signal(object, str, str)
    seen = Signal(str, int, QImage)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._stopped = Event()

    def keep(self, painted: Painted) -> None:
        """Keep that video, unless it is, and its mask."""
        self._pool.start(partial(self._keep, painted))

    def look_at(self, video: str, frame: int, room: QSize) -> None:
        """Read that frame, no larger than `room`; nothing comes of what can't be read."""
        self._pool.start(partial(self._look, video, frame, room))

    def stop(self) -> None:
        """Begin nothing more, and have what was begun end soon."""
        self._stopped.set()
        self._pool.clear()
        self._pool.waitForDone()

    def _keep(self, painted: Painted) -> None:
        """In the thread."""
        path = painted.path
        try:
            is_kept = path == pictures.path_of(path.name)
            if is_kept:
                video = path.name
            else:  # of a picture the engine and the window may see different ones
                video = (
                    stills.take_file(path)
                    if stills.is_picture(path)
                    else pictures.keep(path, self._stopped.is_set)
                )
            mask = "" if painted.mask is None else stills.take_image(painted.mask)
        except pictures.StoppedError:
            return
        except UserError as error:
            self.failed.emit(painted, said(error), error.details)
            return
        fps = min(max(round(painted.fps), 1), MOST_FPS)
        edit = Edit(video, painted.start, mask, painted.count, fps)
        if not mask:
            width, height = painted.size.toTuple()
            edit = replace(edit, kept_frames=edit.frames, width=width, height=height)
        self.kept.emit(painted, edit)

    def _look(self, video: str, frame: int, room: QSize) -> None:
        """In the thread."""
        path = pictures.path_of(video)
        if path is None:
            return
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode
        try:
            source = open_source(path)
            if frame >= source.count:
                return
            with closing(source.read(frame)) as frames:
                image = next(frames, None)
        except (UserError, OSError):
            return
        if image is not None:
            small = image.scaled(room, keep, smooth.SmoothTransformation)
            self.seen.emit(video, frame, small)
