"""What other programs quantised: codes back to numbers, or into our layers without rounding again."""

import torch
from torch import Tensor

NESTED_BLOCK = 256  # of bitsandbytes' scales that are quantised themselves


def rescale(codes: Tensor, scale: Tensor) -> Tensor:
    """The numbers of codes that lie in one step: codes * scale.

    codes: any shape, int8 or float8; scale: one number, or as many along each axis as there are blocks
    (`[out]`, `[out, 1]`, `[1, in]`, `[out, in / 128]`, `[out / 128, in / 128]`). To float32, as `codes`.
    """
    wide = _aligned(scale.float(), codes.dim())
    for axis, (blocks, size) in enumerate(zip(wide.shape, codes.shape, strict=True)):
        if blocks not in (1, size):
            wide = wide.repeat_interleave(size // blocks, dim=axis)
    return codes.float().mul_(wide)


def scale_fits(scale: tuple[int, ...], codes: tuple[int, ...]) -> bool:
    """Whether `rescale` can use a scale of this shape with codes of that one."""
    if len(scale) > len(codes):
        return False
    padded = scale if len(scale) == len(codes) else (*scale, *[1] * (len(codes) - len(scale)))
    return all(
        blocks > 0 and size % blocks == 0 for blocks, size in zip(padded, codes, strict=True)
    )


def unrotate(weight: Tensor, group: int) -> Tensor:
    """Undo ConvRot: each `group` inputs were multiplied by a regular Hadamard matrix before rounding.

    weight [out, in] float32, `group` a power of 4 that divides `in`. The matrix is the Kronecker power of
    a symmetric 4 x 4 one (ConvRot, 2025, as comfy-kitchen has it), so it is its own inverse.
    """
    seed = torch.ones(4, 4, device=weight.device) - 2 * torch.eye(4, device=weight.device).flip(1)
    matrix = torch.ones(1, 1, device=weight.device)
    while matrix.shape[0] < group:
        matrix = torch.kron(matrix, seed / 2)
    return (weight.unflatten(1, (-1, group)) @ matrix).flatten(1)


def is_rotation(group: int, inputs: int) -> bool:
    """Whether `unrotate` can be used: `group` is a power of 4, and divides the number of inputs."""
    return (
        group >= 4
        and group & (group - 1) == 0
        and group.bit_length() % 2 == 1
        and inputs % group == 0
    )


def unpack_4_bit(
    packed: Tensor, absmax: Tensor, code: Tensor, block: int, shape: tuple[int, ...]
) -> Tensor:
    """bitsandbytes' nf4 and fp4 to float32 of `shape`.

    packed: uint8, two codes each, the first in the high half; absmax: float32, the largest number of each
    `block` codes; code [16]: what the codes stand for, in [-1, 1] (Dettmers et al. 2023, "QLoRA").
    """
    flat = packed.flatten()
    codes = torch.stack([flat >> 4, flat & 15], dim=1).flatten()
    numbers = code.float()[codes.int()]
    scale = absmax.float().repeat_interleave(block)[: numbers.numel()]
    return numbers.mul_(scale)[: torch.Size(shape).numel()].view(shape)


def unnest(absmax: Tensor, nested: Tensor, code: Tensor, offset: float) -> Tensor:
    """bitsandbytes' doubly quantised scales to float32: absmax uint8 codes into code [256], by 256."""
    scale = nested.float().repeat_interleave(NESTED_BLOCK)[: absmax.numel()]
    return code.float()[absmax.flatten().int()] * scale + offset


def _aligned(scale: Tensor, axes: int) -> Tensor:
    """With trailing axes of 1, so that [out] is [out, 1]."""
    return scale.view(*scale.shape, *[1] * (axes - scale.dim()))
