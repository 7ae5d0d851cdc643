"""Tiles of chains of plain layers, against the same layers on the whole picture."""

import pytest
import torch
from torch import nn

from inference.wan.tiles import Chain, Span, Step, Tile, split


def step(layer: nn.Module, reach: int, zoom: int = 1) -> Step:
    return Step(lambda x, _: layer(x), reach, zoom)


def conv(size: int, stride: int = 1) -> nn.Module:
    return nn.Conv3d(
        2, 2, (1, size, size), stride=(1, stride, stride), padding=(0, size // 2, size // 2)
    )


GROW = nn.Sequential(nn.Upsample(scale_factor=(1.0, 2.0, 2.0)), conv(3))
SHRINK = nn.Sequential(nn.ZeroPad3d((0, 1, 0, 1, 0, 0)), nn.Conv3d(2, 2, (1, 3, 3), (1, 2, 2)))
CHAINS = {
    "same": [step(conv(5), 2), step(conv(3), 1), step(conv(1), 0)],
    "growing": [step(conv(3), 1), step(GROW, 1, 2), step(conv(5), 2), step(GROW, 1, 2)],
    "shrinking": [step(conv(3), 1), step(SHRINK, 1, -2), step(conv(3), 1), step(SHRINK, 1, -2)],
}
PIXELS = {"same": (1, 1), "growing": (1, 4), "shrinking": (4, 1)}  # to a latent one: given, made


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("side", [1, 2, 3, 6, 0])
@torch.no_grad()
def test_tiles_put_together_are_the_whole(chain: str, side: int) -> None:
    given, made = PIXELS[chain]
    x = torch.randn(1, 2, 1, 7 * given, 5 * given)
    whole = x
    for layer in CHAINS[chain]:
        whole = layer.run(whole, {})
    for tile in split(7, 5, side):
        part = Chain(CHAINS[chain]).run(x, tile, {})
        rows, columns = (span.times(made).slice_from(0) for span in tile)
        torch.testing.assert_close(part, whole[..., rows, columns])


def test_no_layer_is_given_more_than_it_needs() -> None:
    widths: list[int] = []

    def look(x: torch.Tensor, _: object) -> torch.Tensor:
        widths.append(x.shape[-1])
        return x

    chain = Chain([Step(look, 3), Step(look, 1)])
    chain.run(torch.zeros(1, 1, 1, 4, 20), Tile(Span(0, 4), Span(8, 12)), {})
    assert widths == [12, 6]


@pytest.mark.parametrize(("size", "side", "count"), [((60, 104), 52, 4), ((8, 8), 0, 1), ((9, 4), 4, 3)])  # fmt: skip
def test_a_latent_is_cut_evenly(size: tuple[int, int], side: int, count: int) -> None:
    tiles = split(*size, side)
    assert len(tiles) == count
    covered = torch.zeros(size)
    for rows, columns in tiles:
        part = covered[rows.slice_from(0), columns.slice_from(0)]
        assert all(0 < length <= (side or 8) for length in part.shape)
        part += 1
    assert (covered == 1).all()
