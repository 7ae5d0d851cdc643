"""The video that a clip is an edit of: its frames at the clip's size, what of them is made anew, and the clip
that comes of both."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, repeat
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.api import pictures
from inference.api.errors import UserError
from inference.api.sentence import Sentence
from inference.api.spec import SIZE_MULTIPLE, TEMPORAL_STRIDE, GenerationRequest
from inference.media import count_frames, read_frames, read_rate
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
    first = next(read_frames(path, start), None)
    if first is None:
        raise UserError(
            "{path} has no more than {start} frames: begin with an earlier one.",
            path=path,
            start=start,
        )
    height, width, _ = first.shape
    count = count_frames(path, start, most)
    return Sight(width, height, count, read_rate(path) if count > 1 else 0.0)


def require_footage(request: GenerationRequest) -> None:
    """Raises `UserError` if the clip is an edit of a video that is too short for it, as its mask may be, or if
    nothing of it would be made anew."""
    needed = request.kept_frames or request.frames
    names = {Sentence("video"): request.video, Sentence("mask"): request.mask}
    for word, name in names.items():
        if not name or (word == "mask" and _is_still(pictures.require(name))):
            continue
        count = count_frames(pictures.require(name), request.video_start, needed)
        if count < needed:
            raise UserError(
                "The {word} has {count} frames from frame {start} on, and {needed} are needed: make the clip shorter, "
                "or begin earlier.",
                word=word,
                count=count,
                start=request.video_start,
                needed=needed,
            )
    if is_partial(request) and not any(bool(mask.any()) for _, mask in read_footage(request)):
        raise UserError(
            "Nothing of the video would be made anew: the mask has nothing white, or the clip has the video's shape."
        )


def read_footage(request: GenerationRequest) -> Iterator[Shot]:
    """The frames of the kept video that the clip is an edit of, and of each its mask: where there is none all of
    it is made anew. Of a clip that goes on with it, those that are made are grey. For what `require_footage`
    lets pass.
    """
    size = request.height, request.width
    frames = read_frames(pictures.require(request.video), request.video_start)
    stays = request.kept_frames or request.outpaint
    masks = _masks(request) if request.mask else repeat(torch.full(size, float(not stays)))
    needed = request.kept_frames or request.frames
    for frame, mask in islice(zip(frames, masks, strict=False), needed):
        if request.outpaint:
            around = _around((frame.shape[0], frame.shape[1]), size)
            yield _whole(frame, size), torch.maximum(mask, around)
        else:
            yield _fitted(frame, size), mask
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
    wide = lru_cache(maxsize=1)(grown)  # one mask is often that of every frame
    count = 1
    while taken := list(islice(shots, count)):
        video = torch.stack([frame for frame, _ in taken]).to(device)
        video = video.permute(3, 0, 1, 2)[None].to(dtype).div_(127.5).sub_(1)
        mask = torch.stack([wide(mask) for _, mask in taken])[None, None].to(video)
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
    rows = F.avg_pool2d(_grown(mask, half), (1, SEAM + 1), 1, (0, half), count_include_pad=False)
    share = F.avg_pool2d(rows, (SEAM + 1, 1), 1, (half, 0), count_include_pad=False)[0]
    mixed = torch.lerp(frame.float(), made.float(), share.movedim(0, -1))
    return mixed.round().to(torch.uint8)


def grown(mask: Tensor) -> Tensor:
    """A mask [H, W] with what is `SEAM` pixels around it."""
    return _grown(mask, SEAM)[0, 0]


def _grown(mask: Tensor, pixels: int) -> Tensor:
    """[H, W] -> [1, 1, H, W]."""
    side = 2 * pixels + 1
    # Rows and then columns, which is faster.
    rows = F.max_pool2d(mask[None, None], (1, side), 1, (0, pixels))
    return F.max_pool2d(rows, (side, 1), 1, (pixels, 0))


def _masks(request: GenerationRequest) -> Iterator[Tensor]:
    """[H, W] of each frame; a single picture is that of all."""
    path, size = pictures.require(request.mask), (request.height, request.width)
    is_still = _is_still(path)
    frames = read_frames(path, 0 if is_still else request.video_start, over_black=True)
    fit = _whole if request.outpaint else _fitted
    masks = ((fit(frame, size).float().mean(dim=-1) > WHITE).float() for frame in frames)
    return repeat(next(masks)) if is_still else masks


def _is_still(path: Path) -> bool:
    return len(list(islice(read_frames(path), 2))) == 1


def _fitted(frame: Tensor, size: tuple[int, int]) -> Tensor:
    """A frame [H, W, 3] cut in its middle to the shape of `size`, height and width, and scaled to it; one that is
    larger by less than what sizes are multiples of is cut alone."""
    more = [own - side for own, side in zip(frame.shape, size, strict=False)]
    if all(0 <= count < SIZE_MULTIPLE for count in more):
        top, left = more[0] // 2, more[1] // 2
        return frame[top : top + size[0], left : left + size[1]]
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
