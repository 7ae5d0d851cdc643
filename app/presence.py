"""Which clips have lost their files, looked up in a thread: a disk may sleep, or be a network's."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QThread, Signal

from app.library import Clip


class Presence(QThread):
    """`looked` gives the ids of those of the clips, as `clips` gives them then, whose files are gone."""

    looked = Signal(object)

    def __init__(self, clips: Callable[[], Sequence[Clip]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._give, self._clips = clips, tuple[Clip, ...]()
        self._again = False
        self.finished.connect(self._on_finished)

    def look(self) -> None:
        """Look now, or again when it is done."""
        self._again = self.isRunning()
        if not self._again:
            self._clips = tuple(self._give())
            self.start(QThread.Priority.LowPriority)

    def stop(self) -> None:
        """Look no more, and wait for the thread."""
        self._again = False
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
        if self._again:
            self.look()
