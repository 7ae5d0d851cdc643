"""What there is to compute on, and the most that this process may take of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from inference.api.device import DeviceInfo
from inference.api.plan import CONTEXT_BYTES, budget_bytes, limited
from inference.memory import ram_bytes


def best_device() -> torch.device:
    """The GPU where there is one that can be used."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the networks compute in: many CPUs multiply bfloat16 a hundred times slower."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


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
    _, total = torch.cuda.mem_get_info(device)
    share = (budget_bytes(info) - CONTEXT_BYTES) / total
    torch.cuda.set_per_process_memory_fraction(min(max(share, 0.0), 1.0), device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
