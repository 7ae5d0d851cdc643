"""The draft: values follow the model until the user changes them, and make a valid request."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QSize

from app import stills
from app.draft import (
    Draft,
    Edit,
    Quality,
    Ratio,
    choices_of,
    defaults_of,
    frames_for,
    quality_of,
    size_for,
    steps_for,
)
from app.mask import Mask
from inference.api.errors import UserError
from inference.api.messages import ModelInfo
from inference.api.models import DEMO, MODELS
from inference.api.sizes import frames_of_edit, size_like, size_of_edit
from inference.api.spec import nearest_frames, nearest_size
from tests.app.test_stills import picture

SPECS = list(MODELS.values())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_untouched_draft_is_the_models_own_way(spec) -> None:
    draft = Draft()
    draft.set_prompt("a lighthouse")
    draft.use_model(spec.name)
    request, own = draft.request(), spec.defaults
    assert (request.width, request.height, request.frames) == (own.width, own.height, own.frames)
    assert (request.steps, request.guidance, request.shift) == (own.steps, own.guidance, own.shift)
    assert (request.solver, request.negative_prompt) == (own.solver, own.negative_prompt)


def test_what_the_user_changed_survives_a_change_of_model() -> None:
    draft = Draft()
    draft.choose(guidance=2.5)
    draft.use_model("t2v-1.3b")
    assert draft.choices.guidance == 2.5
    assert draft.choices.steps == MODELS["t2v-1.3b"].defaults.steps


def test_added_model_is_run_like_the_known_one_it_is() -> None:
    draft = Draft()
    large = ModelInfo("mine", "Mine", "/m", 1, "", "", ("t2v",), True, True, added=True)
    draft.learn([replace(large, like="t2v-14b"), replace(large, name="odd")])
    draft.use_model("mine")
    assert draft.spec is MODELS["t2v-14b"]
    assert draft.choices.width == 1280
    draft.use_model("odd")
    assert draft.spec is None


def test_values_taken_as_the_model_likes_them_follow_it() -> None:
    draft = Draft()
    draft.choose(steps=3, width=64)
    draft.take(replace(defaults_of(DEMO.defaults), shift=2.0))
    assert (draft.choices.steps, draft.choices.width) == (DEMO.defaults.steps, DEMO.defaults.width)
    draft.use_model("t2v-1.3b")
    theirs = defaults_of(MODELS["t2v-1.3b"].defaults)
    assert draft.choices == replace(theirs, shift=2.0)


def test_loaded_request_comes_back_as_it_was() -> None:
    draft = Draft()
    draft.set_prompt("a red circle")
    draft.choose(steps=7, frames=9, negative_prompt="blue")
    draft.set_seed(5, locked=True)
    request = draft.request()
    other = Draft()
    other.load(request)
    assert other.request() == request
    assert choices_of(request) == other.choices
    assert other.seed_locked


def test_empty_prompt_is_refused_in_words() -> None:
    with pytest.raises(UserError, match="prompt is empty"):
        Draft().request()


def test_locked_seed_counts_on_and_stays() -> None:
    draft = Draft()
    draft.set_prompt("x")
    draft.set_seed(2**32 - 1, locked=True)
    draft.variations = 3
    assert [request.seed for request in draft.requests()] == [2**32 - 1, 0, 1]
    assert draft.seed == 2**32 - 1


def test_free_seed_is_thrown_anew_after_each_batch() -> None:
    draft = Draft()
    draft.set_prompt("x")
    first = draft.requests()[0].seed
    assert draft.requests()[0].seed != first


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("ratio", list(Ratio))
def test_shapes_can_be_made_and_cost_no_more_than_the_models_own(spec, ratio: Ratio) -> None:
    width, height = size_for(ratio, spec.defaults)
    assert (width, height) == (nearest_size(width), nearest_size(height))
    assert width * height <= spec.defaults.width * spec.defaults.height
    across, down = map(int, ratio.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.2)


def test_shape_near_the_models_own_is_the_models_own() -> None:
    assert size_for(Ratio.WIDE, MODELS["t2v-1.3b"].defaults) == (832, 480)
    assert size_for(Ratio.TALL, MODELS["t2v-1.3b"].defaults) == (480, 832)


@pytest.mark.parametrize("quality", list(Quality))
def test_quality_is_known_by_its_steps(quality: Quality) -> None:
    assert quality_of(steps_for(quality, DEMO.defaults), DEMO.defaults) is quality


def test_steps_of_ones_own_are_no_quality() -> None:
    assert quality_of(11, DEMO.defaults) is None


@pytest.mark.parametrize(("seconds", "frames"), [(0.0, 1), (1.0, 17), (5.0, 81), (2.2, 37)])
def test_seconds_become_frames_that_can_be_made(seconds: float, frames: int) -> None:
    assert frames_for(seconds, 16) == frames == nearest_frames(frames)


def test_clip_that_was_finished_early_is_made_so_again_until_steps_are_chosen() -> None:
    draft = Draft()
    draft.set_prompt("a lighthouse")
    asked = replace(draft.request(), stop_after=1)
    draft.load(asked)
    assert draft.request() == asked
    draft.choose(fps=12)
    assert draft.request().stop_after == 1
    draft.choose(steps=draft.choices.steps)
    assert draft.request().stop_after == 0


def size(draft: Draft) -> tuple[int, int]:
    return draft.choices.width, draft.choices.height


@pytest.fixture
def wide() -> str:
    return stills.take_image(picture(160, 90))


@pytest.fixture
def tall() -> str:
    return stills.take_image(picture(90, 160))


def test_pictures_are_of_the_request_and_come_back_with_it(wide: str, tall: str) -> None:
    draft = Draft()
    draft.set_prompt("a boat")
    draft.give(first=wide, last=tall)
    draft.choose(width=128, height=64)
    request = draft.request()
    assert request.pictures == {0: wide, request.frames - 1: tall}
    assert draft.outline() == request
    other = Draft()
    other.load(request)
    assert other.request() == request
    other.load(replace(request, first_frame="", last_frame=""))
    assert other.request().pictures == {}


def test_clip_has_the_shape_of_its_first_picture_or_else_of_its_last(wide: str, tall: str) -> None:
    draft = Draft()
    draft.give(last=tall)
    assert size(draft) == size_like(90, 160, DEMO.defaults)
    draft.give(first=wide)
    assert size(draft) == size_like(160, 90, DEMO.defaults)
    draft.give(first="")
    assert size(draft) == size_like(90, 160, DEMO.defaults)
    draft.give(last="")
    assert size(draft) == (DEMO.defaults.width, DEMO.defaults.height)


def test_shape_of_a_picture_follows_the_model_and_a_chosen_size_does_not(
    wide: str, tall: str
) -> None:
    draft, larger = Draft(), MODELS["vace-14b"].defaults
    draft.give(first=wide)
    draft.use_model("vace-14b")
    assert size(draft) == size_like(160, 90, larger)
    draft.choose(width=320, height=320)
    draft.use_model("demo")
    assert size(draft) == (320, 320)
    draft.give(last=tall)  # the first is the same
    draft.give(first="")
    assert size(draft) == (320, 320)
    draft.give(first=wide)
    assert size(draft) == size_like(160, 90, DEMO.defaults)


def test_picture_that_is_gone_has_no_say_in_the_size() -> None:
    draft = Draft()
    draft.give(first="a" * 64)
    assert size(draft) == (DEMO.defaults.width, DEMO.defaults.height)


def an_edit(frames: int = 30, width: int = 160, height: int = 90, start: int = 4) -> Edit:
    mask = Mask(QSize(width, height))
    mask.invert()
    return Edit("b" * 64, start, stills.take_image(mask.image), frames, 24)


def test_edit_is_of_the_request_and_comes_back_with_it() -> None:
    draft, edit = Draft(), an_edit()
    draft.set_prompt("a red hat")
    draft.edit_video(edit)
    request = draft.request()
    assert (request.video, request.video_start, request.mask) == (edit.video, 4, edit.mask)
    assert draft.given == request.given
    assert draft.outline() == request
    other = Draft()
    other.load(request)
    assert other.request() == request
    assert other.edit is not None
    assert other.edit.frames == request.frames
    for there in ({"kept_frames": 5}, {"outpaint": True}):
        more = replace(request, mask="", **there)
        other.load(more)
        assert other.request() == more
    other.load(replace(request, video="", video_start=0, mask=""))
    assert other.request().given == ()


def test_edit_is_as_large_as_long_and_as_fast_as_the_video_until_it_ends() -> None:
    draft, own = Draft(), DEMO.defaults
    before = draft.choices
    draft.choose(frames=9, steps=7)
    draft.edit_video(an_edit(frames=14))
    assert size(draft) == size_of_edit(160, 90, own)
    assert (draft.choices.frames, draft.choices.fps) == (frames_of_edit(14, own), 24)
    draft.edit_video(None)
    assert draft.choices == replace(before, steps=7)


def test_edit_of_a_long_and_large_video_follows_the_model() -> None:
    draft, edit = Draft(), an_edit(frames=200, width=1280, height=720)
    draft.edit_video(edit)
    for model in ("vace-14b", "vace-1.3b", "demo"):
        draft.use_model(model)
        own = MODELS[model].defaults
        assert size(draft) == size_of_edit(1280, 720, own)
        assert draft.choices.frames == frames_of_edit(200, own)
        assert draft.choices.fps == 24


def test_what_is_chosen_in_an_edit_stays() -> None:
    draft = Draft()
    draft.edit_video(an_edit())
    draft.choose(frames=5)
    draft.use_model("vace-1.3b")
    assert draft.choices.frames == 5
    draft.edit_video(None)
    assert draft.choices.frames == 5


def test_pictures_and_an_edit_take_each_others_place(wide: str) -> None:
    draft = Draft()
    draft.give(first=wide, last=wide)
    draft.edit_video(an_edit())
    assert (draft.first_frame, draft.last_frame) == ("", "")
    draft.give(last=wide)
    assert draft.edit is None
    assert draft.choices.fps == DEMO.defaults.fps
    assert size(draft) == size_like(160, 90, DEMO.defaults)


def test_edit_that_is_given_again_changes_nothing() -> None:
    draft, edit, told = Draft(), an_edit(), list[None]()
    draft.edit_video(edit)
    draft.choose(width=64)
    draft.changed.connect(lambda: told.append(None))
    draft.edit_video(edit)
    assert not told
    assert draft.choices.width == 64


def test_edit_whose_mask_is_gone_has_the_models_size() -> None:
    draft = Draft()
    draft.edit_video(Edit("b" * 64, 0, "a" * 64, 9, 24))
    assert size(draft) == (DEMO.defaults.width, DEMO.defaults.height)
    assert draft.choices.frames == 9
