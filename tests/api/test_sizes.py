"""Sizes and lengths of clips by what they are made from."""

import pytest

from inference.api.sizes import frames_of_edit, frames_to_keep, size_like, size_of_edit
from inference.api.spec import SamplingDefaults


@pytest.mark.parametrize(
    ("video", "edit"),
    [
        ((832, 480), (832, 480)),
        ((320, 240), (320, 240)),
        ((322, 236), (320, 224)),
        ((640, 360), (640, 352)),
        ((1920, 1080), (848, 480)),
        ((5, 5), (16, 16)),
    ],
)
def test_an_edit_is_as_large_as_its_video(video: tuple[int, int], edit: tuple[int, int]) -> None:
    assert size_of_edit(*video, SamplingDefaults()) == edit


@pytest.mark.parametrize(("there", "made"), [(1, 1), (4, 1), (5, 5), (80, 77), (81, 81), (900, 81)])
def test_an_edit_is_as_long_as_its_video(there: int, made: int) -> None:
    assert frames_of_edit(there, SamplingDefaults()) == made


@pytest.mark.parametrize(
    ("picture", "clip"),
    [
        ((832, 480), (832, 480)),
        ((1920, 1080), (848, 480)),
        ((1080, 1920), (480, 848)),
        ((7, 7), (640, 640)),
        ((4000, 16), (8192, 48)),
    ],
)
def test_a_clip_takes_the_shape_of_a_picture(
    picture: tuple[int, int], clip: tuple[int, int]
) -> None:
    assert size_like(*picture, SamplingDefaults()) == clip


@pytest.mark.parametrize(("frames", "kept"), [(5, 1), (17, 5), (81, 17), (121, 25)])
def test_a_clip_goes_on_with_a_fifth_of_itself(frames: int, kept: int) -> None:
    assert frames_to_keep(frames) == kept
