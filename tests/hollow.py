"""Models of full size that take no room: their files are holes, which read as zeros."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from inference.api.spec import WeightFormat
from inference.weights.files import LENGTH_BYTES
from inference.weights.writer import file_bytes, header_bytes
from quant.formats import FORMATS, is_quantised
from quant.pack import Shapes, packed_shapes
from tests.checkpoints import write_config, write_spiece

TEXT = "models_t5_umt5-xxl-enc-bf16"
CLIP = "models_clip_open-clip-xlm-roberta-large-vit-huge-14"


def write_hollow_model(
    folder: Path, manifest: Callable[[str], Mapping[str, Any]], name: str, weights: WeightFormat
) -> Path:
    """The official model `name`, in bf16 but for its transformer's `weights` of 8 bits."""
    heads = 40 if name.endswith("14B") else 12
    write_config(folder, {"num_heads": heads, "text_len": 512, "eps": 1e-6})
    dit = _plain(manifest(f"{name}/diffusion_pytorch_model"))
    _write(folder / "diffusion_pytorch_model", _packed(dit, weights))
    for part in ("Wan2.1_VAE", TEXT, *([CLIP] if "I2V" in name else [])):
        _write(folder / part, _plain(manifest(part)))
    write_spiece(folder / "google" / "umt5-xxl" / "spiece.model")
    return folder


def _write(file: Path, shapes: Shapes) -> None:
    header = header_bytes(shapes, {})
    with file.with_name(f"{file.name}.safetensors").open("wb") as stream:
        stream.write(len(header).to_bytes(LENGTH_BYTES, "little") + header)
        stream.truncate(LENGTH_BYTES + len(header) + file_bytes(shapes))


def _plain(shapes: Mapping[str, Any]) -> Shapes:
    return {name: (tuple(shape), torch.bfloat16) for name, shape in shapes.items()}


def _packed(shapes: Shapes, weights: WeightFormat) -> Shapes:
    form = FORMATS.get(weights)
    if form is None:
        return shapes
    made: Shapes = {}
    for name, ((*shape,), dtype) in shapes.items():
        if is_quantised(name):
            layer = name.removesuffix("weight")
            parts = packed_shapes((shape[0], shape[1]), form.storage)
            made |= {layer + part: entry for part, entry in parts.items()}
        else:
            made[name] = tuple(shape), dtype
    return made
