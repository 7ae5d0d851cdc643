"""The plan's arithmetic: what fits is said to fit, lighter is lighter, and a suggestion can be followed."""

from dataclasses import replace
from typing import Any

import pytest

from inference.api.device import ALWAYS, DeviceInfo
from inference.api.experience import NO_PICTURE
from inference.api.models import MODELS
from inference.api.plan import Tiling, VramPlan, ladder, plan
from inference.api.room import CONTEXT_BYTES, card_bytes
from inference.api.spec import GenerationRequest, WeightFormat, default_request

GIB = 2**30


def asked(model: str = "t2v-1.3b", **changes: Any) -> GenerationRequest:
    request = default_request("a fox", model, MODELS[model].defaults, seed=1)
    return replace(request, **{"weights": WeightFormat.NATIVE, **changes})


def card(gib: float, ram_gib: float = 0) -> DeviceInfo:
    size = round(gib * GIB)
    return DeviceInfo("card", size, size, "8.6", round(ram_gib * GIB))


def planned(request: GenerationRequest, device: DeviceInfo) -> VramPlan:
    return plan(MODELS[request.model], request, device)


def test_what_fits_stays_within_the_card() -> None:
    for gib in (4, 6, 8, 12, 24):
        made = planned(asked(), card(gib))
        assert made.fits == (made.peak_vram_bytes <= 0.97 * gib * GIB)
        assert made.peak_vram_bytes > CONTEXT_BYTES


def test_each_stage_is_there_in_order() -> None:
    made = planned(asked(), card(24))
    assert [stage.stage for stage in made.stages] == [*ALWAYS]
    assert all(stage.resident for stage in made.stages)


def test_under_8_gib_the_small_model_stays_on_the_card_in_int8() -> None:
    made = planned(asked(weights=WeightFormat.INT8, width=832, height=480), card(8))
    assert made.fits
    assert made.resident_blocks == MODELS["t2v-1.3b"].dit.num_layers


def test_the_decoder_leaves_room_for_what_convolutions_lose() -> None:
    """Measured: on a card with 4 GiB the whole picture, 3.79 GiB of tensors, ran out of memory."""
    sides = {
        gib: planned(asked(width=832, height=480, frames=81), card(gib)).decoding.side
        for gib in (4, 8)
    }
    assert sides == {4: 80, 8: 0}


def test_a_clip_that_goes_on_keeps_its_frames_in_a_suggestion() -> None:
    request = asked("vace-14b", video="0" * 64, video_start=83, kept_frames=17)
    made = planned(request, card(4))
    assert not made.fits
    assert made.suggestion is None or made.suggestion.frames > 17


def test_streaming_leaves_room_for_holes_between_tensors() -> None:
    """Measured: of 3.38 GiB VACE-1.3B ran out of memory with 13 blocks resident, and with 12 it did not."""
    request = asked("vace-1.3b", first_frame="0" * 64, width=832, height=480, frames=81)
    assert planned(request, card(4)).resident_blocks == 12
    # And T2V-1.3B did not, with all of its own.
    assert planned(asked(width=832, height=480, frames=81), card(4)).resident_blocks == 30


def test_the_large_model_streams_what_has_no_room() -> None:
    request = asked("t2v-14b", weights=WeightFormat.INT8, width=832, height=480, frames=81)
    resident = [planned(request, card(gib)).resident_blocks for gib in (6, 8, 12, 24)]
    assert resident == sorted(resident)
    assert 0 < resident[1] < resident[3] == MODELS["t2v-14b"].dit.num_layers


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        pytest.param({"frames": 41}, {"frames": 81}, id="frames"),
        pytest.param({"width": 640, "height": 352}, {"width": 832, "height": 480}, id="size"),
        pytest.param({"weights": WeightFormat.INT8}, {}, id="format"),
    ],
)
def test_more_takes_more(smaller: dict[str, Any], larger: dict[str, Any]) -> None:
    stages = [planned(asked(**changes), card(80)).stages for changes in (smaller, larger)]
    pairs = list(zip(*stages, strict=True))
    assert all(less.peak_vram_bytes <= more.peak_vram_bytes for less, more in pairs)
    assert any(less.peak_vram_bytes < more.peak_vram_bytes for less, more in pairs)


@pytest.mark.parametrize("model", ["t2v-1.3b", "vace-1.3b", "t2v-14b"])
@pytest.mark.parametrize("gib", [8, 24])
def test_the_ladder_gets_lighter_to_the_lightest(model: str, gib: float) -> None:
    rungs = ladder(MODELS[model], asked(model), card(gib))
    assert rungs[0].stages == planned(asked(model), card(gib)).stages
    denoise = [rung.stages[2].peak_vram_bytes for rung in rungs]
    assert denoise == sorted(denoise, reverse=True)
    heaviest_first = [sum(stage.peak_vram_bytes for stage in rung.stages) for rung in rungs]
    assert heaviest_first == sorted(set(heaviest_first), reverse=True)
    assert (
        rungs[-1].stages[2].peak_vram_bytes
        <= planned(asked(model), card(1)).stages[2].peak_vram_bytes
    )


@pytest.mark.parametrize(
    ("model", "gib"),
    [(m, gib) for m, most in (("t2v-1.3b", 1), ("t2v-14b", 2.5)) for gib in (most, most + 0.4)],
)
def test_a_suggestion_fits_and_is_the_largest(model: str, gib: float) -> None:
    made = planned(asked(model), card(gib))
    assert not made.fits
    if made.suggestion is None:
        tiny = asked(model, width=16, height=16, frames=1, weights=WeightFormat.INT8)
        assert not planned(tiny, card(gib)).fits
        return
    assert planned(made.suggestion, card(gib)).fits
    longer = replace(made.suggestion, frames=made.suggestion.frames + 4)
    wider = replace(
        made.suggestion, width=made.suggestion.width + 32, height=made.suggestion.height + 32
    )
    assert not planned(wider, card(gib)).fits or not planned(longer, card(gib)).fits


def test_a_format_is_suggested_before_the_clip_is_cut() -> None:
    request = asked("t2v-14b", width=64, height=64, frames=9)
    made = planned(request, card(2.5))
    assert not made.fits
    assert made.suggestion == replace(request, weights=WeightFormat.INT8)


def test_where_nothing_is_short_nothing_is_suggested() -> None:
    assert planned(asked(), card(24)).suggestion is None


def test_without_room_for_the_smallest_clip_there_is_no_suggestion() -> None:
    assert planned(asked("t2v-14b"), card(1)).suggestion is None


def test_ram_counts_beside_the_card() -> None:
    assert planned(asked(), card(24, ram_gib=16)).fits
    assert not planned(asked(), card(24, ram_gib=1)).fits


def test_on_the_processor_ram_is_the_budget() -> None:
    request = asked("demo")
    made = planned(request, DeviceInfo("CPU"))
    assert made.fits
    assert made.peak_vram_bytes == 0
    assert made.resident_blocks == MODELS["demo"].dit.num_layers
    assert not planned(request, DeviceInfo("CPU", ram_bytes=GIB // 4)).fits


def test_what_others_hold_of_the_card_is_gone() -> None:
    assert card_bytes(DeviceInfo("card", 8 * GIB, 4 * GIB)) == 4 * GIB + CONTEXT_BYTES
    assert card_bytes(DeviceInfo("card", 8 * GIB, 8 * GIB)) == 8 * GIB
    assert not planned(asked(), DeviceInfo("card", 8 * GIB, 1 * GIB)).fits


# What each has to run in: bytes, of which CUDA takes `CONTEXT_BYTES` for itself.
TARGETS = [("t2v-1.3b", 832, 480, 3.5e9), ("t2v-1.3b", 1280, 720, 6e9), ("t2v-14b", 832, 480, 8e9)]


@pytest.mark.parametrize(("model", "width", "height", "most"), TARGETS)
def test_clips_run_in_the_memory_that_was_promised(
    model: str, width: int, height: int, most: float
) -> None:
    request = asked(model, weights=WeightFormat.INT8, width=width, height=height, frames=81)
    made = planned(request, card(most / 0.97 / GIB))
    assert made.fits
    assert made.peak_vram_bytes <= most
    light = ladder(MODELS[model], request, card(24))[-1]
    assert light.peak_vram_bytes <= most


@pytest.mark.parametrize("gib", [3.4, 4, 8])
def test_the_small_model_leaves_ram_alone(gib: float) -> None:
    request = asked(weights=WeightFormat.INT8, width=832, height=480, frames=81)
    assert planned(request, card(gib)).peak_ram_bytes <= 6e9


def test_a_smaller_card_decodes_in_smaller_tiles() -> None:
    request = asked(weights=WeightFormat.INT8, width=1280, height=720, frames=81)
    plans = [planned(request, card(gib)) for gib in (12, 8, 4, 3, 2.6)]
    assert [made.decoding.park for made in plans] == [False, False, True, True, True]
    assert plans[0].decoding.side == 0
    parked = [made.decoding.side for made in plans if made.decoding.park]
    assert parked == sorted(parked, reverse=True)
    assert parked[-1] < parked[0]


@pytest.mark.parametrize("gib", [2.6, 3, 4])
def test_pinned_memory_is_counted_in_its_own_size(gib: float) -> None:
    request = asked(weights=WeightFormat.INT8, width=1280, height=720, frames=81)
    made = planned(request, card(gib))
    assert made.decoding.park
    assert made.peak_ram_bytes <= 6 * GIB  # in powers of two it would be 7.1 to 7.5


def test_from_text_alone_a_vace_model_takes_what_its_trunk_takes() -> None:
    device = card(6)
    with_hints, trunk = (
        planned(asked(model, weights=WeightFormat.INT8, width=832, height=480, frames=81), device)
        for model in ("vace-1.3b", "t2v-1.3b")
    )
    assert with_hints.stages == trunk.stages


def test_pictures_are_encoded_in_tiles_where_the_picture_has_no_room() -> None:
    request = asked("vace-1.3b", weights=WeightFormat.INT8, width=1280, height=720, frames=81)
    given = replace(request, first_frame=NO_PICTURE)
    plans = [planned(given, card(gib)) for gib in (12, 8, 5)]
    assert all(made.fits for made in plans)
    assert plans[0].encoding == Tiling()
    assert plans[-1].encoding.park
    assert all(
        made.peak_vram_bytes <= gib * GIB for made, gib in zip(plans, (12, 8, 5), strict=True)
    )
