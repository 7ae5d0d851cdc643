"""What to ask for instead of a clip that doesn't fit."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from inference.api.spec import (
    SIZE_MULTIPLE,
    TEMPORAL_STRIDE,
    GenerationRequest,
    WeightFormat,
    nearest_size,
)

LIGHT = WeightFormat.INT8  # the format that is suggested
WORTH = 0.5  # of the clip has to be left by a suggestion that changes one thing alone


def suggestion(
    request: GenerationRequest, fits: Callable[[GenerationRequest], bool]
) -> GenerationRequest | None:
    """The request nearest to this one that `fits`: in another format, or else shorter or smaller.

    What changes one thing alone comes first, as long as `WORTH` of the clip is left.
    """
    lighter = replace(request, weights=LIGHT)
    if request.weights is WeightFormat.NATIVE and fits(lighter):
        return lighter
    found: list[GenerationRequest] = []
    for start in (request, lighter):
        found += [*_largest(_shorter(start), fits), *_largest(_smaller(start), fits)]
        best = max(found, key=_pixels, default=None)
        if best is not None and _pixels(best) >= WORTH * _pixels(request):
            return best
    return max(found, key=_pixels, default=None)


def _largest(
    options: Sequence[GenerationRequest], fits: Callable[[GenerationRequest], bool]
) -> Iterator[GenerationRequest]:
    """The first of `options`, each smaller than the one before, that fits; if any does."""
    index = bisect_left(options, True, key=fits)
    yield from options[index : index + 1]


def _shorter(request: GenerationRequest) -> Sequence[GenerationRequest]:
    """The request with fewer and fewer frames."""
    # Given frames leave others to make.
    fewest = request.kept_frames or (TEMPORAL_STRIDE if request.pictures else 0)
    counts = range(request.frames - TEMPORAL_STRIDE, fewest, -TEMPORAL_STRIDE)
    return [replace(request, frames=frames) for frames in counts]


def _smaller(request: GenerationRequest) -> Sequence[GenerationRequest]:
    """The request in smaller and smaller pictures of about its shape."""
    long = max(request.width, request.height)
    sides = range(long - SIZE_MULTIPLE, 0, -SIZE_MULTIPLE)
    return [
        replace(
            request,
            width=nearest_size(request.width * side // long),
            height=nearest_size(request.height * side // long),
        )
        for side in sides
    ]


def _pixels(request: GenerationRequest) -> int:
    return request.width * request.height * request.frames
