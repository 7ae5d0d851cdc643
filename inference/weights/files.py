"""Files of tensors: what one holds, and reading some of it, without ever running code from it.

The container is told by the first bytes, never by the file's name. Three are known: safetensors,
PyTorch's zip (read with `weights_only`, so that a pickle can build tensors and nothing else) and GGUF.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from inference.api.errors import UserError, reason
from inference.weights.gguf import GGUF_MAGIC, read_gguf_header

LENGTH_BYTES = 8  # safetensors starts with the length of its JSON header, little-endian
LARGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library
ZIP_MAGIC = b"PK\x03\x04"
WEIGHTS_ALONE = (".safetensors", ".pth", ".gguf")  # what nothing but weights is called
PICKLE_MAGIC = b"\x80"
_NO_ROOM = re.compile(r"Cannot allocate memory|error code: <1455>")  # Linux, Windows' commit limit

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
CODES = {dtype: code for code, dtype in DTYPES.items()}


class Container(StrEnum):
    """How tensors are packed in a file."""

    SAFETENSORS = "safetensors"
    TORCH = "PyTorch"
    GGUF = "GGUF"


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as it lies in a file; `dtype` is safetensors' code ("BF16"), or GGUF's ("Q4_K")."""

    file: Path
    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says it holds."""

    file: Path
    container: Container
    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]


def read_header(file: Path) -> Header:
    """List the tensors of `file` without reading them. Raises `UserError` if it can't be used."""
    with _readable(file):
        start, size = _first_bytes(file), file.stat().st_size
        match sniff(start):
            case Container.SAFETENSORS:
                return _safetensors_header(file, size)
            case Container.TORCH:
                return _torch_header(file)
            case Container.GGUF:
                tensors, metadata = read_gguf_header(file)
                entries = {
                    n: Stored(file, n, shape, dtype) for n, (shape, dtype) in tensors.items()
                }
                return Header(file, Container.GGUF, entries, metadata)
            case None:
                raise _foreign(file, start)


def sniff(start: bytes) -> Container | None:
    """The container of a file whose first bytes are `start`; None for anything else."""
    if start.startswith(ZIP_MAGIC):
        return Container.TORCH
    if start.startswith(GGUF_MAGIC):
        return Container.GGUF
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{" and length <= LARGEST_HEADER:
        return Container.SAFETENSORS
    return None


def read_tensors(header: Header, names: list[str]) -> dict[str, Tensor]:
    """Map `names` of a file: CPU tensors in their stored shapes and dtypes, paged in when used.

    The file stays mapped for as long as one of the tensors lives, and no longer.
    """
    with _readable(header.file):
        match header.container:
            case Container.SAFETENSORS:
                with safe_open(header.file, framework="pt") as handle:
                    return {name: handle.get_tensor(name) for name in names}
            case Container.TORCH:
                state = _torch_load(header.file, "cpu")
                return {name: state[name] for name in names}
            case Container.GGUF:
                raise UserError(
                    "{file} is a GGUF file, a precision Kinora can't read yet: use the same model "
                    "in "
                    "bf16 or fp16.",
                    file=header.file,
                )


def _safetensors_header(file: Path, size: int) -> Header:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        text = stream.read(length)
    if len(text) < length:
        raise _cut_short(file, LENGTH_BYTES + length, size)
    try:
        entries = json.loads(text)
        metadata = entries.pop("__metadata__", None) or {}
        tensors = {
            name: Stored(file, name, tuple(entry["shape"]), entry["dtype"])
            for name, entry in entries.items()
        }
        end = max((entry["data_offsets"][1] for entry in entries.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _damaged(file, error) from error
    if LENGTH_BYTES + length + end > size:
        raise _cut_short(file, LENGTH_BYTES + length + end, size)
    with safe_open(file, framework="pt"):  # it checks every offset against every shape
        return Header(file, Container.SAFETENSORS, tensors, metadata)


def _torch_header(file: Path) -> Header:
    if not zipfile.is_zipfile(file):  # the list of contents is at a zip's end
        raise UserError(
            "{file} is cut short: it starts as a PyTorch file and its end is missing; download "
            "or copy it again.",
            file=file,
        )
    tensors = {
        name: Stored(file, name, tuple(tensor.shape), CODES.get(tensor.dtype, str(tensor.dtype)))
        for name, tensor in _torch_load(file, "meta").items()
    }
    return Header(file, Container.TORCH, tensors, {})


def _torch_load(file: Path, device: str) -> dict[str, Tensor]:
    if file.name.endswith(".safetensors"):  # torch.load believes the name
        raise UserError(
            "{file} is a PyTorch file under another format's name, so nothing in it is ever run "
            "or read: rename it to end in .pth, if you trust where it comes from.",
            file=file,
        )
    state = torch.load(file, map_location=device, weights_only=True, mmap=True)
    if not isinstance(state, Mapping):
        raise UserError(
            "{file} holds no tensors by name, so it isn't a model's weights.", file=file
        )
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turn what reading a file can raise into one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError("There is no file {file}.", file=file) from error
    except PermissionError as error:
        raise UserError(
            "{file} can't be opened: you aren't allowed to read it.", file=file
        ) from error
    except pickle.UnpicklingError as error:
        raise UserError(
            "{file} holds Python code beside its weights, which is never run here: use a "
            ".safetensors version of the model.",
            file=file,
        ) from error
    except MemoryError as error:
        raise _no_room(file) from error
    except OSError as error:
        raise (_no_room(file) if _is_full(error) else _unreadable(file, error)) from error
    except (SafetensorError, RuntimeError, EOFError) as error:
        raise (_no_room(file) if _is_full(error) else _damaged(file, error)) from error


def _is_full(error: Exception) -> bool:
    return _NO_ROOM.search(str(error)) is not None


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(64)


def _foreign(file: Path, start: bytes) -> UserError:
    if not start:
        return UserError("{file} is empty: download or copy it again.", file=file)
    if start.startswith(b"version https://git-lfs"):
        return UserError(
            "{file} is a Git LFS pointer, not the weights: fetch them with `git lfs pull`.",
            file=file,
        )
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return UserError(
            "{file} is a web page, not weights: its download went wrong; download it again.",
            file=file,
        )
    if start.startswith(PICKLE_MAGIC):
        return UserError(
            "{file} is a pickle from before PyTorch 1.6, which is never opened here: use a "
            ".safetensors version of the model.",
            file=file,
        )
    if file.suffix.lower() in WEIGHTS_ALONE:
        return UserError(
            "{file} is damaged or wasn't downloaded whole, as it doesn't begin like a file of weights: "
            "download or copy it again.",
            file=file,
        )
    return UserError(
        "{file} isn't a file of weights: Kinora reads .safetensors and PyTorch's .pth.", file=file
    )


def _cut_short(file: Path, expected: int, size: int) -> UserError:
    return UserError(
        "{file} is cut short: it should have {expected} bytes and has {size}; download or copy it "
        "again.",
        file=file,
        expected=f"{expected:,}",
        size=f"{size:,}",
    )


def _no_room(file: Path) -> UserError:
    return UserError(
        "{file} can't be mapped into memory, since the system has no room left for it: close other "
        "programs, or let Windows manage the size of its page file.",
        file=file,
    )


def _unreadable(file: Path, error: OSError) -> UserError:
    return UserError(
        "{file} is damaged and can't be read ({reason}): download or copy it again.",
        file=file,
        reason=reason(error),
    )


def _damaged(file: Path, error: Exception) -> UserError:
    return UserError(
        "{file} is damaged or wasn't downloaded whole: download or copy it again.",
        file=file,
        details=str(error),
    )
