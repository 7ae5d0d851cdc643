"""The wells for first and last frame: what is put into them is the draft's, and seen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app import stills
from app.create import Create
from app.draft import Draft
from app.picture_well import HIGH, LOW, PictureWell
from app.settings import Language
from app.text import Texts
from inference.api import pictures
from inference.api.messages import ModelInfo
from inference.api.sizes import size_like
from inference.api.spec import GenerationRequest
from tests.app.conftest import bring_up, picture_of
from tests.app.test_stills import picture, write_turned

GONE, _TAB = "a" * 64, Qt.FocusPolicy.TabFocus


def info(name: str, *tasks: str, title: str = "") -> ModelInfo:
    return ModelInfo(name, title or name, "", 0, "", "", tasks, installed=True, removable=False)


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Create:
    made = Create(Draft(), tmp_path / "presets.json")
    qtbot.addWidget(made)
    made.show_models((info("demo", "t2v"), info("mine", "t2v", "vace", title="My VACE")))
    made.draft.set_prompt("a boat turns")
    made.resize(340, 900)
    bring_up(qtbot, made)
    return made


@pytest.fixture
def first(panel: Create) -> PictureWell:
    return panel.pictures.first


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.png"
    assert picture().save(str(path))
    return path


def drop(well: PictureWell, data: QMimeData) -> None:
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    entered = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)
    QApplication.sendEvent(well, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(well, QDropEvent(QPointF(9, 9), copy, data, left, none))


def of_file(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def of_image(image: QImage) -> QMimeData:
    data = QMimeData()
    data.setImageData(image)
    return data


def said(panel: Create) -> str:
    card = panel.obstacle
    return card.sentence.text() if card.isVisible() else ""


@pytest.mark.parametrize("how", ["click", "Return", "Space"])
def test_click_enter_and_space_ask_for_a_file(
    qtbot: QtBot, panel: Create, first: PictureWell, file: Path, monkeypatch, how: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    if how == "click":
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    else:
        first.setFocus()
        qtbot.keyClick(first, Qt.Key[f"Key_{how}"])
    assert pictures.require(panel.draft.first_frame).read_bytes() == file.read_bytes()
    assert first.name == panel.draft.first_frame


def test_dialog_that_is_left_changes_nothing(
    panel: Create, first: PictureWell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    first.click()
    assert panel.draft.first_frame == ""


@pytest.mark.parametrize("make", [of_file, lambda path: of_image(QImage(str(path)))])
def test_dropped_picture_is_taken(panel: Create, file: Path, make) -> None:
    drop(panel.pictures.last, make(file))
    assert stills.size_of(panel.draft.last_frame) == (40, 20)
    assert panel.draft.first_frame == ""


@pytest.mark.parametrize("make", [of_file, lambda path: of_image(QImage(str(path)))])
def test_picture_is_pasted(
    qtbot: QtBot, panel: Create, first: PictureWell, file: Path, make
) -> None:
    QGuiApplication.clipboard().setMimeData(make(file))
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert stills.size_of(panel.draft.first_frame) == (40, 20)


def test_what_is_no_picture_is_refused_beside_the_field(
    qtbot: QtBot, panel: Create, first: PictureWell, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear all")
    drop(first, of_file(letter))
    assert said(panel).startswith("letter.txt isn't a picture")
    QGuiApplication.clipboard().setText("dear all")
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert said(panel).startswith("There is no picture in the clipboard")
    assert panel.draft.first_frame == ""
    assert not panel.prompt.editor.property("wrong")


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, None])
def test_picture_is_taken_away_and_its_shape_with_it(
    qtbot: QtBot, panel: Create, first: PictureWell, file: Path, key: Qt.Key | None
) -> None:
    before = panel.draft.choices
    first.take_file(file)
    assert panel.draft.choices != before
    assert first.remove.isVisible()
    if key is None:
        qtbot.mouseClick(first.remove, Qt.MouseButton.LeftButton)
    else:
        first.setFocus()
        qtbot.keyClick(first, key)
    assert (panel.draft.first_frame, panel.draft.choices) == ("", before)
    assert not first.remove.isVisible()


def test_wells_are_a_line_until_there_is_a_picture(
    qtbot: QtBot, panel: Create, first: PictureWell, file: Path
) -> None:
    assert first.height() == LOW
    assert not panel.pictures.swap.isVisible()
    first.take_file(file)
    qtbot.waitUntil(lambda: first.height() == HIGH)
    assert panel.pictures.last.height() == HIGH


def test_picture_is_seen_in_its_own_shape_and_upright(
    qtbot: QtBot, panel: Create, first: PictureWell, tmp_path: Path
) -> None:
    first.take_file(write_turned(tmp_path / "phone.tif"))
    qtbot.waitUntil(lambda: first.height() == HIGH)
    seen = picture_of(first)
    middle = first.width() // 2
    assert seen.pixelColor(middle, 12).blue() > 200
    assert seen.pixelColor(middle, HIGH // 2 + 6).red() > 200
    beside = seen.pixelColor(middle - 30, 30)  # it is half as wide as high
    assert max(beside.red(), beside.blue()) < 200 or beside.green() > 200


def test_what_is_cut_off_is_dimmed(qtbot: QtBot, panel: Create, first: PictureWell) -> None:
    panel.draft.give(first=stills.take_image(picture(160, 96)))
    qtbot.waitUntil(lambda: first.height() == HIGH)
    at = first.rect().center().x() - 50, 30
    assert picture_of(first).pixelColor(*at).blue() > 200
    assert "cut off" not in first.toolTip()
    panel.draft.choose(width=64, height=64)
    assert picture_of(first).pixelColor(*at).blue() < 150
    assert picture_of(first).pixelColor(first.rect().center().x() - 20, 30).blue() > 200
    assert "cut off" in first.toolTip()


def test_first_and_last_are_swapped(panel: Create, first: PictureWell, file: Path) -> None:
    first.take_file(file)
    name = panel.draft.first_frame
    panel.pictures.swap.setFocus()
    panel.pictures.swap.click()
    assert (panel.draft.first_frame, panel.draft.last_frame) == ("", name)


def test_wells_come_after_the_prompt_and_say_what_they_are(panel: Create, file: Path) -> None:
    wells = panel.pictures
    first = _next(panel.prompt.editor)
    assert isinstance(first, PictureWell)
    assert [first, _next(first)] == [wells.first, wells.last]
    wells.first.take_file(file)
    order: list[QWidget] = [first]
    while order[-1] is not wells.last:
        order.append(_next(order[-1]))
    assert order == [first, first.remove, wells.swap, wells.last]
    wells.first.remove.click()
    assert [wells.first.accessibleName(), wells.last.accessibleName()] == [
        "First frame",
        "Last frame",
    ]
    assert "Ctrl+V" in wells.first.accessibleDescription()
    wells.first.take_file(file)
    assert "A picture is here" in wells.first.accessibleDescription()
    assert wells.first.remove.accessibleName() == "Take the picture away: First frame"


def _next(widget: QWidget) -> QWidget:
    after = widget
    while after is widget or not (after.isVisible() and after.focusPolicy() & _TAB):
        after = after.nextInFocusChain()
        assert after is not None
    return after


def test_what_the_model_cant_make_is_said_with_one_that_can(
    qtbot: QtBot, panel: Create, first: PictureWell, file: Path
) -> None:
    first.take_file(file)
    assert said(panel).startswith("demo makes video from text alone")
    with qtbot.assertNotEmitted(panel.generate_wanted):
        panel.generate.click()
    assert said(panel).startswith("demo makes video from text alone")
    assert panel.obstacle.remedy.text() == "Use My VACE"
    panel.obstacle.remedy.click()
    assert panel.draft.model == "mine"
    assert said(panel) == ""
    with qtbot.waitSignal(panel.generate_wanted) as wanted:
        panel.generate.click()
    assert wanted.args is not None
    (request,) = wanted.args[0]
    assert isinstance(request, GenerationRequest)
    assert request.pictures == {0: first.name}


def test_the_demo_is_offered_where_nothing_else_can(
    panel: Create, first: PictureWell, file: Path
) -> None:
    demo, text, both = info("demo", "t2v", "vace"), info("words", "t2v"), info("both", "vace")
    panel.show_models((demo, text, both))
    panel.draft.use_model("words")
    first.take_file(file)
    assert panel.obstacle.remedy.text() == "Use both"
    panel.show_models((demo, text))
    assert panel.obstacle.remedy.text() == "Use demo"


def test_what_is_in_the_way_is_said_in_the_language_that_is_spoken(
    panel: Create, first: PictureWell, file: Path
) -> None:
    first.take_file(file)
    before, texts = QLocale(), Texts()
    texts.use(Language.CHINESE)
    QApplication.processEvents()
    try:
        assert said(panel).startswith("demo 只能由文字生成视频")
        assert panel.obstacle.remedy.text() == "改用 My VACE"
        assert first.accessibleName() == "首帧"
    finally:
        texts.use(Language.ENGLISH)
        QLocale.setDefault(before)


def test_model_for_pictures_asks_for_them(panel: Create, file: Path) -> None:
    panel.show_models((info("demo", "t2v"), info("ends", "flf2v"), info("unknown")))
    assert panel.model.count() == 2
    panel.draft.use_model("ends")
    assert said(panel).startswith("ends makes video from the clip's first and last frames: give")
    assert panel.obstacle.remedy.text() == "Use demo"
    panel.pictures.first.take_file(file)
    assert said(panel).startswith("ends makes video from the clip's first and last frames: give")
    assert not panel.obstacle.remedy.isVisible()  # nothing that is installed can
    panel.pictures.last.take_file(file)
    assert said(panel) == ""


def test_model_that_is_gone_gives_way_to_one_that_can(panel: Create, file: Path) -> None:
    panel.pictures.first.take_file(file)
    panel.draft.use_model("elsewhere")
    assert said(panel) == ""  # it isn't known what it can
    panel.show_models((info("demo", "t2v"), info("mine", "i2v")))
    assert panel.draft.model == "mine"


def test_picture_that_is_gone_is_missing_and_is_said_to_be(
    qtbot: QtBot, panel: Create, first: PictureWell
) -> None:
    panel.draft.use_model("mine")
    panel.draft.give(first=GONE)
    assert first.missing
    assert "isn't on this machine any more" in first.accessibleDescription()
    with qtbot.assertNotEmitted(panel.generate_wanted):
        panel.generate.click()
    assert "isn't on this machine any more" in said(panel)
    first.remove.click()
    assert said(panel) == ""


def test_clip_of_one_frame_is_refused_beside_a_picture(panel: Create, file: Path) -> None:
    panel.draft.use_model("mine")
    panel.pictures.first.take_file(file)
    panel.draft.choose(frames=1)
    assert said(panel).startswith("A clip of one frame leaves nothing to make")
    panel.draft.choose(frames=5)
    assert said(panel) == ""


def test_size_follows_the_picture_until_it_is_chosen(panel: Create, file: Path) -> None:
    draft = panel.draft
    panel.pictures.first.take_file(file)
    assert _size(draft) == size_like(40, 20, draft.defaults)
    panel.width_field.setValue(64)
    panel.pictures.last.take_file(file)
    assert draft.choices.width == 64


def _size(draft: Draft) -> tuple[int, int]:
    return draft.choices.width, draft.choices.height


@pytest.fixture
def texts() -> Iterator[Texts]:
    before, made = QLocale(), Texts()
    made.use(Language.ENGLISH)
    yield made
    made.use(Language.ENGLISH)
    QLocale.setDefault(before)


def test_references_of_a_recipe_are_told_and_taken_away(panel: Create, texts: Texts) -> None:
    draft, wells = panel.draft, panel.pictures
    assert not wells.references.isVisible()
    names = (stills.take_image(picture()), GONE)
    draft.load(replace(draft.request(), references=names))
    assert draft.request().references == names
    assert wells.references.isVisible()
    assert wells.references.text() == "Shows what is in 2 pictures"
    assert "isn't on this machine any more" in said(panel)
    draft.load(replace(draft.request(), references=names[:1]))
    assert wells.references.text() == "Shows what is in 1 picture"
    assert "shows nothing of other pictures: take the references away" in said(panel)
    assert panel.obstacle.remedy.text() == "Use My VACE"
    before = draft.kept()
    wells.forget.click()
    assert draft.references == ()
    assert not wells.references.isVisible()
    assert not wells.forget.isVisible()
    draft.recall(before)
    assert draft.references == names[:1]
    texts.use(Language.CHINESE)
    QApplication.processEvents()
    assert wells.references.text() == "参考 1 张图片"
