import pytest

from inference.api.errors import MemoryShortageError, UserError
from inference.api.sentence import Sentence, number, series


def test_a_sentence_is_its_english_and_knows_its_parts() -> None:
    part = Sentence("the {what} encoder", what="text")
    whole = Sentence("{path} lacks {part}: {count:>3}.", path="/a{b}", part=part, count=3)
    assert whole == "/a{b} lacks the text encoder:   3."
    assert whole.template == "{path} lacks {part}: {count:>3}."
    assert whole.values["part"] is part
    assert whole.values["count"] == "3"


def test_a_template_without_values_is_taken_as_it_is() -> None:
    assert Sentence("a {b}") == "a {b}"


def test_series() -> None:
    parts = [Sentence("a {n}", n=n) for n in range(3)]
    assert series(parts) == "a 0; a 1; a 2"
    assert series(parts[:1]) is parts[0]


def test_an_error_says_its_sentence() -> None:
    made = MemoryShortageError("There is no {what}.", what="room")
    assert str(made) == made.sentence == "There is no room."
    assert made.sentence.values == {"what": "room"}
    assert UserError(made.sentence).sentence is made.sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1e-6, "0.000001"),
        (0.0035, "0.0035"),
        (16.04, "16"),
        (12.34, "12.3"),
        (999.7, "1,000"),
        (2691.5, "2,690"),
    ],
)
def test_numbers_are_written_without_an_exponent(value: float, text: str) -> None:
    assert number(value) == text
