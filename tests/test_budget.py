"""Which plan a job obeys, and what is said when there is none."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from inference.api.device import ALWAYS, DeviceInfo, Stage
from inference.api.errors import MemoryShortageError
from inference.api.models import MODELS
from inference.api.plan import ladder, plan
from inference.api.spec import MAX_FRAMES, MAX_SIDE, WeightFormat, default_request
from inference.budget import Budget, is_shortage

SPEC = MODELS["t2v-1.3b"]
REQUEST = default_request("a cat", SPEC.name, SPEC.defaults, 1)
GIB = 2**30


def card(gib: float) -> DeviceInfo:
    return DeviceInfo("RTX", int(gib * GIB), int(gib * GIB), "8.9", 32 * GIB)


def test_the_fastest_plan_that_fits_comes_first() -> None:
    budget = Budget(SPEC, REQUEST, card(24))
    assert budget.plan == plan(SPEC, REQUEST, card(24))


@pytest.mark.parametrize("stage", [Stage.DENOISE, Stage.DECODE])
@pytest.mark.parametrize("name", ["t2v-1.3b", "t2v-14b"])
def test_plans_get_lighter_until_there_is_none(name: str, stage: Stage) -> None:
    spec = MODELS[name]
    request = default_request("a cat", name, spec.defaults, 1)
    budget = Budget(spec, replace(request, weights=WeightFormat.INT8), card(8))
    peaks = [budget.forecast(stage)[1]]

    def lighten_on_and_on() -> None:
        for _ in range(100):
            said = budget.lighten(stage)
            peaks.append(budget.forecast(stage)[1])
            assert said.endswith(f"going on with less of it ({peaks[-1] / 1e9:.3g} GB at most).")

    with pytest.raises(MemoryShortageError, match="The graphics card has too little free memory"):
        lighten_on_and_on()
    assert 1 < len(peaks) < 100
    assert all(more > less for more, less in pairwise(peaks))


@pytest.mark.parametrize("short", [Stage.DENOISE, Stage.DECODE])
def test_only_what_ran_short_gets_by_with_less(short: Stage) -> None:
    budget = Budget(SPEC, REQUEST, card(24))
    before, (_, lighter, *_) = budget.plan, ladder(SPEC, REQUEST, card(24))
    budget.lighten(short)
    for stage in ALWAYS:
        is_decoder = stage is Stage.DECODE
        expected = lighter if is_decoder == (short is Stage.DECODE) else before
        assert budget.forecast(stage) in [
            (s.peak_ram_bytes, s.peak_vram_bytes) for s in expected.stages if s.stage is stage
        ]
    assert before.decoding != lighter.decoding
    assert budget.plan.decoding == (lighter if short is Stage.DECODE else before).decoding
    assert (
        budget.plan.resident_blocks
        == (lighter if short is Stage.DENOISE else before).resident_blocks
    )


def test_what_would_fit_is_named() -> None:
    with pytest.raises(MemoryShortageError) as caught:
        Budget(SPEC, replace(REQUEST, width=1280, height=720, frames=401), card(4))
    change = plan(SPEC, replace(REQUEST, width=1280, height=720, frames=401), card(4)).suggestion
    assert change is not None
    named = f"{change.frames} frames of {change.width}x{change.height} would fit"
    assert named in str(caught.value)
    assert ("with weights in int8" in str(caught.value)) == (change.weights is WeightFormat.INT8)
    Budget(SPEC, change, card(4))


def test_numbers_are_said_as_people_say_them() -> None:
    still, endless = replace(REQUEST, frames=1), replace(REQUEST, frames=MAX_FRAMES)
    huge = replace(endless, width=MAX_SIDE, height=MAX_SIDE)
    with pytest.raises(MemoryShortageError, match=r" for 1 frame of \d+x\d+, which takes \d"):
        Budget(SPEC, replace(still, width=MAX_SIDE, height=MAX_SIDE), card(4))
    with pytest.raises(MemoryShortageError, match=r", which takes \d+,\d+ GB: "):
        Budget(SPEC, huge, card(4))


def test_each_stage_has_its_forecast() -> None:
    budget = Budget(SPEC, REQUEST, card(8))
    for stage in ALWAYS:
        ram, vram = budget.forecast(stage)
        assert 0 < vram <= budget.plan.peak_vram_bytes
        assert ram > 0
    assert budget.forecast(Stage.QUANTIZE) == (0, 0)


def test_torch_says_too_little_memory_as_we_expect() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_shortage(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        torch.AcceleratorError("CUDA error: out of memory"),  # of pinned memory
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_running_out_is_seen(error: Exception) -> None:
    assert is_shortage(error)


def test_other_errors_are_no_shortage() -> None:
    assert not is_shortage(RuntimeError("a bug"))
