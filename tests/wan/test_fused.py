"""What is fused on a card, held to torch's own kernels in float32."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.wan.fused import (
    add_residual,
    norm,
    norm_and_modulate,
    norm_and_rotate,
    norm_pixels,
    rotate,
)

WIDTHS = [64, 1536, 5120]  # of rows: a few vectors, Wan2.1 1.3B, Wan2.1 14B
HALVES = [torch.bfloat16, torch.float16]


def test_residual_is_in_place_only_without_gradients() -> None:
    x, y = torch.ones(1, 2, 3), torch.ones(1, 2, 3)
    assert add_residual(x, y) is not x
    assert torch.equal(x, y)
    with torch.no_grad():
        assert add_residual(x, y, 2.0) is x
    assert torch.equal(x, 3 * y)


def close(actual: Tensor, expected: Tensor) -> bool:
    """Within the rounding of 16 bits."""
    assert actual.shape == expected.shape
    error = (actual.float() - expected).norm() / expected.norm()
    return bool(error < 0.005)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_tokens_are_normed_on_a_card(width: int, dtype: torch.dtype) -> None:
    x = torch.randn(1, 37, width, device="cuda") * 3 + 1
    shift, scale = torch.randn(2, 1, 1, width, device="cuda")
    normed = F.layer_norm(x, (width,), None, None, 1e-6)
    modulated = norm_and_modulate(x, shift, scale, 1e-6, dtype)
    assert modulated.dtype == dtype
    assert close(modulated, normed * (1 + scale) + shift)
    weight, bias = scale.flatten(), shift.flatten()
    assert close(norm(x, weight, bias, 1e-6, dtype), normed * weight + bias)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_heads_are_normed_and_rotated_on_a_card(width: int, dtype: torch.dtype) -> None:
    heads = (width // 32, 32)
    x = torch.randn(1, 37, width, device="cuda").to(dtype)
    gain = torch.randn(width, device="cuda").to(dtype)
    rope = torch.polar(torch.ones(37, 16), torch.randn(37, 16)).cuda()
    normed = F.rms_norm(x.float(), (width,), gain.float(), 1e-6)
    turned = rotate(normed.unflatten(-1, heads), rope)
    assert close(norm_and_rotate(x, gain, rope, heads, 1e-6), turned)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_branches_are_added_on_a_card(width: int, dtype: torch.dtype) -> None:
    x = torch.randn(1, 37, width, device="cuda")
    y = torch.randn(1, 37, width, device="cuda").to(dtype)
    gate = torch.randn(1, 1, width, device="cuda")
    for factor in (gate, 1.0, 0.5):
        sums = x.clone()
        assert add_residual(sums, y, factor) is sums
        assert close(sums, x + y.float() * factor)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("channels", [4, 96, 192, 384])
@pytest.mark.parametrize("activated", [False, True])
@torch.inference_mode()
def test_pixels_are_normed_on_a_card(channels: int, dtype: torch.dtype, activated: bool) -> None:  # noqa: FBT001
    x = torch.randn(1, channels, 3, 5, 7, device="cuda").to(dtype)
    x[:, :, 0, 0] = 0
    gain = torch.randn(channels, device="cuda").to(dtype)
    normed = F.normalize(x.float(), dim=1) * channels**0.5 * gain.float().view(-1, 1, 1, 1)
    expected = F.silu(normed) if activated else normed
    for layout in (torch.contiguous_format, torch.channels_last_3d):
        given = x.contiguous(memory_format=layout)
        assert close(norm_pixels(given, gain, 1e-24, activated=activated), expected)
        part = given[..., 1:4, 2:6]
        assert close(norm_pixels(part, gain, 1e-24, activated=activated), expected[..., 1:4, 2:6])
