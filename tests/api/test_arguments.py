"""What is typed for sizes and amounts of memory."""

import pytest

from inference.api.arguments import parse_bytes, parse_size
from inference.api.errors import UserError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("8GiB", 8 * 2**30),
        ("8 gib", 8 * 2**30),
        ("1.5GiB", 3 * 2**29),
        ("8GB", 8 * 10**9),
        ("8g", 8 * 10**9),
        ("512MiB", 2**29),
        ("8589934592", 2**33),
    ],
)
def test_amounts_of_memory(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    "text", ["", "GiB", "-8GiB", "8iB", "8 cows", "0", "8", "0.5", "1e9", "nan"]
)
def test_what_is_no_amount_of_memory(text: str) -> None:
    with pytest.raises(UserError, match="no amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize("text", ["832x480", "832 X 480", "832×480", "832*480"])
def test_sizes(text: str) -> None:
    assert parse_size(text) == (832, 480)
