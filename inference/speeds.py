"""How fast a device multiplies in each format of weights, as plans choose by it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from inference.api.experience import Speeds
from inference.api.models import MODELS
from inference.measure import seconds_of
from inference.precision import compute_dtype
from quant.formats import FORMATS
from quant.linear import QuantLinear, quantised

REPEATS = 5
SQUARE_LAYERS = (
    6  # of a block that the video's tokens go through; two more are as large, for the text
)
COPIED_BYTES = 2**26
# Of a short measurement: the formats that may gain there and need no library to be set up, and as few tokens
# as make it tell what more would.
GLANCES = {
    "cpu": (("int8",), 1024),
    "cuda": (("int8", "int8-weight-only", "fp8", "fp8-weight-only"), 4096),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's inputs, outputs and how many tokens go through at once."""

    inner: int
    outer: int
    tokens: int


_DIT = MODELS["t2v-1.3b"].dit


def block_layers(tokens: int) -> tuple[Layer, ...]:
    """The layers of a block of Wan2.1 1.3B, each size once."""
    sizes = ((_DIT.dim, _DIT.dim), (_DIT.dim, _DIT.ffn_dim), (_DIT.ffn_dim, _DIT.dim))
    return tuple(Layer(inner, outer, tokens) for inner, outer in sizes)


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds are medians; `error` is the relative one of the outputs, for random weights and inputs."""

    form: str
    layer: Layer
    seconds: float
    plain_seconds: float
    bytes: int
    error: float

    @property
    def times_as_fast(self) -> float:
        return self.plain_seconds / self.seconds


@torch.inference_mode()
def measure(layer: Layer, device: str, forms: Iterable[str] = tuple(FORMATS)) -> Iterator[Measured]:
    """`layer` in each of the formats, in turn with the plain one."""
    torch.manual_seed(0)
    dtype = compute_dtype(torch.device(device))
    plain = nn.Linear(layer.inner, layer.outer, device=device, dtype=dtype).requires_grad_(False)
    x = torch.randn(layer.tokens, layer.inner, device=device, dtype=dtype)
    expected = plain(x).float()
    for name in forms:
        packed = quantised(plain, name)
        actual = packed(x).float()  # the first call also sets things up
        error = float((actual - expected).norm() / expected.norm())
        del actual
        seconds, plain_seconds = _in_turn(packed, plain, x, device)
        yield Measured(name, layer, seconds, plain_seconds, _bytes(packed), error)


def speeds(rows: Iterable[Measured], device: str) -> Speeds:
    """What the rows say of the device: the layers of a block together, each as often as it is there."""
    seconds: dict[str, float] = {}
    plain_seconds: dict[str, float] = {}
    operations: dict[str, int] = {}
    for row in rows:
        layer, form = row.layer, row.form
        count = SQUARE_LAYERS if layer.inner == layer.outer else 1
        seconds[form] = seconds.get(form, 0.0) + count * row.seconds
        plain_seconds[form] = plain_seconds.get(form, 0.0) + count * row.plain_seconds
        done = count * 2 * layer.inner * layer.outer * layer.tokens
        operations[form] = operations.get(form, 0) + done
    return Speeds(
        rate=sum(operations.values()) / sum(plain_seconds.values()),
        times_as_fast={form: plain_seconds[form] / seconds[form] for form in seconds},
        copy_rate=copy_rate() if device == "cuda" else 0.0,
    )


def copy_rate() -> float:
    """Bytes a second from pinned memory to the card."""
    source = torch.empty(COPIED_BYTES, dtype=torch.uint8, pin_memory=True)
    target = torch.empty_like(source, device="cuda")
    copy = lambda: target.copy_(source, non_blocking=True)  # noqa: E731
    return COPIED_BYTES / median(seconds_of(copy, "cuda") for _ in range(REPEATS))


def glance(device: str) -> Speeds:
    """A measurement of some seconds, for a device that nothing is known of."""
    forms, tokens = GLANCES[device]
    rows = [row for layer in block_layers(tokens) for row in measure(layer, device, forms)]
    return speeds(rows, device)


def _in_turn(packed: nn.Module, plain: nn.Module, x: Tensor, device: str) -> tuple[float, float]:
    """Medians of both, so that whatever slows the machine meets both."""
    seconds: list[float] = []
    plain_seconds: list[float] = []
    for _ in range(REPEATS):
        plain_seconds.append(seconds_of(lambda: plain(x), device))
        seconds.append(seconds_of(lambda: packed(x), device))
    return median(seconds), median(plain_seconds)


def _bytes(layer: QuantLinear) -> int:
    return sum(tensor.nbytes for tensor in layer.buffers())
