"""The video that a clip is an edit of: its frames at the clip's size, what of them is made anew, and the clip
that comes of both."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.api import pictures
from inference.api.errors import UserError
from inference.api.spec import TEMPORAL_STRIDE, GenerationRequest
from inference.media import read_frames, read_rate
from inference.wan.given import Piece

# Pixels around a mask that are made anew, too: over them what is made becomes what was there.
SEAM = 8
WHITE = 127  # what is brighter in a mask is made anew
GREY = 127  # of what isn't known

# A frame uint8 [H, W, 3] at the clip's size, and a mask [H, W] that is 1.0 where it is made anew, or else 0.0.
Shot = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a video is like from some frame on: pixels, frames that are there, frames a second; 0 of a picture."""

    width: int
    height: int
    frames: int
    fps: float


def look_at(path: Path, start: int, most: int) -> Sight:
    """The video at `path` from frame `start` on, as far as `most` frames. Raises `UserError` if it is none, or
    ends before."""
    frames = islice(read_frames(path, start), most)
    first = next(frames, None)
    if first is None:
        raise UserError(
            "{path} has no more than {start} frames: begin with an earlier one.",
            path=path,
            start=start,
        )
    height, width, _ = first.shape
    count = 1 + sum(1 for _ in frames)
    return Sight(width, height, count, read_rate(path) if count > 1 else 0.0)


def read_footage(request: GenerationRequest) -> Iterator[Shot]:
    """The frames of the kept video that the clip is an edit of, and of each its mask: where there is none all of
    it is made anew. Of a clip that goes on with it, those that are made are grey.

    Raises `UserError` if the video, or a mask of several frames, ends too soon.
    """
    size = request.height, request.width
    frames = read_frames(pictures.require(request.video), request.video_start)
    stays = request.kept_frames or request.outpaint
    masks = _masks(request) if request.mask else repeat(torch.full(size, float(not stays)))
    needed, count = request.kept_frames or request.frames, 0
    for frame, mask in islice(zip(frames, masks, strict=False), needed):
        count += 1
        if request.outpaint:
            around = _around((frame.shape[0], frame.shape[1]), size)
            yield _whole(frame, size), torch.maximum(mask, around)
        else:
            yield _fitted(frame, size), mask
    if count < needed:
        raise UserError(
            "The video, or its mask, has {count} frames from frame {start} on, and {needed} are needed: make the "
            "clip shorter, or begin earlier.",
            count=count,
            start=request.video_start,
            needed=needed,
        )
    unknown = torch.full((*size, 3), GREY, dtype=torch.uint8), torch.ones(size)
    yield from repeat(unknown, request.frames - needed)


def read_past(request: GenerationRequest) -> Iterator[Tensor]:
    """The frames [H, W, 3] of the video before those of the clip that goes on with it."""
    frames = read_frames(pictures.require(request.video)) if request.kept_frames else iter(())
    for frame in islice(frames, request.video_start):
        yield _fitted(frame, (request.height, request.width))


def pieces_of_footage(
    request: GenerationRequest, dtype: torch.dtype, device: torch.device
) -> Iterator[Piece]:
    """The same as VACE takes it: what is made anew is grey, if anything stays."""
    shots = read_footage(request)
    count = 1
    while taken := list(islice(shots, count)):
        video = torch.stack([frame for frame, _ in taken]).to(device)
        video = video.permute(3, 0, 1, 2)[None].to(dtype).div_(127.5).sub_(1)
        mask = torch.stack([grown(mask) for _, mask in taken])[None, None].to(video)
        yield (video.mul_(1 - mask) if is_partial(request) else video), mask
        count = TEMPORAL_STRIDE


def is_partial(request: GenerationRequest) -> bool:
    """Whether something of the video stays as it is."""
    return bool(request.mask or request.kept_frames or request.outpaint)


def joined(made: Tensor, shot: Shot) -> Tensor:
    """A frame uint8 [H, W, 3] that was made, and around its mask the video's own, pixel for pixel: from `SEAM`
    pixels away on nothing of it is another."""
    frame, mask = shot
    half = SEAM // 2
    share = F.avg_pool2d(_grown(mask, half), 2 * half + 1, 1, half, count_include_pad=False)[0]
    mixed = torch.lerp(frame.float(), made.float(), share.movedim(0, -1))
    return mixed.round().to(torch.uint8)


def grown(mask: Tensor) -> Tensor:
    """A mask [H, W] with what is `SEAM` pixels around it."""
    return _grown(mask, SEAM)[0, 0]


def _grown(mask: Tensor, pixels: int) -> Tensor:
    """[H, W] -> [1, 1, H, W]."""
    return F.max_pool2d(mask[None, None], 2 * pixels + 1, 1, pixels)


def _masks(request: GenerationRequest) -> Iterator[Tensor]:
    """[H, W] of each frame; a single picture is that of all."""
    path, size = pictures.require(request.mask), (request.height, request.width)
    is_still = len(list(islice(read_frames(path), 2))) == 1
    frames = read_frames(path, 0 if is_still else request.video_start)
    fit = _whole if request.outpaint else _fitted
    masks = ((fit(frame, size).float().mean(dim=-1) > WHITE).float() for frame in frames)
    return repeat(next(masks)) if is_still else masks


def _fitted(frame: Tensor, size: tuple[int, int]) -> Tensor:
    """A frame [H, W, 3] cut in its middle to the shape of `size`, height and width, and scaled to it."""
    return _scaled(cut(frame.permute(2, 0, 1), size[1] / size[0]).permute(1, 2, 0), size)


def _whole(frame: Tensor, size: tuple[int, int]) -> Tensor:
    """All of a frame [H, W, 3] in the middle of one of `size`, as large as that lets it be; black around it."""
    top, left, high, wide = _place((frame.shape[0], frame.shape[1]), size)
    placed = torch.zeros(*size, 3, dtype=torch.uint8)
    placed[top : top + high, left : left + wide] = _scaled(frame, (high, wide))
    return placed


def _around(own: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """A mask of `size` that is 1 where `_whole` has nothing of a frame whose size is `own`."""
    top, left, high, wide = _place(own, size)
    mask = torch.ones(size)
    mask[top : top + high, left : left + wide] = 0
    return mask


def _place(own: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where `_whole` puts a frame whose size is `own`: top, left, height, width."""
    scale = min(side / length for side, length in zip(size, own, strict=True))
    high, wide = (max(1, round(length * scale)) for length in own)
    return (size[0] - high) // 2, (size[1] - wide) // 2, high, wide


def _scaled(frame: Tensor, size: tuple[int, int]) -> Tensor:
    if frame.shape[:2] == size:
        return frame
    picture = frame.permute(2, 0, 1)[None].float()
    scaled = F.interpolate(picture, size, mode="bicubic", antialias=True)[0]
    return scaled.clamp_(0, 255).round_().to(torch.uint8).permute(1, 2, 0)


def cut(picture: Tensor, aspect: float) -> Tensor:
    """The largest part from the middle of a picture [3, H, W] that is `aspect` times as wide as high."""
    height, width = picture.shape[1:]
    wide = min(width, max(1, round(height * aspect)))
    high = min(height, max(1, round(width / aspect)))
    top, left = (height - high) // 2, (width - wide) // 2
    return picture[:, top : top + high, left : left + wide]
