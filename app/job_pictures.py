"""What the rows of the queue show of their clips."""

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from app.clips import Clips
from app.journal import Job, JobStatus
from app.library import Whereabouts
from app.strips import Strips


class JobPictures(QObject):
    """The preview of a clip that is being made; of one that is made, its picture in the library, which
    is read in a thread when it is first asked for.

    Signals:
        changed: a picture has come that a row may show, or a clip is no longer where it was.
    """

    changed = Signal()

    def __init__(self, clips: Clips, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clips, self._strips = clips, Strips(self, fills=True)
        self._previews: dict[str, QPixmap] = {}
        self._strips.arrived.connect(self.changed)
        self._strips.lacking.connect(clips.order_strip, Qt.ConnectionType.QueuedConnection)
        clips.pictured.connect(self._strips.renew)
        clips.relocated.connect(self.changed)

    def show_preview(self, job: str, picture: QImage) -> None:
        """What the clip of that job looks like by now."""
        self._previews[job] = QPixmap.fromImage(picture)
        self.changed.emit()

    def picture(self, job: Job, side: int) -> QPixmap | None:
        """What there is to show in a square of so many pixels of the screen; None while there is none."""
        if self.whereabouts(job) is not Whereabouts.THERE:
            return None
        clip = self._clips.at(Path(job.path)) if job.status is JobStatus.DONE else None
        if clip is not None:
            self._strips.size = QSize(side, side)
            if (first := self._strips.first(clip)) is not None:
                return first
        return self._previews.get(job.id)

    def whereabouts(self, job: Job) -> Whereabouts:
        """Of the clip of a job that is done; there is none yet of another, and nothing amiss."""
        is_done = job.status is JobStatus.DONE
        return self._clips.whereabouts(Path(job.path)) if is_done else Whereabouts.THERE

    def stop(self) -> None:
        """Wait for the end of the thread that reads."""
        self._strips.stop()
