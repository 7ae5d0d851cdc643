"""What is dropped on the window is taken, or refused in one sentence."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app import stills
from app.clips import Clips
from app.engine import Engine
from app.export import Export, Exporter, Format
from app.jobs import Jobs
from app.names import Naming
from app.sources import open_source
from app.top_bar import Page
from app.window import Services, Window
from inference.api import pictures
from inference.api.spec import GenerationRequest, Solver, WeightFormat
from tests.app.conftest import PATIENCE_MS, bring_up
from tests.app.kinora_clips import ask, write_clip
from tests.app.test_stills import picture


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    engine = Engine(log=tmp_path / "engine.log")
    jobs = Jobs(engine, lambda: Naming(tmp_path / "clips"), tmp_path / "jobs")
    made = Window(Services(engine, jobs, Clips(tmp_path / "data"), tmp_path))
    bring_up(qtbot, made)
    yield made
    made.close()
    made.deleteLater()


def drop(window: Window, *paths: Path, on: QWidget | None = None) -> None:
    """As from a file manager, on the page that is shown or on a widget in it."""
    target = on or window
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    entered = QDragEnterEvent(QPoint(300, 300), copy, data, left, none)
    QApplication.sendEvent(target, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(300, 300), copy, data, left, none))


def said(window: Window) -> str:
    return window.messages.text.text() if window.messages.isVisible() else ""


def watched(window: Window, path: Path) -> bool:
    return window.theatre.path == path and window.theatre.player.count > 0


WHOLE = GenerationRequest(
    prompt="a “fox”; 狐狸\nin the snow",
    model="demo",
    width=48,
    height=32,
    frames=9,
    steps=7,
    guidance=3.25,
    shift=2.5,
    seed=4_294_967_295,
    solver=Solver.DPMPP,
    fps=12,
    negative_prompt="blur",
    cfg_zero_star=True,
    weights=WeightFormat.INT8,
    exact_attention=True,
)
EARLY = replace(WHOLE, stop_after=3)
DISTILLED = replace(
    WHOLE, solver=Solver.LCM, timesteps=(1000.0, 750.0, 500.0), steps=3, weights=WeightFormat.NATIVE
)


@pytest.mark.parametrize("request_", [WHOLE, EARLY, DISTILLED], ids=["whole", "early", "distilled"])
def test_clip_of_kinoras_restores_its_exact_recipe(
    qtbot: QtBot, window: Window, tmp_path: Path, request_: GenerationRequest
) -> None:
    window.show_page(Page.LIBRARY)
    path = write_clip(tmp_path / "狐 fox.mp4", request_)
    drop(window, path)
    assert window.create_panel.current_request() == request_
    assert window.library.clip is not None
    assert window.library.clip.request == request_
    assert window.workspace.isVisible()
    qtbot.waitUntil(lambda: watched(window, path), timeout=PATIENCE_MS)
    assert ("finished early" in said(window)) is bool(request_.stop_after)


def test_folder_of_frames_restores_its_recipe(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    write_clip(folder / "1.png", frames=1)
    recipe = {"recipe": json.dumps({"request": asdict(WHOLE)})}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    drop(window, folder)
    assert window.create_panel.current_request() == WHOLE
    qtbot.waitUntil(lambda: watched(window, folder), timeout=PATIENCE_MS)
    assert "unlock it to make another one" in said(window)  # and no complaint


@pytest.mark.parametrize("kind", list(Format), ids=lambda kind: kind.value or "folder")
def test_exported_part_says_of_what_and_restores_the_recipe_of_that(
    qtbot: QtBot, window: Window, tmp_path: Path, kind: Format
) -> None:
    whole = write_clip(tmp_path / "whole.mp4", WHOLE, frames=9)
    part = tmp_path / f"part{kind.value}"
    exporter = Exporter(window)
    with qtbot.waitSignal(exporter.finished, timeout=PATIENCE_MS):
        exporter.start(Export(whole, part, kind, 2, 5))
    exporter.stop()
    drop(window, part)
    assert window.create_panel.current_request() == WHOLE
    assert said(window).startswith(f"{part.name} is frames 3 to 6 of 9 of a clip")
    assert window.library.grid.model().rowCount() == 0
    qtbot.waitUntil(lambda: watched(window, part), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.theatre.player.count == 4)  # a GIF's are known when it was read
    if kind is Format.FOLDER:  # the others say so themselves
        assert open_source(part).fps == WHOLE.fps


@pytest.mark.parametrize("name", ["holiday.mp4", "holiday.webm"])
def test_foreign_video_is_watched_and_changes_nothing(
    qtbot: QtBot, window: Window, tmp_path: Path, name: str
) -> None:
    window.draft.set_prompt("my own")
    path = write_clip(tmp_path / name)
    drop(window, path)
    assert said(window).startswith(f"{name} has no recipe of Kinora's")
    assert window.draft.prompt == "my own"
    assert window.library.grid.model().rowCount() == 0
    qtbot.waitUntil(lambda: watched(window, path), timeout=PATIENCE_MS)


@pytest.mark.parametrize("name", ["holiday.png", "holiday.jpg"])
@pytest.mark.parametrize("place", ["window", "canvas", "prompt"])
def test_foreign_picture_is_the_next_clips_first_frame_until_that_is_undone(
    window: Window, tmp_path: Path, name: str, place: str
) -> None:
    window.draft.set_prompt("my own")
    before = window.draft.kept()
    window.show_page(Page.LIBRARY)
    path = tmp_path / name
    assert picture(160, 90).save(str(path))
    prompt = window.create_panel.prompt.editor.viewport()
    places = {"window": window, "canvas": window.theatre.canvas, "prompt": prompt}
    drop(window, path, on=places[place])
    assert pictures.require(window.draft.first_frame).read_bytes() == path.read_bytes()
    assert said(window) == f"The next clip begins with {name}: describe what happens."
    assert window.workspace.isVisible()
    assert window.draft.prompt == "my own"
    assert window.theatre.path is None
    assert window.library.grid.model().rowCount() == 0
    window.messages.remedy.click()
    assert window.draft.kept() == before


def test_picture_that_kinora_made_restores_its_recipe(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    request = replace(WHOLE, frames=1)
    path = write_clip(tmp_path / "one.png", request, frames=1)
    drop(window, path)
    assert window.create_panel.current_request() == request
    qtbot.waitUntil(lambda: watched(window, path), timeout=PATIENCE_MS)


def test_recipe_restores_the_pictures_too_and_those_that_are_gone_are_missing(
    window: Window, tmp_path: Path
) -> None:
    name = stills.take_image(picture())
    request = replace(WHOLE, first_frame=name, last_frame="a" * 64)
    drop(window, write_clip(tmp_path / "a.mp4", request))
    wells = window.create_panel.pictures
    assert window.create_panel.current_request() == request
    assert (wells.first.name, wells.first.missing) == (name, False)
    assert wells.last.missing
    sentence = window.create_panel.obstacle.sentence.text()
    assert "isn't on this machine any more" in sentence


def _text(path: Path) -> None:
    path.write_text("dear all")


def _nothing(path: Path) -> None:
    path.touch()


def _no_pictures(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("dear all")


def _cut_off(path: Path) -> None:
    whole = write_clip(path, ask()).read_bytes()
    path.write_bytes(whole[: len(whole) // 20])


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def _broken_png(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"garbage" * 20)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("notes.txt", _text),
        ("letter.mp4", _text),
        ("empty.mp4", _nothing),
        ("folder", _no_pictures),
        ("cut.mp4", _cut_off),
        ("gone.mp4", _gone),
        ("broken.png", _broken_png),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(
    qtbot: QtBot, window: Window, tmp_path: Path, name: str, make
) -> None:
    window.draft.set_prompt("my own")
    path = tmp_path / name
    make(path)
    drop(window, path)
    qtbot.waitUntil(lambda: "recipe" not in said(window), timeout=PATIENCE_MS)
    sentence = said(window)
    assert name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert window.draft.prompt == "my own"
    assert window.library.grid.model().rowCount() == 0


def test_several_are_all_taken_in_and_the_first_good_one_is_shown(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear all")
    one = write_clip(tmp_path / "1.mp4", ask("one"))
    two = write_clip(tmp_path / "2.mp4", ask("two"))
    drop(window, letter, one, two)
    expected = "Kinora made 2 of these 3 files: what it made is in the library now."
    qtbot.waitUntil(lambda: said(window) == expected, timeout=PATIENCE_MS)
    assert window.library.grid.model().rowCount() == 2
    assert window.draft.prompt == "one"
    qtbot.waitUntil(lambda: watched(window, one), timeout=PATIENCE_MS)


def test_several_of_which_none_is_a_clip_are_said_to_be_that(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    letters = [tmp_path / f"{name}.txt" for name in "ab"]
    for letter in letters:
        letter.write_text("dear all")
    drop(window, *letters)
    expected = "Kinora made none of these 2 files."
    qtbot.waitUntil(lambda: said(window) == expected, timeout=PATIENCE_MS)


@pytest.mark.parametrize("field", ["prompt", "negative", "seed", "search"])
def test_file_on_a_field_is_opened_and_not_spelled_out(
    qtbot: QtBot, window: Window, tmp_path: Path, field: str
) -> None:
    panel = window.create_panel
    fields = {
        "prompt": panel.prompt.editor.viewport(),
        "negative": panel.negative.viewport(),
        "seed": panel.seed.number,
        "search": window.library.search,
    }
    drop(window, write_clip(tmp_path / "1.mp4", WHOLE), on=fields[field])
    assert panel.current_request() == WHOLE
    assert window.library.search.text() == ""


def test_address_of_a_page_is_not_taken(window: Window) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.mp4")])
    event = QDragEnterEvent(
        QPoint(300, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(window, event)
    assert not event.isAccepted()


def test_clip_is_watched_deleted_and_brought_back_in_the_window(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", ask("a fox"))
    drop(window, path)
    window.show_page(Page.LIBRARY)
    assert window.library.grid.hasFocus()
    qtbot.keyClick(window.library.grid, Qt.Key.Key_Return)
    assert window.workspace.isVisible()
    qtbot.waitUntil(lambda: watched(window, path), timeout=PATIENCE_MS)
    window.show_page(Page.LIBRARY)
    qtbot.keyClick(window.library.grid, Qt.Key.Key_Delete)
    assert not path.exists()
    assert "a fox" in said(window)
    window.messages.remedy.click()
    assert path.exists()
    qtbot.keyClick(window.library.grid, Qt.Key.Key_Delete)
    focused = QApplication.focusWidget()
    assert focused is window.library.way_out
    qtbot.keyClick(focused, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert path.exists()
    assert window.library.grid.hasFocus()


def test_files_that_are_asked_for_are_opened(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def choose(*words: str) -> tuple[list[str], str]:
        asked.append(words[3])
        return [] if len(asked) > 1 else [str(clip)], ""

    clip = write_clip(tmp_path / "clip.mp4", ask())
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: watched(window, clip), timeout=PATIENCE_MS)
    assert "*.mp4" in asked[0]
    assert "*.webp" in asked[0]
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert window.theatre.path == clip  # nothing was chosen
