"""What of a clip is made anew: a mask that is painted in strokes, each of which can be undone."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPen

MOST_STEPS = 100  # that can be undone: at 4K each takes a megabyte
_ONE_BIT = QImage.Format.Format_Mono
_EXACT = Qt.ImageConversionFlag.MonoOnly | Qt.ImageConversionFlag.ThresholdDither


class Mask:
    """A picture of the clip's own size: white is made anew, black stays; nothing lies between.

    Points and diameters are in pixels of the clip.
    """

    def __init__(self, size: QSize) -> None:
        self._image = QImage(size, QImage.Format.Format_Grayscale8)
        self._image.fill(0)
        self._blank = self._image.copy()
        self._undone: list[QImage] = []
        self._before: list[QImage] = []  # what was undone when the step began
        self._done: list[QImage] = []
        self._pen, self._last = QPen(), QPointF()

    @classmethod
    def of(cls, image: QImage, size: QSize) -> "Mask":
        """From a picture of it, in that size."""
        made = cls(size)
        smooth = Qt.TransformationMode.SmoothTransformation
        fitted = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        gray = fitted.convertToFormat(QImage.Format.Format_Grayscale8)
        made._image = _thick(_thin(gray))
        return made

    @property
    def size(self) -> QSize:
        return self._image.size()

    @property
    def image(self) -> QImage:
        """All of it, in `Format_Grayscale8`; it doesn't change when the mask does."""
        return QImage(self._image)

    @property
    def is_empty(self) -> bool:
        return self._image == self._blank

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def begin(self, at: QPointF, diameter: float, *, erase: bool = False) -> QRect:
        """A stroke with a round brush begins with a dot there; gives what may have changed."""
        self._keep()
        ink = Qt.GlobalColor.black if erase else Qt.GlobalColor.white
        round_ = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        self._pen = QPen(ink, max(1.0, diameter), Qt.PenStyle.SolidLine, *round_)
        self._last = at
        return self.extend(at)

    def extend(self, to: QPointF) -> QRect:
        """The stroke goes on to there, in a straight line."""
        radius, start = self._pen.widthF() / 2, self._last
        self._last = to
        low = QPointF(min(start.x(), to.x()), min(start.y(), to.y())) - QPointF(radius, radius)
        high = QPointF(max(start.x(), to.x()), max(start.y(), to.y())) + QPointF(radius, radius)
        around = QRect(low.toPoint(), high.toPoint()).adjusted(-1, -1, 1, 1)
        changed = around.intersected(self._image.rect())
        self._draw(start, to, changed)
        return changed

    def end(self) -> None:
        """The stroke is over: one that changed nothing is no step, and what was undone can still be done again."""
        if self._done and self._done[-1] == _thin(self._image):
            self._done.pop()
            self._undone = self._before

    def clear(self) -> None:
        """Nothing is made anew."""
        self._keep()
        self._image.fill(0)

    def invert(self) -> None:
        """What was to stay is made anew, and the other way round: of an empty mask, all."""
        self._keep()
        self._image.invertPixels()

    def undo(self) -> None:
        """Takes the last step back, a stroke or what was done to all of it."""
        if self._done:
            self._undone.append(_thin(self._image))
            self._image = _thick(self._done.pop())

    def redo(self) -> None:
        """Takes back what `undo` did last."""
        if self._undone:
            self._done.append(_thin(self._image))
            self._image = _thick(self._undone.pop())

    def _draw(self, start: QPointF, to: QPointF, changed: QRect) -> None:
        """A line, or a dot. Without soft edges Qt's dots are no discs: they are made hard here."""
        painter, radius = QPainter(self._image), self._pen.widthF() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if start == to:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._pen.color())
            painter.drawEllipse(to, radius, radius)
        else:
            painter.setPen(self._pen)
            painter.drawLine(start, to)
        painter.end()
        if not changed.isEmpty():
            hard = _thick(_thin(self._image.copy(changed)))
            painter.begin(self._image)
            painter.drawImage(changed.topLeft(), hard)
            painter.end()

    def _keep(self) -> None:
        """A new step begins."""
        self._done = [*self._done[1 - MOST_STEPS :], _thin(self._image)]
        self._before, self._undone = self._undone, []


def _thin(image: QImage) -> QImage:
    """With a bit for a pixel."""
    return image.convertToFormat(_ONE_BIT, _EXACT)


def _thick(image: QImage) -> QImage:
    return image.convertToFormat(QImage.Format.Format_Grayscale8)
