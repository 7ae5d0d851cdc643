"""The pictures of clips: read in a thread, of the size that is asked for, and let go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from app import strips as module
from app.library import Clip
from app.strips import Strips
from tests.app.conftest import PATIENCE_MS
from tests.app.kinora_clips import ask

COLOURS = ("#ff0000", "#00ff00", "#0000ff")


@pytest.fixture
def strips(qtbot: QtBot) -> Iterator[Strips]:
    made = Strips()
    made.size = QSize(80, 40)
    yield made
    made.stop()


def clip_of(file: Path, id_: int = 1, side: int = 40) -> Clip:
    """A clip with a strip of three square frames."""
    strip = QImage(side * len(COLOURS), side, QImage.Format.Format_RGB32)
    painter = QPainter(strip)
    for number, colour in enumerate(COLOURS):
        painter.fillRect(number * side, 0, side, side, QColor(colour))
    painter.end()
    assert strip.save(str(file))
    return Clip(id_, "a.mp4", ask(), "", thumbnail=str(file), thumbnail_frames=len(COLOURS))


def test_first_frame_arrives_in_the_middle_of_its_place(
    qtbot: QtBot, strips: Strips, tmp_path: Path
) -> None:
    clip = clip_of(tmp_path / "1.png")
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        assert strips.first(clip) is None
    picture = strips.first(clip)
    assert picture is not None
    image = picture.toImage()
    assert image.size() == QSize(80, 40)
    assert image.pixelColor(40, 20).name() == COLOURS[0]
    assert image.pixelColor(10, 20).alpha() == 0  # beside a square one


def test_first_frame_fills_its_place_if_it_is_to(qtbot: QtBot, tmp_path: Path) -> None:
    strips, clip = Strips(fills=True), clip_of(tmp_path / "1.png")
    strips.size = QSize(80, 40)
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        strips.first(clip)
    picture = strips.first(clip)
    strips.stop()
    assert picture is not None
    assert picture.size() == QSize(80, 40)
    assert picture.toImage().pixelColor(10, 20).name() == COLOURS[0]


def test_picture_of_another_size_stays_until_the_right_one_arrives(
    qtbot: QtBot, strips: Strips, tmp_path: Path
) -> None:
    clip = clip_of(tmp_path / "1.png")
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        strips.first(clip)
    strips.size = QSize(120, 60)
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        old = strips.first(clip)
    assert old is not None
    assert old.size() == QSize(80, 40)
    new = strips.first(clip)
    assert new is not None
    assert new.size() == QSize(120, 60)


def test_frames_are_there_of_the_clip_that_plays_alone(
    qtbot: QtBot, strips: Strips, tmp_path: Path
) -> None:
    one, two = (clip_of(tmp_path / f"{n}.png", n) for n in (1, 2))
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        strips.play(one)
    shown = strips.frame(one, 1)
    assert shown is not None
    strip, place = shown
    assert strip.pixelColor(place.center().toPoint()).name() == COLOURS[1]
    strips.play(two)
    assert strips.frame(one, 1) is None
    strips.pause()
    assert strips.frame(two, 1) is None


@pytest.mark.parametrize("thumbnail", ["", "gone.png"])
def test_picture_that_is_lacking_is_asked_for_once(
    qtbot: QtBot, strips: Strips, tmp_path: Path, thumbnail: str
) -> None:
    clip = Clip(1, "a.mp4", ask(), "", thumbnail=thumbnail, thumbnail_frames=3)
    lacking: list[int] = []
    strips.lacking.connect(lacking.append)
    strips.first(clip)
    qtbot.waitUntil(lambda: lacking == [1], timeout=PATIENCE_MS)
    strips.first(clip)
    strips.stop()
    assert lacking == [1]
    made = clip_of(tmp_path / "1.png")
    strips.renew(1)
    with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
        strips.first(made)
    assert strips.first(made) is not None


def test_only_so_many_are_kept(
    qtbot: QtBot, strips: Strips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    clips = [clip_of(tmp_path / f"{n}.png", n) for n in range(1, 4)]
    for clip in clips:
        with qtbot.waitSignal(strips.arrived, timeout=PATIENCE_MS):
            strips.first(clip)
    assert strips.first(clips[2]) is not None
    assert strips.first(clips[0]) is None


def test_what_was_scrolled_past_is_not_read_and_can_be_asked_for_again(
    qtbot: QtBot, strips: Strips, tmp_path: Path
) -> None:
    arrived: list[int] = []
    strips.arrived.connect(arrived.append)
    count = module.WAITING + 50
    clips = [clip_of(tmp_path / f"{n}.png", n, side=4) for n in range(1, count + 1)]
    for clip in clips:
        strips.first(clip)
    qtbot.waitUntil(lambda: count in arrived, timeout=PATIENCE_MS)
    strips.rest()
    skipped = next(clip for clip in clips if clip.id not in arrived)
    qtbot.wait(50)  # one may be on its way
    with qtbot.waitSignal(
        strips.arrived, timeout=PATIENCE_MS, check_params_cb=lambda id_: id_ == skipped.id
    ):
        strips.first(skipped)
