"""Weights to codes and scales, as `QuantLinear` and our files keep them, and back.

The names are those of LightX2V and ComfyUI (`weight`, `weight_scale`) and of bitsandbytes (`absmax`), so
that others can read our files.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from quant.formats import Storage
from quant.libraries import bitsandbytes
from quant.runtime import row_kernel

SOURCE = Path(__file__).with_name("rounding.cu")
BLOCK = 64  # weights of nf4 to a scale
DTYPES = {
    Storage.INT8: torch.int8,
    Storage.FP8: torch.float8_e4m3fn,
    Storage.NF4: torch.uint8,
}
LARGEST = {Storage.INT8: 127.0, Storage.FP8: 448.0}

Shapes = dict[str, tuple[tuple[int, ...], torch.dtype]]


def pack(weight: Tensor, storage: Storage) -> dict[str, Tensor]:
    """A weight [out, in] in any float dtype -> what `packed_shapes` says, on its device."""
    if storage is Storage.NF4:
        functional = bitsandbytes().functional
        flat = weight.float().contiguous().view(-1)
        codes, state = functional.quantize_4bit(flat, blocksize=BLOCK, quant_type="nf4")
        return {"weight": codes, "absmax": state.absmax}
    scale = weight.float().abs().amax(dim=1, keepdim=True) / LARGEST[storage]
    codes = weight / scale.clamp_min(torch.finfo(torch.float32).tiny)
    if storage is Storage.INT8:
        codes = codes.round_()
    return {"weight": codes.to(DTYPES[storage]), "weight_scale": scale}


def unpack(
    packed: Mapping[str, Tensor], storage: Storage, shape: tuple[int, int], dtype: torch.dtype
) -> Tensor:
    """The weight [out, in] that `pack`'s tensors stand for, in `dtype`."""
    if storage is not Storage.NF4:
        return _numbers(packed["weight"], packed["weight_scale"], storage, dtype)
    # As one long row: bitsandbytes' AVX-512 kernel misplaces the scales of rows that aren't whole blocks.
    flat = bitsandbytes().functional.dequantize_4bit(
        packed["weight"], _state(packed["absmax"], shape, dtype)
    )
    return flat.view(shape)


def packed_shapes(shape: tuple[int, int], storage: Storage) -> Shapes:
    """Shapes and dtypes of the tensors that a weight [out, in] is packed as, by name.

    "weight": [out, in] int8 or float8_e4m3fn with "weight_scale" [out, 1] float32; or [out * in / 2, 1]
    uint8, two codes each, with "absmax" [out * in / 64] float32.
    """
    outer, inner = shape
    if storage is Storage.NF4:
        codes, scales = -(-outer * inner // 2), -(-outer * inner // BLOCK)
        return {"weight": ((codes, 1), torch.uint8), "absmax": ((scales,), torch.float32)}
    return {"weight": (shape, DTYPES[storage]), "weight_scale": ((outer, 1), torch.float32)}


def nf4_code() -> Tensor:
    """The 16 numbers in [-1, 1] that codes of 4 bits stand for, float32."""
    return bitsandbytes().functional.get_4bit_type("nf4", device="cpu")


def _numbers(codes: Tensor, scale: Tensor, storage: Storage, dtype: torch.dtype) -> Tensor:
    launch = row_kernel(SOURCE, "unpack_rows", codes, dtype, storage.name)
    if launch is None:
        return codes.float().mul_(scale).to(dtype)
    numbers = codes.new_empty(codes.shape, dtype=dtype)
    launch(grid=(len(codes), 1, 1), args=[codes.contiguous(), scale, numbers])
    return numbers


def _state(absmax: Tensor, shape: tuple[int, int], dtype: torch.dtype) -> object:
    functional = bitsandbytes().functional
    return functional.QuantState(
        absmax=absmax, shape=torch.Size((1, shape[0] * shape[1])), dtype=dtype, blocksize=BLOCK,
        quant_type="nf4", code=nf4_code().to(absmax.device),
    )  # fmt: skip
