"""Clips and frames out of the window: a range to a file of another kind, one frame to a picture."""

import errno
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal
from PySide6.QtGui import QImage

from app import ffmpeg
from app.recipes import FRAMES, TAG, TRIMMED, Part
from app.sources import RECIPE, Colour, Source, open_source
from app.stills import write_picture
from app.words import said, said_reason
from inference.api.errors import UserError
from inference.api.pipes import may_break

FULL = os.strerror(errno.ENOSPC)
BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,"
    "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)


class Format(StrEnum):
    """What a range can be written as, by the suffix of its name; a folder has none."""

    MP4 = ".mp4"
    WEBM = ".webm"
    GIF = ".gif"
    FOLDER = ""


CODECS = {
    # A key frame every 8 frames: players that seek by key frames stay near.
    Format.MP4: [
        "-c:v",
        "libx264",
        "-crf",
        "17",
        "-g",
        "8",
        "-movflags",
        "+faststart",
        "-vf",
        BT709,
    ],
    Format.WEBM: ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-cpu-used", "4", "-vf", BT709],
    Format.GIF: ["-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=bayer:bayer_scale=3"],
}


@dataclass(frozen=True, slots=True)
class Export:
    """Frames `first` to `last` of the clip at `source`, both included, to `target`."""

    source: Path
    target: Path
    kind: Format
    first: int
    last: int


class Exporter(QObject):
    """Writes one range at a time in a thread of its own; what it began and did not end is not there."""

    progressed = Signal(int, int)  # frames written, of how many
    finished = Signal(Path)
    failed = Signal(str, str)  # one sentence, and the details
    cancelled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: _Writer | None = None

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.isRunning()

    def start(self, export: Export) -> None:
        """Begin; one that runs is waited for."""
        self.stop()
        self._thread = _Writer(export)
        self._thread.progressed.connect(self.progressed)
        self._thread.done.connect(self.finished)
        self._thread.failed.connect(self.failed)
        self._thread.cancelled.connect(self.cancelled)
        self._thread.start()

    def cancel(self) -> None:
        """End it at its next frame."""
        if self._thread is not None:
            self._thread.stopping.set()

    def stop(self) -> None:
        """End it and wait until it has."""
        self.cancel()
        if self._thread is not None:
            self._thread.wait()


class _Stopped(Exception):  # noqa: N818, it is no error
    """The person said so."""


class _Writer(QThread):
    progressed = Signal(int, int)
    done = Signal(Path)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, export: Export) -> None:
        super().__init__()
        self._export = export
        self.stopping = threading.Event()

    def run(self) -> None:
        target = self._export.target
        partial = target.with_name(f".{target.stem}.partial-{os.getpid()}{target.suffix}")
        try:
            self._write(partial)
            if target.is_dir():
                target.rmdir()  # empty, as was checked
            partial.replace(target)
            self.done.emit(target)
        except _Stopped:
            self.cancelled.emit()
        except UserError as error:
            self.failed.emit(said(error), error.details)
        except OSError as error:
            self.failed.emit(str(in_words(error, target)), "")
        finally:
            _remove(partial)

    def _write(self, partial: Path) -> None:
        export = self._export
        check_target(export.target, export.kind)
        source = open_source(export.source)
        tags = tags_of(source, export.first, export.last)
        is_whole = export.first == 0 and export.last == source.count - 1
        same_kind = export.source.suffix.lower() == export.kind.value
        if is_whole and same_kind and export.kind is not Format.FOLDER:
            shutil.copyfile(export.source, partial)  # as it is: nothing is lost
            return
        frames = self._frames(source)
        if export.kind is Format.FOLDER:
            write_pictures(partial, frames, tags)
        else:
            encode(partial, export.kind, frames, source.fps, tags)
        if export.kind is Format.GIF:
            append_gif_comment(partial, json.dumps(tags, ensure_ascii=False))

    def _frames(self, source: Source) -> Iterator[QImage]:
        total = self._export.last - self._export.first + 1
        reader = source.read(self._export.first, Colour.EXACT)
        try:
            for number in range(total):
                if self.stopping.is_set():
                    raise _Stopped
                if (image := next(reader, None)) is None:
                    return
                yield image
                self.progressed.emit(number + 1, total)
        finally:
            reader.close()


def check_target(target: Path, kind: Format) -> None:
    """Say before any work whether it can be written there."""
    if not target.parent.is_dir():
        text = QCoreApplication.translate(
            "Export", "The folder {path} does not exist: make it, or choose another."
        )
        raise UserError(text.format(path=target.parent))
    if not os.access(target.parent, os.W_OK):
        text = QCoreApplication.translate(
            "Export", "The folder {path} can't be written to: choose another."
        )
        raise UserError(text.format(path=target.parent))
    if kind is Format.FOLDER and target.is_dir() and any(target.iterdir()):
        text = QCoreApplication.translate(
            "Export", "The folder {path} is not empty: name a new one for the frames."
        )
        raise UserError(text.format(path=target))


def tags_of(source: Source, first: int, last: int) -> dict[str, str]:
    """What the new file says of its origin.

    A whole clip keeps the recipe that makes it again. A part of it can't be made so: it says which
    frames it holds of the clip that the recipe makes; so does a part of a part.
    """
    tags = read_tags(source.path)
    part = Part.read(tags.get(FRAMES, "")) or Part(1, source.count, source.count)
    recipe = tags.get(TAG) or tags.get(TRIMMED)
    if recipe is None or (first == 0 and last == source.count - 1):
        return tags
    inner = Part(part.first + first, part.first + last, part.count)
    return {TRIMMED: recipe, FRAMES: str(inner)}


def read_tags(path: Path) -> dict[str, str]:
    """What Kinora wrote into a clip; empty for another's."""
    try:
        folder = path.is_dir()
        text = (path / RECIPE).read_text("utf-8") if folder else ffmpeg.read_comment(path)
        values: object = json.loads(text)
    except (OSError, ValueError, UserError):
        return {}
    if not isinstance(values, dict):
        return {}
    tags = cast("dict[object, object]", values)
    return {str(key): str(value) for key, value in tags.items()}


def encode(
    path: Path, kind: Format, frames: Iterator[QImage], fps: float, tags: dict[str, str]
) -> None:
    """The frames as a video. Raises `UserError` or `OSError`."""
    first = next(frames)
    size = f"{first.width()}x{first.height()}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-framerate", str(fps), "-i", "-"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        notes = Path(folder, "tags")  # a file: a recipe is too long for Windows' arguments
        notes.write_text(ffmpeg.escape_comment(json.dumps(tags, ensure_ascii=False)), "utf-8")
        arguments = ["-y", *raw, "-i", str(notes), "-map", "0:v", "-map_metadata", "1"]
        with Path(folder, "errors").open("w+b") as errors:
            process = ffmpeg.start([*arguments, *CODECS[kind], str(path)], subprocess.PIPE, errors)
            try:
                _pipe(process, first, frames)
                process.wait()
            finally:
                ffmpeg.end(process)
            if process.returncode:
                words = ffmpeg.read_errors(errors)
                if FULL in words:
                    raise OSError(errno.ENOSPC, FULL)
                text = QCoreApplication.translate(
                    "Export", "The video could not be encoded: try another format."
                )
                code = f"ffmpeg ended with code {process.returncode}"
                raise UserError(text, details=f"{code}\n{words}".strip())


def _pipe(process: "subprocess.Popen[bytes]", first: QImage, frames: Iterator[QImage]) -> None:
    """All of them, unless ffmpeg has ended, which says why itself."""
    assert process.stdin is not None  # it was asked for
    with may_break():
        process.stdin.write(pixels_of(first))
        for image in frames:
            if image.size() == first.size():
                process.stdin.write(pixels_of(image))
        process.stdin.close()


def pixels_of(image: QImage) -> bytes:
    """RGB, row after row, without what Qt puts at the end of each."""
    data, row, stride = image.constBits(), image.width() * 3, image.bytesPerLine()
    if row == stride:
        return bytes(data)
    return b"".join(bytes(data[top : top + row]) for top in range(0, len(data), stride))


def append_gif_comment(path: Path, comment: str) -> None:
    """Which ffmpeg leaves out: a chain of blocks before the trailer (GIF89a, section 24)."""
    text = comment.encode()
    blocks = (text[start : start + 255] for start in range(0, len(text), 255))
    chain = b"".join(bytes([len(block)]) + block for block in blocks)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x21\xfe" + chain + b"\0\x3b")


def write_pictures(folder: Path, frames: Iterator[QImage], tags: dict[str, str]) -> None:
    """A PNG for each, and the recipe beside them."""
    folder.mkdir()
    (folder / RECIPE).write_text(json.dumps(tags, ensure_ascii=False), "utf-8")
    for number, image in enumerate(frames, 1):
        write_picture(folder / f"frame_{number:05}.png", image)


def save_frame(image: QImage, target: Path) -> None:
    """One frame as PNG, whole or not at all. Raises `UserError`."""
    check_target(target, Format.GIF)
    partial = target.with_name(f".{target.stem}.partial-{os.getpid()}.png")
    try:
        write_picture(partial, image)
        partial.replace(target)
    except OSError as error:
        raise in_words(error, target) from error
    finally:
        _remove(partial)


def in_words(error: OSError, target: Path) -> UserError:
    """What a person is told of a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(target.parent).free / 1e6
        text = QCoreApplication.translate(
            "Export",
            "The disk is full: {folder} has {free} MB left, too little for {name}: make room there, "
            "or choose another folder.",
        )
        return UserError(text.format(folder=target.parent, free=f"{free:.0f}", name=target.name))
    text = QCoreApplication.translate("Export", "{path} can't be written: {reason}.")
    return UserError(text.format(path=target, reason=said_reason(error)))


def _remove(path: Path) -> None:
    """What is left of an export that failed; what can't be removed was never written."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
