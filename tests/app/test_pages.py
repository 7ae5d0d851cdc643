"""The window with all its pages: the settings reach what they are for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.clips import Clips
from app.jobs import Jobs
from app.pages import Pages
from app.settings import Language, SettingsStore, Theme
from app.text import Texts
from app.top_bar import Page
from app.window import Services, Window
from inference.api.messages import Command, Generate
from tests.app.conftest import PATIENCE_MS, MakeEngine


class Case:
    """A window with a scripted worker, and what is around it. `sent` are the commands to the worker."""

    def __init__(self, make_engine: MakeEngine, folder: Path) -> None:
        self.store = SettingsStore(folder / "settings.json")
        self.store.update(theme=Theme.DARK, output_folder=str(folder / "clips"))
        self.engine = make_engine()
        self.sent = list[Command]()
        send = self.engine.send
        self.engine.send = lambda command: (self.sent.append(command), send(command))[1]
        self.jobs = Jobs(self.engine, lambda: self.store.values.naming, folder / "jobs")
        self.window = Window(Services(self.engine, self.jobs, Clips(folder), folder))
        self.texts = Texts(self.window)
        self.pages = Pages(self.window, self.store, self.texts)
        self.window.show()


@pytest.fixture
def case(
    qtbot: QtBot, qapp: QApplication, make_engine: MakeEngine, tmp_path: Path
) -> Iterator[Case]:
    made = Case(make_engine, tmp_path)
    yield made
    made.texts.use(Language.ENGLISH)
    made.window.close()
    made.window.deleteLater()
    theme.apply(qapp, theme.Scheme.DARK)


def test_memory_budget_reaches_the_worker_and_the_forecast(qtbot: QtBot, case: Case) -> None:
    case.window.start()
    qtbot.waitUntil(lambda: case.jobs.device is not None, timeout=PATIENCE_MS)
    case.store.update(memory_budget_gb=5.0)
    device = case.jobs.device
    assert device is not None
    assert device.total_bytes == 5 << 30
    case.window.draft.set_prompt("a fox")
    assert "of 5.0 GB on the card" in case.window.create_panel.forecast.details.text()
    with qtbot.waitSignal(case.jobs.finished, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    (generate,) = [command for command in case.sent if isinstance(command, Generate)]
    assert generate.vram_bytes == 5 << 30
    assert Path(generate.output).parent == Path(case.store.values.output_folder)


def test_theme_and_language_are_switched_live(qtbot: QtBot, case: Case) -> None:
    case.window.top_bar.theme.click()
    assert case.store.values.theme is Theme.LIGHT
    assert theme.current() == theme.tokens(theme.Scheme.LIGHT)
    case.pages.settings.language.setCurrentIndex(2)
    case.pages.settings.language.activated.emit(2)
    assert case.texts.language is Language.CHINESE


def test_settings_that_can_not_be_kept_are_told(case: Case, tmp_path: Path) -> None:
    (tmp_path / "settings.json").unlink()
    (tmp_path / "settings.json").mkdir()
    case.window.top_bar.theme.click()
    assert "can't be kept" in case.window.messages.text.text()


def test_finished_clip_is_told_to_who_looks_elsewhere(
    qtbot: QtBot, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr("app.notifier.LONG_S", 0.0)
    case.pages.notifier._show = lambda title, text: shown.append((title, text))
    case.window.hide()
    case.window.start()
    case.window.draft.set_prompt("a fox")
    with qtbot.waitSignal(case.jobs.finished, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    case.window.draft.set_prompt("refuse")
    with qtbot.waitSignal(case.jobs.failed, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    assert shown == [
        ("A clip is done", "a fox"),
        ("A clip came to nothing", "The folder can't be written to."),
    ]


def test_doctor_looks_at_the_folder_that_is_set(qtbot: QtBot, case: Case, tmp_path: Path) -> None:
    case.window.start()
    case.store.update(output_folder=str(tmp_path / "closed"))
    case.window.top_bar.tabs[Page.DOCTOR].click()
    assert case.pages.doctor.isVisible()
    qtbot.waitUntil(lambda: len(case.pages.doctor.rows) > 0, timeout=PATIENCE_MS)
    assert str(tmp_path / "closed") in case.pages.doctor.rows[0].found.text()
