"""The forecast: only from clips like the one asked for, and the card says what it doesn't know."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.draft import Draft
from app.forecast import (
    Forecast,
    ForecastCard,
    Memory,
    forecast_bytes,
    forecast_memory,
    forecast_seconds,
    size_text,
    work,
)
from app.journal import Record
from inference.api.device import DeviceInfo
from inference.api.models import MODELS
from inference.api.plan import plan
from inference.api.spec import GenerationRequest, WeightFormat


def asked(**changes: object) -> GenerationRequest:
    draft = Draft()
    draft.set_prompt("a red circle")
    return replace(draft.request(), **changes)


def took(request: GenerationRequest, seconds: float, size: int) -> Record:
    return Record(request, "CPU", seconds, (), size)


def test_same_clip_takes_as_long_as_last_time() -> None:
    history = [took(asked(seed=1), 12.0, 5000)]
    assert forecast_seconds(asked(seed=2), history) == pytest.approx(12.0)


def test_half_the_steps_take_half_the_time() -> None:
    history = [took(asked(steps=20), 12.0, 5000)]
    assert forecast_seconds(asked(steps=10), history) == pytest.approx(6.0)


def test_without_guidance_there_is_half_the_work() -> None:
    assert work(asked(guidance=1.0)) * 2 == work(asked(guidance=3.0))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"model": "t2v-1.3b"}, id="another model"),
        pytest.param({"weights": WeightFormat.INT8}, id="another format"),
        pytest.param({"width": 1024, "height": 1024}, id="far larger"),
    ],
)
def test_other_clips_tell_nothing_about_the_time(other: dict[str, object]) -> None:
    assert forecast_seconds(asked(), [took(asked(**other), 12.0, 5000)]) is None


def test_one_slow_clip_does_not_spoil_the_forecast() -> None:
    history = [took(asked(), seconds, 0) for seconds in (10.0, 10.0, 500.0)]
    assert forecast_seconds(asked(), history) == pytest.approx(10.0)


def test_file_size_goes_with_the_pixels() -> None:
    history = [took(asked(frames=9), 1.0, 9000)]
    assert forecast_bytes(asked(frames=17), history) == 17000
    assert forecast_bytes(asked(model="vace-1.3b"), history) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (2_000, "2.0 KB"), (3_500_000, "3.3 MB"), (12 * 2**30, "12 GB")],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text


def test_card_says_what_it_does_not_know(qtbot: QtBot) -> None:
    card = ForecastCard()
    qtbot.addWidget(card)
    card.show_forecast(asked(), Forecast())
    assert "known after" in card.verdict.text()
    assert "GB" not in card.details.text()
    assert card.suggestion.isHidden()


def test_card_offers_the_change_that_makes_it_fit(qtbot: QtBot) -> None:
    card = ForecastCard()
    qtbot.addWidget(card)
    smaller = asked(frames=9)
    memory = Memory(False, 9 * 2**30, 8 * 2**30, 0, smaller)
    card.show_forecast(asked(), Forecast(memory))
    assert "9" in card.suggestion.text()
    with qtbot.waitSignal(card.suggestion_taken) as taken:
        card.suggestion.click()
    assert taken.args == [smaller]


def test_memory_is_what_the_plan_says_whatever_the_prompt() -> None:
    card = DeviceInfo("a card", total_bytes=4 * 2**30, free_bytes=4 * 2**30)
    asked_for = asked(model="t2v-14b", width=1280, height=720, frames=161)
    memory = forecast_memory(MODELS["t2v-14b"], asked_for, card)
    planned = plan(MODELS["t2v-14b"], asked_for, card)
    assert memory is not None
    assert not memory.fits
    assert memory.vram_bytes == planned.peak_vram_bytes
    assert memory.suggestion is not None
    assert planned.suggestion is not None
    assert memory.suggestion.width == planned.suggestion.width < 1280
    again = forecast_memory(MODELS["t2v-14b"], replace(asked_for, prompt="something else"), card)
    assert again == memory


def test_memory_of_an_unknown_model_or_machine_is_not_guessed() -> None:
    assert forecast_memory(None, asked(), DeviceInfo("CPU")) is None
    assert forecast_memory(MODELS["demo"], asked(), None) is None
