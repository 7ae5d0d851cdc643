"""Kernels of our own on a processor: compiled by g++ after `emulated.h`, which has CUDA's words in C++."""

import ctypes
import mmap
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from quant import runtime
from quant.linear import multiplies_fp8, multiplies_int8

HEADER = Path(__file__).with_suffix(".h")
COMPILER = ("g++", "-std=c++17", "-O1", "-w", "-U_FORTIFY_SOURCE", "-shared", "-fPIC")
PAGE = mmap.PAGESIZE
ALIGNMENT = 16  # bytes that a thread reads at once, at a multiple of so many
FENCE_BYTE = 0xFF  # beside what a kernel is given; no number is made of it

# What of `emulated.h` does what an instruction does, to the operands from %0 on.
INSTRUCTIONS = {
    "cvt.rn.bf16.f32 %0, %1;": "to_bfloat",
    "cvt.rn.f16.f32 %0, %1;": "to_half",
    "cvt.f32.f16 %0, %1;": "of_half",
    "cvt.rn.f16x2.f32 %0, %1, %2;": "to_halves",
    "{.reg .f16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b;}": "of_halves",
    "cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;": "to_two_fp8",
    "ex2.approx.ftz.f32 %0, %1;": "power_of_2",
    "cp.async.cg.shared.global [%0], [%1], 16;": "copy_soon",
    "cp.async.cg.shared.global [%0], [%1], 16, %2;": "copy_some_soon",
    "cp.async.commit_group;": "end_group",
    "cp.async.wait_group 0;": "wait_for_all_copies",
    "cp.async.wait_group 1;": "wait_for_all_but_one",
    "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];": "load_4",
    "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];": "load_4_turned",
    "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
    "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};": "multiply_8_bits",
    "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 "
    "{%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};": "multiply_16_bits",
}
STATEMENT = re.compile(r'\basm(?: volatile)?\(\s*((?:"[^"]*"\s*)+)(.*?)\);', re.DOTALL)
OPERAND = re.compile(r'"[=+]?\w"\(([^()]*)\)')
KERNEL = re.compile(r'extern "C" __global__ void (?:__launch_bounds__\([^)]*\) )?(\w+)\(([^)]*)\)')
LAUNCH = """
static void {name}({parameters});
static void {name}_of(void** given) {{ {name}({values}); }}
extern "C" const char* launch_{name}(const unsigned* grid, int threads, void** given) {{
    return launch({name}_of, given, grid, threads);
}}
static void {name}({parameters})"""

# Places, as the fixture of that name takes them.
PROCESSOR = "emulated"
CARD = pytest.param("on a card", marks=pytest.mark.gpu)
OURS = ("int8", "int8-weight-only", "fp8", "fp8-weight-only")  # formats that our kernels are for

# Gives a kernel, or why there is none, by its source, its name, the device, and macros.
Compiled = Callable[[Path, str, torch.device, tuple[str, ...]], Callable[..., None] | str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where kernels run: a card, or this processor in its place."""

    device: torch.device
    launched: set[str]  # the kernels that were looked for and found

    def put(self, tensor: Tensor) -> Tensor:
        """The same, of any shape, there."""
        return tensor.to(self.device)


def needs_units(place: Place, name: str) -> None:
    """Skip a test of a format that a card doesn't multiply."""
    multiplies = {"int8": multiplies_int8, "fp8": multiplies_fp8}
    if place.device.type == "cuda" and name in multiplies and not multiplies[name](place.device):
        pytest.skip(f"this card doesn't multiply {name}")


def with_place(
    ours: Iterable[tuple[object, ...]], cards: Iterable[tuple[object, ...]]
) -> list[Any]:
    """Parameters after a `place`: some for a processor, some for a card."""
    return [
        *(pytest.param(PROCESSOR, *values) for values in ours),
        *(pytest.param(*CARD.values, *values, marks=CARD.marks) for values in cards),
    ]


class Emulator:
    """Compiles sources into a folder, each once for the same macros."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library = cache(self._compiled)

    def kernel(
        self, source: Path, name: str, _: torch.device, macros: tuple[str, ...]
    ) -> Callable[..., None]:
        """A kernel of a source, called as one of torch's but for tensors of this processor."""
        library = self._library(source, macros)
        launch = library[f"launch_{name}"]
        launch.restype = ctypes.c_char_p
        types = _types(dict(KERNEL.findall(source.read_text("utf-8")))[name])

        def run(
            grid: tuple[int, int, int],
            block: tuple[int, int, int],
            args: list[object],
            stream: object = None,
        ) -> None:
            del stream
            assert block[1:] == (1, 1)
            given = [_argument(kind, value) for kind, value in zip(types, args, strict=True)]
            places = (ctypes.c_void_p * len(given))(*(one.address for one in given))
            problem = launch((ctypes.c_uint * 3)(*grid), block[0], places)
            if problem is not None:
                raise RuntimeError(f"{name}: {problem.decode()}")
            for one in given:
                one.give_back(name)

        return run

    def _compiled(self, source: Path, macros: tuple[str, ...]) -> ctypes.CDLL:
        folder = Path(tempfile.mkdtemp(prefix=f"{source.stem}-", dir=self._folder))
        text = source.read_text("utf-8")
        defined = "".join(f"#define {macro.replace('=', ' ')}\n" for macro in macros)
        code, library = folder / "code.cpp", folder / "code.so"
        for header in runtime.HEADERS:
            (folder / header.name).write_text(translated(header.read_text("utf-8")), "utf-8")
        code.write_text(f'#include "{HEADER}"\n{defined}{translated(text)}', "utf-8")
        done = subprocess.run(
            [*COMPILER, "-o", library, code], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return ctypes.CDLL(str(library))


def why_not() -> str:
    """Why nothing can be emulated here; nothing where it can."""
    if sys.platform != "linux":
        return "kernels are emulated on Linux alone"
    return "" if shutil.which("g++") else "kernels are emulated with g++, which isn't installed"


def install(compiled: Compiled, device: torch.device, patch: pytest.MonkeyPatch) -> Place:
    """Has the product run, for tensors of a device, kernels that `compiled` gives."""
    launched = set[str]()

    def noted(
        source: Path, name: str, device: torch.device, macros: tuple[str, ...]
    ) -> Callable[..., None] | str:
        found = compiled(source, name, device, macros)
        if not isinstance(found, str):
            launched.add(name)
        return found

    patch.setattr(runtime, "compiled", noted)
    patch.setattr(runtime, "runs_on", lambda given: given.type == device.type)
    if device.type == "cpu":
        patch.setattr(runtime, "stream_of", lambda _: None)
    return Place(device, launched)


def translated(source: str) -> str:
    """A source with calls in the place of instructions. Raises `ValueError` for one that isn't known."""

    def call(statement: re.Match[str]) -> str:
        instruction = " ".join("".join(re.findall(r'"([^"]*)"', statement[1])).split())
        if instruction not in INSTRUCTIONS:
            raise ValueError(f"there is no emulation of {instruction!r}")
        return f"{INSTRUCTIONS[instruction]}({', '.join(OPERAND.findall(statement[2]))});"

    made = STATEMENT.sub(call, KERNEL.sub(_with_launch, source))
    if re.search(r"\basm\b", made):
        raise ValueError("there is an instruction that isn't understood")
    return made


def _types(parameters: str) -> list[str]:
    return [parameter.strip().rpartition(" ")[0] for parameter in parameters.split(",")]


def _with_launch(kernel: re.Match[str]) -> str:
    values = (f"*({kind}*)given[{index}]" for index, kind in enumerate(_types(kernel[2])))
    return LAUNCH.format(name=kernel[1], parameters=kernel[2], values=", ".join(values))


class _Number:
    """A number as torch gives it to a kernel."""

    def __init__(self, kind: str, value: object) -> None:
        assert isinstance(value, (int, float))
        assert kind == ("int" if isinstance(value, int) else "double"), f"{value} isn't a {kind}"
        self._there = ctypes.c_int(value) if isinstance(value, int) else ctypes.c_double(value)
        self.address = ctypes.addressof(self._there)

    def give_back(self, name: str) -> None:
        """There is nothing to give back."""


class _Memory:
    """A copy of a tensor's memory, whose end is that of all that can be read, but for less than 16 bytes."""

    def __init__(self, kind: str, tensor: Tensor) -> None:
        assert tensor.device.type == "cpu"
        assert kind.endswith("*"), f"a tensor isn't a {kind}"
        self._tensor, self._is_read_only = tensor, kind.startswith("const")
        last = sum(
            (size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True)
        )
        self._bytes = (last + 1) * tensor.element_size()
        self._before = ctypes.string_at(tensor.data_ptr(), self._bytes)
        pages = 2 + -(-(self._bytes + ALIGNMENT) // PAGE)
        self._map = mmap.mmap(-1, pages * PAGE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self._start, self._end = base + PAGE, base + (pages - 1) * PAGE
        at = self._end - self._bytes
        self._at = at - (at - tensor.data_ptr()) % ALIGNMENT
        ctypes.memset(self._start, FENCE_BYTE, self._end - self._start)
        ctypes.memmove(self._at, self._before, self._bytes)
        for page in (base, self._end):
            assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), PAGE, 0) == 0
        self._pointer = ctypes.c_void_p(self._at)
        self.address = ctypes.addressof(self._pointer)

    def give_back(self, name: str) -> None:
        """Have the tensor be as the kernel left it."""
        after = ctypes.string_at(self._at, self._bytes)
        behind = self._at + self._bytes
        fences = ctypes.string_at(self._start, self._at - self._start)
        fences += ctypes.string_at(behind, self._end - behind)
        assert not fences.strip(bytes([FENCE_BYTE])), f"{name} writes beyond a tensor"
        if self._is_read_only:
            assert after == self._before, f"{name} writes where it may only read"
        else:
            ctypes.memmove(self._tensor.data_ptr(), after, self._bytes)


def _argument(kind: str, value: object) -> _Number | _Memory:
    return _Memory(kind, value) if isinstance(value, Tensor) else _Number(kind, value)
