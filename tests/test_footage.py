"""Clips that are edits of a video: what stays of it, what is made anew, and where the one becomes the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from inference import budget, png
from inference import generate as pipeline
from inference.api.errors import UserError
from inference.api.messages import Event, Finished, Generate, Notice, Progress
from inference.api.pictures import keep, pictures_folder
from inference.api.spec import GenerationRequest
from inference.catalog import Model, find
from inference.footage import SEAM, grown, joined, look_at, pieces_of_footage, read_footage
from inference.generate import generate
from inference.media import open_writer, read_frames
from inference.wan.vae import VAE
from tests.test_condition import KINDS
from tests.tiny_model import make_request, write_tiny_model

CPU = torch.device("cpu")
WIDTH, HEIGHT, FRAMES = 64, 48, 9


def frames_of(seed: int, count: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shape = size[1], size[0], 3
    return [
        torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator) for _ in range(count)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write frames as a video, or a single one as a picture."""

    def run(name: str, frames: list[Tensor], fps: int = 12) -> Path:
        path, (height, width, _) = tmp_path / name, frames[0].shape
        with open_writer(path, width, height, fps, {}) as put:
            for frame in frames:
                put(frame)
        return path

    return run


@pytest.fixture
def video(write: Callable[..., Path]) -> Path:
    return write("video.mp4", frames_of(1, FRAMES))


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """White in a box from (32, 16) on of 16x16."""
    return box_mask(tmp_path / "mask.png")


def box_mask(path: Path) -> Path:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[16:32, 32:48] = 255
    path.write_bytes(png.encode(pixels, ""))
    return path


def edit(video: Path, mask: Path | None, **changes: Any) -> GenerationRequest:
    size = {"width": WIDTH, "height": HEIGHT, "frames": 5}
    names = {"video": keep(video), "mask": keep(mask) if mask is not None else ""}
    return make_request("m", **size | names | changes)


def test_frames_are_the_videos_own_from_the_one_asked_for(video: Path, mask: Path) -> None:
    stored = list(read_frames(video))
    shots = list(read_footage(edit(video, mask, video_start=3)))
    assert len(shots) == 5
    for (frame, _), expected in zip(shots, stored[3:8], strict=True):
        assert torch.equal(frame, expected)


def test_a_picture_masks_every_frame(video: Path, mask: Path) -> None:
    box = torch.zeros(HEIGHT, WIDTH)
    box[16:32, 32:48] = 1
    for _, each in read_footage(edit(video, mask)):
        assert torch.equal(each, box)


def test_a_video_of_masks_goes_with_the_video(video: Path, write: Callable[..., Path]) -> None:
    whites = [torch.full((HEIGHT, WIDTH, 3), 255 * (n % 2), dtype=torch.uint8) for n in range(9)]
    masks = write("masks.mp4", whites)
    told = [float(m.mean()) for _, m in read_footage(edit(video, masks, video_start=1))]
    assert told == [1, 0, 1, 0, 1]


def test_without_a_mask_all_is_made_anew_as_the_video_guides_it(video: Path) -> None:
    request = edit(video, None)
    stored = torch.stack(list(read_frames(video))[:5]).permute(3, 0, 1, 2).float() / 127.5 - 1
    pieces = list(pieces_of_footage(request, torch.float32, CPU))
    assert [piece.shape[2] for piece, _ in pieces] == [1, 4]
    assert torch.allclose(torch.cat([piece for piece, _ in pieces], dim=2)[0], stored, atol=1e-6)
    assert all(bool((m == 1).all()) for _, m in pieces)


def test_what_is_made_anew_is_grey_with_a_seam_around_it(video: Path, mask: Path) -> None:
    (frame, own), *_ = read_footage(edit(video, mask))
    (piece, wide), *_ = pieces_of_footage(edit(video, mask), torch.float32, CPU)
    assert torch.equal(wide[0, 0, 0], grown(own))
    assert grown(own).sum() == (16 + 2 * SEAM) ** 2
    stays = grown(own) == 0
    assert piece[0, :, 0][:, ~stays].abs().max() == 0
    expected = frame.permute(2, 0, 1).float() / 127.5 - 1
    assert torch.allclose(piece[0, :, 0][:, stays], expected[:, stays], atol=1e-6)


def test_a_larger_video_is_cut_to_the_clips_shape(write: Callable[..., Path], mask: Path) -> None:
    wide = torch.zeros(96, 256, 3, dtype=torch.uint8)
    wide[:, 64:192] = 200  # 128x96 in its middle
    large = write("large.png", [wide])
    (frame, _), *_ = read_footage(edit(large, mask, frames=1))
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert (frame == 200).all()


def test_around_the_mask_nothing_is_another() -> None:
    made, frame = frames_of(1, 2)
    own = torch.zeros(HEIGHT, WIDTH)
    own[16:32, 32:48] = 1
    mixed = joined(made, (frame, own))
    stays = grown(own) == 0
    assert mixed.dtype == torch.uint8
    assert torch.equal(mixed[stays], frame[stays])
    assert torch.equal(mixed[own == 1], made[own == 1])
    black, white = torch.zeros_like(made), torch.full_like(made, 255)
    seam = joined(white, (black, own))[24, 47 : 47 + SEAM + 2, 0].tolist()
    assert seam == sorted(seam, reverse=True)
    assert (seam[0], seam[-1]) == (255, 0)
    assert len(set(seam)) > SEAM


def test_a_mask_reaches_the_edge(video: Path) -> None:
    made, frame = frames_of(2, 2)
    assert torch.equal(joined(made, (frame, torch.ones(HEIGHT, WIDTH))), made)


def test_a_video_that_ends_before_the_clip_is_told(
    make: Callable[..., Any],
    video: Path,
    mask: Path,
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "encode_prompts", lambda _: pytest.fail("it began"))
    with pytest.raises(UserError, match="The video has 3 frames from frame 6 on, and 5 are needed"):
        make(edit(video, mask, video_start=6))
    with pytest.raises(UserError, match="The video has 0 frames from frame 90 on"):
        make(edit(video, mask, video_start=90))
    short = write("short.mp4", frames_of(1, 2))
    with pytest.raises(UserError, match="The mask has 2 frames from frame 0 on, and 5 are needed"):
        make(edit(video, short))
    with pytest.raises(UserError, match="The video has 9 frames from frame 0 on, and 13 are"):
        make(onward(video, video_start=0, kept_frames=13, frames=17))


def test_a_picture_that_is_its_own_mask_is_one_frame(
    make: Callable[..., Any], write: Callable[..., Path]
) -> None:
    white = write("white.png", [torch.full((HEIGHT, WIDTH, 3), 255, dtype=torch.uint8)])
    with pytest.raises(UserError, match="The video has 1 frames from frame 0 on, and 5 are needed"):
        make(edit(white, white))


def test_what_would_make_nothing_anew_is_told(
    make: Callable[..., Any], video: Path, write: Callable[..., Path]
) -> None:
    black = write("black.png", [torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8)])
    with pytest.raises(UserError, match="Nothing of the video would be made anew"):
        make(edit(video, black))
    with pytest.raises(UserError, match="or the clip has the video's shape"):
        make(edit(video, None, outpaint=True))


def test_what_is_transparent_in_a_mask_stays(video: Path, tmp_path: Path) -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[..., 3] = 0
    pixels[16:32, 32:48, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    (_, own), *_ = read_footage(edit(video, tmp_path / "mask.png"))
    assert own.sum() == 16 * 16


def test_a_little_more_than_the_clip_is_cut_off(write: Callable[..., Path], mask: Path) -> None:
    (large,) = frames_of(4, 1, (WIDTH + 10, HEIGHT + 15))
    (frame, _), *_ = read_footage(edit(write("large.png", [large]), mask, frames=1))
    assert torch.equal(frame, large[7 : 7 + HEIGHT, 5 : 5 + WIDTH])


def test_a_video_is_looked_at(video: Path, mask: Path) -> None:
    assert look_at(video, 0, 5).frames == 5
    seen = look_at(video, 2, 100)
    assert (seen.width, seen.height, seen.frames, seen.fps) == (WIDTH, HEIGHT, FRAMES - 2, 12.0)
    assert (look_at(mask, 0, 5).frames, look_at(mask, 0, 5).fps) == (1, 0.0)
    with pytest.raises(UserError, match="no more than 9 frames: begin with an earlier one"):
        look_at(video, 9, 5)


# The pipeline


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return find(str(write_tiny_model(tmp_path_factory.mktemp("vace"), KINDS["vace"])))


@pytest.fixture
def make(model: Model, tmp_path: Path) -> Callable[..., list[Event]]:
    """Make a clip as a folder of PNGs."""

    def run(request: GenerationRequest, name: str = "clip", state: str = "") -> list[Event]:
        return list(generate(Generate("job", request, str(tmp_path / name), state), model, CPU))

    return run


def clip(path: Path) -> Tensor:
    return torch.stack(list(read_frames(path)))


def assert_outside_stays(made: Tensor, request: GenerationRequest) -> None:
    shots = list(read_footage(request))
    for frame, (stored, own) in zip(made, shots, strict=True):
        stays = grown(own) == 0
        assert torch.equal(frame[stays], stored[stays])
        assert not torch.equal(frame[own == 1], stored[own == 1])


def test_a_part_of_a_video_is_made_anew(
    make: Callable[..., Any], video: Path, mask: Path, tmp_path: Path
) -> None:
    request = edit(video, mask, video_start=2)
    assert isinstance(make(request)[-1], Finished)
    assert_outside_stays(clip(tmp_path / "clip"), request)
    make(request, "again")
    assert torch.equal(clip(tmp_path / "clip"), clip(tmp_path / "again"))
    make(edit(video, mask, video_start=2, prompt="a square"), "other")
    assert not torch.equal(clip(tmp_path / "clip"), clip(tmp_path / "other"))


def test_a_picture_is_edited_too(
    make: Callable[..., Any], write: Callable[..., Path], mask: Path, tmp_path: Path
) -> None:
    request = edit(write("picture.png", frames_of(3, 1)), mask, frames=1)
    make(request)
    assert_outside_stays(clip(tmp_path / "clip"), request)


def test_another_guide_gives_another_clip(
    make: Callable[..., Any], video: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    make(edit(video, None), "one")
    make(edit(write("other.mp4", frames_of(5, FRAMES)), None), "two")
    assert not torch.equal(clip(tmp_path / "one"), clip(tmp_path / "two"))


def test_an_edit_goes_on_bit_for_bit(
    make: Callable[..., Any], model: Model, video: Path, mask: Path, tmp_path: Path
) -> None:
    request = edit(video, mask, steps=4)
    make(request, "whole")
    state = str(tmp_path / "state")
    for event in generate(Generate("job", request, str(tmp_path / "clip"), state), model, CPU):
        if isinstance(event, Progress) and event.stage == "denoise" and event.step == 2:
            break
    make(request, "clip", state)
    assert torch.equal(clip(tmp_path / "clip"), clip(tmp_path / "whole"))


def test_a_lighter_plan_while_decoding_leaves_frames_in_step(
    make: Callable[..., Any],
    video: Path,
    mask: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = edit(video, mask, frames=9)
    decode, ladder = VAE.decode_stream, budget.ladder
    short = iter([True, False])

    def ends_early(self: VAE, *args: Any, **named: Any) -> Iterator[Tensor]:
        breaks = next(short)
        for number, piece in enumerate(decode(self, *args, **named)):
            if breaks and number == 1:
                raise torch.OutOfMemoryError("CUDA out of memory")
            yield piece

    def light(*given: Any) -> Any:
        heavy = ladder(*given)[0]
        return heavy, replace(heavy, decoding=replace(heavy.decoding, side=2))

    monkeypatch.setattr(budget, "ladder", light)
    monkeypatch.setattr(VAE, "decode_stream", ends_early)
    events = make(request)
    assert any("Memory ran out" in e.message for e in events if isinstance(e, Notice))
    assert_outside_stays(clip(tmp_path / "clip"), request)


def onward(video: Path, **changes: Any) -> GenerationRequest:
    """A clip of 9 frames that goes on after the 8th of a video."""
    return edit(video, None, **{"frames": 9, "video_start": 3, "kept_frames": 5} | changes)


def test_what_goes_on_begins_with_the_end_of_the_video(video: Path) -> None:
    stored = list(read_frames(video))
    shots = list(read_footage(onward(video)))
    assert [float(own.mean()) for _, own in shots] == [0] * 5 + [1] * 4
    for (frame, _), expected in zip(shots, stored[3:8], strict=False):
        assert torch.equal(frame, expected)
    pieces = list(pieces_of_footage(onward(video), torch.float32, CPU))
    assert [piece.shape[2] for piece, _ in pieces] == [1, 4, 4]
    assert pieces[-1][0].abs().max() == 0
    assert [float(m.mean()) for _, m in pieces] == [0, 0, 1]


def test_a_clip_goes_on_where_a_video_ends(
    make: Callable[..., Any], video: Path, tmp_path: Path
) -> None:
    request = onward(video)
    finished = make(request)[-1]
    made, stored = clip(tmp_path / "clip"), torch.stack(list(read_frames(video)))
    assert isinstance(finished, Finished)
    assert len(made) == finished.frames == request.written_frames == 12
    assert torch.equal(made[:8], stored[:8])
    make(replace(request, prompt="a square"), "other")
    other = clip(tmp_path / "other")
    assert torch.equal(other[:8], made[:8])
    assert not torch.equal(other[8:], made[8:])


def test_all_of_a_video_is_in_a_clip_of_another_shape(video: Path, mask: Path) -> None:
    stored = next(read_frames(video))
    (frame, own), *_ = read_footage(edit(video, None, width=96, outpaint=True))
    assert torch.equal(frame[:, 16:80], stored)
    assert (own[:, :16] == 1).all()
    assert (own[:, 80:] == 1).all()
    assert (own[:, 16:80] == 0).all()
    (_, both), *_ = read_footage(edit(video, mask, width=96, outpaint=True))
    own[16:32, 48:64] = 1
    assert torch.equal(both, own)
    (frame, own), *_ = read_footage(edit(video, None, width=32, height=64, outpaint=True))
    assert own.sum() == 32 * (64 - 24)
    assert frame[:20].max() == frame[44:].max() == 0


def test_what_is_around_a_video_is_made_anew(
    make: Callable[..., Any], video: Path, tmp_path: Path
) -> None:
    request = edit(video, None, width=96, outpaint=True)
    make(request)
    assert_outside_stays(clip(tmp_path / "clip"), request)


def test_a_video_that_is_gone_is_told_before_any_work(
    make: Callable[..., Any], video: Path, mask: Path
) -> None:
    request = edit(video, mask)
    (pictures_folder() / request.video).unlink()
    with pytest.raises(UserError, match="isn't on this machine any more: choose it again"):
        make(request)
