"""What is said of jobs and of the engine goes when it holds no longer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app import message
from app.engine import EngineState
from app.jobs import Jobs
from app.journal import JobStatus
from app.message import MessageBar, MessageLevel, Remedy
from app.names import Naming
from app.telling import Telling
from inference.api.messages import Failed, FailureKind
from tests.app.conftest import bring_up
from tests.app.kinora_clips import ask
from tests.app.scripted_engine import ScriptedEngine


class Case:
    """A message bar, and a queue that is told what comes of its jobs."""

    def __init__(self, folder: Path, bar: MessageBar) -> None:
        self.clips_folder = folder / "clips"
        self.engine, self.bar = ScriptedEngine(), bar
        self.jobs = Jobs(self.engine, lambda: Naming(self.clips_folder), folder / "jobs")
        self.telling = Telling(self.engine, self.jobs, self.bar)

    def fail(self, kind: FailureKind = FailureKind.INTERNAL) -> str:
        (id_,) = self.jobs.add([ask()])
        self.engine.be(EngineState.READY)
        self.engine.say(Failed(id_, kind, "It broke."))
        return id_

    def interrupt(self, count: int) -> list[str]:
        ids = self.jobs.add([ask(seed=seed) for seed in range(count)])
        for id_ in ids:
            self.jobs.put(replace(self.jobs.job(id_), status=JobStatus.INTERRUPTED))
        return ids

    @property
    def said(self) -> str:
        return self.bar.text.text() if self.bar.isVisible() else ""


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[MessageBar]:
    """On a ground, as in the window."""
    ground, made = QWidget(), MessageBar()
    qtbot.addWidget(ground)
    made.lie_over(ground)
    ground.resize(600, 300)
    bring_up(qtbot, ground)
    yield made
    ground.close()


@pytest.fixture
def case(bar: MessageBar, tmp_path: Path) -> Iterator[Case]:
    made = Case(tmp_path, bar)
    yield made
    made.jobs.close()


def test_failure_is_told_until_it_is_tried_again(case: Case) -> None:
    id_ = case.fail()
    assert case.said == "It broke."
    case.jobs.add([ask(seed=2)])  # which changes nothing about it
    assert case.said == "It broke."
    case.jobs.retry(id_)
    assert case.said == ""


def test_failure_is_told_until_it_is_off_the_list(case: Case) -> None:
    id_ = case.fail()
    case.jobs.remove([id_])
    assert case.said == ""


def test_folder_that_could_not_be_written_is_no_problem_once_clips_go_elsewhere(
    case: Case, tmp_path: Path
) -> None:
    case.fail(FailureKind.INPUT)
    case.telling.check()
    assert case.said == "It broke."
    case.clips_folder = tmp_path / "elsewhere"
    case.telling.check()
    assert case.said == ""


def test_failure_of_another_kind_is_told_wherever_clips_go(case: Case, tmp_path: Path) -> None:
    case.fail(FailureKind.INTERNAL)
    case.clips_folder = tmp_path / "elsewhere"
    case.telling.check()
    assert case.said == "It broke."


def test_clips_that_can_go_on_are_offered_until_they_do(case: Case) -> None:
    first, second = case.interrupt(2)
    case.telling.greet("")
    assert "can go on" in case.said
    case.jobs.resume(first)
    assert "can go on" in case.said
    case.jobs.cancel(second)
    assert case.said == ""


def test_another_message_is_left_alone(case: Case) -> None:
    id_ = case.fail()
    case.bar.say(MessageLevel.PROBLEM, "The disk is full.")
    case.jobs.retry(id_)
    assert case.said == "The disk is full."


def test_death_of_the_engine_is_told_no_longer_than_it_takes_to_read_once_it_is_back(
    qtbot: QtBot, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "STAYS_MS", 300)
    case.engine.be(EngineState.RESTARTING)
    case.engine.crashed.emit("The engine ended.", "")
    case.engine.be(EngineState.READY)
    assert "It starts again" in case.said
    qtbot.waitUntil(lambda: case.said == "")


def test_engine_is_offered_to_be_started_until_it_is(case: Case) -> None:
    case.engine.be(EngineState.FAILED)
    case.engine.crashed.emit("The engine ended.", "")
    assert case.bar.remedy.text() == "Start it again"
    case.engine.be(EngineState.READY)
    assert case.said == ""


def test_queue_that_can_be_written_down_again_is_told_no_longer(
    qtbot: QtBot, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "STAYS_MS", 100)
    case.jobs.noticed.emit("The list can't be kept.")
    assert case.said == "The list can't be kept."
    case.jobs.written.emit()
    qtbot.waitUntil(lambda: case.said == "")


def test_clip_that_is_done_can_be_watched(qtbot: QtBot, case: Case) -> None:
    (id_,) = case.jobs.add([ask("a fox")])
    case.telling.tell_unseen(replace(case.jobs.job(id_), path="/clips/fox.mp4"))
    assert case.said == "“a fox” is done."
    with qtbot.waitSignal(case.telling.watch_wanted) as wanted:
        case.bar.remedy.click()
    assert wanted.args == [Path("/clips/fox.mp4")]


def test_offer_goes_at_once_and_a_sentence_when_it_was_read(bar: MessageBar) -> None:
    bar.say(MessageLevel.PROBLEM, "It broke.", Remedy("Again", lambda: None), subject="one")
    bar.withdraw("another")
    assert bar.isVisible()
    bar.withdraw("one")
    assert not bar.isVisible()
    bar.say(MessageLevel.PROBLEM, "It broke.", subject="one")
    bar.withdraw("one")
    assert bar.isVisible()
