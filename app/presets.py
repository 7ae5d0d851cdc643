"""Named sets of values: those that come with Kinora, and the user's own, kept in one file."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Signal

from app.draft import Choices, Quality, Ratio, defaults_of, size_for, steps_for
from app.words import said_reason
from inference.api.codec import DecodeError, from_json, parse
from inference.api.errors import UserError
from inference.api.spec import SamplingDefaults

Maker = Callable[[SamplingDefaults], Choices]


@dataclass(frozen=True, slots=True)
class Preset:
    """A name, and the values it stands for."""

    name: str
    choices: Choices


def _draft(defaults: SamplingDefaults) -> Choices:
    return replace(defaults_of(defaults), steps=steps_for(Quality.DRAFT, defaults))


def _phone(defaults: SamplingDefaults) -> Choices:
    width, height = size_for(Ratio.TALL, defaults)
    return replace(defaults_of(defaults), width=width, height=height)


def _square(defaults: SamplingDefaults) -> Choices:
    width, height = size_for(Ratio.SQUARE, defaults)
    return replace(defaults_of(defaults), width=width, height=height)


def _still(defaults: SamplingDefaults) -> Choices:
    return replace(defaults_of(defaults), frames=1)


# What comes with Kinora: names to be translated in the context `Presets`, and what they do to a model.
BUILT_IN: tuple[tuple[str, Maker], ...] = (
    (str(QT_TRANSLATE_NOOP("Presets", "As the model likes it")), defaults_of),
    (str(QT_TRANSLATE_NOOP("Presets", "Quick draft")), _draft),
    (str(QT_TRANSLATE_NOOP("Presets", "Upright, for a phone")), _phone),
    (str(QT_TRANSLATE_NOOP("Presets", "Square")), _square),
    (str(QT_TRANSLATE_NOOP("Presets", "A single picture")), _still),
)


class Presets(QObject):
    """The user's presets, by name. What can't be read in the file is left in it until the next change."""

    changed = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._own = _read(path)

    @property
    def own(self) -> tuple[Preset, ...]:
        return tuple(Preset(name, self._own[name]) for name in sorted(self._own, key=str.casefold))

    def save(self, name: str, choices: Choices) -> None:
        """Keeps the values under a name, which must be free. Raises `UserError`, and keeps what there was,
        if it isn't or they can't be written down; so do the others."""
        self._require_free(name)
        self._keep(self._own | {name: choices})

    def rename(self, name: str, other: str) -> None:
        """Gives what has that name another, which must be free."""
        if other == name:
            return
        if not other:
            refusal = QCoreApplication.translate(
                "Presets", "A preset needs a name: “{0}” keeps the one it has."
            )
            raise UserError(refusal.format(name))
        self._require_free(other)
        self._keep({other if each == name else each: kept for each, kept in self._own.items()})

    def remove(self, name: str) -> None:
        self._keep({other: kept for other, kept in self._own.items() if other != name})

    def _require_free(self, name: str) -> None:
        shipped = (QCoreApplication.translate("Presets", each) for each, _ in BUILT_IN)
        if name in self._own or name in shipped:
            refusal = QCoreApplication.translate(
                "Presets", "There is a preset “{0}” already: choose another name."
            )
            raise UserError(refusal.format(name))

    def _keep(self, own: dict[str, Choices]) -> None:
        values = {name: asdict(choices) for name, choices in own.items()}
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(values, ensure_ascii=False, indent=1), "utf-8")
            fresh.replace(self._path)
        except OSError as error:
            message = QCoreApplication.translate(
                "Presets",
                "The presets can't be kept in {0} ({1}): make room there or allow writing, and try again.",
            )
            raise UserError(message.format(self._path, said_reason(error))) from error
        self._own = own
        self.changed.emit()


def _read(path: Path) -> dict[str, Choices]:
    try:
        values = parse(path.read_bytes())
    except (OSError, DecodeError):
        return {}
    if not isinstance(values, dict):
        return {}
    readable: dict[str, Choices] = {}
    for name, value in values.items():
        try:
            readable[name] = from_json(Choices, value)
        except DecodeError:
            continue
    return readable
