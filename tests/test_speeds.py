"""How fast a device is: worked out of layers, and measured before the first clip that asks for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from inference import speeds
from inference.api import choice
from inference.api.device import DeviceInfo
from inference.api.experience import Speeds
from inference.api.history import History, history_file
from inference.api.messages import Event, Notice
from inference.api.models import MODELS
from inference.api.spec import GenerationRequest, WeightFormat, default_request
from inference.budget import Budget, budget_of
from inference.speeds import GLANCES, Layer, Measured

SPEC = MODELS["t2v-1.3b"]
CPU = DeviceInfo("CPU", ram_bytes=64 * 2**30)
FASTER = Speeds(1e12, {"int8": 2.0})


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this machine nothing is known."""
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "home"))


def request(weights: WeightFormat = WeightFormat.AUTO) -> GenerationRequest:
    return replace(default_request("a cat", SPEC.name, SPEC.defaults, seed=1), weights=weights)


def prepare(asked: GenerationRequest, device: DeviceInfo = CPU) -> tuple[list[str], Budget]:
    """What is said, and what the job may take."""
    said: list[Event] = []
    steps = budget_of("job", SPEC, asked, device)
    while True:
        try:
            said.append(next(steps))
        except StopIteration as end:
            return [event.message for event in said if isinstance(event, Notice)], end.value


@pytest.fixture
def glances(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices that were measured, each as fast as `FASTER`."""
    seen: list[str] = []

    def glance(device: str) -> Speeds:
        seen.append(device)
        return FASTER

    monkeypatch.setattr("inference.budget.glance", glance)
    return seen


def test_an_unknown_device_is_measured_once_and_the_plan_goes_by_it(glances: list[str]) -> None:
    (said,), budget = prepare(request())
    assert "Measuring this device" in said
    assert budget.plan.weights is WeightFormat.INT8
    with History() as history:
        assert history.experience("CPU").speeds == FASTER
    said_again, again = prepare(request())
    assert (said_again, again.plan.weights) == ([], WeightFormat.INT8)
    assert glances == ["cpu"]


def test_a_card_is_measured_as_such(glances: list[str]) -> None:
    prepare(request(), DeviceInfo("RTX 3050", 8 * 2**30, 8 * 2**30, "8.6", 64 * 2**30))
    assert glances == ["cuda"]


def test_nothing_is_measured_where_it_would_not_matter(
    glances: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(request(WeightFormat.INT8))
    monkeypatch.setattr(choice, "WIDE", SPEC.dit.dim + 1)
    prepare(request())
    assert glances == []


def test_a_measurement_that_cannot_be_noted_serves_all_the_same(glances: list[str]) -> None:
    folder = history_file().parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file in the place of the folder", "utf-8")
    *_, said = (messages := prepare(request()))[0]
    assert "Plans won't know of these figures" in said
    assert messages[1].plan.weights is WeightFormat.INT8
    assert glances == ["cpu"]


@pytest.mark.parametrize("device", GLANCES)
def test_a_glance_is_at_formats_of_a_request(device: str) -> None:
    forms, _ = GLANCES[device]
    assert {*forms} <= {*WeightFormat}


def test_a_glance_measures_each_of_its_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speeds, "block_layers", lambda tokens: (Layer(64, 64, tokens),))
    monkeypatch.setattr(speeds, "REPEATS", 1)
    monkeypatch.setitem(GLANCES, "cpu", (("int8", "fp8"), 8))
    found = speeds.glance("cpu")
    assert set(found.times_as_fast) == {"int8", "fp8"}
    assert found.rate > 0
    assert found.copy_rate == 0


def test_speeds_are_those_of_the_layers_of_a_block() -> None:
    square, wide = Layer(100, 100, 10), Layer(100, 300, 10)
    rows = [
        Measured("int8", square, 1.0, 2.0, 0, 0.0),
        Measured("int8", wide, 4.0, 6.0, 0, 0.0),
        Measured("fp8", square, 4.0, 2.0, 0, 0.0),
        Measured("fp8", wide, 6.0, 6.0, 0, 0.0),
    ]
    found = speeds.speeds(rows, "cpu")
    assert found.times_as_fast == {"int8": 18 / 10, "fp8": 18 / 30}
    assert found.rate == (6 * 2 * 100 * 100 * 10 + 2 * 100 * 300 * 10) / 18
    assert found.copy_rate == 0
