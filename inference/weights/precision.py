"""In what precision a network's tensors are stored, and whether that can be read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from inference.api.sentence import Sentence
from inference.weights.coding import Coded, Convention
from inference.weights.files import Container, Header

LABELS: dict[str, str] = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 e4m3",
    "F8_E5M2": "fp8 e5m2",
    "I8": "int8",
    "U8": Sentence("packed 4-bit"),
}
PLAIN = {"F64", "F32", "F16", "BF16"}
MIXED_FROM = 0.01  # the share of the elements from which a second dtype is worth a word


@dataclass(frozen=True, slots=True)
class Precision:
    """`dtype` is a label such as "bf16" or "int8": that of most of the elements.

    `obstacle` is empty where it can be computed with, else it finishes "it can't be used: ...".
    """

    dtype: str
    convention: Convention
    obstacle: str = ""

    @property
    def readable(self) -> bool:
        """Whether the weights' numbers can be had."""
        return not self.obstacle

    @property
    def words(self) -> str:
        """Such as "fp8 e4m3 (quanto)"; a `Sentence` where there is anything to translate."""
        match self.convention:
            case Convention.PLAIN:
                return self.dtype
            case Convention.COMFY_SCALED:
                return Sentence("ComfyUI's scaled fp8")
            case Convention.COMFY_QUANT:
                return Sentence("{dtype} (ComfyUI's quantisation of 2026)", dtype=self.dtype)
            case Convention.UNSCALED:
                return Sentence("{dtype} (without scales)", dtype=self.dtype)
            case convention:
                return Sentence("{dtype} ({layout})", dtype=self.dtype, layout=convention.value)

    def __str__(self) -> str:
        return str(self.words)


def find_precision(
    header: Header, tensors: Mapping[str, Coded], config: Mapping[str, Any]
) -> Precision:
    """The precision of `tensors`, which lie in `header` and maybe in further files like it."""
    counts, conventions = Counter[str](), Counter[Convention]()
    for tensor in tensors.values():
        counts[tensor.data.dtype] += prod(tensor.shape)
        conventions[tensor.convention] += prod(tensor.shape)
    (first, _), *others = counts.most_common()
    del conventions[Convention.PLAIN]
    convention = max(conventions, key=conventions.__getitem__, default=Convention.PLAIN)
    obstacle = next((tensor.obstacle for tensor in tensors.values() if tensor.obstacle), "")
    if header.container is Container.GGUF:
        convention, obstacle = (
            Convention.GGUF,
            Sentence("GGUF is a precision that can't be read yet"),
        )
    elif convention is Convention.UNSCALED and "quantization_config" in config:
        convention, obstacle = (
            Convention.DIFFUSERS,
            Sentence("its layout is a precision that can't be read yet"),
        )
    codes = [first]
    if convention is Convention.PLAIN:
        codes += [code for code, count in others if count >= MIXED_FROM * counts.total()]
    return Precision(_label(codes), convention, obstacle)


def _label(codes: list[str]) -> str:
    """Such as "fp16 and fp32"."""
    first, *rest = codes
    label = LABELS.get(first, first)
    return Sentence("{first} and {second}", first=label, second=_label(rest)) if rest else label
