"""CUDA kernels of our own, compiled when they are first needed by NVRTC, which comes with torch.

No compiler and no toolkit have to be installed, on Windows either. Their sources assume nothing but the
macros that are named in them.
"""

import ctypes
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor
from torch.cuda import _utils as driver

HEADERS = tuple(Path(__file__).with_name(name) for name in ("numbers.cuh", "matrices.cuh"))
VECTOR = 8  # 16-bit numbers that a thread reads at once
WARP = 32
MOST_THREADS = 256  # of a block
MACROS = {torch.bfloat16: "BF16", torch.float16: "FP16"}

# Of the driver's cuLaunchKernel: a function, blocks and threads along x, y, z, bytes of shared memory, a stream, the
# places of what the function is given, and a second way to give it that.
LAUNCH = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, *[ctypes.c_uint] * 7, *[ctypes.c_void_p] * 3
)
# A `Function` with its `block` and `stream`, to be given `grid` and `args`.
Launch = partial[None]


class Function:
    """A kernel on a card. torch's own way to start one looks for the driver's library each time, which takes the
    processor some 50 us in place of 5: longer than the card takes for most.

    address: the function's, by the driver. launch: `LAUNCH`, the driver's. owner: what keeps the function loaded.
    """

    def __init__(
        self, address: int | None, launch: Callable[..., int], owner: object = None
    ) -> None:
        self._address, self._launch, self._owner = address, launch, owner

    def __call__(
        self,
        *,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        args: Sequence[Tensor | float],
        stream: int,
    ) -> None:
        """Queue it in a stream of the card that all tensors are on. Numbers come as `int` and `double`.

        Raises `RuntimeError` if the driver refuses.
        """
        given = [_argument(value) for value in args]
        places = (ctypes.c_void_p * len(given))(*map(ctypes.addressof, given))
        refused = self._launch(self._address, *grid, *block, 0, stream, places, None)
        if refused:
            driver._check_cuda(refused)


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
    if off or width % VECTOR or dtype not in MACROS or not rows.numel():
        return None
    vectors = width // VECTOR
    rounds = -(-vectors // MOST_THREADS)
    threads = WARP * -(-vectors // (WARP * rounds))
    given = MACROS[dtype], f"VECTORS={vectors}", f"THREADS={threads}", *macros
    if rows.is_meta:
        return partial(_nothing, block=(threads, 1, 1))
    found = kernel(source, name, rows.device, threads, *given)
    return None if isinstance(found, str) else found


def kernel(
    source: Path, name: str, device: torch.device, threads: int, *macros: str
) -> Launch | str:
    """The function `name` of `source` for a card, in blocks of so many threads, to be given `grid` and `args`;
    or why there is none."""
    if not runs_on(device):
        return f"no kernels for {device.type}"
    found = compiled(source, name, device, macros)
    if isinstance(found, str):
        return found
    return partial(found, block=(threads, 1, 1), stream=stream_of(device))


def runs_on(device: torch.device) -> bool:
    """Whether a device is one that these kernels are for."""
    return device.type == "cuda"


def stream_of(device: torch.device) -> int:
    """What a card's kernels are queued in, by the driver's address."""
    return torch._C._cuda_getCurrentRawStream(device.index)


@cache
def compiled(
    source: Path, name: str, device: torch.device, macros: tuple[str, ...]
) -> Callable[..., None] | str:
    """The kernel for a card, or why it can't be compiled."""
    major, minor = torch.cuda.get_device_capability(device)
    options = f"--gpu-architecture=sm_{major}{minor}", *(f"-D{macro}" for macro in macros)
    try:
        code = machine_code(source, options)
    except (RuntimeError, OSError) as error:
        return str(error)
    with torch.cuda.device(device):  # where there is no room for it, the job needs a lighter plan
        loaded = driver._cuda_load_module(code, [name])[name]  # type: ignore[index]
    return Function(loaded.func.value, _launcher(), loaded)


def why_not(source: Path, name: str, device: torch.device, dtype: torch.dtype) -> str:
    """Why a kernel can't be compiled for a card, in the compiler's words; nothing where it can or needn't be."""
    if not runs_on(device) or dtype not in MACROS:
        return ""
    found = compiled(source, name, device, (MACROS[dtype], "VECTORS=1", f"THREADS={WARP}"))
    return found if isinstance(found, str) else ""


def machine_code(source: Path, options: tuple[str, ...]) -> bytes:
    """What NVRTC makes of a file. Raises `RuntimeError` with what it says, `OSError` where there is none."""
    library = driver._get_gpu_rtc_library()
    program = ctypes.c_void_p()
    text = ctypes.c_char_p(source.read_bytes())
    # In memory, as NVRTC takes a path with Chinese letters for another on Windows.
    count = len(HEADERS)
    headers = (ctypes.c_char_p * count)(*(file.read_bytes() for file in HEADERS))
    names = (ctypes.c_char_p * count)(*(file.name.encode() for file in HEADERS))
    if library.nvrtcCreateProgram(ctypes.byref(program), text, None, count, headers, names):
        raise RuntimeError("NVRTC can't be used.")
    try:
        given = (ctypes.c_char_p * len(options))(*map(str.encode, options))
        if library.nvrtcCompileProgram(program, len(options), given):
            log = _read(program, library.nvrtcGetProgramLogSize, library.nvrtcGetProgramLog)
            raise RuntimeError(log.rstrip(b"\0").decode(errors="replace") or "NVRTC failed.")
        return _read(program, library.nvrtcGetCUBINSize, library.nvrtcGetCUBIN)
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


@cache
def _launcher() -> Callable[..., int]:
    return LAUNCH(("cuLaunchKernel", driver._get_gpu_runtime_library()))


def _argument(value: Tensor | float) -> ctypes.c_void_p | ctypes.c_int | ctypes.c_double:
    if isinstance(value, int):
        return ctypes.c_int(value)
    if isinstance(value, float):
        return ctypes.c_double(value)
    return ctypes.c_void_p(value.data_ptr())


def _read(program: ctypes.c_void_p, measure: Callable[..., int], read: Callable[..., int]) -> bytes:
    size = ctypes.c_size_t()
    measure(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    read(program, buffer)
    return buffer.raw


def _nothing(**_: object) -> None:
    pass
