"""What of a clip is there already, as the transformers that complete it are given it.

I2V and FLF2V (Wan, arXiv 2503.20314, section 5.1) take whole frames, VACE (Jiang et al. 2025, arXiv 2503.07598)
any part of them. Clips come in pieces, so that none has to be held as a whole.
"""

from collections.abc import Callable, Generator, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.api.spec import SPATIAL_STRIDE, TEMPORAL_STRIDE
from inference.wan.vae import VAE

# Of a clip: its first frame, then four at a time. Video [B, 3, 1 or 4, H, W] in [-1, 1], and a mask
# [B, 1, 1 or 4, H, W] that is 1 where the clip is to be made and 0 where it is given.
Piece = tuple[Tensor, Tensor]
Pieces = Callable[[], Iterator[Piece]]  # the clip, from its start each time


def pieces_of(video: Tensor, mask: Tensor) -> Pieces:
    """A whole clip, video [B, 3, 4n+1, H, W] and mask [B, 1, 4n+1, H, W], in pieces."""
    sizes = [1] + [TEMPORAL_STRIDE] * (video.shape[2] // TEMPORAL_STRIDE)
    return lambda: zip(video.split(sizes, dim=2), mask.split(sizes, dim=2), strict=True)


def stream_vace_context(
    vae: VAE,
    pieces: Pieces,
    frames: int,
    tile: int = 0,
    *,
    park: bool = False,
    references: Sequence[Tensor] = (),
) -> Generator[float, None, Tensor]:
    """The VACE context [B, 2 z_dim + 64, R+n+1, H/8, W/8] of a clip of `frames`, 4n+1; yields the share done.

    A frame of each of the R `references` [B, 3, 1, H, W] comes before the clip's.

    What is unknown of the video is 0, grey. The channels are the latents of what stays and of what is to
    change, then the mask, one channel for each of the 8x8 pixels under a pixel of the latent. For `tile` and
    `park` see `VAE.decode_stream`.
    """
    count = latent_frames(frames)
    total = len(references) + 2 * count
    before: list[Tensor] = []
    for reference in references:  # each by itself
        before += vae.encode_stream(iter([reference]), tile, park=park)
        yield len(before) / total
    latents: list[Tensor] = []
    for is_to_change in (False, True):  # one after the other: each has a state of its own
        parts = (_part(*piece, is_to_change=is_to_change) for piece in pieces())
        for latent in vae.encode_stream(parts, tile, park=park):
            latents.append(latent)
            yield (len(before) + len(latents)) / total
    masks = torch.cat([*_mask_channels(pieces(), frames)], dim=2)
    video = [torch.cat(latents[start : start + count], dim=2) for start in (0, count)]
    context = torch.cat([*video, masks.to(video[0])], dim=1)
    others = context.shape[1] - video[0].shape[1]  # of which a reference has nothing
    shown = [F.pad(latent, (0, 0, 0, 0, 0, 0, 0, others)) for latent in before]
    return torch.cat([*shown, context], dim=2)


def stream_image_condition(
    vae: VAE, pieces: Pieces, frames: int, tile: int = 0, *, park: bool = False
) -> Generator[float, None, Tensor]:
    """What I2V and FLF2V see beside the noise, [B, 4 + z_dim, n+1, H/8, W/8]; yields the share done.

    Each of the first four channels is 1 where that of the latent frame's four frames is given; of the first
    frame, which is alone, all are. The others are the latent of the clip, whose unknown frames are 0, grey.
    """
    count = latent_frames(frames)
    latents: list[Tensor] = []
    for latent in vae.encode_stream((video for video, _ in pieces()), tile, park=park):
        latents.append(latent)
        yield len(latents) / count
    whole = torch.cat(latents, dim=2)
    marks = torch.cat([_marks(mask) for _, mask in pieces()], dim=2).to(whole)
    return torch.cat([marks.expand(-1, -1, -1, *whole.shape[3:]), whole], dim=1)


def vace_context(vae: VAE, video: Tensor, mask: Tensor) -> Tensor:
    """`stream_vace_context` of a whole clip: video [B, 3, 4n+1, H, W], mask [B, 1, 4n+1, H, W]."""
    stream = stream_vace_context(vae, pieces_of(video, mask), video.shape[2])
    while True:
        try:
            next(stream)
        except StopIteration as finished:
            return finished.value


def latent_frames(frames: int) -> int:
    """Of a clip of `frames`, 4n+1: n+1."""
    return 1 + (frames - 1) // TEMPORAL_STRIDE


def _part(video: Tensor, mask: Tensor, *, is_to_change: bool) -> Tensor:
    """A piece of the video, grey but for what is to change, or for what stays."""
    change = (mask > 0.5).to(video)
    return video * (change if is_to_change else 1 - change)


def _marks(mask: Tensor) -> Tensor:
    """What a piece's mask [B, 1, 1 or 4, H, W] says of its frames as wholes, [B, 4, 1, 1, 1]."""
    given = 1 - mask[:, 0, :, 0, 0]  # [B, 1 or 4]
    return given.expand(-1, TEMPORAL_STRIDE)[:, :, None, None, None]


def _mask_channels(pieces: Iterator[Piece], frames: int) -> Iterator[Tensor]:
    """[B, 64, 1, H/8, W/8] for each frame of the latent; of the frames of one, one speaks for all."""
    side = SPATIAL_STRIDE
    numbers = torch.arange(frames, dtype=torch.float32)[None, None]
    spoken = F.interpolate(numbers, latent_frames(frames), mode="nearest-exact")[0, 0]
    speakers = {int(number) for number in spoken}
    number = 0
    for _, mask in pieces:
        for frame in (mask > 0.5).float().unbind(dim=2):
            if number in speakers:
                pixels = frame[:, 0].unflatten(2, (-1, side)).unflatten(1, (-1, side))
                yield pixels.permute(0, 2, 4, 1, 3).flatten(1, 2)[:, :, None]
            number += 1
