"""The activation of the transformer's and the text encoder's feed-forward layers."""

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
