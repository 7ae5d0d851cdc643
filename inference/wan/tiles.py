"""A picture in tiles, exactly: how far beyond a tile each layer of a network has to see.

A chain of local layers is run on one tile after another. Each layer is given just the pixels that what
comes after it depends on, so the tiles put together are the picture made whole, with no blending; where
a tile ends at the picture's edge, it ends there for every layer, and the layers pad as they always do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, product
from typing import NamedTuple

from torch import Tensor, nn

State = dict[nn.Module, Tensor]  # what layers remember of the frames before


class Span(NamedTuple):
    """Pixels of one axis, from `start` up to `stop`."""

    start: int
    stop: int

    def times(self, factor: int) -> "Span":
        return Span(self.start * factor, self.stop * factor)

    def slice_from(self, origin: int) -> slice:
        """It as an index into a tensor whose first pixel is `origin`."""
        return slice(self.start - origin, self.stop - origin)


class Tile(NamedTuple):
    """A rectangle of latent pixels."""

    rows: Span
    columns: Span


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of a chain: what it computes, from a tensor [B, C, F, H, W] and the state.

    zoom:  2 if it doubles height and width before it looks around, -2 if it halves them, else 1.
    reach: how many pixels to each side it looks; where it halves, pixels after those it takes together.
    """

    run: Callable[[Tensor, State], Tensor]
    reach: int
    zoom: int = 1

    def needs(self, before: int, after: int) -> tuple[int, int]:
        """Pixels beyond the tile, at its start and end, that are needed of what this is given, for so
        many of what it makes."""
        match self.zoom:
            case 2:
                return -(-(before + self.reach) // 2), -(-(after + self.reach) // 2)
            case -2:
                return 2 * before, 2 * after + self.reach
            case _:
                return before + self.reach, after + self.reach

    def first_made(self, first_given: int) -> int:
        """Where what is made begins, in its own pixels."""
        return _scale_after(first_given, self)


class Chain:
    """Local layers one after another, from latent pixels to those of the picture or back."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        first = 2 ** sum(step.zoom == -2 for step in steps)
        # Pixels to a latent pixel before each layer, and at the end.
        self._scales = list(accumulate(steps, _scale_after, initial=first))

    def run(self, x: Tensor, tile: Tile, state: State) -> Tensor:
        """What the chain makes of a whole picture [B, C, F, H, W], cut to `tile`.

        `state` is this tile's own: the chain has to have been run on the same tile before, or never.
        """
        height, width = (size // self._scales[0] for size in x.shape[-2:])
        rows, columns = self._path(tile.rows, height), self._path(tile.columns, width)
        top = left = 0
        for step, row, column in zip(self._steps, rows, columns, strict=False):
            x = x[..., row.slice_from(top), column.slice_from(left)]
            x = step.run(x, state)
            top, left = step.first_made(row.start), step.first_made(column.start)
        return x[..., rows[-1].slice_from(top), columns[-1].slice_from(left)]

    def _path(self, wanted: Span, size: int) -> list[Span]:
        """What each layer is given along an axis of `size` latent pixels, and what comes out."""
        spans = [wanted.times(self._scales[-1])]
        need = (0, 0)
        for step, scale in zip(reversed(self._steps), self._scales[-2::-1], strict=True):
            need = step.needs(*need)
            own, whole = wanted.times(scale), size * scale
            spans.append(Span(max(0, own.start - need[0]), min(whole, own.stop + need[1])))
        return spans[::-1]


def split(height: int, width: int, side: int) -> list[Tile]:
    """Tiles of about equal size that cover a latent, with sides of at most `side` latent pixels.

    A side of 0 makes one tile of the whole.
    """
    rows, columns = (_cut(size, side or size) for size in (height, width))
    return [Tile(*pair) for pair in product(rows, columns)]


def _cut(size: int, side: int) -> list[Span]:
    count = -(-size // side)
    edges = [size * index // count for index in range(count + 1)]
    return [Span(*pair) for pair in pairwise(edges)]


def _scale_after(scale: int, step: Step) -> int:
    match step.zoom:
        case 2:
            return scale * 2
        case -2:
            return scale // 2
        case _:
            return scale
