import argparse
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from inference import png
from inference.api.errors import UserError
from inference.api.models import MODELS
from inference.api.spec import MAX_SEED, Solver
from inference.media import open_writer
from inference.options import GenerateOptions, Order, add_generate_options, free_name, make_order
from inference.recipe import Recipe
from tests.tiny_model import make_request


def order(*arguments: str) -> Order:
    parser = argparse.ArgumentParser()
    add_generate_options(parser)
    return make_order(GenerateOptions.of(parser.parse_args(arguments)))


def test_the_rest_is_the_models_choice(tiny_model: Path) -> None:
    request = order("a", "--model", str(tiny_model)).request
    d = MODELS["t2v-1.3b"].defaults
    assert (request.width, request.height, request.frames) == (d.width, d.height, d.frames)
    assert (request.steps, request.guidance, request.shift) == (d.steps, d.guidance, d.shift)
    assert (request.solver, request.fps, request.timesteps) == (d.solver, d.fps, ())
    assert (request.negative_prompt, request.cfg_zero_star) == (d.negative_prompt, False)
    assert not request.exact_attention


def test_every_option_counts(tiny_model: Path) -> None:
    request = order(
        "一个圆", "--model", str(tiny_model), "--negative", "", "--size", "64 X 32", "--frames", "9",
        "--steps", "3", "--guidance", "1", "--shift", "0.5", "--seed", "0", "--solver", "lcm",
        "--timesteps", "1000,500.5", "--cfg-zero-star", "--fps", "24", "--exact-attention",
    ).request  # fmt: skip
    assert request == make_request(
        tiny_model, prompt="一个圆", negative_prompt="", width=64, height=32, frames=9, steps=3,
        guidance=1.0, shift=0.5, seed=0, solver=Solver.LCM, timesteps=(1000.0, 500.5),
        cfg_zero_star=True, fps=24, exact_attention=True,
    )  # fmt: skip


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """One of 64x48."""
    path = tmp_path / "a.png"
    path.write_bytes(png.encode(np.zeros((48, 64, 3), np.uint8), ""))
    return str(path)


@pytest.mark.parametrize("which", ["--first-frame", "--image", "--last-frame"])
def test_a_clip_takes_the_shape_of_its_picture(which: str, tiny_model: Path, picture: str) -> None:
    request = order("a", "--model", str(tiny_model), which, picture).request
    name = hashlib.sha256(Path(picture).read_bytes()).hexdigest()
    is_last = which == "--last-frame"
    assert (request.first_frame, request.last_frame) == (("", name) if is_last else (name, ""))
    assert (request.width, request.height) == (736, 544)
    sized = order("a", "--model", str(tiny_model), which, picture, "--size", "32x16").request
    assert (sized.width, sized.height) == (32, 16)


@pytest.fixture
def video(tmp_path: Path) -> str:
    """Twelve frames of 64x48, ten a second."""
    path = tmp_path / "video.mp4"
    with open_writer(path, 64, 48, 10, {}) as write:
        for shade in range(12):
            write(np.full((48, 64, 3), 20 * shade, np.uint8))
    return str(path)


def test_an_edit_is_like_its_video(tiny_model: Path, video: str, picture: str) -> None:
    given = "a", "--model", str(tiny_model), "--video", video
    request = order(*given, "--video-start", "3", "--mask", picture).request
    assert (request.width, request.height, request.frames, request.fps) == (64, 48, 9, 10)
    assert request.video == hashlib.sha256(Path(video).read_bytes()).hexdigest()
    assert request.mask == hashlib.sha256(Path(picture).read_bytes()).hexdigest()
    assert request.video_start == 3
    chosen = order(*given, "--size", "32x16", "--frames", "5", "--fps", "24").request
    assert (chosen.width, chosen.height, chosen.frames, chosen.fps) == (32, 16, 5, 24)
    still = order("a", "--model", str(tiny_model), "--video", picture).request
    assert (still.frames, still.fps) == (1, MODELS["t2v-1.3b"].defaults.fps)
    with pytest.raises(UserError, match="no more than 12 frames: begin with an earlier one"):
        order(*given, "--video-start", "12")


def test_a_clip_goes_on_with_a_video(tiny_model: Path, video: str) -> None:
    given = "a", "--model", str(tiny_model), "--video", video, "--continue"
    request = order(*given, "--frames", "17").request
    assert (request.width, request.height, request.frames, request.fps) == (64, 48, 17, 10)
    assert (request.video_start, request.kept_frames) == (7, 5)
    assert request.written_frames == 7 + 17
    kept = order(*given, "--keep", "9").request
    assert (kept.frames, kept.video_start, kept.kept_frames) == (81, 3, 9)
    assert order(*given).request.kept_frames == 9  # of 12 that there are


def test_what_is_around_a_video_needs_another_shape(tiny_model: Path, video: str) -> None:
    given = "a", "--model", str(tiny_model), "--video", video, "--outpaint"
    with pytest.raises(UserError, match="so that nothing is around it: choose another with --size"):
        order(*given)
    request = order(*given, "--size", "96x48").request
    assert (request.width, request.height, request.outpaint) == (96, 48, True)


def test_a_recipe_goes_on_or_takes_another_video(
    tiny_model: Path, video: str, tmp_path: Path
) -> None:
    source = tmp_path / "clip.mp4"
    given = "a", "--model", str(tiny_model), "--video", video
    made = order(*given, "--continue", "--frames", "9", "--keep", "5")
    recipe = Recipe.of(made.request, made.model.files, torch.device("cpu"))
    with open_writer(source, 64, 48, 10, recipe.tags()) as write:
        for _ in range(8):
            write(np.zeros((48, 64, 3), np.uint8))
    again = order("--from", str(source)).request
    assert again == made.request
    on = order("--from", str(source), "--video", str(source), "--continue", "--keep", "1").request
    assert (on.video_start, on.kept_frames, on.mask) == (7, 1, "")
    other = order("--from", str(source), "--video", str(source), "--frames", "5").request
    assert (other.video_start, other.kept_frames) == (0, 0)
    none = order("--from", str(source), "--video", "").request
    assert none.given == ()
    with pytest.raises(UserError, match="use --continue and --keep with --video"):
        order("--from", str(source), "--keep", "9")


def test_references_are_in_the_order_that_they_are_given(
    tiny_model: Path, picture: str, tmp_path: Path
) -> None:
    other = tmp_path / "b.png"
    other.write_bytes(png.encode(np.ones((8, 8, 3), np.uint8), ""))
    names = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (other, picture)]
    given = "--reference", str(other), "--reference", picture
    request = order("a", "--model", str(tiny_model), *given).request
    assert request.references == tuple(names)
    d = MODELS["t2v-1.3b"].defaults
    assert (request.width, request.height) == (d.width, d.height)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--continue"], "use --continue and --keep with --video"),
        (["--video", "VIDEO", "--keep", "5"], "use --continue and --keep with --video"),
        (["--video", "VIDEO", "--continue", "--video-start", "1"], "without --video-start"),
        (["--video", "VIDEO", "--continue", "--keep", "13"], "has 12 frames: keep from 1 to 12"),
        (["--video", "VIDEO", "--continue", "--keep", "0"], "has 12 frames: keep from 1 to 12"),
        (
            ["--video", "VIDEO", "--continue", "--keep", "6"],
            r"their number is 4n\+1; the nearest is",
        ),
        (
            ["--video", "VIDEO", "--continue", "--mask", "VIDEO"],
            "leave out the mask, or outpainting",
        ),
        (["--video", "VIDEO", "--continue", "--outpaint", "--size", "96x48"], "leave out the mask"),
        (["--video-start", "3"], "no video is named"),
        (["--video", "VIDEO", "--continue", "--frames", "5", "--keep", "9"], "leave nothing of 5"),
    ],
)
def test_what_a_clip_cannot_go_on_with_is_told(
    arguments: list[str], says: str, tiny_model: Path, video: str
) -> None:
    named = [video if argument == "VIDEO" else argument for argument in arguments]
    with pytest.raises(UserError, match=says):
        order("a", "--model", str(tiny_model), *named)


def test_seed_is_always_concrete(tiny_model: Path) -> None:
    seeds = {order("a", "--model", str(tiny_model)).request.seed for _ in range(5)}
    assert len(seeds) == 5
    assert max(seeds) <= MAX_SEED


def test_path_of_the_model_holds_in_every_folder(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_model.parent)
    assert order("a", "--model", "tiny").request.model == str(tiny_model.resolve())


@pytest.mark.parametrize("size", ["", "832", "832x", "x480", "-16x16", "1e3x16", "16x16x16"])
def test_size_that_cannot_be_read_is_told(size: str, tiny_model: Path) -> None:
    with pytest.raises(UserError, match=r"The size '.*' can't be read: write it as WIDTHxHEIGHT"):
        order("a", "--model", str(tiny_model), f"--size={size or ' '}")


@pytest.mark.parametrize("timesteps", ["high", "1000;500", "1000,"])
def test_timesteps_that_cannot_be_read_are_told(timesteps: str, tiny_model: Path) -> None:
    with pytest.raises(UserError, match=r"The timesteps '.*' can't be read: write numbers"):
        order("a", "--model", str(tiny_model), "--timesteps", timesteps)


def test_prompt_has_to_be_given() -> None:
    with pytest.raises(UserError, match="There is no prompt"):
        order()


@pytest.mark.parametrize(
    ("prompt", "frames", "name"),
    [
        ("A red circle!", 5, "a-red-circle-1.mp4"),
        ("../../etc/passwd", 5, "etc-passwd-1.mp4"),
        ("一个红色的圆，在夜晚", 1, "一个红色的圆-在夜晚-1.png"),
        ("?!", 5, "clip-1.mp4"),
        ("word " * 100, 5, "word-word-word-word-word-word-word-word-1.mp4"),
    ],
)
def test_clip_is_named_after_its_prompt(
    prompt: str, frames: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    request = make_request("demo", prompt=prompt, frames=frames)
    assert free_name(request) == Path(name)
    taken = [tmp_path / name, tmp_path / "-2.".join(name.rsplit(".", 1))]
    for path in taken:
        path.touch()
    assert free_name(request) == Path("-3.".join(name.rsplit(".", 1)))
