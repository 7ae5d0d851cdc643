"""The queue against a scripted worker, and through every way in which it may be cut short."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.engine import Engine
from app.job_list import JOB_ROLE
from app.jobs import Jobs
from app.journal import Job, JobStatus, Journal
from app.names import Naming
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.experience import NOTHING
from inference.api.history import History, history_file
from inference.api.messages import FailureKind, Preview, Stage
from inference.api.models import data_folder
from inference.api.spec import MAX_SEED, GenerationRequest
from tests import deaths
from tests.api.test_history import RUN
from tests.app.conftest import FAKE_WORKER, PATIENCE_MS, MakeEngine
from tests.tiny_model import make_request

ROOT = Path(__file__).parents[2]

# An application that makes a slow clip and says when its third step is journalled.
APPLICATION = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app import jobs as module
from app.engine import Engine
from app.jobs import Jobs
from app.names import Naming
from tests.tiny_model import make_request
module.SAVE_PROGRESS_S = 0
application = QCoreApplication([])
engine = Engine([sys.argv[1]])
jobs = Jobs(engine, lambda: Naming(Path(sys.argv[2])))
jobs.previewed.connect(lambda preview: preview.step == 3 and print(engine.pid, flush=True))
jobs.add([make_request("demo", prompt="slow", steps=500), make_request("demo", prompt="next")])
engine.start()
sys.exit(application.exec())
"""

MakeJobs = Callable[..., Jobs]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    return tmp_path / "my clips 片"


@pytest.fixture
def make_jobs(make_engine: MakeEngine, clips: Path) -> Iterator[MakeJobs]:
    """A queue on its journal, with an engine that `started` starts."""
    made: list[tuple[Jobs, Engine]] = []

    def make(*, started: bool = True) -> Jobs:
        engine = make_engine()
        jobs = Jobs(engine, lambda: Naming(clips))
        QAbstractItemModelTester(jobs, QAbstractItemModelTester.FailureReportingMode.Fatal, jobs)
        made.append((jobs, engine))
        if started:
            engine.start()
        return jobs

    yield make
    for jobs, _ in made:
        jobs.close()
        jobs.deleteLater()


def ask(prompt: str = "a fox", steps: int = 4, seed: int = 7) -> GenerationRequest:
    return make_request("demo", prompt=prompt, steps=steps, seed=seed)


def engine_of(jobs: Jobs) -> Engine:
    return jobs._engine


def statuses(jobs: Jobs) -> list[JobStatus]:
    return [job.status for job in jobs.jobs]


def wait_for(qtbot: QtBot, jobs: Jobs, *expected: JobStatus) -> None:
    qtbot.waitUntil(lambda: statuses(jobs) == list(expected), timeout=PATIENCE_MS)


def wait_for_step(qtbot: QtBot, jobs: Jobs, step: int) -> Job:
    def has_come() -> bool:
        job = jobs.active
        return job is not None and job.stage is Stage.DENOISE and job.step >= step

    qtbot.waitUntil(has_come, timeout=PATIENCE_MS)
    job = jobs.active
    assert job is not None
    return job


def reopened() -> list[Job]:
    """What the journal on the disk says."""
    journal = Journal(data_folder() / "jobs" / "journal.sqlite3")
    jobs = journal.load()
    journal.close()
    return jobs


def test_jobs_run_one_after_the_other(qtbot: QtBot, make_jobs: MakeJobs, clips: Path) -> None:
    jobs = make_jobs(started=False)
    finished: list[Job] = []
    previews: list[Preview] = []
    jobs.finished.connect(finished.append)
    jobs.previewed.connect(previews.append)
    jobs.add([ask("a fox 狐狸"), ask("a fox 狐狸"), ask("a fox 狐狸", seed=8)])
    assert statuses(jobs) == [JobStatus.WAITING] * 3
    engine_of(jobs).start()
    wait_for(qtbot, jobs, JobStatus.DONE, JobStatus.DONE, JobStatus.DONE)
    assert [job.id for job in finished] == [job.id for job in jobs.jobs]
    assert len({job.path for job in finished}) == 3
    assert all(Path(job.path).parent == clips and "狐狸" in job.path for job in finished)
    assert [preview.step for preview in previews] == [1, 2, 3, 4] * 3
    assert reopened() == list(jobs.jobs)
    assert not [path for path in (data_folder() / "jobs").iterdir() if path.is_dir()]


def test_variations_count_the_seed_up(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    jobs.add_variations(ask(seed=MAX_SEED - 1), 3)
    assert [job.request.seed for job in jobs.jobs] == [MAX_SEED - 1, MAX_SEED, 0]
    jobs.duplicate(jobs.jobs[0].id, seed=5)
    assert jobs.jobs[3].request == ask(seed=5)


def test_job_is_journalled_before_the_worker_hears_of_it(
    qtbot: QtBot, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = make_jobs(started=False)
    seen: list[JobStatus] = []
    send = Engine.send

    def spy(engine: Engine, command: object) -> None:
        seen.append(reopened()[0].status)
        send(engine, command)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "send", spy)
    jobs.add([ask()])
    engine_of(jobs).start()
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert seen[0] is JobStatus.RUNNING


def test_rows_move_and_stay_moved(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    first, second, third = jobs.add_variations(ask(), 3)
    jobs.move(third, 0)
    assert [job.id for job in jobs.jobs] == [third, first, second]
    jobs.move(third, 2)
    assert [job.id for job in jobs.jobs] == [first, second, third]
    assert not jobs.moveRows(QModelIndex(), 0, 1, QModelIndex(), 1)  # where it is already
    assert jobs.moveRows(QModelIndex(), 0, 2, QModelIndex(), 3)  # as a list view does it
    assert [job.id for job in reopened()] == [third, first, second]


def test_new_jobs_go_before_the_first_of_some_that_has_yet_to_begin(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    a, b, c, d = jobs.add([ask(name) for name in "abcd"])
    assert jobs.followers(b) == (c, d)
    jobs.cancel(c)
    assert jobs.followers(b) == (d,)
    new = jobs.add([ask("new"), ask("newer")], before=(c, d))
    assert [job.id for job in jobs.jobs] == [a, b, c, *new, d]
    jobs.cancel(d)
    (last,) = jobs.add([ask("last")], before=(c, d))
    assert [job.id for job in jobs.jobs] == [a, b, c, *new, d, last]
    assert reopened() == list(jobs.jobs)


def test_jobs_stay_in_order_when_one_before_them_has_left(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    a, b, c, d = jobs.add([ask(name) for name in "abcd"])
    jobs.remove([a, b])
    jobs.pause(d)  # alone is written anew
    assert [job.id for job in reopened()] == [c, d]


def test_model_shows_jobs(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    jobs.add([ask("two foxes")])
    index = jobs.index(0)
    assert jobs.data(index, JOB_ROLE) == jobs.jobs[0]
    assert jobs.data(index) == "two foxes"
    assert jobs.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert jobs.flags(QModelIndex()) & Qt.ItemFlag.ItemIsDropEnabled


def test_jobs_of_one_prompt_are_told_apart(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    jobs.add([ask("two <foxes>", seed=7), replace(ask("two <foxes>", seed=8), frames=1)])
    tips = [jobs.data(jobs.index(row), Qt.ItemDataRole.ToolTipRole) for row in (0, 1)]
    read = [jobs.data(jobs.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert tips[0] == "<qt>two &lt;foxes&gt;<br>seed 7  ·  32×16  ·  5 frames</qt>"
    assert tips[1] == "<qt>two &lt;foxes&gt;<br>seed 8  ·  32×16</qt>"
    assert read == ["two <foxes>, seed 7, 32×16, 5 frames", "two <foxes>, seed 8, 32×16"]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (True, False, "first frame given"),
        (False, True, "last frame given"),
        (True, True, "first and last frame given"),
    ],
)
def test_job_tells_the_pictures_that_it_is_made_from(
    make_jobs: MakeJobs, *, first: bool, last: bool, told: str
) -> None:
    jobs = make_jobs(started=False)
    given = {"first_frame": "a" * 64 * first, "last_frame": "b" * 64 * last}
    (id_,) = jobs.add([replace(ask("a fox"), **given)])
    shown = jobs.data(jobs.index(0), Qt.ItemDataRole.ToolTipRole)
    assert shown.endswith(f"5 frames  ·  {told}</qt>")
    jobs.duplicate(id_, 9)
    assert jobs.jobs[1].request.pictures == jobs.jobs[0].request.pictures


def test_waiting_job_can_be_edited(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    (id_,) = jobs.add([ask("a fox")])
    jobs.edit(id_, ask("a hare"))
    engine_of(jobs).start()
    wait_for(qtbot, jobs, JobStatus.DONE)
    jobs.edit(id_, ask("a bear"))  # too late
    assert "a hare" in jobs.job(id_).path
    assert jobs.job(id_).request == ask("a hare")


def test_cancel_keeps_nothing(qtbot: QtBot, make_jobs: MakeJobs, clips: Path) -> None:
    jobs = make_jobs()
    running, waiting, _ = jobs.add([ask("slow", steps=500), ask("b"), ask("c")])
    wait_for_step(qtbot, jobs, 2)
    jobs.cancel(waiting)
    jobs.cancel(running)
    assert statuses(jobs)[0] is JobStatus.STOPPING
    wait_for(qtbot, jobs, JobStatus.CANCELLED, JobStatus.CANCELLED, JobStatus.DONE)
    assert len(list(clips.iterdir())) == 1
    jobs.retry(waiting)
    wait_for(qtbot, jobs, JobStatus.CANCELLED, JobStatus.DONE, JobStatus.DONE)


def test_pause_goes_on_from_its_step(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    (id_,) = jobs.add([ask("slow", steps=20)])
    wait_for_step(qtbot, jobs, 5)
    jobs.pause(id_)
    wait_for(qtbot, jobs, JobStatus.PAUSED)
    assert (jobs.job(id_).step, jobs.job(id_).kept_steps) == (jobs.job(id_).kept_steps,) * 2
    steps: list[int] = []
    jobs.previewed.connect(lambda preview: steps.append(preview.step))
    paused_at = jobs.job(id_).kept_steps
    jobs.resume(id_)
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert steps == list(range(paused_at + 1, 21))


def test_deaf_job_is_stopped_by_force(qtbot: QtBot, make_jobs: MakeJobs, clips: Path) -> None:
    jobs = make_jobs()
    engine_of(jobs).pause_grace_ms = engine_of(jobs).cancel_grace_ms = 100
    id_, _ = jobs.add([ask("deaf"), ask()])
    job = wait_for_step(qtbot, jobs, 2)
    leftover = clips / f".{Path(job.output).stem}.partial-1.mp4"
    leftover.touch()
    jobs.pause(id_)
    wait_for(qtbot, jobs, JobStatus.PAUSED, JobStatus.DONE)
    assert jobs.job(id_).kept_steps >= 2
    assert not leftover.exists()
    jobs.resume(id_)
    wait_for_step(qtbot, jobs, 3)
    jobs.cancel(id_)
    wait_for(qtbot, jobs, JobStatus.CANCELLED, JobStatus.DONE)


def test_finish_now_makes_the_clip_early(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    (id_,) = jobs.add([ask("slow", steps=500)])
    wait_for_step(qtbot, jobs, 3)
    jobs.finish_now(id_)
    wait_for(qtbot, jobs, JobStatus.DONE)
    made_of = int(Path(jobs.job(id_).path).read_text().split()[1])
    assert 3 <= made_of < 500


def test_progress_of_a_clip_goes_on_from_where_it_paused_and_never_back(
    qtbot: QtBot, make_jobs: MakeJobs
) -> None:
    jobs, seen = make_jobs(), list[float]()
    jobs.dataChanged.connect(lambda: seen.extend(job.progress for job in jobs.jobs))
    (id_,) = jobs.add([ask("slow", steps=40)])
    wait_for_step(qtbot, jobs, 3)
    jobs.pause(id_)
    wait_for(qtbot, jobs, JobStatus.PAUSED)
    assert 0.0 < jobs.job(id_).progress < 1.0
    jobs.resume(id_)
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_failure_is_told_and_the_next_runs(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    with qtbot.waitSignal(jobs.failed, timeout=PATIENCE_MS) as failed:
        jobs.add([ask("refuse"), ask()])
    assert failed.args is not None
    job = failed.args[0]
    assert (job.message, job.details) == ("The folder can't be written to.", "how it came")
    assert job.failure is FailureKind.INPUT
    wait_for(qtbot, jobs, JobStatus.FAILED, JobStatus.DONE)


def test_folder_that_can_not_be_made_is_told(
    qtbot: QtBot, make_jobs: MakeJobs, clips: Path
) -> None:
    clips.touch()  # a file where the folder should be
    jobs = make_jobs()
    with qtbot.waitSignal(jobs.failed, timeout=PATIENCE_MS) as failed:
        jobs.add([ask()])
    assert failed.args is not None
    assert str(clips) in failed.args[0].message
    clips.unlink()
    jobs.retry(jobs.jobs[0].id)
    wait_for(qtbot, jobs, JobStatus.DONE)


def test_another_folder_holds_for_what_is_tried_again(
    qtbot: QtBot, make_jobs: MakeJobs, clips: Path
) -> None:
    clips.touch()  # a file where the folder should be
    jobs = make_jobs()
    (id_,) = jobs.add([ask()])
    wait_for(qtbot, jobs, JobStatus.FAILED)
    jobs._naming = lambda: Naming(clips.with_name("others"))
    jobs.retry(id_)
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert Path(jobs.jobs[0].path).parent == clips.with_name("others")


def test_file_that_appeared_is_not_overwritten(
    qtbot: QtBot, make_jobs: MakeJobs, clips: Path
) -> None:
    jobs = make_jobs(started=False)
    jobs.add([ask()])
    clips.mkdir()
    taken = Path(jobs.jobs[0].output)
    taken.write_text("mine")
    engine_of(jobs).start()
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert taken.read_text() == "mine"
    assert Path(jobs.jobs[0].path).name == f"{taken.stem} 2.mp4"


def test_crash_of_the_worker_is_survived_once(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.add([ask("die once"), ask()])
    wait_for(qtbot, jobs, JobStatus.DONE, JobStatus.DONE)
    assert deaths.SAID in jobs.jobs[0].message


def test_crash_at_the_same_step_stops_the_job(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    id_, _ = jobs.add([ask("die 3"), ask()])
    wait_for(qtbot, jobs, JobStatus.INTERRUPTED, JobStatus.DONE)
    job = jobs.job(id_)
    assert job.kept_steps == 2
    assert deaths.SAID in job.message
    assert job.details == "the card is on fire"


def test_killed_worker_hands_the_step_on(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.add([ask("slow", steps=12)])
    wait_for_step(qtbot, jobs, 3)
    steps: list[int] = []
    jobs.previewed.connect(lambda preview: steps.append(preview.step))
    deaths.kill(engine_of(jobs).pid)
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert steps == list(range(steps[0], 13))  # each once, and none again


def test_closing_keeps_the_running_job(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    running, paused, waiting = jobs.add([ask("slow", steps=20), ask(), ask()])
    jobs.pause(paused)
    wait_for_step(qtbot, jobs, 3)
    jobs.move(waiting, 0)
    jobs.close()
    assert [(job.id, job.status) for job in reopened()] == [
        (running, JobStatus.WAITING),
        (waiting, JobStatus.WAITING),
        (paused, JobStatus.PAUSED),
    ]
    again = make_jobs()
    steps: list[int] = []
    again.previewed.connect(lambda preview: steps.append(preview.step))
    wait_for(qtbot, again, JobStatus.DONE, JobStatus.DONE, JobStatus.PAUSED)
    assert steps[0] >= 3  # it went on, before the one that was moved to the front


def test_closing_leaves_a_job_that_was_to_pause_paused(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    (running,) = jobs.add([ask("slow", steps=20)])
    wait_for_step(qtbot, jobs, 1)
    jobs.pause(running)
    jobs.close()
    assert [job.status for job in reopened()] == [JobStatus.PAUSED]


def test_killed_application_loses_nothing(qtbot: QtBot, make_jobs: MakeJobs, clips: Path) -> None:
    application = subprocess.Popen(
        [sys.executable, "-c", APPLICATION, FAKE_WORKER, str(clips)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert application.stdout is not None
    with application.stdout:
        application.stdout.readline()
    application.kill()
    application.wait()
    jobs = make_jobs(started=False)
    interrupted, waiting = jobs.jobs
    assert (interrupted.status, waiting.status) == (JobStatus.INTERRUPTED, JobStatus.WAITING)
    assert interrupted.kept_steps >= 2
    assert "go on" in interrupted.message
    steps: list[int] = []
    jobs.previewed.connect(lambda preview: steps.append(preview.step))
    engine_of(jobs).start()
    wait_for(qtbot, jobs, JobStatus.INTERRUPTED, JobStatus.DONE)
    steps.clear()
    jobs.resume(interrupted.id)
    wait_for_step(qtbot, jobs, 4)
    assert steps[0] >= 3


def test_clip_that_was_made_is_not_made_again(make_jobs: MakeJobs, clips: Path) -> None:
    output = clips / "a fox.mp4"
    clips.mkdir()
    output.write_text("whole")
    journal = Journal(data_folder() / "jobs" / "journal.sqlite3")
    journal.save([(0, Job("1", ask(), str(output), JobStatus.RUNNING))])
    journal.close()
    jobs = make_jobs(started=False)
    assert statuses(jobs) == [JobStatus.DONE]
    assert jobs.jobs[0].path == str(output)


@pytest.mark.parametrize("damage", ["text", "cut", "newer"])
def test_broken_journal_is_put_aside(make_jobs: MakeJobs, damage: str) -> None:
    jobs = make_jobs(started=False)
    jobs.add_variations(ask(), 50)
    jobs.close()
    path = data_folder() / "jobs" / "journal.sqlite3"
    content = path.read_bytes()
    match damage:
        case "text":
            broken = b"not a database at all" * 100
        case "cut":
            broken = content[: len(content) // 2]
        case _:
            broken = content[:60] + (99).to_bytes(4, "big") + content[64:]  # the user version
    path.write_bytes(broken)
    fresh = make_jobs(started=False)
    assert fresh.jobs == ()
    (aside,) = path.parent.glob("journal.broken-*.sqlite3")
    assert str(aside) in fresh.notice
    assert aside.read_bytes() == broken
    fresh.add([ask()])
    assert len(reopened()) == 1


def test_job_of_another_version_is_left_alone(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    jobs.add([ask(), ask()])
    jobs.journal._database.write(
        "UPDATE jobs SET job = '{\"colour\": 1}' WHERE id = ?", jobs.jobs[0].id
    )
    jobs.close()
    again = make_jobs(started=False)
    assert len(again.jobs) == 1
    assert again.notice.startswith("1 of the jobs")


def test_ended_jobs_leave_the_list_not_the_disk(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.add([ask(), ask("refuse"), ask("slow", steps=500)])
    wait_for(qtbot, jobs, JobStatus.DONE, JobStatus.FAILED, JobStatus.RUNNING)
    path = Path(jobs.jobs[0].path)
    jobs.clear_settled()
    assert statuses(jobs) == [JobStatus.FAILED, JobStatus.RUNNING]
    jobs.remove([job.id for job in jobs.jobs])  # the worker has one
    assert statuses(jobs) == [JobStatus.RUNNING]
    assert path.exists()
    assert len(reopened()) == 1


def test_order_outlives_what_was_taken_off_the_list(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    first = jobs.add_variations(ask(), 6)
    jobs.remove(first[:5])
    later = jobs.add([ask(), ask()])
    jobs.move(later[1], 0)
    jobs.remove([later[0]])
    last = jobs.add([ask()])
    expected = [later[1], first[5], *last]
    assert [job.id for job in jobs.jobs] == [job.id for job in reopened()] == expected


def test_all_that_wait_are_cancelled_and_nothing_else(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    paused = jobs.add([ask("slow", steps=500), ask(), ask(), ask()])[1]
    jobs.pause(paused)
    wait_for_step(qtbot, jobs, 1)
    jobs.cancel_waiting()
    assert statuses(jobs) == [
        JobStatus.RUNNING,
        JobStatus.PAUSED,
        JobStatus.CANCELLED,
        JobStatus.CANCELLED,
    ]


def test_what_the_worker_noted_is_known_after_the_clip(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.add([ask("slow", steps=20)])
    wait_for(qtbot, jobs, JobStatus.RUNNING)
    assert jobs.experience.runs == ()
    run = replace(RUN, device=DeviceInfo("Fake"))
    with History() as history:
        history.add(run)
    wait_for(qtbot, jobs, JobStatus.DONE)
    assert jobs.experience.runs == (run,)
    assert jobs.experience is jobs.experience  # it is read once


def test_before_the_device_is_known_nothing_is(make_jobs: MakeJobs) -> None:
    assert make_jobs(started=False).experience is NOTHING


def test_a_broken_history_is_told_once(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    history_file().parent.mkdir(parents=True, exist_ok=True)
    history_file().write_bytes(b"no history" * 100)
    jobs = make_jobs()
    noticed: list[str] = []
    jobs.noticed.connect(noticed.append)
    qtbot.waitUntil(lambda: jobs.device is not None, timeout=PATIENCE_MS)
    assert jobs.experience.runs == jobs.experience.runs == ()
    assert len(noticed) == 1
    assert "history.broken-" in noticed[0]


def test_read_only_disk_is_told(make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    jobs.journal._database._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(UserError, match="make room"):
        jobs.add([ask()])
    assert jobs.jobs == ()


def test_unsaved_change_is_told(qtbot: QtBot, make_jobs: MakeJobs) -> None:
    jobs = make_jobs(started=False)
    (id_,) = jobs.add([ask()])
    jobs.journal._database._connection.execute("PRAGMA query_only = 1")
    with qtbot.waitSignal(jobs.noticed, timeout=PATIENCE_MS):
        jobs.pause(id_)
    assert jobs.job(id_).status is JobStatus.PAUSED
    jobs.journal._database._connection.execute("PRAGMA query_only = 0")
    with qtbot.waitSignal(jobs.written, timeout=PATIENCE_MS):
        jobs.resume(id_)


def test_job_knows_what_it_is() -> None:
    job = Job("1", ask(), "x.mp4")
    assert not job.is_active
    assert replace(job, status=JobStatus.FINISHING).is_active
    assert replace(job, status=JobStatus.FAILED).is_over
