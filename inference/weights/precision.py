"""In what precision a network's tensors are stored, and whether that can be computed with as it is.

The conventions of quantised files are told by the tensors that stand beside a weight.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any

from inference.weights.files import Container, Header, Stored

LABELS = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 e4m3",
    "F8_E5M2": "fp8 e5m2",
    "I8": "int8",
    "U8": "packed 4-bit",
}
PLAIN = {"F64", "F32", "F16", "BF16"}
MIXED_FROM = 0.01  # the share of the elements from which a second dtype is worth a word


class Convention(Enum):
    """How quantised weights and their scales are laid out; the value says it to people."""

    PLAIN = ""
    UNSCALED = "without scales"
    COMFY_SCALED = "ComfyUI's scaled fp8"
    COMFY_QUANT = "ComfyUI's quantisation of 2026"
    QUANTO = "quanto"
    WEIGHT_SCALE = "LightX2V"
    BITSANDBYTES = "bitsandbytes"
    DIFFUSERS = "diffusers' quantization_config"
    GGUF = "GGUF"


@dataclass(frozen=True, slots=True)
class Precision:
    """`dtype` is a label such as "bf16" or "int8": that of most of the elements."""

    dtype: str
    convention: Convention

    @property
    def readable(self) -> bool:
        """Whether the tensors are the weights themselves, in a dtype that can be computed with."""
        return self.convention is Convention.PLAIN

    def __str__(self) -> str:
        if self.convention in (Convention.PLAIN, Convention.COMFY_SCALED):
            return self.convention.value or self.dtype
        return f"{self.dtype} ({self.convention.value})"


def find_precision(
    header: Header, tensors: Mapping[str, Stored], config: Mapping[str, Any]
) -> Precision:
    """The precision of `tensors`, which lie in `header` and maybe in further files like it."""
    counts = Counter[str]()
    for tensor in tensors.values():
        counts[tensor.dtype] += prod(tensor.shape)
    (first, _), *others = counts.most_common()
    convention = _convention(header, tensors, config)
    if convention is Convention.PLAIN and first not in PLAIN:
        convention = Convention.UNSCALED
    codes = [first]
    if convention is Convention.PLAIN:
        codes += [code for code, count in others if count >= MIXED_FROM * counts.total()]
    return Precision(" and ".join(LABELS.get(code, code) for code in codes), convention)


def _convention(
    header: Header, tensors: Mapping[str, Stored], config: Mapping[str, Any]
) -> Convention:
    endings = {name.rpartition(".")[2] for name in tensors}
    if header.container is Container.GGUF:
        return Convention.GGUF
    if "_data" in endings:
        return Convention.QUANTO
    if "comfy_quant" in endings or "_quantization_metadata" in header.metadata:
        return Convention.COMFY_QUANT
    if endings & {"scaled_fp8", "scale_weight"}:
        return Convention.COMFY_SCALED
    if "weight_scale" in endings:
        return Convention.WEIGHT_SCALE
    if endings & {"absmax", "quant_map"}:
        return Convention.BITSANDBYTES
    if "quantization_config" in config:
        return Convention.DIFFUSERS
    return Convention.PLAIN
