"""Images and videos in and out: frames as uint8 RGB [H, W, 3], files through ffmpeg.

Frames are written as they come, under a temporary name that becomes the target only when all is well.
The recipe of a clip travels in it as one JSON text: the `comment` tag of MP4 and WebM, an iTXt chunk
`comment` in PNG, the comment extension in GIF, and the file `recipe.json` in a folder of PNGs.
"""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from inference import ffmpeg, gif, png
from inference.api.errors import UserError, reason
from inference.api.opening import open_shared

Frame = Tensor | NDArray[np.uint8]
AnyPath = str | os.PathLike[str]

RECIPE = "recipe.json"


class Format(StrEnum):
    """What a clip can be written as, by the suffix of its name."""

    MP4 = ".mp4"
    WEBM = ".webm"
    GIF = ".gif"
    PNG = ".png"
    FOLDER = ""


class Sink(Protocol):
    """Where frames [H, W, 3] go. `finish` completes it; `abort` may come at any time, even after."""

    def write(self, pixels: NDArray[np.uint8]) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


def check_output(path: AnyPath, frames: int) -> Format:
    """Say before any work whether a clip of `frames` frames can be written to `path`, and as what."""
    target = Path(path).absolute()
    kind = _format_of(path)
    if kind is Format.PNG and frames > 1:
        raise UserError(
            "{name} can hold one image and the clip has several: name a folder, such as "
            "{stem}{sep}, to get a PNG for each frame.",
            name=target.name,
            stem=target.stem,
            sep=os.sep,
        )
    if not target.parent.is_dir():
        raise UserError(
            "The folder {folder} does not exist: make it, or choose another.", folder=target.parent
        )
    if not os.access(target.parent, os.W_OK):
        raise UserError(
            "The folder {folder} can't be written to: choose another.", folder=target.parent
        )
    _require_ordinary(target, kind)
    return kind


def _require_ordinary(target: Path, kind: Format) -> None:
    """Raises `UserError` if what is at `target` can't be replaced by what will be written."""
    if target.is_dir():
        if any(target.iterdir()):
            raise UserError(
                "The folder {target} is not empty: name a new one for the frames.", target=target
            )
    elif target.exists() and not target.is_file():
        raise UserError(
            "{target} is a device or another special file, which no clip replaces: choose another name.",
            target=target,
        )
    elif target.exists() and kind is Format.FOLDER:
        raise UserError(
            "{target} is a file and can't be a folder of frames: choose another name, or one that ends in "
            ".mp4, .webm or .gif.",
            target=target,
        )


@contextmanager
def open_writer(
    path: AnyPath, width: int, height: int, fps: float, metadata: Mapping[str, str]
) -> Iterator[Callable[[Frame], None]]:
    """Give a function that takes the frames of a clip, uint8 [H, W, 3] RGB 0..255, one at a time.

    `path` ends in .mp4, .webm, .gif or .png, or is a folder for a PNG each (frame_00001.png, ...).
    It comes to be when the `with` block ends well; else nothing is left, neither there nor beside it.
    """
    kind = check_output(path, frames=1)
    target = Path(path).absolute()
    partial = target.with_name(f".{target.stem}.partial-{os.getpid()}{target.suffix}")
    comment = json.dumps(dict(metadata), ensure_ascii=False)
    with _failures_in_words(target):
        sink = _open_sink(kind, partial, f"{width}x{height}", fps, comment)

    def write(frame: Frame) -> None:
        array = frame.cpu().numpy() if isinstance(frame, Tensor) else frame
        pixels = np.ascontiguousarray(array)
        if pixels.shape != (height, width, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"frame {pixels.dtype} {pixels.shape} is not uint8 {height, width, 3}")
        with _failures_in_words(target):
            sink.write(pixels)

    try:
        yield write
        with _failures_in_words(target):
            sink.finish()
            if kind is Format.FOLDER and target.is_dir():
                target.rmdir()  # empty, as was checked; Windows can't rename over it
            partial.replace(target)
    finally:
        sink.abort()
        _remove(partial)


def read_frames(path: AnyPath, start: int = 0, *, over_black: bool = False) -> Iterator[Tensor]:
    """Give the frames of an image, a video or a folder of PNGs, uint8 [H, W, 3] RGB 0..255, in order,
    from number `start` on.

    They are the frames that are stored: none is repeated or dropped to even out the rate. With `over_black` what is
    transparent is black, else it has the colour that is hidden there.
    """
    source = Path(path)
    with _open_source(source) as file:
        demuxer = "png_pipe" if source.is_dir() else ""
        yield from ffmpeg.decode(file, source, demuxer, start, over_black=over_black)


def count_frames(path: AnyPath, start: int, most: int) -> int:
    """How many frames an image or a video has from number `start` on, as far as `most`."""
    source = Path(path)
    with _open_source(source) as file:
        return ffmpeg.count(file, source, start, most)


def read_rate(path: AnyPath) -> float:
    """Frames a second of a video, 0 where nothing is said of them."""
    with _open_source(Path(path)) as file:
        return ffmpeg.read_rate(file)


def read_metadata(path: AnyPath) -> dict[str, str]:
    """What `open_writer` was given as `metadata`; empty for a file that does not carry any of ours."""
    source = Path(path)
    with _open_source(source) as file:
        if source.is_dir():
            recipe = source / RECIPE
            comment = recipe.read_text(encoding="utf-8") if recipe.exists() else ""
        elif source.suffix.lower() == Format.PNG:
            comment = png.read_comment(file.read())
        elif source.suffix.lower() == Format.GIF:
            comment = gif.read_comment(file.read())
        else:
            comment = ffmpeg.read_comment(file, source)
    try:
        values = json.loads(comment)
    except ValueError:
        return {}
    return (
        {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {}
    )


class _Gif(ffmpeg.Encoder):
    """With the comment that ffmpeg leaves out of a GIF."""

    def __init__(self, path: Path, size: str, fps: float, comment: str) -> None:
        super().__init__(path, size, fps, ffmpeg.PALETTE, comment)
        self._path, self._comment = path, comment

    def finish(self) -> None:
        super().finish()
        gif.append_comment(self._path, self._comment)


class _PngFile:
    def __init__(self, path: Path, comment: str) -> None:
        self._path, self._comment, self._written = path, comment, False

    def write(self, pixels: NDArray[np.uint8]) -> None:
        if self._written:
            raise UserError("A .png can hold one image and the clip has several: name a folder.")
        self._path.write_bytes(png.encode(pixels, self._comment))
        self._written = True

    def finish(self) -> None:
        """The file is complete since its one frame."""

    def abort(self) -> None:
        """There is nothing to let go of."""


class _PngFolder:
    def __init__(self, path: Path, comment: str) -> None:
        path.mkdir()
        (path / RECIPE).write_text(comment, encoding="utf-8")
        self._path, self._comment, self._count = path, comment, 0

    def write(self, pixels: NDArray[np.uint8]) -> None:
        self._count += 1
        file = self._path / f"frame_{self._count:05}.png"
        file.write_bytes(png.encode(pixels, self._comment))

    def finish(self) -> None:
        """The folder is complete with its last frame."""

    def abort(self) -> None:
        """There is nothing to let go of."""


def _open_sink(kind: Format, path: Path, size: str, fps: float, comment: str) -> Sink:
    match kind:
        case Format.MP4:
            return ffmpeg.Encoder(path, size, fps, ffmpeg.H264, comment)
        case Format.WEBM:
            return ffmpeg.Encoder(path, size, fps, ffmpeg.VP9, comment)
        case Format.GIF:
            return _Gif(path, size, fps, comment)
        case Format.PNG:
            return _PngFile(path, comment)
        case Format.FOLDER:
            return _PngFolder(path, comment)


def _format_of(path: AnyPath) -> Format:
    if os.fspath(path).endswith(("/", os.sep)) or Path(path).is_dir():
        return Format.FOLDER
    suffix = Path(path).suffix.lower()
    if suffix not in [*Format]:
        raise UserError(
            "A video can't be written as {suffix} ({path}): use .mp4, .webm or .gif, .png for "
            "one image, or a folder for a PNG each.",
            suffix=suffix,
            path=path,
        )
    return Format(suffix)


@contextmanager
def _failures_in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free_mb = shutil.disk_usage(target.parent).free / 1e6
            raise UserError(
                "The disk is full: {folder} has {free_mb} MB left, too little for {name}: make "
                "room "
                "there, or choose another folder.",
                folder=target.parent,
                free_mb=f"{free_mb:.0f}",
                name=target.name,
            ) from error
        raise UserError(
            "{target} can't be written: {reason}.", target=target, reason=reason(error)
        ) from error


@contextmanager
def _open_source(source: Path) -> Iterator[IO[bytes]]:
    """A file to read from; of a folder, its PNGs one after the other."""
    try:
        file = _join_pngs(source) if source.is_dir() else open_shared(source)
    except OSError as error:
        raise UserError(
            "{source} can't be read: {reason}.", source=source, reason=reason(error)
        ) from error
    with file:
        yield file


def _join_pngs(folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115, the caller closes it
    for path in sorted(folder.glob("*.png")):
        with open_shared(path) as image:
            shutil.copyfileobj(image, file)
    file.seek(0)
    return file


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
