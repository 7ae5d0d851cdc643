"""What people are told: English that remembers what it was made of, so that it can be said in Chinese too."""

from collections.abc import Sequence
from decimal import Decimal


class Sentence(str):
    """The English sentence, or a part of one: `template` with `values` put in by their names.

    A value is a text, and a `Sentence` where that is for people as well. A template without values is
    taken as it is. It is written as a literal where a sentence is made, for translators to find it.
    """

    template: str
    values: dict[str, str]

    def __new__(cls, template: str, /, **values: object) -> "Sentence":
        texts = {name: v if isinstance(v, Sentence) else str(v) for name, v in values.items()}
        made = super().__new__(cls, template.format(**texts) if texts else template)
        made.template, made.values = template, texts
        return made


def number(value: float) -> str:
    """As people write it, with three digits that count: 2691.5 -> "2,690", 16.0 -> "16"."""
    return f"{Decimal(f'{value:.3g}'):,f}"


def series(parts: Sequence[str]) -> str:
    """Some parts of a sentence, one after the other."""
    first, *rest = parts
    return Sentence("{first}; {rest}", first=first, rest=series(rest)) if rest else first
