"""What a checkup of this machine finds out."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What a checkup found out, and the names of its `values`. Those that end in `_bytes` are whole
    numbers; `wanted_bytes` is how many should be free. `reason` is the system's own word for a fault, and
    `error` its name, such as "EACCES", where there is one: both only if it isn't `Level.OK`."""

    CARD = "card"  # name, capability: torch can use it
    NO_CARD = "no card"  # of NVIDIA: the processor computes
    OLD_CARD = "old card"  # name, capability, needed: torch has no more code for it
    NEW_CARD = "new card"  # name, capability: torch has no code for it yet
    CARD_FAULT = "card fault"  # driver: there, and recent enough, and yet no card to be used
    NO_CUDA = "no cuda"  # torch: an NVIDIA card, and a torch that can't use any
    DRIVER = "driver"  # driver, cuda: it runs what torch is made for
    NO_DRIVER = "no driver"  # an NVIDIA card, and no driver of NVIDIA's
    OLD_DRIVER = (
        "old driver"  # driver, offered, cuda: offers an older CUDA than torch needs, or none
    )
    VRAM = "vram"  # total_bytes, free_bytes, wanted_bytes; reason where it can't be asked
    SYSTEM_FALLBACK = "system fallback"  # Windows may move what is on the card to RAM, slowly
    RAM = "ram"  # total_bytes, free_bytes, wanted_bytes; zeros where the system doesn't say
    OUTPUT_ACCESS = "output access"  # path, reason, error
    OUTPUT_DISK = "output disk"  # path, free_bytes, wanted_bytes
    DATA_ACCESS = "data access"  # path, reason, error
    DATA_DISK = "data disk"  # path, free_bytes, wanted_bytes
    MODELS_ACCESS = "models access"  # path, reason, error
    MODELS_DISK = "models disk"  # path, free_bytes, wanted_bytes
    FFMPEG = "ffmpeg"  # version; path, reason if it doesn't run
    NO_FFMPEG = "no ffmpeg"  # none was found


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
