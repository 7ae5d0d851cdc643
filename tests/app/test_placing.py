"""The places of the window and its docks: kept, and not taken from a layout of another version."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from app.placing import SIZE, SMALLEST, Placing
from app.workspace import Workspace


class Placed:
    """A window, its docks, and what keeps their places in `file`."""

    def __init__(self, qtbot: QtBot, file: Path) -> None:
        self.window, self.workspace = QMainWindow(), Workspace(QWidget(), QWidget(), QWidget())
        self.window.setCentralWidget(self.workspace)
        qtbot.addWidget(self.window)
        store = QSettings(str(file), QSettings.Format.IniFormat)
        self.placing = Placing(self.window, self.workspace, store)
        self.placing.restore()


@pytest.fixture
def file(qtbot: QtBot, tmp_path: Path) -> Path:
    """As it was left by a small window without a queue."""
    left = Placed(qtbot, tmp_path / "window.ini")
    left.window.resize(SMALLEST)
    left.workspace.queue_dock.hide()
    left.placing.save()
    return tmp_path / "window.ini"


def test_places_are_as_they_were_left(qtbot: QtBot, file: Path) -> None:
    again = Placed(qtbot, file)
    assert again.workspace.queue_dock.isHidden()
    assert not again.workspace.create_dock.isHidden()
    assert again.window.size() == SMALLEST


def test_window_is_no_larger_than_its_screen_at_first(qtbot: QtBot, tmp_path: Path) -> None:
    window = Placed(qtbot, tmp_path / "window.ini").window
    room = window.screen().availableSize()  # 800 x 800 unless a display is given
    assert window.width() == max(min(SIZE.width(), room.width()), SMALLEST.width())
    assert window.height() < max(room.height(), SMALLEST.height() + 1)


def test_layout_of_another_version_is_left_alone(qtbot: QtBot, file: Path) -> None:
    QSettings(str(file), QSettings.Format.IniFormat).setValue("version", "0")
    again = Placed(qtbot, file)
    assert not again.workspace.queue_dock.isHidden()
