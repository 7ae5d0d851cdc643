"""Kernels of our own: where they run, and where torch's do."""

import ctypes
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.wan import fused
from quant import pack
from quant.runtime import LAUNCH, Function, machine_code, row_kernel

KERNELS = [
    (pack.SOURCE, "round_rows", ("INT8",)),
    (pack.SOURCE, "round_rows", ("FP8",)),
    (pack.SOURCE, "round_rows", ("INT8", "GELU")),
    (pack.SOURCE, "round_rows", ("FP8", "GELU")),
    (pack.SOURCE, "unpack_rows", ("INT8",)),
    (pack.SOURCE, "unpack_rows", ("FP8",)),
    (pack.SOURCE, "scale_sums", ("INT8",)),
    (fused.SOURCE, "norm_rows", ()),
    (fused.SOURCE, "norm_and_turn", ()),
    (fused.SOURCE, "add_gated", ()),
    (fused.SOURCE, "norm_pixels", ("LANES=4",)),
]


@torch.inference_mode()
def test_processors_and_odd_sizes_are_left_to_torch() -> None:
    found = row_kernel(fused.SOURCE, "add_gated", torch.zeros(2, 64), torch.bfloat16)
    assert found is None
    odd = torch.zeros(2, 60, device="meta")
    assert row_kernel(fused.SOURCE, "add_gated", odd, torch.bfloat16) is None


def test_training_is_left_to_torch() -> None:
    rows = torch.zeros(2, 64, device="meta")
    assert row_kernel(fused.SOURCE, "add_gated", rows, torch.bfloat16) is None
    with torch.inference_mode():
        assert row_kernel(fused.SOURCE, "add_gated", rows, torch.bfloat16) is not None
        assert row_kernel(fused.SOURCE, "add_gated", rows, torch.float32) is None


def test_a_kernel_is_given_what_the_driver_wants() -> None:
    x, seen = torch.arange(4.0), []

    def launch(address: int, *given: int) -> int:
        places = ctypes.cast(given[-2], ctypes.POINTER(ctypes.c_void_p))
        kinds = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
        values = [kind.from_address(places[i] or 0).value for i, kind in enumerate(kinds)]
        seen.append((address, *given[:-2], *values))
        return 0

    far = 2**40 + 1  # beyond 32 bits
    Function(far, LAUNCH(launch))(
        grid=(5, 1, 1), block=(64, 1, 1), args=[x, -3, 0.25], stream=far + 1
    )
    assert seen == [(far, 5, 1, 1, 64, 1, 1, 0, far + 1, x.data_ptr(), -3, 0.25)]


def test_what_the_driver_refuses_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: FakeDriver())
    refusing = Function(1, LAUNCH(lambda *_: 719))
    with pytest.raises(RuntimeError, match="CUDA error: number 719"):
        refusing(grid=(1, 1, 1), block=(32, 1, 1), args=[], stream=0)


class FakeDriver:
    """Names errors, and no more."""

    def cuGetErrorString(self, result: int, text: Any) -> None:  # noqa: N802
        text._obj.value = f"number {result}".encode()


@pytest.mark.gpu
@pytest.mark.parametrize("width", [96, 1536, 5120, 8960, 13824])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("source", "name", "macros"), KERNELS)
@torch.inference_mode()
def test_every_kernel_is_there_on_a_card(
    source: Path, name: str, macros: tuple[str, ...], dtype: torch.dtype, width: int
) -> None:
    assert row_kernel(source, name, torch.zeros(2, width, device="cuda"), dtype, *macros)


@pytest.mark.gpu
def test_what_cannot_be_compiled_is_told(tmp_path: Path) -> None:
    source = tmp_path / "wrong.cu"
    source.write_text("__global__ void wrong() { nothing(); }", "utf-8")
    with pytest.raises(RuntimeError, match="nothing"):
        machine_code(source, ("--gpu-architecture=sm_90",))
