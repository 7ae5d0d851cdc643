"""What a latent looks like, without the VAE: each of its pixels to a colour by one linear map.

The channels of a video VAE's latent are close to linear in the colours of what it shows, so a map that
is fitted by least squares to the VAE's own latents shows shapes, colours and motion at an eighth of the
size, for the price of one small matrix product.

B batch, C channels, F frames, H height, W width; video is [B, 3, F, H, W] in [-1, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.api.spec import SPATIAL_STRIDE, TEMPORAL_STRIDE

SEED = 1
DAMPING = 1e-4  # of the least squares, beside variances around 1: none of the weights runs away


def make_pictures(count: int, frames: int, side: int) -> Tensor:
    """Clips [count, 3, frames, side, side] in [-1, 1] of coloured clouds that drift: something to fit to.

    Noise at every scale, the coarser the stronger as in photographs, around a colour of its own.
    """
    generator = torch.Generator().manual_seed(SEED)
    clips = torch.randn(count, 3, 1, 1, 1, generator=generator)
    scale = side
    while scale >= 1:
        cells = max(2, side // scale)
        noise = torch.randn(count, 3, frames, cells, cells, generator=generator)
        drift = noise[:, :, :1] + 0.3 * noise.cumsum(dim=2)
        size = (frames, side, side)
        clips = clips + F.interpolate(drift, size, mode="trilinear") * (scale / side) ** 0.5
        scale //= 4
    return torch.tanh(0.6 * clips)


def fit(latent: Tensor, video: Tensor) -> Tensor:
    """The map [C + 1, 3] float32 from latent channels (and 1) to RGB in [-1, 1], by least squares.

    latent [B, C, F', H/8, W/8] is what the VAE makes of video [B, 3, 4F'-3, H, W].
    """
    colours = _shrink(video.float()).movedim(1, -1).reshape(-1, 3)
    inputs = _with_one(latent.float()).reshape(colours.shape[0], -1)
    damping = DAMPING * inputs.shape[0] * torch.eye(inputs.shape[1], device=inputs.device)
    return torch.linalg.solve(inputs.T @ inputs + damping, inputs.T @ colours)


def to_rgb(latent: Tensor, matrix: Tensor) -> Tensor:
    """latent [1, C, F, H, W] -> frames [F, H, W, 3] uint8, 0..255, by a `matrix` [C + 1, 3] of `fit`."""
    colours = _with_one(latent[0:1].float())[0] @ matrix
    return colours.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def _with_one(latent: Tensor) -> Tensor:
    """[B, C, F, H, W] -> [B, F, H, W, C + 1]."""
    return F.pad(latent.movedim(1, -1), (0, 1), value=1.0)


def _shrink(video: Tensor) -> Tensor:
    """[B, 3, 4F'-3, H, W] -> [B, 3, F', H/8, W/8]: the mean of what each pixel of the latent covers."""
    first = video[:, :, :1].repeat_interleave(TEMPORAL_STRIDE, dim=2)
    whole = torch.cat([first, video[:, :, 1:]], dim=2)
    return F.avg_pool3d(whole, (TEMPORAL_STRIDE, SPATIAL_STRIDE, SPATIAL_STRIDE))
