"""Messages in the window: one sentence, what to do about it, the details folded away."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout

from app import theme
from app.fields import Panel, name_tool, tool

STAYS_MS = 6_000  # what only informs goes by itself
LEAST_DETAILS, MOST_DETAILS = 48, 140  # their height
BESIDES = 412  # height that the rest of the window takes at least, with a message of two lines


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


class MessageBar(Panel):
    """Shows the latest message; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._level = MessageLevel.INFO
        self._act: Callable[[], None] | None = None
        self._frame = QFrame()
        self._frame.setObjectName("message")
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

    def say(
        self,
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
    ) -> None:
        """Shows this message in place of the last."""
        self._level, self._act = level, None if remedy is None else remedy.act
        self.text.setText(text)
        self.setAccessibleName(text)
        self.remedy.setVisible(remedy is not None)
        self.remedy.setText("" if remedy is None else remedy.label)
        self.more.setVisible(bool(details))
        self.more.setChecked(False)
        self.details.setPlainText(details)
        self.details.hide()
        self._dress()
        self.show()
        if level in (MessageLevel.INFO, MessageLevel.GOOD) and remedy is None:
            self._timer.start()
        else:
            self._timer.stop()

    def fit(self, height: int) -> None:
        """The window is that high: the details take no more than it can spare."""
        self.details.setFixedHeight(min(max(height - BESIDES, LEAST_DETAILS), MOST_DETAILS))

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
        self.details.setFixedHeight(MOST_DETAILS)
        line = QHBoxLayout()
        line.setSpacing(theme.GAP)
        line.addWidget(self._mark)
        line.addWidget(self.text, 1)
        for button in (self.more, self.remedy, self.dismiss):
            # A click leaves the focus where it is: with the bar it would go, and land anywhere.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(button)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(theme.ROOM, 6, theme.GAP, 6)
        inside.addLayout(line)
        inside.addWidget(self.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, 0)
        layout.addWidget(self._frame)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        icon = theme.icon(self._level.value, _TONES[self._level])
        self._mark.setPixmap(icon.pixmap(QSize(18, 18), self.devicePixelRatio()))
        if self._frame.property("level") != self._level.value:
            self._frame.setProperty("level", self._level.value)
            self._frame.style().unpolish(self._frame)
            self._frame.style().polish(self._frame)

    def retranslate(self) -> None:
        self.more.setText(self.tr("Details"))
        self.more.setAccessibleName(self.tr("Show the details of the message"))
        self.details.setAccessibleName(self.tr("Details of the message"))
        self.remedy.setAccessibleName(self.tr("What can be done about the message"))
        name_tool(self.dismiss, self.tr("Dismiss the message"))
