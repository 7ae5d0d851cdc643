"""What is selected in the queue while nobody selects anything."""

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView

from app.journal import Job, JobStatus


class JobFollower(QObject):
    """Selects in a view of jobs what is being made, until the user selects another; then once he selects
    it again. To be made before the view has the model: a view selects another row before one goes."""

    def __init__(self, view: QAbstractItemView, model: QAbstractItemModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._id = ""  # of the job that was selected for the user, or by him while it was made
        self._is_going = False
        model.rowsAboutToBeRemoved.connect(self._on_removing)
        model.rowsRemoved.connect(self._on_removed)

    def lead_to(self, index: QModelIndex) -> None:
        """Select that for the user."""
        self._id = _id_of(index)
        self._view.setCurrentIndex(index)

    def follow(self) -> None:
        """Select what is being made by now, if what was before is selected still. What the user has paused stays
        selected: the next key is for it."""
        running = next((index for index in self._indexes() if _is_active(index)), None)
        current = self._view.currentIndex()
        selected, job = _id_of(current), _job_of(current)
        if running is None or (job is not None and job.status is JobStatus.PAUSED):
            return
        if selected == _id_of(running):
            self._id = selected
        elif selected and selected == self._id:
            self.lead_to(running)

    def _on_removing(self, _parent: QModelIndex, first: int, last: int) -> None:
        current = self._view.currentIndex()
        self._is_going = first <= current.row() <= last and _id_of(current) == self._id

    def _on_removed(self) -> None:
        """What the view selects in the place of a job that is gone is nobody's choice."""
        if self._is_going:
            self._id = _id_of(self._view.currentIndex())
        self._is_going = False

    def _indexes(self) -> list[QModelIndex]:
        return [self._model.index(row, 0) for row in range(self._model.rowCount())]


def _job_of(index: QModelIndex) -> Job | None:
    data = index.data(Qt.ItemDataRole.UserRole)
    return data if isinstance(data, Job) else None


def _id_of(index: QModelIndex) -> str:
    job = _job_of(index)
    return "" if job is None else job.id


def _is_active(index: QModelIndex) -> bool:
    job = _job_of(index)
    return job is not None and job.is_active
