"""Small strips of a clip's frames, made by ffmpeg one after the other."""

import subprocess
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal

from app import ffmpeg
from app.process import remove_file
from inference.api.errors import UserError

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
    """Makes strips in a thread. Signals:

    made: the `Order` whose strip lies at its target now.
    failed: an `Order` that came to nothing; a clip does without then.
    """

    made = Signal(object)
    failed = Signal(object)
    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._ended.connect(self._on_ended)

    def make(self, order: Order) -> None:
        """Make a strip when those before it are made."""
        self._pool.start(partial(self._work, order))

    def stop(self) -> None:
        """Make no more, and wait for the one that is being made to end."""
        with self._lock:
            self._stopping = True
            if self._process is not None:
                self._process.kill()
        self._pool.clear()
        self._pool.waitForDone()

    def _on_ended(self, order: Order) -> None:
        if not self._stopping:
            (self.made if order.target.exists() else self.failed).emit(order)

    def _work(self, order: Order) -> None:
        """In the thread."""
        try:
            if not self._run(order):
                remove_file(order.target)
        except (OSError, UserError):
            remove_file(order.target)
        self._ended.emit(order)

    def _run(self, order: Order) -> bool:
        pick = f"select=not(mod(n\\,{order.every})),scale=-2:{HEIGHT},tile={order.frames}x1"
        write = ["-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1", str(order.target)]
        with ffmpeg.open_file(order.source) as file:
            with self._lock:
                if self._stopping:
                    return False
                order.target.parent.mkdir(parents=True, exist_ok=True)
                arguments = ["-y", *ffmpeg.INPUT, "-vf", pick, *write]
                nowhere = subprocess.DEVNULL  # a pipe could be handed to the engine, and never end
                process = ffmpeg.start(arguments, file, errors=nowhere, output=nowhere)
                self._process = process
            process.wait()
            with self._lock:
                self._process = None
        return process.returncode == 0
