"""CUDA kernels of our own, compiled when they are first needed by NVRTC, which comes with torch.

No compiler and no toolkit have to be installed, on Windows either. Their sources assume nothing but the
macros that are named in them.
"""

import ctypes
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor
from torch.cuda import _utils as driver

INCLUDED = Path(__file__).parent
VECTOR = 8  # 16-bit numbers that a thread reads at once
WARP = 32
MOST_THREADS = 256  # of a block
MACROS = {torch.bfloat16: "BF16", torch.float16: "FP16"}

Launch = partial[
    None
]  # of torch.cuda's callable, to be given `grid` and `args`; it has its `block`


def row_kernel(
    source: Path, name: str, rows: Tensor, dtype: torch.dtype, *macros: str
) -> Launch | None:
    """The function `name` of `source`, to be given `grid` and `args`, for rows [..., width] and 16-bit numbers.

    None where torch's own kernels have to do the work, in more steps: off a card, in training, under
    torch.compile, for other sizes and dtypes, and where it can't be compiled. On meta it does nothing, as
    there is nothing to do: memory is counted there as a card has it.
    """
    width = rows.shape[-1]
    off = torch.is_grad_enabled() or torch.compiler.is_compiling()
    if off or width % VECTOR or dtype not in MACROS or not (rows.is_cuda or rows.is_meta):
        return None
    vectors = width // VECTOR
    rounds = -(-vectors // MOST_THREADS)
    threads = WARP * -(-vectors // (WARP * rounds))
    given = MACROS[dtype], f"VECTORS={vectors}", f"THREADS={threads}", *macros
    found = _nothing if rows.is_meta else _kernel(source, name, rows.device, given)
    return None if isinstance(found, str) else partial(found, block=(threads, 1, 1))


def trouble(source: Path, name: str, device: torch.device, dtype: torch.dtype) -> str:
    """Why a kernel can't be had on a card, in the compiler's or the driver's words; else nothing."""
    found = _kernel(source, name, device, (MACROS[dtype], "VECTORS=1", f"THREADS={WARP}"))
    return found if isinstance(found, str) else ""


def machine_code(source: Path, options: tuple[str, ...]) -> bytes:
    """What NVRTC makes of a file. Raises `RuntimeError` with what it says, `OSError` where there is none."""
    library = driver._get_gpu_rtc_library()
    program = ctypes.c_void_p()
    text = ctypes.c_char_p(source.read_bytes())
    if library.nvrtcCreateProgram(ctypes.byref(program), text, None, 0, None, None):
        raise RuntimeError("NVRTC can't be used.")
    try:
        given = (ctypes.c_char_p * len(options))(*map(str.encode, options))
        if library.nvrtcCompileProgram(program, len(options), given):
            log = _read(program, library.nvrtcGetProgramLogSize, library.nvrtcGetProgramLog)
            raise RuntimeError(log.decode(errors="replace"))
        return _read(program, library.nvrtcGetCUBINSize, library.nvrtcGetCUBIN)
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


@cache
def _kernel(
    source: Path, name: str, device: torch.device, macros: tuple[str, ...]
) -> Callable[..., None] | str:
    """The kernel, or why there is none."""
    major, minor = torch.cuda.get_device_capability(device)
    options = f"--gpu-architecture=sm_{major}{minor}", f"-I{INCLUDED}", *(f"-D{m}" for m in macros)
    try:
        code = machine_code(source, options)
        with torch.cuda.device(device):
            return driver._cuda_load_module(code, [name])[name]  # type: ignore[index]
    except (RuntimeError, OSError) as error:
        return str(error)


def _read(program: ctypes.c_void_p, measure: Callable[..., int], read: Callable[..., int]) -> bytes:
    size = ctypes.c_size_t()
    measure(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    read(program, buffer)
    return buffer.raw


def _nothing(**_: object) -> None:
    pass
