"""What the files of clips are called."""

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Formatter

from PySide6.QtCore import QCoreApplication

from inference.api.errors import UserError
from inference.api.spec import GenerationRequest

DEFAULT_PATTERN = "{date} {prompt} {seed}"
FIELDS = ("date", "time", "prompt", "seed", "model", "size")
PROMPT_CHARACTERS = 48
MAX_BYTES = 200  # of a name: file systems allow 255, and ours get beginnings and endings
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')  # on Windows; the slash and NUL everywhere
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Naming:
    """The folder for clips, and the pattern of their names."""

    folder: Path
    pattern: str = DEFAULT_PATTERN

    def free_path(
        self, request: GenerationRequest, taken: Container[Path], now: datetime | None = None
    ) -> Path:
        """A path for the clip of a request that no file has and that is not in `taken`."""
        stem = _fill(self.pattern, request, now or datetime.now())
        suffix = ".png" if request.frames == 1 else ".mp4"
        path, count = self.folder / f"{stem}{suffix}", 1
        while path in taken or path.exists():
            count += 1
            path = self.folder / f"{stem} {count}{suffix}"
        return path


def check_pattern(pattern: str) -> None:
    """Raises `UserError` for a pattern that can't be filled in."""
    try:
        names = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    except ValueError as error:
        text = QCoreApplication.translate("Names", "The name pattern “{0}” can't be used: {1}.")
        raise UserError(text.format(pattern, error)) from error
    if unknown := sorted(names - set(FIELDS)):
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        text = QCoreApplication.translate(
            "Names", "The name pattern has no {0} to fill in: use some of {1}."
        )
        raise UserError(text.format(f"{{{unknown[0]}}}", known))
    if not pattern.strip():
        text = QCoreApplication.translate(
            "Names", "The name pattern is empty: use, for example, {0}"
        )
        raise UserError(text.format(DEFAULT_PATTERN))


def _fill(pattern: str, request: GenerationRequest, now: datetime) -> str:
    check_pattern(pattern)
    values = {
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H%M%S"),
        "prompt": _brief(request.prompt),
        "seed": request.seed,
        "model": Path(request.model).name,
        "size": f"{request.width}x{request.height}",
    }
    return _safe("".join(_parts(pattern, values)))


def _parts(pattern: str, values: Mapping[str, object]) -> list[str]:
    """The text of a pattern, its fields filled in; what a format would add to them is ignored."""
    parts: list[str] = []
    for text, name, _, _ in Formatter().parse(pattern):
        parts += [text, str(values[name]) if name is not None else ""]
    return parts


def _brief(prompt: str) -> str:
    """The prompt's beginning, cut between words where it has such."""
    prompt = unicodedata.normalize("NFC", prompt)
    text = " ".join(re.sub(r"[^\w\s'-]+", " ", prompt).split())
    if len(text) <= PROMPT_CHARACTERS:
        return text
    head, _, rest = text[: PROMPT_CHARACTERS + 1].rpartition(" ")
    return head if len(head) > PROMPT_CHARACTERS // 2 else (head + " " + rest)[:PROMPT_CHARACTERS]


def _safe(name: str) -> str:
    """A name that every system takes, as near to the given one as can be."""
    name = " ".join(FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name)).split())
    name = name.encode()[:MAX_BYTES].decode(errors="ignore").strip(" .")
    if DEVICES.fullmatch(name.partition(".")[0].strip()):
        name = f"clip {name}"
    return name or "clip"
