"""What is done with the jobs of the queue."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.draft import random_seed
from app.jobs import Jobs
from app.journal import Job
from app.queue_panel import Action
from app.words import said
from inference.api.errors import UserError


class Queueing(QObject):
    """Does what the queue's panel asks for. Signals:

    watch_wanted, compare_wanted: the path of a clip.
    follow_wanted: the clip that is being made is to be shown.
    edit_wanted: the request of a job that was taken back, and the ids of the jobs that followed it.
    failed: why something could not be done.
    """

    watch_wanted = Signal(Path)
    compare_wanted = Signal(Path)
    follow_wanted = Signal()
    edit_wanted = Signal(object, tuple)
    failed = Signal(str)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs

    def act(self, action: Action, id_: str) -> None:
        """Do that to the job of this id; what can't be is said."""
        try:
            self._act(action, self._jobs.job(id_))
        except UserError as error:
            self.failed.emit(said(error))

    def _act(self, action: Action, job: Job) -> None:
        jobs = self._jobs
        match action:
            case Action.PAUSE:
                jobs.pause(job.id)
            case Action.RESUME:
                jobs.resume(job.id)
            case Action.FINISH:
                jobs.finish_now(job.id)
            case Action.CANCEL:
                jobs.cancel(job.id)
            case Action.RETRY:
                jobs.retry(job.id)
            case Action.CANCEL_WAITING:
                jobs.cancel_waiting()
            case Action.CLEAR:
                jobs.clear_settled()
            case _:
                self._act_on_list(action, job)

    def _act_on_list(self, action: Action, job: Job) -> None:
        jobs = self._jobs
        match action:
            case Action.DUPLICATE:
                jobs.duplicate(job.id, random_seed())
            case Action.EDIT:
                self.edit_wanted.emit(job.request, jobs.followers(job.id))
                jobs.remove([job.id])
            case Action.SHOW if job.is_active:
                self.follow_wanted.emit()
            case Action.SHOW:
                self.watch_wanted.emit(Path(job.path))
            case Action.COMPARE:
                self.compare_wanted.emit(Path(job.path))
            case Action.UP:
                jobs.move(job.id, max(0, jobs.row(job.id) - 1))
            case Action.DOWN:
                jobs.move(job.id, min(len(jobs.jobs) - 1, jobs.row(job.id) + 1))
            case _:
                jobs.remove([job.id])
