"""Draws a job in a list: a picture, its prompt, where it stands."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import theme
from app.job_pictures import JobPictures
from app.journal import Job, JobStatus
from app.library import Whereabouts
from app.theme import Tokens

HEIGHT, PICTURE = 60, 44
Index = QModelIndex | QPersistentModelIndex

_ICONS = {
    JobStatus.WAITING: "film",
    JobStatus.RUNNING: "sparkle",
    JobStatus.FINISHING: "finish",
    JobStatus.STOPPING: "close",
    JobStatus.PAUSED: "pause",
    JobStatus.INTERRUPTED: "pause",
    JobStatus.DONE: "check",
    JobStatus.FAILED: "warning",
    JobStatus.CANCELLED: "close",
}

_LOST = {Whereabouts.TRASHED: "trash", Whereabouts.GONE: "warning"}


class JobDelegate(QStyledItemDelegate):
    """Rows of equal height; `words` says where a job stands, `aside` what is told at the right, whole."""

    def __init__(
        self,
        parent: QWidget,
        words: Callable[[Job], str],
        aside: Callable[[Job], str],
        pictures: JobPictures,
    ) -> None:
        super().__init__(parent)
        self._words, self._aside, self._pictures = words, aside, pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(160, HEIGHT)

    def displayText(self, value: object, locale: object) -> str:  # noqa: N802, Qt's name
        return value.request.prompt if isinstance(value, Job) else str(value)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        job = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(job, Job):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        table = theme.current()
        box: QRect = option.rect.adjusted(0, 1, 0, -1)
        self._draw_ground(painter, option, QRectF(box), table)
        picture = QRectF(box.left() + 7, box.top() + 7, PICTURE, PICTURE)
        self._draw_picture(painter, picture, job, table)
        left = round(picture.right()) + 10
        words = QRect(left, box.top() + 8, box.right() - left - 8, box.height() - 14)
        self._draw_words(painter, words, job, table)
        painter.restore()

    def _draw_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF, table: Tokens
    ) -> None:
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            ground = table.accent_wash
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = table.hover
        else:
            return
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        ink = QPen(theme.color(table.accent_text)) if focused else QPen(Qt.PenStyle.NoPen)
        painter.setPen(ink)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)

    def _draw_picture(self, painter: QPainter, box: QRectF, job: Job, table: Tokens) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(box, 4, 4)
        painter.fillPath(shape, theme.color(table.field))
        ratio = painter.device().devicePixelRatio()
        picture = self._pictures.picture(job, round(box.width() * ratio))
        if picture is None:
            ink = table.problem if job.status is JobStatus.FAILED else table.text_faint
            name = _LOST.get(self._pictures.whereabouts(job), _ICONS[job.status])
            theme.draw_icon(painter, box.adjusted(12, 12, -12, -12), name, theme.color(ink))
            return
        painter.save()
        painter.setClipPath(shape)
        scale = max(box.width() / picture.width(), box.height() / picture.height())
        width, height = picture.width() * scale, picture.height() * scale
        centre = box.center()
        target = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
        painter.drawPixmap(target, picture, QRectF(picture.rect()))
        painter.restore()

    def _draw_words(self, painter: QPainter, box: QRect, job: Job, table: Tokens) -> None:
        metrics = painter.fontMetrics()
        prompt = " ".join(job.request.prompt.split())
        painter.setPen(theme.color(table.text))
        elided = metrics.elidedText(prompt, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, elided)
        small = QFont(painter.font())
        small.setPixelSize(12)
        painter.setFont(small)
        failed = job.status is JobStatus.FAILED
        painter.setPen(theme.color(table.problem if failed else table.text_dim))
        metrics = painter.fontMetrics()
        line = QRect(box.left(), box.top() + 19, box.width(), 18)
        aside = self._aside(job)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, aside)
        if aside:  # it stays whole: what is cut off is the rest
            line.setWidth(line.width() - metrics.horizontalAdvance(aside) - theme.GAP)
        text = metrics.elidedText(self._words(job), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, text)
        if job.is_active:
            self._draw_bar(painter, box, job.progress, table)

    def _draw_bar(self, painter: QPainter, box: QRect, share: float, table: Tokens) -> None:
        groove = QRectF(box.left(), box.bottom() - 3, box.width(), 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(table.border_strong))
        painter.drawRoundedRect(groove, 1.5, 1.5)
        groove.setWidth(max(3.0, groove.width() * min(1.0, share)))
        painter.setBrush(theme.color(table.accent_text))
        painter.drawRoundedRect(groove, 1.5, 1.5)
