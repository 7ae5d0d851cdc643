"""What a checkup of this machine finds out."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What a checkup found out, and the names of its `values`. Those that end in `_bytes` are whole
    numbers."""

    CARD = "card"  # name, capability, driver, cuda: it can be used
    NO_CARD = "no card"  # name: the processor computes
    NO_CUDA = "no cuda"  # torch: an NVIDIA card, and a torch that can't use any
    NO_DRIVER = "no driver"  # driver, cuda: a card, and a driver too old for torch
    OLD_CARD = "old card"  # name, capability, supported: torch has no code for it
    VRAM = "vram"  # total_bytes, free_bytes
    SYSTEM_FALLBACK = "system fallback"  # driver: Windows may spill it into RAM, slowly
    RAM = "ram"  # total_bytes, free_bytes
    OUTPUT_DISK = "output disk"  # path, free_bytes
    MODELS_DISK = "models disk"  # path, free_bytes
    OUTPUT_ACCESS = "output access"  # path, reason
    MODELS_ACCESS = "models access"  # path, reason
    FFMPEG = "ffmpeg"  # version; reason if it doesn't run


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"  # it works, and could work better
    PROBLEM = "problem"  # something won't work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. The window makes the sentence."""

    kind: FindingKind
    level: Level
    values: dict[str, str]
