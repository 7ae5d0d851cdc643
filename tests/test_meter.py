"""The meter, held against sizes worked out by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from inference.meter import Meter

MEBI = 2**20


def mebibytes(count: int, device: str = "meta") -> torch.Tensor:
    return torch.empty(count, MEBI, dtype=torch.uint8, device=device)


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_counts_what_is_alive_and_the_most_there_was(device: str) -> None:
    with Meter(device) as meter:
        a = mebibytes(3, device)
        b = a + 1
        assert meter.live_bytes == 6 * MEBI
        del a
        assert meter.live_bytes == 3 * MEBI
        kept = b[:2].clone()
        del b
        assert kept.shape[0] == 2
        assert (meter.live_bytes, meter.peak_bytes) == (2 * MEBI, 6 * MEBI)
        meter.reset_peak()
        assert meter.peak_bytes == 2 * MEBI


def test_a_view_keeps_all_of_its_storage_and_counts_once() -> None:
    with Meter("meta") as meter:
        a = mebibytes(4)
        view = a.view(2, -1)[:1]
        a.add_(1)
        assert meter.live_bytes == 4 * MEBI
        del a
        assert meter.live_bytes == 4 * MEBI
        del view
        assert meter.live_bytes == 0


def test_what_was_there_before_counts_once_it_is_held() -> None:
    weights = nn.Linear(256, 1024, bias=False, device="meta")  # 1 MiB of float32
    other = mebibytes(2)
    with Meter("meta", weights, other) as meter:
        assert meter.live_bytes == 3 * MEBI
        meter.hold(other)
        assert meter.live_bytes == 3 * MEBI
        weights(torch.empty(256, 256, device="meta"))
        assert meter.peak_bytes == 3 * MEBI + 256 * 256 * 4 + 256 * 1024 * 4


def test_other_devices_do_not_count() -> None:
    with Meter("meta") as meter:
        kept = mebibytes(1, "cpu")
        assert kept.shape[0] == 1
        assert meter.peak_bytes == 0


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_parts_of_an_operation_count_in_every_mode(mode: type) -> None:
    x = torch.empty(1, 1, MEBI // 4, device="meta")
    with Meter("meta", x) as meter, mode():
        F.instance_norm(x)
    assert meter.peak_bytes >= 2 * MEBI
    with Meter("meta") as meter, mode():
        y = torch.randn(8, 1024, 128, device="meta").transpose(1, 2)
        z = y.reshape(8, -1)  # copies
        assert meter.live_bytes == 8 * MEBI
        del y
        assert meter.live_bytes == 4 * MEBI
        del z


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_an_operation_with_a_kernel_counts_its_result_alone(mode: type) -> None:
    x = torch.empty(1, 2, 512, 512, dtype=torch.bfloat16, device="meta")  # 1 MiB
    with Meter("meta", x) as meter, mode():
        F.interpolate(x, scale_factor=2.0, mode="nearest-exact")
    assert meter.peak_bytes == 5 * MEBI


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_an_rms_norm_counts_as_a_fused_kernel(mode: type) -> None:
    x = torch.empty(512, 1024, dtype=torch.bfloat16, device="meta")  # 1 MiB
    with Meter("meta") as meter, mode():
        result = F.rms_norm(x, (1024,), x[0])
        assert (result.shape, result.dtype) == (x.shape, x.dtype)
    assert meter.peak_bytes == 2 * MEBI + 512 * 4  # x counts too: a view of it was made


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_attention_counts_as_a_fused_kernel(mode: type) -> None:
    q = torch.empty(1, 2, 4096, 64, dtype=torch.bfloat16, device="meta")  # 1 MiB
    with Meter("meta") as meter, mode():
        result = F.scaled_dot_product_attention(q, q, q)
        assert (result.shape, result.dtype) == (q.shape, q.dtype)
    assert meter.peak_bytes == MEBI + 2 * 4096 * 4


def test_counts_what_backward_keeps() -> None:
    with Meter("meta") as meter:
        x = torch.empty(MEBI // 4, device="meta", requires_grad=True)
        y = x.exp().sin()  # exp keeps its result, which is sin's input
        assert meter.live_bytes == 3 * MEBI
        del y
        assert meter.live_bytes == MEBI


@torch.inference_mode()
def test_what_leaves_meta_is_made_up() -> None:
    """So that a pipeline which looks at a result, or keeps it in main memory, can be measured."""
    with Meter("meta") as meter:
        x = mebibytes(1)
        away = x.cpu()
        assert away.device.type == "cpu"
        kept = torch.empty(1, MEBI, dtype=torch.uint8)
        assert kept.copy_(x) is kept
        assert bool((x == x).all())
        assert kept.to("meta").device.type == "meta"
    assert meter.peak_bytes <= 4 * MEBI


def test_the_same_operation_makes_new_tensors() -> None:
    with Meter("meta") as meter:
        x = mebibytes(2)
        a, b = x + 1, x + 1
        assert meter.live_bytes == 6 * MEBI
        assert a is not b
        wide, again = x + 1.5, x + 1.5
        assert wide.dtype == again.dtype == torch.float32
        x.add_(1)
        assert x.add_(1) is x
        assert torch.add(x, 1, out=a) is a
        assert torch.add(x, 1, out=a) is a
        del wide, again
        assert meter.live_bytes == 6 * MEBI


def test_what_is_left_out_never_counts() -> None:
    with Meter("meta") as meter:
        with meter.leaving_out():
            x = mebibytes(3)
        view = x[:1]
        assert meter.peak_bytes == 0
        y = mebibytes(1)
        del x, view
        assert meter.live_bytes == MEBI
        assert y.shape[0] == 1
