"""What of this machine helps or hinders: the card, its driver, memory, disks, ffmpeg."""

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from inference import ffmpeg
from inference.api.errors import UserError
from inference.api.findings import Finding, FindingKind, Level
from inference.api.models import data_folder, models_folder
from inference.api.ram import ram_bytes
from inference.devices import is_supported

GB = 10**9
ENOUGH_VRAM = 6 * GB  # for the 1.3B models, with what is streamed
ENOUGH_RAM = 8 * GB  # free, beside a card
CLIPS_BYTES = GB  # of free disk, for clips
DATA_BYTES = 3 * GB  # for what is kept of unfinished clips, and copies with fewer bits
MODEL_BYTES = 18 * GB  # what the smallest official model takes
LOADED_DRIVER = Path("/proc/driver/nvidia/version")
DEVICES = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", "0x03"  # a maker, and the beginning of the classes of graphics cards


def check(folder: Path) -> tuple[Finding, ...]:
    """All findings; `folder` is where clips go."""
    return (
        *_card(),
        _ram(),
        *_folder(FindingKind.OUTPUT_ACCESS, FindingKind.OUTPUT_DISK, folder, CLIPS_BYTES),
        *_folder(FindingKind.DATA_ACCESS, FindingKind.DATA_DISK, data_folder(), DATA_BYTES),
        *_folder(FindingKind.MODELS_ACCESS, FindingKind.MODELS_DISK, models_folder(), MODEL_BYTES),
        _ffmpeg(),
    )


@dataclass(frozen=True, slots=True)
class Driver:
    """NVIDIA's: its version, and the CUDA that it offers, such as "12.4"; one before CUDA 10 doesn't say."""

    version: str = ""
    cuda: str = ""


def _card() -> Iterator[Finding]:
    driver, cuda = find_driver(), torch.version.cuda or ""
    if torch.cuda.is_available():
        yield from _usable_card(driver, cuda)
        return
    is_loaded = bool(driver.version) or LOADED_DRIVER.exists()
    if not is_loaded and not has_nvidia_card():
        yield Finding(FindingKind.NO_CARD, Level.WARNING, {})
    elif not is_loaded:
        yield Finding(FindingKind.NO_DRIVER, Level.PROBLEM, {})
    elif not cuda:
        yield Finding(FindingKind.NO_CUDA, Level.PROBLEM, {"torch": torch.__version__})
    elif driver.version and _major(driver.cuda or "0") < _major(cuda):
        values = {"driver": driver.version, "offered": driver.cuda, "cuda": cuda}
        yield Finding(FindingKind.OLD_DRIVER, Level.PROBLEM, values)
    else:
        yield Finding(FindingKind.CARD_FAULT, Level.PROBLEM, {"driver": driver.version})


def _usable_card(driver: Driver, cuda: str) -> Iterator[Finding]:
    yield _generation()
    yield Finding(FindingKind.DRIVER, Level.OK, {"driver": driver.version, "cuda": cuda})
    yield _vram()
    if sys.platform == "win32":
        yield Finding(FindingKind.SYSTEM_FALLBACK, Level.OK, {})


def _generation() -> Finding:
    """Whether torch has code for the card."""
    major, minor = torch.cuda.get_device_capability()
    values = {"name": torch.cuda.get_device_name(), "capability": f"{major}.{minor}"}
    architectures = torch.cuda.get_arch_list()
    if is_supported(major, minor, architectures):
        return Finding(FindingKind.CARD, Level.OK, values)
    oldest = min(_numbers(architectures), default=0)
    if 10 * major + minor > oldest:
        return Finding(FindingKind.NEW_CARD, Level.PROBLEM, values)
    values["needed"] = f"{oldest // 10}.{oldest % 10}"
    return Finding(FindingKind.OLD_CARD, Level.PROBLEM, values)


def _numbers(architectures: list[str]) -> list[int]:
    numbers = (architecture.partition("_")[2] for architecture in architectures)
    return [int(number) for number in numbers if number.isdigit()]


def _vram() -> Finding:
    try:
        free, total = torch.cuda.mem_get_info()
    except RuntimeError as error:  # even the little that asking takes was not to be had
        reason = str(error).partition("\n")[0]
        return Finding(FindingKind.VRAM, Level.PROBLEM, {"reason": reason})
    free += torch.cuda.memory_reserved()  # what this process holds is no other program's
    level = Level.OK if free >= ENOUGH_VRAM else Level.WARNING
    return Finding(FindingKind.VRAM, level, _memory(total, free, ENOUGH_VRAM))


def find_driver() -> Driver:
    """Asked of its own library, so also where torch can't use it; empty without one that works."""
    name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return Driver()
    if library.nvmlInit_v2():
        return Driver()
    text, number = ctypes.create_string_buffer(96), ctypes.c_int()
    has_version = not library.nvmlSystemGetDriverVersion(text, ctypes.c_uint(len(text)))
    ask_cuda = getattr(library, "nvmlSystemGetCudaDriverVersion_v2", None)
    has_cuda = ask_cuda is not None and not ask_cuda(ctypes.byref(number))
    library.nvmlShutdown()
    return Driver(
        version=text.value.decode(errors="replace") if has_version else "",
        cuda=f"{number.value // 1000}.{number.value % 1000 // 10}" if has_cuda else "",
    )


def has_nvidia_card() -> bool:
    """Whether there is one, driver or not, as far as the system tells."""
    if sys.platform == "win32":
        return any("VEN_10DE" in name.upper() for name in _windows_cards())
    folders = DEVICES.iterdir() if DEVICES.is_dir() else ()
    return any(
        _word(folder / "vendor") == NVIDIA and _word(folder / "class").startswith(DISPLAY)
        for folder in folders
    )


def _windows_cards() -> Iterator[str]:
    """Their names on the bus, such as "PCI\\VEN_10DE&DEV_2504"."""
    device = _DisplayDevice()
    device.size = ctypes.sizeof(device)
    user = getattr(ctypes, "windll").user32  # noqa: B009, exists on Windows alone
    number = 0
    while user.EnumDisplayDevicesW(None, number, ctypes.byref(device), 0):
        yield device.id
        number += 1


class _DisplayDevice(ctypes.Structure):
    """DISPLAY_DEVICEW of wingdi.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("name", ctypes.c_wchar * 32),
        ("text", ctypes.c_wchar * 128),
        ("state", ctypes.c_uint32),
        ("id", ctypes.c_wchar * 128),
        ("key", ctypes.c_wchar * 128),
    )


def _word(file: Path) -> str:
    return file.read_text("ascii").strip() if file.is_file() else ""


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _ram() -> Finding:
    total, free = ram_bytes()
    level = Level.OK if free >= ENOUGH_RAM or not total else Level.WARNING
    return Finding(FindingKind.RAM, level, _memory(total, free, ENOUGH_RAM))


def _folder(
    access: FindingKind, disk: FindingKind, folder: Path, wanted_bytes: int
) -> Iterator[Finding]:
    """Whether files can be made in a folder, by making one, and how many bytes there is room for."""
    place = _existing(folder)
    try:
        if place.is_file():  # Windows has another word for it
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with tempfile.NamedTemporaryFile(dir=place, prefix=".kinora-") as file:
            file.write(b"\0")
        yield Finding(access, Level.OK, {"path": str(folder)})
    except OSError as error:
        values = {"path": str(folder), "reason": error.strerror or str(error)}
        values["error"] = errno.errorcode.get(error.errno or 0, "")
        yield Finding(access, Level.PROBLEM, values)
    if not place.exists():  # a drive that isn't there has no room to tell of
        return
    free = shutil.disk_usage(place).free
    level = Level.OK if free >= wanted_bytes else Level.WARNING
    values = {"path": str(folder), "free_bytes": str(free), "wanted_bytes": str(wanted_bytes)}
    yield Finding(disk, level, values)


def _existing(folder: Path) -> Path:
    """`folder`, or what is there above it, where it would be made; or the root of a drive that isn't."""
    path = folder.absolute()
    while path != path.parent:
        if os.path.exists(path):  # noqa: PTH110, Path's raises where it may not look
            break
        path = path.parent
    return path


def _ffmpeg() -> Finding:
    try:
        program = ffmpeg.executable()
    except UserError:
        return Finding(FindingKind.NO_FFMPEG, Level.PROBLEM, {})
    try:
        return Finding(FindingKind.FFMPEG, Level.OK, {"version": ffmpeg.version()})
    except UserError as error:
        values = {"path": program, "reason": str(error.__cause__)}
        return Finding(FindingKind.FFMPEG, Level.PROBLEM, values)


def _memory(total: int, free: int, wanted: int) -> dict[str, str]:
    values = {"total_bytes": total, "free_bytes": free, "wanted_bytes": wanted}
    return {name: str(number) for name, number in values.items()}
