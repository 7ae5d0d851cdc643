"""Which clip the picture shows while others are made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.engine import EngineState
from app.jobs import Jobs
from app.names import Naming
from app.theatre import Theatre
from app.watching import Watching
from inference.api.messages import (
    Cancelled,
    Failed,
    FailureKind,
    Finished,
    Paused,
    Preview,
)
from tests.app.conftest import bring_up, picture_of
from tests.app.kinora_clips import ask, write_clip
from tests.app.scripted_engine import ScriptedEngine


class Cinema:
    """A theatre with a queue that is told what comes of its jobs."""

    def __init__(self, folder: Path, theatre: Theatre) -> None:
        self.folder, self.theatre = folder, theatre
        self.engine = ScriptedEngine()
        self.jobs = Jobs(self.engine, lambda: Naming(folder / "clips"), folder / "jobs")
        self.watching = Watching(theatre, self.jobs)
        self.unseen: list[str] = []
        self.watching.ended_unseen.connect(lambda job: self.unseen.append(job.id))
        self.engine.be(EngineState.READY)

    def make(self, seed: int) -> str:
        self.watching.expect()
        return self.jobs.add([ask(seed=seed)])[0]

    def preview(self, job: str, step: int) -> None:
        path = self.folder / f"{job}-{step}.rgb"
        path.write_bytes(bytes([200]) * (4 * 3 * 3 * 2))
        self.engine.say(Preview(job, step, 20, str(path), 4, 3, 2))

    def finish(self, job: str) -> Path:
        path = write_clip(Path(self.jobs.job(job).output))
        self.engine.say(Finished(job, str(path), 1, 32, 32, 5, 1.0, ()))
        return path

    @property
    def shows_preview(self) -> bool:
        return "Preview" in self.theatre.canvas.accessibleDescription()


@pytest.fixture
def cinema(qtbot: QtBot, tmp_path: Path) -> Iterator[Cinema]:
    theatre = Theatre()
    qtbot.addWidget(theatre)
    made = Cinema(tmp_path, theatre)
    yield made
    theatre.close_films()
    made.jobs.close()


def test_clip_is_shown_as_it_comes_and_then_done(qtbot: QtBot, cinema: Cinema) -> None:
    job = cinema.make(1)
    with qtbot.waitSignal(cinema.watching.pictured):
        cinema.preview(job, 1)
    assert cinema.shows_preview
    path = cinema.finish(job)
    qtbot.waitUntil(lambda: cinema.theatre.path == path)
    assert cinema.unseen == []


def test_preview_says_what_has_become_of_its_clip(qtbot: QtBot, cinema: Cinema) -> None:
    bring_up(qtbot, cinema.theatre)
    job = cinema.make(1)
    cinema.preview(job, 3)
    canvas = cinema.theatre.canvas
    bright = centre_of(canvas)
    cinema.jobs.pause(job)
    assert cinema.shows_preview  # until the worker has stopped
    cinema.engine.say(Paused(job, 3, 20))
    assert canvas.accessibleDescription().startswith("Paused at step 3 of 20")
    cinema.jobs.resume(job)
    assert cinema.shows_preview
    cinema.preview(job, 4)
    assert centre_of(canvas) == bright
    cinema.jobs.cancel(job)
    cinema.engine.say(Cancelled(job))
    assert canvas.accessibleDescription().startswith("Cancelled at step 4 of 20")
    assert centre_of(canvas) != bright
    cinema.jobs.remove([job])
    assert canvas.accessibleDescription().startswith("Cancelled at step 4 of 20")
    cinema.preview(cinema.make(2), 1)
    assert cinema.shows_preview
    assert centre_of(canvas) == bright


def test_preview_of_a_clip_that_failed_says_so(cinema: Cinema) -> None:
    job = cinema.make(1)
    cinema.preview(job, 3)
    cinema.engine.say(Failed(job, FailureKind.INTERNAL, "It broke."))
    description = cinema.theatre.canvas.accessibleDescription()
    assert description.startswith("Failed after step 3 of 20: no clip was made")


def centre_of(canvas: QWidget) -> str:
    picture = picture_of(canvas)
    return picture.pixelColor(picture.rect().center()).name()


def test_clip_that_was_chosen_stays_while_others_are_made(qtbot: QtBot, cinema: Cinema) -> None:
    first, second = cinema.make(1), cinema.make(2)
    chosen = write_clip(cinema.folder / "chosen.mp4")
    cinema.watching.watch(chosen)
    qtbot.waitUntil(lambda: cinema.theatre.path == chosen)
    with qtbot.waitSignal(cinema.watching.pictured):  # the queue shows it all the same
        cinema.preview(first, 1)
    cinema.finish(first)
    cinema.preview(second, 1)
    third = cinema.make(3)
    assert cinema.theatre.path == chosen
    assert cinema.unseen == [first]

    cinema.watching.follow()
    assert cinema.shows_preview
    cinema.finish(second)
    path = cinema.finish(third)
    qtbot.waitUntil(lambda: cinema.theatre.path == path)


def test_clip_is_shown_that_is_asked_for_once_nothing_else_is_made(
    qtbot: QtBot, cinema: Cinema
) -> None:
    job = cinema.make(1)
    cinema.watching.watch(write_clip(cinema.folder / "chosen.mp4"))
    cinema.finish(job)
    again = cinema.make(2)
    cinema.preview(again, 1)
    assert cinema.shows_preview
