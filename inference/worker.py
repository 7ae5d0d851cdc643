"""The process that does the work: commands in on stdin, events out on what was stdout.

One JSON object a line each way (see `inference.api.messages`). Generations run one at a time, in the
order they came, in the main thread; questions and downloads have a thread each, so that none of the
three waits for another. What is stopped stops at its next step.
"""

import ctypes
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, TextIO, assert_never

import torch

from inference.api.codec import DecodeError
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import (
    PROTOCOL,
    AddModel,
    Cancel,
    Cancelled,
    Checkup,
    Command,
    Download,
    Event,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Generate,
    Inspect,
    ListModels,
    Measure,
    Pause,
    Paused,
    Question,
    Quit,
    Ready,
    RemoveModel,
    decode_command,
    encode,
    job_in,
)
from inference.api.pipes import may_break
from inference.api.sentence import Sentence
from inference.catalog import find
from inference.chores import Desk, download
from inference.denoise import schedule_of
from inference.devices import best_device, describe
from inference.generate import generate
from inference.unfinished import steps_kept

if sys.platform == "win32":
    import msvcrt

    STD_INPUT_HANDLE = -10

Say = Callable[[Event], None]
Events = Generator[Event, None, None]


def main() -> int:
    """Runs until `Quit` or the end of stdin; returns the exit code."""
    with _Voice(_private_stdout()) as voice:
        device = best_device()
        voice.say(Ready(PROTOCOL, describe(device)))
        inbox = Inbox(voice.say)
        _start(_answer_questions, inbox, voice.say)
        _start(_run_downloads, inbox, voice.say)
        _start(inbox.read, _private_stdin())
        while (command := inbox.jobs.get()) is not None:
            run_job(command, inbox, device, voice.say)
    return 0


class Inbox:
    """Sorts commands, which are read in a thread of their own so that a stop is seen while a job runs."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.jobs: queue.Queue[Generate | None] = queue.Queue()
        self.questions: queue.Queue[Question] = queue.Queue()
        self.downloads: queue.Queue[Download] = queue.Queue()
        self._stops: dict[str, Cancel | Pause | Finish] = {}
        self._quitting = threading.Event()

    def stop_of(self, job: str) -> Cancel | Pause | Finish | Quit | None:
        """How that job is to be ended, None if it is to go on."""
        return Quit() if self._quitting.is_set() else self._stops.get(job)

    def read(self, stream: BinaryIO) -> None:
        """Take commands until there are no more."""
        try:
            for line in stream:
                self._obey(line)
        finally:
            self.take(Quit())

    def take(self, command: Command) -> None:
        """Put a command where it belongs."""
        match command:
            case Generate(job):
                self._stops.pop(job, None)
                self.jobs.put(command)
            case Download(job):
                self._stops.pop(job, None)
                self.downloads.put(command)
            case Cancel(job) | Pause(job) | Finish(job):
                self._stops[job] = command
            case Quit():
                self._quitting.set()
                self.jobs.put(None)
            case Measure() | ListModels() | Inspect() | AddModel() | RemoveModel() | Checkup():
                self.questions.put(command)
            case _:
                assert_never(command)

    def _obey(self, line: bytes) -> None:
        try:
            self.take(decode_command(line))
        except DecodeError as error:
            message = Sentence("The command can't be read: {error}.", error=error)
            self._say(Failed(job_in(line), FailureKind.PROTOCOL, message))
        except UserError as error:
            self._say(Failed(job_in(line), FailureKind.INPUT, error.sentence, error.details))


def run_job(command: Generate, inbox: Inbox, device: torch.device, say: Say) -> None:
    """One generation from its first event to its last, whatever happens in it."""
    job = command.job

    def is_finishing() -> bool:
        return isinstance(inbox.stop_of(job), Finish)

    try:
        with closing(_generate(command, device, is_finishing)) as events:
            stop = _run(events, job, inbox, say)
        if stop is not None:
            say(_stopped(command, stop))
    except Exception as error:  # noqa: BLE001, the boundary: a fault ends the job, not the process
        say(_failed(job, error))


def _generate(command: Generate, device: torch.device, finishing: Callable[[], bool]) -> Events:
    """The job, of which nothing is done before its first event is asked for."""
    yield from generate(command, find(command.request.model), device, finishing)


def _run(events: Events, job: str, inbox: Inbox, say: Say) -> Cancel | Pause | Quit | None:
    """Say what happens, until the end (None) or until a stop is asked for (which)."""
    while True:
        stop = inbox.stop_of(job)
        if stop is not None and not isinstance(stop, Finish):
            return stop
        event = next(events, None)
        if event is None:
            return None
        say(event)
        if isinstance(event, Finished):  # a stop that comes now comes too late
            return None


def _stopped(command: Generate, stop: Cancel | Pause | Quit) -> Event:
    """The last event of a job that was stopped. Who cancels wants nothing of it kept."""
    if isinstance(stop, Cancel) and command.state:
        Path(command.state).unlink(missing_ok=True)
    if isinstance(stop, Cancel) or not command.state:
        return Cancelled(command.job)
    step, steps = steps_kept(Path(command.state))
    return Paused(command.job, step, steps or schedule_of(command.request).steps)


def _answer_questions(inbox: Inbox, say: Say) -> None:
    desk = Desk()
    while True:
        question = inbox.questions.get()
        try:
            answer: Event = desk.answer(question)
        except Exception as error:  # noqa: BLE001, the boundary: the next question may fare better
            answer = _failed(question.id, error)
        say(answer)


def _run_downloads(inbox: Inbox, say: Say) -> None:
    while True:
        command = inbox.downloads.get()
        try:
            with closing(_download(command)) as events:
                stop = _run(events, command.job, inbox, say)
            last = Cancelled(command.job) if stop is not None else None
        except Exception as error:  # noqa: BLE001, the boundary: the next download may fare better
            last = _failed(command.job, error)
        if last is not None:
            say(last)


def _download(command: Download) -> Events:
    yield from download(command)


def _failed(job: str, error: Exception) -> Failed:
    """Why a job came to nothing. Only a fault of the program needs its traceback."""
    match error:
        case MemoryShortageError():
            return Failed(job, FailureKind.MEMORY, error.sentence, "".join(_trace(error)))
        case UserError():
            return Failed(job, FailureKind.INPUT, error.sentence, error.details)
        case _:
            message = Sentence("Something in the program went wrong ({error}).", error=error)
            return Failed(job, FailureKind.INTERNAL, message, "".join(_trace(error)))


def _trace(error: Exception) -> list[str]:
    return traceback.format_exception(error)


def _start(work: Callable[..., None], *arguments: object) -> None:
    """Work in a thread that ends with the process, and quietly if nobody hears any more."""

    def run() -> None:
        with may_break():
            work(*arguments)

    threading.Thread(target=run, daemon=True).start()


class _Voice:
    """Writes events, from any thread, until it is closed; after that they are lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._writing = stream, threading.Lock()

    def __enter__(self) -> "_Voice":
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing:
            self._stream.close()

    def say(self, event: Event) -> None:
        with self._writing:
            if not self._stream.closed:
                self._stream.write(encode(event) + "\n")
                self._stream.flush()


def _private_stdout() -> TextIO:
    """A copy of stdout for the protocol; what any library prints goes to stderr instead."""
    sys.stdout.flush()
    private = os.dup(1)
    _redirect(1, to=2)
    return os.fdopen(private, "w", encoding="ascii", newline="\n")


def _private_stdin() -> BinaryIO:
    """Stdin for the inbox alone. Nothing else reads from it, and Python, which closes `sys.stdin` when
    it ends and aborts if a thread waits there, knows nothing of it."""
    private = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    _redirect(0, to=nothing)
    os.close(nothing)
    return os.fdopen(private, "rb")


def _redirect(fd: int, *, to: int) -> None:
    """`os.dup2` that the system knows of. Windows isn't told by a program without a console, as
    `pythonw` is: child processes would be handed what is closed, and could not be started."""
    os.dup2(to, fd)
    if sys.platform == "win32":
        place = STD_INPUT_HANDLE - fd  # that of the output is one less
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(fd))
        ctypes.windll.kernel32.SetStdHandle(place, handle)
