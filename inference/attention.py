"""Which attention a device is fastest with: tried once, as none is everywhere there, right and fast."""

import importlib
from functools import cache
from importlib.util import find_spec
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from inference.api.version import VERSION
from inference.eight_bits import CAPABILITY, EightBits, fingerprint
from inference.measure import seconds_of
from inference.past import chosen, note_choice
from inference.wan.dit import Attention
from inference.wan.kernel import PLAIN, Kernel, Whole

# Of the probe: keys are kept in parts, the last of which is no whole number of 64, as those of a clip are; the
# result is checked for every so many queries.
HEADS, TOKENS, PART, APART = 12, 8184, 4096, 61
TOLERANCE = 0.05  # of the result, relative: SageAttention's 8 bits are within it
REPEATS = 3
LEAST_GAIN = 1.1  # over the others, for which a way that rounds is taken
SAGE = "sageattention"
# Of a way that isn't built for this card, or not for this width.
ERRORS = RuntimeError, ImportError, OSError, AssertionError, ValueError


def use(network: nn.Module, kernel: Kernel) -> None:
    """Have every attention of a transformer computed by `kernel`."""
    for module in network.modules():
        if isinstance(module, Attention):
            module.kernel = kernel


def safe(device: torch.device) -> Kernel:
    """The plainest that takes no more memory than its result."""
    return _of_torch(SDPBackend.EFFICIENT_ATTENTION) if device.type == "cuda" else PLAIN


@cache
def fastest(device: torch.device, dtype: torch.dtype, width: int, *, exact: bool = False) -> Kernel:
    """The fastest for heads of `width` that gives the right result; torch's own choice off a card.

    exact: none that computes in fewer bits than it is given. What was chosen once is kept for this device, so
    that a clip is the same when it is made again, however close two ways are.
    """
    found = [kernel for kernel in candidates(device) if not (exact and kernel.is_rounded)]
    if len(found) == 1:
        return found[0]
    generator = torch.Generator().manual_seed(0)
    shape = 1, TOKENS, HEADS, width
    q, k, v = (torch.randn(shape, generator=generator).to(device, dtype) for _ in range(3))
    names = "/".join(kernel.name for kernel in found)
    ours = f"Kinora {VERSION} {fingerprint()}, torch {torch.__version__}"
    subject = f"attention: {_name(device)}, {ours}, {width}, {dtype}, {names}"
    last = next((kernel for kernel in found if kernel.name == chosen(subject)), None)
    if last is not None and _seconds(last, q, k, v) < float("inf"):
        return last
    seconds = {kernel: _seconds(kernel, q, k, v) for kernel in found}
    best = min(found, key=lambda kernel: seconds[kernel] * (LEAST_GAIN if kernel.is_rounded else 1))
    if seconds[best] == float("inf"):
        return safe(device)
    note_choice(subject, best.name)
    return best


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def candidates(device: torch.device) -> list[Kernel]:
    """What there may be on a device; whether it runs shows when it is tried."""
    if device.type != "cuda":
        return [PLAIN]
    backends = (
        SDPBackend.CUDNN_ATTENTION,
        SDPBackend.FLASH_ATTENTION,
        SDPBackend.EFFICIENT_ATTENTION,
    )
    sage = [Whole("SageAttention", _sage, is_rounded=True)] if find_spec(SAGE) else []
    own = [EightBits()] if torch.cuda.get_device_capability(device) >= CAPABILITY else []
    return [*own, *sage, *map(_of_torch, backends)]


def _seconds(kernel: Kernel, q: Tensor, k: Tensor, v: Tensor) -> float:
    """What a call for [1, L, N, E] takes; infinity where it fails or gives something else.

    A shortage of memory is raised: what is kept of the choice must not hang on it.
    """
    few, keys, values = (t.transpose(1, 2).float() for t in (q[:, ::APART], k, v))
    expected = F.scaled_dot_product_attention(few, keys, values).transpose(1, 2)

    def run() -> Tensor:
        return kernel.attend(q, kernel.keeper()(k, v))

    try:
        keep = kernel.keeper()
        parts = zip(k.split(PART, dim=1), v.split(PART, dim=1), strict=True)
        made = kernel.attend(q, torch.cat([keep(*part) for part in parts], dim=1))
        error = float((made[:, ::APART] - expected).norm() / expected.norm())
        if not error < TOLERANCE:  # NaN, too
            return float("inf")
        times = [seconds_of(run, q.device.type) for _ in range(REPEATS)]
    except torch.OutOfMemoryError:
        raise
    except ERRORS:
        return float("inf")
    return median(times)


def _of_torch(backend: SDPBackend) -> Whole:
    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v)

    return Whole(backend.name, run)


def _sage(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """https://arxiv.org/abs/2410.02367; scores in 8 bits."""
    return importlib.import_module(SAGE).sageattn(q, k, v, tensor_layout="HND")
