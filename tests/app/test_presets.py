"""Presets: the built-in ones make valid requests, the user's survive a restart and a damaged file."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidgetAction
from pytestqt.qtbot import QtBot

from app import theme
from app.draft import Draft, choices_of, defaults_of
from app.preset_button import PresetButton
from app.presets import BUILT_IN, Presets
from inference.api.errors import UserError
from inference.api.models import DEMO, MODELS


@pytest.mark.parametrize("spec", list(MODELS.values()), ids=lambda spec: spec.name)
@pytest.mark.parametrize(("name", "make"), BUILT_IN, ids=lambda value: str(value)[:12])
def test_built_in_preset_makes_a_valid_request(spec, name: str, make) -> None:
    draft = Draft()
    draft.set_prompt(name)
    draft.use_model(spec.name)
    chosen = make(spec.defaults)
    draft.choose(width=chosen.width, height=chosen.height, frames=chosen.frames, steps=chosen.steps)
    assert choices_of(draft.request()) == chosen


def test_own_preset_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "folder/presets.json"
    Presets(path).save("夜景 night", defaults_of(DEMO.defaults))
    (kept,) = Presets(path).own
    assert (kept.name, kept.choices) == ("夜景 night", defaults_of(DEMO.defaults))


def test_removed_preset_is_gone(tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    presets.save("a", defaults_of(DEMO.defaults))
    presets.remove("a")
    assert Presets(tmp_path / "presets.json").own == ()


def test_renamed_preset_keeps_its_values_and_sorts_by_its_new_name(tmp_path: Path) -> None:
    path, presets = tmp_path / "presets.json", Presets(tmp_path / "presets.json")
    kept = replace(defaults_of(DEMO.defaults), steps=7)
    presets.save("a", kept)
    presets.save("B", defaults_of(DEMO.defaults))
    presets.rename("a", "夜景 night")
    for read in (presets, Presets(path)):
        assert [preset.name for preset in read.own] == ["B", "夜景 night"]
        assert read.own[1].choices == kept


@pytest.mark.parametrize(("name", "said"), [("", "needs a name"), ("b", "“b” already")])
def test_name_that_no_preset_can_get_is_refused(tmp_path: Path, name: str, said: str) -> None:
    path = tmp_path / "presets.json"
    presets = Presets(path)
    presets.save("a", replace(defaults_of(DEMO.defaults), steps=7))
    presets.save("b", defaults_of(DEMO.defaults))
    before, own = path.read_text(), presets.own
    with pytest.raises(UserError, match=said):
        presets.rename("a", name)
    assert (path.read_text(), presets.own) == (before, own)


@pytest.mark.parametrize("name", ["a", "Square"])
def test_kept_preset_takes_no_others_place(tmp_path: Path, name: str) -> None:
    presets = Presets(tmp_path / "presets.json")
    presets.save("a", replace(defaults_of(DEMO.defaults), steps=7))
    own = presets.own
    with pytest.raises(UserError, match="already"):
        presets.save(name, defaults_of(DEMO.defaults))
    assert presets.own == own


def test_what_the_disk_refuses_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    presets = Presets(path)
    presets.save("a", defaults_of(DEMO.defaults))
    before = path.read_text()
    (tmp_path / "presets.new").mkdir()  # in the way of what is written first
    with pytest.raises(UserError, match=r"presets\.json"):
        presets.save("b", defaults_of(DEMO.defaults))
    with pytest.raises(UserError):
        presets.remove("a")
    with pytest.raises(UserError):
        presets.rename("a", "b")
    presets.rename("a", "a")  # nothing is to be written
    assert [preset.name for preset in presets.own] == ["a"]
    assert path.read_text() == before


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": {"width": "wide"}}', "\x00"])
def test_damaged_file_is_an_empty_list(tmp_path: Path, text: str) -> None:
    path = tmp_path / "presets.json"
    path.write_text(text)
    assert Presets(path).own == ()


def test_menu_takes_a_preset_and_offers_the_users_own(qtbot: QtBot, tmp_path: Path) -> None:
    draft, presets = Draft(), Presets(tmp_path / "presets.json")
    button = PresetButton(draft, presets)
    qtbot.addWidget(button)
    presets.save("night & day", replace(defaults_of(DEMO.defaults), steps=7))
    button.fill()
    entries = {entry.text(): entry for entry in button.menu.actions()}
    entries["night && day"].trigger()  # as Qt writes an ampersand that underlines nothing
    assert draft.choices.steps == 7
    entries["As the model likes it"].trigger()
    draft.use_model("t2v-1.3b")
    assert draft.choices == defaults_of(MODELS["t2v-1.3b"].defaults)


def test_button_says_why_a_preset_was_not_kept(qtbot: QtBot, tmp_path: Path) -> None:
    button = PresetButton(Draft(), Presets(tmp_path / "presets.json"))
    qtbot.addWidget(button)
    (tmp_path / "presets.new").mkdir()
    button.fill()
    field = button.menu.actions()[-1]
    assert isinstance(field, QWidgetAction)
    edit = field.defaultWidget()
    assert isinstance(edit, QLineEdit)
    edit.setText("night")
    with qtbot.waitSignal(button.failed) as failed:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert "presets.json" in str(failed.args)
    button.fill()
    assert "night" not in [entry.text() for entry in button.menu.actions()]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen display
def test_preset_is_renamed_by_keys_where_it_is_listed(qtbot: QtBot, tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    for name in ("day", "night & fog"):
        presets.save(name, defaults_of(DEMO.defaults))
    button = PresetButton(Draft(), presets)
    qtbot.addWidget(button)
    button.show()
    field = renaming_field(qtbot, button, "day")
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    with qtbot.waitSignal(button.failed) as failed:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "needs a name" in str(failed.args)
    assert not button.menu.isVisible()
    field = renaming_field(qtbot, button, "day")
    qtbot.keyClicks(field, " noon ")
    with qtbot.waitSignal(presets.changed):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    button.fill()
    entries = [entry.text() for entry in button.menu.actions()]
    assert entries[6:8] == ["night && fog", "noon"]


def test_removed_preset_is_told_and_brought_back(qtbot: QtBot, tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    presets.save("day", defaults_of(DEMO.defaults))
    (before,) = presets.own
    button = PresetButton(Draft(), presets)
    qtbot.addWidget(button)
    button.fill()
    (submenu,) = [entry.menu() for entry in button.menu.actions() if entry.text() == "Remove"]
    assert isinstance(submenu, QMenu)
    with qtbot.waitSignal(button.removed) as removed:
        submenu.actions()[0].trigger()
    assert presets.own == ()
    assert removed.args is not None
    button.bring_back(removed.args[0])
    assert presets.own == (before,)


def test_field_for_a_name_looks_as_if_one_could_type_there(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    theme.apply(qapp, theme.Scheme.LIGHT)
    button = PresetButton(Draft(), Presets(tmp_path / "presets.json"))
    qtbot.addWidget(button)
    button.fill()
    field = button.menu.actions()[-1]
    assert isinstance(field, QWidgetAction)
    edit = field.defaultWidget()
    edit.ensurePolished()
    ink = edit.palette().color(QPalette.ColorRole.PlaceholderText)
    assert ink == QColor(theme.current().text_dim)


def renaming_field(qtbot: QtBot, button: PresetButton, first: str) -> QLineEdit:
    """Opens the menu and goes by keys to the first name that can be changed, to be typed over."""
    button.fill()
    button.menu.popup(QPoint())
    (renaming,) = [entry for entry in button.menu.actions() if entry.text() == "Rename"]
    button.menu.setActiveAction(renaming)
    qtbot.keyClick(button.menu, Qt.Key.Key_Right)
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    assert field.accessibleName() == f"New name of “{first}”"
    assert field.selectedText() == first
    return field
