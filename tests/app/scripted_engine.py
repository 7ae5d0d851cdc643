"""An engine without a process: what it is told is kept, and what it says is the test's to say."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from app.engine import Engine, EngineState
from inference.api.device import DeviceInfo
from inference.api.messages import Command, Event, ModelInfo, ModelsListed


class ScriptedEngine(Engine):
    """`sent` are the commands, in order."""

    def __init__(self) -> None:
        super().__init__([])
        self.sent: list[Command] = []

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def be(self, state: EngineState) -> None:
        self._set_state(state)
        if state is EngineState.READY:
            self.ready.emit(DeviceInfo("Fake"))

    def say(self, *events: Event) -> None:
        for event in events:
            self.received.emit(event)

    def list(self, *models: ModelInfo, question: str = "models") -> None:
        self.say(ModelsListed(question, models))
        QCoreApplication.processEvents()  # widgets that are new are shown then


def known(name: str, size: int = 0, **fields: Any) -> ModelInfo:
    """A model of the hub's, of which `size` bytes are installed."""
    there = bool(size)
    usual = ModelInfo(
        name=name,
        title=f"Wan {name}",
        path=f"/models/{name}",
        bytes=size,
        precision="bf16" if there else "",
        licence="Apache-2.0",
        tasks=("t2v",),
        installed=there,
        removable=there,
        downloadable=True,
    )
    return replace(usual, **fields)


def own(name: str, **fields: Any) -> ModelInfo:
    """A model that the user added."""
    return known(name, 3 << 30, **({"downloadable": False, "added": True} | fields))
