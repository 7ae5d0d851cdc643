"""Attention with scores from 8 bits: how far from exact it is, and that a card computes what is said here."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.eight_bits import CAPABILITY, EightBits, reference


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
def card() -> torch.device:
    """A card that can do it."""
    if torch.cuda.get_device_capability() < CAPABILITY:
        pytest.skip("this card is too old for it")
    return torch.device("cuda")


def on_card(*tensors: Tensor, chunk: int = 10**6) -> Tensor:
    """What a card makes of queries, keys and values, of which `chunk` are kept at a time."""
    kernel = EightBits()
    q, k, v = (tensor.cuda().bfloat16() for tensor in tensors)
    keep = kernel.keeper()
    parts = zip(k.split(chunk, dim=1), v.split(chunk, dim=1), strict=True)
    kept = torch.cat([keep(*part) for part in parts], dim=1)
    assert kept.shape == (*k.shape[:-1], 3 * k.shape[-1] + 16)
    return kernel.attend(q, kept)


@pytest.mark.gpu
@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("rows", [3, 128, 1000])
@pytest.mark.parametrize("count", [5, 64, 777])
@pytest.mark.parametrize("loud", [0.0, 5.0])
@torch.inference_mode()
def test_a_card_computes_what_is_said(width: int, rows: int, count: int, loud: float) -> None:
    tensors = given(width, rows, count, loud)
    rounded = [tensor.bfloat16() for tensor in tensors]
    actual, expected = on_card(*tensors).cpu(), reference(*rounded)
    assert actual.shape == expected.shape
    assert error(actual, expected.float()) < 0.006  # bf16's own, and that of sums in fp16
    assert error(actual, exact(*rounded)) < 0.02


@pytest.mark.gpu
@pytest.mark.usefixtures("card")
@torch.inference_mode()
def test_keys_may_come_some_at_a_time() -> None:
    tensors = given(128, 300, 1000, loud=5.0)
    expected = exact(*(tensor.bfloat16() for tensor in tensors))
    assert error(on_card(*tensors, chunk=256).cpu(), expected) < 0.02


@pytest.mark.gpu
@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("which", ["a query", "a key", "a value"])
@torch.inference_mode()
def test_what_is_no_number_shows(which: str) -> None:
    tensors = given(64, 40, 100)
    tensors[["a query", "a key", "a value"].index(which)][0, 7, 1, 5] = math.nan
    made = on_card(*tensors)
    if which == "a query":
        assert made[0, 7, 1].isnan().all()
        assert not made[0, 8].isnan().any()
    else:
        assert made[0, :, 1, 5].isnan().all()
    assert not made[0, :, 0].isnan().any()
