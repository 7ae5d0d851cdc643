"""Places of tokens, and work on some of them at a time."""

import pytest
import torch

from inference.meter import Meter
from inference.wan.tokens import add_by_tokens, by_tokens, rope_table, sinusoidal_embedding


def test_rope_turns_by_the_patch_position() -> None:
    table = rope_table((2, 3, 4), head_dim=32)
    assert table.shape == (24, 16)
    assert torch.equal(table[0], torch.ones(16, dtype=torch.complex64))
    # Head width 32 is 12 for frames and 10 each for height and width; the first wave turns 1 rad.
    frame, row, column = 1, 2, 3
    angles = table[(frame * 3 + row) * 4 + column].angle()
    assert angles[[0, 6, 11]].tolist() == pytest.approx([frame, row, column], abs=1e-6)


def test_time_embedding_is_exact_where_float32_angles_are_not() -> None:
    position = torch.tensor([999.0])
    embedding = sinusoidal_embedding(position, 8)
    angle = 999.0 * torch.tensor([1.0, 0.1, 0.01, 0.001], dtype=torch.float64)
    expected = torch.cat([angle.cos(), angle.sin()]).float()
    assert torch.equal(embedding[0], expected)


@pytest.mark.parametrize("chunk", [1, 3, 7, 8])
def test_parts_are_put_together(chunk: int) -> None:
    x, y = torch.randn(2, 7, 4), torch.randn(1, 7, 4)
    work = lambda a, b: torch.stack([a * b, a - b], dim=2)  # noqa: E731
    assert torch.equal(by_tokens(work, chunk, x, y), work(x, y))
    expected = x * 2 + y
    into = x.clone()
    assert torch.equal(by_tokens(lambda a, b: a * 2 + b, chunk, into, y, into=into), expected)


@pytest.mark.parametrize("chunk", [2, 7])
def test_a_residual_by_parts_is_the_residual(chunk: int) -> None:
    x, y, gate = torch.randn(2, 7, 4), torch.randn(2, 7, 4), torch.randn(2, 1, 4)
    branch = lambda part, other: part.sin() + other  # noqa: E731
    before, expected = x.clone(), x + gate * branch(x, y)
    assert torch.allclose(add_by_tokens(x, branch, gate, chunk, y), expected)
    assert torch.equal(x, before)
    with torch.no_grad():
        assert add_by_tokens(x, branch, gate, chunk, y) is x
    assert torch.allclose(x, expected)


@torch.no_grad()
def test_parts_bound_the_memory() -> None:
    x = torch.empty(1, 64, 1024, device="meta")
    with Meter("meta", x) as meter:
        out = by_tokens(lambda part: (part + 1) * 2, 8, x)
        assert out.shape == x.shape
        assert meter.peak_bytes <= 2 * x.nbytes + 3 * x.nbytes // 8
        meter.reset_peak()
        add_by_tokens(x, lambda part: part + 1, 1.0, 8)
        assert meter.peak_bytes <= 2 * x.nbytes + 3 * x.nbytes // 8
