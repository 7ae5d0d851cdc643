"""The formats in which the transformer's linear layers can be kept and computed, and which layers are.

The rule: the linear layers inside blocks, 97 % of a transformer, are quantised. What stays in high
precision is small, or bends the whole clip when it is off: the embeddings of patches, text, time and
image, the time projection, modulation, norms, biases and the head.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_QUANTISED = re.compile(
    r"(?:vace_)?blocks\.\d+\."
    r"(?:(?:self|cross)_attn\.(?:q|k|v|o|k_img|v_img)|ffn\.[02]|before_proj|after_proj)\.weight"
)


class Storage(StrEnum):
    """What the weights of a layer are, in memory and on disk."""

    INT8 = "int8"  # a scale for each row
    FP8 = "fp8"  # e4m3, a scale for each row
    NF4 = "nf4"  # bitsandbytes' 4-bit NormalFloat, a scale for each 64 weights


class Kernel(StrEnum):
    """How a layer multiplies."""

    INT8 = "the inputs are rounded to int8, token by token, where there are int8 matrix units"
    FP8 = "the inputs are rounded to fp8, token by token, where the card multiplies fp8"
    WEIGHT_ONLY = "the weights are turned back into numbers as they are needed"
    LLM_INT8 = "bitsandbytes' LLM.int8: int8, but fp16 for the inputs that stand out"
    QUANTO = "optimum-quanto's, with the weights in 8 bits"


@dataclass(frozen=True, slots=True)
class QFormat:
    """A format that people can choose, by the name they choose it by."""

    name: str
    storage: Storage
    kernel: Kernel


FORMATS = {
    form.name: form
    for form in (
        QFormat("int8", Storage.INT8, Kernel.INT8),
        QFormat("int8-weight-only", Storage.INT8, Kernel.WEIGHT_ONLY),
        QFormat("fp8", Storage.FP8, Kernel.FP8),
        QFormat("fp8-weight-only", Storage.FP8, Kernel.WEIGHT_ONLY),
        QFormat("nf4", Storage.NF4, Kernel.WEIGHT_ONLY),
        QFormat("llm.int8", Storage.INT8, Kernel.LLM_INT8),
        QFormat("quanto-int8", Storage.INT8, Kernel.QUANTO),
        QFormat("quanto-fp8", Storage.FP8, Kernel.QUANTO),
    )
}


def is_quantised(name: str) -> bool:
    """Whether the tensor of a transformer with this official name is quantised."""
    return _QUANTISED.fullmatch(name) is not None
