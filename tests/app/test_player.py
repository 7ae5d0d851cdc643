"""The player, by a clock of the test's own: what is shown when, with no tick to be relied on."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from pytestqt.qtbot import QtBot

from app.keys import press
from app.player import Loop, Player


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def player(qapp: object, clock: Clock) -> Player:
    """10 frames, 10 a second."""
    made = Player(clock)
    made.load(10, 10.0)
    return made


def after(player: Player, clock: Clock, seconds: float) -> int:
    """The frame that is shown then."""
    clock.now += seconds
    player.tick()
    return player.position


def test_position_follows_the_clock_and_frames_are_skipped(player: Player, clock: Clock) -> None:
    player.play()

    assert [after(player, clock, t) for t in (0.05, 0.06, 0.1, 0.5)] == [0, 1, 2, 7]


def test_nothing_drifts_in_an_hour_of_late_ticks(player: Player, clock: Clock) -> None:
    player.play()
    ticks = 36_000 // 7
    for _ in range(ticks):
        after(player, clock, 0.7003)

    assert player.position == int(ticks * 0.7003 * 10) % 10


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "in reverse"])
def test_speed_and_direction(player: Player, clock: Clock, speed: float, *, reverse: bool) -> None:
    player.set_speed(speed)
    if reverse:
        player.seek(9)
    player.play_in(reverse=reverse)
    gone = [after(player, clock, 0.1) for _ in range(20)]

    counted = [int((n + 1) * speed) % 10 for n in range(20)]
    assert gone == [9 - n if reverse else n for n in counted]
    assert player.rate == (-speed if reverse else speed)


def test_change_of_speed_keeps_the_place_within_the_frame(player: Player, clock: Clock) -> None:
    player.play()
    after(player, clock, 0.15)  # half of frame 1 is over
    player.set_speed(0.25)

    assert after(player, clock, 0.19) == 1
    assert after(player, clock, 0.02) == 2


@pytest.mark.parametrize(
    ("loop", "shown"),
    [
        pytest.param(Loop.ON, [3, 4, 5, 3, 4, 5, 3], id="again"),
        pytest.param(Loop.PING_PONG, [3, 4, 5, 4, 3, 4, 5], id="there and back"),
        pytest.param(Loop.OFF, [3, 4, 5, 5, 5, 5, 5], id="once"),
    ],
)
def test_play_stays_between_the_marks(
    player: Player, clock: Clock, loop: Loop, shown: list[int]
) -> None:
    player.set_loop(loop)
    player.set_range(3, 5)
    player.play()

    assert [player.position] + [after(player, clock, 0.1) for _ in range(6)] == shown
    assert player.playing == (loop is not Loop.OFF)


def test_play_begins_anew_at_the_end(player: Player, clock: Clock) -> None:
    player.set_loop(Loop.OFF)
    player.seek(9)
    player.play()

    assert [player.position, after(player, clock, 0.1)] == [0, 1]


def test_pause_stops_where_the_clock_is(player: Player, clock: Clock) -> None:
    player.play()
    clock.now += 0.33
    player.pause()

    assert player.position == 3
    assert after(player, clock, 5) == 3


@pytest.mark.parametrize(
    ("start", "steps", "end"),
    [(4, [1], 5), (4, [-1, -1], 2), (0, [-1], 0), (9, [1], 9), (2, [100], 9)],
    ids=str,
)
def test_steps_are_exact_and_stop_play(
    player: Player, clock: Clock, start: int, steps: list[int], end: int
) -> None:
    player.play()
    player.seek(start)
    for step in steps:
        player.step(step)

    assert (player.position, player.playing) == (end, False)


def test_marks_keep_their_order(player: Player) -> None:
    player.set_range(3, 5)
    player.seek(7)
    player.mark_in()
    assert (player.first, player.last) == (7, 7)
    player.seek(2)
    player.mark_out()
    assert (player.first, player.last) == (2, 2)
    player.set_range(-5, 99)
    assert player.is_whole()


def test_preview_of_the_same_length_goes_on_where_the_last_was(
    player: Player, clock: Clock
) -> None:
    player.play()
    after(player, clock, 0.35)
    player.load(10, 10.0, play=True)

    assert after(player, clock, 0.06) == 4


def test_another_clip_starts_at_its_start(player: Player, clock: Clock) -> None:
    player.play()
    after(player, clock, 0.35)
    player.load(20, 5.0)

    assert (player.position, player.playing, player.last) == (0, False, 19)


def test_shorter_clip_pulls_marks_and_position_in(player: Player) -> None:
    player.seek(9)
    player.shorten(4)

    assert (player.position, player.last) == (3, 3)


@pytest.mark.parametrize("count", [0, 1])
def test_what_does_not_move_does_not_play(player: Player, count: int) -> None:
    player.load(count, 10.0)
    player.play()

    assert not player.playing


def test_shuttle_is_faster_each_time_and_turns_at_normal_speed(player: Player) -> None:
    rates: list[float] = []
    for reverse in (False, False, False, False, True, True):
        player.shuttle(reverse=reverse)
        rates.append(player.rate)

    assert rates == [1, 2, 4, 4, -1, -2]


PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Act = Callable[[Player], object]


@pytest.mark.parametrize(
    ("key", "modifier", "look", "value"),
    [
        (Qt.Key.Key_Space, PLAIN, lambda p: p.playing, True),
        (Qt.Key.Key_Left, PLAIN, lambda p: p.position, 4),
        (Qt.Key.Key_Right, PLAIN, lambda p: p.position, 6),
        (Qt.Key.Key_Right, SHIFT, lambda p: p.position, 9),
        (Qt.Key.Key_Home, PLAIN, lambda p: p.position, 0),
        (Qt.Key.Key_End, PLAIN, lambda p: p.position, 9),
        (Qt.Key.Key_I, PLAIN, lambda p: (p.first, p.last), (5, 9)),
        (Qt.Key.Key_O, PLAIN, lambda p: (p.first, p.last), (0, 5)),
        (Qt.Key.Key_J, PLAIN, lambda p: p.rate, -1),
        (Qt.Key.Key_L, PLAIN, lambda p: p.rate, 1),
    ],
)
def test_keys(
    player: Player, key: Qt.Key, modifier: Qt.KeyboardModifier, look: Act, value: object
) -> None:
    player.seek(5)

    assert press(player.bindings(), key_press(key, modifier))
    assert look(player) == value


def key_press(key: int, modifier: Qt.KeyboardModifier = PLAIN) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, modifier)


def test_other_keys_are_left_to_others(player: Player) -> None:
    cyrillic, control = 0x416, Qt.KeyboardModifier.ControlModifier
    for event in (key_press(Qt.Key.Key_Q), key_press(cyrillic), key_press(Qt.Key.Key_L, control)):
        assert not press(player.bindings(), event)


def test_it_plays_by_itself(qtbot: QtBot) -> None:
    player = Player()
    player.load(5, 50.0)
    seen: list[int] = []
    player.moved.connect(seen.append)
    player.play()
    qtbot.waitUntil(lambda: {1, 2, 3, 4, 0} <= set(seen), timeout=5000)
    player.pause()
