"""How many bytes encoding takes beside the VAE's weights, for the whole picture or tile by tile.

The mirror of `inference.api.decoding`, and held to the real network in the same way.
"""

from collections.abc import Iterator
from itertools import pairwise, product

from inference.api.decoding import (
    MIDDLE,
    PAST,
    REACH,
    RESIDUAL_REACH,
    RGB,
    Coding,
    Layer,
    Shape,
    cut,
    pinned,
)
from inference.api.footprint import Residual
from inference.api.spec import SPATIAL_STRIDE, TEMPORAL_STRIDE, VAEParams

PIECE = 3 * RGB + 3  # numbers a pixel: the frames, what stays or changes of them, and masks


def encode_working(
    params: VAEParams, latent: Shape, tile: int, element: int, *, park: bool
) -> Coding:
    """Of encoding a clip in tiles with sides of `tile` latent pixels (0 for the whole picture), of
    which with `park` all but the one in use wait in main memory."""
    height, width = latent[2:]
    whole, last = height * width, params.dim * params.dim_mult[-1]
    layers = list(_layers(params))
    sides = [_given(layers, size, tile) for size in (height, width)]
    tiles = [[tall * wide for tall, wide in product(*axes)] for axes in zip(*sides, strict=True)]
    peak = max(layer.peak * max(areas) for layer, areas in zip(layers, tiles, strict=True))
    peak = max(peak, whole * _peak(Residual(last, last, 1, 1)))
    end = whole * PAST * (2 * MIDDLE + 1) * last  # it remembers the whole picture
    joined = whole * last * (2 if len(tiles[0]) > 1 else 0)
    pixels = PIECE * TEMPORAL_STRIDE * SPATIAL_STRIDE**2 * whole
    kept = [
        [n * area for area in areas]
        for layer, areas in zip(layers, tiles, strict=True)
        for n in layer.kept
    ]
    here = sum(max(each) if park else sum(each) for each in kept)
    parked = sum(pinned(n * element) for each in kept for n in each) if park else 0
    return Coding((end + here + peak + joined + pixels) * element, parked)


def _layers(params: VAEParams) -> Iterator[Layer]:
    """All that is run in tiles, in order."""
    dims = [params.dim * multiple for multiple in (1, *params.dim_mult)]
    frames, scale = TEMPORAL_STRIDE, SPATIAL_STRIDE
    first = (2 * frames + PAST) * RGB + frames * dims[0]
    yield Layer(scale, REACH, first, (PAST * RGB,))
    for index, (dim, outer) in enumerate(pairwise(dims)):
        for number in range(params.num_res_blocks):
            block = Residual(outer if number else dim, outer, frames, scale**2)
            kept = PAST * block.inner, PAST * block.outer
            yield Layer(scale, RESIDUAL_REACH, _peak(block), kept)
        if index < len(params.temporal_downsample):
            is_temporal = params.temporal_downsample[index]
            padded = 2 * frames * outer + frames * outer // 4
            yield Layer(scale, REACH, padded, (outer // 4,) if is_temporal else (), zoom=-2)
            frames //= 2 if is_temporal else 1
            scale //= 2


def _peak(block: Residual) -> int:
    """Numbers for each pixel that a residual block holds: the input, what is convolved with the past, both new
    and old, and the output."""
    frames = block.frames
    first = (2 * frames + 2 * PAST) * block.inner + frames * block.outer
    return max(first, frames * block.inner + (2 * frames + 2 * PAST) * block.outer)


def _given(layers: list[Layer], size: int, tile: int) -> list[list[int]]:
    """Pixels along an axis of `size` that each layer is given of each tile."""
    count, _ = cut(size, tile)
    edges = [size * index // count for index in range(count + 1)]
    before = after = 0
    given = list[list[int]]()
    for layer in reversed(layers):
        halves = layer.zoom == -2
        before = 2 * before if halves else before + layer.reach
        after = (2 * after if halves else after) + layer.reach
        scaled = [edge * layer.scale for edge in edges]
        spans = pairwise(scaled)
        given.append(
            [min(scaled[-1], stop + after) - max(0, start - before) for start, stop in spans]
        )
    return given[::-1]
