"""How much memory the machine has beside a card."""

import ctypes
import sys
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


def ram_bytes() -> tuple[int, int]:
    """All memory of the machine and what is free for programs; zeros where the system doesn't say."""
    if sys.platform == "win32":
        status = _MemoryStatus()
        status.length = ctypes.sizeof(status)
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.total), int(status.free)
    if not _MEMINFO.exists():
        return 0, 0
    lines = (line.split() for line in _MEMINFO.read_text("utf-8").splitlines())
    kilobytes = {words[0]: int(words[1]) for words in lines}
    return kilobytes["MemTotal:"] * 1024, kilobytes["MemAvailable:"] * 1024


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of sysinfoapi.h."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("free", ctypes.c_uint64),
        *((name, ctypes.c_uint64) for name in "abcde"),
    )
