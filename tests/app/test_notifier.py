"""Who is told of work that ended: those who went away from long work, and want to be told."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.notifier import LONG_S, Notifier
from tests.app.conftest import bring_up


class Case:
    """A notifier, its clock, and what it showed."""

    def __init__(self, qtbot: QtBot) -> None:
        self.now, self.shown = 0.0, list[tuple[str, str]]()
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.notifier = Notifier(self.window, self.show, lambda: self.now)

    def show(self, title: str, text: str) -> None:
        self.shown.append((title, text))


@pytest.fixture
def case(qtbot: QtBot) -> Case:
    return Case(qtbot)


def test_long_work_is_told_once(case: Case) -> None:
    case.notifier.begin("a")
    case.now = 20.0
    case.notifier.begin("a")  # it still goes on
    case.now = LONG_S
    case.notifier.end("a", "Done", "a fox")
    case.notifier.end("a", "Done", "a fox")
    assert case.shown == [("Done", "a fox")]


def test_short_and_forgotten_work_is_not(case: Case) -> None:
    case.notifier.begin("short")
    case.notifier.begin("paused")
    case.now = LONG_S - 1
    case.notifier.end("short", "Done", "")
    case.notifier.forget("paused")
    case.now = 1000.0
    case.notifier.end("paused", "Done", "")
    assert case.shown == []


def test_nothing_is_told_where_it_is_not_wanted(case: Case) -> None:
    case.notifier.begin("a")
    case.notifier.enabled, case.now = False, 100.0
    case.notifier.end("a", "Done", "")
    assert case.shown == []


def test_nothing_is_told_to_who_looks(qtbot: QtBot, case: Case) -> None:
    bring_up(qtbot, case.window)
    case.notifier.begin("a")
    case.now = 100.0
    case.notifier.end("a", "Done", "")
    assert case.shown == []


@pytest.mark.posix
def test_linux_desktop_is_asked(
    qtbot: QtBot, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, heard = tmp_path / "notify-send", tmp_path / "heard"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {heard}.new\nmv {heard}.new {heard}\n')
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
    notifier = Notifier(case.window, clock=lambda: case.now)
    notifier.begin("a")
    case.now = 100.0
    notifier.end("a", "A clip is done", "-- a fox")
    qtbot.waitUntil(heard.exists)
    assert heard.read_text().endswith("|--|A clip is done|-- a fox|")
