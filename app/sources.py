"""Where frames come from: a video, a picture, or a folder of pictures. Read in a thread of the caller's."""

import json
import tempfile
from collections.abc import Generator, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage, QImageReader

from app import ffmpeg
from inference.api.errors import UserError

STILLS = frozenset({"bmp", "jpg", "jpeg", "png", "ppm", "tga", "tif", "tiff", "webp"})
MOVING = frozenset({"avi", "gif", "m4v", "mkv", "mov", "mp4", "webm"})
ENDINGS = " ".join(f"*.{ending}" for ending in sorted(STILLS | MOVING))  # for a dialog that asks
RECIPE = "recipe.json"  # what Kinora lays beside the frames in a folder
DEFAULT_FPS = 16.0  # Wan2.1's


class Colour(Enum):
    """How colours are made of a video's: for watching, or as exactly as can be, at three times the cost."""

    QUICK = "scale=flags=bilinear,format=rgb24"
    EXACT = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24"


class Source(Protocol):
    """A clip on disk of `count` frames. `read` gives them from `first` on and may be closed at any time."""

    path: Path
    count: int
    fps: float

    def read(self, first: int, colour: Colour = Colour.QUICK) -> Generator[QImage, None, None]: ...


def open_source(path: Path) -> Source:
    """What lies at `path`. Raises `UserError` if there are no pictures in it."""
    if path.is_dir():
        pictures = sorted(file for file in path.iterdir() if file.suffix.lower() == ".png")
        if not pictures:
            text = QCoreApplication.translate(
                "Files", "The folder {path} has no PNG pictures in it."
            )
            raise UserError(text.format(path=path))
        return Pictures(path, pictures, _fps_of(path))
    ffmpeg.open_file(path).close()
    reader = reader_of(path)
    return Pictures(path, [path], DEFAULT_FPS) if is_still(reader) else Video(path)


class Pictures:
    """One picture, or several of one size: any of them can be read alone."""

    def __init__(self, path: Path, files: Sequence[Path], fps: float) -> None:
        self.path, self.count, self.fps = path, len(files), fps
        self._files = files

    def read(self, first: int, colour: Colour = Colour.QUICK) -> Generator[QImage, None, None]:
        del colour  # they are RGB already
        for file in self._files[first:]:
            reader = reader_of(file)
            image = reader.read()
            if image.isNull():
                raise ffmpeg.unreadable(file, reader.errorString())
            yield image.convertToFormat(QImage.Format.Format_RGB888)


class Video:
    """A file that ffmpeg decodes; its packets say when each frame is shown, so any can be sought."""

    def __init__(self, path: Path) -> None:
        timing = ffmpeg.read_timing(path)
        if not timing.times:
            raise ffmpeg.unreadable(path, "")
        self.path, self.count = path, len(timing.times)
        self.fps = round(timing.fps, 3) or DEFAULT_FPS
        self._times = timing.times

    def read(self, first: int, colour: Colour = Colour.QUICK) -> Generator[QImage, None, None]:
        seek: list[str] = []
        if first > 0:
            # Half-way between two frames: no rounding can take the wrong one. ffmpeg goes to the key
            # frame before it and throws away what comes before that time.
            time = (self._times[first - 1] + self._times[first]) / 2
            seek = ["-seek_timestamp", "1", "-ss", f"{time:.6f}"]
        picture = ["-map", "0:V:0", "-vf", colour.value, "-fps_mode", "passthrough"]
        arguments = [*seek, *ffmpeg.INPUT, *picture, "-f", "image2pipe", "-c:v", "ppm", "-"]
        with ffmpeg.open_file(self.path) as file, tempfile.TemporaryFile() as errors:
            process = ffmpeg.start(arguments, file, errors)
            assert process.stdout is not None  # it was asked for
            try:
                image = _read_ppm(process.stdout)
                if image is None and first == 0:
                    process.wait()
                    raise ffmpeg.unreadable(self.path, ffmpeg.read_errors(errors))
                while image is not None:
                    yield image
                    image = _read_ppm(process.stdout)
            finally:
                ffmpeg.end(process)


def is_still(reader: QImageReader) -> bool:
    """Whether what it is about to read says to be one picture, not several in one."""
    return bytes(reader.format().data()).decode() in STILLS and reader.imageCount() < 2


def reader_of(file: Path) -> QImageReader:
    """Reads a picture by its content, upright."""
    reader = QImageReader(str(file))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    return reader


def _read_ppm(stream: IO[bytes]) -> QImage | None:
    """The next picture of a stream of binary PPMs, None at its end."""
    if not stream.readline():
        return None
    width, height = map(int, stream.readline().split())
    stream.readline()  # the largest value, 255
    image = QImage(width, height, QImage.Format.Format_RGB888)
    pixels, row = memoryview(image.bits()), width * 3
    if row == image.bytesPerLine():
        return image if _fill(stream, pixels) else None
    for top in range(0, len(pixels), image.bytesPerLine()):  # Qt's rows begin at multiples of four
        if not _fill(stream, pixels[top : top + row]):
            return None
    return image


def _fill(stream: IO[bytes], pixels: memoryview) -> bool:
    """Whether all of it came; if not, ffmpeg was cut off."""
    read = getattr(stream, "readinto")  # noqa: B009, a pipe has it, its declared type does not
    return read(pixels) == len(pixels)


def _fps_of(folder: Path) -> float:
    """The rate in the recipe beside the pictures."""
    try:
        tags = json.loads((folder / RECIPE).read_text("utf-8"))
        recipe = tags.get("recipe") or tags["trimmed_from"]
        return float(json.loads(recipe)["request"]["fps"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return DEFAULT_FPS
