"""The doctor's page: what of this PC helps or hinders, each finding with its cause and what to do."""

from PySide6.QtCore import QEvent, QSize, QSysInfo, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from app import theme
from app.diagnosis import Diagnosis, diagnose, level_name, report, worst
from app.doctor import Doctor, Progress
from app.fields import Panel, row
from app.page_frame import PageFrame, card, words
from app.words import said
from inference.api.findings import Level
from inference.api.version import VERSION

NAME_WIDTH = 148
COPIED_MS = 2_000  # as long as the button says so

_MARKS = {
    Level.OK: ("good", theme.Tone.GOOD),
    Level.WARNING: ("warning", theme.Tone.WARNING),
    Level.PROBLEM: ("problem", theme.Tone.PROBLEM),
}


class DoctorPage(Panel):
    """Shows the latest checkup, and wants one when it is first shown."""

    def __init__(self, doctor: Doctor) -> None:
        super().__init__()
        self._doctor = doctor
        self._page = PageFrame()
        self.copy, self.again, self.start = QPushButton(), QPushButton(), QPushButton()
        self._mark, self.summary, self.hint = QLabel(), words("number"), words("dim")
        self.rows: list[FindingRow] = []
        self._list = QFrame()
        self._list_rows = QVBoxLayout(self._list)
        self._copied = QTimer(self, singleShot=True, interval=COPIED_MS)
        self._copied.timeout.connect(self._name_copy)
        self._lay_out()
        doctor.changed.connect(self._refresh)
        self.copy.clicked.connect(self._on_copy)
        self.again.clicked.connect(doctor.check)
        self.start.clicked.connect(doctor.start_engine)
        self.retranslate()

    def report(self) -> str:
        """The result as text."""
        system = f"{QSysInfo.prettyProductName()}, {QSysInfo.currentCpuArchitecture()}"
        head = f"Kinora {VERSION}, {system}\n{self._verdict()}"
        return report(self._doctor.findings, head)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802, Qt's name
        super().showEvent(event)
        if not self._doctor.is_waiting:  # the folder of the clips may be another, and disks fill
            self._doctor.check()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._refresh()

    def _lay_out(self) -> None:
        self.copy.setIcon(theme.icon("copy"))
        self.again.setIcon(theme.icon("retry"))
        self._page.tools.addWidget(self.copy)
        self._page.tools.addWidget(self.again)
        self._page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # for the keys that scroll
        theme.set_kind(self._list, "card")
        self._list_rows.setContentsMargins(theme.WIDE, theme.TIGHT, theme.WIDE, theme.TIGHT)
        self._list_rows.setSpacing(0)
        said = QVBoxLayout()
        said.setSpacing(theme.TIGHT)
        said.addWidget(self.summary)
        said.addWidget(self.hint)
        self._mark.setFixedSize(22, 22)
        self._page.add(card(_beside(self._mark, said, self.start)), self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._page)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self.copy.setText(self.tr("Copied"))
        self._copied.start()

    def _refresh(self) -> None:
        """Shows what the doctor knows."""
        progress = self._doctor.progress
        icon, tone, text, hint = self._state()
        pixmap = theme.icon(icon, tone).pixmap(QSize(22, 22), self.devicePixelRatio())
        self._mark.setPixmap(pixmap)
        self.summary.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.start.setVisible(progress is Progress.OFF)
        self.copy.setEnabled(progress is Progress.DONE)
        self.again.setEnabled(progress in (Progress.DONE, Progress.FAILED, Progress.LATE))
        if progress in (Progress.DONE, Progress.CHECKING, Progress.LATE):
            self._show_rows()
        self._list.setVisible(bool(self.rows) and progress in (Progress.DONE, Progress.CHECKING))

    def _state(self) -> tuple[str, theme.Tone, str, str]:
        """Icon and its tone, what is said, and what is added to it."""
        reason, faint = said(self._doctor.reason), theme.Tone.FAINT
        match self._doctor.progress:
            case Progress.NONE | Progress.CHECKING:
                return "retry", faint, self.tr("Checking…"), ""
            case Progress.STARTING:
                hint = self.tr(
                    "The engine is starting; the checks are made as soon as it is ready."
                )
                return "retry", faint, self.tr("Waiting for the engine…"), _joined(reason, hint)
            case Progress.LATE:
                hint = self.tr(
                    "It may be busy with a model. The result appears here as soon as it comes."
                )
                return (
                    "warning",
                    theme.Tone.WARNING,
                    self.tr("The engine doesn't answer yet."),
                    hint,
                )
            case Progress.OFF:
                hint = self.tr(
                    "The engine makes the checks: start it, and they follow by themselves."
                )
                text = self.tr("The engine doesn't run, so nothing can be checked.")
                return "problem", theme.Tone.PROBLEM, text, _joined(reason, hint)
            case Progress.FAILED:
                text = self.tr("The checks could not be made.")
                return "problem", theme.Tone.PROBLEM, text, reason
            case Progress.DONE:
                level, _ = worst(self._doctor.findings)
                return *_MARKS[level], self._verdict(), ""

    def _verdict(self) -> str:
        """All findings in one sentence."""
        match worst(self._doctor.findings):
            case Level.PROBLEM, count:
                return self.tr("%n thing(s) stand in the way.", "", count)
            case Level.WARNING, count:
                return self.tr("Everything works; %n thing(s) could be better.", "", count)
            case _:
                return self.tr("Everything is as it should be.")

    def _show_rows(self) -> None:
        """Puts the worst first, as it is what one comes for."""
        while (item := self._list_rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        order = list(Level)
        findings = sorted(self._doctor.findings, key=lambda one: -order.index(one.level))
        self.rows = [FindingRow(diagnose(finding)) for finding in findings]
        for number, made in enumerate(self.rows):
            if number:
                line = QFrame()
                theme.set_kind(line, "line")
                self._list_rows.addWidget(line)
            self._list_rows.addWidget(made)

    def _name_copy(self) -> None:
        self.copy.setText(self.tr("Copy"))

    def retranslate(self) -> None:
        self._page.title.setText(self.tr("Doctor"))
        self._page.purpose.setText(
            self.tr(
                "What of this PC helps or hinders Kinora. It stays here: copy it to ask for help."
            )
        )
        self._page.setAccessibleName(self.tr("What was found"))
        self.copy.setAccessibleName(self.tr("Copy the result as text"))
        self.again.setText(self.tr("Check again"))
        self.again.setAccessibleName(self.again.text())
        self.start.setText(self.tr("Start the engine"))
        self.start.setAccessibleName(self.start.text())
        self._name_copy()
        self._refresh()


class FindingRow(QFrame):
    """One finding: its mark, its name, and what there is to say."""

    def __init__(self, said: Diagnosis) -> None:
        super().__init__()
        self.said = said
        self.mark, self.name = QLabel(), QLabel(said.name)
        self.found, self.cause, self.advice = words(), words(said.level.value), words("dim")
        icon, tone = _MARKS[said.level]
        pixmap = theme.icon(icon, tone).pixmap(QSize(18, 18), self.devicePixelRatio())
        self.mark.setPixmap(pixmap)
        self.mark.setAccessibleName(level_name(said.level))
        self.name.setFixedWidth(NAME_WIDTH)
        self.name.setWordWrap(True)
        theme.set_kind(self.name, "dim")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, theme.GAP, 0, theme.GAP)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.TIGHT)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.name, 0, 1, Qt.AlignmentFlag.AlignTop)
        texts = ((self.found, said.found), (self.cause, said.cause), (self.advice, said.advice))
        for number, (label, text) in enumerate(texts):
            grid.addWidget(label, number, 2)
            label.setText(text)
            label.setVisible(bool(text))


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _beside(mark: QLabel, said: QVBoxLayout, button: QPushButton) -> QHBoxLayout:
    line = row(mark)
    line.setSpacing(theme.ROOM)
    line.addLayout(said, 1)
    line.addWidget(button)
    line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
    return line
