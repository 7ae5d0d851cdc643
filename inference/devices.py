"""What there is to compute on, and the most that this process may take of it."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.cuda import _utils as driver

from inference.api.decoding import ROUNDED_BYTES
from inference.api.device import DeviceInfo
from inference.api.ram import ram_bytes
from inference.api.room import CONTEXT_BYTES, budget_bytes, limited
from inference.api.sentence import Sentence

# Of torch's allocator of pinned memory: what is larger than 1 MiB is given out in its own size, where else
# it would be rounded up to a power of two, and given back once it is free. torch's other setting for it,
# `pinned_max_round_threshold_mb`, must not be below this one: the free blocks of a class then differ in
# size, and torch 2.13 takes any of them (https://github.com/pytorch/pytorch/pull/192722).
PINNED_SETTING = f"pinned_max_cached_size_mb:{ROUNDED_BYTES >> 20}"
# Of its allocator on the card: segments that grow, so that no holes are left between tensors of different
# sizes, which took 0.6 GiB beside 3.5 of a streamed 14B. Neither Windows nor WSL has them in torch 2.13
# (https://github.com/pytorch/pytorch/issues/192330).
GROWING_SETTING = "expandable_segments:True"
_MAPS_MEMORY = 102  # CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED of cuda.h


def best_device() -> torch.device:
    """The GPU where there is one that can be used."""
    return torch.device("cuda" if torch.cuda.is_available() and _has_code() else "cpu")


def idle_card(device: torch.device) -> Sentence | None:
    """Says so if there is a card that can't be used, so that `device` is the processor."""
    if device.type != "cpu" or not torch.cuda.is_available() or _has_code():
        return None
    major, minor = torch.cuda.get_device_capability()
    return Sentence(
        "The card {name} is not used, as the engine has no code for its compute capability {capability}: "
        "the clip is made on the processor, slowly.",
        name=torch.cuda.get_device_name(),
        capability=f"{major}.{minor}",
    )


def _has_code() -> bool:
    return is_supported(*torch.cuda.get_device_capability(), torch.cuda.get_arch_list())


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


def describe(device: torch.device, vram_bytes: int = 0) -> DeviceInfo:
    """The device as it is now, of whose card no more than `vram_bytes` is to be taken; 0 for all."""
    _, ram = ram_bytes()
    if device.type != "cuda":
        return DeviceInfo(name="CPU", ram_bytes=ram)
    free, total = torch.cuda.mem_get_info(device)
    # What torch keeps for its next tensors is free to it.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    major, minor = torch.cuda.get_device_capability(device)
    name = torch.cuda.get_device_name(device)
    return limited(DeviceInfo(name, total, free, f"{major}.{minor}", ram), vram_bytes)


@contextmanager
def capped(device: torch.device, info: DeviceInfo) -> Iterator[None]:
    """Have tensors take no more of the card than a plan for `info` may.

    Beyond it an allocation fails, and the job goes on with less; without the cap Windows would move
    other tensors to main memory and say nothing, and each step would take minutes.
    """
    if device.type != "cuda":
        yield
        return
    _set_up_allocators(device)
    _, total = torch.cuda.mem_get_info(device)
    share = (budget_bytes(info) - CONTEXT_BYTES) / total
    torch.cuda.set_per_process_memory_fraction(min(max(share, 0.0), 1.0), device.index)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device.index)


def _set_up_allocators(device: torch.device) -> None:
    """Have pinned memory take no more than it holds, and the card's memory hold no holes, unless the user
    has set torch's allocators so."""
    settings = torch._C._accelerator_getAllocatorSettings()
    wanted = [("pinned_max_", PINNED_SETTING)]
    is_own_linux = platform.system() == "Linux" and "microsoft" not in platform.release().lower()
    if is_own_linux and _maps_memory(device):
        wanted.append(("expandable_segments", GROWING_SETTING))
    missing = [setting for name, setting in wanted if name not in settings]
    if missing:
        torch._C._accelerator_setAllocatorSettings(",".join(filter(None, (settings, *missing))))


def _maps_memory(device: torch.device) -> bool:
    """Whether a card has what growing segments are made of: some that are shared out to virtual machines don't."""
    answer = ctypes.c_int()
    try:
        library = driver._get_gpu_runtime_library()
    except OSError:
        return False
    failed = library.cuDeviceGetAttribute(ctypes.byref(answer), _MAPS_MEMORY, device.index or 0)
    return not failed and answer.value == 1
