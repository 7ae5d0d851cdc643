"""What VACE is given to edit by (Jiang et al. 2025, arXiv 2503.07598): video and mask as a VACE context."""

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.api.spec import SPATIAL_STRIDE, TEMPORAL_STRIDE
from inference.wan.vae import VAE


def vace_context(vae: VAE, video: Tensor, mask: Tensor) -> Tensor:
    """video [B, 3, 4n+1, H, W] in [-1, 1], mask [B, 1, 4n+1, H, W] -> [B, 2 z_dim + 64, n+1, H/8, W/8].

    The mask is 1 where the clip is to be made, 0 where it stays; what is unknown of `video` there is 0,
    grey. The channels are the latents of what stays and of what is to change, then the mask, one for
    each of the 8x8 pixels under a pixel of the latent.
    """
    change = (mask > 0.5).to(video)
    parts = vae.encode(torch.cat([video * (1 - change), video * change])).chunk(2)
    return torch.cat([*parts, _mask_channels(change).to(parts[0])], dim=1)


def _mask_channels(mask: Tensor) -> Tensor:
    """[B, 1, 4n+1, H, W] -> [B, 64, n+1, H/8, W/8]; of the frames of a latent's frame, one speaks for all."""
    side = SPATIAL_STRIDE
    pixels = mask[:, 0].unflatten(3, (-1, side)).unflatten(2, (-1, side))  # [B, F, H/8, 8, W/8, 8]
    channels = pixels.permute(0, 3, 5, 1, 2, 4).flatten(1, 2)
    size = (1 + (mask.shape[2] - 1) // TEMPORAL_STRIDE, *channels.shape[3:])
    return F.interpolate(channels, size, mode="nearest-exact")
