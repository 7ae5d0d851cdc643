"""Products of int8 codes on a card that are scaled as they are made, by a kernel of our own.

torch's give sums of 32 bits, which another pass reads to scale them: on a card for games that takes longer than
to multiply.
"""

from pathlib import Path

import torch
from torch import Tensor

from quant.runtime import MACROS, kernel

SOURCE = Path(__file__).with_name("products.cu")
SIDE, THREADS = 128, 128  # macros of `products.cu`, which says what they are
MULTIPLE = 16  # of codes, which are read so many at once


def scaled_product(
    codes: Tensor, scale: Tensor, weight: Tensor, weight_scale: Tensor, bias: Tensor
) -> Tensor | None:
    """Codes [M, K] int8 by those of a weight [N, K], times the scales [M, 1] and [N, 1] float32 of their rows,
    and `bias` [N] added -> [M, N] in the dtype of `bias`.

    None where torch has to do it: off a card, under torch.compile, on cards before Ampere, for other sizes
    and dtypes, and where the kernel can't be compiled.
    """
    rows, inner = codes.shape
    columns, dtype = len(weight), bias.dtype
    is_known = dtype in MACROS and not inner % MULTIPLE and not columns % MULTIPLE
    if not is_known or not rows or torch.compiler.is_compiling():
        return None
    macros = MACROS[dtype], f"SIDE={SIDE}", f"THREADS={THREADS}"
    launch = kernel(SOURCE, "multiply", codes.device, THREADS, *macros)
    if isinstance(launch, str):
        return None
    out = codes.new_empty(rows, columns, dtype=dtype)
    blocks = -(-rows // SIDE) * -(-columns // SIDE)
    given = codes, weight, scale, weight_scale, bias
    arguments = [*(tensor.contiguous() for tensor in given), out, rows, columns, inner]
    launch(grid=(blocks, 1, 1), args=arguments)
    return out
