"""A clip that is being made, as its stages see it."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import torch

from inference.api.device import DeviceInfo
from inference.api.messages import Event, Generate, Notice, Stage
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest
from inference.budget import Budget
from inference.catalog import Model
from inference.stages import Stages
from inference.unfinished import Keeper

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Job:
    """What all stages of a generation need. `finishing` says whether to take no more steps."""

    command: Generate
    model: Model
    info: DeviceInfo
    budget: Budget
    stages: Stages
    keeper: Keeper | None
    finishing: Callable[[], bool]

    @property
    def request(self) -> GenerationRequest:
        return self.command.request

    @property
    def device(self) -> torch.device:
        return self.stages.device

    def notice(self, message: Sentence) -> Notice:
        return Notice(self.command.job, message)


def told(
    work: Generator[float, None, Result], job: Job, stage: Stage, steps: int
) -> Generator[Event, None, Result]:
    """Work that yields its share, told as steps of a stage; what it returns in the end."""
    while True:
        try:
            share = next(work)
        except StopIteration as finished:
            return finished.value
        yield job.stages.progress(stage, max(1, round(share * steps)), steps)
