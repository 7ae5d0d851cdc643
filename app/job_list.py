"""The list of jobs as Qt shows it, kept in the journal."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app import stills
from app.journal import Job, JobStatus, Journal
from app.text import tip
from app.words import said
from inference.api.errors import UserError

Index = QModelIndex | QPersistentModelIndex

JOB_ROLE = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()


class JobList(QAbstractListModel):
    """Jobs in their order; `JOB_ROLE` is a row's `Job`. Every change is in the journal at once. Signals:

    noticed: a sentence that the user should read: the journal could not be written.
    written: now it could be again.
    """

    noticed = Signal(str)
    written = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.journal = Journal(path)
        self._is_behind = False
        self._jobs = self.journal.load()
        self._save(*self._jobs)  # numbered without gaps, as they stand

    @property
    def notice(self) -> str:
        """What was wrong with the journal when it was opened, for the user; mostly empty."""
        return self.journal.notice

    @property
    def jobs(self) -> tuple[Job, ...]:
        return tuple(self._jobs)

    @property
    def active(self) -> Job | None:
        """The job that the worker has."""
        return next((job for job in self._jobs if job.is_active), None)

    def job(self, id_: str) -> Job:
        """The job of that id. Raises `KeyError`."""
        return self._jobs[self.row(id_)]

    def row(self, id_: str) -> int:
        """Where the job of that id is. Raises `KeyError`."""
        for row, job in enumerate(self._jobs):
            if job.id == id_:
                return row
        raise KeyError(id_)

    def put(self, job: Job, *, save: bool = True) -> None:
        """Put a job in the place of what it was."""
        row = self.row(job.id)
        self._jobs[row] = job
        if save:
            self._save(job)
        index = self.index(row)
        self.dataChanged.emit(index, index)

    def put_first(self, id_: str) -> None:
        """Move a waiting job before every other that waits."""
        row = self.row(id_)
        first = next(i for i, job in enumerate(self._jobs) if job.status is JobStatus.WAITING)
        if first < row:
            self.moveRows(NOWHERE, row, 1, NOWHERE, first)

    def insert(self, row: int, fresh: Sequence[Job]) -> None:
        """Put jobs at that row. Raises `UserError`, and takes none, if they can't be written down."""
        self.journal.save(list(enumerate([*fresh, *self._jobs[row:]], start=row)))
        self.beginInsertRows(NOWHERE, row, row + len(fresh) - 1)
        self._jobs[row:row] = fresh
        self.endInsertRows()

    def drop(self, id_: str) -> None:
        """Take a job off the list."""
        row = self.row(id_)
        self.journal.remove(id_, row)
        self.beginRemoveRows(NOWHERE, row, row)
        del self._jobs[row]
        self.endRemoveRows()

    def move(self, id_: str, row: int) -> None:
        """Put a job at that row."""
        source = self.row(id_)
        target = row if row < source else row + 1
        self.moveRows(NOWHERE, source, 1, NOWHERE, target)

    def attempt(self, write: Callable[[], None]) -> bool:
        """Write to the journal; the queue goes on if that fails, and the user is told."""
        try:
            write()
        except UserError as error:
            self.noticed.emit(said(error))
            return False
        return True

    def _save(self, *jobs: Job) -> None:
        rows = [(self.row(job.id), job) for job in jobs]
        was_behind = self._is_behind
        self._is_behind = not self.attempt(lambda: self.journal.save(rows))
        if was_behind and not self._is_behind:
            self.written.emit()

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802, Qt's
        return 0 if parent.isValid() else len(self._jobs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        job = self._jobs[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return job
            case Qt.ItemDataRole.DisplayRole:
                return job.request.prompt
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join((job.request.prompt, *_facts(job)))
            case Qt.ItemDataRole.ToolTipRole:
                return tip(said(job.message) or job.request.prompt, "  ·  ".join(_facts(job)))
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled  # between rows, not onto one
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        flags |= Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802, Qt's
        return Qt.DropAction.MoveAction

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802, Qt's
        data = QMimeData()
        data.setData(self.mimeTypes()[0], b"")  # a QListView moves rows by `moveRows`
        return data

    def moveRows(  # noqa: N802, Qt's
        self, source: Index, row: int, count: int, target: Index, before: int
    ) -> bool:
        if not self.beginMoveRows(source, row, row + count - 1, target, before):
            return False
        moved = self._jobs[row : row + count]
        rest = self._jobs[:row] + self._jobs[row + count :]
        place = before if before < row else before - count
        self._jobs = rest[:place] + moved + rest[place:]
        self.endMoveRows()
        self._save(*self._jobs)
        return True


def _facts(job: Job) -> list[str]:
    """What tells the jobs of one prompt apart."""
    request = job.request
    facts = [seed_text(job), f"{request.width}×{request.height}"]
    if request.written_frames > 1:
        frames = QCoreApplication.translate("JobList", "{0} frames")
        facts.append(frames.format(request.written_frames))
    if pictures := stills.text_of(request):
        facts.append(pictures)
    return facts


def seed_text(job: Job) -> str:
    """What tells jobs of one prompt and one size from each other."""
    return QCoreApplication.translate("JobList", "seed {0}").format(job.request.seed)
