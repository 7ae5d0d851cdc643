"""Whole clips under a cap of the card's memory, from random weights, beside diffusers' ways to save memory.

Each runs in a process of its own, and takes a few steps of the solver; the time of a whole clip is worked
out from them. Where memory runs out, or a library fails, that is what the row says.
"""

import importlib
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import torch

from inference.api.device import ALWAYS, Stage
from inference.api.errors import UserError
from inference.api.messages import Finished, Generate, Progress
from inference.api.spec import GenerationRequest, ModelSpec
from inference.catalog import find
from inference.generate import generate
from inference.measure import in_fresh_process, markdown
from inference.memory import peak_reserved_bytes
from inference.precision import compute_dtype
from inference.trial import Taken, Trial, step_seconds
from inference.work import Work, matmul_rate, work_of

OURS = "Kinora"
WHOLE = "whole clip"
COLUMNS = (
    "cap", "format", "program", "stage", "time", "allocated", "reserved", "RAM", "forecast",
    "of matmul rate", "times as fast",
)  # fmt: skip
Made = list[Taken] | str  # by a program, or why it made nothing


@dataclass(frozen=True, slots=True)
class Measured:
    """A stage of a trial. `share` is of the rate at which the device multiplies large matrices in what it
    computes in without a format; `times_as_fast` is over the fastest peer. With a `failure` that is all."""

    cap_bytes: int
    form: str
    program: str
    taken: Taken
    share: float = 0.0
    times_as_fast: float = 0.0
    failure: str = ""


def measure(
    spec: ModelSpec,
    request: GenerationRequest,
    folder: Path,
    cap_bytes: int,
    device: str,
    rate: float,
    *,
    alone: bool = False,
) -> Iterator[Measured]:
    """The stages of the same clip made by diffusers in each way that there is for it, and by us; each
    program's as soon as it is done.

    spec, folder: of the random model. request: with as few steps as are to be taken.
    rate: see `rate_of`. alone: by us only.
    """
    ours = Trial(OURS, spec, request, folder, cap_bytes, device)
    names = [] if alone else _peers().recipes(device, request.weights)
    work = work_of(spec, request)
    told = cap_bytes, request.weights.value
    made: dict[str, Made] = {}
    for trial in (*(replace(ours, program=name) for name in names), ours):
        program, stages = trial.program, _tried(trial)
        made[program] = stages
        if isinstance(stages, str):
            yield Measured(*told, program, Taken(WHOLE, 0.0), failure=stages)
            continue
        for taken in stages:
            share = _operations(work, taken.stage) / taken.seconds / rate
            faster = _times_as_fast(taken, made) if program == OURS else 0.0
            yield Measured(*told, program, taken, share, faster)


def rate_of(device: str) -> float:
    """Operations a second of large matrix products in what the device computes in without a format."""
    return in_fresh_process(matmul_rate, device, compute_dtype(torch.device(device)))


def table(rows: Iterable[Measured]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as its row is measured."""
    return markdown(COLUMNS, 4, map(_cells, rows))


def make_ours(trial: Trial) -> list[Taken]:
    """Run the pipeline as it runs for a user, in a process of its own. Raises `UserError`."""
    with TemporaryDirectory(dir=trial.folder.parent) as home:  # nothing is kept for the next trial
        os.environ["KINORA_DATA"] = home
        return _generate(trial, Path(home) / "clip.mp4")


def _generate(trial: Trial, output: Path) -> list[Taken]:
    device, model = torch.device(trial.device), find(str(trial.folder))
    command = Generate("bench", trial.request, str(output), vram_bytes=trial.cap_bytes)
    times: dict[Stage, list[float]] = {stage: [] for stage in Stage}
    reserved = dict.fromkeys(Stage, 0)
    for event in generate(command, model, device):
        match event:
            case Progress(stage=stage):
                times[stage].append(time.perf_counter())
                reserved[stage] = peak_reserved_bytes(device)
            case Finished(stages=reports):
                times[Stage.DENOISE].insert(0, times[Stage.LOAD][-1])
                return [
                    Taken(
                        r.stage,
                        step_seconds(times[r.stage]) if r.stage is Stage.DENOISE else r.seconds,
                        r.peak_vram_bytes,
                        reserved[r.stage],
                        r.peak_ram_bytes,
                        r.forecast_vram_bytes or r.forecast_ram_bytes,
                    )
                    for r in reports
                    if r.stage in ALWAYS
                ]
            case _:
                pass
    raise AssertionError("the last event is `Finished`")


def make_theirs(trial: Trial) -> list[Taken]:
    """Run a recipe of diffusers', in a process of its own."""
    return _peers().run(trial)


def _tried(trial: Trial) -> Made:
    """What a fresh process makes of a trial. A peer may fail in ways of its own, which are told, too."""
    try:
        stages = in_fresh_process(make_ours if trial.program == OURS else make_theirs, trial)
    except BrokenProcessPool:
        return "its process was ended, perhaps for want of RAM"
    except torch.OutOfMemoryError:
        return "out of memory"
    except (UserError, RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return [*stages, _whole(stages, trial.spec.defaults.steps)]


def _whole(stages: list[Taken], steps: int) -> Taken:
    """All of a clip of so many steps, by what one takes."""
    seconds = sum(t.seconds * (steps if t.stage == Stage.DENOISE else 1) for t in stages)
    peaks = {
        name: max(asdict(taken)[name] for taken in stages)
        for name in ("allocated_bytes", "reserved_bytes", "ram_bytes", "forecast_bytes")
    }
    return Taken(WHOLE, seconds, **peaks)


def _operations(work: Work, stage: str) -> int:
    """Those that the fastest way would take; 0 where a stage isn't about computing."""
    return {Stage.DENOISE.value: work.step, Stage.DECODE.value: work.decode}.get(stage, 0)


def _times_as_fast(taken: Taken, made: dict[str, Made]) -> float:
    """Over the fastest peer that did this stage; 0 if none did."""
    peers = [
        stages for name, stages in made.items() if name != OURS and not isinstance(stages, str)
    ]
    theirs = [t.seconds for stages in peers for t in stages if t.stage == taken.stage]
    return min(theirs) / taken.seconds if theirs else 0.0


def _peers() -> ModuleType:
    # By name, as the libraries it imports at its top come with the development packages alone.
    return importlib.import_module("inference.peer_clips")


def _cells(row: Measured) -> tuple[str, ...]:
    taken = row.taken
    cap = f"{row.cap_bytes / 2**30:.3g} GiB" if row.cap_bytes else "none"
    start = cap, row.form, row.program, taken.stage
    if row.failure:
        return *start, row.failure, *[""] * 6
    peaks = taken.allocated_bytes, taken.reserved_bytes, taken.ram_bytes, taken.forecast_bytes
    return (
        *start,
        f"{taken.seconds:.3g} s" + ("/step" if taken.stage == Stage.DENOISE else ""),
        *(f"{count / 2**30:.2f} GiB" if count else "" for count in peaks),
        f"{row.share:.0%}" if row.share else "",
        f"{row.times_as_fast:.2f}" if row.times_as_fast else "",
    )
