"""Attention on a card with scores from 8-bit numbers, which its matrix units multiply up to four times as fast.

The way of SageAttention (https://arxiv.org/abs/2410.02367), by kernels of our own: queries are rounded row by
row and keys 64 at a time, after what all keys have in common is taken from them; weights and values are in
fp16, summed in fp16 for 64 keys and in float32 beyond. `reference` says it in torch's words.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.wan.kernel import Keep
from quant.runtime import HEADERS, kernel
from quant.runtime import MACROS as DTYPES

SOURCE = Path(__file__).with_name("eight_bits.cu")
WIDTHS = (64, 128)  # of a head
CAPABILITY = (8, 0)  # of a card that has what the kernels are made of
# Macros of `eight_bits.cu`, which says what they are.
KEYS, WARPS, TILES, TAIL = 64, 4, 2, 16
MACROS = f"KEYS={KEYS}", f"WARPS={WARPS}", f"TILES={TILES}", f"TAIL={TAIL}"
QUERIES, THREADS = 16 * TILES * WARPS, 32 * WARPS  # of a block
LARGEST = 127.0


@dataclass(frozen=True, slots=True)
class EightBits:
    """See the module; for one clip at a time. Raises `ValueError` for what the kernels can't do."""

    name: str = "8 bits"
    is_rounded: bool = True

    def keeper(self) -> Keep:
        """See `Kernel`; what is kept is [1, T, N, 3 * E + 16] bytes, in an order of its own every 64 tokens."""
        return _Keeper()

    def attend(self, q: Tensor, kept: Tensor) -> Tensor:
        """See `Kernel`."""
        rows, width = q.shape[1], q.shape[3]
        out = torch.empty_like(q, memory_format=torch.contiguous_format)
        factor = math.log2(math.e) / math.sqrt(width)
        strides = q.stride(1), q.stride(2)
        arguments: list[object] = [q, kept.contiguous(), out, rows, kept.shape[1], *strides, factor]
        _launch("attend", q, -(-rows // QUERIES), arguments)
        return out


class _Keeper:
    """Keeps keys less the mean of the first that there were."""

    def __init__(self) -> None:
        self._middle: Tensor | None = None

    def __call__(self, k: Tensor, v: Tensor) -> Tensor:
        if self._middle is None:
            self._middle = k.mean(dim=1).contiguous()
        _, count, heads, width = k.shape
        kept = torch.empty(1, count, heads, 3 * width + TAIL, dtype=torch.uint8, device=k.device)
        strides = (tensor.stride(axis) // 8 for tensor in (k, v) for axis in (1, 2))
        arguments: list[object] = [k, v, self._middle, kept, count, *strides]
        _launch("keep_keys", k, -(-count // KEYS), arguments)
        return kept


def _launch(name: str, given: Tensor, blocks: int, arguments: list[object]) -> None:
    """Run a kernel for queries or keys [1, L, N, E], in so many blocks for each head."""
    _, _, heads, width = given.shape
    if len(given) > 1 or width not in WIDTHS or given.dtype not in DTYPES or given.stride(-1) != 1:
        raise ValueError(f"no attention in 8 bits for {given.dtype} {tuple(given.shape)}")
    macros = DTYPES[given.dtype], f"WIDTH={width}", *MACROS
    found = kernel(SOURCE, name, given.device, THREADS, *macros)
    if isinstance(found, str):
        raise ValueError(found)
    found(grid=(blocks, heads, 1), args=arguments)


def fingerprint() -> str:
    """A name for the kernels' source: another one has to be measured anew."""
    files = SOURCE, *HEADERS
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """What the kernels compute, anywhere, but for sums in fp16 and for the mean, which is that of all keys: q [B, L, N, E], k and v [B, T, N, E]
    -> [B, L, N, E] in the dtype of `q`."""
    q32, k32 = (tensor.transpose(1, 2).float() for tensor in (q, k))
    k32 = k32 - k32.mean(dim=2, keepdim=True).to(k.dtype)
    count = k32.shape[2]
    blocks = F.pad(k32, (0, 0, 0, -count % KEYS)).unflatten(2, (-1, KEYS))
    q_codes, q_scale = _rounded(q32, (-1,))
    k_codes, k_scale = _rounded(blocks, (-2, -1))
    keys = (k_codes * k_scale).flatten(2, 3)[:, :, :count]
    scores = (q_codes * q_scale) @ keys.mT / math.sqrt(q.shape[-1])
    weights = (scores - scores.amax(-1, keepdim=True)).exp()
    summed = weights.half().float() @ v.transpose(1, 2).half().float()
    return (summed / weights.sum(-1, keepdim=True)).transpose(1, 2).to(q.dtype)


def _rounded(x: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    scale = x.abs().amax(axes, keepdim=True) / LARGEST
    scale = scale.clamp(min=torch.finfo(torch.float32).tiny)
    return (x / scale).round(), scale
