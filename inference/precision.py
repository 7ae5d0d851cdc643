"""In which numbers the networks compute, on each kind of device."""

import torch

from inference.api.device import BF16_CAPABILITY


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the transformer and the VAE compute in.

    Many processors multiply bfloat16 a hundred times slower than float32, and cards before Ampere several
    times slower than float16; there it has no attention but the one that writes all scores down, either.
    """
    if device.type != "cuda":
        return torch.float32
    has_bf16 = torch.cuda.get_device_capability(device) >= BF16_CAPABILITY
    return torch.bfloat16 if has_bf16 else torch.float16


def text_dtype(device: torch.device) -> torch.dtype:
    """What the text encoder computes in: float16 does not hold what is between UMT5-XXL's layers."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32
