"""Which blocks of a transformer stay on the card, and which stream."""


def streamed_blocks(blocks: int, resident: int) -> tuple[int, ...]:
    """Those of `blocks` that stream where `resident` of them stay.

    They are spread evenly, so that each is copied while as many of the others as possible compute; the
    first comes late, as nothing computes while it is copied.
    """
    streaming = blocks - resident
    return tuple((turn + 1) * blocks // streaming - 1 for turn in range(streaming))
