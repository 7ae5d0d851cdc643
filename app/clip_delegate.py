"""Draws a clip in the library: its picture, its prompt, when it was made."""

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import theme
from app.clips import CLIP_ROLE
from app.library import Clip, date_text, length_text
from app.overlay import ON_SHADE, SHADE, paint_label
from app.strips import Strips, fit, rounded
from app.theme import Tokens

LEAST_WIDTH = 216
EDGE = 6  # around what is in a tile
SHAPE = 9 / 16  # of the picture's place
PROMPT_LINES, LINE, SMALL_LINE = 2, 18, 17
STAR = 26
Index = QModelIndex | QPersistentModelIndex


class ClipDelegate(QStyledItemDelegate):
    """Tiles of equal size. `missing_text` is said on a clip whose file is gone, as `is_missing` knows.

    Signals, with the id of a clip:
        starred: its star was clicked.
        opened: it was clicked twice.
    """

    starred = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget, strips: Strips, is_missing: Callable[[int], bool]) -> None:
        super().__init__(parent)
        self.width = LEAST_WIDTH
        self.missing_text = ""
        self.playing, self.frame = 0, 0  # the clip under the mouse, and which frame it shows
        self._strips, self._is_missing = strips, is_missing

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802, Qt's
        words = PROMPT_LINES * LINE + SMALL_LINE
        return QSize(self.width, EDGE + self.picture_size().height() + 2 * theme.GAP + words)

    def picture_size(self) -> QSize:
        """Of the picture in a tile."""
        return self._picture_place(QRect(0, 0, self.width, 0)).size().toSize()

    def displayText(self, value: object, locale: object) -> str:  # noqa: N802, Qt's name
        return value.request.prompt if isinstance(value, Clip) else str(value)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        clip = index.data(CLIP_ROLE)
        if not isinstance(clip, Clip):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        table = theme.current()
        box: QRect = option.rect.adjusted(2, 2, -2, -2)
        self._draw_ground(painter, option, QRectF(box), table)
        place = self._picture_place(option.rect)
        self._draw_picture(painter, place, clip, table)
        self._draw_marks(painter, option, place, clip)
        words = QRect(box.left() + EDGE, 0, box.width() - 2 * EDGE, 0)
        words.setTop(round(place.bottom()) + theme.GAP - 1)
        words.setBottom(box.bottom() - 4)
        self._draw_words(painter, words, clip, table)
        painter.restore()

    def editorEvent(  # noqa: N802, Qt's name
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """A click on the star is none on the tile."""
        clip = index.data(CLIP_ROLE)
        if not isinstance(event, QMouseEvent) or not isinstance(clip, Clip):
            return super().editorEvent(event, model, option, index)
        if event.button() is not Qt.MouseButton.LeftButton:
            return False
        star = self._star_place(self._picture_place(option.rect))
        is_starred = star.contains(event.position()) and not clip.trashed_from
        if is_starred and event.type() is QEvent.Type.MouseButtonRelease:
            self.starred.emit(clip.id)
        elif not is_starred and event.type() is QEvent.Type.MouseButtonDblClick:
            self.opened.emit(clip.id)
        return is_starred

    def _picture_place(self, tile: QRect) -> QRectF:
        width = tile.width() - 2 * EDGE
        return QRectF(tile.left() + EDGE, tile.top() + EDGE, width, round(width * SHAPE))

    def _star_place(self, picture: QRectF) -> QRectF:
        return QRectF(picture.right() - STAR - 4, picture.top() + 4, STAR, STAR)

    def _draw_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF, table: Tokens
    ) -> None:
        state: QStyle.StateFlag = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        edge = Qt.PenStyle.NoPen if not (is_selected or has_focus) else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.color(table.accent_text), 1.5 if has_focus else 1, edge))
        if is_selected:
            painter.setBrush(theme.color(table.accent_wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.color(table.hover))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)

    def _draw_picture(self, painter: QPainter, box: QRectF, clip: Clip, table: Tokens) -> None:
        painter.fillPath(rounded(box), theme.color(table.canvas))
        is_missing = self._is_missing(clip.id)
        first = self._strips.first(clip)
        moving = self._strips.frame(clip, self.frame) if clip.id == self.playing else None
        if moving is not None:
            strip, source = moving
            painter.save()
            painter.setClipPath(rounded(box))
            painter.drawImage(fit(source.size(), box), strip, source)
            painter.restore()
        elif first is not None:
            painter.setOpacity(0.25 if is_missing else 1.0)
            painter.drawPixmap(box.toRect(), first)
            painter.setOpacity(1.0)
        elif not is_missing:
            theme.draw_icon(painter, _middle(box, 28), "film", theme.color(table.text_faint))
        if is_missing:
            self._draw_missing(painter, box, table)

    def _draw_missing(self, painter: QPainter, box: QRectF, table: Tokens) -> None:
        place = _middle(box, 24).translated(0, -10)
        theme.draw_icon(painter, place, "warning", theme.color(table.warning))
        painter.setFont(_sized(painter.font(), 12))
        painter.setPen(theme.color(table.text))
        line = QRectF(box.left(), place.bottom() + 4, box.width(), SMALL_LINE)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self.missing_text)

    def _draw_marks(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF, clip: Clip
    ) -> None:
        """The star of a favourite, and of the tile under the mouse; the length."""
        state: QStyle.StateFlag = option.state
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if clip.favourite or (is_hovered and not clip.trashed_from):
            place = self._star_place(box)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(SHADE)
            painter.drawEllipse(place)
            name = "star-filled" if clip.favourite else "star"
            theme.draw_icon(painter, place.adjusted(5, 5, -5, -5), name, ON_SHADE)
        if length := length_text(clip):
            painter.setFont(_sized(painter.font(), 11))
            paint_label(painter, box.bottomRight() - QPointF(4, 4), length, 1.0)

    def _draw_words(self, painter: QPainter, box: QRect, clip: Clip, table: Tokens) -> None:
        painter.setFont(_sized(painter.font(), theme.FONT_PIXELS))
        painter.setPen(theme.color(table.text))
        prompt = " ".join(clip.request.prompt.split())
        for number, line in enumerate(_lines(painter.font(), prompt, box.width())):
            place = QRect(box.left(), box.top() + number * LINE, box.width(), LINE)
            text = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(_sized(painter.font(), 12))
        painter.setPen(theme.color(table.text_dim))
        bottom = QRect(box.left(), box.bottom() - SMALL_LINE, box.width(), SMALL_LINE)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft | middle, date_text(clip))
        size = f"{clip.request.width}×{clip.request.height}"
        painter.drawText(bottom, Qt.AlignmentFlag.AlignRight | middle, size)


def _sized(font: QFont, pixels: int) -> QFont:
    made = QFont(font)
    made.setPixelSize(pixels)
    return made


def _middle(box: QRectF, side: float) -> QRectF:
    return QRectF(box.center() - QPointF(side / 2, side / 2), QSizeF(side, side))


def _lines(font: QFont, text: str, width: int) -> list[str]:
    """The text in its lines; the last of them holds all the rest."""
    layout = QTextLayout(text, font)
    layout.setTextOption(QTextOption())
    layout.beginLayout()
    starts: list[int] = []
    while len(starts) < PROMPT_LINES and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    ends = [*starts[1:], len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]
