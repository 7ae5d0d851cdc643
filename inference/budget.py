"""The plan that a job obeys, and lighter ones to go on with when memory runs out all the same."""

from collections.abc import Generator
from dataclasses import replace

import torch

from inference.api.choice import is_worth_measuring
from inference.api.device import DeviceInfo, Stage
from inference.api.errors import MemoryShortageError
from inference.api.experience import NOTHING, Experience
from inference.api.messages import Event, Notice
from inference.api.plan import VAE_STAGES, VramPlan, ladder
from inference.api.sentence import Sentence, number
from inference.api.spec import GenerationRequest, ModelSpec
from inference.past import note_speeds, recall
from inference.speeds import glance

# The only marks that torch and the libraries below give of what they could not have.
SHORTAGES = (
    "DefaultCPUAllocator",
    "CUDA error: out of memory",
    "CUDA driver error: out of memory",
    "_STATUS_ALLOC_FAILED",
)


def is_shortage(error: BaseException) -> bool:
    """Whether memory ran out, on the card or beside it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(mark in str(error) for mark in SHORTAGES)


class Budget:
    """What a job may take of `device`."""

    def __init__(
        self,
        spec: ModelSpec,
        request: GenerationRequest,
        device: DeviceInfo,
        experience: Experience = NOTHING,
    ) -> None:
        """Raises `MemoryShortageError` if there is no plan that fits."""
        self._request, self._device = request, device
        self.is_lightened = False
        self.plan, *lighter = ladder(spec, request, device, experience)
        # The VAE has rungs of its own: what the transformer lacked, it need not lack.
        self._lighter = {part: iter(lighter) for part in (*VAE_STAGES, None)}
        if not self.plan.fits:
            raise self.shortage()

    def lighten(self, stage: Stage) -> Sentence:
        """Obey the next lighter plan from now on, for the VAE in that stage or for all the rest; says so.

        Raises `MemoryShortageError` after the lightest.
        """
        now = self.plan
        rungs = self._lighter[stage if stage in VAE_STAGES else None]
        plans = (_with(now, rung, stage) for rung in rungs)
        lighter = next(
            (plan for plan in plans if plan != now), None
        )  # or the same would be tried again
        if lighter is None:
            raise self.shortage()
        self.plan, self.is_lightened = lighter, True
        ram_bytes, vram_bytes = self.forecast(stage)
        peak = _gb(vram_bytes or ram_bytes)
        return Sentence("Memory ran out: going on with less of it ({peak} at most).", peak=peak)

    def forecast(self, stage: Stage) -> tuple[int, int]:
        """The most RAM and VRAM that the stage takes by the plan, in bytes."""
        for planned in self.plan.stages:
            if planned.stage is stage:
                return planned.peak_ram_bytes, planned.peak_vram_bytes
        return 0, 0

    def shortage(self) -> MemoryShortageError:
        """What to do where the lightest plan is too much."""
        place = Sentence("The graphics card") if self._on_card else Sentence("This machine")
        return MemoryShortageError(
            "{place} has too little free memory for {clip}, which takes {peak}: {advice}, or "
            "close other "
            "programs.",
            place=place,
            clip=_clip(self._request),
            peak=_gb(self._peak),
            advice=self._advice(),
        )

    def _advice(self) -> Sentence:
        change = self.plan.suggestion
        if change is None:
            return Sentence("make the clip smaller or shorter")
        if change.weights is self._request.weights:
            return Sentence("{clip} would fit", clip=_clip(change))
        return Sentence(
            "{clip} would fit with weights in {weights}",
            clip=_clip(change),
            weights=change.weights.value,
        )

    @property
    def _on_card(self) -> bool:
        return self._device.total_bytes > 0

    @property
    def _peak(self) -> int:
        return self.plan.peak_vram_bytes or self.plan.peak_ram_bytes


def _with(now: VramPlan, rung: VramPlan, stage: Stage) -> VramPlan:
    """`now` with what `rung` has for `stage`: the VAE in that stage, or else all but the VAE's."""
    stages = zip(now.stages, rung.stages, strict=True)
    match stage:
        case Stage.CONDITION | Stage.DECODE:
            mixed = tuple(new if new.stage is stage else old for old, new in stages)
            is_decoder = stage is Stage.DECODE
            parts = {"decoding": rung.decoding} if is_decoder else {"encoding": rung.encoding}
            return replace(now, stages=mixed, **parts)
        case _:
            mixed = tuple(old if new.stage in VAE_STAGES else new for old, new in stages)
            return replace(rung, stages=mixed, encoding=now.encoding, decoding=now.decoding)


def _clip(request: GenerationRequest) -> Sentence:
    if request.frames == 1:
        return Sentence("1 frame of {width}x{height}", width=request.width, height=request.height)
    return Sentence(
        "{frames} frames of {width}x{height}",
        frames=request.frames,
        width=request.width,
        height=request.height,
    )


def _gb(count: int) -> str:
    return f"{number(count / 1e9)} GB"


def budget_of(
    job: str, spec: ModelSpec, request: GenerationRequest, device: DeviceInfo
) -> Generator[Event, None, Budget]:
    """The budget by all that is known of `device`, the present one, which is measured first if need be."""
    experience, notice = recall(device)
    if notice:
        yield Notice(job, notice)
    if is_worth_measuring(spec, request, experience):
        yield Notice(
            job,
            Sentence(
                "Measuring this device for some seconds, once, to choose the weights' format."
            ),
        )
        speeds = glance("cuda" if device.total_bytes else "cpu")
        experience = replace(experience, speeds=speeds)
        if notice := note_speeds(device, speeds):
            yield Notice(job, notice)
    return Budget(spec, request, device, experience)
