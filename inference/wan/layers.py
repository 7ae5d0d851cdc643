"""Small layers of the transformer, of which the text encoder has the activation too.

Axis letters are those of `inference.wan.dit`.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from quant.linear import QuantLinear

# torch's only way to a product with GELU in it is marked private.
_addmm_activation: Callable[..., Tensor] = vars(torch)["_addmm_activation"]


class Gelu(nn.Module):
    """GELU in its tanh form (Hendrycks & Gimpel 2016); without gradients in place, on what a layer just made.

    That saves the largest tensor of a block once, and the time it takes to write it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape to the same."""
        if torch.is_grad_enabled():
            return F.gelu(x, approximate="tanh")
        return torch.ops.aten.gelu_(x, approximate="tanh")


class FeedForward(nn.Sequential):
    """A linear layer, GELU and another; on a card and without gradients, GELU mostly takes no pass over memory.

    What is between the layers is the largest tensor of a block. GELU happens as a plain layer writes it, or as
    it is rounded for the second.
    """

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__(nn.Linear(dim, inner), Gelu(), nn.Linear(inner, dim))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, the parent's name for it
        """x [..., D] in the dtype of the layers to the same."""
        if torch.is_grad_enabled() or torch.compiler.is_compiling():
            return super().forward(input)
        first, gelu, second = self
        # A processor's product would take GELU's exact form; on meta memory is counted as a card has it.
        if isinstance(first, nn.Linear) and (input.is_cuda or input.is_meta):
            return second(_linear_and_gelu(first, input))
        inner = first(input)
        made = second.of_gelu(inner) if isinstance(second, QuantLinear) else None
        return second(gelu(inner)) if made is None else made


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


def _linear_and_gelu(layer: nn.Linear, x: Tensor) -> Tensor:
    """GELU of `layer` of `x` [..., D_in], which the product's own kernel makes before it writes."""
    flat = x.reshape(-1, x.shape[-1])
    made = _addmm_activation(layer.bias, flat, layer.weight.T, use_gelu=True)
    return made.view(*x.shape[:-1], layer.out_features)
