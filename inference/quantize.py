"""Quantised copies of a transformer: as a file that the user asks for, and kept for the next start."""

import json
import shutil
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from inference.api.errors import UserError, reason
from inference.api.models import data_folder
from inference.api.sentence import number
from inference.weights.checkpoint import CONFIG, Checkpoint, Source, identity, open_checkpoints
from inference.weights.files import DTYPES
from inference.weights.names import Network
from inference.weights.writer import file_bytes, write_safetensors
from quant.formats import Storage, is_quantised
from quant.pack import BLOCK, Shapes, nf4_code, pack, packed_shapes

Value = TypeVar("Value")


def stream_copy(
    checkpoint: Checkpoint, storage: Storage, device: torch.device
) -> Generator[float, None, Checkpoint]:
    """The transformer with its weights in `storage`: itself where it has them so, or the copy that is
    kept for it, which is made now if there is none. Yields the share that is done, in [0, 1].

    Raises `UserError` if the copy can't be written.
    """
    if checkpoint.is_packed_as(storage):
        return checkpoint
    file = copy_of(checkpoint, storage)
    kept = _open(file)
    if kept is None:
        yield from stream_quantized(checkpoint, storage, file, device)
        kept = _open(file)
        assert kept is not None  # it has just been written
    return kept


def copy_of(checkpoint: Checkpoint, storage: Storage) -> Path:
    """Where the copy of a transformer of this content is kept, if there is one."""
    return data_folder() / "quantised" / f"{identity(checkpoint.files)}-{storage}.safetensors"


def stream_quantized(
    checkpoint: Checkpoint, storage: Storage, file: Path, device: torch.device
) -> Generator[float, None, None]:
    """Write `checkpoint`, a transformer, to `file` with its weights in `storage`.

    A tensor at a time is read, and rounded on `device`. Layers of 8 bits are named as LightX2V and ComfyUI
    have them, those of 4 bits as bitsandbytes has. Yields the share that is done, in [0, 1]. Raises
    `UserError` if it can't be read or written.
    """
    if checkpoint.network is not Network.DIT:
        raise UserError(
            "{path} is a {network}: only a DiT is quantised.",
            path=checkpoint.path,
            network=checkpoint.network.words,
        )
    checkpoint.require_readable()
    shapes = _shapes(checkpoint, storage)
    total, config = file_bytes(shapes), json.dumps(dict(checkpoint.config))
    tensors = (
        entry
        for name in checkpoint.sources
        for entry in _tensors(checkpoint, name, storage, device)
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _require_room(file.parent, total)
        for written in write_safetensors(file, shapes, tensors, {CONFIG: config}):
            yield written / total
    except OSError as error:
        raise UserError(
            "The quantised copy can't be written to {file} ({reason}): make room there, or use "
            "the weights as they are.",
            file=file,
            reason=reason(error),
        ) from error


def _open(file: Path) -> Checkpoint | None:
    """The transformer in a copy; None if there is none that can be used."""
    try:
        (checkpoint,) = open_checkpoints(file)
    except (UserError, ValueError):
        return None
    return checkpoint


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            "The quantised copy needs {needed} GB and {folder} has {free} GB free: make room "
            "there, or use the weights as they are.",
            needed=number(needed / 1e9),
            folder=folder,
            free=number(free / 1e9),
        )


def _shapes(checkpoint: Checkpoint, storage: Storage) -> Shapes:
    """All that will be in the file, in order."""
    shapes: Shapes = {}
    for name, source in checkpoint.sources.items():
        if not is_quantised(name):
            shapes[name] = source.shape, _dtype(source)
            continue
        outer, inner = source.shape
        packed = packed_shapes((outer, inner), storage)
        shapes |= _named(name, packed)
        if storage is Storage.NF4:
            beside = _beside(source.shape)
            shapes |= {name + key: (tuple(t.shape), t.dtype) for key, t in beside.items()}
    return shapes


def _tensors(
    checkpoint: Checkpoint, name: str, storage: Storage, device: torch.device
) -> Iterator[tuple[str, Tensor]]:
    """What the file has of one of the transformer's tensors, as `_shapes` announces it."""
    source = checkpoint.sources[name]
    tensor = checkpoint.read_as({name: _dtype(source)}, device)[name]
    if not is_quantised(name):
        yield name, tensor
        return
    yield from _named(name, pack(tensor, storage)).items()
    if storage is Storage.NF4:
        yield from ((name + key, beside) for key, beside in _beside(source.shape).items())


def _named(name: str, packed: Mapping[str, Value]) -> dict[str, Value]:
    """What `name`, a weight, is packed as, by the names it has in files."""
    layer = name.removesuffix("weight")
    return {
        f"{name}.{key}" if key == "absmax" else f"{layer}{key}": value
        for key, value in packed.items()
    }


def _beside(shape: tuple[int, ...]) -> dict[str, Tensor]:
    """What bitsandbytes wants beside a weight of 4 bits, by what follows the weight's name."""
    state = {"quant_type": "nf4", "blocksize": BLOCK, "dtype": "bfloat16", "shape": shape}
    text = torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8)
    return {".quant_map": nf4_code(), ".quant_state.bitsandbytes__nf4": text}


def _dtype(source: Source) -> torch.dtype:
    """That of a tensor as it is stored; float32 of one that is stored as codes."""
    (dtype,) = {part.data.dtype if part.is_plain else "F32" for part in source.parts}
    return DTYPES[dtype]
