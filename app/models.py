"""The models there are, and how far their downloads are."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from app.engine import Engine, EngineState
from app.words import said
from inference.api.messages import (
    AddModel,
    Cancel,
    Cancelled,
    Download,
    Downloaded,
    Downloading,
    Event,
    Failed,
    ListModels,
    ModelInfo,
    ModelsListed,
    RemoveModel,
)
from inference.api.sentence import Sentence

PACE_S = 10.0  # over which the speed is taken
QUESTION = "models-"  # how the names of ours begin


class Phase(StrEnum):
    """Where a download stands. Of those that are RUNNING or STOPPING there is at most one."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A download. `total_bytes` is 0 until the hub has told; `pace` is bytes a second, 0 if unknown."""

    phase: Phase = Phase.WAITING
    done_bytes: int = 0
    total_bytes: int = 0
    pace: float = 0.0
    message: str | Sentence = ""
    details: str = ""

    @property
    def seconds_left(self) -> float | None:
        """None while nothing is known."""
        if self.phase is not Phase.RUNNING or not self.pace:
            return None
        return (self.total_bytes - self.done_bytes) / self.pace


class Models(QObject):
    """Asks the worker for models and remembers what it answers. Downloads run one after the other.

    `mirror` gives the address of the hub, empty for the usual one; `clock` gives seconds. Signals:
        changed: a model or a download is not what it was.
        began: the name of a model whose download begins.
        downloaded: the name of one whose download is over, once `models` tells what came of it.
        broke: a model's name, and why its download came to nothing.
        added: the `ModelInfo` of a model that was put on the list, None if it is there already.
        refused: why something else could not be done, and the details.
    """

    changed = Signal()
    began = Signal(str)
    downloaded = Signal(str)
    broke = Signal(str, str)
    added = Signal(object)
    refused = Signal(str, str)

    def __init__(
        self,
        engine: Engine,
        mirror: Callable[[], str],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._engine, self._mirror, self._clock = engine, mirror, clock
        self._models: tuple[ModelInfo, ...] = ()
        self._transfers: dict[str, Transfer] = {}
        self._pace = _Pace()
        self._questions = 0
        self._adding: set[str] = set()  # questions
        self._arrived: dict[str, str] = {}  # downloaded models, by the questions what came of them
        engine.received.connect(self._on_event)
        engine.ready.connect(self._on_ready)
        engine.state_changed.connect(self._on_state)

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """Those that Kinora knows, then those that the user added."""
        return self._models

    def transfer(self, name: str) -> Transfer | None:
        """The download of that model, unless none was asked for or it is complete."""
        return self._transfers.get(name)

    def refresh(self) -> None:
        """Looks what there is."""
        self._look()

    def download(self, name: str) -> None:
        """Gets a model, or goes on with it; it waits for the downloads before it."""
        old = self._transfers.pop(name, Transfer())
        if old.phase in (Phase.RUNNING, Phase.STOPPING):
            self._transfers[name] = old
            return
        self._put(name, replace(old, phase=Phase.WAITING, message="", details=""))
        self._start_next()

    def pause(self, name: str) -> None:
        """Stops a download; what there is of it is kept, and `download` goes on from there."""
        transfer = self._transfers[name]
        match transfer.phase:
            case Phase.WAITING:
                self._put(name, replace(transfer, phase=Phase.PAUSED))
            case Phase.RUNNING:
                self._put(name, replace(transfer, phase=Phase.STOPPING))
                self._engine.send(Cancel(_job(name)))
            case _:
                pass

    def add(self, path: str) -> None:
        """Puts the file or folder on the list; it stays where it is."""
        question = self._ask()
        self._adding.add(question)
        self._engine.send(AddModel(question, path))

    def remove(self, name: str) -> None:
        """Deletes what Kinora downloaded of a model, or takes one that was added off the list."""
        transfer = self._transfers.get(name)
        if transfer is None or transfer.phase not in (Phase.RUNNING, Phase.STOPPING):
            self._transfers.pop(name, None)
            self._engine.send(RemoveModel(self._ask(), name))

    @property
    def _active(self) -> str | None:
        """The model that the worker is downloading."""
        busy = (Phase.RUNNING, Phase.STOPPING)
        return next((name for name, t in self._transfers.items() if t.phase in busy), None)

    def _ask(self) -> str:
        self._questions += 1
        return f"{QUESTION}{self._questions}"

    def _look(self) -> str:
        question = self._ask()
        self._engine.send(ListModels(question))
        return question

    def _put(self, name: str, transfer: Transfer) -> None:
        self._transfers[name] = transfer
        self.changed.emit()

    def _start_next(self) -> None:
        if self._engine.state is not EngineState.READY or self._active is not None:
            return
        waiting = (name for name, t in self._transfers.items() if t.phase is Phase.WAITING)
        name = next(waiting, None)
        if name is not None:
            self._pace = _Pace()
            self._put(name, replace(self._transfers[name], phase=Phase.RUNNING, pace=0.0))
            self.began.emit(name)
            self._engine.send(Download(_job(name), name, self._mirror()))

    def _on_ready(self) -> None:
        for question in tuple(self._arrived):  # the last worker took them with it
            self._arrived[self._look()] = self._arrived.pop(question)
        self._start_next()

    def _on_state(self, state: EngineState) -> None:
        """With a worker its download ends; the next worker goes on with it."""
        name = self._active
        if state is not EngineState.READY and name is not None:
            transfer = self._transfers[name]
            stopping = transfer.phase is Phase.STOPPING
            self._put(name, replace(transfer, phase=Phase.PAUSED if stopping else Phase.WAITING))

    def _on_event(self, event: Event) -> None:
        match event:
            case ModelsListed():
                self._on_listed(event)
            case Failed(job=question) if question.startswith(QUESTION):
                self._adding.discard(question)
                self.refused.emit(said(event.message), event.details)
            case Downloading() | Downloaded() | Cancelled() | Failed():
                if (name := self._active) is not None and event.job == _job(name):
                    self._on_transfer(name, self._transfers[name], event)
            case _:
                pass

    def _on_listed(self, event: ModelsListed) -> None:
        known = {model.name for model in self._models}
        self._models = event.models
        self.changed.emit()
        if event.id in self._adding:
            self._adding.remove(event.id)
            fresh = [model for model in event.models if model.name not in known]
            self.added.emit(fresh[-1] if fresh else None)
        if (name := self._arrived.pop(event.id, None)) is not None:
            self.downloaded.emit(name)

    def _on_transfer(
        self, name: str, transfer: Transfer, event: Downloading | Downloaded | Cancelled | Failed
    ) -> None:
        match event:
            case Downloading(done_bytes=done, total_bytes=total):
                pace = self._pace.take(done, self._clock())
                self._put(name, replace(transfer, done_bytes=done, total_bytes=total, pace=pace))
                return
            case Downloaded():
                del self._transfers[name]
                self.changed.emit()
                self._arrived[self._look()] = name
                self._start_next()
                return
            case Cancelled():
                self._put(name, replace(transfer, phase=Phase.PAUSED))
            case Failed(message=message, details=details):
                broken = replace(transfer, phase=Phase.FAILED, message=message, details=details)
                self._put(name, broken)
                self.broke.emit(name, said(message))
        self.refresh()
        self._start_next()


class _Pace:
    """Bytes a second over the last seconds; what is read back from the disk at the start counts as well."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def take(self, done: int, now: float) -> float:
        self._seen.append((now, done))
        while now - self._seen[0][0] > PACE_S:
            self._seen.popleft()
        seconds, size = now - self._seen[0][0], done - self._seen[0][1]
        return size / seconds if seconds >= 1.0 else 0.0


def _job(name: str) -> str:
    return f"download-{name}"
