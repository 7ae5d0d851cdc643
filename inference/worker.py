"""The process that does the work: commands in on stdin, events out on what was stdout.

One JSON object a line each way (see `inference.api.messages`). Jobs run one at a time, in the order
they came; a cancel is obeyed at the running job's next step.
"""

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from typing import BinaryIO, TextIO

import torch

from inference.api.codec import DecodeError
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import (
    PROTOCOL,
    Cancel,
    Cancelled,
    Command,
    DeviceInfo,
    Event,
    Failed,
    FailureKind,
    Generate,
    Quit,
    Ready,
    decode_command,
    encode,
    job_in,
)
from inference.catalog import find
from inference.generate import best_device, generate

Say = Callable[[Event], None]
Job = Generator[Event, None, None]


def main() -> int:
    """Runs until `Quit` or the end of stdin; returns the exit code."""
    with _private_stdout() as stream:
        writing = threading.Lock()  # the inbox's thread speaks too

        def say(event: Event) -> None:
            with writing:
                stream.write(encode(event) + "\n")
                stream.flush()

        device = best_device()
        say(Ready(PROTOCOL, describe(device)))
        inbox = _Inbox(_private_stdin(), say)
        while (command := inbox.next_job()) is not None:
            _run(command, inbox, device, say)
    return 0


def describe(device: torch.device) -> DeviceInfo:
    """What the window can't ask itself."""
    if device.type != "cuda":
        return DeviceInfo(name="CPU")
    free_bytes, total_bytes = torch.cuda.mem_get_info(device)
    major, minor = torch.cuda.get_device_capability(device)
    name = torch.cuda.get_device_name(device)
    return DeviceInfo(name, total_bytes, free_bytes, f"{major}.{minor}")


class _Inbox:
    """Reads commands in a thread of its own, so that a cancel is seen while a job runs."""

    def __init__(self, stream: BinaryIO, say: Say) -> None:
        self._say = say
        self._jobs: queue.Queue[Generate | None] = queue.Queue()
        self._cancelled: set[str] = set()
        self._quitting = threading.Event()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def next_job(self) -> Generate | None:
        """The next job, when there is one; None at the end."""
        return self._jobs.get()

    def is_stopped(self, job: str) -> bool:
        """Whether that job is not to go on."""
        return self._quitting.is_set() or job in self._cancelled

    def _read(self, stream: BinaryIO) -> None:
        try:
            for line in stream:
                self._obey(line)
        finally:
            self._take(Quit())

    def _obey(self, line: bytes) -> None:
        try:
            self._take(decode_command(line))
        except DecodeError as error:
            message = f"The command can't be read: {error}."
            self._say(Failed(job_in(line), FailureKind.PROTOCOL, message))
        except UserError as error:
            self._say(Failed(job_in(line), FailureKind.INPUT, str(error)))

    def _take(self, command: Command) -> None:
        match command:
            case Generate(job):
                self._cancelled.discard(job)
                self._jobs.put(command)
            case Cancel(job):
                self._cancelled.add(job)
            case Quit():
                self._quitting.set()
                self._jobs.put(None)


def _run(command: Generate, inbox: _Inbox, device: torch.device, say: Say) -> None:
    """One job from its first event to its last, whatever happens in it."""
    job = command.job
    try:
        with closing(_start(command, device)) as events:
            while not inbox.is_stopped(job):
                event = next(events, None)
                if event is None:
                    return
                say(event)
        say(Cancelled(job))
    except MemoryShortageError as error:
        say(Failed(job, FailureKind.MEMORY, str(error), traceback.format_exc()))
    except UserError as error:
        say(Failed(job, FailureKind.INPUT, str(error)))
    except Exception as error:  # noqa: BLE001, the boundary: a fault ends the job, not the process
        message = f"Something in the program went wrong ({error})."
        say(Failed(job, FailureKind.INTERNAL, message, traceback.format_exc()))


def _start(command: Generate, device: torch.device) -> Job:
    """The job, of which nothing is done before its first event is asked for."""
    yield from generate(command, find(command.request.model), device)


def _private_stdout() -> TextIO:
    """A copy of stdout for the protocol; what any library prints goes to stderr instead."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w", encoding="ascii", newline="\n")


def _private_stdin() -> BinaryIO:
    """Stdin for the inbox alone. Nothing else reads from it, and Python, which closes `sys.stdin` when
    it ends and aborts if a thread waits there, knows nothing of it."""
    private = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(private, "rb")
