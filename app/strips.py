"""The pictures of the library's clips, read from their strips in a thread as they come into sight."""

import threading
from collections import OrderedDict

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, QSizeF, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap

from app.library import Clip

KEPT = 600  # first frames in memory: about 80 MB, on a screen of ordinary fineness
ROUNDING = 0.018  # of the corners, by the width
_WHOLE = Qt.AspectRatioMode.KeepAspectRatio
_EXPANDING = Qt.AspectRatioMode.KeepAspectRatioByExpanding
WAITING = 80  # clips whose strips are to be read: more than are in sight at once


class Strips(QObject):
    """The first frames of many clips, ready to be painted at `size`, in pixels of the screen, and every
    frame of the one that plays. All of a frame is seen, unless it `fills` that size.

    Signals:
        arrived: the id of a clip whose picture is there now.
        lacking: the id of a clip that has none, or lost it.
    """

    arrived = Signal(int)
    lacking = Signal(int)
    _read = Signal(object, QImage, QImage)

    def __init__(self, parent: QObject | None = None, *, fills: bool = False) -> None:
        super().__init__(parent)
        self.size, self._fits = QSize(), _EXPANDING if fills else _WHOLE
        self._firsts: OrderedDict[int, QPixmap] = OrderedDict()
        self._playing, self._strip = 0, QImage()
        self._asked: set[int] = set()  # until they come; what can't be read is asked for once
        self._lock = threading.Lock()
        self._stack: list[tuple[Clip, QSize]] = []  # the last one is read first
        self._reads = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._read.connect(self._on_read)

    def first(self, clip: Clip) -> QPixmap | None:
        """The clip's first frame, of another size until one of this has arrived; None before that."""
        picture = self._firsts.get(clip.id)
        if picture is None or picture.size() != self.size:
            self._ask(clip)
        if picture is not None:
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
        self._asked.difference_update(clip.id for clip, _ in dropped)

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
            self._stack.append((clip, self.size))
            dropped = self._stack[:-WAITING]
            self._stack = self._stack[-WAITING:]
            starts, self._reads = not self._reads, True
        self._asked.difference_update(each.id for each, _ in dropped)
        if starts:
            self._pool.start(self._work)

    def _work(self) -> None:
        """In the thread: reads until nothing is asked for."""
        while True:
            with self._lock:
                if not self._stack:
                    self._reads = False
                    return
                clip, size = self._stack.pop()
            strip = QImage(clip.thumbnail)
            first = QImage() if strip.isNull() else _first(clip, strip, size, self._fits)
            self._read.emit(clip, strip, first)

    def _on_read(self, clip: Clip, strip: QImage, first: QImage) -> None:
        if strip.isNull():
            self.lacking.emit(clip.id)
            return
        self._asked.discard(clip.id)
        self._firsts[clip.id] = QPixmap.fromImage(first)
        while len(self._firsts) > KEPT:
            self._firsts.popitem(last=False)
        if clip.id == self._playing:
            self._strip = strip
        self.arrived.emit(clip.id)


def fit(size: QSizeF, box: QRectF, how: Qt.AspectRatioMode = _WHOLE) -> QRectF:
    """A picture in the middle of the box, as large as goes into it, or so that it fills the box."""
    fitted = size.scaled(box.size(), how)
    return QRectF(box.center() - QPointF(fitted.width() / 2, fitted.height() / 2), fitted)


def rounded(box: QRectF) -> QPainterPath:
    """The outline of a picture."""
    path, radius = QPainterPath(), box.width() * ROUNDING
    path.addRoundedRect(box, radius, radius)
    return path


def _first(clip: Clip, strip: QImage, size: QSize, how: Qt.AspectRatioMode) -> QImage:
    """The first frame as it is painted: that takes too long to be done anew for each painting."""
    made = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    box = QRectF(made.rect())
    frame = QRectF(0, 0, strip.width() / clip.thumbnail_frames, strip.height())
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipPath(rounded(box))
    painter.drawImage(fit(frame.size(), box, how), strip, frame)
    painter.end()
    return made
