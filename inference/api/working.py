"""How many bytes the networks' working sets take: what they hold beside weights while they run.

Pure arithmetic, held to what the real networks allocate by `tests/test_plan_measured.py`. `element` is
the bytes of a number in the dtype that a network computes in. What is small beside the rest is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from inference.api.footprint import FLOAT32, Residual, decoder_blocks
from inference.api.spec import DiTParams, TextParams, VAEParams, WeightFormat

COMPLEX64 = 8
LATENTS = 8  # of the clip's size, in float32: the solver's history, the velocities and the estimate

Shape = tuple[int, int, int, int]  # of a latent: channels, frames, height, width


def text_working(params: TextParams, length: int, prompts: int, element: int) -> int:
    """Of a block of UMT5, through which prompts of `length` tokens go one after the other."""
    bias = params.num_heads * length * length
    hidden = (prompts + 2) * length * params.dim
    return (bias + hidden + 3 * length * params.dim_ffn) * element


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
    hidden = tokens * params.dim * element
    chunk = min(flow.chunk_tokens, tokens)
    part = chunk * params.dim * element
    attention = 11 * hidden if tokens <= flow.chunk_tokens else 2 * hidden + 7 * part
    ffn = 3 * part + 2 * chunk * params.ffn_dim * element
    inner = chunk * params.ffn_dim
    match flow.weights:
        case WeightFormat.NATIVE:
            extra = 0
        case WeightFormat.INT8 | WeightFormat.LLM_INT8:
            extra = inner * (FLOAT32 + 1)  # int32 sums and the int8 input
        case WeightFormat.FP8:
            extra = inner  # the fp8 input
        case _:
            extra = params.dim * params.ffn_dim * element  # a weight, unpacked
    return max(attention, ffn) + extra


def decode_working(params: VAEParams, latent: Shape, element: int) -> int:
    """Of decoding a clip: the state that is kept between latent frames, and the most beside it."""
    pixels = latent[2] * latent[3]
    state = sum(2 * inner * scale for inner, scale in _convolutions(params))
    return (state + max(map(_residual_peak, decoder_blocks(params)))) * pixels * element


def _residual_peak(block: Residual) -> int:
    """Numbers for each pixel of the latent: the input, the normed input, it with the past, the output."""
    frames = block.frames
    first = (3 * frames + 2) * block.inner + frames * block.outer
    second = frames * block.inner + (3 * frames + 2) * block.outer
    return max(first, second) * block.pixels


def _convolutions(params: VAEParams) -> Iterator[tuple[int, int]]:
    """Of each convolution that looks back: channels in, and pixels for one of the latent."""
    yield params.z_dim, 1
    for block in decoder_blocks(params):
        yield block.inner, block.pixels
        yield block.outer, block.pixels
    dims = [params.dim * m for m in reversed(params.dim_mult)]
    for index, temporal in enumerate(reversed(params.temporal_downsample)):
        if temporal:
            yield dims[index], 4**index
    yield dims[-1], 4 ** (len(dims) - 1)
