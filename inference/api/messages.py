"""What the window and the worker say to each other: one JSON object a line.

Commands go to the worker, events come back. Both are closed unions, for `match`. Images and clips
travel as paths. What is for people is a `Sentence`, which the window can say in another language.

A job (`Generate`, `Download`) is named by its `job` and tells how it goes on; `Finished`, `Downloaded`,
`Paused`, `Cancelled` or `Failed` is its last event. A question is named by its `id` and has one answer,
or `Failed` with that `id` as its `job`. Generations run one at a time, in the order they came; beside
them, in a thread of their own, downloads and questions.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, get_args

from inference.api.codec import DecodeError, from_json, parse, to_json
from inference.api.device import DeviceInfo, Stage, StageReport
from inference.api.findings import Finding
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest

PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Generate:
    """Make a clip and write it to `output`; `job` names it in the events.

    `state` is the file in which the unfinished clip is kept after every step, and from which it goes on
    if it is there; `previews` is the folder for previews. Empty for none. No more than `vram_bytes` of
    the card are taken, 0 for all that is free. With `compiles` torch's compiler is tried on the transformer,
    which takes a minute before the first step.
    """

    job: str
    request: GenerationRequest
    output: str
    state: str = ""
    previews: str = ""
    vram_bytes: int = 0
    compiles: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop that job at its next step; of a generation nothing is kept, a download can go on later."""

    job: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop that generation at its next step and keep its `state`, from which it goes on later.

    Without a `state` it is cancelled.
    """

    job: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Take no more steps: make the clip of what that generation has at its next step."""

    job: str


@dataclass(frozen=True, slots=True)
class Measure:
    """How many tokens has `text` for that model? Answered by `Measured`."""

    id: str
    model: str
    text: str


@dataclass(frozen=True, slots=True)
class ListModels:
    """Which models are there? Answered by `ModelsListed`."""

    id: str


@dataclass(frozen=True, slots=True)
class Inspect:
    """What is the file or folder at `path`? Answered by `Inspected`."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class AddModel:
    """Put the model at `path`, which stays where it is, on the user's list. Answered by `ModelsListed`."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class RemoveModel:
    """Delete what Kinora downloaded of a model, or take one that was added off the list. Answered by
    `ModelsListed`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Download:
    """Get a model that Kinora knows, from where an earlier download of it stopped.

    `endpoint` is the address of a mirror, empty for the hub itself.
    """

    job: str
    model: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What of this machine helps or hinders? `folder` is where clips go. Answered by `CheckedUp`."""

    id: str
    folder: str


@dataclass(frozen=True, slots=True)
class Quit:
    """Pause all generations and end the process."""


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
    message: str | Sentence


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
    """The job or question came to nothing, and why, in one sentence.

    `job` is empty where none is to blame. A generation's `state` is kept.
    """

    job: str
    kind: FailureKind
    message: str | Sentence
    details: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was stopped as asked; there is no clip, and no `state` any more."""

    job: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole clip as it is guessed after `step` steps, at a fraction of its size.

    `path` holds `frames` * `height` * `width` * 3 bytes: the frames one after the other, in rows, RGB
    0..255. It is there until the job's next preview or its end.
    """

    job: str
    step: int
    steps: int
    path: str
    width: int
    height: int
    frames: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The job was stopped as asked; its `state` holds what was done, `step` of `steps` steps."""

    job: str
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The text has `used` tokens of the `limit` that the model reads; what comes after the first
    `cut_at` characters is not read, None if all is."""

    id: str
    used: int
    limit: int
    cut_at: int | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model in the list, or what was found at a path.

    `name` is what a request calls it; `tasks` are values of `Task`. `path` is where it lies, or would
    lie once downloaded; `bytes` what its files take on disk, 0 if there are none. `removable` says that
    `RemoveModel` would delete or forget something. `missing` are the parts that it still needs.
    `downloadable` is a known model that a hub has, and `download_bytes` what all of its files take;
    `added` one that the user put on the list. `like` is the known model with the same transformer, so
    its defaults and forecasts hold; empty if there is none.
    """

    name: str
    title: str | Sentence
    path: str
    bytes: int
    precision: str | Sentence
    licence: str
    tasks: tuple[str, ...]
    installed: bool
    removable: bool
    missing: tuple[str | Sentence, ...] = ()
    downloadable: bool = False
    added: bool = False
    like: str = ""
    download_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ModelsListed:
    """The models: those that Kinora knows, then those that the user added."""

    id: str
    models: tuple[ModelInfo, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What lies at the path; `report` says it in plain English."""

    id: str
    model: ModelInfo
    report: str = ""


@dataclass(frozen=True, slots=True)
class Downloading:
    """How far a download is, in bytes of all its files together."""

    job: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The model lies, complete, at `path`."""

    job: str
    path: str


@dataclass(frozen=True, slots=True)
class CheckedUp:
    """What was found."""

    id: str
    findings: tuple[Finding, ...]


Job = Generate | Download
Question = Measure | ListModels | Inspect | AddModel | RemoveModel | Checkup
Command = Job | Question | Cancel | Pause | Finish | Quit
Answer = Measured | ModelsListed | Inspected | CheckedUp
Event = (
    Ready | Progress | Preview | Notice | Downloading
    | Finished | Downloaded | Paused | Cancelled | Failed | Answer
)  # fmt: skip

Message = TypeVar("Message")


def encode(message: Command | Event) -> str:
    """One line of JSON, without the line break. Pure ASCII, so no console can spoil it."""
    return json.dumps({"v": PROTOCOL, "type": type(message).__name__, **to_json(message)})


def decode_command(line: str | bytes) -> Command:
    """The command in a line that `encode` made. Raises `DecodeError`, or `UserError` for a request
    that is not valid."""
    return _decode(line, get_args(Command))


def decode_event(line: str | bytes) -> Event:
    """The event in a line that `encode` made. Raises `DecodeError`."""
    return _decode(line, get_args(Event))


def job_in(line: str | bytes) -> str:
    """The job or question that a line names, "" if none: to whom a line that can't be obeyed belongs."""
    try:
        fields = parse(line)
    except DecodeError:
        return ""
    if not isinstance(fields, dict):
        return ""
    job = fields.get("job", fields.get("id"))
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
