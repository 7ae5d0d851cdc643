import pytest

from app.process import signal_name


@pytest.mark.parametrize(
    ("number", "name"),
    [(11, "SIGSEGV"), (99_999, "99999"), (-1073741819, "0xC0000005")],  # Windows': access violation
)
def test_death_has_the_name_that_people_look_up(number: int, name: str) -> None:
    assert signal_name(number) == name
