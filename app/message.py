"""Messages in the window: one sentence, what to do about it, the details folded away."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.fields import Panel, name_tool, tool

STAYS_MS = 6_000  # what only informs goes by itself
LINES = 2  # of a message at most: what they cover lies below everything that is worked with
LINE_HEIGHT = 30  # of a message of one line, and of the status line that it covers
DETAILS_HEIGHT = 140
_END = 28  # characters of each end of a path that is cut
_LONG_WORD = re.compile(rf"[!-~]{{{2 * _END + 5},}}")  # which no line of text would break


class MessageLevel(StrEnum):
    """How much a message matters, which is also its icon."""

    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    PROBLEM = "problem"


_TONES = {
    MessageLevel.INFO: theme.Tone.FAINT,
    MessageLevel.GOOD: theme.Tone.GOOD,
    MessageLevel.WARNING: theme.Tone.WARNING,
    MessageLevel.PROBLEM: theme.Tone.PROBLEM,
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a message's button says and does."""

    label: str
    act: Callable[[], None]


class Say(Protocol):
    """Shows a message: one sentence, what can be done, the details folded away. By its subject it is
    found again when it holds no longer."""

    def __call__(
        self,
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
        subject: str = "",
    ) -> None: ...


def _cut(word: re.Match[str]) -> str:
    return f"{word[0][:_END]}…{word[0][-_END:]}"


class Sentence(QLabel):
    """A text in lines, of which no more than `LINES` are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def is_cut(self, width: int) -> bool:
        """Whether so wide it has more lines than are shown."""
        return self._lay_out(width).lineCount() > LINES

    def heightForWidth(self, arg__1: int) -> int:  # noqa: N802, Qt's name
        layout = self._lay_out(arg__1)
        shown = min(layout.lineCount(), LINES)
        return ceil(sum(layout.lineAt(number).height() for number in range(shown)))

    def paintEvent(self, arg__1: QPaintEvent) -> None:  # noqa: N802, Qt's name
        layout = self._lay_out(self.width())
        if layout.lineCount() <= LINES:  # as a label does it, with what is selected
            super().paintEvent(arg__1)
            return
        painter, top = QPainter(self), 0.0
        painter.setPen(self.palette().color(self.foregroundRole()))
        for number in range(LINES - 1):
            layout.lineAt(number).draw(painter, QPointF(0, top))
            top += layout.lineAt(number).height()
        last = layout.lineAt(LINES - 1)
        rest = self.text()[last.textStart() :]
        elided = self.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QPointF(0, top + last.ascent()), elided)

    def _lay_out(self, width: int) -> QTextLayout:
        layout, height = QTextLayout(self.text(), self.font(), self), 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout


class MessageBar(Panel):
    """Shows the latest message, over what is there and moving none of it; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._is_above = False
        self._level = MessageLevel.INFO
        self._act: Callable[[], None] | None = None
        self._whole = self._details = self._unfolded = ""
        self._said = QElapsedTimer()
        self.subject = ""
        self.setObjectName("message")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._inside = QVBoxLayout(self)
        self._mark = QLabel()
        self.text = Sentence()
        self.remedy = QPushButton()
        self.more = QPushButton()
        self.dismiss = tool("close", 16)
        self.details = QPlainTextEdit()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        self.dismiss.clicked.connect(self.hide)
        self.remedy.clicked.connect(self._on_remedy)
        self.more.toggled.connect(self.details.setVisible)
        self._lay_out()
        self.retranslate()
        self.hide()

    def lie_over(self, ground: QWidget) -> None:
        """Messages lie on the lower edge of that widget, whatever its layout."""
        self.setParent(ground)
        ground.installEventFilter(self)

    def rise(self, above: bool) -> None:  # noqa: FBT001, a slot
        """They lie on its upper edge, while the lower one holds what is worked with."""
        self._is_above = above
        self._place()

    def say(
        self,
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
        subject: str = "",
    ) -> None:
        """Shows this message in place of the last; what has no room is whole in the details."""
        self._level, self._act = level, None if remedy is None else remedy.act
        self._whole, self._details, self.subject = text, details, subject
        self.text.setText(_LONG_WORD.sub(_cut, text))
        self.setAccessibleName(text)
        self.remedy.setVisible(remedy is not None)
        self.remedy.setText("" if remedy is None else remedy.label)
        self.more.setChecked(False)
        self.details.hide()
        self._dress()
        self.show()
        self.raise_()
        self._place()
        self._said.start()
        self._timer.stop()
        if level in (MessageLevel.INFO, MessageLevel.GOOD) and remedy is None:
            self._timer.start(STAYS_MS)

    def withdraw(self, subject: str | Path) -> None:
        """What is said of that, such as of a clip, holds no longer: it goes, at once if it offers what can't be done any
        more, else when there was time to read it."""
        if self.isHidden() or str(subject) != self.subject:
            return
        if self._act is not None:
            self.hide()
        elif not self._timer.isActive():
            self._timer.start(max(0, STAYS_MS - self._said.elapsed()))

    def withdrawer(self, subject: str) -> Callable[..., None]:
        """A slot for what says that it holds no longer."""
        return lambda *_: self.withdraw(subject)

    def _on_remedy(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _lay_out(self) -> None:
        self.more.setCheckable(True)
        theme.set_kind(self.more, "link")
        self.details.setReadOnly(True)
        self.details.setFixedHeight(DETAILS_HEIGHT)
        line = QHBoxLayout()
        line.setSpacing(theme.GAP)
        line.addWidget(self._mark)
        line.addWidget(self.text, 1)
        for button in (self.more, self.remedy, self.dismiss):
            # A click leaves the focus where it is: with the bar it would go, and land anywhere.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(button)
        self._inside.setContentsMargins(theme.ROOM, 1, theme.GAP, 1)
        self._inside.addLayout(line)
        self._inside.addWidget(self.details)

    def _place(self) -> None:
        """As high as its words need, all across the ground."""
        ground = self.parentWidget()
        if ground is None:
            return
        room = ground.rect()
        self._offer_details(room.width())
        self._inside.activate()  # or its height is that of what was said before
        height = max(LINE_HEIGHT, self.heightForWidth(room.width()))
        top = 0 if self._is_above else room.height() - height
        self.setGeometry(0, top, room.width(), height)

    def _offer_details(self, width: int) -> None:
        """They hold the sentence as well where so wide not all of it is shown."""
        beside = [each for each in (self._mark, self.remedy, self.dismiss) if not each.isHidden()]
        if self._details:
            beside.append(self.more)
        margins = self._inside.contentsMargins()
        room = width - margins.left() - margins.right()
        room -= sum(each.sizeHint().width() + theme.GAP for each in beside)
        is_whole = self.text.text() == self._whole and not self.text.is_cut(room)
        parts = (self._details,) if is_whole else (self._whole, self._details)
        details = "\n\n".join(filter(None, parts))
        self.more.setVisible(bool(details))
        if details != self._unfolded:  # else it would be scrolled back
            self._unfolded = details
            self.details.setPlainText(details)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._place()
        return handled

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        if event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        icon = theme.icon(self._level.value, _TONES[self._level])
        self._mark.setPixmap(icon.pixmap(QSize(18, 18), self.devicePixelRatio()))
        theme.set_trait(self, "level", self._level.value)

    def retranslate(self) -> None:
        self.more.setText(self.tr("Details"))
        self.more.setAccessibleName(self.tr("Show the details of the message"))
        self.details.setAccessibleName(self.tr("Details of the message"))
        self.remedy.setAccessibleName(self.tr("What can be done about the message"))
        name_tool(self.dismiss, self.tr("Dismiss the message"), "Esc")
