"""Small layers of the transformer, of which the text encoder has the activation too.

Axis letters are those of `inference.wan.dit`.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Gelu(nn.Module):
    """GELU in its tanh form (Hendrycks & Gimpel 2016); without gradients in place, on what a layer just made.

    That saves the largest tensor of a block once, and the time it takes to write it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape to the same."""
        if torch.is_grad_enabled():
            return F.gelu(x, approximate="tanh")
        return torch.ops.aten.gelu_(x, approximate="tanh")


def dtype_of(layer: nn.Module) -> torch.dtype:
    """What `layer`, or a stack that starts with one, computes in: the dtype of its bias."""
    first = layer[0] if isinstance(layer, nn.Sequential) else layer
    return cast(Tensor, first.bias).dtype


def linear(layer: nn.Module, x: Tensor) -> Tensor:
    """Run `layer`, or a stack that starts with one, on `x` [..., D_in] in the dtype of its bias."""
    x = x.to(dtype_of(layer))  # what was given may go before the layer runs
    return layer(x)


class LayerNorm(nn.LayerNorm):
    """`nn.LayerNorm` in float32, whatever the dtypes of its input and its weights."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, the parent's name for it
        weight, bias = (None if p is None else p.float() for p in (self.weight, self.bias))
        return F.layer_norm(input.float(), self.normalized_shape, weight, bias, self.eps)


class RMSNorm(nn.RMSNorm):
    """`nn.RMSNorm` in the dtype of its input, with float32 statistics, for weights of any dtype."""

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)
