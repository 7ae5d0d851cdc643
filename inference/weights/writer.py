"""Writes safetensors files one tensor at a time, so that files of any size take little memory.

https://github.com/huggingface/safetensors#format; the library's own writer wants all tensors at once.
"""

import json
import os
from collections.abc import Generator, Iterable, Mapping
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from inference.weights.files import CODES, LENGTH_BYTES

ALIGNMENT = 8  # of the first tensor, in bytes

Shapes = Mapping[str, tuple[tuple[int, ...], torch.dtype]]


def write_safetensors(
    file: Path, shapes: Shapes, tensors: Iterable[tuple[str, Tensor]], metadata: Mapping[str, str]
) -> Generator[int, None, None]:
    """Write `file` under a temporary name, then give it its own.

    shapes:  what the file will hold, in order.
    tensors: the same, in the same order; a `ValueError` if it isn't.
    yields:  the bytes of tensors that are written, after each.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    written = 0
    try:
        with partial.open("wb") as stream:
            header = header_bytes(shapes, metadata)
            stream.write(len(header).to_bytes(LENGTH_BYTES, "little") + header)
            wanted = iter(shapes.items())
            for name, tensor in tensors:
                if next(wanted, None) != (name, (tuple(tensor.shape), tensor.dtype)):
                    raise ValueError(f"{name} comes where another tensor was announced")
                flat = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
                written += stream.write(flat.numpy().data)
                yield written
            if next(wanted, None) is not None:
                raise ValueError("tensors that were announced never came")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def file_bytes(shapes: Shapes) -> int:
    """What the tensors take on disk."""
    return sum(_bytes(shape, dtype) for shape, dtype in shapes.values())


def header_bytes(shapes: Shapes, metadata: Mapping[str, str]) -> bytes:
    """What a file starts with, after the eight bytes that say how long this is."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt", **metadata}}
    end = 0
    for name, (shape, dtype) in shapes.items():
        start, end = end, end + _bytes(shape, dtype)
        entries[name] = {
            "dtype": CODES[dtype], "shape": list(shape), "data_offsets": [start, end],
        }  # fmt: skip
    text = json.dumps(entries, separators=(",", ":")).encode()
    return text + b" " * (-(LENGTH_BYTES + len(text)) % ALIGNMENT)


def _bytes(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    return prod(shape) * dtype.itemsize
