"""The models' page: what it says of each, what it offers, and what it asks before it deletes."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.engine import EngineState
from app.models import Models
from app.models_page import ModelsPage
from inference.api.messages import (
    AddModel,
    Cancel,
    Cancelled,
    Download,
    Downloading,
    Failed,
    FailureKind,
    RemoveModel,
)
from tests.app.conftest import bring_up
from tests.app.scripted_engine import ScriptedEngine, known, own

GB = 1 << 30


@pytest.fixture
def engine(qtbot: QtBot) -> ScriptedEngine:
    made = ScriptedEngine()
    made.be(EngineState.READY)
    return made


@pytest.fixture
def page(qtbot: QtBot, engine: ScriptedEngine) -> ModelsPage:
    made = ModelsPage(Models(engine, lambda: ""))
    qtbot.addWidget(made)
    made.resize(1000, 700)
    bring_up(qtbot, made)
    return made


def removed(engine: ScriptedEngine) -> list[str]:
    return [command.name for command in engine.sent if isinstance(command, RemoveModel)]


def test_installed_model_tells_what_where_how_large_and_under_which_licence(
    page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a", 17 * GB))
    card = page.cards["a"]
    assert card.title.text() == "Wan a"
    assert card.state.text() == "Installed"
    assert card.facts.text() == "Video from text  ·  17 GB  ·  bf16  ·  Apache-2.0"
    assert card.path.text() == "/models/a"
    assert not card.download.isVisible()
    assert card.remove.isVisible()


def test_size_of_a_download_is_told_before_it_begins(
    page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(
        known("a", download_bytes=16 * GB),
        known("b", 2 * GB, installed=False, download_bytes=9 * GB),
    )
    sizes = [page.cards[name].facts.text().split("  ·  ")[1] for name in ("a", "b")]
    assert sizes == ["16 GB", "9.0 GB"]


def test_states_are_told_apart(page: ModelsPage, engine: ScriptedEngine) -> None:
    engine.list(
        known("demo", GB, downloadable=False, removable=False),
        known("a"),
        known("b", removable=True),
        own("mine"),
        own("part", installed=False, missing=("the VAE (x)", "the tokenizer (y)")),
    )
    states = {name: card.state.text() for name, card in page.cards.items()}
    assert states == {
        "demo": "Comes with Kinora",
        "a": "",
        "b": "Partly downloaded",
        "mine": "Added, in place",
        "part": "Not whole",
    }
    assert page.cards["part"].missing.text() == "It still needs the VAE (x); the tokenizer (y)."
    assert page.cards["b"].download.text() == "Go on"
    assert not page.cards["demo"].remove.isVisible()
    ys = [page.cards[name].mapTo(page, QPointF(0, 0)).y() for name in ("part", "a")]
    assert ys == sorted(ys)  # what is there comes first


def test_download_shows_how_far_it_is_and_is_paused(
    page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a"))
    card = page.cards["a"]
    card.download.click()
    assert isinstance(engine.sent[-1], Download)
    assert card.progress.text() == "Asking what there is to download…"
    engine.say(Downloading("download-a", 5 * GB, 20 * GB))
    assert card.bar.value() == 250
    assert card.progress.text() == "5.0 GB of 20 GB"
    assert not card.download.isVisible()
    card.pause.click()
    assert engine.sent[-1] == Cancel("download-a")
    assert card.progress.text() == "Pausing…"
    engine.say(Cancelled("download-a"))
    assert card.progress.text() == "Paused  ·  5.0 GB of 20 GB"
    assert card.download.text() == "Go on"


def test_failure_stands_in_its_card(page: ModelsPage, engine: ScriptedEngine) -> None:
    engine.list(known("a"), known("b"))
    page.cards["a"].download.click()
    engine.say(Failed("download-a", FailureKind.INPUT, "The disk is full: make room."))
    assert page.cards["a"].fault.text() == "The disk is full: make room."
    assert page.cards["a"].fault.isVisible()
    assert not page.cards["b"].fault.isVisible()
    page.cards["a"].download.click()
    assert not page.cards["a"].fault.isVisible()


def test_deleting_is_asked_for_in_the_card_first(
    qtbot: QtBot, page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a", 17 * GB))
    card = page.cards["a"]
    card.remove.click()
    assert card.question.isVisible()
    assert card.question.text() == "Delete the 17 GB that Kinora downloaded?"
    assert card.keep.hasFocus()
    qtbot.keyClick(card.keep, Qt.Key.Key_Space)
    assert not card.question.isVisible()
    assert removed(engine) == []
    card.remove.click()
    card.delete.click()
    assert removed(engine) == ["a"]


def test_added_model_is_taken_off_at_once(page: ModelsPage, engine: ScriptedEngine) -> None:
    engine.list(own("mine"))
    page.cards["mine"].remove.click()
    assert removed(engine) == ["mine"]
    engine.list(known("a"))
    assert list(page.cards) == ["a"]


def test_file_and_folder_are_added(
    page: ModelsPage, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/disk/dit.safetensors", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/disk/模型")
    page.add_file.click()
    page.add_folder.click()
    paths = [command.path for command in engine.sent if isinstance(command, AddModel)]
    assert [*map(Path, paths)] == [Path("/disk/dit.safetensors"), Path("/disk/模型")]


def test_what_is_dropped_is_added(page: ModelsPage, engine: ScriptedEngine) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/disk/dit.safetensors"), QUrl("https://example.org/x")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier
    page.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none.NoModifier))
    paths = [command.path for command in engine.sent if isinstance(command, AddModel)]
    assert [*map(Path, paths)] == [Path("/disk/dit.safetensors")]


def test_folder_that_can_not_be_shown_is_told(
    qtbot: QtBot,
    page: ModelsPage,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile()))
    )
    file = tmp_path / "dit.safetensors"
    file.touch()
    engine.list(own("mine", path=str(file)))
    with qtbot.waitSignal(page.failed) as failed:
        page.cards["mine"].folder.click()
    assert opened == [tmp_path]
    assert failed.args == [f"No file manager could be opened; the folder is {tmp_path}."]


def test_focus_stays_while_downloads_go_on(
    qtbot: QtBot, page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a"), known("b"))
    page.cards["a"].download.click()
    page.cards["a"].pause.setFocus()
    for done in range(1, 5):
        engine.say(Downloading("download-a", done * GB, 20 * GB))
    engine.list(known("a"), known("b"))
    assert page.cards["a"].pause.hasFocus()


def test_focus_stays_on_the_card_whose_button_goes(
    page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a"), known("b"))
    card = page.cards["a"]
    card.download.setFocus()
    card.download.click()
    assert card.pause.hasFocus()
    engine.say(Downloading("download-a", GB, 20 * GB))
    card.pause.click()
    assert card.pause.hasFocus()
    engine.say(Cancelled("download-a"))
    assert card.download.hasFocus()  # and not that of b
    engine.list(known("a", 17 * GB), known("b"))
    assert card.remove.hasFocus()


def test_focus_stays_on_the_page_when_a_model_is_taken_off(
    page: ModelsPage, engine: ScriptedEngine
) -> None:
    engine.list(known("a"), own("mine"))
    page.cards["mine"].remove.setFocus()
    engine.list(known("a"))
    assert page.add_file.hasFocus()


def test_source_of_downloads_is_told_and_can_be_changed(qtbot: QtBot, page: ModelsPage) -> None:
    assert page.source.text() == "Downloads come from huggingface.co."
    page.show_source("https://hf-mirror.com/")
    assert page.source.text() == "Downloads come from hf-mirror.com."
    with qtbot.waitSignal(page.mirror_wanted):
        page.change_source.click()
