"""How much memory this process held at most."""

import ctypes
import re
import sys
from contextlib import suppress
from pathlib import Path

import torch

if sys.platform != "win32":
    import resource

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_HIGH_WATER = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


def give_back() -> None:
    """Have the allocator return what is free to the system, where it keeps it for later (glibc)."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def reset_peaks(device: torch.device) -> None:
    """Starts a new measurement. Where the system can't forget its peak, `peak_ram_bytes` goes on."""
    if _CLEAR_REFS.exists():
        with suppress(PermissionError):  # some sandboxes; then it is such a system
            _CLEAR_REFS.write_text("5")  # 5 resets the high-water mark (Linux, proc(5))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_vram_bytes(device: torch.device) -> int:
    """The most that tensors held on the card since `reset_peaks`, in bytes; 0 without one."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def peak_reserved_bytes(device: torch.device) -> int:
    """The most that torch took of the card for its tensors since `reset_peaks`; 0 without one."""
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else 0


def peak_ram_bytes() -> int:
    """The largest resident set of the process since `reset_peaks`, in bytes."""
    if sys.platform == "win32":
        return _windows_peak_bytes()
    status = _STATUS.read_text("utf-8") if _STATUS.exists() else ""
    if high_water := _HIGH_WATER.search(status):
        return int(high_water[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        *((name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "e", "f")),
    )


def _windows_peak_bytes() -> int:
    counters = _Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009, exists on Windows alone
    kernel.K32GetProcessMemoryInfo(
        ctypes.c_void_p(kernel.GetCurrentProcess()), ctypes.byref(counters), counters.cb
    )
    return int(counters.peak)
