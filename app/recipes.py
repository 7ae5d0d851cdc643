"""The request that a clip of Kinora's carries in its file (see `inference.recipe`)."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from app.ffmpeg import open_file, read_comment
from app.sources import RECIPE, open_source
from inference.api.codec import DecodeError, Json, from_json, parse
from inference.api.errors import UserError
from inference.api.spec import GenerationRequest

TAG = "recipe"
TRIMMED, FRAMES = (
    "trimmed_from",
    "frames",
)  # of a part of a clip: the recipe of the whole, and which
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_COMMENT = b"comment\0\0\0\0\0"  # iTXt: keyword, not compressed, no language
MAX_COMMENT_BYTES = 1 << 20
_PART = re.compile(r"([0-9]{1,9})-([0-9]{1,9}) of ([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Part:
    """Frames `first` to `last` of `count`, counted from 1."""

    first: int
    last: int
    count: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last} of {self.count}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """As it is written; None for anything else."""
        found = _PART.fullmatch(text)
        return cls(*map(int, found.groups())) if found else None


@dataclass(frozen=True, slots=True)
class Origin:
    """How a clip was made; of a part, how the whole was whose frames those are."""

    request: GenerationRequest
    part: Part | None = None


def read_origin(path: Path) -> Origin | None:
    """How a video, a PNG or a folder of PNGs was made; None if that isn't said, or not readably.

    Raises `UserError` for what is no video or picture at all.
    """
    if path.is_dir():
        open_source(path)  # which refuses one without pictures
        return origin_in(_note(path / RECIPE))
    with open_file(path) as file:
        is_png = file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE
        comment = _png_comment(file) if is_png else None
    return origin_in(read_comment(path) if comment is None else comment)


def origin_in(comment: str) -> Origin | None:
    """What a clip's comment says of it."""
    try:
        tags = parse(comment)
        if whole := _text(_member(tags, TAG)):
            return Origin(_request(whole))
        part = Part.read(_text(_member(tags, FRAMES)))
        return None if part is None else Origin(_request(_text(_member(tags, TRIMMED))), part)
    except (DecodeError, UserError):
        return None


def _request(recipe: str) -> GenerationRequest:
    return from_json(GenerationRequest, _member(parse(recipe), "request"))


def _note(file: Path) -> str:
    """What Kinora laid beside the frames in a folder; empty where it didn't."""
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):
        return ""


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _png_comment(file: IO[bytes]) -> str:
    """The comment of an open PNG, read from behind its signature; empty where there is none."""
    while len(header := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", header)
        if kind == b"iTXt" and length <= MAX_COMMENT_BYTES:
            body = file.read(length)
            if body.startswith(PNG_COMMENT):
                return body[len(PNG_COMMENT) :].decode(errors="replace")
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)  # 4: the checksum
    return ""
