"""What is asked for in the queue is done to the jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.engine import Engine
from app.jobs import Jobs
from app.journal import JobStatus
from app.names import Naming
from app.queue_panel import Action
from app.queueing import Queueing
from tests.tiny_model import make_request


@pytest.fixture
def jobs(qtbot: QtBot, tmp_path: Path) -> Iterator[Jobs]:
    engine = Engine(log=tmp_path / "engine.log")
    made = Jobs(engine, lambda: Naming(tmp_path / "clips"), tmp_path / "jobs")
    yield made
    made.close()


def test_what_waits_is_cancelled_and_then_cleared(jobs: Jobs) -> None:
    queueing = Queueing(jobs)
    first, *_ = jobs.add_variations(make_request("demo", prompt="a fox"), 3)
    queueing.act(Action.PAUSE, first)
    queueing.act(Action.CANCEL_WAITING, first)
    cancelled = JobStatus.CANCELLED
    assert [job.status for job in jobs.jobs] == [JobStatus.PAUSED, cancelled, cancelled]
    queueing.act(Action.CLEAR, first)
    assert [job.id for job in jobs.jobs] == [first]
