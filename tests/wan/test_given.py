"""The VACE context, judged by diffusers' pipeline."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers.pipelines.wan.pipeline_wan_vace import WanVACEPipeline

from inference.api.spec import VAEParams
from inference.peers import share_weights, vae_like
from inference.wan.given import vace_context
from inference.wan.vae import VAE

PARAMS = VAEParams(dim=8)


@pytest.mark.parametrize("frames", [1, 5, 17])
def test_context_is_that_of_diffusers(frames: int) -> None:
    torch.manual_seed(0)
    ours, theirs = VAE(PARAMS).requires_grad_(False), vae_like(PARAMS)
    share_weights(ours.state_dict(), theirs)
    video = torch.rand(1, 3, frames, 32, 48) * 2 - 1
    mask = torch.rand(1, 1, frames, 32, 48).round()
    transformer = SimpleNamespace(config=SimpleNamespace(patch_size=(1, 2, 2)))
    pipeline: Any = SimpleNamespace(
        vae=theirs,
        transformer=transformer,
        vae_scale_factor_temporal=4,
        vae_scale_factor_spatial=8,
        _execution_device="cpu",
    )
    methods: Any = WanVACEPipeline
    with torch.inference_mode():
        wide = mask.expand(-1, 3, -1, -1, -1)
        latents = methods.prepare_video_latents(pipeline, video, wide, [[]])
        channels = methods.prepare_masks(pipeline, wide, [[]])
        actual = vace_context(ours, video, mask)
    expected = torch.cat([latents, channels], dim=1)
    assert actual.shape == expected.shape == (1, 96, (frames + 3) // 4, 4, 6)
    assert (actual - expected).abs().max() < 1e-4
