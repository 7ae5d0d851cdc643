"""The queue on disk: what was asked for, what became of it, and how long it took here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from app.database import Database
from inference.api.codec import DecodeError, from_json, parse, to_json
from inference.api.errors import UserError
from inference.api.messages import FailureKind, Finished, Stage, StageReport
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest

TABLES = """
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, position INTEGER NOT NULL, job TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS past (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, device TEXT NOT NULL, past TEXT NOT NULL
);
"""
KEPT_RECORDS = 1000


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

    `output` is where it goes, `path` where it lies. `kept_steps` are the steps of denoising that are
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

    @property
    def is_active(self) -> bool:
        """Whether the worker has it."""
        active = (JobStatus.RUNNING, JobStatus.FINISHING, JobStatus.STOPPING)
        return self.status in active

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself or on `resume`."""
        return self.status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Record:
    """What a clip took on this machine: a forecast's grounds."""

    request: GenerationRequest
    device: str
    seconds: float
    stages: tuple[StageReport, ...]
    file_bytes: int


class Journal:
    """The jobs in their order, and the records of finished ones.

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

    def remove(self, ids: Sequence[str]) -> None:
        """Forget these jobs."""
        self._database.write_all("DELETE FROM jobs WHERE id = ?", [(id_,) for id_ in ids])

    def record(self, record: Record) -> None:
        """Note what a clip took."""
        request = record.request
        last = self._database.write(
            "INSERT INTO past (model, device, past) VALUES (?, ?, ?)",
            request.model, record.device, _to_json(record),
        )  # fmt: skip
        self._database.write("DELETE FROM past WHERE id <= ?", last - KEPT_RECORDS)

    def records(self, model: str, device: str) -> list[Record]:
        """What that model's clips took on that device, newest first."""
        query = "SELECT past FROM past WHERE model = ? AND device = ? ORDER BY id DESC"
        records: list[Record] = []
        for (text,) in self._database.rows(query, model, device):
            try:
                records.append(from_json(Record, parse(str(text))))
            except (DecodeError, UserError):  # of another version: it only serves to foresee
                continue
        return records

    def close(self) -> None:
        self._database.close()


def record_of(job: Job, event: Finished, device: str) -> Record:
    """What the job took. The file's size is 0 if it is gone already."""
    path = Path(event.path)
    size = path.stat().st_size if path.exists() else 0
    return Record(job.request, device, event.seconds, event.stages, size)


def _to_json(value: Job | Record) -> str:
    return json.dumps(to_json(value), ensure_ascii=False)
