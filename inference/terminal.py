"""What the command line shows while it works."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from inference.api.messages import Event, Finished, Notice, Progress, Stage

BAR_WIDTH = 24
REDRAW_S = 0.1

_WORDS = {
    Stage.TEXT: "reading the prompt",
    Stage.DENOISE: "denoising",
    Stage.DECODE: "decoding",
}


class ProgressBar:
    """One line that is drawn over; where the output is no terminal, one line for each stage."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._drawn = 0.0
        self._label = ""

    def show(self, event: Event) -> None:
        """Says what an event tells a person at a terminal."""
        match event:
            case Progress(stage=stage, step=step, steps=steps, seconds_left=left):
                words = _WORDS[stage]
                self.draw(words, step, steps, str, left)
            case Notice(message=message):
                self._clear()
                self._stream.write(message + "\n")
            case Finished():
                self._clear()
                stages = ", ".join(f"{_WORDS[s.stage]} {s.seconds:.1f} s" for s in event.stages)
                peak = human_bytes(max(s.peak_ram_bytes for s in event.stages))
                self._stream.write(
                    f"{event.frames} frames of {event.width}x{event.height}, seed {event.seed}, in "
                    f"{event.seconds:.1f} s ({stages}; peak memory {peak})\n"
                )
            case _:
                pass

    def draw(
        self,
        label: str,
        done: int,
        total: int,
        unit: Callable[[int], str],
        left: float | None = None,
    ) -> None:
        """`done` of `total`, in words that `unit` makes of numbers; `left` in seconds."""
        if not self._live:
            if label != self._label:
                self._stream.write(f"{label} ({unit(total)})\n")
            self._label = label
            return
        now = time.monotonic()
        if label == self._label and done < total and now - self._drawn < REDRAW_S:
            return
        self._label, self._drawn = label, now
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        rest = "" if left is None else f"  {human_seconds(left)} left"
        self._stream.write(f"\r\x1b[K{label} [{bar}] {unit(done)}/{unit(total)}{rest}")
        self._stream.flush()

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")


def human_bytes(count: int) -> str:
    """1536 -> "1.5 KB"."""
    size, units = float(count), ("B", "KB", "MB", "GB", "TB")
    for unit in units[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {units[-1]}"


def human_seconds(seconds: float) -> str:
    """75 -> "1:15"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
