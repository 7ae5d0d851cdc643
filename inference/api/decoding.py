"""How many bytes decoding takes beside the VAE's weights, for the whole picture or tile by tile.

Pure arithmetic, held to what the real network allocates by `tests/test_forecast.py`; `inference.wan.tiles`
has the same rule of how far beyond a tile each layer looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from inference.api.footprint import Residual, decoder_blocks
from inference.api.spec import TEMPORAL_STRIDE, VAEParams

MIDDLE = 2  # of the decoder's blocks: they are run for the whole picture
PAST = 2  # frames that a convolution in time remembers
RESIDUAL_REACH, REACH = 2, 1  # pixels that a residual block looks to each side, and any other layer
RGB = 3
ROUNDED_BYTES = (
    2**20
)  # pinned memory up to here is given out in powers of two, see `inference.devices`
PAGE_BYTES = 4096

Shape = tuple[int, int, int, int]  # of a latent: channels, frames, height, width


@dataclass(frozen=True, slots=True)
class Coding:
    """Bytes on the device that encodes or decodes; and of what tiles that wait keep in main memory, pinned."""

    working: int
    parked: int


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that is run in tiles: pixels of what it is given to one of the latent's, along an axis; what it
    holds at most, and each tensor it remembers, in numbers for a pixel of the picture that it is given."""

    scale: int
    reach: int
    peak: int
    kept: tuple[int, ...]
    zoom: int = 1  # 2 where it doubles height and width, -2 where it halves them


def decode_working(
    params: VAEParams, latent: Shape, tile: int, element: int, *, park: bool
) -> Coding:
    """Of decoding a clip in tiles with sides of `tile` latent pixels (0 for the whole picture), of
    which with `park` all but the one in use wait in main memory."""
    height, width = latent[2:]
    whole, inner = height * width, decoder_dims(params)[0]
    front = whole * PAST * (params.z_dim + 2 * MIDDLE * inner)
    front += whole * inner  # what the tiles are cut from
    rows, columns = (cut(size, tile) for size in (height, width))
    layers = list(_layers(params))
    heights = list(_given(layers, height, *rows))
    widths = list(_given(layers, width, *columns))
    areas = [tall * wide for tall, wide in zip(heights, widths, strict=True)]
    kept = [n * area for layer, area in zip(layers, areas, strict=True) for n in layer.kept]
    peak = max(layer.peak * area for layer, area in zip(layers, areas, strict=True))
    peak = max(peak, whole * max(_peak(block) for block in _blocks(params)[:MIDDLE]))
    count = rows[0] * columns[0]
    frames = RGB * TEMPORAL_STRIDE * layers[-1].scale ** 2 * whole
    pieces = frames * (2 if count > 1 else 1)  # those of before, and those that are put together
    here = 1 if park else count
    working = (front + here * sum(kept) + peak + pieces) * element
    return Coding(working, count * sum(pinned(n * element) for n in kept) if park else 0)


def decoder_dims(params: VAEParams) -> list[int]:
    """Channels of the decoder's stages, from the latent's side."""
    return [params.dim * multiple for multiple in reversed(params.dim_mult)]


def _blocks(params: VAEParams) -> list[Residual]:
    return list(decoder_blocks(params))


def _peak(block: Residual) -> int:
    """Numbers for each pixel: the input, the normed input, it with the past, the output."""
    frames = block.frames
    first = (3 * frames + PAST) * block.inner + frames * block.outer
    second = frames * block.inner + (3 * frames + PAST) * block.outer
    return max(first, second)


def _layers(params: VAEParams) -> Iterator[Layer]:
    """All that is run in tiles, in order."""
    dims = decoder_dims(params)
    blocks = iter(_blocks(params)[MIDDLE:])
    doublings = (*reversed(params.temporal_downsample), False)
    frames = scale = 1
    for index, dim in enumerate(dims):
        for _ in range(params.num_res_blocks + 1):
            block = next(blocks)
            kept = PAST * block.inner, PAST * block.outer
            yield Layer(scale, RESIDUAL_REACH, _peak(block), kept)
        if index < len(dims) - 1:
            yield _up(dim, scale, frames, temporal=doublings[index])
            frames *= 2 if doublings[index] else 1
            scale *= 2
    dim = dims[-1]
    yield Layer(scale, REACH, (3 * frames + PAST) * dim + frames * RGB, (PAST * dim,))


def _up(dim: int, scale: int, frames: int, *, temporal: bool) -> Layer:
    """The input, it with twice the frames, it with four times the pixels, and the output."""
    made = frames * (2 if temporal else 1)
    peak = frames * dim + (made * dim if temporal else 0) + 4 * made * dim + 4 * made * dim // 2
    return Layer(scale, REACH, peak, (PAST * dim,) if temporal else (), zoom=2)


def cut(size: int, tile: int) -> tuple[int, int]:
    """Tiles along an axis of `size` latent pixels, and the longest."""
    count = -(-size // (tile or size))
    return count, -(-size // count)


def _given(layers: list[Layer], size: int, count: int, side: int) -> Iterator[int]:
    """Pixels along an axis of `size` that each layer is given of the largest tile, of `side`."""
    sides = min(2, count - 1)  # which have a neighbour
    need, needs = 0, list[int]()
    for layer in reversed(layers):
        need = -(-(need + layer.reach) // 2) if layer.zoom == 2 else need + layer.reach
        needs.append(need)
    for layer, halo in zip(layers, reversed(needs), strict=True):
        yield min(size * layer.scale, side * layer.scale + sides * halo)


def pinned(count: int) -> int:
    """Of main memory that pinning so many bytes takes."""
    if count <= ROUNDED_BYTES:
        return 1 << (count - 1).bit_length()
    return -(-count // PAGE_BYTES) * PAGE_BYTES
