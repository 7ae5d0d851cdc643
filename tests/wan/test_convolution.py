"""Convolutions on a processor: torch's numbers, but not its way to small pictures."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from inference.wan.convolution import convolve


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 4, 3, 5, 6), (1, 4, 6, 64, 32), (2, 4, 3, 8, 8)])
@pytest.mark.parametrize(("kernel", "padding"), [((3, 3, 3), (0, 1, 1)), ((3, 1, 1), (0, 0, 0))])
@torch.inference_mode()
def test_it_is_torchs_convolution(
    dtype: torch.dtype,
    shape: tuple[int, ...],
    kernel: tuple[int, int, int],
    padding: tuple[int, int, int],
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv3d(4, 8, kernel, padding=padding).to(dtype)
    x = torch.randn(shape).to(dtype).contiguous(memory_format=torch.channels_last_3d)
    tolerance = 1e-5 if dtype is torch.float32 else 2e-2
    assert torch.allclose(convolve(layer, x), layer(x), atol=tolerance, rtol=tolerance)


def test_it_has_a_gradient() -> None:
    layer, x = nn.Conv3d(4, 8, 3), torch.randn(1, 4, 3, 5, 6)
    convolve(layer, x).sum().backward()
    assert layer.weight.grad is not None
    ours, layer.weight.grad = layer.weight.grad, None
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert torch.allclose(ours, layer.weight.grad, atol=1e-4)


@torch.inference_mode()
def test_small_pictures_are_not_unfolded() -> None:
    layer, x = nn.Conv3d(4, 8, 3), torch.randn(1, 4, 3, 5, 6)

    def unfolds(run: Callable[[], Tensor]) -> bool:
        with profile(activities=[ProfilerActivity.CPU]) as recorded:
            run()
        return any("slow_conv" in event.key for event in recorded.key_averages())

    assert unfolds(lambda: layer(x))  # or there is nothing left to do better than torch
    assert not unfolds(lambda: convolve(layer, x))
