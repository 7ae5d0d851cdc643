"""A well for a picture: chosen, dropped or pasted into it, shown in it, and taken out again."""

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QEnterEvent,
    QFont,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QSizePolicy, QWidget

from app import overlay, stills, theme
from app.fields import name_tool, tool
from app.keys import Binding, bind_inside
from app.words import said
from inference.api.errors import UserError

LOW = 28  # without a picture in either well
LEAST, HIGH = 68, 84  # with one, as there is room
LARGEST = QSize(480, 320)  # of what is kept to be drawn
ICON, EDGE = 18, 6
SEEN_FROM = 0.05  # the share of a picture that is cut off, from which on that is shown


class PictureWell(QAbstractButton):
    """Shows the kept picture whose name it is given, or invites to one; a click opens a dialog.

    Signals:
        taken: the name of a picture that was put into it.
        removed: what was in it is to go.
        failed: why something wasn't taken.
    """

    taken = Signal(str)
    removed = Signal()
    failed = Signal(str)

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        self.missing = False
        self.remove = tool("close", 14)
        self.remove.setParent(self)
        theme.set_kind(self.remove, "over-picture")
        self._icon, self._image, self._dropping = icon, QImage(), False
        self._tip, self._aspect = "", 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAcceptDrops(True)
        self.clicked.connect(self.choose)
        self.remove.clicked.connect(self.removed)
        bind_inside(self, self.bindings())
        self.set_high(high=False)
        self.show_picture("")

    def show_picture(self, name: str, aspect: float = 1.0) -> None:
        """The kept picture of that name, or that it is missing; empty for none. The clip is `aspect` times as
        wide as high, and has what is in the picture's middle."""
        self._aspect = aspect
        missing = stills.is_missing(name)
        if name and (name, missing) != (self.name, self.missing):
            self._image = stills.look_at(name, LARGEST)
        elif not name:
            self._image = QImage()
        self.name, self.missing = name, missing
        self.remove.setVisible(bool(name))
        self.retranslate()
        self.update()

    def set_high(self, *, high: bool) -> None:
        """As high as a picture needs, or as an invitation does."""
        self.setMinimumHeight(LEAST if high else LOW)
        self.setMaximumHeight(HIGH if high else LOW)

    def choose(self) -> None:
        """Asks for a file."""
        path, _ = QFileDialog.getOpenFileName(
            self.window(),
            self.text(),
            "",  # where the last one was chosen
            self.tr("Pictures ({0})").format(stills.ENDINGS) + ";;" + self.tr("All files (*)"),
        )
        if path:
            self.take_file(Path(path))

    def take_file(self, path: Path) -> None:
        """That picture from now on, or why it can't be."""
        try:
            name = stills.take_file(path)
        except UserError as error:
            self.failed.emit(said(error))
        else:
            self.taken.emit(name)

    def paste(self) -> None:
        """The picture, or the file of one, that is in the clipboard."""
        if not self._take_data(QGuiApplication.clipboard().mimeData()):
            self.failed.emit(self.tr("There is no picture in the clipboard: copy one first."))

    def bindings(self) -> list[Binding]:
        """What keys do here."""
        return [
            Binding(("Ctrl+V",), self.tr("Paste a picture as the frame"), self.paste),
            Binding(("Del", "Backspace"), self.tr("Take the picture away"), self._on_remove),
        ]

    def _on_remove(self) -> None:
        if self.name:
            self.removed.emit()

    def _take_data(self, data: QMimeData) -> bool:
        """Whether there was anything that might be a picture."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        image = data.imageData() if not paths and data.hasImage() else None
        if paths:
            self.take_file(paths[0])
        elif isinstance(image, QImage) and not image.isNull():
            try:
                self.taken.emit(stills.take_image(image))
            except UserError as error:
                self.failed.emit(said(error))
        else:
            return False
        return True

    # Painting

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(120, self.maximumHeight())

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(80, self.minimumHeight())

    def paintEvent(self, e: QPaintEvent) -> None:  # noqa: N802, Qt's name
        table = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ground = table.hover if self.underMouse() and not self.name else table.field
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(table.accent_wash if self._dropping else ground))
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
        if self._image.isNull():
            self._paint_words(painter, box)
        else:
            self._paint_picture(painter, box)
        self._paint_edge(painter, box)

    def _paint_edge(self, painter: QPainter, box: QRectF) -> None:
        table = theme.current()
        ink = table.border if self.name else table.border_strong
        if self.missing:
            ink = table.problem
        if self.hasFocus() or self._dropping:
            ink = table.accent_text
        thick = self.name and self.hasFocus()  # a thin line is lost beside a picture
        pen = QPen(theme.color(ink), 2 if thick else 1)
        if not self.name:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)

    def _paint_picture(self, painter: QPainter, box: QRectF) -> None:
        keep = Qt.AspectRatioMode.KeepAspectRatio
        shown = QRectF(QPointF(), self._image.size().toSizeF().scaled(box.size(), keep))
        shown.moveCenter(box.center())
        rounded = QPainterPath()
        rounded.addRoundedRect(box, theme.RADIUS, theme.RADIUS)
        painter.save()
        painter.setClipPath(rounded)
        painter.drawImage(shown, self._image)
        if self._is_cut():
            middle = QRectF(QPointF(), QSizeF(self._aspect, 1.0).scaled(shown.size(), keep))
            middle.moveCenter(shown.center())
            cut, whole = QPainterPath(), QPainterPath()
            whole.addRect(shown)
            cut.addRect(middle)
            painter.fillPath(whole.subtracted(cut), overlay.SHADE)
        painter.restore()
        self._paint_title(painter, box)

    def _is_cut(self) -> bool:
        """Whether the clip's shape leaves out what one would miss."""
        if self._image.isNull():
            return False
        ratio = self._image.width() / self._image.height() / self._aspect
        return 1 - min(ratio, 1 / ratio) > SEEN_FROM

    def _paint_title(self, painter: QPainter, box: QRectF) -> None:
        """In the corner, as small as can be read: it is the picture that is to be seen."""
        painter.setFont(_sized(self.font(), 11))
        metrics = painter.fontMetrics()
        plate = QRectF(0, 0, metrics.horizontalAdvance(self.text()) + 10, metrics.height() + 2)
        plate.moveBottomLeft(box.bottomLeft() + QPointF(3, -3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(overlay.SHADE)
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(overlay.ON_SHADE)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self.text())

    def _paint_words(self, painter: QPainter, box: QRectF) -> None:
        """What belongs here, beside its icon, or below it where there is room; or that it is missing."""
        table = theme.current()
        ink = theme.color(table.problem if self.missing else table.text_dim)
        name = "warning" if self.missing else self._icon
        words = self.tr("{0}: missing").format(self.text()) if self.missing else self.text()
        painter.setFont(_sized(self.font(), 12))
        metrics = painter.fontMetrics()
        if self.height() > LOW:
            top = box.center().y() - (ICON + EDGE + metrics.height()) / 2
            mark = QRectF(box.center().x() - ICON / 2, top, ICON, ICON)
            room = box.adjusted(EDGE, mark.bottom() + EDGE - box.top(), -EDGE, 0)
            place = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        else:
            width = min(ICON + EDGE + metrics.horizontalAdvance(words), box.width() - 2 * EDGE)
            mark = QRectF(box.center().x() - width / 2, box.center().y() - ICON / 2, ICON, ICON)
            room = box.adjusted(mark.right() + EDGE - box.left(), 0, 0, 0)
            place = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        theme.draw_icon(painter, mark, name, ink)
        painter.setPen(ink)
        elided = metrics.elidedText(words, Qt.TextElideMode.ElideRight, round(room.width()))
        painter.drawText(room, place, elided)

    # Mouse, keys, drops

    def keyPressEvent(self, e: QKeyEvent) -> None:  # noqa: N802, Qt's name
        """Enter opens the dialog as Space does; with Ctrl it is the window's."""
        plain = e.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not plain:
            self.click()
            return
        super().keyPressEvent(e)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802, Qt's name
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().leaveEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self.remove.setFixedSize(22, 22)
        self.remove.move(self.width() - self.remove.width() - 4, 4)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, Qt's name
        data = event.mimeData()
        if data.hasImage() or any(url.isLocalFile() for url in data.urls()):
            event.acceptProposedAction()
            self._show_dropping(dropping=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802, Qt's name
        self._show_dropping(dropping=False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, Qt's name
        self._show_dropping(dropping=False)
        event.acceptProposedAction()
        self._take_data(event.mimeData())

    def _show_dropping(self, *, dropping: bool) -> None:
        self._dropping = dropping
        self.update()

    # Words

    def set_title(self, title: str, tip: str) -> None:
        """What belongs here, in a word and in a sentence."""
        self.setText(title)
        self._tip = tip
        self.retranslate()

    def retranslate(self) -> None:
        """Says what is here, and what can be done about it."""
        if self.missing:
            state = self.tr("This picture isn't on this machine any more: choose it again.")
        elif self.name:
            state = self.tr("A picture is here: click to choose another, or press Delete.")
            if self._is_cut():
                state += " " + self.tr(
                    "What is dimmed doesn't fit the clip's shape, and is cut off."
                )
        else:
            state = self.tr("Click, drop a picture here, or press Ctrl+V to paste one.")
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(state)
        self.setToolTip(f"{self._tip}\n{state}" if self.text() else "")
        name_tool(self.remove, self.tr("Take the picture away: {0}").format(self.text()))


def _sized(font: QFont, pixels: int) -> QFont:
    made = QFont(font)
    made.setPixelSize(pixels)
    return made
