"""A worker process as the window sees it: lines in, lines out."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from inference.api.messages import (
    Command,
    Event,
    Notice,
    Progress,
    decode_event,
    encode,
)

ROOT = Path(__file__).parent.parent
PATIENCE_S = 300  # for a machine that is busy with other things

Wanted = TypeVar("Wanted", bound=Event)


class Worker:
    """A worker process; what it says is read as it comes, so that waiting for it can end."""

    def __init__(self, *arguments: str, stderr: Path) -> None:
        self.stderr = stderr
        with stderr.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def tell(self, *commands: Command) -> None:
        for command in commands:
            self.tell_line(encode(command).encode())

    def tell_line(self, line: bytes) -> None:
        self.stdin.write(line + b"\n")
        self.stdin.flush()

    def hear(self) -> Event:
        """The next event."""
        return decode_event(self._lines.get(timeout=PATIENCE_S))

    def hear_first(self, kind: type[Wanted], job: str = "") -> Wanted:
        """The next event of that kind, and of that job or question if it is named."""
        while True:
            event = self.hear()
            name = getattr(event, "job", getattr(event, "id", None))
            if isinstance(event, kind) and job in ("", name):
                return event

    def hear_job(self, job: str) -> list[Event]:
        """The events of a job up to its last, when no other is running."""
        events: list[Event] = []
        while not events or isinstance(events[-1], Progress | Notice):
            events.append(self.hear())
        assert {getattr(event, "job", None) for event in events} == {job}
        return events

    def hear_end(self) -> list[Event]:
        """What it still says until it ends by itself, which it does with code 0."""
        assert self.process.wait(PATIENCE_S) == 0
        events: list[Event] = []
        while line := self._lines.get(timeout=PATIENCE_S):
            events.append(decode_event(line))
        return events

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stdin.close()

    def _read(self, stdout: IO[bytes]) -> None:
        with stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put(b"")


@contextmanager
def running(*arguments: str, stderr: Path) -> Iterator[Worker]:
    worker = Worker(*arguments, stderr=stderr)
    try:
        yield worker
    finally:
        worker.close()
