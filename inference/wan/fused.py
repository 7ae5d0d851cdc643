"""What is done to each number between two products: on a card in one pass over memory, else by torch.

The kernels are in `fused.cu`; each function says what they compute in torch's words.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from quant.runtime import VECTOR, row_kernel

SOURCE = Path(__file__).with_name("fused.cu")
EACH = 3  # vectors of a pixel to a thread: the VAE has 96, 192 and 384 channels


def norm_and_modulate(
    x: Tensor, shift: Tensor, scale: Tensor, eps: float, dtype: torch.dtype
) -> Tensor:
    """The layer norm of tokens [B, L, D] float32, scaled about 1 and shifted by [B, 1, D], in `dtype`."""
    normed = _norm_rows(x, scale, shift, eps, dtype, about_one=True)
    if normed is not None:
        return normed
    normed = F.layer_norm(x.float(), x.shape[-1:], None, None, eps)
    return torch.addcmul(shift, normed, 1 + scale).to(dtype)


def norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float, dtype: torch.dtype) -> Tensor:
    """The layer norm of tokens [B, L, D] in float32, with weight and bias [D], in `dtype`."""
    weight, bias = weight.float(), bias.float()
    normed = _norm_rows(x, weight, bias, eps, dtype, about_one=False)
    if normed is not None:
        return normed
    return F.layer_norm(x.float(), weight.shape, weight, bias, eps).to(dtype)


def norm_and_rotate(
    x: Tensor, gain: Tensor, rope: Tensor, heads: tuple[int, int], eps: float
) -> Tensor:
    """The RMS norm of `x` [B, L, D] with `gain` [D], split into heads [B, L, N, E] and turned by `rope`
    [L, E/2] complex64."""
    gain = gain.to(x.dtype)
    launch = row_kernel(SOURCE, "norm_and_turn", x, x.dtype)
    if launch is None or len(x) > 1 or heads[1] % VECTOR or not x.is_contiguous():
        return rotate(F.rms_norm(x, gain.shape, gain, eps).unflatten(-1, heads), rope)
    turned = torch.empty_like(x)
    turns = torch.view_as_real(rope).contiguous()
    launch(grid=(x.shape[1], 1, 1), args=[x, gain, turns, turned, heads[1] // VECTOR, eps])
    return turned.unflatten(-1, heads)


def rotate(x: Tensor, rope: Tensor) -> Tensor:
    """Turn neighbouring pairs of `x` [B, L, N, E] by `rope` [L, E/2], in float32."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * rope[:, None]).flatten(-2).to(x.dtype)


def add_residual(x: Tensor, y: Tensor, gate: Tensor | float = 1.0) -> Tensor:
    """x + gate * y for `x`, `y` [B, L, D] and `gate` [B, 1, D], in the dtype of `x`.

    Without gradients it happens in `x` itself: the caller still refers to the old tokens while a
    block runs, and a second copy of them is 201 MB at 832x480x81.
    """
    if torch.is_grad_enabled():
        return x + y * gate
    launch = row_kernel(SOURCE, "add_gated", x, y.dtype)
    is_gated = isinstance(gate, Tensor)
    is_plain = len(x) == 1 and x.dtype == torch.float32 and x.is_contiguous() and y.is_contiguous()
    if launch is None or not is_plain or not (is_gated or gate == 1.0):
        return x.add_(y * gate)
    factor = gate.contiguous() if is_gated else x  # which isn't read
    launch(grid=(x.shape[1], 1, 1), args=[x, y, factor, int(is_gated)])
    return x


def norm_pixels(x: Tensor, gain: Tensor, eps: float, *, activated: bool) -> Tensor:
    """The RMS norm of `x` [B, C, ...] over its channels with `gain` [C], and SiLU after it if `activated`."""
    pixels, gain = x.movedim(1, -1), gain.to(x.dtype)
    lanes = pixels.shape[-1] // VECTOR // EACH
    whole = lanes * VECTOR * EACH == len(gain) and lanes.bit_count() == 1 and lanes <= 32
    launch = row_kernel(SOURCE, "norm_pixels", pixels, x.dtype, f"LANES={lanes}") if whole else None
    if launch is None:
        normed = F.rms_norm(pixels, gain.shape, gain, eps)
        return (F.silu(normed, inplace=True) if activated else normed).movedim(-1, 1)
    pixels = pixels.contiguous()
    normed = torch.empty_like(pixels)
    count = pixels.numel() // pixels.shape[-1]
    blocks = -(-count // (launch.keywords["block"][0] // lanes))
    launch(grid=(blocks, 1, 1), args=[pixels, gain, normed, count, eps, int(activated)])
    return normed.movedim(-1, 1)


def _norm_rows(
    x: Tensor, scale: Tensor, shift: Tensor, eps: float, dtype: torch.dtype, *, about_one: bool
) -> Tensor | None:
    launch = row_kernel(SOURCE, "norm_rows", x, dtype)
    if launch is None or len(x) > 1 or x.dtype != torch.float32 or not x.is_contiguous():
        return None
    normed = torch.empty_like(x, dtype=dtype)
    arguments = [x, scale.contiguous(), shift.contiguous(), normed, eps, int(about_one)]
    launch(grid=(x.shape[1], 1, 1), args=arguments)
    return normed
