"""Small strips of a clip's frames, made by ffmpeg one after the other."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from app.ffmpeg import executable
from app.process import remove_file

FRAMES = 12
HEIGHT = 144


@dataclass(frozen=True, slots=True)
class Order:
    """A strip that is to be made of the clip `id`, of so many of its frames."""

    id: int
    source: Path
    target: Path
    every: int
    frames: int


def plan_strip(id_: int, source: Path, target: Path, frames: int) -> Order:
    """Frames at even distances: at most `FRAMES` of them."""
    every = max(1, -(-frames // FRAMES))
    return Order(id_, source, target, every, -(-frames // every))


class Thumbnails(QObject):
    """Makes strips. Signals:

    made: the `Order` whose strip lies at its target now.
    failed: an `Order` that came to nothing; a clip does without then.
    """

    made = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders: deque[Order] = deque()
        self._current: Order | None = None
        self._process = QProcess(self)
        self._process.setStandardOutputFile(QProcess.nullDevice())
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def make(self, order: Order) -> None:
        """Make a strip when those before it are made."""
        self._orders.append(order)
        self._start_next()

    def stop(self) -> None:
        """Make no more, and wait for the process to end."""
        self._orders.clear()
        self._current = None
        self._process.kill()
        self._process.waitForFinished()

    def _start_next(self) -> None:
        if self._current is not None or not self._orders:
            return
        self._current = order = self._orders.popleft()
        with suppress(OSError):  # then ffmpeg can't write it either, and that is told
            order.target.parent.mkdir(parents=True, exist_ok=True)
        pick = f"select=not(mod(n\\,{order.every})),scale=-2:{HEIGHT},tile={order.frames}x1"
        self._process.setStandardInputFile(str(order.source))
        read = ["-v", "error", "-y", "-protocol_whitelist", "fd", "-i", "fd:", "-vf", pick]
        write = ["-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1", str(order.target)]
        self._process.start(executable(), [*read, *write])

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        order, self._current = self._current, None
        if order is None:
            return
        if code == 0 and status is QProcess.ExitStatus.NormalExit and order.target.exists():
            self.made.emit(order)
        else:
            remove_file(order.target)
            self.failed.emit(order)
        self._start_next()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        order = self._current
        if error is QProcess.ProcessError.FailedToStart and order is not None:
            self._current = None
            self.failed.emit(order)
            self._start_next()
