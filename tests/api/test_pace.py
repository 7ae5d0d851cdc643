"""How long a clip will take, by a history that was made up."""

from dataclasses import replace
from typing import Any

import pytest

from inference.api.device import DeviceInfo, Stage, StageReport
from inference.api.experience import NO_PICTURE, NOTHING, Experience, Run
from inference.api.models import MODELS
from inference.api.operations import step_operations
from inference.api.plan import VramPlan, ladder, plan
from inference.api.spec import GenerationRequest, WeightFormat, default_request

GIB = 2**30
CPU = DeviceInfo("CPU")
CARD = DeviceInfo("card", 24 * GIB, 24 * GIB)
TAKEN = {Stage.TEXT: 2.0, Stage.LOAD: 3.0, Stage.DENOISE: 50.0, Stage.DECODE: 8.0}


def asked(model: str = "demo", **changes: Any) -> GenerationRequest:
    request = default_request("a fox", model, MODELS[model].defaults, seed=1)
    return replace(request, weights=WeightFormat.NATIVE, **changes)


def ran(
    request: GenerationRequest,
    device: DeviceInfo = CPU,
    shares: dict[Stage, float] | None = None,
    **seconds: float,
) -> Run:
    """A run by the plan that such a request has; stages take what `TAKEN` says unless told otherwise."""
    spec, made = MODELS[request.model], planned(request, device)
    taken = TAKEN | {Stage(name): value for name, value in seconds.items()}
    reports = tuple(
        StageReport(stage, time, 1, 1, share=(shares or {}).get(stage, 1.0))
        for stage, time in taken.items()
    )
    return Run(
        request,
        spec.dit,
        spec.text,
        spec.vae,
        device,
        made.resident_blocks,
        made.decoding.park,
        reports,
    )


def planned(request: GenerationRequest, device: DeviceInfo = CPU, *runs: Run) -> VramPlan:
    return plan(MODELS[request.model], request, device, Experience(runs))


def seconds(request: GenerationRequest, *runs: Run, device: DeviceInfo = CPU) -> dict[Stage, Any]:
    return {stage.stage: stage.seconds for stage in planned(request, device, *runs).stages}


def test_without_a_history_nothing_is_said() -> None:
    made = plan(MODELS["demo"], asked(), CPU, NOTHING)
    assert made.seconds is None
    assert {stage.seconds for stage in made.stages} == {None}


def test_the_same_clip_takes_as_long_as_the_last_time() -> None:
    made = planned(asked(), CPU, ran(asked()))
    assert made.seconds == pytest.approx(sum(TAKEN.values()))
    assert {stage.runs for stage in made.stages} == {1}


def test_time_goes_with_the_operations() -> None:
    larger = asked(width=256, frames=33, steps=5)
    told = seconds(larger, ran(asked()))
    costs = [step_operations(MODELS["demo"].dit, r).total * r.steps for r in (larger, asked())]
    assert told[Stage.DENOISE] == pytest.approx(50 * costs[0] / costs[1])
    assert told[Stage.DECODE] == pytest.approx(8 * 2 * 33 / 17)
    assert (told[Stage.TEXT], told[Stage.LOAD]) == pytest.approx((2, 3))


def test_without_guidance_there_is_half_the_work() -> None:
    told = seconds(asked(guidance=1.0), ran(asked()))
    assert told[Stage.DENOISE] == pytest.approx(25, rel=1e-3)


@pytest.mark.parametrize(
    ("other", "unknown"),
    [
        pytest.param({"model": "t2v-1.3b"}, {*TAKEN}, id="model"),
        pytest.param({"weights": WeightFormat.INT8}, {Stage.LOAD, Stage.DENOISE}, id="format"),
        pytest.param({"width": 1024, "height": 1024}, {Stage.DENOISE, Stage.DECODE}, id="size"),
    ],
)
def test_what_is_not_alike_tells_nothing(other: dict[str, Any], unknown: set[Stage]) -> None:
    model = other.pop("model", "demo")
    run = ran(replace(asked(model), **other))
    told = seconds(asked(), run)
    assert {stage for stage, time in told.items() if time is None} == unknown
    assert planned(asked(), CPU, run).seconds is None


def test_what_models_share_tells_of_both() -> None:
    run = ran(asked("t2v-1.3b", width=832, height=480), CARD)
    told = seconds(asked("t2v-14b", width=832, height=480), run, device=CARD)
    assert told[Stage.TEXT] == 2
    assert told[Stage.DECODE] == pytest.approx(8)
    assert told[Stage.DENOISE] is None


def test_blocks_that_stream_take_their_own_time() -> None:
    small = replace(CARD, total_bytes=3 * GIB, free_bytes=3 * GIB)
    request = asked("t2v-1.3b", width=832, height=480)
    made = planned(request, small)
    assert 0 < made.resident_blocks < 30
    told = seconds(request, ran(request, CARD), device=small)
    assert told[Stage.DENOISE] is None
    assert told[Stage.TEXT] is not None
    assert seconds(request, ran(request, small), device=small)[Stage.DENOISE] == pytest.approx(50)


def test_what_was_kept_from_before_does_not_count() -> None:
    resumed = ran(asked(), shares={Stage.TEXT: 0.0, Stage.DENOISE: 0.25})
    told = seconds(asked(), resumed)
    assert told[Stage.TEXT] is None
    assert told[Stage.DENOISE] == pytest.approx(200)


def test_one_slow_run_does_not_spoil_the_forecast() -> None:
    runs = [ran(asked(), denoise=time) for time in (500.0, 50.0, 50.0)]
    assert seconds(asked(), *runs)[Stage.DENOISE] == pytest.approx(50)


def test_the_latest_of_the_nearest_count() -> None:
    runs = [ran(asked(width=256), denoise=9000.0)]
    runs += [ran(asked(), denoise=10.0) for _ in range(5)]
    runs += [ran(asked(), denoise=70.0) for _ in range(9)]
    made = planned(asked(), CPU, *runs)
    denoise = next(stage for stage in made.stages if stage.stage is Stage.DENOISE)
    assert (denoise.seconds, denoise.runs) == (pytest.approx(10), 5)


def test_times_change_no_plan() -> None:
    runs = (ran(asked("t2v-1.3b"), CARD),)
    spec, request = MODELS["t2v-1.3b"], asked("t2v-1.3b")
    assert ladder(spec, request, CARD, Experience(runs)) == ladder(spec, request, CARD)


def test_a_model_that_ran_is_known() -> None:
    run = replace(ran(asked()), request=asked(), dit=replace(MODELS["demo"].dit, num_layers=9))
    run = replace(run, request=replace(run.request, model="/models/mine"))
    spec = Experience((run,)).spec_of("/models/mine")
    assert spec is not None
    assert (spec.dit, spec.text, spec.vae) == (run.dit, run.text, run.vae)
    assert Experience((run,)).spec_of("demo") is None


def test_pictures_take_as_long_as_they_did_and_text_alone_is_another_matter() -> None:
    given = asked("vace-1.3b", frames=17, first_frame=NO_PICTURE)
    past = ran(given, condition=6.0)
    assert seconds(given, past)[Stage.CONDITION] == pytest.approx(6)
    longer = seconds(replace(given, frames=33), past)
    assert longer[Stage.CONDITION] == pytest.approx(6 * 33 / 17)
    text = seconds(replace(given, first_frame=""), past)
    assert Stage.CONDITION not in text
    assert text[Stage.DENOISE] is None
    assert text[Stage.DECODE] == pytest.approx(8)
