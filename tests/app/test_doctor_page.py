"""The doctor's page: when it asks, what it shows of the answer, and what where there is none."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.doctor import Doctor, Progress
from app.doctor_page import DoctorPage
from app.engine import WORKER, Engine, EngineState
from inference.api.findings import FindingKind, Level
from tests.app.conftest import FAKE_WORKER, PATIENCE_MS, MakeEngine


class Case:
    """A page and its worker; `folder` is where clips go, whose name says what is found."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.doctor = Doctor(engine, lambda: self.folder)
        self.page = DoctorPage(self.doctor)
        self.page.resize(900, 600)

    def levels(self) -> list[Level]:
        return [row.said.level for row in self.page.rows]


@pytest.fixture
def case(qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path) -> Case:
    made = Case(make_engine(), tmp_path / "good")
    qtbot.addWidget(made.page)
    return made


def wait_for(qtbot: QtBot, case: Case, progress: Progress) -> None:
    qtbot.waitUntil(lambda: case.doctor.progress is progress, timeout=PATIENCE_MS)


def test_nothing_is_asked_before_the_page_is_seen(qtbot: QtBot, case: Case) -> None:
    case.engine.start()
    qtbot.waitUntil(lambda: case.engine.state is EngineState.READY, timeout=PATIENCE_MS)
    assert case.doctor.progress is Progress.NONE
    case.page.show()
    wait_for(qtbot, case, Progress.DONE)
    assert case.page.summary.text() == "Everything is as it should be."
    assert case.levels() == [Level.OK] * 3
    case.page.hide()
    case.folder = case.folder.with_name("closed")
    case.page.show()
    wait_for(qtbot, case, Progress.DONE)
    assert case.levels() != [Level.OK] * 3  # another folder, which can't be written


def test_worst_is_first_with_its_cause_and_what_to_do(qtbot: QtBot, case: Case) -> None:
    case.folder = case.folder.with_name("closed")
    case.engine.start()
    case.page.show()
    wait_for(qtbot, case, Progress.DONE)
    assert case.page.summary.text().startswith("1 ")
    assert case.levels() == [Level.PROBLEM, Level.OK, Level.OK]
    first = case.page.rows[0]
    assert str(case.folder) in first.found.text()
    assert "may not write" in first.cause.text()
    assert "settings" in first.advice.text()
    assert first.mark.accessibleName() == "Problem"
    assert first.advice.isVisible()
    assert not case.page.rows[1].advice.isVisible()


def test_check_again_tells_what_is_now(qtbot: QtBot, case: Case) -> None:
    case.engine.start()
    case.page.show()
    wait_for(qtbot, case, Progress.DONE)
    case.folder = case.folder.with_name("full")
    qtbot.keyClick(case.page.again, Qt.Key.Key_Space)
    assert case.page.summary.text() == "Checking…"
    assert not case.page.copy.isEnabled()
    wait_for(qtbot, case, Progress.DONE)
    assert case.levels() == [Level.WARNING, Level.OK, Level.OK]


def test_copy_puts_all_on_the_clipboard(qtbot: QtBot, case: Case) -> None:
    case.folder = case.folder.with_name("closed")
    case.engine.start()
    case.page.show()
    wait_for(qtbot, case, Progress.DONE)
    qtbot.mouseClick(case.page.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("Kinora ")
    assert case.page.summary.text() in text
    for row in case.page.rows:
        assert row.found.text() in text
        assert row.advice.text() in text
    assert case.page.copy.text() == "Copied"
    qtbot.waitUntil(lambda: case.page.copy.text() == "Copy")


def test_result_waits_for_the_engine(qtbot: QtBot, case: Case) -> None:
    case.page.show()
    assert case.doctor.progress is Progress.OFF
    assert "doesn't run" in case.page.summary.text()
    qtbot.mouseClick(case.page.start, Qt.MouseButton.LeftButton)
    assert "Waiting for the engine" in case.page.summary.text()
    assert not case.page.start.isVisible()
    wait_for(qtbot, case, Progress.DONE)


def test_engine_that_cannot_start_is_told_with_its_reason(
    qtbot: QtBot, make_engine: MakeEngine, case: Case
) -> None:
    stillborn = Case(make_engine(FAKE_WORKER, "--stillborn"), case.folder)
    qtbot.addWidget(stillborn.page)
    stillborn.page.show()
    stillborn.engine.start()
    qtbot.waitUntil(lambda: stillborn.engine.state is EngineState.FAILED, timeout=PATIENCE_MS)
    assert stillborn.doctor.progress is Progress.OFF
    assert "exit code 1" in stillborn.page.hint.text()
    assert stillborn.page.start.isVisible()


def test_engine_that_does_not_answer_is_told_and_can_be_asked_again(
    qtbot: QtBot, case: Case
) -> None:
    case.doctor._late.setInterval(1)
    case.folder = case.folder.with_name("deaf")
    case.engine.start()
    case.page.show()
    wait_for(qtbot, case, Progress.LATE)
    assert "doesn't answer" in case.page.summary.text()
    case.doctor._late.setInterval(PATIENCE_MS)
    case.folder = case.folder.with_name("good")
    case.page.again.click()
    wait_for(qtbot, case, Progress.DONE)


def test_engine_that_dies_of_it_is_asked_again_when_it_is_back(qtbot: QtBot, case: Case) -> None:
    case.folder = case.folder.with_name("die")
    case.engine.start()
    case.page.show()
    with qtbot.waitSignal(case.engine.crashed, timeout=PATIENCE_MS):
        pass
    assert case.doctor.progress is Progress.STARTING
    case.folder = case.folder.with_name("good")
    wait_for(qtbot, case, Progress.DONE)


def test_failure_of_the_checks_is_told(qtbot: QtBot, case: Case) -> None:
    case.folder = case.folder.with_name("refuse")
    case.engine.start()
    case.page.show()
    wait_for(qtbot, case, Progress.FAILED)
    assert "went wrong (x)" in case.page.hint.text()
    assert case.page.again.isEnabled()
    assert case.page.rows == []


def test_every_button_has_a_name_and_keeps_it_in_another_language(case: Case) -> None:
    QCoreApplication.sendEvent(case.page, QEvent(QEvent.Type.LanguageChange))
    for button in (case.page.copy, case.page.again, case.page.start):
        assert button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_this_machine_is_checked_by_the_real_worker(
    qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path
) -> None:
    case = Case(make_engine(*WORKER), tmp_path / "clips")
    qtbot.addWidget(case.page)
    case.page.show()
    case.engine.start()
    wait_for(qtbot, case, Progress.DONE)
    kinds = {finding.kind for finding in case.doctor.findings}
    assert {FindingKind.RAM, FindingKind.OUTPUT_DISK, FindingKind.DATA_ACCESS} <= kinds
    assert f"{tmp_path / 'clips'} can be written to" in case.page.report()
    assert len(case.page.rows) == len(case.doctor.findings)
