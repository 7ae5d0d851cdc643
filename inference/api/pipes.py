"""Pipes that nobody reads any more."""

import errno
import sys
from collections.abc import Generator
from contextlib import contextmanager


def is_broken(error: OSError) -> bool:
    """Whether writing failed as the reader has gone, which Windows calls an invalid argument."""
    if sys.platform == "win32" and error.errno == errno.EINVAL and not error.winerror:
        return True  # an error of Windows' own has its number, and is called so where Python has no name
    return isinstance(error, BrokenPipeError)


@contextmanager
def may_break() -> Generator[None]:
    """Go on quietly after the block where its reader has gone."""
    try:
        yield
    except OSError as error:
        if not is_broken(error):
            raise
