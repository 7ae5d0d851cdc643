"""Dataclasses from JSON, every field held to its type.

The types of fields may be `str`, `int`, `float`, `bool`, a `StrEnum`, another dataclass, `X | None`,
`str | Sentence`, `tuple[X, ...]` and `dict[str, X]`.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from inference.api.sentence import Sentence

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

T = TypeVar("T")


class DecodeError(ValueError):
    """JSON that doesn't say what it should; the message says where."""


def parse(text: str | bytes) -> Json:
    """What a JSON text says. Raises `DecodeError` if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"it isn't JSON: {text[:80]!r}") from error


def to_json(value: object) -> Any:
    """What `json.dumps` takes and `from_json` reads of a dataclass, or of what its fields may be."""
    if isinstance(value, Sentence):
        return {"template": value.template, "values": to_json(value.values)}
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, tuple):
        return [to_json(item) for item in cast("tuple[object, ...]", value)]
    return value


def from_json(kind: type[T], value: Json) -> T:
    """A `kind` from its JSON. Raises `DecodeError` for unknown, missing and ill-typed fields, and
    whatever `kind` itself raises for values that it refuses."""
    return _convert(kind, value, kind.__name__)


def _convert(kind: Any, value: Json, where: str) -> Any:
    if is_dataclass(kind) and isinstance(value, dict):
        return _convert_fields(kind, value, where)
    if kind is Sentence and isinstance(value, dict):
        return _sentence(_convert_fields(_Parts, value, where), where)
    if isinstance(kind, UnionType):
        return _convert_choice(get_args(kind), value, where)
    if get_origin(kind) is tuple and isinstance(value, list):
        item_kind = get_args(kind)[0]
        return tuple(_convert(item_kind, item, f"{where}[{i}]") for i, item in enumerate(value))
    if get_origin(kind) is dict and isinstance(value, dict):
        item_kind = get_args(kind)[1]
        return {name: _convert(item_kind, item, f"{where}.{name}") for name, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, StrEnum) and value in list(kind):
        return kind(value)
    if kind is float and type(value) is int and abs(value) < 2**53:  # so that nothing is lost
        return float(value)
    if type(value) is kind:
        return value
    raise DecodeError(f"{where} can't be {_brief(value)}")


def _convert_choice(kinds: tuple[Any, ...], value: Json, where: str) -> Any:
    if value is None and NoneType in kinds:
        return None
    *others, last = (kind for kind in kinds if kind is not NoneType)
    for kind in others:
        with suppress(DecodeError):
            return _convert(kind, value, where)
    return _convert(last, value, where)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a `Sentence` is made of."""

    template: str
    values: dict[str, str | Sentence]


def _sentence(parts: _Parts, where: str) -> Sentence:
    try:
        return Sentence(parts.template, **parts.values)
    except (LookupError, ValueError, AttributeError) as error:
        raise DecodeError(f"{where} can't be made: {error}") from error


def _convert_fields(kind: Any, value: dict[str, Json], where: str) -> Any:
    hints = _hints(kind)
    if unknown := sorted(value.keys() - hints.keys()):
        raise DecodeError(f"{where} has no field {', '.join(unknown)}")
    given = {name: _convert(hints[name], item, f"{where}.{name}") for name, item in value.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise DecodeError(f"{where} lacks a field: {error}") from error


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _brief(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
