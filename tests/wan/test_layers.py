"""The FFN beside its three layers run one by one: on a processor the same, on a card within rounding."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from inference.meter import Meter
from inference.wan.layers import FeedForward
from quant.formats import FORMATS
from quant.linear import quantised
from tests.emulated import Place, needs_units, with_place

DIM, INNER, TOKENS = 192, 512, 40
NATIVE = "native"
BF16, FP16 = torch.bfloat16, torch.float16
# Of a card's 16 bits, and of the codes that fall to the other side where GELU isn't rounded to those first.
ERRORS = {"int8": 0.015, "fp8": 0.03}
ROUNDING = 0.008


@pytest.fixture
def units(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a card has them."""
    monkeypatch.setattr("quant.linear.multiplies_int8", lambda _: True)
    monkeypatch.setattr("quant.linear.multiplies_fp8", lambda device: device.type != "cpu")


def feed_forward(name: str, device: str = "cpu", dtype: torch.dtype = torch.float32) -> FeedForward:
    """Of 16 bits before it is packed: that would round scales, too."""
    ffn = FeedForward(DIM, INNER).requires_grad_(False).to(dtype)
    if name == NATIVE:
        return ffn.to(device)
    packed_at = "cpu" if device == "meta" else device  # there are numbers to pack
    ffn = ffn.to(packed_at)
    for own in ("0", "2"):
        layer = ffn.get_submodule(own)
        assert isinstance(layer, nn.Linear)
        setattr(ffn, own, quantised(layer, name))
    return ffn.to(device)


def one_by_one(ffn: FeedForward) -> nn.Sequential:
    return nn.Sequential(*ffn)


def tokens_on_meta() -> Tensor:
    return torch.empty(1, TOKENS, DIM, device="meta", dtype=BF16)


class Passes(TorchDispatchMode):
    """The names of all operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("with_units", [True, False], ids=["units", "no-units"])
@pytest.mark.parametrize("name", [NATIVE, *FORMATS])
@torch.no_grad()
def test_a_processor_runs_the_three_layers(
    name: str, monkeypatch: pytest.MonkeyPatch, *, with_units: bool
) -> None:
    monkeypatch.setattr("quant.linear.multiplies_int8", lambda _: with_units)
    ffn, x = feed_forward(name), torch.randn(2, TOKENS, DIM)
    first, _, second = ffn
    assert torch.equal(ffn(x), second(F.gelu(first(x), approximate="tanh")))


def test_gradients_are_those_of_the_three_layers() -> None:
    ffn, x = FeedForward(DIM, INNER), torch.randn(2, TOKENS, DIM)
    weights = list(ffn.parameters())
    gradients = torch.autograd.grad(ffn(x).square().sum(), weights)
    expected = torch.autograd.grad(one_by_one(ffn)(x).square().sum(), weights)
    for gradient, judge in zip(gradients, expected, strict=True):
        assert torch.equal(gradient, judge)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("run", [torch.no_grad, torch.enable_grad], ids=["no-grad", "grad"])
def test_the_compiler_is_given_the_three_layers(run: Callable[[], Any], device: str) -> None:
    ffn = FeedForward(DIM, INNER).to(device)
    traced: list[str] = []

    def backend(graph: torch.fx.GraphModule, _: list[Tensor]) -> Callable[..., Any]:
        traced.extend(str(node.target) for node in graph.graph.nodes)
        return graph.forward

    with run():
        made = torch.compile(ffn, backend=backend, fullgraph=True)(
            torch.ones(2, TOKENS, DIM, device=device)
        )
        assert made.shape == (2, TOKENS, DIM)
    assert any("gelu" in name for name in traced)
    assert not any("_addmm_activation" in name for name in traced)


@pytest.mark.parametrize("name", [NATIVE, "int8", "fp8"])
@pytest.mark.usefixtures("units")
@torch.inference_mode()
def test_gelu_takes_no_pass_on_a_card(name: str) -> None:
    ffn = feed_forward(name, "meta", BF16)
    with Passes() as passes:
        assert ffn(tokens_on_meta()).shape == (1, TOKENS, DIM)
    assert passes.names
    assert not [made for made in passes.names if "gelu" in made]


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"int8", "fp8", "llm.int8", "nf4"}))
@torch.inference_mode()
def test_gelu_takes_one_pass_in_place_where_nothing_is_rounded(name: str) -> None:
    ffn = feed_forward(name, "meta", BF16)
    with Passes() as passes:
        ffn(tokens_on_meta())
    assert [made for made in passes.names if "gelu" in made] == ["gelu_"]


@pytest.mark.parametrize("name", [NATIVE, "int8", "int8-weight-only", "fp8", "fp8-weight-only"])
@pytest.mark.usefixtures("units")
@torch.inference_mode()
def test_no_more_memory_is_held_than_by_the_three_layers(name: str) -> None:
    ffn = feed_forward(name, "meta", BF16)
    peaks = []
    for network in (ffn, one_by_one(ffn)):
        x = tokens_on_meta()
        with Meter("meta", ffn, x) as meter:
            before = meter.live_bytes
            network(x)
            peaks.append(meter.peak_bytes - before)
    assert peaks[0] == peaks[1]
    assert peaks[0] > TOKENS * INNER * 2  # what is between the layers, at the least


WITH_KERNELS = [("int8", BF16), ("int8", FP16), ("fp8", BF16)]
ON_A_CARD = [*((name, BF16) for name in (NATIVE, *FORMATS)), (NATIVE, FP16), ("int8", FP16)]


@pytest.mark.parametrize(
    ("place", "name", "dtype", "rows"),
    with_place(
        ((*case, rows) for case in WITH_KERNELS for rows in (1, 300)),
        ((*case, rows) for case in ON_A_CARD for rows in (1, 16, 17, 4096)),
    ),
    indirect=["place"],
)
@torch.no_grad()
def test_a_card_computes_what_the_three_layers_do(
    place_with_units: Place, name: str, dtype: torch.dtype, rows: int
) -> None:
    ffn = feed_forward(name, place_with_units.device.type, dtype)
    x = place_with_units.put(torch.randn(1, rows, DIM)).to(dtype)
    kept = x.clone()
    made, expected = ffn(x), one_by_one(ffn)(x)
    assert (made.shape, made.dtype) == (expected.shape, dtype)
    error = (made.float() - expected.float()).norm() / expected.float().norm()
    assert error <= ERRORS.get(name, ROUNDING)
    assert torch.equal(x, kept)


@pytest.mark.parametrize(
    ("place", "name"),
    with_place([("int8",), ("fp8",)], [(NATIVE,), ("int8",), ("fp8",)]),
    indirect=["place"],
)
@torch.no_grad()
def test_a_card_runs_no_pass_for_gelu(place_with_units: Place, name: str) -> None:
    needs_units(place_with_units, name)
    ffn = feed_forward(name, place_with_units.device.type, BF16)
    x = place_with_units.put(torch.randn(1, TOKENS, DIM)).to(BF16)
    with Passes() as passes:
        ffn(x)
    assert passes.names
    assert not [made for made in passes.names if "gelu" in made]
