"""The page of logs: what it shows of them, and that a report is read before it is written."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from app.engine import Engine, log_folder
from app.log_view import Finder, LogView
from app.logs_page import LogsPage
from app.message import MessageLevel
from app.report import Facts
from app.settings import Settings
from inference.api.device import DeviceInfo
from tests.app.conftest import bring_up
from tests.app.kinora_clips import ask

Said = list[tuple[MessageLevel, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "window.log").write_text("first fault\nsecond fault\nthird one\n")
    (tmp_path / "engine.log").write_text(f"made of a secret fox in {Path.home()}/films\n")
    return tmp_path


@pytest.fixture
def page(qtbot: QtBot, folder: Path) -> LogsPage:
    facts = Facts(DeviceInfo("a card"), Settings(), [ask("a secret fox")])
    made = LogsPage(folder, lambda: facts)
    qtbot.addWidget(made)
    made.resize(1000, 500)
    bring_up(qtbot, made)
    return made


@pytest.fixture
def said(page: LogsPage) -> Said:
    heard: Said = []
    page.said.connect(lambda level, text: heard.append((level, text)))
    return heard


def write(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def choose(monkeypatch: pytest.MonkeyPatch, target: Path | str) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))


def test_it_shows_each_log(page: LogsPage) -> None:
    assert page.view.toPlainText().startswith("first fault")
    page.kinds.buttons[1].click()
    assert "secret fox" in page.view.toPlainText()  # this is the user's own machine
    page.kinds.buttons[2].click()
    assert page.view.toPlainText() == ""
    assert page.view.placeholderText() == "Nothing was written here yet."


def test_it_follows_what_is_written_while_it_is_seen(
    qtbot: QtBot, page: LogsPage, folder: Path
) -> None:
    assert page.view.timer.isActive()
    write(folder / "window.log", "new 行\n")
    qtbot.waitUntil(lambda: page.view.toPlainText().endswith("new 行\n"))
    page.hide()
    assert not page.view.timer.isActive()
    write(folder / "window.log", "in the dark\n")
    page.show()
    assert page.view.toPlainText().endswith("in the dark\n")
    page.make_report.click()
    assert not page.view.timer.isActive()


def test_it_stays_at_the_end_and_where_one_reads(page: LogsPage, folder: Path) -> None:
    log, bar = folder / "window.log", page.view.verticalScrollBar()
    write(log, "line\n" * 200)
    page.view.read()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(7)
    write(log, "line\n" * 50)
    page.view.read()
    assert bar.value() == 7


def test_log_that_is_replaced_is_shown_anew(page: LogsPage, folder: Path) -> None:
    (folder / "window.log").rename(folder / "window.log.1")
    (folder / "window.log").write_text("begun again\n")
    page.view.read()
    assert page.view.toPlainText() == "begun again\n"


def test_log_that_cannot_be_read_says_so_until_it_can(page: LogsPage, folder: Path) -> None:
    log = folder / "window.log"
    log.unlink()
    log.mkdir()
    page.view.read()
    assert page.view.toPlainText() == ""
    assert "can't be read (" in page.view.placeholderText()
    log.rmdir()
    log.write_text("back\n")
    page.view.read()
    assert page.view.toPlainText() == "back\n"


def test_words_are_found_onwards_and_back_around_the_end(qtbot: QtBot, page: LogsPage) -> None:
    finder, cursor = page.finder, page.view.textCursor
    qtbot.keySequence(page.view, QKeySequence("Ctrl+F"))
    assert finder.words.hasFocus()
    qtbot.keyClicks(finder.words, "FAULT")
    assert finder.count.text() == "2 found"
    assert (cursor().selectedText(), cursor().blockNumber()) == ("fault", 0)
    qtbot.keyClick(finder.words, Qt.Key.Key_Return)
    assert cursor().blockNumber() == 1
    qtbot.keySequence(page.view, QKeySequence("F3"))
    assert cursor().blockNumber() == 0
    qtbot.keySequence(page.view, QKeySequence("Shift+F3"))
    assert cursor().blockNumber() == 1
    qtbot.keyClick(finder.words, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert cursor().blockNumber() == 0
    qtbot.keyClicks(finder.words, "!")
    assert finder.count.text() == "0 found"
    assert not finder.on.isEnabled()
    qtbot.keyClick(finder.words, Qt.Key.Key_Escape)
    assert finder.count.text() == ""
    assert page.view.hasFocus()


def test_what_is_found_is_counted_as_the_log_grows(page: LogsPage, folder: Path) -> None:
    page.finder.words.setText("fault")
    write(folder / "window.log", "fault\n")
    page.view.read()
    assert page.finder.count.text() == "3 found"
    page.kinds.buttons[1].click()
    assert page.finder.count.text() == "0 found"


def test_selection_or_all_is_copied(page: LogsPage, said: Said) -> None:
    clipboard = QGuiApplication.clipboard()
    page.copy.click()
    assert clipboard.text() == "first fault\nsecond fault\nthird one\n"
    page.finder.words.setText("second fault")
    page.copy.click()
    assert clipboard.text() == "second fault"
    assert said == [(MessageLevel.GOOD, "Copied.")] * 2


def test_folder_is_opened(
    page: LogsPage, folder: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(opened.append(Path(url.toLocalFile())))
    )
    page.open.click()
    assert opened == [folder]
    assert said == [
        (MessageLevel.PROBLEM, f"No file manager could be opened; the logs are in {folder}.")
    ]


def test_report_is_shown_before_it_is_written_and_is_what_was_shown(
    page: LogsPage, folder: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(folder.iterdir())
    page.make_report.click()
    assert page.report.isVisible()
    shown = page.report.paper.toPlainText()
    assert "a card" in shown
    assert "second fault" in shown
    assert "made of <prompt>" in shown
    assert "secret fox" not in shown
    assert str(Path.home()) not in shown
    assert set(folder.iterdir()) == before
    write(folder / "window.log", "after it was read\n")
    choose(monkeypatch, folder / "report")
    page.report.save.click()
    assert (folder / "report.txt").read_text(encoding="utf-8") == shown
    assert said == [(MessageLevel.GOOD, f"Saved as {folder / 'report.txt'}.")]
    assert page.view.isVisible()


def test_report_that_cannot_be_saved_is_kept_to_be_saved_elsewhere(
    page: LogsPage, folder: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.make_report.click()
    choose(monkeypatch, "")
    page.report.save.click()
    assert said == []
    choose(monkeypatch, folder / "missing" / "report.txt")
    page.report.save.click()
    assert said[0][0] is MessageLevel.PROBLEM
    assert "choose another place" in said[0][1]
    assert page.report.isVisible()


def test_report_is_copied_and_left_with_escape(qtbot: QtBot, page: LogsPage, said: Said) -> None:
    page.make_report.click()
    assert page.report.paper.hasFocus()
    page.report.copy.click()
    assert QGuiApplication.clipboard().text() == page.report.report
    qtbot.keyClick(page.report.paper, Qt.Key.Key_Escape)
    assert page.view.isVisible()
    assert page.make_report.hasFocus()


def test_logs_that_cannot_be_read_make_no_report(page: LogsPage, folder: Path, said: Said) -> None:
    (folder / "crash.log").mkdir()
    page.make_report.click()
    assert not page.report.isVisible()
    assert said[0][0] is MessageLevel.PROBLEM


def test_the_engines_log_is_where_the_page_looks(qtbot: QtBot) -> None:
    """Written by a worker that only complains."""
    engine = Engine(["-c", "import sys; sys.stderr.write('no card\\n'); sys.stdin.read()"])
    page = LogsPage(log_folder(), lambda: Facts(None, Settings()))
    qtbot.addWidget(page)
    page.show_log(1)
    page.show()
    try:
        engine.start()
        qtbot.waitUntil(lambda: "no card" in page.view.toPlainText(), timeout=30_000)
    finally:
        engine.stop()
        engine.deleteLater()


def test_everything_has_a_name_and_is_renamed(
    page: LogsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.make_report.click()
    for widget in [*page.findChildren(QToolButton), page.view, page.report.paper]:
        inside_field = isinstance(widget.parent(), QLineEdit)  # Qt's own
        assert inside_field or widget.accessibleName()
    for kind in (LogsPage, Finder, LogView):
        monkeypatch.setattr(kind, "tr", lambda _, text, *__: text.upper())
    QApplication.sendEvent(page, QEvent(QEvent.Type.LanguageChange))
    assert page.make_report.text() == "SAVE REPORT…"
    assert page.kinds.buttons[1].text() == "ENGINE"
    assert page.finder.words.placeholderText() == "FIND IN THIS LOG"
