import errno

import pytest

from inference.api.errors import reason


@pytest.mark.parametrize(
    ("winerror", "said"),
    [
        (32, "another program has it open"),
        (33, "another program has it open"),
        (1224, "another program has it open"),
        (5, "Permission denied"),
        (None, "Permission denied"),
    ],
)
def test_file_that_is_in_use_on_windows_is_not_one_that_is_forbidden(
    winerror: int | None, said: str
) -> None:
    error = PermissionError(errno.EACCES, "Zugriff verweigert")
    error.winerror = winerror  # type: ignore[attr-defined]
    assert reason(error) == said


def test_unusual_reason_is_in_the_systems_words() -> None:
    assert reason(OSError(errno.ENODEV, "No such device")) == "No such device"
