"""Logs that others write: their last lines, and what is new in them."""

import codecs
import os
from pathlib import Path

KEPT_BYTES = 1_000_000  # of a log, at its end; what is older is of no use


class LogFile:
    """A log that is written, and sometimes replaced, by somebody else.

    It is open only while it is read: Windows could not replace it otherwise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode: int | None = None  # of the file that was read last
        self._offset = 0
        self._decoder = _decoder()

    def read_new(self) -> tuple[str, bool]:
        """What came since the last time, and whether it is the start of another file.

        Raises `OSError`; a log that isn't there yet is empty.
        """
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
                begins = stat.st_ino != self._inode or stat.st_size < self._offset
                if begins:
                    self._inode, self._decoder = stat.st_ino, _decoder()
                    self._offset = _start_of_end(file.fileno(), stat.st_size)
                file.seek(self._offset)
                data = file.read(KEPT_BYTES)
        except FileNotFoundError:
            was_there, self._inode = self._inode is not None, None
            return "", was_there
        self._offset += len(data)
        return self._decoder.decode(data).replace("\r\n", "\n"), begins

    def forget(self) -> None:
        """Read from the start the next time."""
        self._inode = None


def last_lines(path: Path, count: int) -> list[str]:
    """The end of a log, and of the one that it has replaced where it is short itself.

    Raises `OSError`.
    """
    lines: list[str] = []
    for part in (path, path.with_name(f"{path.name}.1")):
        if len(lines) < count:
            lines = LogFile(part).read_new()[0].splitlines() + lines
    return lines[-count:]


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="replace")


def _start_of_end(file: int, size: int) -> int:
    """Where the first whole line of the last `KEPT_BYTES` begins."""
    if size <= KEPT_BYTES:
        return 0
    start = size - KEPT_BYTES
    os.lseek(file, start, os.SEEK_SET)
    newline = os.read(file, KEPT_BYTES).find(b"\n")
    return start + newline + 1
