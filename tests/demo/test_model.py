"""The model that ships, run as a user runs it: the clip shows what the prompt says."""

import random
from dataclasses import astuple, replace
from pathlib import Path

import pytest
import torch

from assets.demo.recipe import world
from assets.demo.recipe.judge import judge
from inference import png
from inference.api.messages import Generate
from inference.api.models import DEMO, ROOT
from inference.api.spec import WeightFormat, default_request
from inference.catalog import find
from inference.command_line import main
from inference.generate import generate
from inference.media import read_frames
from inference.weights.params import dit_params, text_params, vae_params

MAX_BYTES = 24 * 2**20


def test_asset_is_small_and_of_the_shape_the_program_expects() -> None:
    files = find(DEMO.name).files
    assert files.dit is not None
    assert files.text is not None
    assert files.vae is not None
    assert dit_params(files.dit) == DEMO.dit
    assert text_params(files.text) == DEMO.text
    assert vae_params(files.vae) == DEMO.vae
    folder = ROOT / DEMO.folder
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a blue square moves up at night", ("square", "blue", "night", "up")),
        ("a green triangle stays still on the sand", ("triangle", "green", "sand", "still")),
        ("棋盘上，紫色圆静止不动", ("circle", "purple", "chessboard", "still")),
        ("一个红色的方块在天空中向右移动", ("square", "red", "sky", "right")),
    ],
)
def test_prompt_becomes_a_clip_of_the_thing_it_names(
    prompt: str, wanted: tuple[str, str, str, str], tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    assert main(["generate", prompt, "--seed", "1", "-o", str(clip)]) == 0
    frames = torch.stack(list(read_frames(clip)))  # [F, H, W, 3]
    assert frames.shape == (world.FRAMES, world.SIZE, world.SIZE, 3)
    seen = judge(frames.permute(3, 0, 1, 2) / 127.5 - 1)
    assert astuple(seen) == wanted


@pytest.mark.parametrize("given", ["first", "last", "first last"])
def test_given_frames_are_the_clips(given: str, tmp_path: Path) -> None:
    """And what lies between them is what the prompt says; no such combination was in training."""
    wanted = ("circle", "yellow", "sky", "left")
    assert wanted in world.held_out(world.CORE_MOTIONS)
    drawn = world.render(world.random_scene(random.Random(3), wanted), world.clip_times())
    options: list[str] = []
    for which in given.split():
        pixels = drawn[:, 0 if which == "first" else -1].permute(1, 2, 0).add(1).mul(127.5).round()
        file = tmp_path / f"{which}.png"
        file.write_bytes(png.encode(pixels.byte().contiguous().numpy(), ""))
        options += [f"--{which}-frame", str(file)]
    clip = tmp_path / "clip"
    prompt = "a yellow circle moves left in the sky"
    assert main(["generate", prompt, "--seed", "1", *options, "-o", f"{clip}/"]) == 0
    made = torch.stack(list(read_frames(clip))).permute(3, 0, 1, 2) / 127.5 - 1
    assert astuple(judge(made)) == wanted
    for which in given.split():
        frame = 0 if which == "first" else -1
        error = (made[:, frame] - drawn[:, frame]).square().mean() / 4
        assert -10 * error.log10() > 24


def made_on(device: torch.device, weights: WeightFormat, folder: Path) -> torch.Tensor:
    """A clip [F, H, W, 3] in [0, 255]."""
    request = default_request("a red circle moves left on the sand", DEMO.name, DEMO.defaults, 1)
    order = Generate("job", replace(request, weights=weights), str(folder))
    for _ in generate(order, find(DEMO.name), device):
        pass
    return torch.stack(list(read_frames(folder))).float()


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("weights", "least"),
    [
        (WeightFormat.NATIVE, 35.0),
        (WeightFormat.INT8, 32.0),
        (WeightFormat.INT8_WEIGHT_ONLY, 32.0),
        (WeightFormat.FP8, 24.0),
        (WeightFormat.FP8_WEIGHT_ONLY, 24.0),
        (WeightFormat.NF4, 18.0),
    ],
)
def test_clip_of_a_card_is_that_of_a_processor(
    weights: WeightFormat, least: float, tmp_path: Path
) -> None:
    expected = made_on(torch.device("cpu"), WeightFormat.NATIVE, tmp_path / "cpu")
    actual = made_on(torch.device("cuda", 0), weights, tmp_path / "card")
    noise = (actual - expected).square().mean()
    assert float(10 * torch.log10(255**2 / noise)) >= least
