"""The queue with the real worker and the model that ships."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.engine import Engine
from app.jobs import Jobs
from app.journal import Job, JobStatus
from app.names import Naming
from inference.api.messages import Preview, Stage
from inference.api.spec import GenerationRequest
from tests.tiny_model import make_request

PATIENCE_MS = 300_000


@pytest.fixture
def jobs(qtbot: QtBot, tmp_path: Path) -> Iterator[Jobs]:
    engine = Engine(log=tmp_path / "engine.log")
    jobs = Jobs(engine, lambda: Naming(tmp_path / "clips", "{prompt}"))
    engine.start()
    yield jobs
    jobs.close()


def ask() -> GenerationRequest:
    prompt = "a red circle moves left"
    return make_request("demo", prompt=prompt, steps=8, width=64, height=64, frames=5)


def wait_for(qtbot: QtBot, jobs: Jobs, id_: str, status: JobStatus) -> Job:
    qtbot.waitUntil(lambda: jobs.job(id_).status is status, timeout=PATIENCE_MS)
    return jobs.job(id_)


def test_paused_clip_is_the_uninterrupted_one(qtbot: QtBot, jobs: Jobs) -> None:
    previews: list[Preview] = []
    jobs.previewed.connect(previews.append)
    whole, paused = jobs.add([ask(), ask()])
    done = wait_for(qtbot, jobs, whole, JobStatus.DONE)
    assert previews

    def is_under_way() -> bool:
        job = jobs.job(paused)
        return job.stage is Stage.DENOISE and job.step >= 2

    qtbot.waitUntil(is_under_way, timeout=PATIENCE_MS)
    jobs.pause(paused)
    kept = wait_for(qtbot, jobs, paused, JobStatus.PAUSED)
    assert 2 <= kept.kept_steps < 8
    jobs.resume(paused)
    resumed = wait_for(qtbot, jobs, paused, JobStatus.DONE)
    assert Path(resumed.path).read_bytes() == Path(done.path).read_bytes()
