"""What the window and the worker say to each other: one JSON object a line.

Commands go to the worker, events come back. Both are closed unions, for `match`. Images and clips
travel as paths.
"""

import json
import types
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum, StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from inference.api.spec import GenerationRequest

PROTOCOL = 1


class Stage(StrEnum):
    """The parts of a generation, in order."""

    TEXT = "text"
    DENOISE = "denoise"
    DECODE = "decode"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the worker computes on. Bytes are 0 and `capability` empty where there is no GPU."""

    name: str
    total_bytes: int = 0
    free_bytes: int = 0
    capability: str = ""


@dataclass(frozen=True, slots=True)
class StageReport:
    """How a stage went: seconds, and the most memory it held at once, in bytes.

    `peak_ram_bytes` is the process's resident set, `peak_vram_bytes` what was allocated on the card.
    """

    stage: Stage
    seconds: float
    peak_ram_bytes: int
    peak_vram_bytes: int


@dataclass(frozen=True, slots=True)
class Generate:
    """Make a clip and write it to `output`; `job` names it in the events."""

    job: str
    request: GenerationRequest
    output: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop that job at its next step."""

    job: str


@dataclass(frozen=True, slots=True)
class Quit:
    """Stop what is running and end the process."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker listens."""

    protocol: int
    device: DeviceInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` of a stage is done; `seconds_left` of the stage, None while unknown."""

    job: str
    stage: Stage
    step: int
    steps: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know; the job goes on."""

    job: str
    message: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The clip lies at `path`."""

    job: str
    path: str
    seed: int
    width: int
    height: int
    frames: int
    seconds: float
    stages: tuple[StageReport, ...]


class FailureKind(StrEnum):
    """What a failure is, for the window to offer a way on."""

    INPUT = "input"  # the user can put it right; the message says how
    MEMORY = "memory"
    PROTOCOL = "protocol"  # the other side said something that can't be read
    INTERNAL = "internal"  # a fault of the program; `details` holds the traceback


@dataclass(frozen=True, slots=True)
class Failed:
    """The job came to nothing, and why, in one sentence. `job` is empty where none is to blame."""

    job: str
    kind: FailureKind
    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was stopped as asked; nothing was written."""

    job: str


Command = Generate | Cancel | Quit
Event = Ready | Progress | Notice | Finished | Failed | Cancelled

_TYPES: dict[str, type] = {kind.__name__: kind for kind in (*get_args(Command), *get_args(Event))}


class ProtocolError(Exception):
    """A line that is no message; says why."""


def encode(message: Command | Event) -> str:
    """One line of JSON, without the line break. Pure ASCII, so no console can spoil it."""
    return json.dumps({"v": PROTOCOL, "type": type(message).__name__, **asdict(message)})


def decode(line: str) -> Command | Event:
    """The message in a line that `encode` made. Raises `ProtocolError`, or `UserError` for a
    request that is not valid."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"not JSON: {line[:80]!r}") from error
    if not isinstance(fields, dict) or fields.pop("v", None) != PROTOCOL:
        raise ProtocolError(f"not a message of protocol {PROTOCOL}: {line[:80]!r}")
    kind = _TYPES.get(str(fields.pop("type", "")))
    if kind is None:
        raise ProtocolError(f"unknown message: {line[:80]!r}")
    return build(kind, fields)


def job_in(line: str) -> str:
    """The job that a line of JSON names, or "": for an answer to a line that can't be obeyed."""
    return str(json.loads(line).get("job", ""))


def build(kind: Any, value: Any) -> Any:
    """A value of the type `kind` from what JSON made of it; unknown or missing fields raise
    `ProtocolError`."""
    if is_dataclass(kind):
        return _build_dataclass(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        return None if value is None else build(arguments[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(build(arguments[0], item) for item in value)
    if isinstance(kind, type) and issubclass(kind, Enum) and value in list(kind):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise ProtocolError(f"{value!r} is no {getattr(kind, '__name__', kind)}")


def _build_dataclass(kind: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise ProtocolError(f"{value!r} is no {kind.__name__}")
    hints = get_type_hints(kind)
    if unknown := sorted(set(value) - set(hints)):
        raise ProtocolError(f"{kind.__name__} has no {', '.join(unknown)}")
    try:
        return kind(**{name: build(hints[name], item) for name, item in value.items()})
    except TypeError as error:
        raise ProtocolError(f"{kind.__name__}: {error}") from error
