"""Processes that are ended by force, as by a crash or by a system that runs out of memory."""

import os
import signal
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    SAID = "0xC0000005"  # what a person is told of it
    _TERMINATE, _QUERY = 0x0001, 0x1000  # PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION
    _STILL_ACTIVE = 259
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.OpenProcess.restype = wintypes.HANDLE

    def kill(pid: int) -> None:
        """End a process as an access violation would."""
        process = wintypes.HANDLE(_kernel.OpenProcess(_TERMINATE, False, pid))
        _kernel.TerminateProcess(process, wintypes.DWORD(0xC0000005))
        _kernel.CloseHandle(process)

    def is_alive(pid: int) -> bool:
        process = wintypes.HANDLE(_kernel.OpenProcess(_QUERY, False, pid))
        code = wintypes.DWORD()
        known = _kernel.GetExitCodeProcess(process, ctypes.byref(code))
        _kernel.CloseHandle(process)
        return bool(known) and code.value == _STILL_ACTIVE
else:
    SAID = "SIGKILL"

    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def is_alive(pid: int) -> bool:
        """Whether a process runs; a zombie, which only waits to be counted, does not."""
        try:
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            return False
