"""Which clip the picture shows: the one that is being made, or one that was chosen to be watched."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.frames import PreviewFilm
from app.jobs import Jobs
from app.journal import Job, JobStatus
from app.theatre import Theatre
from inference.api.messages import Preview


class Watching(QObject):
    """Shows clips as they come, until one is chosen while others are made or wait: that one stays.

    Signals:
        watched: the path of a clip that was chosen.
        pictured: a job's id, and what it looks like now.
        ended_unseen: a `Job` that was done while another clip was watched.
    """

    watched = Signal(Path)
    pictured = Signal(str, QImage)
    ended_unseen = Signal(object)

    def __init__(self, theatre: Theatre, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theatre, self._jobs = theatre, jobs
        self._follows = True
        self._latest: Preview | None = None
        jobs.previewed.connect(self._on_previewed)
        jobs.finished.connect(self._on_finished)
        jobs.dataChanged.connect(self._on_changed)

    def watch(self, path: Path) -> None:
        """Show that clip."""
        self.hold()
        self._theatre.open(path)
        self.watched.emit(path)

    def compare(self, path: Path) -> None:
        """That clip beside the one that is shown."""
        self.hold()
        self._theatre.compare_with(path)

    def hold(self) -> None:
        """What is shown stays, whatever becomes of the clips that are made or wait."""
        self._follows = self._is_idle

    def expect(self) -> None:
        """A clip is asked for: it is shown, unless another is watched beside those that are made."""
        self._follows = self._follows or self._is_idle

    def follow(self) -> None:
        """Show the clip that is being made, and what comes after it."""
        self._follows = True
        active, latest = self._jobs.active, self._latest
        if active is not None and latest is not None and latest.job == active.id:
            self._show(latest)

    @property
    def _is_free(self) -> bool:
        """Whether another clip may take the place of the one that is shown: not while a mask is painted on it."""
        return self._follows and not self._theatre.painter.is_on

    @property
    def _is_idle(self) -> bool:
        jobs = self._jobs.jobs
        return not any(job.is_active or job.status is JobStatus.WAITING for job in jobs)

    def _on_previewed(self, preview: Preview) -> None:
        self._latest = preview
        first = PreviewFilm(preview, 1.0).frame(0)
        if first is not None:
            self.pictured.emit(preview.job, first)
        if self._is_free:
            self._show(preview)

    def _on_changed(self) -> None:
        """A preview says what has become of its clip."""
        shown = self._theatre.previewed
        job = next((job for job in self._jobs.jobs if job.id == shown), None)
        if job is not None:
            self._theatre.show_status(job.status)

    def _show(self, preview: Preview) -> None:
        request = self._jobs.job(preview.job).request
        self._theatre.show_preview(preview, request.frames / request.fps)

    def _on_finished(self, job: Job) -> None:
        if self._is_free:
            self._theatre.open(Path(job.path))
        else:
            self.ended_unseen.emit(job)
