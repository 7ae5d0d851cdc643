"""The queue on disk: what was asked for, and what became of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from PySide6.QtCore import QCoreApplication

from inference.api.codec import DecodeError, from_json, parse, to_json
from inference.api.database import Database
from inference.api.errors import UserError
from inference.api.messages import FailureKind, Stage
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest

TABLES = """
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, position INTEGER NOT NULL, job TEXT NOT NULL);
"""


class JobStatus(StrEnum):
    """Where a job stands. Of those that are active there is at most one.

    PAUSED was asked for; INTERRUPTED was not, and can go on as well.
    """

    WAITING = "waiting"
    RUNNING = "running"
    FINISHING = "finishing"
    STOPPING = "stopping"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """A clip that was asked for.

    `output` is where it goes, `path` where it lies. `step` of `steps` are done of its stage, `progress` is
    the part of the whole, and `seconds_left` are the whole's too. `kept_steps` are the steps of denoising that are
    kept on disk; `crashed_at` is what that was at the last crash, -1 before the first.
    """

    id: str
    request: GenerationRequest
    output: str
    status: JobStatus = JobStatus.WAITING
    stage: Stage | None = None
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    message: str | Sentence = ""
    details: str = ""
    failure: FailureKind | None = None
    path: str = ""
    kept_steps: int = 0
    crashed_at: int = -1
    progress: float = 0.0

    @property
    def is_active(self) -> bool:
        """Whether the worker has it."""
        active = (JobStatus.RUNNING, JobStatus.FINISHING, JobStatus.STOPPING)
        return self.status in active

    def begun(self) -> Self:
        """As the worker has it from now on: it goes on from what was kept."""
        progress = self.progress if self.kept_steps else 0.0
        started = replace(self, status=JobStatus.RUNNING, stage=None, step=0, failure=None)
        return replace(started, progress=progress)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself or on `resume`."""
        return self.is_settled or self.status is JobStatus.FAILED

    @property
    def is_settled(self) -> bool:
        """Whether nothing is kept of it that could still become a clip."""
        return self.status in (JobStatus.DONE, JobStatus.CANCELLED)


class Journal:
    """The jobs in their order.

    `notice` says in one sentence what was found broken, and where it lies now; else it is empty.
    `is_fresh` says that a broken journal was put aside, so nothing is known of earlier jobs.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, TABLES)
        self.is_fresh = self._database.put_aside is not None
        self.notice = ""
        if self.is_fresh:
            message = QCoreApplication.translate(
                "Jobs",
                "The list of jobs could not be read, so a new one was begun; the old is {0}.",
            )
            self.notice = message.format(self._database.put_aside)

    def load(self) -> list[Job]:
        """The jobs in their order. One that can't be read stays in the file and is told of."""
        jobs: list[Job] = []
        unread = 0
        for (text,) in self._database.rows("SELECT job FROM jobs ORDER BY position"):
            try:
                jobs.append(from_json(Job, parse(str(text))))
            except (DecodeError, UserError):
                unread += 1
        if unread:
            message = QCoreApplication.translate(
                "Jobs", "{0} of the jobs can't be read by this version of Kinora and are left out."
            )
            self.notice = message.format(unread)
        return jobs

    def save(self, jobs: Sequence[tuple[int, Job]]) -> None:
        """Keep these jobs at these positions; on the disk when it returns."""
        rows = [(job.id, position, _to_json(job)) for position, job in jobs]
        self._database.write_all("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", rows)

    def remove(self, id_: str, position: int) -> None:
        """Forget the job there; those behind it move up."""
        self._database.write("DELETE FROM jobs WHERE id = ?", id_)
        self._database.write("UPDATE jobs SET position = position - 1 WHERE position > ?", position)

    def close(self) -> None:
        self._database.close()


def _to_json(job: Job) -> str:
    return json.dumps(to_json(job), ensure_ascii=False)
