"""What of this machine helps or hinders: the card, memory, disks, ffmpeg."""

import ctypes
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from inference import ffmpeg
from inference.api.errors import UserError
from inference.api.findings import Finding, FindingKind, Level
from inference.api.models import models_folder
from inference.memory import ram_bytes

GB = 10**9
ENOUGH_VRAM = 6 * GB  # for the 1.3B models, with what is streamed
ENOUGH_RAM = 8 * GB  # free, beside a card
CLIPS_BYTES = GB  # of free disk, for clips and what is kept of unfinished ones
MODEL_BYTES = 18 * GB  # of free disk: what the smallest official model takes
NVIDIA = Path("/proc/driver/nvidia/version")


def check(folder: Path) -> tuple[Finding, ...]:
    """All findings; `folder` is where clips go."""
    return (
        *_card(),
        _ram(),
        _access(FindingKind.OUTPUT_ACCESS, folder),
        _disk(FindingKind.OUTPUT_DISK, folder, CLIPS_BYTES),
        _access(FindingKind.MODELS_ACCESS, models_folder()),
        _disk(FindingKind.MODELS_DISK, models_folder(), MODEL_BYTES),
        _ffmpeg(),
    )


def _card() -> Iterator[Finding]:
    driver = driver_version()
    cuda = torch.version.cuda
    if torch.cuda.is_available():
        yield from _usable_card(driver, cuda or "")
    elif not driver and not NVIDIA.exists():
        name = platform.processor() or platform.machine()
        yield Finding(FindingKind.NO_CARD, Level.WARNING, {"name": name})
    elif cuda is None:
        yield Finding(FindingKind.NO_CUDA, Level.PROBLEM, {"torch": torch.__version__})
    else:
        values = {"driver": driver, "cuda": cuda}
        yield Finding(FindingKind.NO_DRIVER, Level.PROBLEM, values)


def _usable_card(driver: str, cuda: str) -> Iterator[Finding]:
    major, minor = torch.cuda.get_device_capability()
    values = {"name": torch.cuda.get_device_name(), "capability": f"{major}.{minor}"}
    architectures = torch.cuda.get_arch_list()
    if is_supported(major, minor, architectures):
        values |= {"driver": driver, "cuda": cuda}
        yield Finding(FindingKind.CARD, Level.OK, values)
    else:
        values |= {"supported": " ".join(architectures)}
        yield Finding(FindingKind.OLD_CARD, Level.PROBLEM, values)
    free, total = torch.cuda.mem_get_info()
    level = Level.OK if free >= ENOUGH_VRAM else Level.WARNING
    yield Finding(FindingKind.VRAM, level, _bytes(total, free))
    if sys.platform == "win32":
        yield Finding(FindingKind.SYSTEM_FALLBACK, Level.WARNING, {"driver": driver})


def is_supported(major: int, minor: int, architectures: list[str]) -> bool:
    """Whether torch, built for `architectures` such as "sm_86" and "compute_90", runs on a card of that
    compute capability.

    Binaries ("sm") run on cards of their own generation from their own number on, "compute" on all later.
    """
    own = 10 * major + minor
    for architecture in architectures:
        kind, _, number = architecture.partition("_")
        if not number.isdigit() or int(number) > own:
            continue
        if kind == "compute" or int(number) // 10 == major:
            return True
    return False


def driver_version() -> str:
    """Of NVIDIA's driver, from its own library, so also where torch can't use it; "" without one."""
    name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return ""
    text = ctypes.create_string_buffer(96)
    if library.nvmlInit_v2():
        return ""
    failed = library.nvmlSystemGetDriverVersion(text, ctypes.c_uint(len(text)))
    library.nvmlShutdown()
    return "" if failed else text.value.decode(errors="replace")


def _ram() -> Finding:
    total, free = ram_bytes()
    level = Level.OK if free >= ENOUGH_RAM or not total else Level.WARNING
    return Finding(FindingKind.RAM, level, _bytes(total, free))


def _access(kind: FindingKind, folder: Path) -> Finding:
    """Whether files can be made there, by making one."""
    place = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".kinora-"):
            return Finding(kind, Level.OK, {"path": str(folder)})
    except OSError as error:
        values = {"path": str(folder), "reason": error.strerror or str(error)}
        return Finding(kind, Level.PROBLEM, values)


def _disk(kind: FindingKind, folder: Path, wanted: int) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    level = Level.OK if free >= wanted else Level.WARNING
    return Finding(kind, level, {"path": str(folder), "free_bytes": str(free)})


def _existing(folder: Path) -> Path:
    """`folder`, or the folder above it that is there, in which it would be made."""
    path = folder.absolute()
    while not path.is_dir():
        path = path.parent
    return path


def _ffmpeg() -> Finding:
    try:
        return Finding(FindingKind.FFMPEG, Level.OK, {"version": ffmpeg.version()})
    except UserError as error:
        return Finding(FindingKind.FFMPEG, Level.PROBLEM, {"reason": str(error)})


def _bytes(total: int, free: int) -> dict[str, str]:
    return {"total_bytes": str(total), "free_bytes": str(free)}
