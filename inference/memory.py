"""How much memory this process holds, and held at most."""

import ctypes
import sys
from pathlib import Path

import torch

if sys.platform != "win32":
    import resource

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def reset_peaks(device: torch.device) -> None:
    """Starts a new measurement. Where the system can't forget its peak, `peak_ram_bytes` goes on."""
    if _CLEAR_REFS.exists():
        _CLEAR_REFS.write_text("5")  # 5 resets the high-water mark (Linux, proc(5))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_vram_bytes(device: torch.device) -> int:
    """The most that tensors held on the card since `reset_peaks`, in bytes; 0 without one."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def peak_ram_bytes() -> int:
    """The largest resident set of the process since `reset_peaks`, in bytes."""
    if _STATUS.exists():
        line = next(row for row in _STATUS.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return _windows_peak_bytes()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


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
