"""The comment of a GIF, which ffmpeg does not write (GIF89a specification, section 24)."""

from pathlib import Path

COMMENT = b"\x21\xfe"
TRAILER = b"\x3b"
MAX_BLOCK = (
    255  # a comment is a chain of blocks: a length byte, that many bytes; an empty one ends it
)


def append_comment(path: Path, comment: str) -> None:
    """Put `comment` at the end of a GIF file that has none there."""
    text = comment.encode()
    blocks = (text[start : start + MAX_BLOCK] for start in range(0, len(text), MAX_BLOCK))
    chain = b"".join(bytes([len(block)]) + block for block in blocks)
    with path.open("r+b") as file:
        file.seek(-len(TRAILER), 2)
        file.write(COMMENT + chain + b"\0" + TRAILER)


def read_comment(data: bytes) -> str:
    """The comment at the end of a GIF file, empty where there is none."""
    start = data.rfind(COMMENT)
    while start >= 0:
        text = _read_chain(data, start + len(COMMENT))
        if text is not None:
            return text.decode(errors="replace")
        start = data.rfind(
            COMMENT, 0, start
        )  # those two bytes were part of a picture, or of a text
    return ""


def _read_chain(data: bytes, position: int) -> bytes | None:
    """The blocks from `position`, if they end where the file does."""
    blocks = []
    while position < len(data) and data[position]:
        blocks.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
    return b"".join(blocks) if data[position:] == b"\0" + TRAILER else None
