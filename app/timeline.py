"""The clip as a strip of pictures: where it is, what is played of it."""

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from app import theme
from app.frames import Film
from app.keys import press
from app.player import Player

STRIP_HEIGHT, RULER_HEIGHT, SIDE = 46, 18, 10
GRIP = 7  # pixels on either side of a mark that take hold of it
HOVER_WIDTH = 176


class Timeline(QSlider):
    """A slider whose groove is the film, so that it is one for the keyboard and for screen readers."""

    def __init__(self, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._player = player
        self._film: Film | None = None
        self._strip: QPixmap | None = None
        self._held = ""  # "first", "last" or "playhead"
        self._hover = Hover(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.valueChanged.connect(self._on_value)
        player.moved.connect(self._on_moved)
        player.changed.connect(self._on_changed)
        self._on_changed()
        self.retranslate()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(320, RULER_HEIGHT + STRIP_HEIGHT + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(120, RULER_HEIGHT + STRIP_HEIGHT + 4)

    def show_film(self, film: Film | None) -> None:
        """That film's pictures from now on."""
        if self._film is not None:
            self._film.arrived.disconnect(self._on_arrived)
            self._film.completed.disconnect(self._forget_strip)
        self._film = film
        if film is not None:
            film.arrived.connect(self._on_arrived)
            film.completed.connect(self._forget_strip)
        self._hover.hide()
        self._forget_strip()

    # Where things are

    def groove(self) -> QRectF:
        """The strip, from the start of the first frame to the end of the last."""
        return QRectF(SIDE, RULER_HEIGHT, max(1, self.width() - 2 * SIDE), STRIP_HEIGHT)

    def left_of(self, frame: int) -> float:
        """Where that frame begins."""
        groove = self.groove()
        return groove.left() + groove.width() * frame / max(1, self._player.count)

    def frame_at(self, x: float) -> int:
        groove = self.groove()
        frame = math.floor((x - groove.left()) / groove.width() * self._player.count)
        return min(max(frame, 0), max(0, self._player.count - 1))

    def _grip_at(self, x: float) -> str:
        """The nearer mark within reach, else the playhead."""
        first = abs(x - self.left_of(self._player.first))
        last = abs(x - self.left_of(self._player.last + 1))
        if min(first, last) > GRIP:
            return "playhead"
        return "first" if first <= last else "last"

    # What the player does

    def _on_moved(self, frame: int) -> None:
        blocker = QSignalBlocker(self)
        self.setValue(frame)
        del blocker
        self.update()

    def _on_changed(self) -> None:
        blocker = QSignalBlocker(self)
        self.setRange(0, max(0, self._player.count - 1))
        self.setPageStep(max(1, round(self._player.fps)))
        self.setValue(self._player.position)
        del blocker
        self.setEnabled(self._player.count > 0)
        self._describe()
        self.update()

    def _on_value(self, frame: int) -> None:
        self._player.seek(frame)

    def _on_arrived(self, frame: int) -> None:
        """A frame is a new picture of the strip where no other stands for it."""
        cells = self._cells()
        if frame in cells or len(cells) == self._player.count:
            self._forget_strip()

    def _forget_strip(self) -> None:
        self._strip = None
        self.update()

    # Painting

    def _cells(self) -> list[int]:
        """The frames whose pictures the strip has, from left to right."""
        count = self._player.count
        if self._film is None or not count or self._film.size.isEmpty():
            return []
        wide = STRIP_HEIGHT * self._film.size.width() / self._film.size.height()
        cells = max(1, min(count, round(self.groove().width() / max(1.0, wide))))
        return [min(count - 1, (2 * n + 1) * count // (2 * cells)) for n in range(cells)]

    def _picture(self, frame: int) -> QImage | None:
        if self._film is None:
            return None
        return self._film.frame(frame) or self._film.thumbnail(frame)

    def _make_strip(self) -> QPixmap:
        ratio, groove, cells = self.devicePixelRatio(), self.groove(), self._cells()
        strip = QPixmap((groove.size() * ratio).toSize())
        strip.setDevicePixelRatio(ratio)
        strip.fill(theme.color(theme.current().field))
        painter = QPainter(strip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for number, frame in enumerate(cells):
            image = self._picture(frame)
            if image is None:
                continue
            box = QRectF(groove.width() * number / len(cells), 0, 0, groove.height())
            box.setRight(groove.width() * (number + 1) / len(cells) + 0.5)
            painter.drawImage(box, image, _middle(image, box.width() / box.height()))
        painter.end()
        return strip

    def paintEvent(self, ev: QPaintEvent) -> None:  # noqa: N802, Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = self.groove()
        if self._strip is None:
            self._strip = self._make_strip()
        painter.drawPixmap(groove.topLeft(), self._strip)
        if self._player.count:
            self._paint_range(painter, groove)
            self._paint_playhead(painter, groove)
        table = theme.current()
        ink = table.accent_text if self.hasFocus() else table.border
        painter.setPen(QPen(theme.color(ink), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(groove.adjusted(-0.5, -0.5, 0.5, 0.5))

    def _paint_range(self, painter: QPainter, groove: QRectF) -> None:
        table = theme.current()
        first, last = self.left_of(self._player.first), self.left_of(self._player.last + 1)
        outside = theme.color(table.panel, 0.7)
        painter.fillRect(
            QRectF(groove.left(), groove.top(), first - groove.left(), groove.height()), outside
        )
        painter.fillRect(
            QRectF(last, groove.top(), groove.right() - last, groove.height()), outside
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(table.accent_text))
        for edge, inwards in ((first, 1), (last, -1)):
            painter.drawRect(QRectF(edge - 1.5, groove.top(), 3, groove.height()))
            points = [
                QPointF(edge, groove.top() - 9),
                QPointF(edge + inwards * 8, groove.top() - 9),
            ]
            points += [QPointF(edge, groove.top())]
            painter.drawPolygon(QPolygonF(points))

    def _paint_playhead(self, painter: QPainter, groove: QRectF) -> None:
        table = theme.current()
        left = self.left_of(self._player.position)
        middle = (left + self.left_of(self._player.position + 1)) / 2
        painter.setPen(QPen(theme.color(table.text), 2))
        painter.drawLine(QPointF(middle, groove.top() - 4), QPointF(middle, groove.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(table.text))
        head = [QPointF(middle - 5, groove.top() - 10), QPointF(middle + 5, groove.top() - 10)]
        painter.drawPolygon(QPolygonF([*head, QPointF(middle, groove.top() - 3)]))

    # Mouse and keys

    def mousePressEvent(self, ev: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if ev.button() is Qt.MouseButton.LeftButton and self._player.count:
            self._held = self._grip_at(ev.position().x())
            self._drag(ev.position().x())

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:  # noqa: N802, Qt's name
        x = ev.position().x()
        if self._held:
            self._drag(x)
        on_mark = (self._held or self._grip_at(x)) != "playhead" and self._player.count
        self.setCursor(Qt.CursorShape.SizeHorCursor if on_mark else Qt.CursorShape.ArrowCursor)
        if self._player.count:
            frame = self.frame_at(x)
            self._hover.show_at(int(x), self._picture(frame), self.readout(frame))

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:  # noqa: N802, Qt's name
        self._held = ""

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        self._hover.hide()
        super().leaveEvent(event)

    def wheelEvent(self, e: QWheelEvent) -> None:  # noqa: N802, Qt's name
        if e.angleDelta().y():
            self._player.step(-1 if e.angleDelta().y() > 0 else 1)

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802, Qt's name
        if not (self._player.count and press(self._player.bindings(), ev)):
            super().keyPressEvent(ev)

    def _drag(self, x: float) -> None:
        frame, player = self.frame_at(x), self._player
        match self._held:
            case "first":
                player.set_range(min(frame, player.last), player.last)
            case "last":
                player.set_range(player.first, max(frame, player.first))
            case _:
                player.seek(frame)

    # Words

    def readout(self, frame: int) -> str:
        """Such as `frame 12 / 81 · 0:00.69`."""
        return self.tr("frame {frame} / {count} · {time}").format(
            frame=frame + 1, count=self._player.count, time=clock(frame / self._player.fps)
        )

    def changeEvent(self, ev: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(ev)
        match ev.type():
            case QEvent.Type.LanguageChange:
                self.retranslate()
            case QEvent.Type.PaletteChange | QEvent.Type.DevicePixelRatioChange:
                self._forget_strip()
            case _:
                pass

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self._forget_strip()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Timeline"))
        self._describe()

    def _describe(self) -> None:
        words = self.tr("Plays frames {first} to {last} of {count}").format(
            first=self._player.first + 1, last=self._player.last + 1, count=self._player.count
        )
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)


class Hover(QFrame):
    """The picture of the frame under the mouse, above the timeline and inside its window."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.set_kind(self, "card")
        self.picture, self.words = QLabel(), QLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(2)
        for label in (self.picture, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        self.hide()

    def show_at(self, x: int, image: QImage | None, words: str) -> None:
        if image is not None:
            mode = Qt.TransformationMode.SmoothTransformation
            self.picture.setPixmap(QPixmap.fromImage(image.scaledToWidth(HOVER_WIDTH, mode)))
        self.words.setText(words)
        window = self._owner.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.adjustSize()
        at = self._owner.mapTo(window, QPoint(x - self.width() // 2, -self.height() - 4))
        at.setX(min(max(at.x(), 0), max(0, window.width() - self.width())))
        self.move(at)
        self.show()
        self.raise_()


def clock(seconds: float) -> str:
    """Such as 0:05.06: minutes, seconds and hundredths."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _middle(image: QImage, proportion: float) -> QRect:
    """The largest part of a picture, in its middle, that is so much wider than high."""
    wide = min(image.width(), round(image.height() * proportion))
    high = min(image.height(), round(image.width() / proportion))
    return QRect((image.width() - wide) // 2, (image.height() - high) // 2, wide, high)
