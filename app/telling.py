"""What is said of jobs and of the engine, and taken back when it holds no longer."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.engine import Engine, EngineState
from app.jobs import Jobs
from app.journal import Job, JobStatus
from app.message import MessageBar, MessageLevel, Remedy
from app.text import shortened
from app.words import said
from inference.api.messages import FailureKind

# What messages are about; one about a failed job has the job's id.
ENGINE, INTERRUPTED, JOURNAL = "engine", "interrupted", "journal"


class Telling(QObject):
    """Speaks through the window's message bar. `watch_wanted` is the path of a clip that was told of."""

    watch_wanted = Signal(Path)

    def __init__(
        self, engine: Engine, jobs: Jobs, messages: MessageBar, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._engine, self._jobs, self._messages = engine, jobs, messages
        self._failed = ""  # the job that was told of last
        engine.crashed.connect(self._on_crashed)
        engine.ready.connect(messages.withdrawer(ENGINE))
        jobs.failed.connect(self._on_failed)
        jobs.noticed.connect(self._on_noticed)
        jobs.written.connect(messages.withdrawer(JOURNAL))
        jobs.dataChanged.connect(self.check)
        jobs.rowsRemoved.connect(self.check)

    def greet(self, notice: str) -> None:
        """At a start: what was found broken, else the clips that can go on."""
        count = len(self._interrupted())
        if notice:
            self._messages.say(MessageLevel.WARNING, notice)
        elif count:
            text = self.tr("%n clip(s) were interrupted and can go on.", "", count)
            go_on = Remedy(self.tr("Go on"), self._resume)
            self._messages.say(MessageLevel.INFO, text, go_on, subject=INTERRUPTED)

    def tell_unseen(self, job: Job) -> None:
        """A clip is done while another is watched."""
        text = self.tr("“{0}” is done.").format(shortened(job.request.prompt))
        watch = Remedy(self.tr("Watch"), partial(self.watch_wanted.emit, Path(job.path)))
        self._messages.say(MessageLevel.GOOD, text, watch, subject=job.path)

    def check(self) -> None:
        """Takes back what was said of jobs that are no longer so, or of a folder that clips leave."""
        if not self._interrupted():
            self._messages.withdraw(INTERRUPTED)
        if self._failed and not self._is_failed(self._failed):
            self._messages.withdraw(self._failed)

    def _is_failed(self, id_: str) -> bool:
        job = next((job for job in self._jobs.jobs if job.id == id_), None)
        if job is None or job.status is not JobStatus.FAILED:
            return False
        has_left = Path(job.output).parent != self._jobs.clips_folder
        return not (has_left and job.failure is FailureKind.INPUT)

    def _interrupted(self) -> list[Job]:
        return [job for job in self._jobs.jobs if job.status is JobStatus.INTERRUPTED]

    def _resume(self) -> None:
        for job in reversed(self._interrupted()):  # each goes to the front
            self._jobs.resume(job.id)

    def _on_noticed(self, text: str) -> None:
        self._messages.say(MessageLevel.WARNING, text, subject=JOURNAL)

    def _on_crashed(self, message: str, details: str) -> None:
        start, text = Remedy(self.tr("Start it again"), self._engine.start), message
        if self._engine.state is not EngineState.FAILED:
            again = self.tr("{0} It starts again; a clip in the making goes on from its last step.")
            start, text = None, again.format(message)
        self._messages.say(MessageLevel.PROBLEM, text, start, details, ENGINE)

    def _on_failed(self, job: Job) -> None:
        again = Remedy(self.tr("Try again"), partial(self._jobs.retry, job.id))
        self._failed = job.id
        self._messages.say(MessageLevel.PROBLEM, said(job.message), again, job.details, job.id)
