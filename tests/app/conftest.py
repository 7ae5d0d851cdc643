"""What the tests of the window share: a display of their own, unless one is given, and a worker."""

import os
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.clips import Clips
from app.engine import Engine
from app.jobs import Jobs
from app.names import Naming
from app.window import Services

# Read when the first application is made. CONTRIBUTING.md says how they run on a display of X.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))
PATIENCE_MS = 60_000  # for a machine that is busy with other things

MakeEngine = Callable[..., Engine]


def bring_up(qtbot: QtBot, window: QWidget) -> None:
    """Shows it, and waits until it takes keys: a display gives the focus to one window, and not at once."""
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
        window.activateWindow()


def picture_of(widget: QWidget) -> QImage:
    """What it draws, a pixel of it to each of its own, however fine those of the display are."""
    picture = QImage(widget.size(), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)  # where it lets through what is behind it
    widget.render(picture)
    return picture


def hover(qtbot: QtBot, widget: QWidget, place: QPoint, until: Callable[[], bool]) -> None:
    """The mouse moves there a little: it would miss a window that its manager puts elsewhere meanwhile."""
    places = cycle([place + QPoint(1, 0), place])

    def is_noticed() -> bool:
        QTest.mouseMove(widget, next(places))
        return until()

    qtbot.waitUntil(is_noticed, timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what the program keeps for itself, fresh for each test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KINORA_DATA", str(folder))
    return folder


@pytest.fixture
def make_engine(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeEngine]:
    """Engines of the scripted worker (see fake_worker.py), or of the given arguments."""
    engines: list[Engine] = []

    def make(*arguments: str) -> Engine:
        engine = Engine(list(arguments) or [FAKE_WORKER], tmp_path / "logs" / "engine.log")
        engine.restart_delays_ms = (0, 1, 1)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.stop()
        engine.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def services(qtbot: QtBot, tmp_path: Path) -> Iterator[Services]:
    """What a window works with: an engine that nobody has started, and everything in `tmp_path`."""
    engine = Engine(log=tmp_path / "engine.log")
    jobs = Jobs(engine, lambda: Naming(tmp_path / "clips"), tmp_path / "jobs")
    yield Services(engine, jobs, Clips(tmp_path), tmp_path)
    engine.stop()
