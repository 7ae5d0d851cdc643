"""Convolutions in space and time on a processor, in which torch chooses badly."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def convolve(layer: nn.Conv3d, x: Tensor) -> Tensor:
    """`layer` on x [B, C, F, H, W] -> [B, C', F', H', W'].

    In float32 on a processor by oneDNN, which torch takes for large pictures alone: small ones it would unfold to
    27 times their size, at a fifth of the speed (`use_mkldnn` in its Convolution.cpp).
    """
    weight, bias, groups = layer.weight, layer.bias, layer.groups
    padding, stride, dilation = (
        [int(n) for n in sizes] for sizes in (layer.padding, layer.stride, layer.dilation)
    )
    has_onednn = torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    if x.is_cpu and x.dtype is torch.float32 and has_onednn:
        return torch.mkldnn_convolution(x, weight, bias, padding, stride, dilation, groups)
    return F.conv3d(x, weight, bias, stride, padding, dilation, groups)
