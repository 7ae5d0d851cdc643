"""The settings page: what it takes over, what it refuses and says, and in which language."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.names import DEFAULT_PATTERN
from app.settings import Language, Settings, SettingsStore, Theme
from app.settings_page import SettingsPage
from inference.api.device import DeviceInfo
from tests.app.conftest import bring_up


@pytest.fixture
def store(qtbot: QtBot, tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


@pytest.fixture
def page(qtbot: QtBot, store: SettingsStore) -> SettingsPage:
    made = SettingsPage(store)
    qtbot.addWidget(made)
    made.resize(900, 700)
    bring_up(qtbot, made)
    return made


def test_every_setting_is_changed_by_its_field(
    qtbot: QtBot, page: SettingsPage, store: SettingsStore, tmp_path: Path
) -> None:
    qtbot.keyClicks(page.folder, str(tmp_path))
    qtbot.keyClick(page.folder, Qt.Key.Key_Return)
    page.pattern.setText("{prompt}")
    qtbot.keyClick(page.pattern, Qt.Key.Key_Return)
    page.budget.setValue(6.5)
    page.theme.buttons[2].click()
    page.language.setFocus()
    qtbot.keyClick(page.language, Qt.Key.Key_Down)
    page.notifications.click()
    page.mirror.setText(" https://hf-mirror.com ")
    qtbot.keyClick(page.mirror, Qt.Key.Key_Return)
    assert store.values == Settings(
        output_folder=str(tmp_path),
        name_pattern="{prompt}",
        memory_budget_gb=6.5,
        theme=Theme.LIGHT,
        language=Language.ENGLISH,
        notifications=False,
        mirror="https://hf-mirror.com",
    )
    assert store.values.vram_bytes == 6_979_321_856


def test_page_opens_with_what_is_set_and_finds_no_fault(page: SettingsPage) -> None:
    assert page.pattern.text() == DEFAULT_PATTERN
    assert not any(setting.fault.text() for setting in page.settings.values())


def test_page_shows_what_is_set_elsewhere(
    page: SettingsPage, store: SettingsStore, tmp_path: Path
) -> None:
    store.update(theme=Theme.DARK, memory_budget_gb=4.0, output_folder=str(tmp_path))
    assert page.theme.buttons[1].isChecked()
    assert page.budget.value() == 4.0
    assert page.folder.text() == str(tmp_path)


def test_bad_value_is_said_beside_its_field_and_can_be_put_right(
    qtbot: QtBot, page: SettingsPage, store: SettingsStore
) -> None:
    page.mirror.setText("hf-mirror.com")
    qtbot.keyClick(page.mirror, Qt.Key.Key_Return)
    fault = page.settings["mirror"].fault
    assert fault.isVisible()
    assert "begins with https://" in fault.text()
    assert page.mirror.text() == "hf-mirror.com"
    assert store.values == Settings()
    page.mirror.setText("https://hf-mirror.com")
    qtbot.keyClick(page.mirror, Qt.Key.Key_Return)
    assert not fault.isVisible()
    assert store.values.mirror == "https://hf-mirror.com"


def test_one_bad_value_does_not_lose_another_that_is_being_typed(
    qtbot: QtBot, page: SettingsPage
) -> None:
    page.mirror.setText("hf-mirror.com")
    qtbot.keyClick(page.mirror, Qt.Key.Key_Return)
    page.notifications.click()
    assert page.mirror.text() == "hf-mirror.com"
    assert page.settings["mirror"].fault.isVisible()


def test_name_is_shown_while_its_pattern_is_typed(qtbot: QtBot, page: SettingsPage) -> None:
    setting = page.settings["name_pattern"]
    page.pattern.setText("{seed}-{model}")
    assert setting.hint.text() == "For example: 1234-demo.mp4"
    page.pattern.setText("{colour}")
    assert "{colour}" in setting.fault.text()
    assert not setting.hint.isVisible()


def test_part_is_put_where_the_cursor_is(page: SettingsPage, store: SettingsStore) -> None:
    page.pattern.setText("a b")
    page.pattern.setCursorPosition(2)
    page.parts[-1].click()
    assert store.values.name_pattern == "a {size}b"


def test_folder_is_chosen(
    page: SettingsPage, store: SettingsStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    page.choose.click()
    assert store.values.output_folder == page.folder.text() == str(tmp_path)


def test_budget_is_explained_by_the_card_there_is(page: SettingsPage) -> None:
    assert "none in use" in page.settings["memory_budget_gb"].hint.text()
    page.show_device(DeviceInfo("RTX 4060", 8 << 30))
    assert "8.0 GB of RTX 4060" in page.settings["memory_budget_gb"].hint.text()
    assert page.budget.text() == "All that is free"


def test_change_of_language_keeps_what_is_typed(page: SettingsPage) -> None:
    page.mirror.setText("half typed")
    QCoreApplication.sendEvent(page, QEvent(QEvent.Type.LanguageChange))
    assert page.mirror.text() == "half typed"
