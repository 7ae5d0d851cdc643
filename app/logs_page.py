"""The page of logs: what the window and the engine wrote, and a report for those who can help."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.fields import Panel, Segments, name_tool, row, tool
from app.keys import Binding, bind_inside, press
from app.log_view import Finder, LogView, Paper
from app.message import MessageLevel
from app.report import LOGS, Facts, make_report, save_report
from app.words import said, said_reason
from inference.api.errors import UserError


class ReportView(Panel):
    """Shows a report before it is written: all of it, and it alone, is what is saved."""

    left = Signal()
    save_wanted = Signal()
    copied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.report = ""
        self.title, self.hint, self.paper = QLabel(), QLabel(), Paper()
        self.back, self.copy, self.save = QPushButton(), QPushButton(), QPushButton()
        theme.set_kind(self.title, "title")
        theme.set_kind(self.hint, "dim")
        theme.set_kind(self.save, "primary")
        self.hint.setWordWrap(True)
        self.copy.setIcon(theme.icon("copy"))
        words = QVBoxLayout()
        words.setSpacing(theme.TIGHT)
        words.addWidget(self.title)
        words.addWidget(self.hint)
        head = row(self.back, self.copy, self.save)
        head.insertLayout(0, words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.ROOM, theme.ROOM, theme.ROOM, theme.ROOM)
        layout.setSpacing(theme.ROOM)
        layout.addLayout(head)
        layout.addWidget(self.paper, 1)
        self.back.clicked.connect(self.left)
        self.save.clicked.connect(self.save_wanted)
        self.copy.clicked.connect(self._on_copy)
        self.retranslate()

    def show_report(self, report: str) -> None:
        self.report = report
        self.paper.setPlainText(report)
        self.paper.setFocus()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self.copied.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        if not press([Binding(("Esc",), "", self.left.emit)], event):
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        self.title.setText(self.tr("This is all that the report will contain"))
        self.hint.setText(
            self.tr(
                "Prompts, names of clips and folders were taken out. Read it first: nothing is written "
                "until you save it, and nothing is sent."
            )
        )
        self.paper.setAccessibleName(self.title.text())
        for button, text in (
            (self.back, self.tr("Back")),
            (self.copy, self.tr("Copy")),
            (self.save, self.tr("Save…")),
        ):
            button.setText(text)
            button.setAccessibleName(text)


class LogsPage(Panel):
    """Shows the logs of a folder. `facts` are asked for when a report is wanted.

    Signals:
        said: a `MessageLevel` and a sentence for the user.
    """

    said = Signal(object, str)

    def __init__(self, folder: Path, facts: Callable[[], Facts]) -> None:
        super().__init__()
        self._folder, self._facts = folder, facts
        self._shown = LOGS[0]
        self.kinds = Segments([QToolButton() for _ in LOGS])
        self.view, self.report = LogView(), ReportView()
        self.finder = Finder(self.view)
        self.copy, self.open = tool("copy"), tool("folder")
        self.make_report = QPushButton()
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.retranslate()
        self.show_log(0)

    def show_log(self, number: int) -> None:
        """One of `LOGS`."""
        self.kinds.show_picked(number)
        self._shown = LOGS[number]
        self.view.show_log(self._folder / self._shown)

    def bindings(self) -> list[Binding]:
        """What keys do here."""
        return [
            Binding(("Ctrl+F",), self.tr("Find"), self.finder.begin),
            Binding(("F3",), self.tr("Next"), self.finder.find_on),
            Binding(("Shift+F3",), self.tr("Previous"), self.finder.find_back),
        ]

    def _lay_out(self) -> None:
        for button in self.kinds.buttons:
            button.setMinimumWidth(88)
        head = row(self.kinds, self.finder, QWidget(), self.copy, self.open, self.make_report)
        head.setStretch(2, 1)
        self._logs = QWidget()
        inside = QVBoxLayout(self._logs)
        inside.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.ROOM)
        inside.addLayout(head)
        inside.addWidget(self.view, 1)
        self._stack.addWidget(self._logs)
        self._stack.addWidget(self.report)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self) -> None:
        self.kinds.picked.connect(self.show_log)
        self.copy.clicked.connect(self._on_copy)
        self.open.clicked.connect(self._on_open)
        self.make_report.clicked.connect(self._on_report)
        self.report.left.connect(self._show_logs)
        self.report.copied.connect(self._say_copied)
        self.report.save_wanted.connect(self._on_save)
        bind_inside(self._logs, self.bindings())

    def _show_logs(self) -> None:
        self._stack.setCurrentWidget(self._logs)
        self.make_report.setFocus()

    def _on_copy(self) -> None:
        """What is selected, else all of it."""
        chosen = self.view.textCursor().selection().toPlainText()
        QGuiApplication.clipboard().setText(chosen or self.view.toPlainText())
        self._say_copied()

    def _say_copied(self) -> None:
        self.said.emit(MessageLevel.GOOD, self.tr("Copied."))

    def _on_open(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder))):
            text = self.tr("No file manager could be opened; the logs are in {folder}.")
            self.said.emit(MessageLevel.PROBLEM, text.format(folder=self._folder))

    def _on_report(self) -> None:
        try:
            report = make_report(self._facts(), self._folder)
        except OSError as error:
            text = self.tr("The logs in {folder} can't be read ({reason}): see who may read them.")
            text = text.format(folder=self._folder, reason=said_reason(error))
            self.said.emit(MessageLevel.PROBLEM, text)
            return
        self._stack.setCurrentWidget(self.report)
        self.report.show_report(report)

    def _on_save(self) -> None:
        proposed = Path.home() / f"kinora-report-{date.today().isoformat()}.txt"
        target, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), str(proposed), self.tr("Text (*.txt)")
        )
        if not target:
            return
        path = Path(target)
        path = path if path.suffix else path.with_suffix(".txt")
        try:
            save_report(self.report.report, path)
        except UserError as error:
            self.said.emit(MessageLevel.PROBLEM, said(error))
            return
        self._show_logs()
        self.said.emit(MessageLevel.GOOD, self.tr("Saved as {path}.").format(path=path))

    def retranslate(self) -> None:
        names = (self.tr("Window"), self.tr("Engine"), self.tr("Crashes"))
        tips = (
            self.tr("Faults of the window"),
            self.tr("What the engine wrote"),
            self.tr("Where the window was when it crashed"),
        )
        for button, name, tip in zip(self.kinds.buttons, names, tips, strict=True):
            button.setText(name)
            name_tool(button, tip)
        self.view.setAccessibleName(self.tr("Log"))
        self.view.read()
        name_tool(self.copy, self.tr("Copy what is selected, or all"))
        name_tool(self.open, self.tr("Open the folder of the logs"))
        self.make_report.setText(self.tr("Save report…"))
        self.make_report.setAccessibleName(self.tr("Save report…"))
        self.make_report.setToolTip(self.tr("Shows what it will contain first"))
