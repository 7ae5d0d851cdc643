"""The theatre: real clips and previews on its canvas, and what its buttons ask for."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox
from pytestqt.qtbot import QtBot

from app.player import Loop
from app.theatre import Theatre
from inference.api.messages import Preview
from inference.media import read_frames
from tests.app.conftest import bring_up
from tests.app.numbered_clips import number_of, write_clip


@pytest.fixture
def theatre(qtbot: QtBot) -> Iterator[Theatre]:
    made = Theatre()
    qtbot.addWidget(made, before_close_func=lambda widget: made.close_films())
    made.resize(900, 500)
    bring_up(qtbot, made)
    yield made
    made.close_films()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", 12)


def open_clip(qtbot: QtBot, theatre: Theatre, path: Path, *, play: bool = False) -> None:
    theatre.open(path, play=play)
    qtbot.waitUntil(lambda: theatre.path == path, timeout=10_000)


def preview(folder: Path, step: int) -> Preview:
    path = folder / f"job-{step}.rgb"
    path.write_bytes(bytes([step] * (4 * 3 * 3 * 5)))
    return Preview("job", step, 20, str(path), 4, 3, 5)


def test_clip_is_opened_and_played(qtbot: QtBot, theatre: Theatre, clip: Path) -> None:
    open_clip(qtbot, theatre, clip, play=True)
    qtbot.waitUntil(lambda: number_of(theatre.canvas.shown_image()) > 3, timeout=10_000)

    assert theatre.player.playing


def test_every_frame_is_shown_when_sought(qtbot: QtBot, theatre: Theatre, clip: Path) -> None:
    open_clip(qtbot, theatre, clip)
    for frame in (11, 0, 5, 6, 5):
        theatre.player.seek(frame)
        qtbot.waitUntil(lambda frame=frame: number_of(theatre.canvas.shown_image()) == frame)


def test_previews_play_on_and_the_clip_takes_their_place(
    qtbot: QtBot, theatre: Theatre, clip: Path, tmp_path: Path
) -> None:
    theatre.show_preview(preview(tmp_path, 3), seconds=0.5)
    assert theatre.player.playing
    assert theatre.player.fps == pytest.approx(10)
    qtbot.waitUntil(lambda: theatre.player.position == 2)
    theatre.show_preview(preview(tmp_path, 4), seconds=0.5)
    image = theatre.canvas.shown_image()
    assert theatre.player.position == 2
    assert image is not None
    assert image.pixelColor(1, 1).red() == 4
    assert "step 4 of 20" in theatre.canvas.accessibleDescription()
    open_clip(qtbot, theatre, clip)

    assert number_of(theatre.canvas.shown_image()) == 0
    assert "Preview" not in theatre.canvas.accessibleDescription()


def test_preview_that_is_paused_stays_so_at_its_frame(theatre: Theatre, tmp_path: Path) -> None:
    theatre.show_preview(preview(tmp_path, 3), seconds=0.5)
    theatre.player.pause()
    theatre.player.seek(3)
    theatre.show_preview(preview(tmp_path, 4), seconds=0.5)
    image = theatre.canvas.shown_image()
    assert image is not None
    assert image.pixelColor(1, 1).red() == 4
    assert not theatre.player.playing
    assert theatre.player.position == 3


def test_preview_that_is_gone_changes_nothing(theatre: Theatre, tmp_path: Path) -> None:
    gone = preview(tmp_path, 3)
    Path(gone.path).unlink()
    theatre.show_preview(gone, 1.0)

    assert theatre.canvas.film is None


def test_broken_clip_is_said_on_the_canvas(qtbot: QtBot, theatre: Theatre, tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no")
    with qtbot.waitSignal(theatre.failed) as failed:
        theatre.open(path)

    assert theatre.canvas.accessibleDescription().startswith("broken.mp4 can't be read")
    assert failed.args is not None
    assert failed.args[1]  # the details


def test_broken_clip_leaves_the_one_before(
    qtbot: QtBot, theatre: Theatre, clip: Path, tmp_path: Path
) -> None:
    open_clip(qtbot, theatre, clip)
    with qtbot.waitSignal(theatre.failed):
        theatre.open(tmp_path / "gone.mp4")

    assert theatre.path == clip
    theatre.player.seek(7)
    qtbot.waitUntil(lambda: number_of(theatre.canvas.shown_image()) == 7)


def test_clip_that_is_overtaken_is_not_shown(
    qtbot: QtBot, theatre: Theatre, clip: Path, tmp_path: Path
) -> None:
    other = write_clip(tmp_path / "other.mp4", 5)
    theatre.open(clip)
    theatre.open(other)
    qtbot.waitUntil(lambda: theatre.path is not None, timeout=10_000)

    assert theatre.path == other


def test_two_clips_are_compared(qtbot: QtBot, theatre: Theatre, clip: Path, tmp_path: Path) -> None:
    other = write_clip(tmp_path / "other.mp4", 12)
    open_clip(qtbot, theatre, clip)
    assert not theatre.transport.compare.isEnabled()
    theatre.compare_with(other)
    qtbot.waitUntil(lambda: theatre.canvas.other is not None, timeout=10_000)
    theatre.transport.compare.click()
    assert theatre.canvas.other is None
    theatre.transport.compare.click()
    assert theatre.canvas.other is not None
    theatre.compare_with(None)

    assert theatre.canvas.other is None
    assert not theatre.transport.compare.isEnabled()


def test_frame_and_range_are_asked_for(qtbot: QtBot, theatre: Theatre, clip: Path) -> None:
    open_clip(qtbot, theatre, clip)
    theatre.player.set_range(2, 8)
    theatre.player.seek(6)
    qtbot.waitUntil(lambda: number_of(theatre.canvas.shown_image()) == 6)
    with qtbot.waitSignal(theatre.frame_wanted) as frame:
        theatre.transport.save_frame.click()
    with qtbot.waitSignal(theatre.export_wanted) as export:
        theatre.transport.export.click()

    assert frame.args is not None
    assert isinstance(frame.args[0], QImage)
    assert frame.args[1] == "clip-00007"
    assert export.args == [clip, 2, 8]


def test_frame_is_read_anew_in_the_colours_that_the_engine_reads(
    qtbot: QtBot, theatre: Theatre, clip: Path
) -> None:
    """Those for watching are a little darker: clips made from clips would grow darker and darker."""
    open_clip(qtbot, theatre, clip)
    theatre.player.seek(6)
    with qtbot.waitSignal(theatre.beginning_wanted) as given:
        theatre.transport.begin_with.click()
    assert given.args is not None
    image = given.args[0].convertToFormat(QImage.Format.Format_RGB888)
    frame = list(read_frames(clip))[6]
    for y, x in product(range(0, image.height(), 5), range(0, image.width(), 5)):
        assert image.pixelColor(x, y).getRgb()[:3] == tuple(frame[y, x].tolist())


def test_frame_that_cannot_be_read_any_more_is_told(
    qtbot: QtBot, theatre: Theatre, clip: Path
) -> None:
    open_clip(qtbot, theatre, clip)
    clip.write_bytes(b"no video any more")
    with qtbot.waitSignal(theatre.failed), qtbot.assertNotEmitted(theatre.beginning_wanted):
        theatre.transport.begin_with.click()


def test_frame_is_given_to_the_next_clip(qtbot: QtBot, theatre: Theatre, clip: Path) -> None:
    open_clip(qtbot, theatre, clip)
    theatre.player.seek(11)
    qtbot.waitUntil(lambda: number_of(theatre.canvas.shown_image()) == 11)
    for key, wanted in (
        (Qt.Key.Key_B, theatre.beginning_wanted),
        (Qt.Key.Key_N, theatre.ending_wanted),
    ):
        with qtbot.waitSignal(wanted) as frame:
            qtbot.keyClick(theatre.canvas, key)
        assert frame.args is not None
        assert number_of(frame.args[0]) == 11


def test_preview_is_no_clip_to_take_frames_or_a_range_from(
    qtbot: QtBot, theatre: Theatre, clip: Path, tmp_path: Path
) -> None:
    buttons = theatre.transport
    of_clip = (buttons.begin_with, buttons.end_with, buttons.export)
    theatre.show_preview(preview(tmp_path, 1), 1.0)
    assert buttons.save_frame.isEnabled()
    assert not any(button.isEnabled() for button in of_clip)
    with qtbot.assertNotEmitted(theatre.beginning_wanted):
        qtbot.keyClick(theatre.canvas, Qt.Key.Key_B)
    open_clip(qtbot, theatre, clip)
    assert all(button.isEnabled() for button in of_clip)


def test_buttons_drive_the_player(qtbot: QtBot, theatre: Theatre, clip: Path) -> None:
    open_clip(qtbot, theatre, clip)
    buttons, player = theatre.transport, theatre.player
    buttons.step_forward.click()
    buttons.step_forward.click()
    buttons.mark_in.click()
    buttons.to_end.click()
    buttons.step_back.click()
    buttons.mark_out.click()
    buttons.loop.click()
    assert (player.first, player.last, player.loop) == (2, 10, Loop.PING_PONG)
    buttons.play_reverse.click()
    assert (player.playing, player.rate) == (True, -1)
    assert buttons.play_reverse.accessibleName() == "Pause"
    buttons.play.click()
    assert player.rate == 1
    buttons.speed.setCurrentIndex(0)
    buttons.speed.activated.emit(0)

    assert player.rate == 0.25


def test_without_a_clip_there_is_nothing_to_press(theatre: Theatre) -> None:
    assert not any(button.isEnabled() for button in theatre.transport.buttons)


def test_every_control_has_a_name(theatre: Theatre) -> None:
    controls = [*theatre.findChildren(QAbstractButton), *theatre.findChildren(QComboBox)]

    assert len(controls) >= 15
    assert [control for control in controls if not control.accessibleName()] == []


@pytest.mark.parametrize("width", [340, 600, 760, 940])
def test_nothing_of_the_buttons_is_cut_off(theatre: Theatre, width: int) -> None:
    theatre.player.load(120, 30.0)
    theatre.resize(width, 500)
    QApplication.processEvents()
    transport = theatre.transport
    inside = transport.rect()
    for control in (*transport.buttons, transport.speed):
        assert inside.contains(control.geometry())
        assert control.width() >= control.minimumSizeHint().width()
    readout = transport.readout
    assert readout.text().startswith("1 / 120")
    assert readout.fontMetrics().horizontalAdvance(readout.text()) <= readout.width()
    assert ("0:04.00" in readout.text()) is (width in (600, 940))


def test_nothing_moves_while_a_clip_plays(theatre: Theatre) -> None:
    theatre.player.load(120, 30.0)
    QApplication.processEvents()
    before = theatre.transport.sizeHint(), theatre.transport.readout.geometry()
    theatre.player.seek(119)
    QApplication.processEvents()
    assert (theatre.transport.sizeHint(), theatre.transport.readout.geometry()) == before


def test_keys_are_for_the_picture_on_its_buttons_too(
    qtbot: QtBot, theatre: Theatre, clip: Path
) -> None:
    open_clip(qtbot, theatre, clip)
    button = theatre.transport.step_back
    button.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_I):
        qtbot.keyClick(button, key)
    assert (theatre.player.position, theatre.player.first) == (1, 1)
    assert button.hasFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)  # which is the button's own
    assert theatre.player.position == 0
    for part in (button, theatre.timeline):
        with qtbot.waitSignal(theatre.frame_wanted):
            qtbot.keyClick(part, Qt.Key.Key_S)
