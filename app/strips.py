"""The pictures of the library's clips, read from their strips in a thread as they come into sight."""

import threading
from collections import OrderedDict

from PySide6.QtCore import QObject, QRectF, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from app.library import Clip

KEPT = 600  # first frames in memory: about 100 MB at most
WAITING = 80  # clips whose strips are to be read: more than are in sight at once


class Strips(QObject):
    """The first frames of many clips, and every frame of the one that plays.

    Signals:
        arrived: the id of a clip whose picture is there now.
        lacking: the id of a clip that has none, or lost it.
    """

    arrived = Signal(int)
    lacking = Signal(int)
    _read = Signal(object, QImage)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._firsts: OrderedDict[int, QPixmap] = OrderedDict()
        self._playing, self._strip = 0, QImage()
        self._asked: set[int] = set()  # until they come; what can't be read is asked for once
        self._lock = threading.Lock()
        self._stack: list[Clip] = []  # the last one is read first
        self._reads = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._read.connect(self._on_read)

    def first(self, clip: Clip) -> QPixmap | None:
        """The clip's first frame; None until it has arrived."""
        picture = self._firsts.get(clip.id)
        if picture is None:
            self._ask(clip)
        else:
            self._firsts.move_to_end(clip.id)
        return picture

    def play(self, clip: Clip) -> None:
        """Fetch all frames of that clip, in place of those of the one before."""
        if clip.id != self._playing:
            self._playing, self._strip = clip.id, QImage()
            self._asked.discard(clip.id)
            self._ask(clip)

    def frame(self, clip: Clip, number: int) -> tuple[QImage, QRectF] | None:
        """The strip of the clip that plays, and where that frame is in it; None until it is there."""
        if clip.id != self._playing or self._strip.isNull():
            return None
        width = self._strip.width() / clip.thumbnail_frames
        return self._strip, QRectF(number * width, 0, width, self._strip.height())

    def pause(self) -> None:
        """No clip plays: its frames are let go."""
        self._playing, self._strip = 0, QImage()

    def rest(self) -> None:
        """Read no more, and play none."""
        self.pause()
        with self._lock:
            dropped, self._stack = self._stack, []
        self._asked.difference_update(clip.id for clip in dropped)

    def renew(self, id_: int) -> None:
        """The clip's strip was made anew."""
        self._asked.discard(id_)
        self._firsts.pop(id_, None)
        self.arrived.emit(id_)

    def stop(self) -> None:
        """Wait for the thread's end."""
        self.rest()
        self._pool.waitForDone()

    def _ask(self, clip: Clip) -> None:
        if clip.id in self._asked:
            return
        self._asked.add(clip.id)
        if not clip.thumbnail:
            self.lacking.emit(clip.id)
            return
        with self._lock:
            self._stack.append(clip)
            dropped = self._stack[:-WAITING]
            self._stack = self._stack[-WAITING:]
            starts, self._reads = not self._reads, True
        self._asked.difference_update(each.id for each in dropped)
        if starts:
            self._pool.start(self._work)

    def _work(self) -> None:
        """In the thread: reads until nothing is asked for."""
        while True:
            with self._lock:
                if not self._stack:
                    self._reads = False
                    return
                clip = self._stack.pop()
            self._read.emit(clip, QImage(clip.thumbnail))

    def _on_read(self, clip: Clip, strip: QImage) -> None:
        if strip.isNull():
            self.lacking.emit(clip.id)
            return
        self._asked.discard(clip.id)
        first = strip.copy(0, 0, strip.width() // clip.thumbnail_frames, strip.height())
        self._firsts[clip.id] = QPixmap.fromImage(first)
        while len(self._firsts) > KEPT:
            self._firsts.popitem(last=False)
        if clip.id == self._playing:
            self._strip = strip
        self.arrived.emit(clip.id)
