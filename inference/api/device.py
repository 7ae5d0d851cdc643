"""What a clip is made on, and in which stages."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The parts of a generation, in order."""

    TEXT = "text"
    CONDITION = "condition"  # the pictures that are given, as the transformer takes them
    QUANTIZE = "quantize"  # the transformer, when its copy in that format isn't kept yet
    LOAD = "load"  # of the transformer
    DENOISE = "denoise"
    DECODE = "decode"


# Those of every clip.
ALWAYS = (Stage.TEXT, Stage.LOAD, Stage.DENOISE, Stage.DECODE)


BF16_CAPABILITY = (8, 0)  # of Ampere, the first cards that multiply bf16


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the worker computes on. Bytes are 0 and `capability` empty where there is no GPU.

    `ram_bytes` is the memory beside the card that programs can have; 0 where it isn't known.
    """

    name: str
    total_bytes: int = 0
    free_bytes: int = 0
    capability: str = ""
    ram_bytes: int = 0

    @property
    def native(self) -> str:
        """What numbers are called that are as the device computes: "float32", "fp16" or "bf16"."""
        if not self.total_bytes:
            return "float32"
        major, _, minor = self.capability.partition(".")
        is_old = major.isdigit() and (int(major), int(minor or 0)) < BF16_CAPABILITY
        return "fp16" if is_old else "bf16"


@dataclass(frozen=True, slots=True)
class StageReport:
    """How a stage went: seconds, the most memory it held at once, and what the plan forecast, in bytes.

    RAM is the process's resident set. VRAM is what the process took of the card, with CUDA's own part.
    The forecasts are 0 of a stage that the plan leaves out. `share` is the part of the stage's work that
    was done in that time: less than 1 where the rest was kept from before.
    """

    stage: Stage
    seconds: float
    peak_ram_bytes: int
    peak_vram_bytes: int
    forecast_ram_bytes: int = 0
    forecast_vram_bytes: int = 0
    share: float = 1.0
