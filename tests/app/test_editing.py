"""An edit from end to end: a mask is painted in the player, becomes a request, and is painted on."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import editing, stills, theme
from app.footage import Footage, Painted
from app.help import Section
from app.keys import shown
from app.mask import Mask
from app.window import Services, Window
from inference.api import pictures
from inference.api.messages import ModelInfo
from inference.api.models import MODELS
from inference.media import read_frames
from tests.app.conftest import PATIENCE_MS, bring_up
from tests.app.kinora_clips import ask
from tests.app.kinora_clips import write_clip as write_kinora_clip
from tests.app.numbered_clips import number_of, write_clip, write_pictures

VACE = ModelInfo("vace-1.3b", "VACE", "", 0, "", "", ("t2v", "vace"), True, False)
WAIT_MS = 10_000


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, services: Services) -> Iterator[Window]:
    theme.apply(qapp, theme.Scheme.DARK)
    made = Window(services)
    made.resize(1280, 800)
    made.create_panel.show_models((VACE,))
    made.draft.use_model(VACE.name)
    bring_up(qtbot, made)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "my clip.mp4", 24, fps=12)


def watch(qtbot: QtBot, window: Window, path: Path) -> None:
    window.watching.watch(path)
    qtbot.waitUntil(lambda: window.theatre.path == path, timeout=WAIT_MS)
    window.theatre.player.pause()


def press(window: Window, key: Qt.Key, held=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.theatre.canvas, key, held)


def stroke(window: Window) -> None:
    """Across the middle, a third of the picture long."""
    painter, box = window.theatre.painter, window.theatre.canvas.geometry_of_picture.box
    start, aside = box.center().toPoint(), QPoint(round(box.width() / 6), 0)
    QTest.mousePress(painter, Qt.MouseButton.LeftButton, pos=start - aside)
    QTest.mouseMove(painter, start + aside)
    QTest.mouseRelease(painter, Qt.MouseButton.LeftButton, pos=start + aside)


def use(qtbot: QtBot, window: Window) -> None:
    before = window.draft.edit
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.draft.edit not in (None, before), timeout=WAIT_MS)


def mask_of(window: Window) -> Mask:
    mask = window.theatre.painter.painted
    assert mask is not None
    return mask


def test_mask_that_is_painted_becomes_a_request(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    theatre, draft = window.theatre, window.draft
    press(window, Qt.Key.Key_M)
    assert theatre.painter.isVisible()
    assert theatre.paint_bar.isVisible()
    assert theatre.transport.edit.isChecked()
    stroke(window)
    painted = mask_of(window).image
    assert (painted.width(), painted.height()) == (64, 48)
    use(qtbot, window)
    assert not theatre.painter.isVisible()
    assert not theatre.paint_bar.isVisible()
    assert not theatre.transport.edit.isChecked()
    assert window.create_panel.prompt.editor.hasFocus()
    assert "describe what is to be there" in window.messages.text.text()
    QTest.keyClicks(window.create_panel.prompt.editor, "a red hat")
    request = draft.request()
    assert pictures.require(request.video).read_bytes() == clip.read_bytes()
    kept = stills.look_at(request.mask, painted.size() * 9)
    assert Mask.of(kept, painted.size()).image == painted
    assert (request.width, request.height) == (64, 48)
    assert (request.frames, request.fps, request.video_start) == (21, 12, 0)
    well = window.create_panel.pictures.edited
    qtbot.waitUntil(lambda: not well._frame.isNull(), timeout=WAIT_MS)
    assert number_of(well._frame) == 0


def test_range_of_the_player_is_what_is_made_anew(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    window.theatre.player.set_range(5, 14)
    use(qtbot, window)
    window.draft.set_prompt("a red hat")
    request = window.draft.request()
    assert (request.video_start, request.frames) == (5, 9)


def test_mask_of_another_clip_at_the_same_place_is_not_taken(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    press(window, Qt.Key.Key_Escape)
    watch(qtbot, window, write_clip(tmp_path / "other.mp4", 5))
    write_kinora_clip(clip)
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    film = window.theatre.canvas.film
    assert film is not None
    assert mask_of(window).image.size() == film.size
    assert mask_of(window).is_empty


def test_edit_is_opened_as_it_is_kept_if_its_file_is_another_now(
    qtbot: QtBot, window: Window, clip: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    edit = window.draft.edit
    assert edit is not None
    os.utime(clip, (1, 1))
    QTest.mouseClick(window.create_panel.pictures.edited, Qt.MouseButton.LeftButton)
    kept = pictures.path_of(edit.video)
    qtbot.waitUntil(lambda: window.theatre.path == kept, timeout=WAIT_MS)


def test_failure_of_one_does_not_end_another(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    gone = Painted(tmp_path / "gone.mp4", None, 0, 5, 12.0, QSize(64, 48))
    window.theatre.going_on.emit(gone)
    window.theatre.going_on.emit(replace(gone, path=clip, count=24))
    qtbot.waitUntil(lambda: window.draft.edit is not None, timeout=WAIT_MS)


def go_on(qtbot: QtBot, window: Window) -> None:
    press(window, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: window.draft.edit is not None, timeout=WAIT_MS)
    window.draft.set_prompt("it goes on")


def test_a_clip_goes_on_with_the_end_of_another(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    window.draft.give(first=stills.take_image(mask_like()))
    go_on(qtbot, window)
    assert "goes on with this one: describe what happens" in window.messages.text.text()
    request = window.draft.request()
    assert (request.first_frame, request.mask, request.kept_frames) == ("", "", 17)
    assert (request.video_start, request.frames) == (7, MODELS["vace-1.3b"].defaults.frames)
    assert (request.width, request.height, request.fps) == (64, 48, 12)
    assert stills.text_of(request) == "goes on with a clip"
    well = window.create_panel.pictures.edited
    assert well.text() == "Clip that goes on"
    qtbot.waitUntil(lambda: not well._frame.isNull(), timeout=WAIT_MS)
    assert number_of(well._frame) == 23
    window.draft.choose(frames=9)
    shorter = window.draft.request()
    assert (shorter.video_start, shorter.kept_frames, shorter.frames) == (23, 1, 9)
    window.draft.load(request)
    assert window.draft.request() == request


def test_a_clip_goes_on_after_the_range(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    window.theatre.player.set_range(2, 10)
    go_on(qtbot, window)
    request = window.draft.request()
    assert (request.video_start, request.kept_frames) == (2, 9)
    window.theatre.player.seek(0)
    QTest.mouseClick(window.create_panel.pictures.edited, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.theatre.player.position == 10, timeout=WAIT_MS)
    assert not window.theatre.painter.is_on
    window.create_panel.pictures.edited.remove.click()
    assert window.draft.edit is None
    own = MODELS["vace-1.3b"].defaults
    assert (window.draft.choices.width, window.draft.choices.fps) == (own.width, own.fps)


def test_frames_in_a_folder_do_not_go_on(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    write_pictures(folder, 5)
    watch(qtbot, window, folder)
    press(window, Qt.Key.Key_G)
    assert "A folder of pictures can't be edited" in window.messages.text.text()
    assert window.draft.edit is None


def mask_like() -> QImage:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.gray)
    return image


def test_keys_paint_undo_and_leave(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    painter, control = window.theatre.painter, Qt.KeyboardModifier.ControlModifier
    press(window, Qt.Key.Key_M)
    stroke(window)
    press(window, Qt.Key.Key_Z, control)
    assert mask_of(window).is_empty
    press(window, Qt.Key.Key_Return)  # nothing to use
    assert painter.isVisible()
    press(window, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert not mask_of(window).is_empty
    before, divider = painter.diameter, window.theatre.canvas.divider
    press(window, Qt.Key.Key_BracketRight)
    assert painter.diameter > before
    assert window.theatre.canvas.divider == divider
    press(window, Qt.Key.Key_Right)  # it can be scrubbed meanwhile
    assert window.theatre.player.position == 1
    press(window, Qt.Key.Key_Escape)
    assert not painter.isVisible()
    assert window.draft.edit is None
    press(window, Qt.Key.Key_BracketRight)
    assert window.theatre.canvas.divider > divider


def test_keys_work_on_the_buttons_of_the_bar_too(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    window.theatre.transport.edit.click()
    stroke(window)
    bar = window.theatre.paint_bar
    for part in (bar.invert, bar.brush):
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert mask_of(window).is_empty
        QTest.keyClick(part, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
        assert not mask_of(window).is_empty
    QTest.keyClick(bar.cancel, Qt.Key.Key_Space)
    assert not bar.isVisible()


def test_what_was_painted_is_there_again(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    painted = mask_of(window).image
    press(window, Qt.Key.Key_M)
    assert not window.theatre.painter.isVisible()
    press(window, Qt.Key.Key_M)
    assert mask_of(window).image == painted
    assert mask_of(window).can_undo


def test_another_clip_ends_it(qtbot: QtBot, window: Window, clip: Path, tmp_path: Path) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    watch(qtbot, window, write_clip(tmp_path / "other.mp4", 5))
    assert not window.theatre.painter.isVisible()
    press(window, Qt.Key.Key_M)
    assert mask_of(window).is_empty


def test_clip_that_is_done_meanwhile_takes_no_ones_place(
    qtbot: QtBot, window: Window, services: Services, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    services.jobs.add([ask("a fox")])
    (job,) = services.jobs.jobs
    window.watching.follow()
    made = write_kinora_clip(tmp_path / "made.mp4", ask("a fox"))
    with qtbot.waitSignal(window.watching.ended_unseen):
        services.jobs.finished.emit(replace(job, path=str(made)))
    assert window.theatre.painter.isVisible()
    assert window.theatre.path == clip


def test_comparing_ends_while_a_mask_is_painted(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    window.compare(write_clip(tmp_path / "other.mp4", 24))
    qtbot.waitUntil(lambda: window.theatre.canvas.other is not None, timeout=WAIT_MS)
    press(window, Qt.Key.Key_M)
    assert window.theatre.canvas.other is None
    press(window, Qt.Key.Key_C)
    assert window.theatre.canvas.other is None
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_C)
    assert window.theatre.canvas.other is not None


def test_folder_of_pictures_is_refused_in_a_sentence(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    watch(qtbot, window, write_pictures(tmp_path / "frames", 3))
    press(window, Qt.Key.Key_M)
    assert window.messages.text.text().startswith("A folder of pictures can't be edited")
    assert not window.theatre.painter.isVisible()
    assert not window.theatre.transport.edit.isChecked()


def test_nothing_is_painted_where_nothing_is_shown(window: Window) -> None:
    assert not window.theatre.transport.edit.isEnabled()
    press(window, Qt.Key.Key_M)
    assert not window.theatre.painter.isVisible()


def test_what_an_edit_replaced_comes_back_by_its_message(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    image = Mask(window.theatre.size()).image
    window.draft.give(first=stills.take_image(image))
    before = window.draft.kept()
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    assert window.draft.first_frame == ""
    window.messages.remedy.click()
    assert window.draft.kept() == before


def test_long_video_is_told_to_be_cut(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    watch(qtbot, window, write_clip(tmp_path / "long.mp4", 100))
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    assert "Of its 100 frames it has the first 81" in window.messages.text.text()


def test_edit_is_opened_again_to_be_painted_on(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    painted = mask_of(window).image
    window.theatre.player.set_range(4, 16)
    use(qtbot, window)
    edit, well = window.draft.edit, window.create_panel.pictures.edited
    well.click()
    assert mask_of(window).image == painted
    assert window.theatre.canvas.hasFocus()
    window.theatre.stop_painting()

    watch(qtbot, window, write_clip(tmp_path / "other.mp4", 5))
    well.click()
    qtbot.waitUntil(lambda: window.theatre.painter.isVisible(), timeout=WAIT_MS)
    player = window.theatre.player
    assert window.theatre.path == clip
    assert not player.playing
    assert (player.first, player.last, player.position) == (4, 16, 4)
    assert mask_of(window).image == painted
    stroke(window)
    well.click()  # it is open already
    assert mask_of(window).can_undo
    window.theatre.painter.invert()
    use(qtbot, window)
    assert window.draft.edit is not None
    assert edit is not None
    assert window.draft.edit.video == edit.video
    assert window.draft.edit.mask != edit.mask
    assert (window.draft.edit.start, window.draft.edit.frames) == (4, 13)


def test_edit_whose_file_was_moved_is_opened_as_it_is_kept(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    painted = mask_of(window).image
    use(qtbot, window)
    edit = window.draft.edit
    assert edit is not None
    watch(qtbot, window, write_clip(tmp_path / "other.mp4", 5))
    clip.unlink()
    window.create_panel.pictures.edited.click()
    qtbot.waitUntil(lambda: window.theatre.painter.isVisible(), timeout=WAIT_MS)
    assert window.theatre.path == pictures.require(edit.video)
    assert window.theatre.player.is_whole()
    assert window.theatre.canvas.film is not None
    assert window.theatre.canvas.film.name == "my clip.mp4"
    assert mask_of(window).image == painted
    pictures.require(edit.mask).unlink()
    watch(qtbot, window, tmp_path / "other.mp4")
    window.create_panel.pictures.edited.click()
    qtbot.waitUntil(lambda: window.theatre.painter.isVisible(), timeout=WAIT_MS)
    assert mask_of(window).image == painted  # as it is remembered


def test_request_of_an_edit_is_loaded_with_it(
    qtbot: QtBot, window: Window, clip: Path, tmp_path: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    window.draft.set_prompt("a red hat")
    window.draft.set_seed(7, locked=True)
    request = window.draft.request()
    made = write_kinora_clip(tmp_path / "made.mp4", request)
    window.draft.edit_video(None)
    window.open_files([made])
    assert window.draft.request() == request
    well = window.create_panel.pictures.edited
    assert well.isVisible()
    qtbot.waitUntil(lambda: not well._frame.isNull(), timeout=WAIT_MS)
    assert window.create_panel.pictures.edited.name == request.video


def test_edit_is_seen_after_a_restart(
    qtbot: QtBot, window: Window, services: Services, clip: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    window._draft_file.save()
    clip.unlink()
    again = Window(services)
    qtbot.addWidget(again)
    well = again.create_panel.pictures.edited
    assert again.draft.edit == window.draft.edit
    qtbot.waitUntil(lambda: not well._frame.isNull(), timeout=WAIT_MS)
    again.show()
    again.resize(1280, 800)
    well.click()
    qtbot.waitUntil(lambda: again.theatre.painter.isVisible(), timeout=WAIT_MS)
    assert again.theatre.player.is_whole()
    assert "Edited clip" in again.theatre.canvas.accessibleDescription()
    again.close()


def test_copying_that_takes_long_is_said(
    qtbot: QtBot, window: Window, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Footage, "keep", lambda _self, painted: asked.append(painted))
    window.editing._late.setInterval(1)
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "“my clip.mp4” is being copied" in window.messages.text.text())
    assert window.messages.subject == editing.COPYING
    assert asked


def test_video_that_is_gone_meanwhile_is_told(qtbot: QtBot, window: Window, clip: Path) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    clip.unlink()
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "can't be read" in window.messages.text.text(), timeout=WAIT_MS)
    assert window.draft.edit is None


def test_keys_of_the_painter_are_in_the_help(window: Window) -> None:
    listed = {key for keys in window.shortcuts.help.rows(Section.MASK) for key in keys}
    bound = {key for binding in window.theatre.painter.bindings() for key in binding.keys}
    assert listed == {shown(key) for key in bound}
    assert {"Enter", "Esc", "[", "]", "Ctrl+Z", "Ctrl+Shift+Z"} <= listed


def test_tab_goes_from_the_picture_through_the_bar(
    qtbot: QtBot, window: Window, clip: Path
) -> None:
    watch(qtbot, window, clip)
    press(window, Qt.Key.Key_M)
    stroke(window)
    window.theatre.painter.invert()
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    bar, order = window.theatre.paint_bar, list[object]()
    for _ in range(10):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        order.append(QApplication.focusWidget())
    paint, erase = bar.modes.buttons
    tools = [bar.undo, bar.redo, bar.clear, bar.invert]
    assert order[:8] == [bar.brush, paint, *tools, bar.cancel, bar.use]
    paint.setFocus()
    QTest.keyClick(paint, Qt.Key.Key_Right)
    assert erase.hasFocus()
    QTest.keyClick(erase, Qt.Key.Key_Space)
    assert window.theatre.painter.erases
    QTest.keyClick(erase, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert not bar.redo.isEnabled()


def test_part_of_a_clip_is_made_anew_for_real(
    qtbot: QtBot, window: Window, services: Services, tmp_path: Path
) -> None:
    window.draft.use_model("demo")
    services.engine.start()
    panel = window.create_panel
    qtbot.waitUntil(lambda: panel.model.findData("demo") >= 0, timeout=PATIENCE_MS)
    watch(qtbot, window, write_clip(tmp_path / "nine.mp4", 9, size=(64, 64)))
    press(window, Qt.Key.Key_M)
    stroke(window)
    use(qtbot, window)
    window.draft.choose(steps=2)
    window.draft.set_seed(3, locked=True)
    QTest.keyClicks(panel.prompt.editor, "a red circle stays still at night")
    with qtbot.waitSignal(services.jobs.finished, timeout=PATIENCE_MS):
        panel.generate.click()
    (job,) = services.jobs.jobs
    before, after = (list(read_frames(path)) for path in (tmp_path / "nine.mp4", Path(job.path)))
    assert len(after) == 9
    for frame, made in zip(before, after, strict=True):
        change = (frame.int() - made.int()).abs().amax(dim=-1)
        assert change[:12].max() < 16  # packed anew
        assert change[30:34, 24:40].float().mean() > 16
