"""Layers of codes against float32, and against the libraries whose formats they are."""

from itertools import product
from typing import Any

import pytest
import torch
from bitsandbytes.nn.modules import Linear8bitLt
from optimum.quanto import QLinear, freeze, qfloat8, qint8
from torch import Tensor, nn
from torch.nn import functional as F

from inference.api.spec import DiTParams, WeightFormat
from inference.wan.dit import DiT
from inference.weights.meta import shapes_only
from quant.formats import FORMATS
from quant.linear import (
    INT8_UNITS,
    QuantLinear,
    multiplies_int8,
    quantise_layers,
    quantised,
)
from quant.pack import SOURCE
from quant.runtime import row_kernel
from tests.emulated import OURS, Place, needs_units, with_place

# Rounding of normally distributed weights, and of inputs where a format rounds those.
ERRORS = {
    "int8": 0.012,
    "int8-weight-only": 0.008,
    "fp8": 0.035,
    "fp8-weight-only": 0.035,
    "nf4": 0.12,
    "llm.int8": 0.012,
    "quanto-int8": 0.008,
    "quanto-fp8": 0.035,
}


@pytest.fixture
def linear() -> nn.Linear:
    return nn.Linear(192, 128).requires_grad_(False)


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn(2, 37, 192)


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


def test_every_format_of_a_request_is_described() -> None:
    assert {*FORMATS, WeightFormat.NATIVE, WeightFormat.AUTO} == {*WeightFormat}


@pytest.mark.parametrize("name", FORMATS)
def test_a_layer_computes_what_the_linear_layer_does(
    name: str, linear: nn.Linear, inputs: Tensor
) -> None:
    expected = linear(inputs)
    actual = quantised(linear, name)(inputs)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    assert 0 < relative_error(actual, expected) <= ERRORS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_rows_do_not_touch_each_other(name: str, linear: nn.Linear, inputs: Tensor) -> None:
    """A loud token must not cost the others their precision: scales are by the row."""
    layer, loud = quantised(linear, name), inputs.clone()
    loud[0, 0] *= 5000
    assert relative_error(layer(loud)[1], layer(inputs)[1]) < 1e-6
    assert not layer(loud).isnan().any()


@pytest.mark.parametrize("name", FORMATS)
def test_zeros_stay_zeros(name: str, linear: nn.Linear) -> None:
    linear.weight[3] = 0
    layer = quantised(linear, name)
    assert torch.equal(layer(torch.zeros(1, 4, 192)), linear.bias.expand(1, 4, -1))
    out = layer(torch.ones(1, 4, 192))
    assert torch.allclose(out[..., 3], linear.bias[3].expand(1, 4))


@pytest.mark.parametrize("units", ["with units", "without"])
@pytest.mark.parametrize("name", ["int8", "int8-weight-only", "fp8-weight-only"])
def test_fp16_holds_what_is_between(
    name: str, units: str, linear: nn.Linear, inputs: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cards before Ampere compute in it; products with bare codes would be beyond its 65504."""
    monkeypatch.setattr("quant.linear.multiplies_int8", lambda _: units == "with units")
    linear.weight.mul_(0.1)  # small weights have small scales
    inputs *= 100
    actual = quantised(linear.half(), name)(inputs.half())
    assert actual.dtype is torch.float16
    expected = linear.float()(inputs)
    assert expected.abs().max() < 100
    assert relative_error(actual.float(), expected) <= ERRORS[name]


def test_int8_is_exact_between_rounding_and_scaling(
    linear: nn.Linear, inputs: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quant.linear.multiplies_int8", lambda _: True)
    layer = quantised(linear, "int8")
    scale = inputs.abs().amax(-1, keepdim=True).double() / 127
    codes = (inputs.double() / scale).round()
    weight = layer.weight.double() * layer.weight_scale.double()
    expected = F.linear(codes, weight) * scale + linear.bias.double()
    assert relative_error(layer(inputs).double(), expected) < 1e-6


def test_without_int8_units_only_the_weights_are_rounded(
    linear: nn.Linear, inputs: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = {name: quantised(linear, name) for name in ("int8", "int8-weight-only")}
    results = {}
    for has_units in (True, False):
        monkeypatch.setattr("quant.linear.multiplies_int8", lambda _, has=has_units: has)
        results[has_units] = [layer(inputs) for layer in layers.values()]
    assert torch.equal(*results[False])
    assert not torch.equal(*results[True])


@pytest.mark.parametrize("unit", [*INT8_UNITS, "avx512_bf16"])
def test_int8_units_are_what_torch_says(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True, "architecture": "x"})
    multiplies_int8.cache_clear()
    assert multiplies_int8(torch.device("cpu")) == (unit in INT8_UNITS)
    multiplies_int8.cache_clear()


def test_llm_int8_is_that_of_bitsandbytes(linear: nn.Linear, inputs: Tensor) -> None:
    inputs[..., 7] *= 20  # beyond the threshold: this column is multiplied in fp16
    judge = Linear8bitLt(192, 128, has_fp16_weights=False, threshold=6.0)
    judge.load_state_dict(linear.state_dict())
    expected = judge.to("cpu").requires_grad_(False)(inputs.half()).float()
    actual = quantised(linear, "llm.int8")(inputs)
    assert relative_error(actual, expected) < 2e-3
    assert relative_error(actual, linear(inputs)) < ERRORS["llm.int8"]


@torch.inference_mode()
@pytest.mark.parametrize(("name", "kind"), [("quanto-int8", qint8), ("quanto-fp8", qfloat8)])
def test_quanto_formats_are_those_of_quanto(
    name: str, kind: Any, linear: nn.Linear, inputs: Tensor
) -> None:
    expected = linear(inputs)
    judge: Any = QLinear.from_module(linear, weights=kind)
    freeze(judge)
    ours = quantised(linear, name)
    assert relative_error(ours.numbers(torch.float32), judge.weight.dequantize()) < 0.03
    errors = [relative_error(layer(inputs), expected) for layer in (ours, judge)]
    assert errors[0] <= errors[1] * 1.05


VARIANTS = [
    DiTParams(64, 96, 2, 2),
    DiTParams(64, 96, 2, 2, in_dim=36, image_dim=32),
    DiTParams(64, 96, 2, 2, vace_layers=(0,)),
]


@pytest.mark.parametrize("params", VARIANTS, ids=["t2v", "i2v", "vace"])
def test_the_rule_takes_the_layers_of_blocks_and_no_other(params: DiTParams) -> None:
    with shapes_only():
        dit = DiT(params)
        linears = {name for name, m in dit.named_modules() if isinstance(m, nn.Linear)}
        quantise_layers(dit, FORMATS["int8"])
    taken = {name for name, m in dit.named_modules() if isinstance(m, QuantLinear)}
    assert taken < linears
    assert taken == {name for name in linears if name.startswith(("blocks.", "vace_blocks."))}


@pytest.mark.parametrize("name", FORMATS)
@torch.inference_mode()
def test_a_processor_rounds_nothing_in_a_kernel_that_takes_gelu(
    name: str, linear: nn.Linear, inputs: Tensor
) -> None:
    assert quantised(linear, name).of_gelu(inputs) is None


# Of int8: a pass after torch's product, or ours, whichever a card is faster with.
PRODUCTS = {"scale_sums", "multiply"}
ROUNDED = [
    ("int8", torch.bfloat16, 0.015),
    ("int8", torch.float16, 0.01),
    ("fp8", torch.bfloat16, 0.05),
]


@pytest.mark.parametrize(
    ("shape", "rows"), [((96, 208), 1), ((2576, 2064), 18)]
)  # a warp's, and more
@pytest.mark.parametrize(("name", "dtype"), [case[:2] for case in ROUNDED])
@torch.inference_mode()
def test_a_card_rounds_and_scales_as_torch_does(
    place_with_units: Place,
    name: str,
    dtype: torch.dtype,
    shape: tuple[int, int],
    rows: int,
) -> None:
    place = place_with_units
    needs_units(place, name)
    plain = nn.Linear(*shape)
    plain.weight *= torch.rand(shape[1], 1) + 0.1  # so that scales differ
    layer = quantised(plain.to(place.device, dtype), name)
    inputs = place.put(torch.randn(rows, shape[0]) * torch.logspace(2, -3, rows)[:, None]).to(dtype)
    made = layer(inputs).float()
    assert "round_rows" in place.launched
    assert bool(place.launched & PRODUCTS) == (name == "int8")
    with torch.enable_grad():  # then torch's own kernels do it
        expected = layer(inputs).float()
    errors = (made - expected).norm(dim=1) / expected.norm(dim=1)
    # torch multiplies by a 448th on a card, so that what is midway between two codes of fp8 falls elsewhere.
    is_exact = name == "int8" or place.device.type == "cpu"
    assert errors.max() < (0.001 if is_exact else 0.03)


@torch.inference_mode()
def test_fp8_weights_are_widened_where_a_card_has_no_product_of_their_shape(
    linear: nn.Linear, inputs: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def refuse(codes: Tensor, *_: object, **__: object) -> Tensor:
        refused.append(codes.shape)
        raise RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED")

    layer = quantised(linear, "fp8")
    expected = layer(inputs)
    monkeypatch.setattr("quant.linear.multiplies_fp8", lambda _: True)
    monkeypatch.setattr("quant.linear._FP8_SHAPES", {})
    monkeypatch.setattr("quant.linear._scaled_mm", refuse)
    assert torch.equal(layer(inputs), expected)
    assert layer.of_gelu(inputs) is None
    assert len(refused) == 1


@torch.inference_mode()
def test_gelu_is_rounded_to_the_nearest_code(place: Place) -> None:
    x = place.put(-4 * torch.rand(4, 512)).bfloat16()  # of which little is left, on fine scales
    launch = row_kernel(SOURCE, "round_rows", x, x.dtype, "INT8", "GELU")
    assert launch is not None
    codes, scale = torch.empty_like(x, dtype=torch.int8), x.new_empty(4, 1, dtype=torch.float32)
    launch(grid=(4, 1, 1), args=[x, codes, scale])
    off = (codes * scale - F.gelu(x.float(), approximate="tanh")).abs()
    assert (off / scale).max() < 0.51


@pytest.mark.parametrize(
    ("place", "name", "dtype", "error", "width"),
    with_place(
        ((*case, width) for case in ROUNDED for width in (96, 2576)),
        ((*case, width) for case in ROUNDED for width in (96, 8960, 13824)),
    ),
    indirect=["place"],
)
@torch.inference_mode()
def test_a_card_makes_gelu_as_it_rounds(
    place_with_units: Place, name: str, dtype: torch.dtype, error: float, width: int
) -> None:
    place = place_with_units
    needs_units(place, name)
    layer = quantised(nn.Linear(width, 256).to(place.device, dtype), name)
    inputs = place.put(torch.randn(37, width)).to(dtype)
    inputs[0] = 0
    inputs[1] *= 1000  # beyond where exp() is infinite
    inputs[2, 5] = float("nan")
    made = layer.of_gelu(inputs[None])
    assert made is not None
    assert "round_rows" in place.launched
    assert bool(place.launched & PRODUCTS) == (name == "int8")
    assert (made.shape, made.dtype) == ((1, 37, 256), dtype)
    expected = layer(F.gelu(inputs.float(), approximate="tanh").to(dtype)).float()
    assert made[0, 2].isnan().all()
    assert torch.equal(made[0, 0], layer.bias)
    rest = [row for row in range(37) if row != 2]
    errors = (made[0].float() - expected).norm(dim=1) / expected.norm(dim=1)
    assert errors[rest].max() <= error


@pytest.mark.parametrize(
    ("place", "name", "rows"),
    with_place(
        product(OURS, (1, 300)),  # more than a processor takes at once
        product(FORMATS, (1, 16, 17, 4096)),
    ),
    indirect=["place"],
)
@torch.no_grad()
def test_a_card_computes_what_a_processor_does(
    place_with_units: Place, name: str, rows: int, linear: nn.Linear
) -> None:
    inputs = torch.randn(rows, 192)
    expected = linear(inputs)
    layer = quantised(linear.to(place_with_units.device, torch.bfloat16), name)
    actual = layer(place_with_units.put(inputs.bfloat16())).float().cpu()
    assert relative_error(actual, expected) <= ERRORS[name] + 0.01
    assert place_with_units.launched or name not in OURS


@pytest.mark.parametrize(
    ("place", "name"),
    with_place(
        ((name,) for name in OURS),
        ((name,) for name in FORMATS if name != "llm.int8"),  # bitsandbytes makes zeros of it
    ),
    indirect=["place"],
)
@torch.no_grad()
def test_what_is_no_number_shows_on_a_card(
    place_with_units: Place, name: str, linear: nn.Linear
) -> None:
    """Codes can't hold it: a step that went wrong would be taken for a right one."""
    layer = quantised(linear.to(place_with_units.device, torch.bfloat16), name)
    inputs = place_with_units.put(torch.ones(32, 192, dtype=torch.bfloat16))
    inputs[3, 5] = float("nan")
    made = layer(inputs)
    assert made[3].isnan().all()
    assert not made[4].isnan().any()
