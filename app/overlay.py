"""What is painted over a picture, or instead of one."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app import theme

SHADE = QColor(0, 0, 0, 150)  # over a picture, so the same in every theme
ON_SHADE = QColor(255, 255, 255, 230)


def paint_label(
    painter: QPainter, at: QPointF, text: str, share: float, *, below: bool = False
) -> None:
    """Words on a shade, above the point or below; `share` of their width is at its left."""
    metrics = painter.fontMetrics()
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 8)
    box.moveTo(at.x() - box.width() * share, at.y() if below else at.y() - box.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SHADE)
    painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
    painter.setPen(ON_SHADE)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_names(painter: QPainter, seen: QRectF, first: str, second: str) -> None:
    """Which of two pictures is which, each in its half; names differ at their ends, so those stay."""
    room, middle = int(seen.width() / 2) - 30, Qt.TextElideMode.ElideMiddle
    corners = ((seen.topLeft() + QPointF(10, 10), 0.0), (seen.topRight() + QPointF(-10, 10), 1.0))
    for text, (at, share) in zip((f"A  {first}", f"B  {second}"), corners, strict=True):
        elided = painter.fontMetrics().elidedText(text, middle, room)
        paint_label(painter, at, elided, share, below=True)


def paint_divider(painter: QPainter, seen: QRectF, across: float) -> None:
    """The line between two pictures, with a knob to hold it by."""
    top, bottom = QPointF(across, seen.top()), QPointF(across, seen.bottom())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(SHADE, 4))
    painter.drawLine(top, bottom)
    painter.setPen(QPen(ON_SHADE, 2))
    painter.drawLine(top, bottom)
    knob = QRectF(across - 13, seen.center().y() - 13, 26, 26)
    painter.setBrush(SHADE)
    painter.drawEllipse(knob)
    theme.draw_icon(painter, knob.adjusted(5, 5, -5, -5), "swap", ON_SHADE)


def paint_words(painter: QPainter, room: QRect, text: str, hint: str = "") -> None:
    """Instead of a picture: a title with a hint, or a sentence that says why there is none."""
    table = theme.current()
    middle = QPointF(room.width() / 2, room.height() / 2 - 24)
    mark = QRectF(middle.x() - 24, middle.y() - 56, 48, 48)
    ink = theme.color(table.text_faint if hint else table.problem)
    theme.draw_icon(painter, mark, "film" if hint else "problem", ink)
    font = painter.font()
    box = QRectF(32, middle.y() + 8, max(1, room.width() - 64), 32)
    if hint:
        title = painter.font()
        title.setPixelSize(18)
        title.setWeight(title.Weight.DemiBold)
        painter.setFont(title)
        painter.setPen(theme.color(table.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, text)
        box.translate(0, 32)
    painter.setFont(font)
    painter.setPen(theme.color(table.text_dim))
    box.setHeight(80)
    painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, hint or text)


def paint_frame(painter: QPainter, room: QRect, thickness: int) -> None:
    """An edge in the accent: this has the focus, or takes what is dragged."""
    half = thickness / 2
    painter.setPen(QPen(theme.color(theme.current().accent_text), thickness))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(room).adjusted(half, half, -half, -half))
