"""The models and their downloads, step by step as the worker tells of them."""

import pytest
from pytestqt.qtbot import QtBot

from app.engine import EngineState
from app.models import Models, Phase, Transfer
from inference.api.messages import (
    AddModel,
    Cancel,
    Cancelled,
    Download,
    Downloaded,
    Downloading,
    Failed,
    FailureKind,
    ListModels,
    RemoveModel,
)
from tests.app.scripted_engine import ScriptedEngine, known, own

MIRROR = "https://mirror"


class Case:
    def __init__(self) -> None:
        self.engine, self.now, self.mirror = ScriptedEngine(), 0.0, ""
        self.models = Models(self.engine, lambda: self.mirror, clock=lambda: self.now)
        self.engine.be(EngineState.READY)
        self.engine.list(known("a"), known("b"))

    def phase(self, name: str) -> Phase | None:
        transfer = self.models.transfer(name)
        return None if transfer is None else transfer.phase

    def downloads(self) -> list[str]:
        return [command.model for command in self.engine.sent if isinstance(command, Download)]


@pytest.fixture
def case(qtbot: QtBot) -> Case:
    return Case()


def test_download_runs_to_its_end(qtbot: QtBot, case: Case) -> None:
    case.mirror = MIRROR
    case.models.download("a")
    assert case.engine.sent == [Download("download-a", "a", MIRROR)]
    case.engine.say(Downloading("download-a", 0, 1000))
    case.now = 5.0
    case.engine.say(Downloading("download-a", 500, 1000))
    transfer = case.models.transfer("a")
    assert transfer is not None
    assert transfer == Transfer(Phase.RUNNING, 500, 1000, pace=100.0)
    assert transfer.seconds_left == 5.0
    case.engine.say(Downloaded("download-a", "/models/a"))
    assert case.models.transfer("a") is None


def test_download_is_told_once_it_is_on_the_list(qtbot: QtBot, case: Case) -> None:
    told: list[str] = []
    case.models.downloaded.connect(told.append)
    case.models.download("a")
    case.engine.say(Downloaded("download-a", "/models/a"))
    case.engine.list(known("a"))  # the answer to an older question
    asked = case.engine.sent[-1]
    assert isinstance(asked, ListModels)
    case.engine.be(EngineState.STARTING)
    case.engine.be(EngineState.READY)  # another worker, which is asked anew
    again = case.engine.sent[-1]
    assert isinstance(again, ListModels)
    assert again != asked
    assert told == []
    case.engine.list(known("a", 5), question=again.id)
    assert told == ["a"]


def test_pace_is_that_of_the_last_seconds(case: Case) -> None:
    case.models.download("a")
    for second, done in enumerate((0, 9000, 9100, 9200, 9300)):
        case.now = second * 5.0
        case.engine.say(Downloading("download-a", done, 10_000))
    transfer = case.models.transfer("a")
    assert transfer is not None
    assert transfer.pace == 20.0


def test_downloads_run_one_after_the_other(case: Case) -> None:
    case.models.download("a")
    case.models.download("b")
    assert case.downloads() == ["a"]
    assert case.phase("b") is Phase.WAITING
    case.engine.say(Downloaded("download-a", "/models/a"))
    assert case.downloads() == ["a", "b"]
    assert case.phase("b") is Phase.RUNNING


def test_pause_keeps_what_there_is_and_lets_the_next_run(case: Case) -> None:
    case.models.download("a")
    case.models.download("b")
    case.engine.say(Downloading("download-a", 300, 1000))
    case.models.pause("a")
    assert case.engine.sent[-1] == Cancel("download-a")
    assert case.phase("a") is Phase.STOPPING
    case.models.download("a")  # too early: it is still being stopped
    assert case.phase("a") is Phase.STOPPING
    case.engine.say(Cancelled("download-a"))
    paused = case.models.transfer("a")
    assert paused is not None
    assert (paused.phase, paused.done_bytes) == (Phase.PAUSED, 300)
    assert case.phase("b") is Phase.RUNNING
    case.models.download("a")
    assert case.phase("a") is Phase.WAITING
    case.engine.say(Downloaded("download-b", "/models/b"))
    assert case.downloads() == ["a", "b", "a"]


def test_download_that_waits_is_paused_without_a_word_to_the_worker(case: Case) -> None:
    case.models.download("a")
    case.models.download("b")
    case.models.pause("b")
    assert case.phase("b") is Phase.PAUSED
    case.engine.say(Downloaded("download-a", "/models/a"))
    assert case.downloads() == ["a"]


def test_failure_is_kept_with_its_sentence_until_it_goes_on(qtbot: QtBot, case: Case) -> None:
    case.models.download("a")
    with qtbot.waitSignal(case.models.broke) as broke:
        case.engine.say(Failed("download-a", FailureKind.INPUT, "The disk is full: make room."))
    assert broke.args == ["a", "The disk is full: make room."]
    failed = case.models.transfer("a")
    assert failed is not None
    assert (failed.phase, failed.message) == (Phase.FAILED, "The disk is full: make room.")
    case.models.download("a")
    again = case.models.transfer("a")
    assert again is not None
    assert (again.phase, again.message) == (Phase.RUNNING, "")


def test_next_worker_goes_on_where_one_died(case: Case) -> None:
    case.models.download("a")
    case.engine.be(EngineState.RESTARTING)
    assert case.phase("a") is Phase.WAITING
    case.models.download("b")
    assert case.downloads() == ["a"]
    case.engine.be(EngineState.READY)
    assert case.downloads() == ["a", "a"]


def test_download_that_was_being_paused_stays_so_when_the_worker_dies(case: Case) -> None:
    case.models.download("a")
    case.models.pause("a")
    case.engine.be(EngineState.RESTARTING)
    case.engine.be(EngineState.READY)
    assert case.phase("a") is Phase.PAUSED
    assert case.downloads() == ["a"]


def test_words_of_an_earlier_download_are_not_taken_for_this_one(case: Case) -> None:
    case.models.download("a")
    case.engine.say(Downloaded("download-b", "/models/b"), Cancelled("x"))
    assert case.phase("a") is Phase.RUNNING


def test_model_is_added(qtbot: QtBot, case: Case) -> None:
    case.models.add("/disk/mine")
    question = case.engine.sent[-1]
    assert isinstance(question, AddModel)
    assert question.path == "/disk/mine"
    with qtbot.waitSignal(case.models.added) as added:
        case.engine.list(known("a"), known("b"), own("mine"), question=question.id)
    assert added.args == [own("mine")]
    case.models.add("/disk/mine")
    question = case.engine.sent[-1]
    assert isinstance(question, AddModel)
    with qtbot.waitSignal(case.models.added) as added:
        case.engine.list(known("a"), known("b"), own("mine"), question=question.id)
    assert added.args == [None]


def test_refusal_is_told(qtbot: QtBot, case: Case) -> None:
    case.models.add("/disk/notes.txt")
    question = case.engine.sent[-1]
    assert isinstance(question, AddModel)
    with qtbot.waitSignal(case.models.refused) as refused:
        case.engine.say(Failed(question.id, FailureKind.INPUT, "It has no transformer.", "why"))
    assert refused.args == ["It has no transformer.", "why"]


def test_what_is_being_downloaded_is_not_removed(case: Case) -> None:
    case.models.download("a")
    case.models.remove("a")
    assert not any(isinstance(command, RemoveModel) for command in case.engine.sent)
    case.models.pause("a")
    case.engine.say(Cancelled("download-a"))
    case.models.remove("a")
    removed = case.engine.sent[-1]
    assert isinstance(removed, RemoveModel)
    assert removed.name == "a"
    assert case.models.transfer("a") is None
