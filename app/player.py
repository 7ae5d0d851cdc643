"""What is watched and when: a position that follows a clock, not a count of ticks."""

import math
import time
from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.keys import Binding

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
SHORTEST_TICK_MS = 8  # no screen shows more


class Loop(Enum):
    """What happens at the end of the range."""

    OFF = "off"
    ON = "on"
    PING_PONG = "ping-pong"


class Player(QObject):
    """Plays `count` frames, `fps` a second, between two marks, forwards and in reverse.

    The position is always computed from the moment at which play began: it does not drift, and a late
    tick skips frames instead of slowing down. `clock` gives seconds; Windows counts others in steps of 16 ms.
    """

    moved = Signal(int)  # that frame is to be shown
    changed = Signal()  # anything else: playing, speed, loop, marks, the clip

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.count: int = 0
        self.fps = 1.0
        self.position: int = 0
        self.first: int = 0  # the marks; both frames are played
        self.last: int = 0
        self.playing = False
        self.reverse = False
        self.speed = 1.0
        self.loop = Loop.ON
        self._anchor_time, self._anchor_phase = 0.0, 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    @property
    def rate(self) -> float:
        """-4 to 4: below zero in reverse."""
        return -self.speed if self.reverse else self.speed

    def load(self, count: int, fps: float, *, play: bool = False) -> None:
        """Another clip, from its start; where it has the same number of frames, play goes on."""
        goes_on = play and self.playing and count == self.count
        self._anchor()
        self.fps = fps
        if not goes_on:
            self._timer.stop()
            self.count, self.playing, self.reverse = count, False, False
            self.first, self.last = 0, max(0, count - 1)
            self._move(0, always=True)
        self.changed.emit()
        if play and not goes_on:
            self.play()

    def shorten(self, count: int) -> None:
        """The clip has fewer frames than was said."""
        self.count = count
        self.set_range(min(self.first, count - 1), min(self.last, count - 1))
        self.seek(min(self.position, count - 1))

    def play(self) -> None:
        """From the position, or anew where it is at the end or outside the marks."""
        if self.count < 2:
            return
        start, end = (self.last, self.first) if self.reverse else (self.first, self.last)
        outside = not self.first <= self.position <= self.last
        if outside or (self.position == end and self.loop is Loop.OFF):
            self._move(start)
        self.playing = True
        self._anchor(from_frame=True)
        self.changed.emit()
        self._schedule()

    def pause(self) -> None:
        if self.playing:
            self._follow_clock()
            self._stop()

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def play_in(self, *, reverse: bool) -> None:
        """Play that way round; pause if it does already."""
        if self.playing and self.reverse == reverse:
            self.pause()
            return
        self._turn(reverse=reverse, speed=self.speed)
        if not self.playing:
            self.play()

    def shuttle(self, *, reverse: bool) -> None:
        """The keys J and L: play that way, and faster each time."""
        if self.playing and self.reverse == reverse:
            self.set_speed(next((speed for speed in SPEEDS if speed > self.speed), SPEEDS[-1]))
            return
        self._turn(reverse=reverse, speed=1.0)
        if not self.playing:
            self.play()

    def set_speed(self, speed: float) -> None:
        """0.25 to 4."""
        self._turn(reverse=self.reverse, speed=min(max(speed, SPEEDS[0]), SPEEDS[-1]))

    def set_loop(self, loop: Loop) -> None:
        self.loop = loop
        self._anchor(from_frame=True)
        self.changed.emit()

    def step(self, frames: int) -> None:
        """Exactly that many frames on, or back; play stops."""
        self.pause()
        self.seek(self.position + frames)

    def seek(self, frame: int) -> None:
        """To that frame, or the nearest there is; play goes on from it."""
        self._move(min(max(frame, 0), max(0, self.count - 1)))
        if self.playing:
            inside = min(max(self.position, self.first), self.last)
            self._move(inside)
            self._anchor(from_frame=True)
            self._schedule()

    def set_range(self, first: int, last: int) -> None:
        """The marks; they stay inside the clip and in order."""
        end = max(0, self.count - 1)
        self.first = min(max(first, 0), end)
        self.last = min(max(last, self.first), end)
        if self.playing:
            self.seek(self.position)
        self.changed.emit()

    def mark_in(self) -> None:
        """The range begins here; its end moves out of the way."""
        self.set_range(self.position, max(self.last, self.position))

    def mark_out(self) -> None:
        """The range ends here; its start moves out of the way."""
        self.set_range(min(self.first, self.position), self.position)

    def clear_marks(self) -> None:
        self.set_range(0, self.count - 1)

    def is_whole(self) -> bool:
        """Are the marks at the ends of the clip?"""
        return self.first == 0 and self.last == self.count - 1

    def tick(self) -> None:
        """Show what the clock says; called by the timer."""
        if self.playing:
            self._follow_clock()
            self._schedule()

    def bindings(self) -> list[Binding]:
        """What keys do to playback, for widgets that have a player."""
        second = max(1, round(self.fps))
        return [
            Binding(("Space",), self.tr("Play or pause"), self.toggle),
            Binding(("K",), self.tr("Pause"), self.pause),
            Binding(("L",), self.tr("Play, faster each time"), lambda: self.shuttle(reverse=False)),
            Binding(
                ("J",),
                self.tr("Play in reverse, faster each time"),
                lambda: self.shuttle(reverse=True),
            ),
            Binding(("Left",), self.tr("One frame back"), lambda: self.step(-1)),
            Binding(("Right",), self.tr("One frame on"), lambda: self.step(1)),
            Binding(("Shift+Left",), self.tr("One second back"), lambda: self.step(-second)),
            Binding(("Shift+Right",), self.tr("One second on"), lambda: self.step(second)),
            Binding(("Home",), self.tr("To the start"), lambda: self.seek(0)),
            Binding(("End",), self.tr("To the end"), lambda: self.seek(self.count - 1)),
            Binding(("I",), self.tr("Start the range here"), self.mark_in),
            Binding(("O",), self.tr("End the range here"), self.mark_out),
            Binding(("X",), self.tr("Play the whole clip"), self.clear_marks),
        ]

    def _phase(self) -> float:
        """Frames since the start of the range (its end, in reverse), without an end."""
        gone = (self._clock() - self._anchor_time) * self.fps * self.speed
        return self._anchor_phase + gone

    def _follow_clock(self) -> None:
        length, phase = self.last - self.first + 1, self._phase()
        if self.loop is Loop.OFF and phase >= length:
            self._move(self.first if self.reverse else self.last)
            self._stop()
            return
        self._move(self._frame_at(math.floor(phase + 1e-6)))  # a tick may come a breath early

    def _frame_at(self, number: int) -> int:
        """The frame that is the `number`th of an endless play."""
        length = self.last - self.first + 1
        if self.loop is Loop.PING_PONG and length > 1:
            number %= 2 * length - 2  # neither end is shown twice
            number = min(number, 2 * length - 2 - number)
        else:
            number %= length
        return self.last - number if self.reverse else self.first + number

    def _anchor(self, *, from_frame: bool = False) -> None:
        """Measure from now on; from the start of the frame that is shown, or from where we are."""
        if self.playing:
            start = self.last if self.reverse else self.first
            phase = float(abs(self.position - start)) if from_frame else self._phase()
            self._anchor_time, self._anchor_phase = self._clock(), phase

    def _turn(self, *, reverse: bool, speed: float) -> None:
        if self.playing:
            self._follow_clock()
            if self.reverse == reverse:
                self._anchor()
        turned = self.reverse != reverse
        self.reverse, self.speed = reverse, speed
        if self.playing:
            if turned:
                self._anchor(from_frame=True)
            self._schedule()
        self.changed.emit()

    def _schedule(self) -> None:
        if self.playing:
            left = (1.0 - self._phase() % 1.0) / (self.fps * self.speed)
            self._timer.start(max(SHORTEST_TICK_MS, math.ceil(left * 1000)))

    def _stop(self) -> None:
        self._timer.stop()
        self.playing = False
        self.changed.emit()

    def _move(self, frame: int, *, always: bool = False) -> None:
        if always or frame != self.position:
            self.position = frame
            self.moved.emit(frame)
