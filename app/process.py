"""Child processes that end with the window, however the window ends."""

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment

from inference.api.models import ROOT

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

# Asks Linux to kill this process when the thread that started it ends, then becomes the program. A
# parent that is gone by then has been replaced: the request would never be granted.
_DIE_WITH_PARENT = """
import ctypes, os, sys
PR_SET_PDEATHSIG, SIGKILL = 1, 9
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def prepare_python(process: QProcess, arguments: list[str]) -> None:
    """Let `process` run Python with `arguments` in the program's folder, and die with this process.

    On Windows `bind_to_parent` does the second part, once it has been started.
    """
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONPATH", str(ROOT))
    environment.insert("PYTHONUTF8", "1")
    for name in ("KINORA_DATA", "KINORA_MODELS"):
        if folder := os.environ.get(name):
            environment.insert(name, str(Path(folder).absolute()))  # it works in another folder
    process.setProcessEnvironment(environment)
    process.setWorkingDirectory(str(ROOT))
    command = [sys.executable, "-P", *arguments]
    if sys.platform == "linux":
        alone = ["-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid())]
        command = [sys.executable, *alone, *command]
    process.setProgram(command[0])
    process.setArguments(command[1:])


def signal_name(number: int) -> str:
    """Such as SIGSEGV; the number itself where it has no name here, as Windows writes it: 0xC0000005."""
    if number < 0:
        return f"0x{number & 0xFFFF_FFFF:08X}"
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def remove_file(path: Path) -> bool:
    """Delete a file that may be gone already; False where the system refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


if sys.platform == "win32":
    _KILL_ON_JOB_CLOSE = 0x2000
    _EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
    _SET_QUOTA_AND_TERMINATE = 0x0101

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("per_process_time", ctypes.c_int64),
            ("per_job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least_working_set", ctypes.c_size_t),
            ("most_working_set", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("basic", _BasicLimits),
            ("io_counters", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process_memory", ctypes.c_size_t),
            ("peak_job_memory", ctypes.c_size_t),
        )

    def bind_to_parent(pid: int) -> int:
        """Put a process into a job object that Windows ends with this process; returns its handle,
        which is to be kept and never closed, 0 if Windows refused."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.OpenProcess.restype = wintypes.HANDLE
        job = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))
        limits = _ExtendedLimits()
        limits.basic.flags = _KILL_ON_JOB_CLOSE
        limited = kernel.SetInformationJobObject(
            job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        )
        child = wintypes.HANDLE(kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid))
        bound = limited and kernel.AssignProcessToJobObject(job, child)
        kernel.CloseHandle(child)
        return (job.value or 0) if bound else 0

    def let_come_to_front(pid: int) -> None:
        """Allow that process to raise its window, which Windows grants only to the active program."""
        ctypes.WinDLL("user32").AllowSetForegroundWindow(wintypes.DWORD(pid))
else:

    def bind_to_parent(pid: int) -> int:
        """Nothing to do here: see `prepare_python`."""
        return 0

    def let_come_to_front(pid: int) -> None:
        """Nothing to do here."""
