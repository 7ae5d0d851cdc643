"""Asks the worker for a checkup of the machine, as soon as there is a worker to ask."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine import Engine, EngineState
from inference.api.findings import Finding
from inference.api.messages import CheckedUp, Checkup, Event, Failed
from inference.api.sentence import Sentence

PATIENCE_MS = 10_000  # after which a checkup is late


class Progress(StrEnum):
    """How far a checkup has come."""

    NONE = "none"  # none was wanted yet
    OFF = "off"  # no worker, and none is coming
    STARTING = "starting"  # a worker is coming
    CHECKING = "checking"
    LATE = "late"  # it was asked a while ago
    DONE = "done"
    FAILED = "failed"  # the worker says that it can't


class Doctor(QObject):
    """The latest checkup: how far it is, its findings, and the `reason` where it can't be made.

    `folder` says where clips go. Signals:
        changed: any of these.
    """

    changed = Signal()

    def __init__(
        self, engine: Engine, folder: Callable[[], Path], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._engine, self._folder = engine, folder
        self._asked = 0  # the number of the latest question
        self.progress = Progress.NONE
        self.reason: str | Sentence = ""
        self.findings: tuple[Finding, ...] = ()
        self._late = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._late.timeout.connect(lambda: self._set(Progress.LATE))
        engine.state_changed.connect(self._on_state)
        engine.received.connect(self._on_event)
        engine.crashed.connect(self._on_crashed)

    @property
    def is_waiting(self) -> bool:
        """Whether a result is wanted and not there yet."""
        return self.progress not in (Progress.NONE, Progress.DONE, Progress.FAILED)

    def check(self) -> None:
        """Wants a new result, of now or as soon as it can be had."""
        self.reason = ""
        self._ask()

    def start_engine(self) -> None:
        """For a worker that was given up."""
        self._engine.start()

    def _ask(self) -> None:
        self._late.stop()
        match self._engine.state:
            case EngineState.READY:
                self._asked += 1
                self._engine.send(Checkup(self._name, str(self._folder())))
                self._late.start()
                self._set(Progress.CHECKING)
            case EngineState.STARTING | EngineState.RESTARTING:
                self._set(Progress.STARTING)
            case EngineState.STOPPED | EngineState.FAILED:
                self._set(Progress.OFF)

    @property
    def _name(self) -> str:
        return f"checkup-{self._asked}"

    def _set(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()

    def _on_state(self) -> None:
        if self.is_waiting:  # also for the answer of a worker that is gone
            self._ask()

    def _on_event(self, event: Event) -> None:
        match event:
            case CheckedUp(id=name, findings=findings) if name == self._name and self.is_waiting:
                self._late.stop()
                self.findings = findings
                self._set(Progress.DONE)
            case Failed(job=name, message=message) if name == self._name and self.is_waiting:
                self._late.stop()
                self.reason = message
                self._set(Progress.FAILED)
            case _:
                pass

    def _on_crashed(self, message: str) -> None:
        self.reason = message
        if self.is_waiting:
            self.changed.emit()
