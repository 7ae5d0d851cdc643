"""Videos that are edited: kept with their masks, and looked at, beside the window's thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, QThread, SignalInstance
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app import stills
from app.draft import Edit
from app.footage import Footage, Painted
from app.mask import Mask
from inference.api import pictures
from inference.media import read_frames
from tests.app.numbered_clips import number_of, write_clip


@pytest.fixture
def footage(qtbot: QtBot) -> Iterator[Footage]:
    made = Footage()
    yield made
    made.stop()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", 12)


def paint(path: Path, fps: float = 16.0) -> Painted:
    mask = Mask(QSize(64, 48))
    mask.invert()
    return Painted(path, mask.image, 3, 8, fps, mask.image.size())


def ask(qtbot: QtBot, footage: Footage, signal: SignalInstance, painted: Painted) -> list[object]:
    with qtbot.waitSignal(signal, timeout=10_000) as told:
        footage.keep(painted)
    assert told.args is not None
    return list(told.args)


def test_video_and_mask_are_kept(qtbot: QtBot, footage: Footage, clip: Path) -> None:
    painted = paint(clip)
    same, edit = ask(qtbot, footage, footage.kept, painted)
    assert same is painted
    assert isinstance(edit, Edit)
    assert pictures.require(edit.video).read_bytes() == clip.read_bytes()
    assert (edit.start, edit.frames, edit.fps) == (3, 8, 16)
    (mask,) = read_frames(pictures.require(edit.mask))
    assert tuple(mask.shape) == (48, 64, 3)
    assert mask.min() == 255
    assert stills.size_of(edit.mask) == (64, 48)
    again = ask(qtbot, footage, footage.kept, paint(pictures.require(edit.video)))
    assert again[1] == edit


@pytest.mark.parametrize(("fps", "whole"), [(23.976, 24), (0.2, 1), (1000.0, 240)])
def test_frames_a_second_are_those_that_can_be_asked_for(
    qtbot: QtBot, footage: Footage, clip: Path, fps: float, whole: int
) -> None:
    edit = ask(qtbot, footage, footage.kept, paint(clip, fps))[1]
    assert isinstance(edit, Edit)
    assert edit.fps == whole


def test_video_that_is_gone_is_told(qtbot: QtBot, footage: Footage, tmp_path: Path) -> None:
    sentence = ask(qtbot, footage, footage.failed, paint(tmp_path / "gone.mp4"))[1]
    assert str(sentence).startswith(f"{tmp_path / 'gone.mp4'} can't be read")


def test_frame_is_read_small_and_beside_the_windows_thread(
    qtbot: QtBot, footage: Footage, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, threads = pictures.keep(clip), list[QThread]()
    find = pictures.path_of

    def spy(name: str) -> Path | None:
        threads.append(QThread.currentThread())
        return find(name)

    monkeypatch.setattr(pictures, "path_of", spy)
    with qtbot.waitSignal(footage.seen, timeout=10_000) as told:
        footage.look_at(name, 7, QSize(32, 32))
    assert told.args is not None
    video, frame, image = told.args
    assert (video, frame) == (name, 7)
    assert isinstance(image, QImage)
    assert image.size() == QSize(32, 24)
    assert number_of(image) == 7
    assert threads != [QThread.currentThread()]


def test_nothing_comes_of_what_cannot_be_read(
    qtbot: QtBot, footage: Footage, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear all")
    with qtbot.assertNotEmitted(footage.seen, wait=300):
        footage.look_at("a" * 64, 0, QSize(32, 32))
        footage.look_at(pictures.keep(letter), 0, QSize(32, 32))
        footage.look_at(pictures.keep(write_clip(tmp_path / "b.mp4", 2)), 99, QSize(32, 32))
