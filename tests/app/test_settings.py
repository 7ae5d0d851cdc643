"""Settings that survive a crash, a typing error and another version."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.settings import Language, Settings, SettingsStore, Theme, videos_folder
from inference.api.errors import UserError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kinora" / "settings.json"


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_first_start_has_the_usual_values(path: Path) -> None:
    store = SettingsStore(path)
    assert store.values == Settings()
    assert store.notice == ""
    assert not path.exists()
    assert store.values.naming.folder == videos_folder()


def test_folder_that_no_clip_could_go_to_is_refused(path: Path, tmp_path: Path) -> None:
    store = SettingsStore(path)
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "clips"):
        with pytest.raises(UserError, match="can't be written to: choose another"):
            store.update(output_folder=str(folder))
    store.update(output_folder=str(tmp_path / "not" / "there yet"))
    (tmp_path / "not").touch()  # as a drive that is gone: what was set is kept
    assert SettingsStore(path).values == store.values
    store.update(theme=Theme.DARK)


def test_changes_are_told_and_kept(qtbot: QtBot, path: Path) -> None:
    store = SettingsStore(path)
    with qtbot.waitSignal(store.changed) as changed:
        store.update(
            theme=Theme.DARK, output_folder=str(path.parents[1] / "片"), language=Language.CHINESE
        )
    assert changed.args == [store.values]
    with qtbot.assertNotEmitted(store.changed):
        store.update(theme=Theme.DARK)
    again = SettingsStore(path)
    assert again.values == store.values
    assert again.values.naming.folder == path.parents[1] / "片"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "changes",
    [
        {"name_pattern": "{colour}"},
        {"output_folder": "clips"},
        {"memory_budget_gb": -1.0},
        {"memory_budget_gb": float("nan")},
        {"mirror": "ftp://x"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_unusable_value_is_refused(path: Path, changes: dict[str, Any]) -> None:
    store = SettingsStore(path)
    with pytest.raises(UserError):
        store.update(notifications=False, **changes)
    assert store.values == Settings()
    assert not path.exists()


def test_one_bad_field_costs_no_other(path: Path) -> None:
    write(path, {"theme": "mauve", "memory_budget_gb": 8, "notifications": "yes", "mirror": "x"})
    store = SettingsStore(path)
    assert store.values == Settings(memory_budget_gb=8.0)
    assert all(name in store.notice for name in ("theme", "notifications", "mirror"))


def test_unknown_fields_are_kept(path: Path) -> None:
    write(path, {"theme": "dark", "of_a_newer_version": [1]})
    SettingsStore(path).update(notifications=False)
    kept = json.loads(path.read_text("utf-8"))
    assert (kept["of_a_newer_version"], kept["theme"], kept["notifications"]) == (
        [1],
        "dark",
        False,
    )


@pytest.mark.parametrize("content", [b"{", b"\xff\x00", b"[]", b""])
def test_broken_file_is_put_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    store = SettingsStore(path)
    assert store.values == Settings()
    (aside,) = path.parent.iterdir()
    assert aside.read_bytes() == content
    assert str(aside) in store.notice


def test_folder_that_can_not_be_written_is_told(path: Path) -> None:
    path.parent.touch()  # a file where the folder should be
    store = SettingsStore(path)
    with pytest.raises(UserError, match=r"settings\.json"):
        store.update(theme=Theme.LIGHT)
    assert store.values == Settings()
