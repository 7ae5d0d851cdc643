"""The request that a clip of Kinora's carries in its file (see `inference.recipe`)."""

import struct
from pathlib import Path
from typing import IO

from app.ffmpeg import open_file, read_comment
from app.sources import RECIPE, open_source
from inference.api.codec import DecodeError, Json, from_json, parse
from inference.api.errors import UserError
from inference.api.spec import GenerationRequest

TAG = "recipe"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_COMMENT = b"comment\0\0\0\0\0"  # iTXt: keyword, not compressed, no language
MAX_COMMENT_BYTES = 1 << 20


def read_request(path: Path) -> GenerationRequest | None:
    """How a video, a PNG or a folder of PNGs was made; None if that isn't said, or not readably.

    Raises `UserError` for what is no video or picture at all.
    """
    if path.is_dir():
        open_source(path)  # which refuses one without pictures
        return request_in(_note(path / RECIPE))
    with open_file(path) as file:
        is_png = file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE
        comment = _png_comment(file) if is_png else None
    return request_in(read_comment(path) if comment is None else comment)


def request_in(comment: str) -> GenerationRequest | None:
    """The request in a clip's comment."""
    try:
        recipe = _member(parse(_text(_member(parse(comment), TAG))), "request")
        return from_json(GenerationRequest, recipe)
    except (DecodeError, UserError):
        return None


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
