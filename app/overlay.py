"""What is painted over a picture, or instead of one."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app import theme

SHADE = QColor(0, 0, 0, 150)  # over a picture, so the same in every theme
ON_SHADE = QColor(255, 255, 255, 230)
MASK_TINT = QColor(232, 40, 150, 130)  # that few pictures have much of
MASK_EDGE, MASK_RIM = QColor(255, 255, 255, 240), QColor(0, 0, 0, 170)
MAGNIFIED = 3  # times, from which on a mask's pixels are seen as they are
MASK_REACH = 3  # logical pixels around a mask that its edge takes


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


def mask_layer(mask: QImage, box: QRectF, part: QRect, ratio: float = 1.0) -> QImage:
    """What shows a mask whose picture lies in `box`: a tint with an edge that is seen on any picture. Of it that
    `part`; all in pixels of the screen, of which a logical one has `ratio`."""
    shape = _transparent(part.size())
    painter = QPainter(shape)
    magnified = box.width() >= MAGNIFIED * mask.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not magnified)
    painter.translate(-part.topLeft())
    seen = mask.copy()
    seen.reinterpretAsFormat(QImage.Format.Format_Alpha8)
    painter.drawImage(box, seen)
    painter.end()
    layer = _coloured(_swollen(shape, 2.5 * ratio), MASK_RIM)
    painter.begin(layer)
    painter.drawImage(0, 0, _coloured(_swollen(shape, 1.5 * ratio), MASK_EDGE))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
    painter.drawImage(0, 0, shape)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.drawImage(0, 0, _coloured(shape, MASK_TINT))
    painter.end()
    return layer


def _swollen(shape: QImage, by: float) -> QImage:
    """Larger by so many pixels on every side."""
    made, aslant = shape.copy(), by * 0.7
    sides = ((by, 0), (-by, 0), (0, by), (0, -by))
    corners = ((aslant, aslant), (aslant, -aslant), (-aslant, aslant), (-aslant, -aslant))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for x, y in (*sides, *corners):
        painter.drawImage(QPointF(x, y), shape)
    painter.end()
    return made


def _coloured(shape: QImage, ink: QColor) -> QImage:
    """All of it in that colour."""
    made = shape.copy()
    painter = QPainter(made)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(made.rect(), ink)
    painter.end()
    return made


def _transparent(size: QSize) -> QImage:
    made = QImage(size.expandedTo(QSize(1, 1)), QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    return made


def paint_brush(painter: QPainter, at: QPointF, diameter: float) -> None:
    """The ring of a round brush: two lines, one of which is seen on any picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((SHADE, 3.0), (ON_SHADE, 1.5)):
        painter.setPen(QPen(ink, width))
        painter.drawEllipse(at, diameter / 2, diameter / 2)
