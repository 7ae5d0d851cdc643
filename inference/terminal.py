"""What the command line shows while it works."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from inference.api.arguments import counted
from inference.api.messages import Event, Finished, Notice, Progress, Stage

BAR_WIDTH = 24
REDRAW_S = 0.1


@dataclass(frozen=True, slots=True)
class Amount:
    """How `done` of `total` is said beside a bar, and, where there is none, how much there is in all: "" where
    that says nothing to a person."""

    so_far: Callable[[int, int], str]
    whole: Callable[[int], str] = lambda _: ""


def human_bytes(count: int) -> str:
    """1536 -> "1.5 KB"."""
    size, units = float(count), ("B", "KB", "MB", "GB", "TB")
    for unit in units[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {units[-1]}"


PARTS = Amount(lambda done, total: f"{done}/{total}")
STEPS = Amount(PARTS.so_far, lambda total: counted(total, "step"))
SHARE = Amount(lambda done, total: f"{100 * done // max(total, 1)}%")
BYTES = Amount(lambda done, total: f"{human_bytes(done)}/{human_bytes(total)}", human_bytes)

_AMOUNTS = {
    Stage.CONDITION: SHARE,
    Stage.DENOISE: STEPS,
    Stage.LOAD: SHARE,
    Stage.QUANTIZE: SHARE,
}
_WORDS = {
    Stage.TEXT: "reading the prompt",
    Stage.CONDITION: "reading the pictures",
    Stage.QUANTIZE: "quantising the transformer, this once",
    Stage.LOAD: "loading the transformer",
    Stage.DENOISE: "denoising",
    Stage.DECODE: "decoding",
}


class ProgressBar:
    """One line that is drawn over; where the output is no terminal, one line for each stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_live = stream.isatty()
        self._drawn_s = 0.0
        self._label = ""
        self._width = 0  # of what stands in the line

    def show(self, event: Event) -> None:
        """Says what an event tells a person at a terminal."""
        match event:
            case Progress(stage=stage, step=step, steps=steps, seconds_left=left):
                self.draw(_WORDS[stage], step, steps, _AMOUNTS.get(stage, PARTS), left)
            case Notice(message=message):
                self.say(message)
            case Finished():
                self.say(_summary(event))
            case _:
                pass

    def say(self, message: str) -> None:
        """Writes a line of its own."""
        self.clear()
        self._stream.write(message + "\n")
        self._stream.flush()

    def draw(
        self,
        label: str,
        done: int,
        total: int,
        amount: Amount,
        left_s: float | None = None,
    ) -> None:
        """`done` of `total`, which `amount` says in words, and `left_s` seconds to go."""
        if not self._is_live:
            if label != self._label:
                whole = amount.whole(total)
                self.say(f"{label} ({whole})" if whole else label)
            self._label = label
            return
        now = time.monotonic()
        if label == self._label and done < total and now - self._drawn_s < REDRAW_S:
            return
        self._label, self._drawn_s = label, now
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        rest = "" if left_s is None else f"  {human_seconds(left_s)} left"
        self._draw_over(f"{label} [{bar}] {amount.so_far(done, total)}{rest}")

    def clear(self) -> None:
        """Leaves an empty line where the bar was."""
        if self._width:
            self._draw_over("")
            self._stream.write("\r")
            self._width = 0

    def _draw_over(self, line: str) -> None:
        self._stream.write(f"\r{line:<{self._width}}")
        self._stream.flush()
        self._width = len(line)


def _summary(event: Finished) -> str:
    stages = ", ".join(f"{_WORDS[stage.stage]} {stage.seconds:.1f} s" for stage in event.stages)
    peak = max((stage.peak_ram_bytes for stage in event.stages), default=0)
    return (
        f"{counted(event.frames, 'frame')} of {event.width}x{event.height}, seed {event.seed}, in "
        f"{event.seconds:.1f} s ({stages}; peak memory {human_bytes(peak)})"
    )


def human_seconds(seconds: float) -> str:
    """75 -> "1:15"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
