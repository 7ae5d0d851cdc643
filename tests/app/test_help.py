"""The help: it lists what keys do, and what it lists they do."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.canvas import Canvas
from app.clip_actions import KEYS, ClipAction
from app.help import Help, Section
from app.journal import JobStatus
from app.keys import Binding, press, shown
from app.library_page import LibraryPage
from app.logs_page import LogsPage
from app.pages import Pages
from app.queue_panel import QueuePanel, actions_for
from app.settings import SettingsStore
from app.text import Texts
from app.top_bar import Page
from app.window import Services, Window
from tests.app.conftest import bring_up
from tests.app.kinora_clips import ask, write_clip

EVERY_KEY = [
    key
    for key in Qt.Key
    if Qt.Key.Key_Space <= key <= Qt.Key.Key_AsciiTilde
    or Qt.Key.Key_Escape <= key <= Qt.Key.Key_F35
]
OF_PAGE: dict[type[QObject], Section] = {LibraryPage: Section.LIBRARY, LogsPage: Section.LOGS}
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
]


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, services: Services, tmp_path: Path
) -> Iterator[Window]:
    theme.apply(qapp, theme.Scheme.DARK)
    made = Window(services)
    Pages(made, SettingsStore(tmp_path / "settings.json"), Texts(made))
    bring_up(qtbot, made)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def guide(window: Window) -> Help:
    return window.shortcuts.help


def press_in(qtbot: QtBot, widget: QWidget, keys: str) -> None:
    qtbot.keySequence(widget, QKeySequence(keys))


def listed(guide: Help, section: Section) -> set[str]:
    return {each for keys in guide.rows(section) for each in keys}


def test_it_opens_takes_the_focus_and_gives_it_back(
    qtbot: QtBot, window: Window, guide: Help
) -> None:
    editor = window.create_panel.prompt.editor
    for closes in ("Esc", "F1", "Ctrl+/"):
        press_in(qtbot, editor, "F1")
        assert guide.isVisible()
        assert guide.area.hasFocus()
        press_in(qtbot, guide.area, closes)
        assert not guide.isVisible()
        assert editor.hasFocus()


def test_click_beside_it_closes_it_and_one_on_it_does_not(
    qtbot: QtBot, window: Window, guide: Help
) -> None:
    window.top_bar.help.click()
    qtbot.mouseClick(guide, Qt.MouseButton.LeftButton, pos=guide.rect().center())
    assert guide.isVisible()
    qtbot.mouseClick(guide, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert not guide.isVisible()


def test_nothing_behind_it_takes_keys(qtbot: QtBot, window: Window, guide: Help) -> None:
    guide.toggle()
    for keys in ("F", "F11", "Space", "Ctrl+Return"):
        press_in(qtbot, guide.area, keys)
    assert guide.isVisible()
    assert not window.workspace.is_alone
    for _ in range(2):
        press_in(qtbot, guide.area, "Tab")
        focused = QApplication.focusWidget()
        assert focused is not None
        assert guide.isAncestorOf(focused)


def test_every_shortcut_of_the_window_is_listed(guide: Help, window: Window) -> None:
    """Those of its pages are on the page itself, and theirs alone."""
    bound = {Section.WINDOW: set[str]()}
    for shortcut in window.findChildren(QShortcut):
        section = section_of(shortcut.parent())
        bound.setdefault(section, set()).add(shown(shortcut.key().toString()))
    own = bound.pop(Section.WINDOW)
    assert own == listed(guide, Section.WINDOW) | listed(guide, Section.CREATE)
    assert {"Ctrl+1", "Ctrl+2", "Ctrl+Enter", "F1", "F11"} <= own
    assert bound[Section.LIBRARY] == {"Ctrl+F", "Ctrl+Z"} < listed(guide, Section.LIBRARY)
    assert bound[Section.LOGS] == listed(guide, Section.LOGS)


def section_of(holder: QObject | None) -> Section:
    """By the page that it is in."""
    while holder is not None and type(holder) not in OF_PAGE:
        holder = holder.parent()
    return Section.WINDOW if holder is None else OF_PAGE[type(holder)]


def test_every_shortcut_of_the_window_does_what_is_listed(
    qtbot: QtBot, guide: Help, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    shortcuts, editor = window.shortcuts, window.create_panel.prompt.editor
    for keys, signal in (
        ("Ctrl+1", shortcuts.page_wanted),
        ("Ctrl+Return", shortcuts.making_wanted),
        ("Ctrl+O", shortcuts.opening_wanted),
        ("F11", shortcuts.full_screen_wanted),
    ):
        with qtbot.waitSignal(signal):
            press_in(qtbot, editor, keys)
    assert window.isFullScreen()
    assert window.theatre.canvas.hasFocus()
    press_in(qtbot, window.theatre.canvas, "Esc")
    assert not window.isFullScreen()
    with qtbot.waitSignal(shortcuts.alone_wanted):
        press_in(qtbot, window.theatre.canvas, "F")


def test_keys_that_the_picture_takes_are_those_listed(guide: Help, window: Window) -> None:
    """Every key there is, pressed: none is taken that the help doesn't have, and the other way round."""
    canvas = window.theatre.canvas
    window.theatre.player.load(9, 3.0)
    taken = {shown(keys) for keys in taken_by(canvas)}
    assert taken == listed(guide, Section.PICTURE)


def taken_by(widget: QWidget) -> set[str]:
    """Without those that do with Shift what they do without it."""
    found = set[str]()
    for modifier in MODIFIERS:
        for key in EVERY_KEY:
            event = QKeyEvent(QEvent.Type.KeyPress, key, modifier)
            event.accept()
            widget.keyPressEvent(event)
            name = QKeySequence(modifier.value | key).toString()
            if event.isAccepted() and not _is_spare(name):
                found.add(name)
    return found


def _is_spare(name: str) -> bool:
    """Shift makes a difference to the arrows alone."""
    return name.startswith("Shift+") and name not in ("Shift+Left", "Shift+Right")


def test_keys_of_the_queue_do_what_is_listed(
    qtbot: QtBot, guide: Help, window: Window, services: Services
) -> None:
    services.jobs.add([ask("a fox")])
    (job,) = services.jobs.jobs
    queue, asked = window.queue, list[object]()
    queue.act_wanted.disconnect()
    queue.act_wanted.connect(lambda action, _: asked.append(action))
    for status in JobStatus:
        services.jobs.put(replace(job, status=status, path=__file__), save=False)
        for keys in (binding.keys[0] for binding in queue.bindings()):
            press_in(qtbot, queue.list, keys)
        asked_now, asked[:] = list(asked), []
        assert set(asked_now) >= set(actions_for(services.jobs.jobs[0]))
    assert listed(guide, Section.QUEUE) == {shown(b.keys[0]) for b in queue.bindings()}


def test_keys_of_the_library_do_what_is_listed(
    qtbot: QtBot, guide: Help, window: Window, services: Services, tmp_path: Path
) -> None:
    library = window.library
    window.keeping.keep(write_clip(tmp_path / "a.mp4", ask("a fox")), ask("a fox"))
    window.show_page(Page.LIBRARY)
    library.act_wanted.disconnect()
    asked: list[object] = []
    library.act_wanted.connect(lambda action, _: asked.append(action))
    for keys in (binding.keys[0] for binding in library.bindings()):
        press_in(qtbot, library.grid, keys)
    assert set(asked) == {*ClipAction} - {ClipAction.RESTORE}  # of what is in the trash
    assert library.search.hasFocus()
    assert {shown(keys) for keys in KEYS.values()} < listed(guide, Section.LIBRARY)


def test_keys_in_the_tips_are_bound(guide: Help, window: Window) -> None:
    tips = {widget.toolTip() for widget in window.findChildren(QWidget)}
    tipped = {tip.rpartition("  (")[2].rstrip(")") for tip in tips if "  (" in tip}
    assert len(tipped) >= 30
    assert tipped <= set[str]().union(*(listed(guide, section) for section in Section))


def test_picture_is_compared_saved_and_exported_by_keys(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    clip, theatre = write_clip(tmp_path / "a.mp4", ask(), frames=5), window.theatre
    window.saving.stop()
    theatre.frame_wanted.disconnect()
    theatre.export_wanted.disconnect()
    for keys in ("S", "E", "C"):
        press_in(qtbot, theatre.canvas, keys)  # nothing is there yet, and nothing happens
    theatre.open(clip)
    qtbot.waitUntil(lambda: theatre.path == clip)
    with qtbot.waitSignal(theatre.frame_wanted):
        press_in(qtbot, theatre.canvas, "S")
    with qtbot.waitSignal(theatre.export_wanted):
        press_in(qtbot, theatre.canvas, "E")
    theatre.compare_with(clip)
    qtbot.waitUntil(lambda: theatre.canvas.other is not None)
    press_in(qtbot, theatre.canvas, "C")
    assert theatre.canvas.other is None


def test_all_of_it_can_be_reached_in_the_smallest_window(
    qtbot: QtBot, window: Window, guide: Help
) -> None:
    guide.toggle()
    window.resize(960, 560)
    qtbot.waitUntil(lambda: guide.size() == window.size())
    content = guide.area.widget()
    assert content is not None
    assert content.width() <= guide.area.viewport().width()
    bar = guide.area.verticalScrollBar()
    assert content.height() - bar.maximum() <= guide.area.viewport().height()
    press_in(qtbot, guide.area, "PgDown")
    assert bar.value() > 0


def test_it_is_read_aloud_and_follows_the_language(
    window: Window, guide: Help, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide.toggle()
    assert "Zoom in: +, =" in guide.area.accessibleDescription()
    for kind in (Help, Canvas, QueuePanel):
        monkeypatch.setattr(kind, "tr", lambda _, text: text.upper())
    QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    assert guide.title.text() == "KEYBOARD SHORTCUTS"
    assert "ZOOM IN: +, =" in guide.area.accessibleDescription()
    assert "PAUSE / GO ON" in {label.text() for label in guide.findChildren(QLabel)}


def test_shift_counts_where_it_is_bound() -> None:
    done: list[str] = []
    bindings = [
        Binding(("Left",), "", lambda: done.append("frame")),
        Binding(("Shift+Left",), "", lambda: done.append("second")),
        Binding(("+",), "", lambda: done.append("zoom")),
    ]
    shift, keypad = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
    for key, modifiers in (
        (Qt.Key.Key_Left, keypad),
        (Qt.Key.Key_Left, shift),
        (Qt.Key.Key_Plus, shift),
    ):
        assert press(bindings, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))
    assert done == ["frame", "second", "zoom"]
    control = Qt.KeyboardModifier.ControlModifier
    assert not press(bindings, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Left, control))


@pytest.mark.parametrize(
    ("keys", "text"),
    [("Shift+Left", "Shift+←"), ("Ctrl+Return", "Ctrl+Enter"), ("+", "+"), ("Ctrl++", "Ctrl++")],
)
def test_keys_as_they_are_read(keys: str, text: str) -> None:
    assert shown(keys) == text
