import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference import recipe as recipes
from inference.api.errors import UserError
from inference.api.spec import Solver
from inference.catalog import find
from inference.command_line import main
from inference.media import open_writer, read_frames, read_metadata
from inference.recipe import TAG, Origin, Recipe, identity_of
from tests.tiny_model import make_request, write_tiny_model

CPU = torch.device("cpu")
REQUEST = make_request(
    "/models/红 1",
    prompt='一个红色的圆\n"\\; =#\u2028 🎈',
    negative_prompt="blue",
    seed=2**32 - 1,
    solver=Solver.LCM,
    timesteps=(1000.0, 0.1),
    guidance=1.1,
    cfg_zero_star=True,
)
SHORT = ["--size", "32x16", "--frames", "5", "--steps", "2"]


def write_clip(path: Path, tags: dict[str, str]) -> None:
    with open_writer(path, 32, 16, 8, tags) as write:
        write(torch.zeros(16, 32, 3, dtype=torch.uint8))


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.png", "folder"])
def test_recipe_travels_in_the_clip(name: str, tiny_model: Path, tmp_path: Path) -> None:
    recipe = Recipe.of(REQUEST, find(str(tiny_model)).files, CPU)
    write_clip(tmp_path / name, recipe.tags())
    assert Recipe.read(tmp_path / name) == recipe


def test_recipe_names_what_computed_it(tiny_model: Path) -> None:
    origin = Recipe.of(REQUEST, find(str(tiny_model)).files, CPU).origin
    assert origin.torch_version == torch.__version__
    assert origin.device == "cpu"


def test_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"RTX {device}")
    assert Origin.here(torch.device("cuda")).device == "RTX cuda"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"title": "holiday"},
        {TAG: ""},
        {TAG: "no JSON"},
        {TAG: "[]"},
        {TAG: json.dumps({"request": {}, "model_identity": "", "origin": {}})},
    ],
    ids=["none", "another's", "empty", "no JSON", "list", "fields lacking"],
)
def test_clip_without_a_recipe_is_told(tags: dict[str, str], tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", tags)
    with pytest.raises(UserError, match=r"a\.mp4 holds no recipe that can be read: only a clip"):
        Recipe.read(tmp_path / "a.mp4")


def test_recipe_that_was_tampered_with_is_told(tiny_model: Path, tmp_path: Path) -> None:
    tags = Recipe.of(REQUEST, find(str(tiny_model)).files, CPU).tags()
    write_clip(tmp_path / "a.png", {TAG: tags[TAG].replace('"width": 32', '"width": 33')})
    with pytest.raises(UserError, match="the nearest is 32x16"):
        Recipe.read(tmp_path / "a.png")


def test_identity_is_that_of_the_content(tiny_model: Path, tmp_path: Path) -> None:
    files = find(str(tiny_model)).files
    copy = find(str(write_tiny_model(tmp_path / "copy"))).files
    assert identity_of(copy) == identity_of(files)
    assert copy.tokenizer is not None
    copy.tokenizer.write_text(copy.tokenizer.read_text("utf-8") + "\n", "utf-8")
    assert identity_of(copy) != identity_of(files)
    copy.tokenizer.unlink()
    with pytest.raises(UserError, match=r"tokenizer\.json can't be read \(No such file"):
        identity_of(copy)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif", "clip"])
def test_clip_is_made_again_bit_for_bit(
    name: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = tmp_path / name, tmp_path / f"again {name}"
    prompt = ["a red 圆 moves", "--model", str(tiny_model), "--seed", "7", "--guidance", "2.5"]
    assert main(["generate", *prompt, *SHORT, "-o", str(first)]) == 0
    assert main(["generate", "--from", str(first), "-o", str(again)]) == 0
    output = capsys.readouterr()
    assert output.out == f"{first}\n{again}\n"
    assert "slightly different" not in output.err
    for one, other in zip(read_frames(first), read_frames(again), strict=True):
        assert torch.equal(one, other)
    assert read_metadata(first) == read_metadata(again)
    if first.is_dir():
        assert contents(first) == contents(again)


def test_parts_of_a_recipe_can_be_changed(tiny_model: Path, tmp_path: Path) -> None:
    first, other = tmp_path / "a.png", tmp_path / "b.png"
    prompt = ["a red circle", "--model", str(tiny_model), "--size", "32x16", "--frames", "1"]
    assert main(["generate", *prompt, "--steps", "1", "--seed", "7", "-o", str(first)]) == 0
    changes = ["a blue circle", "--steps", "2", "--cfg-zero-star", "-o", str(other)]
    assert main(["generate", "--from", str(first), *changes]) == 0
    before, after = Recipe.read(first).request, Recipe.read(other).request
    assert after == replace(before, prompt="a blue circle", steps=2, cfg_zero_star=True)


def test_recipe_of_other_weights_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, model = tmp_path / "a.png", write_tiny_model(tmp_path / "model")
    prompt = ["a", "--model", str(model), "--size", "16x16", "--frames", "1", "--steps", "1"]
    assert main(["generate", *prompt, "-o", str(clip)]) == 0
    with (model / "google/umt5-xxl/tokenizer.json").open("a") as file:
        file.write("\n")
    again = ["generate", "--from", str(clip), "-o", str(tmp_path / "b.png")]
    assert main(again) == 2
    assert "was made with other weights than" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()
    assert main([*again, "--model", str(model)]) == 0


def test_recipe_of_another_machine_is_repeated_with_a_word(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(recipes, "VERSION", "0.0.1")
    recipe = Recipe.of(make_request(tiny_model, frames=1), find(str(tiny_model)).files, CPU)
    monkeypatch.undo()
    write_clip(tmp_path / "a.png", recipe.tags())
    assert main(["generate", "--from", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png")]) == 0
    assert "was made by Kinora 0.0.1 with torch" in capsys.readouterr().err


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}
