"""The header of a GGUF file (llama.cpp's container): what it describes and which tensors it lists.

Source: the GGUF specification, ggml/docs/gguf.md. Versions 2 and 3, little-endian.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from inference.api.errors import UserError

GGUF_MAGIC = b"GGUF"
MAX_COUNT = 1_000_000  # tensors, metadata entries or array items: more is a damaged file
MAX_TEXT = 64_000_000  # bytes; a tokenizer's merges are the longest texts in practice
MAX_AXES = 8
STRING, ARRAY = 8, 9
# struct codes of the other value types, by their number in the file
SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
TENSOR_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K",
    11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 20: "IQ4_NL", 23: "IQ4_XS", 30: "BF16",
}  # fmt: skip

Entries = dict[str, tuple[tuple[int, ...], str]]


def read_gguf_header(file: Path) -> tuple[Entries, dict[str, str]]:
    """Shape and type of each tensor, by name, and the metadata that is text.

    Shapes are in PyTorch's order, which is the reverse of the file's.
    """
    with file.open("rb") as stream:
        try:
            return _parse(stream)
        except (struct.error, UnicodeDecodeError, _ImplausibleError) as error:
            raise UserError(
                "{file} is a damaged GGUF file: its header ends early or makes no sense; download "
                "or "
                "copy it again.",
                file=file,
            ) from error


class _ImplausibleError(Exception):
    """A count, length or type that no sound file has."""


def _parse(stream: BinaryIO) -> tuple[Entries, dict[str, str]]:
    stream.seek(len(GGUF_MAGIC))
    version, tensor_count, entry_count = _unpack(stream, "IQQ")
    if version not in (2, 3):
        raise _ImplausibleError
    metadata = {}
    for _ in range(_limited(entry_count, MAX_COUNT)):
        key, value = _text(stream), _value(stream, *_unpack(stream, "I"))
        if isinstance(value, str):
            metadata[key] = value
    tensors = {}
    for _ in range(_limited(tensor_count, MAX_COUNT)):
        name = _text(stream)
        (axes,) = _unpack(stream, "I")
        shape = _unpack(stream, f"{_limited(axes, MAX_AXES)}Q")
        kind, _offset = _unpack(stream, "IQ")
        tensors[name] = tuple(reversed(shape)), TENSOR_TYPES.get(kind, f"GGML type {kind}")
    return tensors, metadata


def _value(stream: BinaryIO, kind: int) -> str | None:
    """Read one value past; only a text is returned."""
    if kind == STRING:
        return _text(stream)
    if kind == ARRAY:
        item, count = _unpack(stream, "IQ")
        if item == ARRAY:  # allowed by the specification, written by nobody, and endless if damaged
            raise _ImplausibleError
        for _ in range(_limited(count, MAX_COUNT)):
            _value(stream, item)
    elif kind in SCALARS:
        _unpack(stream, SCALARS[kind])
    else:
        raise _ImplausibleError
    return None


def _text(stream: BinaryIO) -> str:
    (length,) = _unpack(stream, "Q")
    return stream.read(_limited(length, MAX_TEXT)).decode("utf-8")


def _unpack(stream: BinaryIO, code: str) -> tuple[int, ...]:
    return struct.unpack("<" + code, stream.read(struct.calcsize("<" + code)))


def _limited(value: int, limit: int) -> int:
    if value > limit:
        raise _ImplausibleError
    return value
