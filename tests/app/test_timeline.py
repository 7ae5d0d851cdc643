"""The timeline: where frames lie, what dragging and keys do, what is shown under the mouse."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.player import Player
from app.timeline import SIDE, STRIP_HEIGHT, Hover, Timeline, clock
from tests.app.conftest import bring_up, hover, picture_of
from tests.app.test_canvas import Colours

COLOURS = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#ff00ff"] * 2
MIDDLE = 40  # of the strip's height


@pytest.fixture
def player(qapp: QApplication) -> Player:
    return Player()


@pytest.fixture
def timeline(qtbot: QtBot, qapp: QApplication, player: Player) -> Iterator[Timeline]:
    """10 frames, each 40 pixels wide."""
    theme.apply(qapp, theme.Scheme.DARK)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(500, 400)
    made = Timeline(player, window)
    made.setGeometry(0, 300, 400 + 2 * SIDE, 68)
    made.show_film(Colours("a.mp4", COLOURS, (40, STRIP_HEIGHT)))
    player.load(10, 10.0)
    bring_up(qtbot, window)
    yield made  # the window lives as long
    window.close()


def at(frame: float) -> QPoint:
    return QPoint(round(SIDE + 40 * frame), MIDDLE)


def drag(timeline: Timeline, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(timeline, end)
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=end)


def test_click_goes_to_the_frame_under_it(timeline: Timeline, player: Player) -> None:
    QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at(7.5))

    assert player.position == 7


def test_marks_are_dragged(timeline: Timeline, player: Player) -> None:
    drag(timeline, at(0), at(2.5))
    drag(timeline, at(10), at(6.5))

    assert (player.first, player.last) == (2, 6)


def test_marks_do_not_pass_each_other(timeline: Timeline, player: Player) -> None:
    player.set_range(4, 6)
    drag(timeline, at(4), at(9.5))

    assert (player.first, player.last) == (6, 6)


def test_playhead_follows_the_player_without_pulling_it(timeline: Timeline, player: Player) -> None:
    player.seek(5)

    assert (timeline.value(), timeline.maximum()) == (5, 9)
    assert player.position == 5


@pytest.mark.parametrize(
    ("key", "position"), [(Qt.Key.Key_Right, 4), (Qt.Key.Key_Home, 0), (Qt.Key.Key_PageUp, 9)]
)
def test_keys(timeline: Timeline, player: Player, key: Qt.Key, position: int) -> None:
    player.seek(3)
    QTest.keyClick(timeline, key)

    assert player.position == position


def test_strip_shows_the_film(timeline: Timeline) -> None:
    shown = picture_of(timeline)
    inks = [shown.pixelColor(at(n + 0.2)).name() for n in range(2, 10)]

    assert inks == [*COLOURS[2:]]


def test_strip_takes_up_frames_as_they_come(timeline: Timeline, player: Player) -> None:
    film = Colours("b.mp4", COLOURS, (40, STRIP_HEIGHT))
    film.missing = {4}
    timeline.show_film(film)
    assert picture_of(timeline).pixelColor(at(4.2)).name() == theme.current().field
    film.missing = set()
    film.arrived.emit(4)

    assert picture_of(timeline).pixelColor(at(4.2)).name() == COLOURS[4]


def test_frame_under_the_mouse_is_shown(qtbot: QtBot, timeline: Timeline) -> None:
    shown = timeline.window().findChild(Hover)
    assert isinstance(shown, Hover)
    hover(qtbot, timeline, at(3.5), shown.isVisible)

    assert shown.words.text() == "frame 4 / 10 · 0:00.30"
    assert shown.picture.pixmap().toImage().pixelColor(9, 9).name() == COLOURS[3]


def test_it_is_a_slider_for_screen_readers(timeline: Timeline, player: Player) -> None:
    player.set_range(2, 6)
    interface = QAccessible.queryAccessibleInterface(timeline)

    assert interface.role() is QAccessible.Role.Slider
    assert timeline.accessibleName() == "Timeline"
    assert timeline.accessibleDescription() == "Plays frames 3 to 7 of 10"


def test_without_a_clip_it_is_empty_and_off(qtbot: QtBot) -> None:
    timeline = Timeline(Player())
    qtbot.addWidget(timeline)
    timeline.grab()

    assert not timeline.isEnabled()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00.00"), (5.0625, "0:05.06"), (59.996, "1:00.00"), (61, "1:01.00")],
)
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words
