"""Clips whose frames carry their number as their colour."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
from PySide6.QtGui import QImage

SIZE = (64, 48)
LEVELS = 6  # of each colour: two channels number 36 frames, three 216


def colour_of(number: int) -> tuple[int, int, int]:
    """Far enough from any other for a codec to keep them apart."""
    return tuple(25 + 40 * (number // LEVELS**place % LEVELS) for place in range(3))


def number_of(image: QImage | None) -> int:
    """Which frame it is; what a codec made of its colour is rounded."""
    assert image is not None
    ink = image.pixelColor(image.width() // 2, image.height() // 2)
    channels = (ink.red(), ink.green(), ink.blue())
    return sum(round((value - 25) / 40) * LEVELS**place for place, value in enumerate(channels))


def write_clip(
    path: Path,
    frames: int,
    codec: Sequence[str] = ("-c:v", "libx264", "-pix_fmt", "yuv444p"),
    size: tuple[int, int] = SIZE,
    fps: float = 16,
) -> Path:
    """A clip made by ffmpeg alone."""
    pixels = b"".join(bytes(colour_of(n)) * (size[0] * size[1]) for n in range(frames))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo"]
    command += ["-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-framerate", str(fps)]
    subprocess.run([*command, "-i", "-", *codec, str(path)], input=pixels, check=True)
    return path


def write_pictures(folder: Path, frames: int) -> Path:
    """A folder of PNGs."""
    folder.mkdir()
    for number in range(frames):
        image = QImage(*SIZE, QImage.Format.Format_RGB888)
        red, green, blue = colour_of(number)
        image.fill((255 << 24) | (red << 16) | (green << 8) | blue)
        image.save(str(folder / f"frame_{number + 1:05}.png"))
    return folder
