"""The prompt: an editor that shows what of it the model reads."""

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app import theme
from inference.api.messages import Measured

PAUSE_MS = 250  # of typing, before the text is measured


class _Dimmer(QSyntaxHighlighter):
    """Dims what comes after the first `cut_at` characters."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._cut_at: int | None = None

    def set_cut(self, cut_at: int | None) -> None:
        if cut_at != self._cut_at:
            self._cut_at = cut_at
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:  # noqa: N802, Qt's name
        if self._cut_at is None:
            return
        start = self.currentBlock().position()
        # The tokenizer counts code points, Qt counts UTF-16 units: those beyond the first plane take two.
        before = self.document().toPlainText()[: self._cut_at]
        cut = len(before.encode("utf-16-le")) // 2 - start
        units = len(text.encode("utf-16-le")) // 2
        if cut < units:
            dim = QTextCharFormat()
            dim.setForeground(theme.color(theme.current().disabled))
            dim.setFontStrikeOut(True)
            self.setFormat(max(0, cut), units - max(0, cut), dim)


class PromptEdit(QPlainTextEdit):
    """Plain text in which Tab moves on; Ctrl+Enter and dropped files are left to the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def keyPressEvent(self, e: QKeyEvent) -> None:  # noqa: N802, Qt's name
        enter = e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and e.modifiers() & Qt.KeyboardModifier.ControlModifier:
            e.ignore()
            return
        super().keyPressEvent(e)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802, Qt's name
        is_file = any(url.isLocalFile() for url in source.urls())
        return not is_file and super().canInsertFromMimeData(source)


class Prompt(QWidget):
    """The editor and its token meter. `measure_wanted` asks for the text's length in tokens."""

    edited = Signal(str)
    measure_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = PromptEdit()
        self._dimmer = _Dimmer(self.editor.document())
        self._title = QLabel()
        self._title.setBuddy(self.editor)
        self.count = QLabel()
        self._bar = QProgressBar()
        self._measured: Measured | None = None
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(lambda: self.measure_wanted.emit(self.text))
        self.editor.textChanged.connect(self._on_text_changed)
        self._lay_out()
        self._retranslate()

    @property
    def text(self) -> str:
        return self.editor.toPlainText()

    def set_text(self, text: str) -> None:
        if text != self.text:
            self.editor.setPlainText(text)
            self.editor.moveCursor(QTextCursor.MoveOperation.End)  # where one types on

    def remeasure(self) -> None:
        """The text is the same, and what counts its tokens is not."""
        self._timer.start()

    def show_measured(self, measured: Measured) -> None:
        """How long the text is for the model."""
        self._measured = measured
        self._dimmer.set_cut(measured.cut_at)
        self._show_count()

    def _lay_out(self) -> None:
        theme.set_kind(self._title, "section")
        theme.set_kind(self.count, "hint")
        self._bar.setTextVisible(False)
        self.editor.setMinimumHeight(56)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self.count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.TIGHT)
        layout.addLayout(top)
        layout.addWidget(self.editor, 1)
        layout.addWidget(self._bar)

    def _on_text_changed(self) -> None:
        # The document also says so when the dimmer has changed its looks.
        self._timer.start()
        self.edited.emit(self.text)

    def _show_count(self) -> None:
        measured = self._measured
        if measured is None:
            self.count.clear()
            self._bar.setValue(0)
            return
        over = measured.cut_at is not None
        used = measured.used if self.text.strip() else 0  # not the end that every prompt is given
        # Said here, where there is room for it in any case, so that nothing moves.
        few, many = self.tr("{0} of {1} tokens"), self.tr("{0} of {1} tokens: the rest isn't read")
        self.count.setText((many if over else few).format(used, measured.limit))
        theme.set_kind(self.count, "over" if over else "hint")
        self._bar.setRange(0, max(measured.limit, 1))
        self._bar.setValue(min(used, measured.limit))
        theme.set_kind(self._bar, "over" if over else "")
        advice = self.tr(
            "The model doesn't read the part that is struck through: shorten the prompt."
        )
        self.count.setToolTip(advice if over else "")
        self.editor.setAccessibleDescription(advice if over else "")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() is QEvent.Type.PaletteChange:
            self._dimmer.rehighlight()

    def _retranslate(self) -> None:
        self._title.setText(self.tr("Prompt"))
        self.editor.setAccessibleName(self.tr("Prompt"))
        self.editor.setPlaceholderText(self.tr("Describe the video you want."))
        self._bar.setAccessibleName(self.tr("How much of the prompt's room is used"))
        self._show_count()
