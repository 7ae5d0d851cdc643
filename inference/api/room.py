"""What of a card a clip may take."""

from dataclasses import replace

from inference.api.device import DeviceInfo

CONTEXT_BYTES = 2**29  # what CUDA takes on the card for a process before its first tensor
ROOM = 0.97  # of what is free: the rest is what an allocator loses between tensors


def budget_bytes(device: DeviceInfo) -> int:
    """The most of the card that a plan may take, with what CUDA itself takes."""
    return int(ROOM * card_bytes(device))


def card_bytes(device: DeviceInfo) -> int:
    """What a clip may take of the card. CUDA's own part was gone when `free_bytes` was asked for."""
    return min(device.total_bytes, device.free_bytes + CONTEXT_BYTES)


def limited(device: DeviceInfo, vram_bytes: int) -> DeviceInfo:
    """`device` of whose card no more than `vram_bytes` is to be taken; 0 for all that is free."""
    if not vram_bytes:
        return device
    return replace(
        device,
        total_bytes=min(device.total_bytes, vram_bytes),
        free_bytes=min(device.free_bytes, max(0, vram_bytes - CONTEXT_BYTES)),
    )
