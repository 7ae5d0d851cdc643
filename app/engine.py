"""The worker process: commands in, events out, started again when it dies."""

import logging
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from app.process import bind_to_parent, prepare_python, signal_name
from inference.api.codec import DecodeError
from inference.api.messages import (
    Cancel,
    Cancelled,
    Command,
    Event,
    Failed,
    FailureKind,
    Finished,
    Pause,
    Paused,
    Quit,
    Ready,
    decode_event,
    encode,
)
from inference.api.models import data_folder

WORKER = ["-m", "inference", "worker"]
CANCEL_GRACE_MS = 5_000  # after which a worker that doesn't listen is killed
PAUSE_GRACE_MS = 120_000  # longer: a kill loses the step that is being computed
QUIT_GRACE_MS = 500
RESTART_DELAYS_MS = (0, 1_000, 4_000, 15_000)  # for deaths in a row, each soon after the start
LONG_LIFE_S = 60  # a worker that lived this long, or ended a job, died of something new
LOG_BYTES = 1_000_000
LAST_LINES = 30


class EngineState(StrEnum):
    """What the worker is up to. FAILED: it died so often that it isn't started any more."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class _Stop:
    """A wish to end a job, and the timer after which it is enforced."""

    command: Cancel | Pause
    timer: QTimer


class Engine(QObject):
    """Owns the worker. `arguments` are what Python runs, `log` is where the worker's stderr goes.

    Signals:
        received: an event of the worker.
        ready: the worker listens; its `DeviceInfo`.
        crashed: it died by itself; what happened in one sentence, and its last words.
        forced: a `Cancel` or `Pause` was not obeyed in time, so the worker was killed.
        state_changed: the new `EngineState`.
        logged: a line of the worker's stderr.
    """

    received = Signal(object)
    ready = Signal(object)
    crashed = Signal(str, str)
    forced = Signal(object)
    state_changed = Signal(object)
    logged = Signal(str)

    def __init__(
        self,
        arguments: list[str] | None = None,
        log: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.cancel_grace_ms, self.pause_grace_ms = CANCEL_GRACE_MS, PAUSE_GRACE_MS
        self.restart_delays_ms: tuple[int, ...] = RESTART_DELAYS_MS
        self._arguments = WORKER if arguments is None else arguments
        self._log = _BoundedLog(log or log_folder() / "engine.log")
        self._state = EngineState.STOPPED
        self._waiting: list[Command] = []  # until the worker is ready
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._stop: _Stop | None = None
        self._early_deaths, self._started_at, self._was_useful = 0, 0.0, False
        self._job_object = 0
        self._process = self._make_process()
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._launch)

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def pid(self) -> int:
        """Of the worker, 0 while there is none."""
        return self._process.processId()

    def start(self) -> None:
        """Start the worker, unless it runs or is about to; also after it was given up."""
        if self._state in (EngineState.STOPPED, EngineState.FAILED):
            self._early_deaths = 0
            self._launch()

    def send(self, command: Command) -> None:
        """Tell the worker, as soon as it listens."""
        if self._state is EngineState.READY:
            self._write(command)
        else:
            self._waiting.append(command)

    def enforce(self, command: Cancel | Pause) -> None:
        """Stop the running generation at its next step or, if that takes too long, by killing the
        worker (see `forced`)."""
        self._forget_stop()
        timer = QTimer(self, singleShot=True)
        timer.timeout.connect(self._process.kill)
        timer.start(self.cancel_grace_ms if isinstance(command, Cancel) else self.pause_grace_ms)
        self._stop = _Stop(command, timer)
        self.send(command)

    def stop(self) -> None:
        """End the worker, by force if it doesn't go at once, and wait for that."""
        self._restart.stop()
        self._forget_stop()
        self._waiting.clear()
        was_running = self._process.state() != QProcess.ProcessState.NotRunning
        self._set_state(EngineState.STOPPED)  # so that its end is no crash
        if was_running:
            self._write(Quit())
            self._process.closeWriteChannel()
            if not self._process.waitForFinished(QUIT_GRACE_MS):
                self._process.kill()
                self._process.waitForFinished()
        self._log.close()

    def _make_process(self) -> QProcess:
        process = QProcess(self)
        prepare_python(process, self._arguments)
        process.readyReadStandardOutput.connect(self._read_events)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        return process

    def _launch(self) -> None:
        self._last_lines.clear()
        self._started_at, self._was_useful = time.monotonic(), False
        self._set_state(EngineState.STARTING)
        self._process.start()
        if pid := self._process.processId():
            self._job_object = bind_to_parent(pid)

    def _set_state(self, state: EngineState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _write(self, command: Command) -> None:
        self._process.write(f"{encode(command)}\n".encode())

    def _read_events(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            try:
                event = decode_event(line)
            except DecodeError as error:
                message = self.tr("The engine said something that can't be read: {0}.")
                event = Failed("", FailureKind.PROTOCOL, message.format(error))
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Ready(device=device):
                self._set_state(EngineState.READY)
                self.ready.emit(device)
                waiting, self._waiting = self._waiting, []
                for command in waiting:
                    self._write(command)
            case Finished(job) | Failed(job) | Cancelled(job) | Paused(job):
                self._was_useful = True
                if self._stop is not None and self._stop.command.job == job:
                    self._forget_stop()
            case _:
                pass
        self.received.emit(event)

    def _read_errors(self) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        for line in filter(str.strip, text.splitlines()):
            self._last_lines.append(line)
            self._log.write(line)
            self.logged.emit(line)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # then it doesn't finish either
            message = self.tr("The engine can't be started ({0}): install Kinora again.")
            self._bury(message.format(self._process.errorString()))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_events()
        self._read_errors()
        if self._state is not EngineState.STOPPED:
            self._bury(self._say_end(code, status))

    def _bury(self, message: str) -> None:
        """Say that the worker is dead, and start the next, later each time they die young."""
        stop = self._stop
        self._forget_stop()
        lived_s = time.monotonic() - self._started_at
        is_new_cause = self._was_useful or lived_s > LONG_LIFE_S or stop is not None
        self._early_deaths = 0 if is_new_cause else self._early_deaths + 1
        delays = self.restart_delays_ms
        gives_up = self._early_deaths >= len(delays)
        self._set_state(EngineState.FAILED if gives_up else EngineState.RESTARTING)
        if not gives_up:
            self._restart.start(delays[self._early_deaths])
        if stop is not None:  # dead in either way, which was the wish
            self.forced.emit(stop.command)
        else:
            self.crashed.emit(message, "\n".join(self._last_lines))

    def _say_end(self, code: int, status: QProcess.ExitStatus) -> str:
        if status is QProcess.ExitStatus.NormalExit:
            return self.tr("The engine ended unexpectedly (exit code {0}).").format(code)
        name = signal_name(code)
        if name == "SIGKILL":
            message = self.tr("The system ended the engine ({0}), mostly for want of memory.")
        else:
            message = self.tr("The engine crashed ({0}).")
        return message.format(name)

    def _forget_stop(self) -> None:
        if self._stop is not None:
            self._stop.timer.stop()
            self._stop.timer.deleteLater()
            self._stop = None


def log_folder() -> Path:
    """Where the program keeps what it and the worker had to say."""
    return data_folder() / "logs"


class _BoundedLog:
    """Lines in a file that is replaced by a new one when it has grown large; one old one is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handler: RotatingFileHandler | None = None

    def write(self, line: str) -> None:
        if self._handler is None:
            self._handler = self._open()
        if self._handler is not None:
            self._handler.emit(logging.makeLogRecord({"msg": line}))

    def close(self) -> None:
        if self._handler is not None:
            self._handler.close()
            self._handler = None

    def _open(self) -> RotatingFileHandler | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(
                self._path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", errors="replace"
            )
        except OSError:  # the log viewer still shows the lines; there is nowhere to complain
            return None
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        return handler
