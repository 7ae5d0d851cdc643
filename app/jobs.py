"""The queue: what was asked for, given to the worker one at a time, and lost by no accident."""

import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from app.course import Course, expected
from app.engine import Engine, EngineState
from app.job_list import JobList
from app.journal import Job, JobStatus
from app.names import Naming
from app.process import remove_file
from app.words import said, said_reason
from inference.api.errors import UserError
from inference.api.experience import NOTHING, Experience
from inference.api.history import History
from inference.api.messages import (
    Cancel,
    Cancelled,
    DeviceInfo,
    Event,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Generate,
    Notice,
    Pause,
    Paused,
    Preview,
    Progress,
    Stage,
)
from inference.api.models import data_folder
from inference.api.room import limited
from inference.api.spec import MAX_SEED, GenerationRequest

SAVE_PROGRESS_S = 1.0  # how often a step is noted in the journal; the state file has each
STOPPABLE = (JobStatus.WAITING, JobStatus.PAUSED, JobStatus.INTERRUPTED)
RESUMABLE = (JobStatus.PAUSED, JobStatus.INTERRUPTED)


class Jobs(JobList):
    """The queue. It survives what the worker, the window and the machine may do.

    `naming` says where clips go and what they are called when a job begins; `folder` holds the journal
    and a folder a job for what is unfinished.

    Signals:
        previewed: a `Preview` of the running job.
        finished, failed: the `Job`, when its clip is made or came to nothing.
    """

    previewed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        engine: Engine,
        naming: Callable[[], Naming],
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        self._folder = folder or data_folder() / "jobs"
        super().__init__(self._folder / "journal.sqlite3", parent)
        self._engine, self._naming = engine, naming
        self.vram_bytes = 0  # that a clip may take of the card, 0 for all that is free
        self._device: DeviceInfo | None = None
        self._experience: Experience | None = None  # as it was read last
        self._saved_at = 0.0
        self._course = Course({})  # of the job that runs
        for job in filter(lambda job: job.is_active, self.jobs):
            self.put(_recovered(job))
        if not self.journal.is_fresh:
            self._remove_strays()
        engine.received.connect(self._on_event)
        engine.ready.connect(self._on_ready)
        engine.crashed.connect(self._on_crashed)
        engine.forced.connect(self._on_forced)

    @property
    def device(self) -> DeviceInfo | None:
        """What a clip may have of the worker's device, once that is known."""
        return None if self._device is None else limited(self._device, self.vram_bytes)

    @property
    def clips_folder(self) -> Path:
        """Where clips go by now."""
        return self._naming().folder

    @property
    def experience(self) -> Experience:
        """What is known of the worker's device: what clips took on it, and how fast it is."""
        device = self._device
        if device is not None and self._experience is None:
            self._experience = NOTHING  # if it can't be read, that is told once
            self.attempt(lambda: self._recall(device))
        return self._experience or NOTHING

    def add(self, requests: Sequence[GenerationRequest], before: Sequence[str] = ()) -> list[str]:
        """Queue a clip for each request: before the first of the jobs `before` that has yet to begin,
        else at the end; their ids. Raises `UserError` if it can't be written down."""
        taken = {Path(job.output) for job in self.jobs}
        fresh: list[Job] = []
        for request in requests:
            output = self._naming().free_path(request, taken)
            taken.add(output)
            fresh.append(Job(uuid.uuid4().hex[:12], request, str(output)))
        rows = (row for row, job in enumerate(self.jobs) if job.id in before)
        row = next((row for row in rows if self.jobs[row].status in STOPPABLE), len(self.jobs))
        self.insert(row, fresh)
        self._start_next()
        return [job.id for job in fresh]

    def add_variations(self, request: GenerationRequest, count: int) -> list[str]:
        """Queue `count` clips that differ by their seeds, which count up from the request's."""
        seeds = ((request.seed + i) % (MAX_SEED + 1) for i in range(count))
        return self.add([replace(request, seed=seed) for seed in seeds])

    def duplicate(self, id_: str, seed: int) -> str:
        """Queue the same again with another seed; its id."""
        return self.add([replace(self.job(id_).request, seed=seed)])[0]

    def followers(self, id_: str) -> tuple[str, ...]:
        """The jobs after that one which are not over."""
        return tuple(job.id for job in self.jobs[self.row(id_) + 1 :] if not job.is_over)

    def edit(self, id_: str, request: GenerationRequest) -> None:
        """Ask for something else in a job that is waiting; what was kept of it is dropped."""
        job = self.job(id_)
        if job.status in STOPPABLE:
            self._drop_kept(id_)
            output = self._naming().free_path(request, {Path(other.output) for other in self.jobs})
            edited = Job(id_, request, str(output), job.status)
            self.put(edited)

    def cancel(self, id_: str) -> None:
        """Stop a job, at its next step if the worker has it, and keep nothing of it."""
        job = self.job(id_)
        if job.is_active:
            self.put(replace(job, status=JobStatus.STOPPING))
            self._engine.enforce(Cancel(id_))
        elif job.status in STOPPABLE:
            self._end_cancelled(job)

    def cancel_waiting(self) -> None:
        """Cancel every job that waits; what runs or is paused stays."""
        for job in self.jobs:
            if job.status is JobStatus.WAITING:
                self.cancel(job.id)

    def pause(self, id_: str) -> None:
        """Stop a job and keep what there is of it; `resume` goes on from there."""
        job = self.job(id_)
        if job.is_active:
            self.put(replace(job, status=JobStatus.STOPPING))
            self._engine.enforce(Pause(id_))
        elif job.status is JobStatus.WAITING:
            self.put(replace(job, status=JobStatus.PAUSED))

    def resume(self, id_: str) -> None:
        """Go on with a paused or interrupted job, next in turn."""
        job = self.job(id_)
        if job.status in RESUMABLE:
            self.put(replace(job, status=JobStatus.WAITING, message="", details="", crashed_at=-1))
            self.put_first(id_)
            self._start_next()

    def retry(self, id_: str) -> None:
        """Queue a failed or cancelled job again, its clip where clips go by now; a failed one goes on
        from its last step."""
        job = self.job(id_)
        if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            taken = {Path(other.output) for other in self.jobs if other.id != id_}
            output = self._naming().free_path(job.request, taken)
            again = Job(id_, job.request, str(output), kept_steps=job.kept_steps)
            self.put(replace(again, progress=job.progress))
            self._start_next()

    def finish_now(self, id_: str) -> None:
        """Make the clip of what the running job has at its next step."""
        job = self.job(id_)
        if job.status is JobStatus.RUNNING:
            self.put(replace(job, status=JobStatus.FINISHING))
            self._engine.send(Finish(id_))

    def remove(self, ids: Iterable[str]) -> None:
        """Take jobs off the list, with what was kept of them; a clip that is made stays. One that
        the worker has stays too: cancel it first."""
        for id_ in ids:
            if not self.job(id_).is_active:
                self.drop(id_)
                self._drop_kept(id_)

    def clear_settled(self) -> None:
        """Take what is done or cancelled off the list; a failed job can still go on."""
        self.remove([job.id for job in self.jobs if job.is_settled])

    def close(self) -> None:
        """Leave the queue as it is to be found at the next start; ends the worker."""
        job = self.active
        self._engine.stop()
        if job is not None:
            self._leave(job)
        self.journal.close()

    def _leave(self, job: Job) -> None:
        """What was being made goes on first at the next start, unless it was to stop anyway."""
        goes_on = job.status is JobStatus.RUNNING
        status = JobStatus.WAITING if goes_on else JobStatus.PAUSED
        self.put(replace(job, status=status, seconds_left=None))
        if goes_on:
            self.put_first(job.id)

    def _recall(self, device: DeviceInfo) -> None:
        with History() as history:
            self._experience = history.experience(device.name)
            if notice := history.notice:
                self.noticed.emit(said(notice))

    def _on_ready(self, device: DeviceInfo) -> None:
        self._device, self._experience = device, None
        self._start_next()

    def _on_event(self, event: Event) -> None:
        job = self.active
        if job is None or getattr(event, "job", None) != job.id:
            return
        match event:
            case Progress():
                self._progress(job, event)
            case Preview():
                self.previewed.emit(event)
            case Notice(message=message):
                self.put(replace(job, message=message))
            case Finished():
                self._finish(job, event)
            case Failed():
                self._fail(job, event)
            case Cancelled():
                self._end_cancelled(job)
            case Paused(step=step):
                self._end_paused(job, step)
            case _:
                pass

    def _progress(self, job: Job, event: Progress) -> None:
        is_step = event.stage is Stage.DENOISE
        kept = max(job.kept_steps, event.step) if is_step else job.kept_steps
        now = time.monotonic()
        is_due = event.stage is not job.stage or now > self._saved_at + SAVE_PROGRESS_S
        self._saved_at = now if is_due else self._saved_at
        advanced = replace(
            job,
            stage=event.stage,
            step=event.step,
            steps=event.steps,
            seconds_left=self._course.seconds_left(event.stage, event.seconds_left),
            kept_steps=kept,
            progress=self._course.advance(event.stage, event.step, event.steps),
        )
        self.put(advanced, save=is_due)

    def _finish(self, job: Job, event: Finished) -> None:
        done = replace(job, status=JobStatus.DONE, path=event.path, seconds_left=None, kept_steps=0)
        done = replace(done, progress=1.0)
        self.put(done)
        self._drop_kept(job.id)
        self._experience = None  # the worker has noted more
        self.finished.emit(done)
        self._start_next()

    def _fail(self, job: Job, event: Failed) -> None:
        failed = replace(
            job,
            status=JobStatus.FAILED,
            message=event.message,
            details=event.details,
            failure=event.kind,
            seconds_left=None,
        )
        self.put(failed)
        self.failed.emit(failed)
        self._start_next()

    def _end_cancelled(self, job: Job) -> None:
        self._drop_kept(job.id)
        cancelled = replace(job, status=JobStatus.CANCELLED, seconds_left=None, kept_steps=0)
        self.put(replace(cancelled, stage=None, step=0, message="", progress=0.0))
        self._start_next()

    def _end_paused(self, job: Job, step: int) -> None:
        paused = replace(job, status=JobStatus.PAUSED, seconds_left=None)
        self.put(replace(paused, stage=Stage.DENOISE, step=step, kept_steps=step))
        self._start_next()

    def _on_crashed(self, message: str, details: str) -> None:
        """The running job waits for the next worker; one that brings two down at one place does not."""
        job = self.active
        if job is None:
            return
        _remove_partial(Path(job.output))
        again = job.crashed_at == job.kept_steps
        status = JobStatus.INTERRUPTED if again else JobStatus.WAITING
        crashed = replace(job, status=status, message=message, details=details, seconds_left=None)
        self.put(replace(crashed, crashed_at=job.kept_steps))
        if not again:
            self.put_first(job.id)

    def _on_forced(self, command: Cancel | Pause) -> None:
        job = self.active
        if job is None or job.id != command.job:
            return
        _remove_partial(Path(job.output))
        match command:
            case Cancel():
                self._end_cancelled(job)
            case Pause():
                self._end_paused(job, job.kept_steps)

    def _start_next(self) -> None:
        if self._engine.state is not EngineState.READY or self.active is not None:
            return
        job = next((job for job in self.jobs if job.status is JobStatus.WAITING), None)
        if job is None:
            return
        folder = self._folder / job.id
        try:
            job = self._with_free_output(job)
            (folder / "previews").mkdir(parents=True, exist_ok=True)
            Path(job.output).parent.mkdir(parents=True, exist_ok=True)
            running = job.begun()
            self.journal.save([(self.row(job.id), running)])  # before the worker hears of it
        except (OSError, UserError) as error:
            self._fail(job, Failed(job.id, FailureKind.INPUT, _in_words(error)))
            return
        self.put(running, save=False)
        seconds = expected(job.request, self.device, self.experience)
        self._course = Course(seconds, running.progress)
        state = folder / "state"
        previews = str(folder / "previews")
        self._engine.send(
            Generate(job.id, job.request, job.output, str(state), previews, self.vram_bytes)
        )

    def _with_free_output(self, job: Job) -> Job:
        """The job with a path that no file has by now, so one that appears there is its own."""
        if not Path(job.output).exists():
            return job
        taken = {Path(other.output) for other in self.jobs}
        return replace(job, output=str(self._naming().free_path(job.request, taken)))

    def _drop_kept(self, id_: str) -> None:
        shutil.rmtree(self._folder / id_, ignore_errors=True)

    def _remove_strays(self) -> None:
        known = {job.id for job in self.jobs}
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


def _recovered(job: Job) -> Job:
    """A job that was running when the program ended: it can go on, unless its clip was made."""
    _remove_partial(Path(job.output))
    if Path(job.output).exists():  # it was free when the job began
        return replace(job, status=JobStatus.DONE, path=job.output, kept_steps=0)
    message = QCoreApplication.translate(
        "Jobs", "Kinora ended while this clip was being made; it can go on from its last step."
    )
    return replace(job, status=JobStatus.INTERRUPTED, message=message, seconds_left=None)


def _remove_partial(output: Path) -> None:
    """Delete what a killed worker left of a clip (see `inference.media`)."""
    if output.parent.is_dir():
        prefix, suffix = f".{output.stem}.partial-", output.suffix
        for path in output.parent.iterdir():
            if path.name.startswith(prefix) and path.suffix == suffix:
                remove_file(path)


def _in_words(error: OSError | UserError) -> str:
    if isinstance(error, UserError):
        return said(error)
    message = QCoreApplication.translate(
        "Jobs", "{0} can't be written to ({1}): choose another folder for clips."
    )
    return message.format(error.filename, said_reason(error))
