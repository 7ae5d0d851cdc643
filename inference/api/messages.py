"""What the window and the worker say to each other: one JSON object a line.

Commands go to the worker, events come back. Both are closed unions, for `match`. Images and clips
travel as paths.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeVar, get_args

from inference.api.codec import DecodeError, from_json, parse
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
    PROTOCOL = "protocol"  # the worker was told something that it can't read
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

Message = TypeVar("Message")


def encode(message: Command | Event) -> str:
    """One line of JSON, without the line break. Pure ASCII, so no console can spoil it."""
    return json.dumps({"v": PROTOCOL, "type": type(message).__name__, **asdict(message)})


def decode_command(line: str | bytes) -> Command:
    """The command in a line that `encode` made. Raises `DecodeError`, or `UserError` for a request
    that is not valid."""
    return _decode(line, get_args(Command))


def decode_event(line: str | bytes) -> Event:
    """The event in a line that `encode` made. Raises `DecodeError`."""
    return _decode(line, get_args(Event))


def job_in(line: str | bytes) -> str:
    """The job that a line names, "" if none: to say to whom a line that can't be obeyed belongs."""
    try:
        fields = parse(line)
    except DecodeError:
        return ""
    job = fields.get("job") if isinstance(fields, dict) else None
    return job if isinstance(job, str) else ""


def _decode(line: str | bytes, kinds: tuple[type[Message], ...]) -> Message:
    fields = parse(line)
    if not isinstance(fields, dict):
        raise DecodeError(f"it isn't a message: {line[:80]!r}")
    if (version := fields.pop("v", None)) != PROTOCOL:
        raise DecodeError(f"it is of protocol {version!r}, not {PROTOCOL}")
    name = fields.pop("type", None)
    kind = next((kind for kind in kinds if kind.__name__ == name), None)
    if kind is None:
        expected = ", ".join(kind.__name__ for kind in kinds)
        raise DecodeError(f"{name!r} is none of {expected}")
    return from_json(kind, fields)
