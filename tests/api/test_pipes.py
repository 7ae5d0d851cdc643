import errno
import sys

import pytest

from inference.api.pipes import is_broken, may_break


def failure(number: int, winerror: int | None = None) -> OSError:
    error = OSError(number, "it can't be written")
    error.winerror = winerror  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("platform", "error", "broken"),
    [
        ("linux", failure(errno.EPIPE), True),
        ("linux", failure(errno.EINVAL), False),
        ("win32", failure(errno.EPIPE), True),
        ("win32", failure(errno.EINVAL), True),
        ("win32", failure(errno.EINVAL, 225), False),  # a virus scanner holds the program back
        ("win32", failure(errno.ENOSPC), False),
    ],
)
def test_broken_pipe_is_known_by_the_system(
    platform: str, error: OSError, monkeypatch: pytest.MonkeyPatch, *, broken: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert is_broken(error) is broken


def test_other_failures_are_not_kept_quiet() -> None:
    with may_break():
        raise BrokenPipeError
    with pytest.raises(OSError, match="can't be written"), may_break():
        raise failure(errno.ENOSPC)
