"""What is fused on a card, held to torch's own kernels in float32; there, and emulated on this processor."""

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
from tests.emulated import Place

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


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_tokens_are_normed_on_a_card(place: Place, width: int, dtype: torch.dtype) -> None:
    x = place.put(torch.randn(1, 37, width)) * 3 + 1
    x[:, 0] *= 1e-4  # below what keeps zeros from being divided by zero
    shift, scale = place.put(torch.randn(2, 1, 1, width))
    normed = F.layer_norm(x, (width,), None, None, 1e-6)
    modulated = norm_and_modulate(x, shift, scale, 1e-6, dtype)
    assert modulated.dtype == dtype
    assert close(modulated, normed * (1 + scale) + shift)
    weight, bias = scale.flatten(), shift.flatten()
    assert close(norm(x, weight, bias, 1e-6, dtype), normed * weight + bias)
    assert place.launched == {"norm_rows"}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_heads_are_normed_and_rotated_on_a_card(
    place: Place, width: int, dtype: torch.dtype
) -> None:
    heads = (width // 32, 32)
    x = place.put(torch.randn(1, 37, width)).to(dtype)
    x[:, 0] *= 1e-4
    gain = place.put(torch.randn(width)).to(dtype)
    rope = place.put(torch.polar(torch.ones(37, 16), torch.randn(37, 16)))
    normed = F.rms_norm(x.float(), (width,), gain.float(), 1e-6)
    turned = rotate(normed.unflatten(-1, heads), rope)
    assert close(norm_and_rotate(x, gain, rope, heads, 1e-6), turned)
    assert place.launched == {"norm_and_turn"}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("width", WIDTHS)
@torch.inference_mode()
def test_branches_are_added_on_a_card(place: Place, width: int, dtype: torch.dtype) -> None:
    x = place.put(torch.randn(1, 37, width))
    y = place.put(torch.randn(1, 37, width)).to(dtype)
    gate = place.put(torch.randn(1, 1, width))
    for factor in (gate, 1.0, 0.5):
        sums = x.clone()
        assert add_residual(sums, y, factor) is sums
        assert close(sums, x + y.float() * factor)
    assert place.launched == {"add_gated"}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("channels", [4, 96, 192, 384])
@pytest.mark.parametrize("activated", [False, True])
@torch.inference_mode()
def test_pixels_are_normed_on_a_card(
    place: Place, channels: int, dtype: torch.dtype, *, activated: bool
) -> None:
    x = place.put(torch.randn(1, channels, 3, 5, 7)).to(dtype)
    x[:, :, 0, 0] = 0
    gain = place.put(torch.randn(channels)).to(dtype)
    normed = F.normalize(x.float(), dim=1) * channels**0.5 * gain.float().view(-1, 1, 1, 1)
    expected = F.silu(normed) if activated else normed
    for layout in (torch.contiguous_format, torch.channels_last_3d):
        given = x.contiguous(memory_format=layout)
        assert close(norm_pixels(given, gain, 1e-24, activated=activated), expected)
        part = given[..., 1:4, 2:6]
        assert close(norm_pixels(part, gain, 1e-24, activated=activated), expected[..., 1:4, 2:6])
    assert place.launched == (set() if channels == 4 else {"norm_pixels"})
