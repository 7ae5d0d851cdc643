import math
from dataclasses import replace

import pytest

from inference.api.errors import UserError
from inference.api.spec import (
    MAX_SEED,
    latent_shape,
    nearest_frames,
    nearest_size,
)
from tests.tiny_model import make_request

REQUEST = make_request("demo", timesteps=(1000.0, 500.0))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("prompt", " \n", "The prompt is empty"),
        ("prompt", "caf\udce9", "The prompt has bytes that are no UTF-8 text"),
        ("negative_prompt", "\ud800", "The negative prompt has bytes"),
        ("model", "/m\udcff", "The model has bytes"),
        ("width", 830, r"830x16 can't be made.* multiples of 16 .* the nearest is 832x16\."),
        ("height", 25, r"32x25 can't be made.* the nearest is 32x32\."),
        ("width", 0, r"the nearest is 16x16\."),
        ("width", -5, r"the nearest is 16x16\."),
        ("width", 99_999, r"the nearest is 8192x16\."),
        ("height", 10**400, r"the nearest is 32x8192\."),
        ("frames", 80, r"80 frames can't be made: .* 4n\+1.* the nearest is 81\."),
        ("frames", 0, r"the nearest is 1\."),
        ("frames", -9, r"the nearest is 1\."),
        ("frames", 10**400 + 1, r"the nearest is 10001\."),
        ("steps", 0, "number of steps can't be 0: it lies between 1 and 1000"),
        ("steps", 1001, "number of steps can't be 1001"),
        ("guidance", 0.5, "guidance can't be 0.5: it lies between 1.0 and 100.0"),
        ("guidance", math.nan, "guidance can't be nan"),
        ("guidance", math.inf, "guidance can't be inf"),
        ("shift", 0.0, "shift can't be 0.0"),
        ("fps", 0, "frame rate can't be 0"),
        ("fps", 241, "frame rate can't be 241: it lies between 1 and 240"),
        ("seed", -1, f"seed can't be -1: it lies between 0 and {MAX_SEED}"),
        ("seed", 2**32, "seed can't be 4294967296"),
        (
            "timesteps",
            (1001.0, 5.0),
            "timesteps 1001, 5 can't be used: they fall from at most 1000",
        ),
        ("timesteps", (500.0, 500.0), "timesteps 500, 500 can't be used"),
        ("timesteps", (500.0, 0.0), "timesteps 500, 0 can't be used"),
        ("timesteps", (math.nan,), "timesteps nan can't be used"),
        ("timesteps", (math.inf,), "timesteps inf can't be used"),
        ("first_frame", "../../etc/passwd", "is no picture that Kinora keeps"),
        ("last_frame", "A" * 64, "is no picture that Kinora keeps"),
        ("video", "clip.mp4", "is no picture that Kinora keeps"),
        ("video_start", 5, "is said, and no video is named: name it"),
        ("video_start", -1, "number of frames to skip can't be -1"),
        ("references", ("a.png",), "is no picture that Kinora keeps"),
        ("references", ("0" * 64,) * 5, "number of references can't be 5: it lies between 0 and 4"),
        (
            "outpaint",
            True,
            "is said, and no video is named: name it",
        ),
        ("kept_frames", 1, "is said, and no video is named: name it"),
        ("mask", "0" * 64, "is said, and no video is named: name it"),
    ],
)
def test_request_refuses(field: str, value: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(REQUEST, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "一个红色的圆 🎈"),
        ("width", 16),
        ("width", 8192),
        ("frames", 1),
        ("frames", 81),
        ("steps", 1000),
        ("guidance", 1.0),
        ("seed", 0),
        ("seed", MAX_SEED),
        ("timesteps", ()),
        ("timesteps", (1000.0, 750.5, 0.1)),
    ],
)
def test_request_takes(field: str, value: object) -> None:
    assert getattr(replace(REQUEST, **{field: value}), field) == value


@pytest.mark.parametrize("pixels", [*range(-3, 60), 8190, 8200])
def test_nearest_size_is_nearest(pixels: int) -> None:
    possible = range(16, 8193, 16)
    assert nearest_size(pixels) in possible
    assert abs(nearest_size(pixels) - pixels) == min(abs(size - pixels) for size in possible)


@pytest.mark.parametrize("frames", [*range(-3, 30), 10_000, 20_000])
def test_nearest_frames_are_nearest(frames: int) -> None:
    possible = range(1, 10_002, 4)
    assert nearest_frames(frames) in possible
    assert abs(nearest_frames(frames) - frames) == min(abs(count - frames) for count in possible)


@pytest.mark.parametrize(
    ("size", "shape"),
    [((832, 480, 81), (16, 21, 60, 104)), ((128, 128, 1), (16, 1, 16, 16))],
    ids=["480P clip", "image"],
)
def test_latent_shape(size: tuple[int, int, int], shape: tuple[int, int, int, int]) -> None:
    assert latent_shape(*size) == shape


PICTURE = "0" * 64


def test_given_pictures_are_frames_by_their_numbers() -> None:
    other = "1" * 64
    assert REQUEST.pictures == {}
    assert replace(REQUEST, first_frame=PICTURE).pictures == {0: PICTURE}
    assert replace(REQUEST, frames=9, last_frame=other).pictures == {8: other}
    both = replace(REQUEST, first_frame=PICTURE, last_frame=other)
    assert both.pictures == {0: PICTURE, 4: other}
    with pytest.raises(UserError, match="leaves nothing to make beside the picture"):
        replace(REQUEST, first_frame=PICTURE, frames=1)


def test_a_video_has_its_own_first_and_last_frames() -> None:
    edit = replace(REQUEST, video=PICTURE, mask="1" * 64, frames=1)
    assert edit.given == (PICTURE, "1" * 64)
    assert edit.pictures == {}
    for frame in ("first_frame", "last_frame"):
        with pytest.raises(UserError, match="take the pictures away, or the video"):
            replace(REQUEST, video=PICTURE, **{frame: PICTURE})
