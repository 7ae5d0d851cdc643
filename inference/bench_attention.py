"""Attention in each way there is on a device: time, rate and error, at the length of a whole clip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch.nn import functional as F

from inference.attention import ERRORS, candidates
from inference.measure import markdown, seconds_of
from inference.precision import compute_dtype

COLUMNS = ("attention", "head", "queries", "keys", "keep", "attend", "TFLOP/s", "error")
REPEATS = 5
APART = 61  # the result is checked for every so many queries


@dataclass(frozen=True, slots=True)
class Case:
    """Heads, their width, and tokens."""

    heads: int
    width: int
    queries: int
    keys: int


SMALL = (Case(2, 64, 128, 256),)
# A chunk of 832x480x81 at 1.3B: it attends to all of the clip, and to a text.
FULL = {
    "cpu": (Case(12, 128, 512, 4096),),
    "cuda": (Case(12, 128, 8192, 32760), Case(12, 128, 8192, 512)),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of seconds, those that keeping all keys and values takes and those of attending to them; 2 products
    of all pairs by the latter; the error relative to float32. With a `failure` that is all."""

    name: str
    case: Case
    keep_seconds: float = 0.0
    seconds: float = 0.0
    rate: float = 0.0
    error: float = 0.0
    failure: str = ""


@torch.inference_mode()
def measure(case: Case, device: str) -> Iterator[Measured]:
    """Each way in turn, for random numbers."""
    place = torch.device(device)
    generator = torch.Generator().manual_seed(0)
    dtype = compute_dtype(place)
    q, k, v = (
        torch.randn(1, count, case.heads, case.width, generator=generator).to(place, dtype)
        for count in (case.queries, case.keys, case.keys)
    )
    few, keys, values = (t.transpose(1, 2).float() for t in (q[:, ::APART], k, v))
    expected = F.scaled_dot_product_attention(few, keys, values).transpose(1, 2)
    for kernel in candidates(place):
        try:
            kept = kernel.keeper()(k, v)
            error = kernel.attend(q, kept)[:, ::APART].float() - expected
        except ERRORS as failure:
            yield Measured(kernel.name, case, failure=str(failure).partition("\n")[0])
            continue
        keep, attend = [
            median(seconds_of(run, device) for _ in range(REPEATS))
            for run in (
                lambda kernel=kernel: kernel.keeper()(k, v),
                lambda kernel=kernel, kept=kept: kernel.attend(q, kept),
            )
        ]
        operations = 4 * case.heads * case.width * case.queries * case.keys
        share = float(error.norm() / expected.norm())
        yield Measured(kernel.name, case, keep, attend, operations / attend, share)


def table(rows: Iterable[Measured]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as its row is measured."""
    return markdown(COLUMNS, 2, map(_cells, rows))


def _cells(row: Measured) -> tuple[str, ...]:
    case = row.case
    start = row.name, f"{case.heads} of {case.width}", f"{case.queries}", f"{case.keys}"
    if row.failure:
        return *start, row.failure, "", "", ""
    return (
        *start,
        f"{row.keep_seconds * 1000:.3g} ms",
        f"{row.seconds * 1000:.3g} ms",
        f"{row.rate / 1e12:.3g}",
        f"{row.error:.1e}",
    )
