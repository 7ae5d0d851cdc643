"""What a step is said to cost is what the real transformer multiplies."""

from dataclasses import replace
from typing import Any

import pytest

from inference.api.experience import NO_PICTURE
from inference.api.models import MODELS
from inference.api.operations import step_operations, steps_of
from inference.api.spec import GenerationRequest, Solver, default_request
from inference.work import work_of


def asked(model: str, **changes: Any) -> GenerationRequest:
    return replace(default_request("a fox", model, MODELS[model].defaults, seed=1), **changes)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        pytest.param("demo", {}, id="demo"),
        pytest.param("demo", {"width": 256, "height": 192, "frames": 33}, id="larger"),
        pytest.param("demo", {"guidance": 1.0}, id="one branch"),
        pytest.param("t2v-1.3b", {}, id="1.3B"),
        pytest.param("vace-1.3b", {"frames": 5}, id="VACE, from text"),
        pytest.param("vace-1.3b", {"frames": 5, "first_frame": NO_PICTURE}, id="VACE"),
        pytest.param("t2v-14b", {"width": 832, "height": 480}, id="14B"),
    ],
)
def test_a_step_costs_what_the_network_multiplies(model: str, changes: dict[str, Any]) -> None:
    spec, request = MODELS[model], asked(model, **changes)
    counted = step_operations(spec.dit, request).total
    assert counted == pytest.approx(work_of(spec, request).step, rel=1e-3)


def test_attention_grows_by_the_square_and_layers_do_not() -> None:
    params = replace(MODELS["demo"].dit, text_len=0)
    small, large = (step_operations(params, asked("demo", width=w)) for w in (128, 512))
    assert large.attention == 16 * small.attention
    assert large.packed == 4 * small.packed
    assert large.other == 4 * small.other


def test_steps_are_those_that_are_taken() -> None:
    assert steps_of(asked("demo", steps=30)) == 30
    assert steps_of(asked("demo", steps=30, stop_after=7)) == 7
    distilled = asked("demo", steps=30, solver=Solver.LCM, timesteps=(1000.0, 500.0))
    assert steps_of(distilled) == 2
