"""Streamed blocks are as many as asked for, and never nearer to each other than they must be."""

from itertools import pairwise

import pytest

from inference.api.placement import streamed_blocks


def test_all_stay_or_all_stream() -> None:
    assert streamed_blocks(30, 30) == ()
    assert streamed_blocks(30, 0) == tuple(range(30))


@pytest.mark.parametrize("blocks", [1, 2, 30, 40])
def test_they_are_spread_evenly(blocks: int) -> None:
    for resident in range(blocks):
        streamed = streamed_blocks(blocks, resident)
        assert len(streamed) == blocks - resident
        assert streamed[-1] == blocks - 1
        gaps = [after - before for before, after in pairwise((-1, *streamed))]
        assert max(gaps) - min(gaps) <= 1
