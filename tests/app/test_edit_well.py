"""The well of an edit: it takes the place of the two for pictures, shows the mask, and leads back."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import stills
from app.create import Create
from app.draft import Draft, Edit
from app.edit_well import EditWell
from app.mask import Mask
from app.picture_well import HIGH
from inference.api import pictures
from tests.app.conftest import bring_up, picture_of
from tests.app.numbered_clips import write_clip
from tests.app.test_pictures import GONE, info, said


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Create:
    made = Create(Draft(), tmp_path / "presets.json")
    qtbot.addWidget(made)
    made.show_models((info("demo", "t2v"), info("mine", "t2v", "vace", title="My VACE")))
    made.draft.set_prompt("a red hat")
    made.resize(340, 900)
    bring_up(qtbot, made)
    return made


@pytest.fixture
def well(panel: Create) -> EditWell:
    return panel.pictures.edited


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Its mask is the left half."""
    mask = Mask(QSize(64, 48))
    for y in range(48):
        mask.begin(QPointF(0, y), 4)
        mask.extend(QPointF(32, y))
    video = pictures.keep(write_clip(tmp_path / "clip.mp4", 12))
    return Edit(video, 2, stills.take_image(mask.image), 9, 16)


def grey() -> QImage:
    image = QImage(128, 96, QImage.Format.Format_RGB888)
    image.fill(QColor("#808080"))
    return image


def test_one_well_takes_the_place_of_two(qtbot: QtBot, panel: Create, edit: Edit) -> None:
    wells = panel.pictures
    assert not wells.edited.isVisible()
    panel.draft.edit_video(edit)
    assert wells.edited.isVisible()
    assert not wells.first.isVisible()
    assert not wells.last.isVisible()
    assert not wells.swap.isVisible()
    qtbot.waitUntil(lambda: wells.edited.height() == HIGH)
    panel.draft.edit_video(None)
    assert not wells.edited.isVisible()
    assert wells.first.isVisible()
    assert wells.last.isVisible()


def test_frame_is_asked_for_once_and_shown_with_the_mask(
    qtbot: QtBot, panel: Create, well: EditWell, edit: Edit
) -> None:
    with qtbot.waitSignal(well.look_wanted) as wanted:
        panel.draft.edit_video(edit)
    assert wanted.args == [edit.video, 2]
    qtbot.waitUntil(lambda: well.height() == HIGH)
    middle = well.rect().center()
    left, right = middle.x() - 15, middle.x() + 15
    assert picture_of(well).pixelColor(right, 30).lightness() < 20  # it hasn't come
    well.show_frame(edit.video, 1, grey())
    assert picture_of(well).pixelColor(right, 30).lightness() < 20  # that is another
    well.show_frame(edit.video, 2, grey())
    shown = picture_of(well)
    assert shown.pixelColor(right, 30).name() == "#808080"
    assert shown.pixelColor(left, 30).red() > shown.pixelColor(left, 30).green() + 40
    with qtbot.assertNotEmitted(well.look_wanted):
        panel.draft.set_prompt("a green hat")
        panel.draft.edit_video(Edit(edit.video, 2, stills.take_image(grey()), 9, 16))


@pytest.mark.parametrize("how", ["click", "Return", "Space"])
def test_click_enter_and_space_open_it_again(
    qtbot: QtBot, panel: Create, well: EditWell, edit: Edit, how: str
) -> None:
    panel.draft.edit_video(edit)
    with qtbot.waitSignal(well.opened):
        if how == "click":
            qtbot.mouseClick(well, Qt.MouseButton.LeftButton)
        else:
            well.setFocus()
            qtbot.keyClick(well, Qt.Key[f"Key_{how}"])


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, None])
def test_edit_is_ended_and_the_focus_stays_near(
    qtbot: QtBot, panel: Create, well: EditWell, edit: Edit, key: Qt.Key | None
) -> None:
    before = panel.draft.choices
    panel.draft.edit_video(edit)
    assert panel.draft.choices != before
    well.setFocus()
    if key is None:
        qtbot.mouseClick(well.remove, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(well, key)
    assert panel.draft.edit is None
    assert panel.draft.choices == before
    assert panel.pictures.first.hasFocus()


def test_focus_elsewhere_stays_there(panel: Create, edit: Edit) -> None:
    panel.prompt.editor.setFocus()
    panel.draft.edit_video(edit)
    panel.draft.edit_video(None)
    assert panel.prompt.editor.hasFocus()


def test_it_says_what_it_is_and_what_can_be_done(panel: Create, well: EditWell, edit: Edit) -> None:
    panel.draft.edit_video(edit)
    assert well.accessibleName() == "Edited clip"
    assert "press Delete to end the edit" in well.accessibleDescription()
    assert "The clip of which a part is made anew" in well.toolTip()
    assert well.remove.accessibleName() == "End the edit"
    assert not well.acceptDrops()


@pytest.mark.parametrize("gone", ["video", "mask"])
def test_what_is_missing_is_said(
    qtbot: QtBot, panel: Create, well: EditWell, edit: Edit, gone: str
) -> None:
    panel.draft.use_model("mine")
    panel.draft.edit_video(edit)
    assert said(panel) == ""
    assert not well.missing
    pictures.require(getattr(edit, gone)).unlink()
    panel.draft.set_prompt("a green hat")
    assert well.missing
    assert gone in well.accessibleDescription()
    assert said(panel) == well.accessibleDescription()
    with qtbot.assertNotEmitted(panel.generate_wanted):
        panel.generate.click()
    well.remove.click()
    assert said(panel) == ""


def test_edit_of_which_nothing_is_left_is_missing_from_the_start(
    panel: Create, well: EditWell
) -> None:
    panel.draft.use_model("mine")
    panel.draft.edit_video(Edit(GONE, 0, GONE, 9, 16))
    assert well.missing
    assert "The video that is edited isn't on this machine any more" in said(panel)


def test_model_that_edits_no_video_gives_way_to_one_that_does(
    qtbot: QtBot, panel: Create, edit: Edit
) -> None:
    panel.draft.edit_video(edit)
    assert said(panel).startswith("demo edits no video")
    assert panel.obstacle.remedy.text() == "Use My VACE"
    panel.obstacle.remedy.click()
    assert said(panel) == ""
    with qtbot.waitSignal(panel.generate_wanted) as wanted:
        panel.generate.click()
    assert wanted.args is not None
    (request,) = wanted.args[0]
    assert (request.video, request.video_start, request.mask) == (edit.video, 2, edit.mask)
    assert (request.width, request.height, request.frames, request.fps) == (64, 48, 9, 16)


def test_video_without_a_mask_is_shown_as_it_is(panel: Create, well: EditWell, edit: Edit) -> None:
    panel.draft.edit_video(Edit(edit.video, 2, "", 9, 16))
    well.show_frame(edit.video, 2, grey())
    QApplication.processEvents()
    assert not well.missing
    middle = well.rect().center()
    assert picture_of(well).pixelColor(middle.x() - 15, 30).name() == "#808080"


def test_it_says_what_becomes_of_the_clip(panel: Create, well: EditWell, edit: Edit) -> None:
    plain = replace(edit, mask="", width=64, height=48)
    for wanted, words in {
        plain: "as this clip guides it",
        replace(plain, outpaint=True): "What is around this clip",
        replace(plain, kept_frames=5): "goes on after this frame",
        edit: "Where it is tinted",
    }.items():
        panel.draft.edit_video(wanted)
        assert words in well.accessibleDescription()
