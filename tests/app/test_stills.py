"""Pictures for clips: taken in as they are, upright, or refused in one sentence."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QImageIOHandler, QImageWriter

from app import stills
from inference.api import pictures
from inference.api.errors import UserError
from inference.media import read_frames
from tests.app.kinora_clips import ask, write_clip

ORIENTATION = 0x112  # of Exif


def picture(width: int = 40, height: int = 20, color: str = "red") -> QImage:
    """Blue at the left."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    for x in range(width // 2):
        for y in range(height):
            image.setPixelColor(x, y, QColor("blue"))
    return image


def write_turned(path: Path) -> Path:
    """As a telephone does that was held upright: the file says how to turn it."""
    writer = QImageWriter(str(path))
    writer.setTransformation(QImageIOHandler.Transformation.TransformationRotate90)
    assert writer.write(picture())
    return path


@pytest.mark.parametrize("name", ["a.png", "b.jpg", "c.webp", "d.bmp", "not a png.png"])
def test_picture_is_kept_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("not"):
        assert QImageWriter(str(path), b"jpg").write(picture())
    else:
        assert picture().save(str(path))
    kept = pictures.require(stills.take_file(path))
    assert kept.read_bytes() == path.read_bytes()
    assert stills.is_picture(path)


def test_picture_from_memory_is_kept_to_the_last_bit(tmp_path: Path) -> None:
    name = stills.take_image(picture())
    kept = QImage(str(pictures.require(name)))
    assert kept.convertToFormat(QImage.Format.Format_RGB32) == picture()
    assert stills.take_image(picture()) == name


@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_picture_that_is_to_be_turned_is_upright_for_all_who_read_it(
    tmp_path: Path, name: str
) -> None:
    kept = stills.take_file(write_turned(tmp_path / name))
    assert stills.size_of(kept) == (20, 40)
    shown = stills.look_at(kept, QSize(100, 100))
    assert (shown.width(), shown.height()) == (20, 40)
    assert shown.pixelColor(10, 5).blue() > 200  # what was at the left is at the top
    frame = next(iter(read_frames(pictures.require(kept))))
    assert tuple(frame.shape) == (40, 20, 3)
    assert frame[5, 10, 2] > 200


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpg"])
def test_window_and_engine_agree_which_way_up_a_picture_is(tmp_path: Path, name: str) -> None:
    """Whether a PNG is turned as its Exif says, programs don't agree on."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # a quarter turn
    drawn = Image.new("RGB", (40, 20), (200, 30, 30))
    drawn.paste((30, 30, 230), (0, 0, 10, 20))
    drawn.save(tmp_path / name, exif=exif)
    kept = stills.take_file(tmp_path / name)
    shown = stills.look_at(kept, QSize(100, 100))
    frame = next(iter(read_frames(pictures.require(kept))))
    assert tuple(frame.shape[:2]) == (shown.height(), shown.width())
    for x, y in ((3, 3), (shown.width() - 3, shown.height() - 3)):
        assert abs(shown.pixelColor(x, y).blue() - int(frame[y, x, 2])) < 20


def test_large_picture_is_shown_small_in_its_own_shape(tmp_path: Path) -> None:
    name = stills.take_image(picture(1600, 400))
    shown = stills.look_at(name, QSize(480, 320))
    assert (shown.width(), shown.height()) == (480, 120)


def write_text(path: Path) -> None:
    path.write_text("dear all")


def write_broken(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"garbage" * 20)


def write_video(path: Path) -> None:
    write_clip(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("notes.png", write_text),
        ("broken.png", write_broken),
        ("clip.mp4", write_video),
        ("clip.gif", write_video),
        ("gone.png", lambda path: None),
        ("folder.png", Path.mkdir),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(tmp_path: Path, name: str, write) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(UserError, match=f"^{name} isn't a picture that can be read") as refused:
        stills.take_file(path)
    assert str(refused.value).endswith(".")
    assert not pictures.pictures_folder().exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a file stands where the folder should be")
def test_disk_that_refuses_is_said(data_home: Path) -> None:
    data_home.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="can't be kept"):
        stills.take_image(picture())


def test_picture_that_is_gone_is_missing_and_has_no_size() -> None:
    assert stills.is_missing("a" * 64)
    assert not stills.is_missing("")
    assert stills.size_of("a" * 64) is None
    assert stills.size_of("") is None
    assert stills.look_at("a" * 64, QSize(9, 9)).isNull()


def test_edit_is_told_in_words() -> None:
    request = replace(ask(), video="a" * 64)
    assert stills.text_of(request) == "a clip made anew"
    assert stills.text_of(replace(request, mask="b" * 64)) == "a part of a clip made anew"
