"""A log as it is read: it follows what is written, and words are found in it."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import (
    QFontDatabase,
    QHideEvent,
    QKeyEvent,
    QShowEvent,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit

from app import theme
from app.fields import Line, Panel, name_tool, row, tip_of, tool
from app.keys import Binding, press
from app.logs import LogFile
from app.words import said_reason

FOLLOW_MS = 500
MAX_LINES = 20_000
SEARCH_WIDTH, COUNT_WIDTH = 260, 72  # so that nothing moves when there is a count


class Paper(QPlainTextEdit):
    """Text that is read, in letters of one width."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.FONT_PIXELS - 1)
        self.setFont(font)


class LogView(Paper):
    """Shows a log, and while it is seen what is added to it: at its end it stays there."""

    grown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._log: LogFile | None = None
        self.setMaximumBlockCount(MAX_LINES)
        self.timer = QTimer(self, interval=FOLLOW_MS)
        self.timer.timeout.connect(self.read)

    def show_log(self, path: Path) -> None:
        """That log from now on, at its end."""
        self._log = LogFile(path)
        self.clear()
        self.read()
        self.grown.emit()

    def read(self) -> None:
        """Adds what is new."""
        if self._log is None:
            return
        try:
            text, begins = self._log.read_new()
        except OSError as error:
            self._log.forget()
            self.clear()
            self.setPlaceholderText(
                self.tr("This log can't be read ({0}).").format(said_reason(error))
            )
            return
        self.setPlaceholderText(self.tr("Nothing was written here yet."))
        if begins:
            self.clear()
        if text:
            self._add(text)
        if text or begins:
            self.grown.emit()

    def _add(self, text: str) -> None:
        bar = self.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        if at_end:
            bar.setValue(bar.maximum())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802, Qt's name
        super().showEvent(event)
        self.read()
        self.timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802, Qt's name
        super().hideEvent(event)
        self.timer.stop()


class Finder(Panel):
    """Finds words in a text, onwards and back, around its end."""

    def __init__(self, paper: LogView) -> None:
        super().__init__()
        self._paper = paper
        self.words, self.count = Line(), QLabel()
        self.back, self.on = tool("chevron-up"), tool("chevron-down")
        self.words.setClearButtonEnabled(True)
        self.words.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.words.setFixedWidth(SEARCH_WIDTH)
        self.count.setMinimumWidth(COUNT_WIDTH)
        theme.set_kind(self.count, "hint")
        line = row(self.words, self.back, self.on, self.count)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.TIGHT)
        self.setLayout(line)
        self.words.textChanged.connect(self._on_typed)
        self.words.installEventFilter(self)
        self.back.clicked.connect(self.find_back)
        self.on.clicked.connect(self.find_on)
        paper.grown.connect(self._count)
        self.retranslate()

    def begin(self) -> None:
        """Ready for other words."""
        self.words.setFocus()
        self.words.selectAll()

    def find_on(self) -> None:
        self._find(QTextDocument.FindFlag(0))

    def find_back(self) -> None:
        self._find(QTextDocument.FindFlag.FindBackward)

    def _on_typed(self) -> None:
        cursor = self._paper.textCursor()
        cursor.setPosition(cursor.selectionStart())  # what is found already may just go on
        self._paper.setTextCursor(cursor)
        self.find_on()
        self._count()

    def _find(self, flags: QTextDocument.FindFlag) -> None:
        words, paper = self.words.text(), self._paper
        if not words or paper.find(words, flags):
            return
        before = paper.textCursor()
        turn = QTextCursor.MoveOperation
        paper.moveCursor(turn.End if flags else turn.Start)
        if not paper.find(words, flags):
            paper.setTextCursor(before)

    def _count(self) -> None:
        words = self.words.text().casefold()
        found = self._paper.toPlainText().casefold().count(words) if words else 0
        self.count.setText(self.tr("%n found", "", found) if words else "")
        self.back.setEnabled(found > 0)
        self.on.setEnabled(found > 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        """Enter finds the next, with Shift the one before; Escape leaves."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return press(
                [
                    Binding(("Shift+Return", "Shift+Enter"), "", self.find_back),
                    Binding(("Return", "Enter"), "", self.find_on),
                    Binding(("Esc",), "", self._leave),
                ],
                event,
            )
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        self.words.clear()
        self._paper.setFocus()

    def retranslate(self) -> None:
        self.words.setPlaceholderText(self.tr("Find in this log"))
        self.words.setAccessibleName(self.tr("Find in this log"))
        self.words.setToolTip(tip_of(self.tr("Find in this log"), "Ctrl+F"))
        name_tool(self.on, self.tr("Next"), "F3")
        name_tool(self.back, self.tr("Previous"), "Shift+F3")
        self._count()
