"""PNG as far as Kinora writes it: 8-bit RGB with one comment (W3C PNG specification, third edition)."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BIT_RGB = bytes([8, 2, 0, 0, 0])  # depth, colour type, then the only methods there are
SUB_FILTER = 1  # each byte is stored as the difference to the pixel on its left
COMMENT = b"comment\0\0\0\0\0"  # iTXt: keyword, not compressed, no language, no translated keyword


def encode(pixels: NDArray[np.uint8], comment: str) -> bytes:
    """The PNG file of an image [H, W, 3] uint8 RGB 0..255, with `comment` as an iTXt chunk."""
    height, width, channels = pixels.shape
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = SUB_FILTER
    rows[:, 1 : 1 + channels] = pixels[:, 0]
    rows[:, 1 + channels :] = (pixels[:, 1:] - pixels[:, :-1]).reshape(height, -1)
    chunks = [
        _chunk(b"IHDR", struct.pack(">II", width, height) + EIGHT_BIT_RGB),
        _chunk(b"iTXt", COMMENT + comment.encode()),
        _chunk(b"IDAT", zlib.compress(rows.data, level=6)),
        _chunk(b"IEND", b""),
    ]
    return SIGNATURE + b"".join(chunks)


def read_comment(data: bytes) -> str:
    """The comment that `encode` put into a file, empty where there is none."""
    for kind, body in _chunks(data):
        if kind == b"iTXt" and body.startswith(COMMENT):
            return body[len(COMMENT) :].decode(errors="replace")
    return ""


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length
