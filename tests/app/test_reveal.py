"""Show in folder, where there is no file manager that can be asked for more."""

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from app.reveal import Reveal
from tests.app.conftest import PATIENCE_MS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Explorer can't be replaced")


@pytest.fixture(autouse=True)
def _no_session_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")


def test_folder_is_opened(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    reveal = Reveal()
    reveal.show(tmp_path / "a 狐.mp4")
    qtbot.waitUntil(lambda: opened == [str(tmp_path)], timeout=PATIENCE_MS)


def test_lack_of_a_file_manager_is_said_with_the_path(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    reveal = Reveal()
    said: list[str] = []
    reveal.failed.connect(said.append)
    reveal.show(tmp_path / "a.mp4")
    qtbot.waitUntil(lambda: len(said) == 1, timeout=PATIENCE_MS)
    assert str(tmp_path / "a.mp4") in said[0]
