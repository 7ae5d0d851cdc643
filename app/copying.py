"""Files copied from one drive to another in a thread, one after the other."""

import os
import shutil
import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal

from app.process import remove_file
from inference.api.opening import open_shared

CHUNK_BYTES = 1 << 22


class Copying(QObject):
    """Makes copies under a name of their own. Signals:

    copied: the number that a copy was asked for with, and where it lies.
    failed: that number, and the `OSError`; nothing of the copy is left then.
    """

    copied = Signal(int, Path)
    failed = Signal(int, object)
    _made = Signal(int, Path)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stopping = threading.Event()
        self._whole: set[Path] = set()  # copies that are still to be told of
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._made.connect(self._on_made)

    def copy(self, number: int, source: Path, folder: Path) -> None:
        """Copy a file into a folder, hidden there, when those before it are copied."""
        self._pool.start(partial(self._work, number, source, folder))

    def stop(self) -> None:
        """End it, and wait until it has ended; a copy that nobody was told of is not there then."""
        self._stopping.set()
        self._pool.waitForDone()
        for target in self._whole:
            remove_file(target)
        self._whole.clear()

    def _on_made(self, number: int, target: Path) -> None:
        if target in self._whole:
            self._whole.remove(target)
            self.copied.emit(number, target)

    def _work(self, number: int, source: Path, folder: Path) -> None:
        """In the thread."""
        target = folder / f".{source.stem}.partial-{os.getpid()}{source.suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            is_whole = self._copy(source, target)
        except OSError as error:
            remove_file(target)
            self.failed.emit(number, error)
            return
        if is_whole:
            self._whole.add(target)
            self._made.emit(number, target)
        else:
            remove_file(target)

    def _copy(self, source: Path, target: Path) -> bool:
        with open_shared(source) as file, target.open("wb") as copy:
            while chunk := file.read(CHUNK_BYTES):
                if self._stopping.is_set():
                    return False
                copy.write(chunk)
        shutil.copystat(source, target)
        return True
