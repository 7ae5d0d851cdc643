"""The painter of a mask: lies over the picture while one is painted, and shows it there."""

from math import ceil

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app import overlay
from app.geometry import Geometry
from app.keys import Binding
from app.mask import Mask

SMALLEST = 4  # of a brush, in pixels of the picture: the engine makes pictures in pieces of 8
SIZE_STEP = 1.2
BRUSH_SHARE = 8  # the brush is at first so many times smaller than the picture
WHEEL_NOTCH = 120  # Qt's unit
_ERASING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier


class Painter(QWidget):
    """Paints on `painted` over a canvas, whose `geometry` says where the picture lies. What it doesn't take, the
    wheel and the middle button, is the canvas's.

    Signals:
        changed: the mask, what can be undone, or the brush.
        used: the mask is to be used as it is.
        left: painting is to end without that.
    """

    changed = Signal()
    used = Signal()
    left = Signal()

    def __init__(self, canvas: QWidget, geometry: Geometry) -> None:
        super().__init__(canvas)
        self.painted: Mask | None = None
        self.diameter = 0.0
        self.erases = False  # the left button does what else the right one does
        self._canvas, self._geometry = canvas, geometry
        self._pressed = Qt.MouseButton.NoButton
        self._at: QPointF | None = None  # of the mouse
        self._layer = QImage()
        self._drawn: tuple[QRectF, QRect, float] | None = None  # what the layer was made for
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        canvas.installEventFilter(self)
        self.hide()

    @property
    def is_on(self) -> bool:
        return self.painted is not None

    @property
    def largest(self) -> float:
        """The largest brush there is: as large as the picture."""
        size = self._geometry.picture
        return max(float(SMALLEST), size.width(), size.height())

    def begin(self, mask: Mask) -> None:
        """Paint on that one."""
        if self.painted is None or self.painted.size != mask.size or not self.diameter:
            self.diameter = max(float(SMALLEST), mask.size.height() / BRUSH_SHARE)
        self.painted, self.erases, self._at = mask, False, None
        self._pressed, self._drawn = Qt.MouseButton.NoButton, None
        self.setGeometry(self._canvas.rect())
        self.show()
        self.raise_()
        self.changed.emit()

    def end(self) -> None:
        """No more is painted."""
        self.painted, self._layer, self._drawn = None, QImage(), None
        self.hide()

    def set_diameter(self, diameter: float) -> None:
        """Of the brush, in pixels of the picture."""
        self.diameter = min(max(diameter, float(SMALLEST)), self.largest)
        self.update()
        self.changed.emit()

    def set_erasing(self, erases: bool) -> None:  # noqa: FBT001, a slot
        self.erases = erases
        self.changed.emit()

    def undo(self) -> None:
        self._alter("undo")

    def redo(self) -> None:
        self._alter("redo")

    def clear(self) -> None:
        self._alter("clear")

    def invert(self) -> None:
        self._alter("invert")

    def use(self) -> None:
        """Unless nothing is painted."""
        if self.painted is not None and not self.painted.is_empty:
            self.used.emit()

    def bindings(self) -> list[Binding]:
        """What keys do while a mask is painted."""
        step = SIZE_STEP
        return [
            Binding(("Return", "Enter"), self.tr("Use this mask"), self.use),
            Binding(("Esc",), self.tr("Leave the mask"), self.left.emit),
            Binding(
                ("[",), self.tr("Smaller brush"), lambda: self.set_diameter(self.diameter / step)
            ),
            Binding(
                ("]",), self.tr("Larger brush"), lambda: self.set_diameter(self.diameter * step)
            ),
            Binding(
                ("Q",),
                self.tr("Paint with the left button, or erase"),
                lambda: self.set_erasing(not self.erases),
            ),
            Binding(("Ctrl+Z",), self.tr("Undo a stroke"), self.undo),
            Binding(("Ctrl+Shift+Z", "Ctrl+Y"), self.tr("Redo a stroke"), self.redo),
        ]

    def _alter(self, deed: str) -> None:
        """Does something to all of the mask, but not in the middle of a stroke."""
        if self.painted is not None and self._pressed is Qt.MouseButton.NoButton:
            getattr(self.painted, deed)()
            self._drawn = None
            self.update()
            self.changed.emit()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        paints = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if self.painted is None or not paints:
            event.ignore()
            return
        if self._pressed is Qt.MouseButton.NoButton:
            self._pressed = event.button()
            self._follow(event.position())
            aside = event.button() is Qt.MouseButton.RightButton or event.modifiers() & _ERASING
            erase = bool(aside) != self.erases
            at = self._in_picture(event.position())
            self._show_change(self.painted.begin(at, self.diameter, erase=erase))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        self._follow(event.position())
        if not event.buttons() & self._pressed:  # it was let go where nobody saw it
            self._lift()
        if self.painted is not None and self._pressed is not Qt.MouseButton.NoButton:
            self._show_change(self.painted.extend(self._in_picture(event.position())))
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if event.button() is not self._pressed:
            event.ignore()
            return
        self._lift()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        """Two dots."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, Qt's name
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        self.set_diameter(self.diameter * SIZE_STEP ** (event.angleDelta().y() / WHEEL_NOTCH))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().leaveEvent(event)
        self._follow(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return super().eventFilter(watched, event)

    def _lift(self) -> None:
        """The stroke, if there is one, is over."""
        if self.painted is not None and self._pressed is not Qt.MouseButton.NoButton:
            self._pressed = Qt.MouseButton.NoButton
            self.painted.end()
            self.changed.emit()

    def _follow(self, place: QPointF | None) -> None:
        """The ring goes with the mouse."""
        for at in (self._at, place):
            if at is not None:
                self.update(self._ring_around(at))
        self._at = place

    def _ring_around(self, at: QPointF) -> QRect:
        side = self.diameter * self._scale() + 8
        return QRectF(at.x() - side / 2, at.y() - side / 2, side, side).toAlignedRect()

    def _scale(self) -> float:
        """Logical pixels of the screen for a pixel of the picture."""
        return self._geometry.box.width() / max(1.0, self._geometry.picture.width())

    def _in_picture(self, place: QPointF) -> QPointF:
        return (place - self._geometry.box.topLeft()) / self._scale()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, Qt's name
        if self.painted is None:
            return
        ratio = self.devicePixelRatio()
        if self._drawn != (key := (self._box_on_screen(), self._screen(), ratio)):
            self._drawn = key
            self._layer = overlay.mask_layer(self.painted.image, *key)
        self._layer.setDevicePixelRatio(ratio)
        painter = QPainter(self)
        painter.drawImage(0, 0, self._layer)
        if self._at is not None:
            overlay.paint_brush(painter, self._at, self.diameter * self._scale())

    def _screen(self) -> QRect:
        """All of it, in pixels of the screen."""
        ratio = self.devicePixelRatio()
        return QRect(0, 0, ceil(self.width() * ratio), ceil(self.height() * ratio))

    def _box_on_screen(self) -> QRectF:
        """Where the picture lies, in pixels of the screen."""
        box, ratio = self._geometry.box, self.devicePixelRatio()
        return QRectF(box.topLeft() * ratio, box.size() * ratio)

    def _show_change(self, changed: QRect) -> None:
        """Draws anew that part of the picture alone: a stroke is to follow the hand."""
        if self.painted is None or self._drawn is None or changed.isEmpty():
            return
        box, whole, ratio = self._drawn
        scale = box.width() / max(1.0, self._geometry.picture.width())
        reach = ceil(overlay.MASK_REACH * ratio + scale)
        place = QRectF(box.topLeft() + QPointF(changed.topLeft()) * scale, changed.size() * scale)
        part = place.toAlignedRect().adjusted(-reach, -reach, reach, reach).intersected(whole)
        if part.isEmpty():
            return
        around = part.adjusted(-reach, -reach, reach, reach).intersected(whole)
        fresh = overlay.mask_layer(self.painted.image, box, around, ratio)
        self._layer.setDevicePixelRatio(1.0)
        painter = QPainter(self._layer)
        painter.setClipRect(part)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(around.topLeft(), fresh)
        painter.end()
        corner, size = QPointF(part.topLeft()) / ratio, part.size().toSizeF() / ratio
        self.update(QRectF(corner, size).toAlignedRect())
