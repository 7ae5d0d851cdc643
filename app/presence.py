"""Which clips have lost their files, looked up in a thread: a disk may sleep, or be a network's."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QThread, Signal

from app.library import Clip


class Presence(QThread):
    """`looked` gives the ids of those among the clips whose files are gone."""

    looked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clips: Sequence[Clip] = ()
        self._next: Sequence[Clip] | None = None
        self.finished.connect(self._on_finished)

    def look(self, clips: Sequence[Clip]) -> None:
        """Look now, or when it is done with those before."""
        if self.isRunning():
            self._next = clips
            return
        self._clips = clips
        self.start(QThread.Priority.LowPriority)

    def stop(self) -> None:
        """Look no more, and wait for the thread."""
        self._next = None
        self.requestInterruption()
        self.wait()

    def run(self) -> None:
        missing: set[int] = set()
        for clip in self._clips:
            if self.isInterruptionRequested():
                return
            if clip.is_missing:
                missing.add(clip.id)
        self.looked.emit(frozenset(missing))

    def _on_finished(self) -> None:
        clips, self._next = self._next, None
        if clips is not None:
            self.look(clips)
