"""The window through what happens to it: stopped early, closed, its worker killed, its folder gone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import stills, theme
from app.clips import Clips
from app.engine import Engine
from app.jobs import Jobs
from app.journal import Job, JobStatus
from app.names import Naming
from app.queue_panel import Action
from app.recipes import read_origin
from app.window import Services, Window
from inference.api.messages import Stage
from tests import deaths
from tests.app.test_stills import picture
from tests.tiny_model import DIT, write_tiny_model

WORKER_MS = 300_000  # on a machine that is busy with other things
CLIP = {"width": 64, "height": 64, "frames": 9, "steps": 40}  # steps enough to come in between


class Desk:
    """A window, its services, and what is done with them. `reopen` is another start of the program."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self._qtbot, self._folder = qtbot, folder
        self.open()

    def open(self) -> None:
        folder = self._folder
        self.engine = Engine(log=folder / "engine.log")
        self.jobs = Jobs(self.engine, lambda: Naming(folder / "clips"), folder / "jobs")
        self.clips = Clips(folder)
        self.window = Window(Services(self.engine, self.jobs, self.clips, folder))
        self.window.show()
        self.window.start()

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        self.engine.deleteLater()

    def reopen(self) -> None:
        self.close()
        self.open()

    def ask(self, prompt: str = "a red circle moves right in the sky") -> Job:
        """Types a prompt and asks for its clip, always with the same seed."""
        panel = self.window.create_panel
        self._qtbot.waitUntil(lambda: panel.model.count() > 0, timeout=WORKER_MS)
        panel.prompt.editor.setPlainText(prompt)
        self.window.draft.choose(**CLIP)
        self.window.draft.set_seed(7, locked=True)
        panel.generate.click()
        return self.jobs.jobs[-1]

    def wait_for_step(self, job: Job, step: int) -> None:
        def is_there() -> bool:
            now = self.jobs.job(job.id)
            return now.stage is Stage.DENOISE and now.step >= step

        self._qtbot.waitUntil(is_there, timeout=WORKER_MS)

    def wait_for(self, job: Job, status: JobStatus) -> Job:
        self._qtbot.waitUntil(lambda: self.jobs.job(job.id).status is status, timeout=WORKER_MS)
        return self.jobs.job(job.id)

    def act(self, action: Action, job: Job) -> None:
        self.window.queue.act_wanted.emit(action, job.id)


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    theme.apply(qapp, theme.Scheme.DARK)
    made = Desk(qtbot, tmp_path)
    yield made
    made.close()


def test_clip_that_a_closed_window_interrupted_ends_as_if_it_had_not_been(desk: Desk) -> None:
    whole = desk.wait_for(desk.ask(), JobStatus.DONE)
    interrupted = desk.ask()
    desk.wait_for_step(interrupted, 3)
    desk.reopen()
    kept = desk.jobs.job(interrupted.id)
    assert kept.status in (JobStatus.WAITING, JobStatus.RUNNING)  # it goes on by itself
    assert 3 <= kept.kept_steps < CLIP["steps"]
    resumed = desk.wait_for(kept, JobStatus.DONE)
    assert Path(resumed.path).read_bytes() == Path(whole.path).read_bytes()


def test_worker_that_is_killed_mid_step_is_told_at_once_and_the_clip_goes_on(
    qtbot: QtBot, desk: Desk
) -> None:
    job = desk.ask()
    desk.wait_for_step(job, 3)
    pid = desk.engine.pid
    assert pid is not None
    deaths.kill(pid)
    qtbot.waitUntil(desk.window.messages.isVisible, timeout=1_000)
    assert deaths.SAID in desk.window.messages.text.text()
    assert "goes on from its last step" in desk.window.messages.text.text()
    done = desk.wait_for(job, JobStatus.DONE)
    assert Path(done.path).is_file()
    assert desk.engine.pid != pid


def test_clip_is_finished_early_with_what_there_is(qtbot: QtBot, desk: Desk) -> None:
    job = desk.ask()
    desk.wait_for_step(job, 3)
    desk.act(Action.FINISH, job)
    done = desk.wait_for(job, JobStatus.DONE)
    assert done.step < CLIP["steps"]
    qtbot.waitUntil(lambda: desk.window.theatre.path == Path(done.path), timeout=WORKER_MS)
    assert desk.window.theatre.player.count == CLIP["frames"]


def test_folder_that_goes_away_is_told_and_the_clip_can_be_tried_again(
    desk: Desk, tmp_path: Path
) -> None:
    job = desk.ask()
    desk.wait_for_step(job, 3)
    clips = Path(job.output).parent
    moved = clips.rename(tmp_path / "elsewhere")
    failed = desk.wait_for(job, JobStatus.FAILED)
    assert str(clips) in failed.message
    assert "choose another" in failed.message
    moved.rename(clips)
    desk.act(Action.RETRY, failed)
    assert Path(desk.wait_for(job, JobStatus.DONE).path).is_file()


def test_clip_is_made_from_its_first_frame_and_goes_on_from_its_last(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    window, draft = desk.window, desk.window.draft
    qtbot.waitUntil(lambda: window.create_panel.model.count() > 0, timeout=WORKER_MS)
    model = write_tiny_model(tmp_path / "vace", replace(DIT, vace_layers=(0,)))
    photo = tmp_path / "photo.png"
    assert picture(64, 48).save(str(photo))
    draft.set_prompt("a red circle")
    draft.use_model(str(model))
    window.create_panel.pictures.first.take_file(photo)
    draft.choose(width=32, height=32, frames=5, steps=2)
    window.create_panel.generate.click()
    done = desk.wait_for(desk.jobs.jobs[-1], JobStatus.DONE)
    origin = read_origin(Path(done.path))
    assert origin is not None
    assert origin.request.first_frame == draft.first_frame == stills.take_file(photo)
    qtbot.waitUntil(lambda: window.theatre.path == Path(done.path), timeout=WORKER_MS)
    window.theatre.player.pause()
    window.theatre.player.seek(4)
    window.theatre.transport.begin_with.click()
    assert draft.first_frame != origin.request.first_frame
    window.create_panel.generate.click()
    again = desk.wait_for(desk.jobs.jobs[-1], JobStatus.DONE)
    assert again.request.first_frame == draft.first_frame
    desk.act(Action.DUPLICATE, again)
    assert desk.jobs.jobs[-1].request.first_frame == draft.first_frame
