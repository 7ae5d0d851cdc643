"""One clip made by one program, to be measured, and what its stages took."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from inference.api.spec import GenerationRequest, ModelSpec

PROMPT = "a red circle moves left on the sand"


@dataclass(frozen=True, slots=True)
class Trial:
    """A clip of the random model in `folder`; `cap_bytes` is 0 where it may take all of the card."""

    program: str
    spec: ModelSpec
    request: GenerationRequest
    folder: Path
    cap_bytes: int
    device: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a stage took: of the one with steps, the seconds of a step. Bytes are peaks; 0 where unknown."""

    stage: str
    seconds: float
    allocated_bytes: int = 0
    reserved_bytes: int = 0
    ram_bytes: int = 0
    forecast_bytes: int = 0


def step_seconds(times: list[float]) -> float:
    """Of a step, by when the work began and when each step was done; the first one warms up."""
    steps = [after - before for before, after in pairwise(times)]
    return median(steps[1:] or steps)
