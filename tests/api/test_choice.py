"""Which format a plan chooses: by what was measured, and the most exact of what is as fast."""

from dataclasses import replace
from typing import Any

import pytest

from inference.api.choice import SHIPPED, Option, Why, candidates, step_seconds
from inference.api.device import DeviceInfo
from inference.api.experience import Experience, Speeds
from inference.api.models import MODELS
from inference.api.operations import Operations
from inference.api.plan import VramPlan, ladder, plan
from inference.api.spec import WeightFormat, default_request

GIB = 2**30
NATIVE, INT8, FP8, NF4 = (WeightFormat(name) for name in ("native", "int8", "fp8", "nf4"))
CPU = DeviceInfo("CPU", ram_bytes=64 * GIB)
EVEN = {"int8": 1.0, "fp8": 1.0, "nf4": 1.0, "quanto-int8": 1.0}


def card(gib: float) -> DeviceInfo:
    return DeviceInfo("card", round(gib * GIB), round(gib * GIB), "8.6", 64 * GIB)


def chosen(
    device: DeviceInfo, speeds: Speeds | None = None, model: str = "t2v-1.3b", **changes: Any
) -> VramPlan:
    spec = MODELS[model]
    request = replace(default_request("a fox", model, spec.defaults, seed=1), **changes)
    assert request.weights is WeightFormat.AUTO
    return plan(spec, request, device, Experience(speeds=speeds))


def measured(rate: float = 1e14, copy_rate: float = 2e10, **times_as_fast: float) -> Speeds:
    return Speeds(rate, EVEN | times_as_fast, copy_rate, "measured here")


def why(made: VramPlan) -> Why:
    assert made.choice is not None
    assert made.choice.form is made.weights
    return made.choice.why


def test_the_most_exact_of_what_is_as_fast_is_taken() -> None:
    made = chosen(card(24), measured())
    assert (made.weights, why(made)) == (NATIVE, Why.FASTEST)
    assert made.choice is not None
    assert made.choice.sentence() == "bf16: nothing is faster (measured here)"


def test_what_was_measured_faster_is_taken() -> None:
    made = chosen(card(24), measured(int8=2.0, fp8=1.8))
    assert (made.weights, why(made)) == (INT8, Why.FASTER)
    assert chosen(card(24), measured(int8=0.4, fp8=1.8)).weights is FP8
    library = chosen(card(24), measured(**{"int8": 0.4, "quanto-int8": 1.5}))
    assert library.weights is WeightFormat.QUANTO_INT8


def test_layers_count_by_their_share_of_a_step() -> None:
    small = chosen(card(24), measured(int8=2.0), width=256, height=256, frames=5)
    large = chosen(card(24), measured(int8=2.0), width=1280, height=720)
    assert small.choice is not None
    assert large.choice is not None
    assert 1 < large.choice.times_as_fast < 1.3 < small.choice.times_as_fast < 2


def test_a_gain_within_the_noise_is_none() -> None:
    assert chosen(card(24), measured(int8=1.03)).weights is NATIVE


def test_streaming_counts_by_what_it_copies() -> None:
    short = {"model": "t2v-14b", "width": 256, "height": 256, "frames": 5}
    made = chosen(card(24), measured(copy_rate=1e10), **short)
    assert (made.weights, made.resident_blocks) == (INT8, 40)
    assert made.choice is not None
    assert made.choice.streams
    sentence = made.choice.sentence()
    assert sentence.startswith("int8: ")
    assert sentence.endswith("x as fast as streaming bf16 (measured here)")
    assert made.choice.times_as_fast > 1.5
    hidden = chosen(card(24), measured(copy_rate=1e13), **short)
    assert (hidden.weights, why(hidden)) == (NATIVE, Why.FASTEST)


def test_the_coarsest_is_for_where_nothing_else_fits() -> None:
    assert chosen(card(24), measured(nf4=9.0)).weights is NATIVE
    made = chosen(card(1.47), measured(int8=2.0))
    assert (made.fits, made.weights, why(made)) == (True, NF4, Why.LAST)


def test_a_processor_uses_8_bits_where_there_is_too_little_memory_for_more() -> None:
    made = chosen(replace(CPU, ram_bytes=6 * GIB))
    assert (made.fits, made.weights, why(made)) == (True, INT8, Why.FITS)
    assert made.choice is not None
    assert made.choice.sentence() == "int8: float32 does not fit"


def test_what_ships_serves_until_this_machine_is_measured() -> None:
    made = chosen(CPU)
    assert (made.weights, why(made)) == (NATIVE, Why.FASTEST)
    assert made.choice is not None
    assert "not on this machine" in made.choice.sentence()
    own = chosen(CPU, measured(int8=2.5, copy_rate=0.0))
    assert (own.weights, why(own)) == (INT8, Why.FASTER)
    assert set(SHIPPED["CPU"].times_as_fast) == {*WeightFormat} - {NATIVE, WeightFormat.AUTO}


def test_of_a_card_that_was_never_measured_nothing_is_made_up() -> None:
    whole, streaming = chosen(card(8)), chosen(card(8), model="t2v-14b")
    assert (whole.weights, why(whole)) == (NATIVE, Why.WHOLE)
    assert (streaming.weights, why(streaming)) == (INT8, Why.LESS)
    for made in (whole, streaming):
        assert made.choice is not None
        assert made.choice.times_as_fast == 0
        assert "not measured yet" in made.choice.sentence()


def test_narrow_layers_stay_as_they_are() -> None:
    made = chosen(CPU, measured(int8=3.0), model="demo")
    assert (made.weights, why(made)) == (NATIVE, Why.NARROW)


def test_only_what_was_measured_is_compared() -> None:
    assert candidates(Speeds(1e12, {"fp8": 2.0})) == (NATIVE, FP8, NF4)
    assert candidates(None) == (NATIVE, INT8, NF4)


def test_a_step_computes_or_copies() -> None:
    operations, speeds = Operations(8, 1, 1), Speeds(2.0, {"int8": 4.0}, 10.0)
    assert step_seconds(NATIVE, Option(True, 0), operations, speeds) == 5
    assert step_seconds(INT8, Option(True, 0), operations, speeds) == 2
    assert step_seconds(INT8, Option(True, 10), operations, speeds) == 2
    assert step_seconds(INT8, Option(True, 60), operations, speeds) == 6


def test_where_nothing_fits_the_suggestion_leaves_the_format_open() -> None:
    spec = MODELS["t2v-14b"]
    request = default_request("a fox", spec.name, spec.defaults, seed=1)
    made = plan(spec, request, card(2.5))
    assert not made.fits
    assert made.choice is None
    assert made.suggestion is not None
    assert made.suggestion.weights is WeightFormat.AUTO
    assert plan(spec, made.suggestion, card(2.5)).fits


@pytest.mark.parametrize("gib", [4, 8, 24])
def test_lighter_plans_keep_the_format(gib: float) -> None:
    spec = MODELS["t2v-14b"]
    request = default_request("a fox", spec.name, spec.defaults, seed=1)
    rungs = ladder(spec, replace(request, width=832, height=480), card(gib))
    assert len({rung.weights for rung in rungs}) == 1
    assert rungs[0].weights is not WeightFormat.AUTO
    peaks = [rung.stages[2].peak_vram_bytes for rung in rungs]
    assert peaks == sorted(peaks, reverse=True)
