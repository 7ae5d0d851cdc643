"""The stages of a job by the clock: how far each is, how long it took and the most memory it held."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from inference.api.device import Stage, StageReport
from inference.api.messages import Progress
from inference.api.room import CONTEXT_BYTES
from inference.memory import give_back, peak_ram_bytes, peak_vram_bytes, reset_peaks


@dataclass(slots=True)
class Stages:
    """Those of a job so far. Each is begun, told of while it runs, and ended."""

    job: str
    device: torch.device
    forecast: Callable[[Stage], tuple[int, int]]  # of a stage's peaks of RAM and VRAM, in bytes
    reports: list[StageReport] = field(default_factory=list)
    _started: float = 0.0
    _skipped: int = 0
    _share: float = 1.0  # of the stage's work that was done since it began

    def begin(self, skipped: int = 0) -> None:
        """Start the clock of a stage, of which `skipped` steps were done before."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        give_back()
        reset_peaks(self.device)
        self._started, self._skipped, self._share = time.perf_counter(), skipped, 1.0

    def progress(self, stage: Stage, step: int, steps: int) -> Progress:
        """That `step` of `steps` is done, and the time that is left at this pace."""
        self._share = (step - self._skipped) / steps
        left = (time.perf_counter() - self._started) * (steps - step) / (step - self._skipped)
        return Progress(self.job, stage, step, steps, round(left, 3))

    def end(self, stage: Stage, *, was_kept: bool = False) -> None:
        """Note how the stage went; `was_kept` says that it found its work done."""
        share = 0.0 if was_kept else self._share
        seconds = time.perf_counter() - self._started
        vram_bytes = peak_vram_bytes(self.device)
        if vram_bytes:
            vram_bytes += CONTEXT_BYTES
        peaks = peak_ram_bytes(), vram_bytes
        forecast = self.forecast(stage)
        self.reports.append(StageReport(stage, round(seconds, 3), *peaks, *forecast, share))
