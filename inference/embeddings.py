"""What prompts became, kept on disk: a prompt that was used before needs no text encoder.

A file each, named by a hash of the tokens, of the encoder's content and of the dtypes. What can't be read
is made anew. All together they take no more than `LIMIT_BYTES`; those that were used least lately go.
"""

import hashlib
import json
import os
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from inference.api.models import data_folder
from inference.api.spec import TextParams
from inference.offload import stream_text
from inference.weights.checkpoint import Checkpoint, identity

LIMIT_BYTES = 2**28
EMBEDDING = "embedding"
SUFFIX = ".safetensors"


def stream_embeddings(
    checkpoint: Checkpoint,
    params: TextParams,
    prompts: Sequence[Sequence[int]],
    device: torch.device,
    dtype: torch.dtype,
) -> Generator[float, None, tuple[list[Tensor], int]]:
    """`stream_text` of the prompts [L, dim] that aren't kept yet, and how many those were; at least one
    share is yielded."""
    encoder = identity(checkpoint.files)
    files = [_file_of(encoder, ids, device, dtype) for ids in prompts]
    found = {
        file: _load(file, (len(ids), params.dim), dtype)
        for file, ids in zip(files, prompts, strict=True)
    }
    missing = [(f, ids) for f, ids in zip(files, prompts, strict=True) if found[f] is None]
    if missing:
        made = yield from stream_text(
            checkpoint, params, [ids for _, ids in missing], device, dtype
        )
        for (file, _), embedding in zip(missing, made, strict=True):
            found[file] = embedding
            _keep(embedding, file)
    else:
        yield 1.0
    embeddings = [embedding.to(device) for f in files if (embedding := found[f]) is not None]
    return embeddings, len(missing)


def _file_of(encoder: str, ids: Sequence[int], device: torch.device, dtype: torch.dtype) -> Path:
    told = json.dumps([encoder, list(ids), str(dtype), device.type])
    name = hashlib.sha256(told.encode()).hexdigest()
    return data_folder() / "embeddings" / f"{name}{SUFFIX}"


def _load(file: Path, shape: tuple[int, int], dtype: torch.dtype) -> Tensor | None:
    """The embedding in a file, of that shape; None if there is none that can be used."""
    try:
        embedding = load_file(file)[EMBEDDING]
        os.utime(file)  # it was used
    except (OSError, SafetensorError, KeyError):
        return None
    fits = embedding.shape == shape and embedding.dtype is dtype
    return embedding if fits and embedding.isfinite().all() else None


def _keep(embedding: Tensor, file: Path) -> None:
    """Put an embedding [L, dim] on disk. If it can't be written, the next run makes it again."""
    if embedding.is_meta:
        return
    partial = file.with_suffix(f".partial-{os.getpid()}")
    with suppress(OSError, SafetensorError):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            save_file({EMBEDDING: embedding.cpu().contiguous()}, partial)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        _make_room(file.parent)


def _make_room(folder: Path) -> None:
    """Delete files until the rest takes no more than `LIMIT_BYTES`."""
    kept = [(file.stat(), file) for file in folder.glob(f"*{SUFFIX}")]
    kept.sort(key=lambda entry: entry[0].st_mtime_ns, reverse=True)
    total = 0
    for status, file in kept:
        total += status.st_size
        if total > LIMIT_BYTES:
            file.unlink(missing_ok=True)
