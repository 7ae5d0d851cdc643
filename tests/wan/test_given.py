"""What the transformers are given of a clip, judged by diffusers' pipelines."""

from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.pipelines.wan.pipeline_wan_vace import WanVACEPipeline
from torch import Tensor

from inference.api.spec import VAEParams
from inference.peers import share_weights, vae_like
from inference.wan.given import pieces_of, stream_image_condition, stream_vace_context
from inference.wan.vae import VAE

PARAMS = VAEParams(dim=8)


@pytest.mark.parametrize(("frames", "count"), [(1, 0), (5, 0), (17, 0), (1, 1), (5, 1), (5, 2)])
def test_context_is_that_of_diffusers(frames: int, count: int) -> None:
    torch.manual_seed(0)
    ours, theirs = VAE(PARAMS).requires_grad_(False), vae_like(PARAMS)
    share_weights(ours.state_dict(), theirs)
    video = torch.rand(1, 3, frames, 32, 48) * 2 - 1
    mask = torch.rand(1, 1, frames, 32, 48).round()
    shown = [torch.rand(1, 3, 1, 32, 48) * 2 - 1 for _ in range(count)]
    # diffusers puts the last in front, the official code the first.
    turned = [each[0, :, 0] for each in reversed(shown)]
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
        latents = methods.prepare_video_latents(pipeline, video, wide, [turned])
        channels = methods.prepare_masks(pipeline, wide, [turned])
        stream = stream_vace_context(ours, pieces_of(video, mask), frames, references=shown)
        shares, actual = finish(stream)
    expected = torch.cat([latents, channels], dim=1)
    assert actual.shape == expected.shape == (1, 96, count + (frames + 3) // 4, 4, 6)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert (actual - expected).abs().max() < 1e-4


def finish(stream: Generator[float, None, Tensor]) -> tuple[list[float], Tensor]:
    """The shares that are told, and the result."""
    shares: list[float] = []
    while True:
        try:
            shares.append(next(stream))
        except StopIteration as finished:
            return shares, finished.value


@pytest.mark.parametrize("given", ["first", "first and last"])
@pytest.mark.parametrize("frames", [5, 17])
def test_given_frames_are_what_diffusers_makes_of_them(frames: int, given: str) -> None:
    torch.manual_seed(0)
    ours, theirs = VAE(PARAMS).requires_grad_(False), vae_like(PARAMS)
    share_weights(ours.state_dict(), theirs)
    first, last = (torch.rand(1, 3, 32, 48) * 2 - 1 for _ in range(2))
    video, mask = torch.zeros(1, 3, frames, 32, 48), torch.ones(1, 1, frames, 32, 48)
    video[:, :, 0], mask[:, :, 0] = first, 0
    if "last" in given:
        video[:, :, -1], mask[:, :, -1] = last, 0
    pipeline: Any = SimpleNamespace(
        vae=theirs,
        vae_scale_factor_temporal=4,
        vae_scale_factor_spatial=8,
        config=SimpleNamespace(expand_timesteps=False),
    )
    methods: Any = WanImageToVideoPipeline
    with torch.inference_mode():
        _, expected = methods.prepare_latents(
            pipeline, first, 1, height=32, width=48, num_frames=frames, dtype=torch.float32,
            device="cpu", generator=torch.Generator(), last_image=last if "last" in given else None,
        )  # fmt: skip
        _, actual = finish(stream_image_condition(ours, pieces_of(video, mask), frames))
    assert actual.shape == expected.shape == (1, 20, (frames + 3) // 4, 4, 6)
    assert (actual - expected).abs().max() < 1e-4


@pytest.mark.parametrize("stream", [stream_image_condition, stream_vace_context])
def test_tiles_change_nothing_and_the_share_is_told(stream: Any) -> None:
    torch.manual_seed(0)
    vae = VAE(PARAMS).requires_grad_(False)
    pieces = pieces_of(torch.rand(1, 3, 9, 48, 64) * 2 - 1, torch.ones(1, 1, 9, 48, 64))
    with torch.inference_mode():
        shares, whole = finish(stream(vae, pieces, 9))
        _, tiled = finish(stream(vae, pieces, 9, 3))
        _, parked = finish(stream(vae, pieces, 9, 3, park=True))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert (tiled - whole).abs().max() < 1e-5
    assert torch.equal(tiled, parked)
