"""Writes small checkpoints in the layouts that exist in the wild, and reads to the end."""

import io
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file
from sentencepiece import SentencePieceTrainer
from torch import Tensor

State = Mapping[str, Tensor]
Result = TypeVar("Result")


def reference_weights(tensors: State) -> dict[str, Tensor]:
    """The state dict in a file of reference vectors, in official names."""
    return {k.removeprefix("w."): v for k, v in tensors.items() if k.startswith("w.")}


def hollow(shapes: Mapping[str, Any], dtype: torch.dtype = torch.bfloat16) -> dict[str, Tensor]:
    """Tensors of any size in a few bytes each: every element is the same one."""
    return {
        name: torch.zeros([1] * len(shape), dtype=dtype).expand(tuple(shape))
        for name, shape in shapes.items()
    }


def write_safetensors(
    file: Path, state: State, *, prefix: str = "", metadata: dict[str, str] | None = None
) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {prefix + name: tensor.contiguous() for name, tensor in state.items()}
    save_file(tensors, file, metadata=metadata)
    return file


def write_sharded(folder: Path, state: State, shards: int) -> list[Path]:
    """The official form of a large transformer: numbered shards and an index."""
    stem, names = "diffusion_pytorch_model", list(state)
    files, weight_map = [], {}
    for shard in range(shards):
        own = names[shard::shards]
        file = folder / f"{stem}-{shard + 1:05}-of-{shards:05}.safetensors"
        files.append(write_safetensors(file, {name: state[name] for name in own}))
        weight_map |= dict.fromkeys(own, file.name)
    index = {"metadata": {"total_size": 0}, "weight_map": weight_map}
    (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    return files


def write_torch(file: Path, state: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file)
    return file


def write_config(folder: Path, config: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.json"
    file.write_text(json.dumps(config), "utf-8")
    return file


def write_spiece(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(train_spiece())
    return file


def train_spiece() -> bytes:
    """A SentencePiece model with T5's special tokens and a few words."""
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(["a red fox runs over the snow", "the sea at night"] * 8),
        model_writer=model,
        vocab_size=48,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return model.getvalue()


def is_mapped(file: Path) -> bool:
    """Whether this process has the file in its memory."""
    maps = Path("/proc/self/maps")
    if maps.exists():
        return str(file) in maps.read_text("utf-8")
    try:  # Windows lets nobody move a mapped file
        file.rename(file.with_suffix(".moved")).rename(file)
    except PermissionError:
        return True
    return False


def finish(work: Generator[float, None, Result]) -> tuple[list[float], Result]:
    """Run a piece of work to its end: the shares of it that it told of, and what it made."""
    shares = []
    while True:
        try:
            shares.append(next(work))
        except StopIteration as finished:
            return shares, finished.value
