"""How long a clip will take here, as far as runs like it tell: never a guess without grounds.

Each stage is compared by the network that it runs: a decoder takes as long whichever transformer made
the clip. What a run took is scaled by what both cost in operations.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from inference.api.device import Stage
from inference.api.experience import Run
from inference.api.operations import step_operations, steps_of
from inference.api.spec import GenerationRequest, ModelSpec, dit_for

# Times as much computing at once, or as little: what is further off runs at another pace.
NEAR = 8.0
# Runs: those nearest in size, of them the latest; older ones had other versions, other loads.
COUNTED = 5


@dataclass(frozen=True, slots=True)
class Way:
    """How a clip is made, as far as it makes a difference to the time."""

    on_card: bool
    resident_blocks: int
    encode_park: bool
    park: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """The seconds that a stage is expected to take, by so many runs."""

    seconds: float
    runs: int


@dataclass(frozen=True, slots=True)
class _Task:
    """A stage's work. It runs at the pace of others of the same `kind` that are near in `size`."""

    kind: tuple[object, ...]
    size: float
    work: float


def paces(
    spec: ModelSpec, request: GenerationRequest, way: Way, runs: Iterable[Run]
) -> dict[Stage, Pace]:
    """What the stages will take, of which that is known. runs: on the same device, newest first."""
    wanted = dict(_tasks(spec, request, way))
    past: dict[Stage, list[tuple[float, float]]] = {stage: [] for stage in wanted}
    for run in runs:
        for stage, task in _tasks(run, run.request, _way_of(run)):
            report, like = run.took(stage), wanted.get(stage)
            if report is None or like is None or not report.share or task.kind != like.kind:
                continue
            apart = max(task.size / like.size, like.size / task.size)
            if apart <= NEAR:
                past[stage].append((apart, report.seconds / (task.work * report.share)))
    return {
        stage: _pace(rates, wanted[stage].work) for stage, rates in past.items() if len(rates) > 0
    }


def _pace(rates: list[tuple[float, float]], work: float) -> Pace:
    """rates: how far off each run is, and its seconds for a piece of work; the latest first."""
    nearest = sorted(rates, key=lambda rate: rate[0])[:COUNTED]
    return Pace(median(rate for _, rate in nearest) * work, len(nearest))


def _way_of(run: Run) -> Way:
    return Way(run.device.total_bytes > 0, run.resident_blocks, run.encode_park, run.park)


def _tasks(
    networks: ModelSpec | Run, request: GenerationRequest, way: Way
) -> Iterator[tuple[Stage, _Task]]:
    """What each stage has to do."""
    dit = dit_for(networks.dit, request)
    streams = dit.num_layers - way.resident_blocks
    # One block more or less that streams makes little difference where there are many.
    form = request.weights, streams.bit_length()
    step = step_operations(dit, request).total
    pixels = request.width * request.height
    yield (
        Stage.TEXT,
        _Task((networks.text,), 1.0, 1.0),
    )  # it reads the encoder, whatever the prompt is
    if request.given:
        kind = networks.vae, way.encode_park, bool(dit.image_dim), bool(dit.vace_layers)
        yield Stage.CONDITION, _Task(kind, pixels, pixels * request.frames)
    yield Stage.LOAD, _Task((dit, *form), 1.0, way.resident_blocks + 1.0)
    yield Stage.DENOISE, _Task((dit, *form), step, step * steps_of(request))
    yield Stage.DECODE, _Task((networks.vae, way.park), pixels, pixels * request.frames)
