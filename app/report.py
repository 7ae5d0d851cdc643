"""What the user can send to others when something is wrong: made here, shown, and kept in a file.

Nothing private gets in: of the settings only those listed here, of the logs their last lines without
prompts, names of clips, folders, addresses and keys. Where a rule can't be sure, it takes too much out.
"""

import json
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import PySide6
from PySide6.QtCore import QCoreApplication, QIODevice, QSaveFile, qVersion

from app.logs import last_lines
from app.settings import Settings
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.models import ROOT, data_folder
from inference.api.spec import GenerationRequest
from inference.api.version import VERSION

LOGS = ("window.log", "engine.log", "crash.log")
LINES = 200  # of each log
ABOUT = (
    "A report of Kinora's. Prompts, names of clips, folders, addresses and keys were taken out of the\n"
    "logs; where there was doubt, more than those."
)
# Settings that say nothing of a person.
TOLD = ("memory_budget_gb", "theme", "language", "notifications")

# So many letters in a row that are also in a prompt are no chance; of Chinese far fewer.
_CHANCE, _CHANCE_WIDE = 12, 5
_SHORTEST = 3  # a prompt of one or two Latin letters says nothing, and is in every word
# An apostrophe inside a word ends no name.
_NAMED = r"""(?:[^"'“”\n:\\/]|(?<=\w)'(?=\w))"""
_MEDIA = "mp4|webm|mkv|mov|avi|gif|png|jpe?g|webp|bmp"
_TOLD_FILES = "py|pyd|so|dll|exe|json|safetensors|gguf|pth?|bin|sqlite3?|db|log"
_SYSTEM = r"(?:usr|lib|lib64|etc|proc|sys|dev)/|(?:Windows|Program Files)[\\/]"

_PROMPT = re.compile(
    r"""(prompt\\?["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\".*?\\")""",
    re.IGNORECASE,
)
_FILE = re.compile(
    rf"""(?:^|(?<=["'“”:]))([ ]*)(?:{_NAMED}|[\\/])*\.({_MEDIA})\b""", re.IGNORECASE | re.MULTILINE
)
_FOLDER = re.compile(
    rf"""(?<![\w.~>/\\])(?<!https:)(?<!http:)
    (?:[A-Za-z]:[\\/]+(?!{_SYSTEM})(?:{_NAMED}+[\\/]+)* | [\\/]+(?!{_SYSTEM})(?:{_NAMED}+[\\/]+)+)
    (?:(?P<told>[\w.-]+\.(?:{_TOLD_FILES})\b) | [^\s"'“”:\\/]*)""",
    re.VERBOSE,
)
_SECRETS = (
    (re.compile(r"\bhf_[A-Za-z0-9]{6,}"), "<token>"),
    (re.compile(r"(?<=//)[^/\s@]+@"), "<login>@"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w"), "<address>"),
)
# What editors show otherwise than it is.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029]")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:[A-Z]+ )?")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report is made of, beside the logs. `device` is None until the worker has told."""

    device: DeviceInfo | None
    settings: Settings
    requests: Sequence[GenerationRequest] = ()
    typed: Sequence[str] = ()  # prompts that are not asked for yet

    @property
    def prompts(self) -> list[str]:
        """What the user wrote of clips."""
        texts = {text for each in self.requests for text in (each.prompt, each.negative_prompt)}
        return [*texts, *self.typed]


def make_report(facts: Facts, folder: Path) -> str:
    """The whole report, of the logs in that folder. Raises `OSError` for one that can't be read."""
    clean = Cleaner(facts)
    parts = [
        ABOUT,
        _part("Kinora", _versions()),
        _part("Device", _device(facts.device)),
        _part("Settings", _settings(facts.settings)),
    ]
    for name in LOGS:
        lines = last_lines(folder / name, LINES)
        title = f"{name}, last lines ({len(lines)})" if lines else f"{name}: empty"
        parts.append(f"== {title} ==\n" + clean("\n".join(lines)))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def save_report(text: str, path: Path) -> None:
    """Write it by a temporary name, and rename that when all of it is there. Raises `UserError`."""
    file = QSaveFile(str(path))
    data = text.encode()
    opened = file.open(QIODevice.OpenModeFlag.WriteOnly)
    if not (opened and file.write(data) == len(data) and file.commit()):
        message = QCoreApplication.translate(
            "Report", "The report can't be saved as {0} ({1}): choose another place."
        )
        raise UserError(message.format(path, file.errorString()))


class Cleaner:
    """Takes out of a text what is private: what the facts tell to be, and what looks like it."""

    def __init__(self, facts: Facts) -> None:
        self._prompts = _Prompts(facts.prompts)
        self._mirror = urlsplit(facts.settings.mirror).netloc
        self._user = re.compile(
            rf"(?<=[\\/]){re.escape(Path.home().name)}(?![\w.-])", re.IGNORECASE
        )
        clips = facts.settings.naming.folder
        self._places = [(_place(clips), "<clips>"), *((_place(p), name) for p, name in _places())]

    def __call__(self, text: str) -> str:
        text = _CONTROL.sub(" ", text)
        text = self._prompts.take_out(_PROMPT.sub(r"\1<prompt>", text))
        return "\n".join(self._clean_line(line) for line in text.split("\n"))

    def _clean_line(self, line: str) -> str:
        stamp = _STAMP.match(line)
        start = stamp.end() if stamp else 0
        head, rest = line[:start], line[start:]
        if self._mirror:
            rest = rest.replace(self._mirror, "<mirror>")
        for pattern, name in _SECRETS:
            rest = pattern.sub(name, rest)
        rest = _FILE.sub(r"\1<file>.\2", rest)
        for pattern, name in self._places:
            rest = pattern.sub(name, rest)
        rest = _FOLDER.sub(_name_folder, rest)
        return head + self._user.sub("<user>", rest)


def _name_folder(found: re.Match[str]) -> str:
    return f"<folder>/{found['told']}" if found["told"] else "<folder>"


class _Prompts:
    """Prompts, found also in parts, in the names of clips and as they are quoted: by letters alone."""

    def __init__(self, prompts: Iterable[str]) -> None:
        texts = [text for prompt in prompts for text in (prompt, json.dumps(prompt))]
        self._prompts = {"".join(filter(str.isalnum, text.casefold())) for text in texts}

    def take_out(self, text: str) -> str:
        """The text with a mark in the place of every piece of a prompt."""
        letters, places = _letters(text)
        there = {run for length in range(1, _CHANCE + 1) for run in _runs(letters, length)}
        found = {piece for prompt in self._prompts for piece in _pieces(prompt) if piece in there}
        spans: list[tuple[int, int]] = []
        for start in range(len(letters)):
            for length in range(_CHANCE, 0, -1):
                piece = letters[start : start + length]
                if piece in found:
                    span = (places[start], places[start + len(piece) - 1] + 1)
                    if len(piece) == _CHANCE or not piece.isascii() or _stands_alone(text, *span):
                        spans.append(span)
                        break
        return _replace(text, spans)


def _pieces(prompt: str) -> Iterator[str]:
    """What can't be in a text by chance."""
    yield from _runs(prompt, _CHANCE)
    if not prompt.isascii():
        wide = _runs(prompt, _CHANCE_WIDE)
        yield from (piece for piece in wide if not any(map(str.isascii, piece)))
    if len(prompt) < _CHANCE and (len(prompt) >= _SHORTEST or not prompt.isascii()):
        yield prompt


def _runs(letters: str, length: int) -> Iterator[str]:
    return (letters[start : start + length] for start in range(len(letters) - length + 1))


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in lower case, and where each stands in it."""
    found = [(letter, place) for place, char in enumerate(text) for letter in char.casefold()]
    found = [(letter, place) for letter, place in found if letter.isalnum()]
    return "".join(letter for letter, _ in found), [place for _, place in found]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Is there no letter before it or after it?"""
    return not (text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum())


def _replace(text: str, spans: list[tuple[int, int]]) -> str:
    """Spans that touch, or with no letter between them, become one mark; words are not cut."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        while start and _is_latin(text[start - 1]) and _is_latin(text[start]):
            start -= 1
        while end < len(text) and _is_latin(text[end]) and _is_latin(text[end - 1]):
            end += 1
        if merged and not any(char.isalnum() for char in text[merged[-1][1] : start]):
            start, end = merged[-1][0], max(merged.pop()[1], end)
        merged.append((start, end))
    for start, end in reversed(merged):
        text = f"{text[:start]}<prompt>{text[end:]}"
    return text


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _places() -> list[tuple[Path, str]]:
    """Folders that are the program's own, the longest first: they may be inside each other."""
    found = {
        Path(sys.prefix): "<python>",
        Path(sys.base_prefix): "<python>",
        data_folder(): "<data>",
        ROOT: "<kinora>",
    }
    known = sorted(found.items(), key=lambda item: -len(str(item[0])))
    return [(path, name) for path, name in known if len(path.parts) > 2]


def _place(path: Path) -> re.Pattern[str]:
    """That folder, with either slash, once or twice as in quotes."""
    parts = [re.escape(part.strip("\\/")) for part in path.parts]
    flags = re.IGNORECASE if sys.platform == "win32" else re.NOFLAG
    return re.compile(r"[\\/]+".join(parts) + r"(?![\w.-])", flags)


def _part(title: str, lines: Mapping[str, object]) -> str:
    return f"== {title} ==\n" + "\n".join(f"{name}: {value}" for name, value in lines.items())


def _versions() -> dict[str, object]:
    return {
        "version": VERSION,
        "Python": platform.python_version(),
        "Qt": qVersion(),
        "PySide6": PySide6.__version__,
        "system": platform.platform(),
        "processor": platform.machine(),
    }


def _device(device: DeviceInfo | None) -> dict[str, object]:
    if device is None:
        return {"name": "the engine has not told"}
    return {field.name: getattr(device, field.name) for field in fields(device)}


def _settings(settings: Settings) -> dict[str, object]:
    """Their values where those say nothing of a person; else whether the user has set them."""
    usual = Settings()
    return {
        field.name: getattr(settings, field.name)
        if field.name in TOLD
        else _whether_set(getattr(settings, field.name) == getattr(usual, field.name))
        for field in fields(settings)
    }


def _whether_set(as_usual: bool) -> str:  # noqa: FBT001, there is nothing else to say
    return "as usual" if as_usual else "set (not told here)"
