"""How many bytes the networks' working sets take: what they hold beside weights while they run.

Pure arithmetic, held to what the real networks allocate by `tests/test_forecast.py`. `element` is
the bytes of a number in the dtype that a network computes in. What is small beside the rest is left out.
"""

from dataclasses import dataclass
from math import prod

from inference.api.footprint import FLOAT32
from inference.api.spec import DiTParams, ImageParams, TextParams, WeightFormat

COMPLEX64 = 8
INT32 = 4
LATENTS = 8  # of the clip's size, in float32: the solver's history, the velocities and the estimate

Shape = tuple[int, int, int, int]  # of a latent: channels, frames, height, width


def text_working(params: TextParams, length: int, prompts: int, element: int) -> int:
    """Of a block of UMT5, through which prompts of `length` tokens go one after the other."""
    bias = params.num_heads * length * length
    hidden = (prompts + 2) * length * params.dim
    return (bias + hidden + 2 * length * params.dim_ffn) * element


def image_working(params: ImageParams, pictures: int, element: int) -> int:
    """Of a block of CLIP's tower, through which all pictures go together."""
    tokens = pictures * (1 + (params.image_size // params.patch_size) ** 2)
    return tokens * (7 * params.dim + 2 * params.mlp_dim) * element


@dataclass(frozen=True, slots=True)
class Flow:
    """How the transformer runs: branches of guidance in flight together, and tokens in a chunk."""

    branches: int
    chunk_tokens: int
    weights: WeightFormat = WeightFormat.NATIVE


def denoise_working(params: DiTParams, latent: Shape, flow: Flow, element: int) -> int:
    """Of a step: what stays through all blocks, and the most that one holds beside it."""
    tokens = prod(latent[1:]) // prod(params.patch_size)
    streams = flow.branches * (2 if params.vace_layers else 1)  # VACE has one of its own
    rope = tokens * (params.dim // params.num_heads // 2) * COMPLEX64
    text = params.text_len * (2 * params.text_dim + params.dim) * element
    contexts = flow.branches * (text + rope)
    channels = LATENTS * latent[0] + params.in_dim - latent[0]
    channels += params.vace_in_dim if params.vace_layers else 0
    inputs = channels * prod(latent[1:]) * FLOAT32
    stream = tokens * params.dim * FLOAT32
    return streams * stream + contexts + inputs + _block_working(params, tokens, flow, element)


def _block_working(params: DiTParams, tokens: int, flow: Flow, element: int) -> int:
    """Keys and values of all tokens with a chunk's queries and what they are made of; or the FFN."""
    chunk = min(flow.chunk_tokens, tokens)
    hidden, part = (count * params.dim * element for count in (tokens, chunk))
    attention = 11 * hidden if tokens <= flow.chunk_tokens else 2 * hidden + 7 * part
    inner = chunk * params.ffn_dim
    match flow.weights:
        case WeightFormat.NATIVE:
            rounded, unpacked = 0, 0
        case WeightFormat.INT8 | WeightFormat.LLM_INT8:
            rounded, unpacked = INT32, 0  # the sums of a product, before they are scaled
        case WeightFormat.FP8:
            rounded, unpacked = 1, 0  # the codes of an input
        case _:
            rounded, unpacked = 0, params.dim * element  # a weight, turned back into numbers
    ffn = 3 * part + (element + rounded) * inner
    return max(attention + unpacked * params.dim, ffn + unpacked * params.ffn_dim)
