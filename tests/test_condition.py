"""From picture files to what the transformer is given of them, and the clips that come of it."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from inference import budget, png
from inference import generate as pipeline
from inference.api.device import Stage
from inference.api.errors import UserError
from inference.api.messages import Event, Finished, Generate, Notice, Preview, Progress
from inference.api.pictures import pictures_folder
from inference.api.plan import Tiling
from inference.api.spec import DiTParams, ImageParams, Task
from inference.catalog import Model, find
from inference.condition import (
    Way,
    read_picture,
    read_reference,
    size_of,
    stream_condition,
    take_picture,
)
from inference.footage import cut
from inference.generate import generate
from inference.load import load_image_encoder, load_vae
from inference.media import read_frames
from inference.wan.dit import DiT
from inference.wan.image import ImageEncoder, preprocess
from inference.wan.vae import VAE
from tests.checkpoints import write_torch
from tests.tiny_model import DIT, make_request, write_tiny_model

CPU = torch.device("cpu")
TOWER = ImageParams(
    image_size=28, patch_size=14, dim=32, mlp_dim=64, num_heads=2, num_layers=3, out_dim=16
)
IMAGE_DIT = replace(DIT, in_dim=36, image_dim=TOWER.dim)
KINDS: dict[str, DiTParams] = {
    "vace": replace(DIT, vace_layers=(0,)),
    "i2v": IMAGE_DIT,
    "flf2v": replace(IMAGE_DIT, image_positions=2 * 257),
}

Make = Callable[..., list[Event]]


def picture(path: Path, seed: int, width: int = 64, height: int = 32) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    path.write_bytes(png.encode(pixels, ""))
    return path


@pytest.fixture
def first(tmp_path: Path) -> str:
    return take_picture(picture(tmp_path / "first.png", 1))


@pytest.fixture
def last(tmp_path: Path) -> str:
    return take_picture(picture(tmp_path / "last.png", 2))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """A tiny model of each kind that takes pictures."""
    made: dict[str, Model] = {}
    for kind, params in KINDS.items():
        folder = write_tiny_model(tmp_path_factory.mktemp(kind), params)
        if params.image_dim:
            tower = {f"visual.{n}": t for n, t in ImageEncoder(TOWER_224).state_dict().items()}
            write_torch(folder / "clip.pth", tower)
        made[kind] = find(str(folder))
    return made


TOWER_224 = replace(TOWER, image_size=224)  # what the pictures are squeezed to


@pytest.fixture
def make(models: dict[str, Model], tmp_path: Path) -> Make:
    """Make a clip as a folder of PNGs with a model of some kind."""

    def run(
        name: str = "clip", kind: str = "vace", state: str = "", **changes: object
    ) -> list[Event]:
        model = models[kind]
        request = make_request(model.files.path, **changes)
        return list(generate(Generate("job", request, str(tmp_path / name), state), model, CPU))

    return run


def frames(path: Path) -> Tensor:
    return torch.stack(list(read_frames(path)))


def given(model: Model, **changes: Any) -> dict[str, Tensor]:
    stream = stream_condition(
        model, make_request(model.files.path, **changes), Way(CPU, torch.float32, Tiling())
    )
    while True:
        try:
            next(stream)
        except StopIteration as finished:
            return finished.value


def test_a_picture_is_cut_in_its_middle_to_the_clips_shape(first: str) -> None:
    pixels = torch.stack(list(read_frames(pictures_folder() / first)))[0]
    whole = pixels.permute(2, 0, 1).float() / 127.5 - 1
    for size, part in {
        (64, 16): whole[:, 8:24],
        (16, 32): whole[:, :, 24:40],
        (64, 32): whole,
    }.items():
        shown = read_picture(first, make_request("m", width=size[0], height=size[1]))
        assert torch.allclose(shown.frame, part, atol=1e-5)
        assert torch.allclose(shown.seen, preprocess(part), atol=1e-5)


@pytest.mark.parametrize(("shape", "aspect"), [((3, 1, 400), 0.01), ((3, 400, 1), 50.0)])
def test_even_a_line_leaves_a_pixel(shape: tuple[int, ...], aspect: float) -> None:
    assert min(cut(torch.zeros(shape), aspect).shape) >= 1


@torch.inference_mode()
def test_frames_are_given_where_they_belong(
    models: dict[str, Model], first: str, last: str
) -> None:
    """A clip that is grey but for the pictures, encoded as a whole."""
    model = models["i2v"]
    request = make_request(model.files.path, width=64, height=32, frames=9)
    condition = given(model, width=64, height=32, frames=9, first_frame=first, last_frame=last)
    video = torch.zeros(1, 3, 9, 32, 64)
    video[:, :, 0], video[:, :, 8] = (read_picture(n, request).frame for n in (first, last))
    latent = load_vae(model.vae, torch.float32, CPU).encode(video)
    assert torch.allclose(condition["condition"][:, 4:], latent, atol=1e-5)
    marks = condition["condition"][0, :4, :, 0, 0]
    assert marks.T.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1]]


@torch.inference_mode()
def test_the_tower_sees_the_picture_as_it_was_and_both_in_order(
    models: dict[str, Model], first: str, last: str
) -> None:
    model = models["flf2v"]
    seen = given(model, first_frame=first, last_frame=last)["image_context"]
    tower = load_image_encoder(model.image, torch.float32, CPU)
    request = make_request(model.files.path)
    pictures = [read_picture(name, request).seen for name in (first, last)]
    expected = torch.cat([tower(each[None]) for each in pictures], dim=1)
    assert seen.shape == (1, 2 * 257, TOWER.dim)
    assert torch.allclose(seen, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "which"), [("vace", "f"), ("vace", "l"), ("vace", "fl"), ("i2v", "f"), ("flf2v", "fl")]
)
def test_a_clip_is_another_with_another_picture(
    kind: str, which: str, make: Make, first: str, last: str, tmp_path: Path
) -> None:
    names = {
        "first_frame": first if "f" in which else "",
        "last_frame": last if "l" in which else "",
    }
    *events, finished = make("one", kind, **names)
    assert isinstance(finished, Finished)
    assert Stage.CONDITION in [report.stage for report in finished.stages]
    told = [e for e in events if isinstance(e, Progress) and e.stage is Stage.CONDITION]
    assert told[-1].step == told[-1].steps
    make("again", kind, **names)
    make(
        "other",
        kind,
        **dict(zip(names, reversed(names.values()), strict=True))
        if kind != "i2v"
        else {"first_frame": last},
    )
    assert torch.equal(frames(tmp_path / "one"), frames(tmp_path / "again"))
    assert not torch.equal(frames(tmp_path / "one"), frames(tmp_path / "other"))


def test_text_alone_runs_no_block_of_vace(
    make: Make, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed_control(*_: object) -> None:
        raise AssertionError("VACE's blocks run")

    monkeypatch.setattr(DiT, "embed_control", embed_control)
    assert isinstance(make()[-1], Finished)
    with pytest.raises(AssertionError, match="VACE's blocks run"):
        make("given", first_frame=first)


@pytest.mark.parametrize("kind", ["vace", "i2v"])
def test_blocks_that_stream_give_the_same_clip(
    kind: str, make: Make, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("resident", kind, first_frame=first)
    whole = budget.ladder
    monkeypatch.setattr(
        budget,
        "ladder",
        lambda *given: tuple(replace(each, resident_blocks=0) for each in whole(*given)),
    )
    make("streamed", kind, first_frame=first)
    assert torch.equal(frames(tmp_path / "resident"), frames(tmp_path / "streamed"))


def test_a_clip_goes_on_with_its_pictures_bit_for_bit(
    models: dict[str, Model], make: Make, first: str, tmp_path: Path
) -> None:
    make("whole", first_frame=first, steps=4)
    request = make_request(models["vace"].files.path, first_frame=first, steps=4)
    state = str(tmp_path / "state")
    command = Generate("job", request, str(tmp_path / "paused"), state)
    for event in generate(command, models["vace"], CPU):
        if isinstance(event, Progress) and (event.stage, event.step) == (Stage.DENOISE, 2):
            break
    events = make("paused", state=state, first_frame=first, steps=4)
    told = [e.step for e in events if isinstance(e, Progress) and e.stage is Stage.DENOISE]
    assert told == [3, 4]
    assert torch.equal(frames(tmp_path / "paused"), frames(tmp_path / "whole"))


def test_pictures_are_read_again_with_less_memory(
    make: Make, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("whole", first_frame=first)
    ladder, encode, runs = budget.ladder, VAE.encode_stream, iter([True, False, False, False])

    def light(*given: Any) -> Any:
        heavy = ladder(*given)[0]
        return heavy, replace(heavy, encoding=replace(heavy.encoding, side=2))

    def short(self: VAE, *args: Any, **named: Any) -> Any:
        if next(runs):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(self, *args, **named)

    monkeypatch.setattr(budget, "ladder", light)
    monkeypatch.setattr(VAE, "encode_stream", short)
    events = make("lighter", first_frame=first)
    assert any("Memory ran out" in e.message for e in events if isinstance(e, Notice))
    apart = frames(tmp_path / "lighter").int() - frames(tmp_path / "whole").int()
    assert apart.abs().max() <= 1


def test_a_picture_that_is_gone_is_told_before_any_work(
    make: Make, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures_folder() / first).unlink()
    monkeypatch.setattr(pipeline, "encode_prompts", lambda _: pytest.fail("it began"))
    with pytest.raises(UserError, match="isn't on this machine any more: choose it again"):
        make(first_frame=first)


def test_what_a_model_cannot_begin_with_is_told_before_any_work(
    make: Make, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_generate", lambda *_: pytest.fail("it began"))
    with pytest.raises(UserError, match="from the clip's first frame alone"):
        make(kind="i2v", last_frame=first)


def test_only_a_picture_is_taken(tmp_path: Path, make: Make) -> None:
    make("clip")
    with pytest.raises(UserError, match="clip isn't one picture: choose a file with a single one"):
        take_picture(tmp_path / "clip")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UserError, match="can't be read as an image or a video: it is damaged"):
        take_picture(tmp_path / "text.png")
    with pytest.raises(UserError, match=r"gone\.png can't be read"):
        take_picture(tmp_path / "gone.png")


def test_a_photograph_with_another_behind_it_is_one_picture(tmp_path: Path) -> None:
    """As phones write it: a second JPEG tells how bright the first is."""
    one, two = BytesIO(), BytesIO()
    Image.new("RGB", (64, 48), (255, 0, 0)).save(one, "JPEG")
    Image.new("RGB", (32, 24), (0, 0, 255)).save(two, "JPEG")
    photograph = tmp_path / "photo.jpg"
    photograph.write_bytes(one.getvalue() + two.getvalue())
    shown = read_picture(take_picture(photograph), make_request("m", width=64, height=48))
    assert shown.frame.shape == (3, 48, 64)
    assert shown.frame[0].min() > 0.9
    assert shown.frame[2].max() < -0.9


def test_a_picture_tells_its_size(tmp_path: Path) -> None:
    assert size_of(picture(tmp_path / "a.png", 1, width=48, height=20)) == (48, 20)


def test_a_reference_is_whole_on_white(tmp_path: Path) -> None:
    name = take_picture(picture(tmp_path / "a.png", 3, width=64, height=32))
    shown = read_reference(name, make_request("m", width=64, height=64))
    assert shown.shape == (3, 64, 64)
    assert (shown[:, :16] == 1).all()
    assert (shown[:, 48:] == 1).all()
    pixels = next(read_frames(pictures_folder() / name)).permute(2, 0, 1).float() / 127.5 - 1
    assert torch.allclose(shown[:, 16:48], pixels, atol=1e-5)
    tall = read_reference(name, make_request("m", width=16, height=64))
    assert (tall[:, :28] == 1).all()
    assert not (tall[:, 28:36] == 1).all()


def test_a_clip_shows_its_references(make: Make, first: str, last: str, tmp_path: Path) -> None:
    finished = make("one", references=(first, last))[-1]
    assert isinstance(finished, Finished)
    assert len(frames(tmp_path / "one")) == finished.frames == 5
    make("again", references=(first, last))
    make("turned", references=(last, first))
    make("with frame", references=(first,), first_frame=last)
    made = {name: frames(tmp_path / name) for name in ("one", "again", "turned", "with frame")}
    assert torch.equal(made["one"], made["again"])
    assert not torch.equal(made["one"], made["turned"])
    assert not torch.equal(made["one"], made["with frame"])


def test_a_clip_goes_on_with_its_references(
    models: dict[str, Model], make: Make, first: str, tmp_path: Path
) -> None:
    make("whole", references=(first,), steps=4)
    request = make_request(models["vace"].files.path, references=(first,), steps=4)
    state, previews = str(tmp_path / "state"), str(tmp_path / "previews")
    command = Generate("job", request, str(tmp_path / "paused"), state, previews)
    shown = []
    for event in generate(command, models["vace"], CPU):
        if isinstance(event, Preview):
            shown.append(event.frames)
        if isinstance(event, Progress) and (event.stage, event.step) == (Stage.DENOISE, 2):
            break
    assert set(shown) == {2}  # a picture for a frame of the latent, none for the reference
    make("paused", state=state, references=(first,), steps=4)
    assert torch.equal(frames(tmp_path / "paused"), frames(tmp_path / "whole"))


def test_every_kind_is_told_apart(models: dict[str, Model]) -> None:
    tasks = {kind: model.spec.tasks for kind, model in models.items()}
    assert tasks == {
        "vace": {Task.T2V, Task.VACE},
        "i2v": {Task.I2V},
        "flf2v": {Task.FLF2V},
    }
