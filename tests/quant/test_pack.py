"""Codes and scales against bitsandbytes' and by hand."""

from typing import Any

import pytest
import torch
from bitsandbytes.nn.modules import Linear4bit
from torch import nn

from quant.formats import Storage
from quant.pack import BLOCK, DTYPES, nf4_code, pack, packed_shapes, unpack
from tests.emulated import Place

SHAPES = [(48, 64), (5, 192), (7, 36)]  # the last of rows that are not whole blocks


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("storage", Storage)
def test_what_is_packed_has_the_shapes_that_are_announced(
    storage: Storage, shape: tuple[int, int]
) -> None:
    packed = pack(torch.randn(shape), storage)
    found = {name: (tuple(t.shape), t.dtype) for name, t in packed.items()}
    assert found == packed_shapes(shape, storage)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("storage", [Storage.INT8, Storage.FP8])
def test_eight_bits_are_off_by_half_a_step_at_most(
    storage: Storage, shape: tuple[int, int]
) -> None:
    weight = torch.randn(shape) * torch.logspace(-6, 3, shape[0])[:, None]
    back = unpack(pack(weight, storage), storage, shape, torch.float32)
    largest = weight.abs().amax(1, keepdim=True)
    step = (
        largest / 127 / 2 if storage is Storage.INT8 else (weight.abs() / 16) + largest / 448 / 512
    )
    assert ((back - weight).abs() <= step * 1.001).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_four_bits_are_the_nearest_of_sixteen_numbers(shape: tuple[int, int]) -> None:
    weight = torch.randn(shape)
    back = unpack(pack(weight, Storage.NF4), Storage.NF4, shape, torch.float32)
    blocks = weight.view(-1).split(BLOCK)
    expected = []
    for block in blocks:
        scale = block.abs().max()
        nearest = (block[:, None] / scale - nf4_code()).abs().argmin(1)
        expected.append(nf4_code()[nearest] * scale)
    assert torch.allclose(back, torch.cat(expected).view(shape), atol=1e-6)


def test_four_bits_are_those_of_bitsandbytes() -> None:
    linear = nn.Linear(192, 48, bias=False)
    layer = Linear4bit(192, 48, bias=False, quant_type="nf4", compress_statistics=False)
    layer.load_state_dict(linear.state_dict())
    judge: Any = layer.to("cpu").weight
    packed = pack(linear.weight.detach(), Storage.NF4)
    assert torch.equal(packed["weight"], judge.data)
    assert torch.equal(packed["absmax"], judge.quant_state.absmax)


@pytest.mark.parametrize("width", [8, 512, 2064])  # a vector, a warp's and more than a block's
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("storage", [Storage.INT8, Storage.FP8])
@torch.inference_mode()
def test_a_card_makes_of_every_code_what_torch_does(
    place: Place, storage: Storage, dtype: torch.dtype, width: int
) -> None:
    codes = torch.arange(5 * width).to(torch.uint8).view(DTYPES[storage]).view(5, width)
    scale = torch.tensor([1.0, 1e-3, 0.37, 1e-7, 3.0]).view(5, 1)
    packed = {"weight": place.put(codes), "weight_scale": place.put(scale)}
    made = unpack(packed, storage, (5, width), dtype).cpu()
    assert made.dtype == dtype
    assert torch.equal(made.isnan(), codes.float().isnan())
    assert torch.equal(made.nan_to_num(), (codes.float() * scale).to(dtype).nan_to_num())
    assert place.launched == {"unpack_rows"}
