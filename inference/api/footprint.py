"""How many bytes the networks' weights take, counted from their shapes.

Pure arithmetic, so that the window can forecast while the user types.

`element` is the bytes of a number in the dtype that a network computes in: 2 on a card, 4 on a CPU.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from inference.api.spec import DiTParams, ImageParams, TextParams, VAEParams, WeightFormat

BF16, FLOAT32 = 2, 4

# Bytes of a quantised weight, with its share of block scales; and of the scale of a row of them.
_WEIGHT_BYTES = {
    WeightFormat.INT8: (1.0, 4),
    WeightFormat.INT8_WEIGHT_ONLY: (1.0, 4),
    WeightFormat.FP8: (1.0, 4),
    WeightFormat.FP8_WEIGHT_ONLY: (1.0, 4),
    WeightFormat.NF4: (0.5 + 4 / 64, 0),  # a float32 scale for 64 weights
    WeightFormat.LLM_INT8: (1.0, 4),
    WeightFormat.QUANTO_INT8: (1.0, 4),
    WeightFormat.QUANTO_FP8: (1.0, 4),
}


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers in a part of a network: `weights` of linear layers in blocks, which quantisation packs, in
    `rows` rows; `others` in the compute dtype; `float32` in float32 always."""

    weights: int = 0
    rows: int = 0
    others: int = 0
    float32: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.weights + other.weights,
            self.rows + other.rows,
            self.others + other.others,
            self.float32 + other.float32,
        )

    @property
    def total(self) -> int:
        return self.weights + self.others + self.float32

    def bytes(self, weights: WeightFormat, element: int) -> int:
        """What these numbers take in that format."""
        per_weight, per_row = _WEIGHT_BYTES.get(weights, (element, 0))
        packed = self.weights * per_weight + self.rows * per_row
        return round(packed) + self.others * element + self.float32 * FLOAT32


def linear(inner: int, outer: int) -> Count:
    """A linear layer in a block."""
    return Count(weights=inner * outer, rows=outer, others=outer)


def block(params: DiTParams) -> Count:
    """One block of the trunk."""
    dim, ffn = params.dim, params.ffn_dim
    attentions = Count(others=4 * dim)  # the norms of queries and keys
    for _ in range(8):
        attentions += linear(dim, dim)
    if params.image_dim:
        attentions += linear(dim, dim) + linear(dim, dim) + Count(others=dim)
    rest = Count(float32=8 * dim)  # norm3 and the modulation
    return attentions + linear(dim, ffn) + linear(ffn, dim) + rest


def vace_block(params: DiTParams, *, first: bool) -> Count:
    """One of VACE's blocks; the first has one linear layer more."""
    dim = params.dim
    projections = linear(dim, dim) + (linear(dim, dim) if first else Count())
    return block(params) + projections


def unit(params: DiTParams, index: int) -> Count:
    """A block of the trunk, and the block of VACE that hints at it where there is one."""
    if index not in params.vace_layers:
        return block(params)
    return block(params) + vace_block(params, first=index == 0)


def outside_blocks(params: DiTParams) -> Count:
    """What the transformer has before and after its blocks; never quantised."""
    dim, patch = params.dim, prod(params.patch_size)
    embedding = params.in_dim * patch * dim + dim
    text = params.text_dim * dim + dim + dim * dim + dim
    others = embedding + text
    if params.image_dim:
        width = params.image_dim
        others += 2 * width + width * width + width + width * dim + dim + 2 * dim
        others += params.image_positions * width
    if params.vace_layers:
        others += params.vace_in_dim * patch * dim + dim
    time = params.freq_dim * dim + dim + dim * dim + dim + 6 * (dim * dim + dim)
    head = dim * params.out_dim * patch + params.out_dim * patch + 2 * dim
    return Count(others=others, float32=time + head)


def vace(params: DiTParams) -> Count:
    """What VACE adds to a transformer; nothing where there is none."""
    if not params.vace_layers:
        return Count()
    patch = prod(params.patch_size)
    count = Count(others=params.vace_in_dim * patch * params.dim + params.dim)
    for index in params.vace_layers:
        count += vace_block(params, first=index == 0)
    return count


def transformer(params: DiTParams) -> Count:
    """All of the transformer, with VACE where there is one."""
    count = outside_blocks(params)
    for index in range(params.num_layers):
        count += unit(params, index)
    return count


def text_block(params: TextParams) -> Count:
    """One block of UMT5."""
    dim, inner = params.dim, params.dim_attn
    matrices = 4 * dim * inner + 3 * dim * params.dim_ffn
    return Count(others=matrices + 2 * dim + params.num_buckets * params.num_heads)


def text_encoder(params: TextParams) -> Count:
    """All of UMT5's encoder."""
    rest = Count(others=params.vocab_size * params.dim + params.dim)
    return Count(others=text_block(params).total * params.num_layers) + rest


def image_encoder(params: ImageParams) -> Count:
    """CLIP's tower, without the end that video doesn't use."""
    dim, patch = params.dim, params.patch_size
    tokens = 1 + (params.image_size // patch) ** 2
    matrices = 4 * dim * dim + 2 * dim * params.mlp_dim
    one = matrices + 4 * dim + 4 * dim + params.mlp_dim + dim  # with its two norms and biases
    ends = 3 * patch * patch * dim + dim + tokens * dim + 2 * dim
    return Count(others=ends + params.num_layers * one)


@dataclass(frozen=True, slots=True)
class Residual:
    """A residual block of the VAE: channels in and out; frames and pixels for one of the latent."""

    inner: int
    outer: int
    frames: int
    pixels: int

    @property
    def weights(self) -> int:
        shortcut = _convolution(self.inner, self.outer, 1) if self.inner != self.outer else 0
        convolutions = _convolution(self.inner, self.outer, 27)
        convolutions += _convolution(self.outer, self.outer, 27)
        return self.inner + self.outer + convolutions + shortcut


def decoder_blocks(params: VAEParams) -> Iterator[Residual]:
    """The residual blocks of the VAE's decoder, in order."""
    dims = [params.dim * m for m in (params.dim_mult[-1], *reversed(params.dim_mult))]
    yield Residual(dims[0], dims[0], 1, 1)
    yield Residual(dims[0], dims[0], 1, 1)
    frames = pixels = 1
    doublings = (*reversed(params.temporal_downsample), False)
    for index, (dim, outer) in enumerate(pairwise(dims)):
        inner = dim // 2 if index else dim  # what lies before has halved them
        for number in range(params.num_res_blocks + 1):
            yield Residual(outer if number else inner, outer, frames, pixels)
        frames *= 2 if doublings[index] else 1
        pixels *= 4


def vae(params: VAEParams) -> Count:
    """All of the VAE."""
    between = 2 * params.z_dim
    others = _convolution(between, between, 1) + _convolution(params.z_dim, params.z_dim, 1)
    return Count(others=others + _encoder(params) + _decoder(params))


def _decoder(params: VAEParams) -> int:
    dims = [params.dim * m for m in reversed(params.dim_mult)]
    count = _convolution(params.z_dim, dims[0], 27) + _ends(dims[0], dims[-1], 3)
    count += sum(block.weights for block in decoder_blocks(params))
    for dim, temporal in zip(dims, reversed(params.temporal_downsample), strict=False):
        count += _convolution(dim, dim // 2, 9)
        count += _convolution(dim, 2 * dim, 3) if temporal else 0
    return count


def _encoder(params: VAEParams) -> int:
    dims = [params.dim * m for m in (1, *params.dim_mult)]
    count = _convolution(3, dims[0], 27) + _ends(dims[-1], dims[-1], 2 * params.z_dim)
    count += 2 * Residual(dims[-1], dims[-1], 1, 1).weights
    for inner, outer in pairwise(dims):
        count += Residual(inner, outer, 1, 1).weights
        count += (params.num_res_blocks - 1) * Residual(outer, outer, 1, 1).weights
    for dim, temporal in zip(dims[1:], params.temporal_downsample, strict=False):
        count += _convolution(dim, dim, 9) + (_convolution(dim, dim, 3) if temporal else 0)
    return count


def _ends(middle: int, last: int, outer: int) -> int:
    """The attention in the middle, and the head."""
    attention = middle + _convolution(middle, 3 * middle, 1) + _convolution(middle, middle, 1)
    return attention + last + _convolution(last, outer, 27)


def _convolution(inner: int, outer: int, taps: int) -> int:
    return inner * outer * taps + outer
