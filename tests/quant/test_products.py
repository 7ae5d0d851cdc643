"""Products of int8 codes, scaled as they are made; and which of two ways to them a card takes."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from quant import linear
from quant.formats import Storage
from quant.linear import quantised
from quant.products import scaled_product
from tests.emulated import Place, with_place


def test_torch_multiplies_where_our_kernel_cannot() -> None:
    layer = quantised(nn.Linear(192, 96).requires_grad_(False), "int8")
    codes = torch.zeros(4, 192, dtype=torch.int8)
    given = layer.weight, layer.weight_scale, layer.bias
    assert scaled_product(codes, torch.ones(4, 1), *given) is None
    assert scaled_product(codes.to("meta"), torch.ones(4, 1), *given) is None


@pytest.fixture
def two_ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """Milliseconds that a card would take for products our way and torch's; both are right."""
    taken = {"ours": 1.0, "torch's": 2.0}

    def ours(*given: Tensor) -> Tensor:
        codes, scale, weight, weight_scale, bias = given
        return F.linear(codes * scale, weight * weight_scale, bias.float()).to(bias.dtype)

    monkeypatch.setattr(linear, "PROBE", (20, 32, 48))
    monkeypatch.setattr(linear, "scaled_product", ours)
    times = (taken[name] for name in ("torch's", "ours"))
    monkeypatch.setattr(linear, "_milliseconds", lambda _: next(times))
    linear._is_ours_faster.cache_clear()
    yield taken
    linear._is_ours_faster.cache_clear()


CHOICE = torch.device("cpu"), torch.bfloat16


@torch.inference_mode()
def test_our_product_is_taken_where_it_is_faster(two_ways: dict[str, float]) -> None:
    assert linear._is_ours_faster(*CHOICE)
    linear._is_ours_faster.cache_clear()


@torch.inference_mode()
def test_torchs_product_is_taken_where_that_is_faster(two_ways: dict[str, float]) -> None:
    two_ways["ours"] = 3.0
    assert not linear._is_ours_faster(*CHOICE)


@pytest.mark.usefixtures("two_ways")
@pytest.mark.parametrize("made", [None, torch.zeros(20, 48)], ids=["nothing", "something else"])
@torch.inference_mode()
def test_torchs_product_is_taken_where_ours_gives(
    made: Tensor | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "scaled_product", lambda *_: made)
    assert not linear._is_ours_faster(*CHOICE)


@pytest.mark.usefixtures("two_ways")
@torch.inference_mode()
def test_a_kernel_that_cannot_run_is_not_taken_and_a_shortage_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Tensor) -> Tensor:
        raise RuntimeError("CUDA error: invalid argument")

    def short(*_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(linear, "scaled_product", fails)
    assert not linear._is_ours_faster(*CHOICE)
    linear._is_ours_faster.cache_clear()
    monkeypatch.setattr(linear, "scaled_product", short)
    with pytest.raises(torch.OutOfMemoryError):
        linear._is_ours_faster(*CHOICE)


@pytest.mark.parametrize(
    ("place", "sizes"),
    with_place(
        [((1, 16, 16),), ((300, 192, 144),), ((130, 80, 272),)],
        [((1, 16, 16),), ((300, 192, 144),), ((37, 8960, 1536),), ((4096, 1536, 8960),)],
    ),
    indirect=["place"],
)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@torch.inference_mode()
def test_products_are_scaled_as_they_are_made(
    place_with_units: Place, sizes: tuple[int, int, int], dtype: torch.dtype
) -> None:
    rows, inner, outer = sizes
    layer = quantised(nn.Linear(inner, outer).to(place_with_units.device, dtype), "int8")
    inputs = place_with_units.put(torch.randn(rows, inner).to(dtype))
    codes, scale = linear._round_rows(inputs, Storage.INT8)
    ours = scaled_product(codes, scale, layer.weight, layer.weight_scale, layer.bias)
    if ours is None:
        assert place_with_units.device.type == "cuda"
        pytest.skip("this card is too old for our kernel")
    theirs = linear._multiply_int8_by_torch(layer, codes, scale, dtype)
    torch.testing.assert_close(ours, theirs, rtol=0.01, atol=0.01)
