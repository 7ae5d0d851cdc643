"""The forecast: only from clips like the one asked for, and the card says what it doesn't know."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.draft import Draft
from app.forecast import (
    Forecast,
    ForecastCard,
    Memory,
    forecast,
    forecast_bytes,
    size_text,
)
from inference.api.device import ALWAYS, DeviceInfo, StageReport
from inference.api.experience import NOTHING, Experience, Run, Speeds
from inference.api.models import DEMO, MODELS
from inference.api.plan import plan
from inference.api.spec import GenerationRequest, WeightFormat

CPU = DeviceInfo("CPU")


def asked(**changes: object) -> GenerationRequest:
    draft = Draft()
    draft.set_prompt("a red circle")
    return replace(draft.request(), **changes)


def took(request: GenerationRequest, size: int = 0) -> Run:
    """A run of three seconds a stage, by the demo's networks in float32."""
    stages = tuple(StageReport(stage, 3.0, 1, 0) for stage in ALWAYS)
    request = replace(request, weights=WeightFormat.NATIVE)
    return Run(request, DEMO.dit, DEMO.text, DEMO.vae, CPU, 6, False, stages, size)


def test_time_is_what_the_history_says() -> None:
    known = forecast(DEMO, asked(), CPU, Experience((took(asked()),)))
    assert known.seconds == pytest.approx(12.0)
    assert forecast(DEMO, asked(), CPU, NOTHING).seconds is None
    assert forecast(DEMO, asked(), None, Experience((took(asked()),))).seconds is None


def test_a_model_that_ran_here_is_known_from_then_on() -> None:
    mine = asked(model="/models/mine")
    assert forecast(None, mine, CPU, NOTHING) == Forecast()
    known = forecast(None, mine, CPU, Experience((took(mine),)))
    assert known.seconds == pytest.approx(12.0)
    assert known.memory is not None
    assert known.memory.fits


def test_file_size_goes_with_the_pixels() -> None:
    history = [took(asked(frames=9), 9000)]
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


def test_card_says_what_all_the_clips_take(qtbot: QtBot) -> None:
    card = ForecastCard()
    qtbot.addWidget(card)
    card.show_forecast(asked(), Forecast(seconds=50.0, file_bytes=3 * 2**20))
    assert card.verdict.text() == "About 50 s"
    assert card.details.text().startswith("file about 3.0 MB  ·")
    card.show_count(4)
    assert card.verdict.text() == "About 3 min for 4 clips"
    assert card.details.text().startswith("files about 12 MB in all  ·")
    card.show_forecast(asked(), Forecast())
    assert "clips" not in card.verdict.text()


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


def test_card_says_which_format_was_chosen(qtbot: QtBot) -> None:
    card = ForecastCard()
    qtbot.addWidget(card)
    spec, request = MODELS["t2v-1.3b"], asked(model="t2v-1.3b", width=832, height=480, frames=81)
    speeds = Speeds(1e11, {"int8": 2.5})
    card.show_forecast(request, forecast(spec, request, CPU, Experience(speeds=speeds)))
    assert "weights in int8, 1." in card.details.text()
    assert "times as fast" in card.details.text()
    card.show_forecast(request, forecast(spec, request, CPU, NOTHING))
    assert "weights in float32  ·" in card.details.text()
    fixed = replace(request, weights=WeightFormat.INT8)
    card.show_forecast(fixed, forecast(spec, fixed, CPU, NOTHING))
    assert "weights" not in card.details.text()


def test_memory_is_what_the_plan_says_whatever_the_prompt() -> None:
    card = DeviceInfo("a card", total_bytes=4 * 2**30, free_bytes=4 * 2**30)
    asked_for = asked(model="t2v-14b", width=1280, height=720, frames=161)
    memory = forecast(MODELS["t2v-14b"], asked_for, card, NOTHING).memory
    planned = plan(MODELS["t2v-14b"], asked_for, card)
    assert memory is not None
    assert not memory.fits
    assert memory.vram_bytes == planned.peak_vram_bytes
    assert memory.suggestion is not None
    assert planned.suggestion is not None
    assert memory.suggestion.width == planned.suggestion.width < 1280
    other_words = replace(asked_for, prompt="something else")
    assert forecast(MODELS["t2v-14b"], other_words, card, NOTHING).memory == memory
