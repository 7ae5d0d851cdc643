"""Measures the window, for docs/benchmarks.md: `PYTHONPATH=. .venv/bin/python -m tests.app.figures`.

Needs a display (`xvfb-run`), or QT_QPA_PLATFORM=offscreen. Linux.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.__main__ import make_application, make_window
from app.engine import EngineState
from app.journal import JobStatus
from app.settings import SettingsStore
from app.text import Texts
from app.window import Window
from inference.api.messages import Stage
from inference.api.models import ROOT
from tests.app import numbered_clips

STARTS, SEEKS, CANCELS = 5, 200, 5
CLIP, CLIP_FRAMES = (832, 480), 81
PATIENCE_S = 300.0
TURN_MS = 10  # of the timer that shows how the event loop keeps up


class Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        self.count += event.type() is QEvent.Type.Paint
        return False


def main() -> None:
    """Prints a row of the table for each figure; with an argument, what a process of its own measures."""
    with tempfile.TemporaryDirectory(prefix="kinora-") as name:
        folder = Path(name)
        match sys.argv[1:]:
            case ["start"]:
                _start(folder)
            case ["memory", clip]:
                _memory(folder, Path(clip))
            case _:
                _table(folder)


def _table(folder: Path) -> None:
    starts = [_start_seconds() for _ in range(STARTS)]
    _row("start to a window that takes input", f"{_spread(starts)} s")
    clip = numbered_clips.write_clip(folder / "clip.mp4", CLIP_FRAMES, size=CLIP)
    memory = int(_in_own_process("memory", str(clip)))
    _row(
        f"memory of the window's process, a clip of {CLIP[0]}x{CLIP[1]}x{CLIP_FRAMES} open",
        f"{memory / 2**20:.0f} MB",
    )
    window = _open(folder)
    _seek_rows(window, clip)
    _sampling_rows(window)
    window.close()


def _row(what: str, figure: str) -> None:
    sys.stdout.write(f"| {what} | {figure} |\n")
    sys.stdout.flush()


def _spread(values: list[float], digits: int = 2) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _open(folder: Path) -> Window:
    if QApplication.instance() is None:
        make_application()
    settings = SettingsStore(folder / "settings.json")
    settings.update(output_folder=str(folder / "clips"))
    window = make_window(settings, Texts(), folder)
    window.show()
    window.start()
    return window


def _wait(condition: Callable[[], bool]) -> float:
    """Runs the event loop until `condition` holds; the seconds it took."""
    began = time.perf_counter()
    while not condition():
        QApplication.processEvents()
        time.sleep(0.0005)
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError("the window was waited for in vain")
    return time.perf_counter() - began


def _in_own_process(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.app.figures", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _start_seconds() -> float:
    began = time.time()
    return float(_in_own_process("start")) - began


def _start(folder: Path) -> None:
    """Prints when the window was painted and had taken a key."""
    window = _open(folder)
    paints = Paints()
    window.theatre.canvas.installEventFilter(paints)
    _wait(lambda: paints.count > 0)
    window.create_panel.prompt.editor.insertPlainText("a")
    _wait(lambda: window.draft.prompt == "a")
    sys.stdout.write(f"{time.time()}\n")
    window.close()


def _memory(folder: Path, clip: Path) -> None:
    """Prints what the process holds with that clip open, in bytes."""
    window = _open(folder)
    _show(window, clip)
    status = Path("/proc/self/status").read_text("utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    sys.stdout.write(f"{int(resident.split()[1]) * 1024}\n")
    window.close()


def _show(window: Window, clip: Path) -> None:
    """Opens the clip and waits until all of its frames are in memory."""
    theatre = window.theatre
    theatre.open(clip, play=False)
    _wait(lambda: theatre.path == clip)
    film = theatre.canvas.film
    assert film is not None
    _wait(lambda: all(film.frame(index) is not None for index in range(film.count)))


def _seek_rows(window: Window, clip: Path) -> None:
    _show(window, clip)
    player, canvas = window.theatre.player, window.theatre.canvas
    chance, times, exact = random.Random(0), list[float](), 0
    for _ in range(SEEKS):
        wanted = chance.randrange(CLIP_FRAMES)
        began = time.perf_counter()
        player.seek(wanted)
        canvas.repaint()
        times.append(1000 * (time.perf_counter() - began))
        exact += numbered_clips.number_of(canvas.shown_image()) == wanted
    _row("seek to a frame and paint it", f"{_spread(times, 1)} ms")
    _row("seeks that showed the very frame", f"{exact} of {SEEKS}")


def _sampling_rows(window: Window) -> None:
    """The model that ships makes clips; the timer's turns tell how the window keeps up meanwhile."""
    services, panel = window.services, window.create_panel
    jobs = services.jobs
    _wait(lambda: services.engine.state is EngineState.READY and panel.model.count() > 0)
    panel.prompt.editor.setPlainText("a red circle moves right in the sky")
    window.draft.choose(steps=60)
    gaps, stops, rates = list[float](), list[float](), list[float]()
    clock, turns = QElapsedTimer(), QTimer()
    turns.timeout.connect(lambda: gaps.append(clock.restart()))
    paints = Paints()
    window.theatre.canvas.installEventFilter(paints)
    for _ in range(CANCELS):
        panel.submit()
        job = jobs.jobs[-1]
        _wait(lambda job=job: jobs.job(job.id).stage is Stage.DENOISE and jobs.job(job.id).step > 3)
        clock.start()
        turns.start(TURN_MS)
        began, painted = time.perf_counter(), paints.count
        _wait(lambda began=began: time.perf_counter() - began > 2.0)
        turns.stop()
        rates.append((paints.count - painted) / (time.perf_counter() - began))
        jobs.cancel(job.id)
        stops.append(_wait(lambda job=job: jobs.job(job.id).status is JobStatus.CANCELLED))
    mean = 1000 / statistics.mean(gaps)
    _row("turns of the event loop while sampling", f"{mean:.0f} a second of {1000 // TURN_MS}")
    _row("longest pause between two of them", f"{max(gaps):.0f} ms")
    _row("paints of the picture while the preview plays", f"{statistics.mean(rates):.0f} a second")
    _row("cancel to idle", f"{_spread(stops)} s")


if __name__ == "__main__":
    main()
