"""The picture: live preview, player and comparer in one widget."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy

from app import overlay, theme
from app.fields import Panel
from app.frames import Film
from app.geometry import Geometry
from app.keys import Binding, press
from app.player import Player

NEAREST_FROM = 3.0  # the zoom at which single pixels are what one wants to see
GRIP = 8  # pixels on either side of the divider that take hold of it
ZOOM_STEP = 1.25
DIMMED = 0.4  # how opaque what came to nothing is
DIVIDER_STEP = 0.02  # of the picture's width
WHEEL_NOTCH = 120  # Qt's unit


class Canvas(Panel):
    """Shows the frame of `film` at which `player` is; beside it, on request, that of another film.

    What it shows belongs to somebody else, who keeps it open while it is shown.
    """

    dropped = Signal(list)  # of paths
    full_screen_wanted = Signal()
    escaped = Signal()
    zoomed = Signal()
    compare_wanted = Signal()  # of the two clips, or of one again
    frame_wanted = Signal()  # to be saved
    beginning_wanted = Signal()  # of a clip, with this frame
    ending_wanted = Signal()
    editing_wanted = Signal()  # of a part of the clip
    going_on_wanted = Signal()  # with the clip
    export_wanted = Signal()  # of the range

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.player = player
        self.film: Film | None = None
        self.other: Film | None = None
        self.geometry_of_picture = Geometry()
        self.divider = 0.5  # of the picture's width
        self._badge, self._sentence, self._is_dimmed = "", "", False
        self._image: QImage | None = None
        self._other_image: QImage | None = None
        self._scaled: tuple[int, QSizeF, QImage] | None = None
        self._dropping = self._ringed = False
        self._dragged: QPointF | None = None
        self._divides = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        player.moved.connect(self._on_moved)
        player.changed.connect(self._describe)
        self.retranslate()

    def show_film(self, film: Film | None, badge: str = "") -> None:
        """That film from now on, None for the hint; the badge says what is special about it."""
        if self.film is not None:
            self.film.arrived.disconnect(self._on_arrived)
        self.film, self._badge, self._sentence, self._is_dimmed = film, badge, "", False
        if film is None:
            self._image = None
        else:
            film.arrived.connect(self._on_arrived)
            if QSizeF(film.size) != self.geometry_of_picture.picture:
                self.geometry_of_picture.fit()
                self._image = None
            self.geometry_of_picture.picture = QSizeF(film.size)
        self._take_frames()

    def set_badge(self, badge: str, *, dimmed: bool = False) -> None:
        """What is special about the film, in other words; `dimmed` for one that came to nothing."""
        self._badge, self._is_dimmed = badge, dimmed
        self._describe()
        self.update()

    def compare(self, other: Film | None) -> None:
        """That film at the right of a divider, frame by frame; None ends it."""
        if self.other is not None:
            self.other.arrived.disconnect(self._on_arrived)
        self.other, self._other_image = other, None
        if other is not None:
            other.arrived.connect(self._on_arrived)
        self._take_frames()

    def say(self, sentence: str) -> None:
        """Instead of a picture: why there is none."""
        self.show_film(None)
        self._sentence = sentence
        self._describe()
        self.update()

    def shown_image(self) -> QImage | None:
        """The frame that is on the canvas, at its own size."""
        return self._image

    def fit(self) -> None:
        self.geometry_of_picture.fit()
        self._on_zoomed()

    def set_zoom(self, zoom: float, around: QPointF | None = None) -> None:
        """Pixels of the screen for one of the picture; 1 is its own size."""
        if self.film is not None:
            self.geometry_of_picture.set_zoom(zoom, around)
            self._on_zoomed()

    def set_divider(self, where: float) -> None:
        """0 is the left edge of the picture, 1 the right."""
        self.divider = min(max(where, 0.0), 1.0)
        self.update()

    def _on_zoomed(self) -> None:
        self.zoomed.emit()
        self.update()

    def _on_moved(self, _frame: int) -> None:
        self._take_frames()

    def _on_arrived(self, frame: int) -> None:
        if self._image is None or frame in (self.player.position, self._other_index()):
            self._take_frames()

    def _other_index(self) -> int:
        return min(self.player.position, self.other.count - 1) if self.other is not None else -1

    def _take_frames(self) -> None:
        """What isn't there yet leaves the frame before it on the canvas."""
        ahead = -1 if self.player.playing and self.player.reverse else 1
        if self.film is not None:
            self.film.want(self.player.position, ahead)
            self._image = self.film.frame(self.player.position) or self._image
        if self.other is not None and self.other.count:
            self.other.want(self._other_index(), ahead)
            self._other_image = self.other.frame(self._other_index()) or self._other_image
        if not self.player.playing:
            self._describe()
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, Qt's name
        table = theme.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.color(table.canvas))
        if self._image is None:
            words = (self._sentence,) if self._sentence else (self._title, self._hint)
            overlay.paint_words(painter, self.rect(), *words)
        else:
            self._paint_picture(painter, self._image)
        if self._dropping:
            overlay.paint_frame(painter, self.rect(), 3)
            overlay.paint_label(
                painter, QPointF(self.width() / 2, self.height() / 2), self._drop_text, 0.5
            )
        elif self._ringed:
            overlay.paint_frame(painter, self.rect(), 2)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        geometry = self.geometry_of_picture
        box = geometry.box
        magnified = geometry.zoom is not None and geometry.scale >= NEAREST_FROM
        smooth = not magnified or bool(self._badge)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.setOpacity(DIMMED if self._is_dimmed else 1.0)
        self._draw_scaled(painter, box, image)
        painter.setOpacity(1.0)
        if self._other_image is not None:
            self._paint_other(painter, box, self._other_image)
        corner = box.intersected(QRectF(self.rect())).bottomLeft() + QPointF(10, -10)
        if self._badge:
            overlay.paint_label(painter, corner, self._badge, 0.0)

    def _draw_scaled(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        """Qt's painter looks at four pixels: below half the size it would leave pixels out."""
        if box.width() * self.devicePixelRatio() * 2 >= image.width():
            painter.drawImage(box, image)
            return
        size = (box.size() * self.devicePixelRatio()).toSize()
        if self._scaled is None or self._scaled[:2] != (image.cacheKey(), QSizeF(size)):
            keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode
            small = image.scaled(size, keep, smooth.SmoothTransformation)
            self._scaled = (image.cacheKey(), QSizeF(size), small)
        painter.drawImage(box, self._scaled[2])

    def _paint_other(self, painter: QPainter, box: QRectF, other: QImage) -> None:
        """The other film to the right of the divider, in the same box, with its own proportions."""
        assert self.film is not None
        assert self.other is not None
        across = box.left() + box.width() * self.divider
        fitted = QRectF(QPointF(), QSizeF(other.size()).scaled(box.size(), _KEEP))
        fitted.moveCenter(box.center())
        right = QRectF(QPointF(across, box.top()), box.bottomRight())
        painter.save()
        painter.setClipRect(right)
        painter.fillRect(right, theme.color(theme.current().canvas))
        painter.drawImage(fitted, other)
        painter.restore()
        seen = box.intersected(QRectF(self.rect()))
        overlay.paint_divider(painter, seen, across)
        overlay.paint_names(painter, seen, self.film.name, self.other.name)

    # Mouse

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, Qt's name
        notches = event.angleDelta().y() / WHEEL_NOTCH
        if notches:
            self.set_zoom(self.geometry_of_picture.scale * ZOOM_STEP**notches, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._dragged = event.position()
            self._divides = self._is_at_divider(event.position())
            self._shape_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if self._dragged is not None and self._divides:
            box = self.geometry_of_picture.box
            self.set_divider((event.position().x() - box.left()) / max(1.0, box.width()))
        elif self._dragged is not None:
            self.geometry_of_picture.pan(event.position() - self._dragged)
            self._dragged = event.position()
            self.update()
        self._shape_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        self._dragged, self._divides = None, False
        self._shape_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if not self._is_at_divider(event.position()):
            self.full_screen_wanted.emit()

    def _is_at_divider(self, point: QPointF) -> bool:
        box = self.geometry_of_picture.box
        across = box.left() + box.width() * self.divider
        return self._other_image is not None and abs(point.x() - across) <= GRIP

    def _shape_cursor(self, point: QPointF) -> None:
        if self._divides or self._is_at_divider(point):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self.film is not None and self.geometry_of_picture.is_larger:
            held = self._dragged is not None
            self.setCursor(
                Qt.CursorShape.ClosedHandCursor if held else Qt.CursorShape.OpenHandCursor
            )
        else:
            self.unsetCursor()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        there = self.player.count > 0
        bindings = [*(self.player.bindings() if there else ()), *self.bindings()]
        if not press(bindings, event):
            super().keyPressEvent(event)

    def bindings(self) -> list[Binding]:
        """What keys do to the picture, beside what they do to the player."""
        scale = self.geometry_of_picture.scale
        return [
            Binding(("+", "="), self.tr("Zoom in"), lambda: self.set_zoom(scale * ZOOM_STEP)),
            Binding(("-",), self.tr("Zoom out"), lambda: self.set_zoom(scale / ZOOM_STEP)),
            Binding(("0",), self.tr("Fit the picture"), self.fit),
            Binding(("1",), self.tr("Show it at its own size"), lambda: self.set_zoom(1.0)),
            Binding(
                ("[",),
                self.tr("Divider of two clips to the left"),
                lambda: self.set_divider(self.divider - DIVIDER_STEP),
            ),
            Binding(
                ("]",),
                self.tr("Divider of two clips to the right"),
                lambda: self.set_divider(self.divider + DIVIDER_STEP),
            ),
            Binding(("C",), self.tr("Two clips, or one again"), self.compare_wanted.emit),
            Binding(("S",), self.tr("Save this frame"), self.frame_wanted.emit),
            Binding(
                ("B",), self.tr("Begin the next clip with this frame"), self.beginning_wanted.emit
            ),
            Binding(("N",), self.tr("End the next clip with this frame"), self.ending_wanted.emit),
            Binding(("M",), self.tr("Change a part of this clip"), self.editing_wanted.emit),
            Binding(("G",), self.tr("Go on with this clip"), self.going_on_wanted.emit),
            Binding(("E",), self.tr("Export the range"), self.export_wanted.emit),
            Binding(("Esc",), self.tr("Leave the full screen"), self.escaped.emit),
        ]

    # Drop, focus, size, words

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, Qt's name
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._show_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802, Qt's name
        self._show_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, Qt's name
        self._show_dropping(False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.dropped.emit(paths)

    def _show_dropping(self, dropping: bool) -> None:  # noqa: FBT001, there is nothing else to say
        self._dropping = dropping
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802, Qt's name
        self._ringed = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        )
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802, Qt's name
        self._ringed = False
        super().focusOutEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self.geometry_of_picture.margin = 0 if self.window().isFullScreen() else theme.ROOM
        self.geometry_of_picture.resize(QSizeF(self.size()), self.devicePixelRatio())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.geometry_of_picture.resize(QSizeF(self.size()), self.devicePixelRatio())
            self.update()

    def retranslate(self) -> None:
        self._title = self.tr("Your clip appears here")
        self._hint = self.tr(
            "Describe it at the left and press Ctrl+Enter, or drop a clip, or a picture to begin with."
        )
        self._drop_text = self.tr("Drop to open a clip, or to begin with a picture")
        self.setAccessibleName(self.tr("Picture"))
        self._describe()
        self.update()

    def _describe(self) -> None:
        """For screen readers, while nothing moves."""
        if self.film is None:
            words = self._sentence or f"{self._title}. {self._hint}"
        else:
            words = self.tr("Frame {frame} of {count}, {name}").format(
                frame=self.player.position + 1, count=self.player.count, name=self.film.name
            )
        if self._badge:
            words = f"{self._badge}, {words}"
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)


_KEEP = Qt.AspectRatioMode.KeepAspectRatio
