"""Attention with scores from 8 bits: how far from exact it is, and that the kernels compute what is said here."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.eight_bits import CAPABILITY, EightBits, reference
from tests.emulated import CARD, Place


def given(
    width: int, rows: int, count: int, loud: float = 0.0, heads: int = 3
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries [1, rows, N, E], keys and values [1, count, N, E]; keys have `loud` times a vector in common."""
    torch.manual_seed(rows + count)
    q = torch.randn(1, rows, heads, width)
    k, v = torch.randn(1, count, 2, heads, width).unbind(2)
    return q, k + loud * torch.randn(1, 1, heads, width), v


def exact(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """What torch computes in float32."""
    q, k, v = (tensor.transpose(1, 2).float() for tensor in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2)


def error(actual: Tensor, expected: Tensor) -> float:
    """The relative error."""
    return float((actual.float() - expected).norm() / expected.norm())


@pytest.mark.parametrize("width", [32, 64, 128])
@pytest.mark.parametrize("count", [3, 64, 200])
def test_scores_in_8_bits_cost_little(width: int, count: int) -> None:
    q, k, v = given(width, 50, count)
    assert error(reference(q, k, v), exact(q, k, v)) < 0.015


def test_what_all_keys_have_in_common_costs_nothing() -> None:
    q, k, v = given(64, 50, 200, loud=20.0)
    assert error(reference(q, k, v), exact(q, k, v)) < 0.015


def test_what_it_cannot_do_is_refused() -> None:
    for width, clips in ((32, 1), (64, 2)):
        q = torch.zeros(clips, 4, 3, width, dtype=torch.bfloat16)
        with pytest.raises(ValueError, match="no attention in 8 bits"):
            EightBits().keeper()(q, q)
    with pytest.raises(ValueError, match="no attention in 8 bits"):
        EightBits().keeper()(torch.zeros(1, 4, 3, 64), torch.zeros(1, 4, 3, 64))


@pytest.fixture
def able(place: Place) -> Place:
    """Where it can be done."""
    if place.device.type == "cuda" and torch.cuda.get_device_capability() < CAPABILITY:
        pytest.skip("this card is too old for it")
    return place


def made_at(place: Place, *tensors: Tensor, chunk: int = 10**6) -> Tensor:
    """What is made there of queries, keys and values, of which `chunk` are kept at a time."""
    kernel = EightBits()
    q, k, v = map(place.put, tensors)
    q, v = (tensor.transpose(1, 2).contiguous().transpose(1, 2) for tensor in (q, v))
    keep = kernel.keeper()
    parts = zip(k.split(chunk, dim=1), v.split(chunk, dim=1), strict=True)
    kept = torch.cat([keep(*part) for part in parts], dim=1)
    assert kept.shape == (*k.shape[:-1], 3 * k.shape[-1] + 16)
    made = kernel.attend(q, kept)
    assert place.launched == {"keep_keys", "attend"}
    return made.cpu()


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize(("rows", "count"), [(3, 5), (130, 64), (129, 200), (5, 127)])
@pytest.mark.parametrize("loud", [0.0, 5.0])
@torch.inference_mode()
def test_the_kernels_compute_what_is_said(
    able: Place, width: int, rows: int, count: int, loud: float
) -> None:
    check(able, given(width, rows, count, loud))


@torch.inference_mode()
def test_the_kernels_take_fp16(able: Place) -> None:
    check(able, given(64, 40, 100), torch.float16)


@pytest.mark.parametrize("place", [CARD], indirect=True)
@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("rows", [3, 128, 1000])
@pytest.mark.parametrize("count", [64, 777, 1024])
@torch.inference_mode()
def test_more_is_computed_as_well(able: Place, width: int, rows: int, count: int) -> None:
    check(able, given(width, rows, count, loud=5.0))


def check(place: Place, tensors: tuple[Tensor, ...], dtype: torch.dtype = torch.bfloat16) -> None:
    """Hold what is made there of queries, keys and values to what is said, and to exact attention."""
    q, k, v = (tensor.to(dtype) for tensor in tensors)
    actual, expected = made_at(place, q, k, v), reference(q, k, v)
    assert (actual.shape, actual.dtype) == (expected.shape, dtype)
    assert error(actual, expected.float()) < 0.006  # of 16 bits, and of sums in fp16
    assert error(actual, exact(q, k, v)) < 0.02


@torch.inference_mode()
def test_keys_may_come_some_at_a_time(able: Place) -> None:
    tensors = [tensor.bfloat16() for tensor in given(128, 30, 300, loud=5.0)]
    assert error(made_at(able, *tensors, chunk=128), exact(*tensors)) < 0.02


@pytest.mark.parametrize("which", ["a query", "a key", "a value"])
@torch.inference_mode()
def test_what_is_no_number_shows(able: Place, which: str) -> None:
    tensors = given(64, 40, 100)
    tensors[["a query", "a key", "a value"].index(which)][0, 7, 1, 5] = math.nan
    made = made_at(able, *(tensor.bfloat16() for tensor in tensors))
    if which == "a query":
        assert made[0, 7, 1].isnan().all()
        assert not made[0, 8].isnan().any()
    else:
        assert made[0, :, 1, 5].isnan().all()
    assert not made[0, :, 0].isnan().any()
