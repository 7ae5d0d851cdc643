"""A linear layer in each format of weights beside the same layer as it is: time, memory and error.

bitsandbytes and optimum-quanto are in the table by the formats that multiply with their kernels.
"""

from collections.abc import Iterable, Iterator

from inference.measure import markdown
from inference.speeds import Layer, Measured, block_layers

LIBRARIES = ("bitsandbytes", "optimum-quanto")
COLUMNS = (
    "format", "layer", "tokens", "time", "time of the plain layer", "times as fast", "weights",
    "error",
)  # fmt: skip
SMALL = (Layer(128, 128, 64),)
# A chunk of tokens on a processor, and all of 832x480x81 on a card.
FULL = {"cpu": block_layers(2048), "cuda": block_layers(32760)}


def layers(device: str, *, small: bool) -> tuple[Layer, ...]:
    """What is measured on a device."""
    return SMALL if small else FULL[device]


def table(rows: Iterable[Measured]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as its row is measured."""
    return markdown(COLUMNS, 2, map(_cells, rows))


def _cells(row: Measured) -> tuple[str, ...]:
    return (
        row.form,
        f"{row.layer.inner} to {row.layer.outer}",
        f"{row.layer.tokens}",
        f"{row.seconds:.3g} s",
        f"{row.plain_seconds:.3g} s",
        f"{row.times_as_fast:.2f}",
        f"{row.bytes / 1e6:.2f} MB",
        f"{row.error:.1e}",
    )
