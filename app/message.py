"""Messages in the window: one sentence, what to do about it, the details folded away."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
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
    """Shows a message: one sentence, what can be done, the details folded away."""

    def __call__(
        self, level: MessageLevel, text: str, remedy: Remedy | None = None, details: str = ""
    ) -> None: ...


def _cut(word: re.Match[str]) -> str:
    return f"{word[0][:_END]}…{word[0][-_END:]}"


class MessageBar(Panel):
    """Shows the latest message, over what is there and moving none of it; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._is_above = False
        self._level = MessageLevel.INFO
        self._act: Callable[[], None] | None = None
        self.setObjectName("message")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._inside = QVBoxLayout(self)
        self._mark = QLabel()
        self.text = QLabel()
        self.remedy = QPushButton()
        self.more = QPushButton()
        self.dismiss = tool("close", 16)
        self.details = QPlainTextEdit()
        self._timer = QTimer(self, singleShot=True, interval=STAYS_MS)
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
    ) -> None:
        """Shows this message in place of the last; a long path is whole in the details."""
        self._level, self._act = level, None if remedy is None else remedy.act
        brief = _LONG_WORD.sub(_cut, text)
        if brief != text:
            details = f"{text}\n\n{details}".rstrip()
        self.text.setText(brief)
        self.setAccessibleName(text)
        self.remedy.setVisible(remedy is not None)
        self.remedy.setText("" if remedy is None else remedy.label)
        self.more.setVisible(bool(details))
        self.more.setChecked(False)
        self.details.setPlainText(details)
        self.details.hide()
        self._dress()
        self.show()
        self.raise_()
        self._place()
        if level in (MessageLevel.INFO, MessageLevel.GOOD) and remedy is None:
            self._timer.start()
        else:
            self._timer.stop()

    def _on_remedy(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _lay_out(self) -> None:
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
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
        self._inside.setContentsMargins(theme.ROOM, 3, theme.GAP, 3)
        self._inside.addLayout(line)
        self._inside.addWidget(self.details)

    def _place(self) -> None:
        """As high as its words need, all across the ground."""
        ground = self.parentWidget()
        if ground is None:
            return
        self._inside.activate()  # or its height is that of what was said before
        room = ground.rect()
        height = max(LINE_HEIGHT, self.heightForWidth(room.width()))
        top = 0 if self._is_above else room.height() - height
        self.setGeometry(0, top, room.width(), height)

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
        if self.property("level") != self._level.value:
            self.setProperty("level", self._level.value)
            self.style().unpolish(self)
            self.style().polish(self)

    def retranslate(self) -> None:
        self.more.setText(self.tr("Details"))
        self.more.setAccessibleName(self.tr("Show the details of the message"))
        self.details.setAccessibleName(self.tr("Details of the message"))
        self.remedy.setAccessibleName(self.tr("What can be done about the message"))
        name_tool(self.dismiss, self.tr("Dismiss the message"), "Esc")
