"""The ffmpeg process: frames and a comment in, frames and a comment out.

It reads its standard input wherever it can, so that no path is taken for a pattern, option or address.
"""

import errno
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.api.errors import UserError
from inference.api.pipes import is_broken, may_break
from inference.api.sentence import Sentence

# BT.709, limited range: what players assume of such a video, and what the file says as well.
ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
TO_BT709 = f"scale=out_color_matrix=bt709:out_range=tv:{ACCURATE},format=yuv420p"
SAY_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
YUV = ["-vf", f"{TO_BT709},{SAY_BT709}"]
H264 = ["-c:v", "libx264", "-crf", "17", "-preset", "medium", "-movflags", "+faststart", *YUV]
VP9 = ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1", "-cpu-used", "4", *YUV]
PALETTE = ["-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=bayer:bayer_scale=3"]

QUIET = ["-v", "error"]
AS_RGB = f"scale={ACCURATE},format=rgb24"
OVER_BLACK = "format=gbrap,premultiply=inplace=1,"
TO_PPM = ["-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-"]
SPECIAL_IN_TAGS = re.compile(r"[\\=;#\n]")
FRAMES = re.compile(rb"^frame=\s*(\d+)", re.MULTILINE)
RATE = re.compile(r"Stream #.*Video:.*?, (\d+(?:\.\d+)?)(k?) fps")
COMMENT_TAG = re.compile(r"^comment=((?:\\.|[^\\\n])*)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
DISK_FULL = os.strerror(errno.ENOSPC)
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # only Windows has it


class Encoder:
    """Pipes frames, uint8 [H, W, 3] RGB 0..255, to an ffmpeg process that encodes them into `path`.

    `codec` is H264, VP9 or PALETTE. `finish` completes the file; `abort` lets go of everything and may
    come at any time.
    """

    def __init__(self, path: Path, size: str, fps: float, codec: list[str], comment: str) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._errors = Path(self._folder.name, "errors").open("w+b")  # noqa: SIM115, see abort
        tags = Path(
            self._folder.name, "tags"
        )  # a file: a recipe is too long for Windows' arguments
        tags.write_text(_escape(comment), encoding="utf-8")
        frames = [
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            size,
            "-framerate",
            str(fps),
            "-i",
            "-",
        ]
        command = [executable(), *QUIET, "-y", *frames, "-i", str(tags), "-map_metadata", "1"]
        self._process = subprocess.Popen(
            [*command, *codec, str(path)],
            stdin=subprocess.PIPE,
            stderr=self._errors,
            creationflags=NO_WINDOW,
        )

    def write(self, pixels: NDArray[np.uint8]) -> None:
        try:
            _pipe(self._process.stdin).write(pixels.data)
        except OSError as error:
            if is_broken(error):
                self.finish()  # says why ffmpeg ended
            raise

    def finish(self) -> None:
        with may_break():
            _pipe(self._process.stdin).close()
        if self._process.wait():
            words = _read_errors(self._errors)
            if DISK_FULL in words:
                raise OSError(errno.ENOSPC, DISK_FULL)
            raise UserError(
                "The video could not be encoded: try another format.",
                details=f"ffmpeg ended with code {self._process.returncode}\n{words}".strip(),
            )

    def abort(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()
        self._folder.cleanup()


def version() -> str:
    """Which ffmpeg it is, asked of the program itself. Raises `UserError` if it doesn't run."""
    program = executable()
    try:
        done = subprocess.run(
            [program, "-version"], capture_output=True, creationflags=NO_WINDOW, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            "ffmpeg can't be run ({error}): install Kinora again.", error=error
        ) from error
    words = done.stdout.decode(errors="replace").split()
    return words[2] if words[:2] == ["ffmpeg", "version"] else "unknown"


def decode(
    file: IO[bytes],
    name: Path,
    demuxer: str = "",
    start: int = 0,
    *,
    over_black: bool = False,
) -> Iterator[Tensor]:
    """Give the frames of an open image or video from number `start` on, uint8 [H, W, 3] RGB 0..255, as they are
    stored; of fewer there are none.

    None is repeated or dropped to even out the rate. With `over_black` what is transparent is black. `name` is for
    messages.
    """
    kind = ["-f", demuxer] if demuxer else []
    skip = f"trim=start_frame={start}," if start else ""
    black = OVER_BLACK if over_black else ""
    made = ["-vf", skip + black + AS_RGB, *TO_PPM]
    count = 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [executable(), *QUIET, "-protocol_whitelist", "fd", *kind, "-i", "fd:", *made],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=errors,
            creationflags=NO_WINDOW,
        )
        try:
            while (frame := _read_ppm(_pipe(process.stdout))) is not None:
                count += 1
                yield frame
            if process.wait() or not (count or start):
                raise _unreadable(name, _read_errors(errors))
        finally:
            process.kill()
            process.communicate()


def count(file: IO[bytes], name: Path, start: int, most: int) -> int:
    """How many frames an open image or video has from number `start` on, as far as `most`."""
    part = f"trim=start_frame={start}:end_frame={start + most}"
    command = [executable(), *QUIET, "-protocol_whitelist", "fd,pipe", "-i", "fd:"]
    command += ["-map", "0:V:0", "-vf", part, "-fps_mode", "passthrough", "-f", "null"]
    done = subprocess.run(
        [*command, "-progress", "pipe:1", "-nostats", "-"],
        stdin=file,
        capture_output=True,
        creationflags=NO_WINDOW,
        check=False,
    )
    counts = FRAMES.findall(done.stdout)
    if done.returncode or not counts:
        raise _unreadable(name, done.stderr.decode(errors="replace").strip())
    return int(counts[-1])


def read_rate(file: IO[bytes]) -> float:
    """Frames a second of an open video, as ffmpeg says; 0 where it says nothing of them."""
    command = [executable(), "-hide_banner", "-protocol_whitelist", "fd", "-i", "fd:"]
    done = subprocess.run(
        command, stdin=file, capture_output=True, creationflags=NO_WINDOW, check=False
    )  # it wants to be told what to make of it, and ends
    found = RATE.search(done.stderr.decode(errors="replace"))
    return float(found[1]) * (1000 if found[2] else 1) if found else 0.0


def read_comment(file: IO[bytes], name: Path) -> str:
    """The `comment` tag of an open video, empty where there is none."""
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            [
                executable(),
                *QUIET,
                "-protocol_whitelist",
                "fd",
                "-i",
                "fd:",
                "-f",
                "ffmetadata",
                "-",
            ],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=errors,
            creationflags=NO_WINDOW,
            check=False,
        )
        if done.returncode:
            raise _unreadable(name, _read_errors(errors))
    tag = COMMENT_TAG.search(done.stdout.decode(errors="replace"))
    return re.sub(r"\\(.)", r"\1", tag[1], flags=re.DOTALL) if tag else ""


def _read_ppm(stream: IO[bytes]) -> Tensor | None:
    """The next image of a stream of binary PPMs as uint8 [H, W, 3], None at its end."""
    if not stream.readline():
        return None
    width, height = map(int, stream.readline().split())
    stream.readline()  # the largest value, 255
    data = bytearray(stream.read(height * width * 3))
    if len(data) < height * width * 3:
        return None  # cut off: ffmpeg says why
    return torch.frombuffer(data, dtype=torch.uint8).view(height, width, 3)


def _escape(comment: str) -> str:
    """The comment in ffmpeg's own metadata format."""
    return ";FFMETADATA1\ncomment=" + SPECIAL_IN_TAGS.sub(r"\\\g<0>", comment) + "\n"


def executable() -> str:
    """The path of ffmpeg. Raises `UserError` where there is none."""
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise UserError(
            "ffmpeg was not found: install Kinora again, or set IMAGEIO_FFMPEG_EXE to its path."
        ) from error


def _unreadable(name: Path, words: str) -> UserError:
    """What a person is told of a file that ffmpeg refused; `words` are its own."""
    why = (
        Sentence("it is damaged, or of an unknown kind") if words else Sentence("it has no frames")
    )
    return UserError(
        "{name} can't be read as an image or a video: {cause}.",
        name=name,
        cause=why,
        details=words,
    )


def _read_errors(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()  # they end as the system ends them
    return "\n".join(lines).strip()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # it was asked for
    return stream
