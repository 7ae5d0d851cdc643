"""The emulation of a card: it computes what torch does, and what is wrong with a kernel shows."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.emulated import Emulator, translated

CPU = torch.device("cpu")
CONVERSIONS = """
#include "numbers.cuh"
extern "C" __global__ void round_off(const float* x, unsigned short* out) {
    const int at = blockIdx.x * 256 + threadIdx.x;
    out[at] = from_float(x[at]);
}
extern "C" __global__ void widen(const unsigned short* x, float* out) {
    const int at = blockIdx.x * 256 + threadIdx.x;
    out[at] = to_float(x[at]);
}
extern "C" __global__ void round_to_fp8(const float* x, unsigned short* out) {
    const int at = blockIdx.x * 256 + threadIdx.x;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(out[at]) : "f"(x[2 * at + 1]), "f"(x[2 * at]));
}
"""
TURNED = """
extern "C" __global__ void turn(const float* x, float* out) {
    __shared__ float there[64];
    there[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = there[63 - threadIdx.x];
}
"""
COPIED = """
extern "C" __global__ void copy(const float* x, float* out) {
    __shared__ alignas(16) float there[4 * 32];
    const unsigned to = __cvta_generic_to_shared(there + 4 * threadIdx.x);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(x + 4 * threadIdx.x) : "memory");
    asm volatile("cp.async.commit_group;" ::: "memory");
    asm volatile("cp.async.wait_group 0;" ::: "memory");
    __syncthreads();
    for (int i = 0; i < 4; i++) out[4 * threadIdx.x + i] = there[4 * threadIdx.x + i];
}
"""
ONE = 'extern "C" __global__ void one(const float* x, float* out, int count, double factor) {'


@pytest.fixture
def launch(emulator: Emulator, tmp_path: Path) -> Any:
    """Run a kernel of a source in blocks of so many threads."""

    def run(
        source: str,
        name: str,
        args: list[object],
        *,
        blocks: int = 1,
        threads: int = 32,
        macro: str = "BF16",
    ) -> None:
        file = tmp_path / "kernels.cu"
        file.write_text(source, "utf-8")
        kernel = Emulator(tmp_path).kernel(file, name, CPU, (macro,))
        kernel(grid=(blocks, 1, 1), block=(threads, 1, 1), args=args)

    assert emulator
    return run


def floats() -> Tensor:
    """2^16 float32 of all sizes, signs and kinds, and what is midway between two of 16 bits."""
    every = torch.randint(-(2**31), 2**31, (1 << 15,)).int().view(torch.float32)
    near = torch.randn(1 << 14).bfloat16().view(torch.int16).int() << 16
    midway = (near | 0x8000).view(torch.float32)
    return torch.cat([every, midway, torch.randn(1 << 14) * 1e-5])


@pytest.mark.parametrize(("macro", "dtype"), [("BF16", torch.bfloat16), ("FP16", torch.float16)])
def test_numbers_are_rounded_as_torch_does(launch: Any, macro: str, dtype: torch.dtype) -> None:
    x = floats()
    out = torch.zeros(1 << 16, dtype=dtype)
    launch(CONVERSIONS, "round_off", [x, out], blocks=256, threads=256, macro=macro)
    assert torch.equal(out.isnan(), x.isnan())
    bits = [numbers[~x.isnan()].view(torch.int16) for numbers in (out, x.to(dtype))]
    assert torch.equal(*bits)
    every = torch.arange(1 << 16).to(torch.uint16).view(dtype)
    back = torch.zeros(1 << 16)
    launch(CONVERSIONS, "widen", [every, back], blocks=256, threads=256, macro=macro)
    assert torch.equal(back.isnan(), every.isnan())
    assert torch.equal(back.nan_to_num(), every.float().nan_to_num())


def test_fp8_is_rounded_as_torch_does(launch: Any) -> None:
    x = torch.cat([floats(), torch.randn(1 << 16) * 3]).clamp(-448, 448)
    out = torch.zeros(1 << 17, dtype=torch.float8_e4m3fn)
    launch(CONVERSIONS, "round_to_fp8", [x, out], blocks=256, threads=256)
    expected = x.to(torch.float8_e4m3fn)
    is_number = ~x.isnan()
    assert out.float()[~is_number].isnan().all()
    assert torch.equal(out.view(torch.int8)[is_number], expected.view(torch.int8)[is_number])


@pytest.mark.parametrize(
    ("source", "name", "line"),
    [
        (TURNED, "turn", "__syncthreads();"),
        (COPIED, "copy", 'asm volatile("cp.async.wait_group 0;"'),
    ],
    ids=["a barrier", "waiting for a copy"],
)
def test_what_is_forgotten_shows(launch: Any, source: str, name: str, line: str) -> None:
    count = 64 if name == "turn" else 128
    threads = 64 if name == "turn" else 32
    x, out = torch.randn(count), torch.zeros(count)
    launch(source, name, [x, out], threads=threads)
    expected = x.flip(0) if name == "turn" else x
    assert torch.equal(out, expected)
    without = re.sub(re.escape(line) + "[^\n]*", "", source)
    assert without != source
    launch(without, name, [x, out], threads=threads)
    assert not torch.equal(out, expected)


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("if (threadIdx.x < 8) __shfl_xor_sync(~0u, 1.0f, 1);", RuntimeError, "don't reach"),
        ("__trap();", RuntimeError, "a trap"),
        ("out[count] = 1;", RuntimeError, "beyond a tensor"),
        ("out[0] = x[count];", RuntimeError, "beyond a tensor"),
        ("out[-1] = 1;", AssertionError, "beyond a tensor"),
        ("((float*)x)[0] = 1;", AssertionError, "may only read"),
        ("out[0] = nothing;", RuntimeError, "nothing"),
        ('asm("bar.sync 0;");', ValueError, "no emulation of 'bar.sync 0;'"),
        ("asm(HALT);", ValueError, "isn't understood"),
    ],
)
def test_what_is_wrong_is_told(launch: Any, body: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        launch(f"{ONE} {body} }}", "one", [torch.zeros(4), torch.zeros(4), 4, 0.5])


@pytest.mark.parametrize("args", [[4, 1], [4.0, 1.0], [4], [4, torch.zeros(4)]])
def test_arguments_are_of_the_kinds_that_a_kernel_takes(launch: Any, args: list[object]) -> None:
    """A card would take whatever bits there are."""
    with pytest.raises((AssertionError, ValueError)):
        launch(f"{ONE}}}", "one", [torch.zeros(4), torch.zeros(4), *args])


def test_what_is_not_written_stays(launch: Any) -> None:
    rows = torch.zeros(4, 6)
    given = torch.arange(8.0)
    launch(f"{ONE} out[threadIdx.x * 6] = factor * x[2 * threadIdx.x]; }}", "one",
           [given[1::2], rows[:, 2:], 4, 0.5], threads=4)  # fmt: skip
    expected = torch.zeros(4, 6)
    expected[:, 2] = given[1::2] / 2
    assert torch.equal(rows, expected)


def test_an_instruction_over_lines_is_a_call() -> None:
    statement = 'asm volatile("cvt.rn.f16.f32 "\n "%0, %1;" : "=h"(a.x)\n : "f"(b[1]) : "memory");'
    assert translated(statement) == "to_half(a.x, b[1]);"
