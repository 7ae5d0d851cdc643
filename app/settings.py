"""What the user has set, in one file that no crash and no other version can spoil."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

from PySide6.QtCore import QCoreApplication, QIODevice, QObject, QSaveFile, QStandardPaths, Signal

from app.names import DEFAULT_PATTERN, Naming, check_pattern
from app.words import said_reason
from inference.api.codec import DecodeError, Json, from_json, parse
from inference.api.errors import UserError

MAX_BUDGET_GB = 1024.0
GB = 2**30  # as graphics cards are sold


class Theme(StrEnum):
    """SYSTEM follows the desktop."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


class Language(StrEnum):
    """SYSTEM is the desktop's, English where that is not spoken here."""

    SYSTEM = "system"
    ENGLISH = "en"
    CHINESE = "zh_CN"


@dataclass(frozen=True, slots=True)
class Settings:
    """The values. Empty for `output_folder` is the desktop's folder for videos, for `mirror` the hub
    itself; 0 for `memory_budget_gb` is what the card has. Raises `UserError` for what can't be used."""

    output_folder: str = ""
    name_pattern: str = DEFAULT_PATTERN
    memory_budget_gb: float = 0.0
    theme: Theme = Theme.SYSTEM
    language: Language = Language.SYSTEM
    notifications: bool = True
    mirror: str = ""

    def __post_init__(self) -> None:
        check_pattern(self.name_pattern)
        if self.output_folder and not Path(self.output_folder).is_absolute():
            message = QCoreApplication.translate(
                "Settings", "“{0}” is no full path: choose a folder for clips."
            )
            raise UserError(message.format(self.output_folder))
        if not 0.0 <= self.memory_budget_gb <= MAX_BUDGET_GB:  # also for NaN
            message = QCoreApplication.translate(
                "Settings", "A memory budget of {0} GB can't be used: it lies from 0 to {1}."
            )
            raise UserError(message.format(self.memory_budget_gb, MAX_BUDGET_GB))
        if self.mirror and not self.mirror.startswith(("https://", "http://")):
            message = QCoreApplication.translate(
                "Settings", "The mirror “{0}” is no web address: it begins with https://."
            )
            raise UserError(message.format(self.mirror))

    @property
    def vram_bytes(self) -> int:
        """How much of the card may be taken, 0 for all that is free."""
        return round(self.memory_budget_gb * GB)

    @property
    def naming(self) -> Naming:
        """Where clips go, and what they are called."""
        return Naming(
            Path(self.output_folder) if self.output_folder else videos_folder(), self.name_pattern
        )


class SettingsStore(QObject):
    """The settings and their file. What it holds beyond them, for a newer version, is kept.

    `notice` says in one sentence what in the file could not be used; mostly it is empty. Signals:
        changed: the new `Settings`.
    """

    changed = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.notice = ""
        self._foreign: dict[str, Json] = {}
        self.values = self._load()

    def update(self, **changes: Any) -> None:
        """Set some values. Raises `UserError`, and sets none, if one can't be used or kept."""
        values = replace(self.values, **changes)
        if values.output_folder not in ("", self.values.output_folder):
            check_folder(Path(values.output_folder))
        if values != self.values:
            self._save(values)
            self.values = values
            self.changed.emit(values)

    def _load(self) -> Settings:
        try:
            content = parse(self._path.read_bytes())
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            message = QCoreApplication.translate(
                "Settings", "The settings in {0} can't be read ({1}); the usual ones are used."
            )
            self.notice = message.format(self._path, said_reason(error))
            return Settings()
        except DecodeError:
            content = None
        if not isinstance(content, dict):
            self._put_aside()
            return Settings()
        return self._take(content)

    def _take(self, content: Mapping[str, Json]) -> Settings:
        """Field by field, so one that can't be used costs no other."""
        kinds = get_type_hints(Settings)
        values, refused = Settings(), list[str]()
        for name, value in content.items():
            if name not in kinds:
                self._foreign[name] = value
                continue
            try:
                values = replace(values, **{name: from_json(kinds[name], value)})
            except (DecodeError, UserError):
                refused.append(name)
        if refused:
            message = QCoreApplication.translate(
                "Settings", "These settings could not be used and are the usual ones again: {0}."
            )
            self.notice = message.format(", ".join(refused))
        return values

    def _put_aside(self) -> None:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        aside = self._path.with_name(f"{self._path.stem}.broken-{stamp}{self._path.suffix}")
        self._path.rename(aside)
        message = QCoreApplication.translate(
            "Settings", "The settings could not be read; the usual ones are used, the old are {0}."
        )
        self.notice = message.format(aside)

    def _save(self, values: Settings) -> None:
        text = json.dumps(self._foreign | asdict(values), ensure_ascii=False, indent=1)
        message = QCoreApplication.translate("Settings", "The settings can't be kept in {0} ({1}).")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(message.format(self._path, said_reason(error))) from error
        file = QSaveFile(str(self._path))
        opened = file.open(QIODevice.OpenModeFlag.WriteOnly)
        if not (opened and file.write(text.encode()) >= 0 and file.commit()):
            raise UserError(message.format(self._path, file.errorString()))


def check_folder(folder: Path) -> None:
    """Raises `UserError` if no clip could be put there; the folder may be made when one is."""
    there = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    if not (there.is_dir() and os.access(there, os.W_OK)):
        message = QCoreApplication.translate(
            "Settings", "The folder {0} can't be written to: choose another."
        )
        raise UserError(message.format(folder))


def videos_folder() -> Path:
    """Where clips go when the user says nothing."""
    videos = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(videos or Path.home()) / "Kinora"
