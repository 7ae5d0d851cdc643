"""A whole model of any size with random weights, to measure with where none is at hand."""

import json
import shutil
from collections.abc import Iterator
from math import prod
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.api.errors import UserError
from inference.api.models import DEMO, ROOT
from inference.api.sentence import number
from inference.api.spec import ModelSpec
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE
from inference.weights.meta import shapes_only
from inference.weights.writer import Shapes, file_bytes, write_safetensors

DTYPE = torch.bfloat16
STD = 0.02
POOL = 2**24  # random numbers, used over and over
TOKENIZER = "tokenizer.json"


def write_random_model(spec: ModelSpec, folder: Path) -> Iterator[float]:
    """Write the model's networks in bf16, with the demo's tokenizer; yields the share that is done.

    Raises `UserError` where there is too little room.
    """
    with shapes_only():
        networks = {
            "diffusion_pytorch_model": DiT(spec.dit),
            "Wan2.1_VAE": VAE(spec.vae),
            "models_t5_umt5-xxl-enc-bf16": TextEncoder(spec.text),
        }
    files = {name: _shapes(network) for name, network in networks.items()}
    total = sum(map(file_bytes, files.values()))
    _require_room(folder, total)
    config = {"num_heads": spec.dit.num_heads, "text_len": spec.dit.text_len, "eps": spec.dit.eps}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copy(ROOT / DEMO.folder / TOKENIZER, folder / TOKENIZER)
    done = 0
    for name, shapes in files.items():
        for written in write_safetensors(
            folder / f"{name}.safetensors", shapes, _random(shapes), {}
        ):
            yield (done + written) / total
        done += file_bytes(shapes)


def _shapes(network: nn.Module) -> Shapes:
    return {name: (tuple(tensor.shape), DTYPE) for name, tensor in network.state_dict().items()}


def _random(shapes: Shapes) -> Iterator[tuple[str, Tensor]]:
    pool = (torch.randn(POOL, generator=torch.Generator().manual_seed(0)) * STD).to(DTYPE)
    for name, (shape, _) in shapes.items():
        count = prod(shape)
        repeated = pool.repeat(-(-count // POOL)) if count > POOL else pool
        yield name, repeated[:count].view(shape)


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"The random model needs {number(needed / 1e9)} GB and {folder} has {number(free / 1e9)} GB "
            "free: make room there, or set TMPDIR to another folder."
        )
