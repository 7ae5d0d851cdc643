"""Tokens by the thousand: where each is, and working on some of them at a time.

Axis letters are those of `inference.wan.dit`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from inference.wan.fused import add_residual

PERIOD = 10000.0  # of the slowest wave in the embeddings of time and of position, over 2 pi


def sinusoidal_embedding(position: Tensor, dim: int) -> Tensor:
    """Positions [B] -> [B, dim] float32 in [-1, 1]: cosines, then sines (arXiv:1706.03762)."""
    half = dim // 2
    exponent = torch.arange(half, dtype=torch.float64, device=position.device) / half
    angle = torch.outer(position.double(), PERIOD**-exponent)
    return torch.cat([angle.cos(), angle.sin()], dim=1).float()


def rope_table(
    grid: tuple[int, int, int], head_dim: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Unit rotations [F * H * W, head_dim / 2], complex64, of the patches of `grid` in that order.

    Rotary embedding (https://arxiv.org/abs/2104.09864) with the head's width shared out over the
    axes: a third each to H and W, rounded down to even, and the rest to F. Angles are float64.
    """
    side = 2 * (head_dim // 6)
    axes = [torch.arange(n, dtype=torch.float64, device=device) for n in grid]
    angles = []
    for axis, width in enumerate((head_dim - 2 * side, side, side)):
        exponent = torch.arange(0, width, 2, dtype=torch.float64, device=device) / width
        position = torch.meshgrid(*axes, indexing="ij")[axis].flatten()
        angles.append(torch.outer(position, PERIOD**-exponent))
    angle = torch.cat(angles, dim=1)
    return torch.polar(torch.ones_like(angle), angle).to(torch.complex64)


def by_tokens(
    work: Callable[..., Tensor], chunk: int, *tensors: Tensor, into: Tensor | None = None
) -> Tensor:
    """`work` on `chunk` tokens of `tensors` [B, L, ...] at a time, put together in `into` if given.

    What it needs beside its result is bounded so.
    """
    whole, length, start = into, tensors[0].shape[1], 0
    for parts in zip(*(tensor.split(chunk, dim=1) for tensor in tensors), strict=True):
        part = work(*parts)
        if part.shape[1] == length:
            return part
        if whole is None:
            whole = part.new_empty(part.shape[0], length, *part.shape[2:])
        whole[:, start : start + part.shape[1]] = part
        start += part.shape[1]
        del part  # before the next one is made
    assert whole is not None  # there are tokens
    return whole


def add_by_tokens(
    x: Tensor,
    branch: Callable[..., Tensor],
    gate: Tensor | float,
    chunk: int,
    *others: Tensor,
) -> Tensor:
    """`add_residual` of `x` and `branch(x, *others)`, `chunk` tokens of [B, L, ...] at a time."""
    parts = zip(*(tensor.split(chunk, dim=1) for tensor in (x, *others)), strict=True)
    sums = [add_residual(part[0], branch(*part), gate) for part in parts]
    return torch.cat(sums, dim=1) if torch.is_grad_enabled() else x
