"""What both training runs share: steps with a warm-up and a decay, averaged weights, resumable files."""

import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train; `speed` is the share of each optimiser's own learning rate."""

    steps: int
    speed: float = 1.0
    warmup: int = 100
    average: float = 0.999  # of the weights that are kept at the end
    save_every_s: float = 120.0


class Run:
    """A training run that can be stopped at any moment and goes on from its last saved step."""

    def __init__(
        self, model: nn.Module, optimisers: Iterable[torch.optim.Optimizer], plan: Plan, file: Path
    ) -> None:
        self.model, self.optimisers, self.plan, self.file = model, list(optimisers), plan, file
        self.peaks = [[plan.speed * g["lr"] for g in o.param_groups] for o in self.optimisers]
        self.average = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.step = 0
        if file.exists():
            self._load(torch.load(file, weights_only=True))

    def train(self, loss_of: Callable[[int], dict[str, Tensor]]) -> None:
        """Takes `plan.steps` steps on the sum of what `loss_of(step)` returns."""
        saved = logged = time.monotonic()
        sums: dict[str, float] = {}
        while self.step < self.plan.steps:
            self._set_learning_rate()
            losses = loss_of(self.step)
            torch.stack(list(losses.values())).sum().backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            for optimiser in self.optimisers:
                optimiser.step()
                optimiser.zero_grad()
            self._update_average()
            self.step += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value.item() / 50
            if self.step % 50 == 0:
                took, logged = time.monotonic() - logged, time.monotonic()
                words = "  ".join(f"{k} {v:.5f}" for k, v in sums.items())
                _say(f"step {self.step}/{self.plan.steps}  {words}  {took / 50:.3f} s/step")
                sums = {}
            if time.monotonic() - saved > self.plan.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Writes everything the run needs to go on."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        torch.save(state, partial)
        partial.replace(self.file)

    def _load(self, saved: dict) -> None:
        self.step = saved["step"]
        self.model.load_state_dict(saved["model"])
        self.average = saved["average"]
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)

    def _set_learning_rate(self) -> None:
        warm = min(1.0, (self.step + 1) / self.plan.warmup)
        decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.step / self.plan.steps))
        for optimiser, peaks in zip(self.optimisers, self.peaks, strict=True):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * warm * decay

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.plan.average, (self.step + 1) / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
