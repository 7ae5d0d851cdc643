"""The ffmpeg program: where it lies, what it said, the packets and the comment of a video.

It reads its standard input, so that no path is taken for a pattern, an option or an address.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
from PySide6.QtCore import QCoreApplication

from app.words import said_reason
from inference.api.errors import UserError
from inference.api.opening import open_shared
from inference.api.pipes import may_break

NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # only Windows has it
QUIET = ("-v", "error", "-nostdin")
INPUT = ("-protocol_whitelist", "fd", "-i", "fd:")
# The picture track, no cover art. Its packets are listed whatever it was encoded with.
PACKETS = ("-map", "0:V:0", "-c", "copy", "-f", "framecrc", "-")

_SPECIAL = re.compile(r"[\\=;#\n]")
_COMMENT = re.compile(r"^comment=((?:\\.|[^\\\n])*)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_TIME_BASE = re.compile(r"^#tb 0: (\d+)/(\d+)", re.MULTILINE)
_FLAGS = re.compile(r"F=0x([0-9A-F]+)", re.IGNORECASE)
_NO_PICTURES = "matches no streams"  # of `PACKETS`: there is only sound
_DISCARD = 4  # AV_PKT_FLAG_DISCARD: decoded and never shown


@dataclass(frozen=True, slots=True)
class Timing:
    """When each frame is shown, in seconds as the file counts them, and the frames a second."""

    times: tuple[float, ...]
    fps: float


def executable() -> str:
    """The path of ffmpeg. Raises `UserError` where there is none."""
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise UserError(
            QCoreApplication.translate(
                "Files",
                "ffmpeg was not found: install Kinora again, or set IMAGEIO_FFMPEG_EXE to its path.",
            )
        ) from error


def start(
    arguments: list[str],
    file: IO[bytes] | int,
    errors: IO[bytes] | int,
    output: int = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    """Run ffmpeg with `file` as its standard input; what it has to say goes into `errors`."""
    try:
        return subprocess.Popen(
            [executable(), *QUIET, *arguments],
            stdin=file,
            stdout=output,
            stderr=errors,
            creationflags=NO_WINDOW,
        )
    except OSError as error:
        raise UserError(
            QCoreApplication.translate(
                "Files", "ffmpeg can't be run ({reason}): install Kinora again."
            ).format(reason=said_reason(error))
        ) from error


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill it if it still runs, and let go of it."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with may_break():
                stream.close()
    process.wait()


def read_timing(path: Path) -> Timing:
    """The timing of a video, without decoding it. Raises `UserError` if it isn't one."""
    return parse_timing(_ask(path, ["-copyts", *INPUT, *PACKETS]))


def read_comment(path: Path) -> str:
    """The `comment` tag of a video, empty where there is none."""
    tag = _COMMENT.search(_ask(path, [*INPUT, "-f", "ffmetadata", "-"]))
    return re.sub(r"\\(.)", r"\1", tag[1], flags=re.DOTALL) if tag else ""


def parse_timing(listing: str) -> Timing:
    """From the output of ffmpeg's `framecrc`: a line for each packet, in the order of decoding."""
    base = _TIME_BASE.search(listing)
    unit = int(base[1]) / int(base[2]) if base else 1.0
    shown: list[tuple[int, int]] = []
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if line.startswith("#") or len(fields) < 6:
            continue
        flags = _FLAGS.search(line)
        if flags is None or not int(flags[1], 16) & _DISCARD:
            shown.append((int(fields[2]), int(fields[3])))
    shown.sort()
    length = (shown[-1][0] + shown[-1][1] - shown[0][0]) * unit if shown else 0.0
    return Timing(tuple(start * unit for start, _ in shown), len(shown) / length if length else 0.0)


def read_errors(errors: IO[bytes]) -> str:
    """All that ffmpeg said."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()  # they end as the system ends them
    return "\n".join(lines).strip()


def escape_comment(comment: str) -> str:
    """A `comment` tag in ffmpeg's own format."""
    return ";FFMETADATA1\ncomment=" + _SPECIAL.sub(r"\\\g<0>", comment) + "\n"


def unreadable(path: Path, words: str) -> UserError:
    """What a person is told of a file that ffmpeg, or Qt, refused; `words` are its own."""
    first = words.partition("\n")[0].rstrip(".")  # later lines are consequences
    if first and not first.endswith(_NO_PICTURES):
        text = QCoreApplication.translate(
            "Files",
            "{name} can't be read as a video or a picture: it is damaged, or of an unknown kind.",
        )
    else:
        text = QCoreApplication.translate(
            "Files", "{name} has no pictures that can be read: it may have been cut off."
        )
    return UserError(text.format(name=path.name), details=words)


def open_file(path: Path) -> IO[bytes]:
    """The file, open and not empty. Raises `UserError` otherwise."""
    try:
        file = open_shared(path)
    except OSError as error:
        text = QCoreApplication.translate("Files", "{path} can't be read: {reason}.")
        raise UserError(text.format(path=path, reason=said_reason(error))) from error
    if file.seek(0, 2) == 0:
        file.close()
        text = QCoreApplication.translate(
            "Files", "{name} is empty (0 bytes): it was never written to its end, choose another."
        )
        raise UserError(text.format(name=path.name))
    file.seek(0)
    return file


def _ask(path: Path, arguments: list[str]) -> str:
    with open_file(path) as file, tempfile.TemporaryFile() as errors:
        process = start(arguments, file, errors)
        answer, _ = process.communicate()
        if process.returncode:
            raise unreadable(path, read_errors(errors))
    return answer.decode(errors="replace")
