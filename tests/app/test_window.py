"""The window with the real worker and the model that ships: type, generate, watch, keep."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app import message, theme
from app.clip_actions import ClipAction
from app.clips import Clips
from app.jobs import Jobs
from app.journal import Job, JobStatus
from app.message import MessageLevel, Remedy
from app.names import Naming
from app.presets import Preset
from app.queue_panel import Action
from app.top_bar import Page
from app.window import Services, Window
from inference.api import pictures
from inference.api.errors import UserError
from inference.api.messages import Notice
from tests.app.conftest import bring_up
from tests.app.kinora_clips import ask, write_clip

WORKER_MS = 90_000  # loading torch on a busy machine takes its time


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, services: Services) -> Iterator[Window]:
    theme.apply(qapp, theme.Scheme.DARK)
    made = Window(services)
    bring_up(qtbot, made)
    yield made
    made.close()
    made.deleteLater()


def test_typed_prompt_becomes_a_clip_that_is_watched(
    qtbot: QtBot, window: Window, services: Services
) -> None:
    services.engine.start()
    panel = window.create_panel
    qtbot.waitUntil(lambda: panel.model.count() > 0, timeout=WORKER_MS)
    qtbot.keyClicks(panel.prompt.editor, "a red circle moves right in the sky")
    window.draft.choose(steps=4, frames=9)
    shown: list[int] = []
    services.jobs.previewed.connect(lambda: shown.append(window.theatre.player.count))
    with qtbot.waitSignal(services.jobs.finished, timeout=WORKER_MS):
        qtbot.keyClick(panel.prompt.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (job,) = services.jobs.jobs
    assert job.status is JobStatus.DONE
    assert Path(job.path).is_file()
    assert 3 in shown  # frames of a preview: those of the latent
    qtbot.waitUntil(lambda: window.theatre.path == Path(job.path), timeout=WORKER_MS)
    assert window.theatre.player.count == 9
    assert window.theatre.player.playing
    assert [clip.path for clip in services.clips.clips] == [job.path]
    assert "tokens" in panel.prompt.count.text()
    assert "About" in panel.forecast.verdict.text()


def test_dropped_clip_restores_its_recipe_and_a_foreign_one_is_said_to_be(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    window.open_files([write_clip(tmp_path / "own.mp4", ask("a fox"))])
    assert window.draft.prompt == "a fox"
    window.open_files([write_clip(tmp_path / "foreign.mp4")])
    assert "foreign.mp4 has no recipe of Kinora's" in window.messages.text.text()
    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    window.open_files([text])
    assert window.messages.text.text().startswith("notes.mp4 can't be read")
    assert "Invalid data" not in window.messages.text.text()
    assert "Invalid data" in window.messages.details.toPlainText()


def test_settings_that_a_clip_replaced_are_brought_back_by_its_message(
    window: Window, tmp_path: Path
) -> None:
    window.draft.set_prompt("my own words")
    before, messages = window.draft.kept(), window.messages
    clip = write_clip(tmp_path / "own.mp4", ask("a fox"))
    window.open_files([clip])
    assert "unlock it to make another one" in messages.text.text()
    messages.remedy.click()
    assert window.draft.kept() == before

    window.open_files([clip])
    messages.dismiss.click()
    window.open_files([clip])  # nothing is replaced by the same
    assert not messages.isVisible()


def test_clip_goes_on_from_the_frame_that_is_shown(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    clip, draft = write_clip(tmp_path / "own.mp4", frames=9), window.draft
    draft.set_prompt("my own words")
    window.watching.watch(clip)
    qtbot.waitUntil(lambda: window.theatre.path == clip)
    window.theatre.player.pause()
    window.theatre.player.seek(8)
    before, canvas = draft.kept(), window.theatre.canvas
    qtbot.waitUntil(lambda: shade_of(canvas.shown_image()) > 50)
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    kept = QImage(str(pictures.require(draft.first_frame)))
    assert kept.convertToFormat(QImage.Format.Format_RGB888) == canvas.shown_image()
    assert window.messages.text.text().startswith("The next clip begins with this frame")
    assert canvas.hasFocus()  # for the next key
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    assert draft.last_frame == draft.first_frame
    assert window.messages.text.text().startswith("The next clip ends with this frame")
    window.messages.remedy.click()
    assert (draft.first_frame != "", draft.last_frame) == (True, "")
    draft.recall(before)
    window.theatre.transport.begin_with.click()
    assert draft.first_frame
    draft.set_prompt("it goes on")
    assert not window.messages.isVisible()  # what is typed since stays


def shade_of(image: QImage | None) -> int:
    return 0 if image is None else image.pixelColor(16, 16).green()


def test_two_clips_are_compared(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    first, second = (write_clip(tmp_path / f"{n}.mp4", ask(seed=n), frames=9) for n in (1, 2))
    window.compare(second)
    assert "Watch another clip first" in window.messages.text.text()
    window.open_files([first])
    qtbot.waitUntil(lambda: window.theatre.path == first)
    window.compare(second)
    qtbot.waitUntil(lambda: window.theatre.canvas.other is not None)
    assert window.theatre.path == first


def test_two_clips_of_the_library_are_compared(
    qtbot: QtBot, window: Window, services: Services, tmp_path: Path
) -> None:
    for seed in (1, 2):
        path = write_clip(tmp_path / f"{seed}.mp4", ask(seed=seed), frames=9)
        services.clips.add(path, ask(seed=seed))
    window.show_page(Page.LIBRARY)
    window.library.grid.selectAll()
    window.library.foot.buttons[ClipAction.COMPARE].click()
    qtbot.waitUntil(lambda: window.theatre.canvas.other is not None)
    qtbot.waitUntil(lambda: window.theatre.path is not None)
    other = window.theatre.canvas.other
    assert other is not None
    assert window.theatre.canvas.film is not None
    assert {window.theatre.canvas.film.name, other.name} == {"1.mp4", "2.mp4"}
    assert window.workspace.isVisible()


def test_full_screen_shows_the_picture_alone_until_escape(window: Window) -> None:
    window.theatre.full_screen_wanted.emit()
    assert window.isFullScreen()
    assert window.workspace.is_alone
    window.theatre.escaped.emit()
    assert not window.isFullScreen()
    assert not window.workspace.is_alone


def test_full_screen_of_another_page_stays_on_it(window: Window) -> None:
    window.show_page(Page.LIBRARY)
    window.shortcuts.full_screen_wanted.emit()
    assert window.isFullScreen()
    assert window.library.isVisible()
    assert window.top_bar.isVisible()
    window.shortcuts.full_screen_wanted.emit()
    assert not window.isFullScreen()
    assert window.library.isVisible()


def test_edit_takes_a_waiting_job_back(window: Window, services: Services) -> None:
    window.draft.set_prompt("a blue square")
    window.draft.choose(frames=5)
    window.create_panel.submit()
    window.draft.set_prompt("something else")
    window.queue.act(Action.EDIT)
    assert services.jobs.jobs == ()
    assert window.draft.prompt == "a blue square"
    assert window.draft.choices.frames == 5


def test_job_taken_back_goes_where_it_was_also_after_a_restart(
    qtbot: QtBot, window: Window, services: Services
) -> None:
    first, second, third, fourth = services.jobs.add([ask(name) for name in "abcd"])
    window.queueing.act(Action.EDIT, second)
    window.draft.set_prompt("b, edited")
    window.close()
    folder = services.folder
    jobs = Jobs(services.engine, lambda: Naming(folder / "clips"), folder / "jobs")
    again = Window(Services(services.engine, jobs, Clips(folder), folder))
    jobs.remove([third])  # the next that followed it
    again.create_panel.submit()
    again.create_panel.submit()
    prompts = [job.request.prompt for job in jobs.jobs]
    assert prompts == ["a", "b, edited", "d", "b, edited"]
    assert (jobs.row(first), jobs.row(fourth)) == (0, 2)
    again.close()
    again.deleteLater()


def test_other_request_in_place_of_one_taken_back_goes_to_the_end(
    window: Window, services: Services
) -> None:
    first, _ = services.jobs.add([ask("a"), ask("b")])
    window.queueing.act(Action.EDIT, first)
    window.load_request(ask("c"))
    window.create_panel.submit()
    assert [job.request.prompt for job in services.jobs.jobs] == ["b", "c"]


def test_order_is_changed_by_keys(window: Window, services: Services) -> None:
    for prompt in ("first", "second"):
        window.draft.set_prompt(prompt)
        window.create_panel.submit()
    window.queue.act(Action.DOWN)
    assert [job.request.prompt for job in services.jobs.jobs] == ["second", "first"]


def test_picture_alone_hides_everything_else_and_comes_back(qtbot: QtBot, window: Window) -> None:
    qtbot.keyClick(window.theatre.canvas, Qt.Key.Key_F)
    assert window.workspace.is_alone
    assert not window.top_bar.isVisible()
    assert not window.queue.isVisible()
    qtbot.keyClick(window.theatre.canvas, Qt.Key.Key_F)
    assert window.top_bar.isVisible()
    assert window.queue.isVisible()


def test_key_of_the_picture_is_no_key_of_other_pages(qtbot: QtBot, window: Window) -> None:
    window.show_page(Page.LIBRARY)
    qtbot.keyClick(window.library.grid, Qt.Key.Key_F)
    assert window.library.isVisible()
    assert not window.workspace.is_alone
    window.show_page(Page.CREATE)
    qtbot.keyClick(window.top_bar.tabs[Page.CREATE], Qt.Key.Key_F)
    assert window.workspace.is_alone


def test_places_of_the_docks_and_the_draft_are_remembered(
    window: Window, services: Services
) -> None:
    window.workspace.queue_dock.hide()
    window.draft.set_prompt("a fox")
    window.close()
    folder = services.folder
    jobs = Jobs(services.engine, lambda: Naming(folder / "clips"), folder / "jobs")
    again = Window(Services(services.engine, jobs, Clips(folder), folder))
    assert again.workspace.queue_dock.isHidden()
    assert again.create_panel.prompt.text == "a fox"
    again.close()
    again.deleteLater()


def test_panel_that_was_closed_comes_back(qtbot: QtBot, window: Window) -> None:
    dock, button = window.workspace.create_dock, window.top_bar.panels[0]
    assert button.isChecked()
    dock.close()
    assert not button.isChecked()
    button.click()
    assert dock.isVisible()
    qtbot.keyClick(window.theatre.canvas, Qt.Key.Key_F8)
    assert window.workspace.queue_dock.isHidden()
    window.show_page(Page.LIBRARY)
    assert not button.isVisible()
    window.show_page(Page.CREATE)
    assert button.isVisible()
    assert button.isChecked()
    assert window.workspace.queue_dock.isHidden()


def test_what_the_worker_notices_of_a_prompt_is_said(window: Window, services: Services) -> None:
    services.engine.received.emit(Notice("1", "The demo model knows only its toy world."))
    assert window.messages.text.text() == "The demo model knows only its toy world."


def test_message_acts_and_goes(qtbot: QtBot, window: Window) -> None:
    acted: list[bool] = []
    remedy = Remedy("Do it", lambda: acted.append(True))
    window.say(MessageLevel.PROBLEM, "The disk is full.", remedy, "a long story")
    assert window.messages.isVisible()
    window.messages.more.click()
    assert window.messages.details.isVisible()
    window.messages.remedy.click()
    assert acted == [True]
    assert not window.messages.isVisible()


def test_message_lies_where_nothing_is_worked_with(qtbot: QtBot, window: Window) -> None:
    messages, generate = window.messages, window.create_panel.generate
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: window.height() == 720)
    window.say(MessageLevel.PROBLEM, "It broke.", Remedy("Try again", lambda: None), "why")
    QApplication.processEvents()
    assert messages.geometry() == window.status_line.geometry()
    window.say(MessageLevel.PROBLEM, "It broke. " * 40, Remedy("Try again", lambda: None), "why")
    QApplication.processEvents()
    assert messages.height() > window.status_line.height()
    window.workspace.show_picture_alone(True)
    buttons = window.theatre.transport.buttons
    assert covered(window, [*buttons, window.theatre.timeline]) == []
    window.workspace.show_picture_alone(False)
    QApplication.processEvents()
    assert covered(window, [*buttons, generate, window.theatre.timeline]) == []
    assert window.childAt(messages.geometry().center()) in messages.findChildren(QWidget)


def covered(window: Window, widgets: list[QWidget]) -> list[QWidget]:
    """Those that a click in their middle would miss."""
    return [each for each in widgets if window.childAt(middle_of(each, window)) is not each]


def middle_of(widget: QWidget, window: Window) -> QPoint:
    return widget.mapTo(window, widget.rect().center())


def test_escape_dismisses_a_message_before_it_does_anything_else(
    qtbot: QtBot, window: Window
) -> None:
    window.activateWindow()
    window.theatre.full_screen_wanted.emit()
    qtbot.waitUntil(window.theatre.canvas.hasFocus)
    window.say(MessageLevel.WARNING, "Beware.")
    qtbot.keyClick(window.theatre.canvas, Qt.Key.Key_Escape)
    assert not window.messages.isVisible()
    assert window.isFullScreen()
    qtbot.keyClick(window.theatre.canvas, Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_long_path_in_a_message_is_cut_and_whole_in_its_details(window: Window) -> None:
    path = f"/home/someone/{'a-long-name/' * 12}clip.mp4"
    window.say(MessageLevel.PROBLEM, f"{path} can't be written.", details="Errno 30")
    assert "clip.mp4 can't be written." in window.messages.text.text()
    assert len(window.messages.text.text()) < 90
    assert window.messages.details.toPlainText() == f"{path} can't be written.\n\nErrno 30"
    assert window.messages.more.isVisible()
    chinese = "无法写入输出文件夹，请换一个文件夹。" * 6
    window.say(MessageLevel.PROBLEM, chinese)
    assert window.messages.text.text() == chinese
    assert not window.messages.more.isVisible()


def test_unwritable_folder_is_told_not_thrown_until_it_can_be_written(
    qtbot: QtBot, window: Window, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "STAYS_MS", 100)
    window.draft.set_prompt("x")
    with monkeypatch.context() as patch:
        patch.setattr(services.jobs, "add", _refuse)
        window.create_panel.submit()
    assert "full" in window.messages.text.text()
    window.create_panel.submit()
    qtbot.waitUntil(lambda: not window.messages.isVisible())


def _refuse(*_: object) -> None:
    raise UserError("The disk is full: free some space.")


def test_removed_preset_is_brought_back_by_its_message(window: Window) -> None:
    presets, messages = window.create_panel.presets, window.messages
    presets.bring_back(Preset("night", window.draft.choices))  # which keeps one
    presets.fill()
    (removing,) = [entry for entry in presets.menu.actions() if entry.text() == "Remove"]
    submenu = removing.menu()
    assert isinstance(submenu, QMenu)
    submenu.actions()[0].trigger()
    assert messages.text.text() == "The preset “night” is removed."
    messages.remedy.click()
    presets.fill()
    assert "night" in [entry.text() for entry in presets.menu.actions()]


def test_clip_that_can_not_be_read_is_told_until_another_is_watched(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "STAYS_MS", 100)
    letter = tmp_path / "letter.mp4"
    letter.write_text("dear all")
    window.watching.watch(letter)
    qtbot.waitUntil(lambda: "letter.mp4 can't be read" in window.messages.text.text())
    window.watching.watch(write_clip(tmp_path / "clip.mp4"))
    qtbot.waitUntil(lambda: not window.messages.isVisible())


def test_clip_that_is_done_is_told_until_it_is_watched(
    qtbot: QtBot, window: Window, services: Services, tmp_path: Path
) -> None:
    (id_,) = services.jobs.add([ask("a fox")])
    done = replace(services.jobs.job(id_), path=str(write_clip(tmp_path / "clip.mp4")))
    services.jobs.put(replace(done, status=JobStatus.DONE))
    window.telling.tell_unseen(done)
    window.queueing.act(Action.SHOW, id_)
    assert not window.messages.isVisible()


def test_all_of_the_form_is_seen_on_a_small_screen(qtbot: QtBot, window: Window) -> None:
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: window.height() == 720)
    (scroll,) = window.create_panel.findChildren(QScrollArea)
    form = scroll.widget()
    assert form is not None
    assert form.minimumSizeHint().height() <= scroll.viewport().height()
    assert form.minimumSizeHint().width() <= scroll.viewport().width()


def test_numbers_keep_off_the_edge_of_their_fields(window: Window) -> None:
    field = window.create_panel.frames.lineEdit()
    field.home(False)
    # A cursor's rectangle has room at both sides of where the text begins.
    inside = field.mapTo(window.create_panel.frames, field.cursorRect().center())
    assert inside.x() >= 5


def test_finished_clip_is_in_the_library_as_its_file_says(
    window: Window, services: Services, tmp_path: Path
) -> None:
    asked = ask("a fox")
    early = replace(asked, stop_after=1)  # as the worker found when it was finished early
    path = write_clip(tmp_path / "a.mp4", early)
    services.jobs.finished.emit(Job("1", asked, str(path), JobStatus.DONE, path=str(path)))
    assert [clip.request for clip in services.clips.clips] == [early]
    window.show_page(Page.LIBRARY)
    assert window.library.clip == services.clips.clips[0]


def test_focus_stays_when_a_message_is_dismissed_by_a_click(qtbot: QtBot, window: Window) -> None:
    window.theatre.canvas.setFocus()
    window.say(MessageLevel.INFO, "Hello.", Remedy("Do it", lambda: None))
    for button in (window.messages.remedy, window.messages.dismiss):
        window.messages.show()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert not window.messages.isVisible()
        assert window.theatre.canvas.hasFocus()


def test_settings_that_a_preset_replaced_are_brought_back_by_its_message(window: Window) -> None:
    window.draft.choose(steps=3)
    before, presets = window.draft.kept(), window.create_panel.presets
    presets.fill()
    first, *_ = presets.menu.actions()
    first.trigger()
    assert window.draft.choices.steps != 3
    assert f"the preset “{first.text()}” now" in window.messages.text.text()
    window.messages.remedy.click()
    assert window.draft.kept() == before

    first.trigger()
    assert window.messages.isVisible()
    window.draft.set_prompt("typed since")  # which no undo may take away
    assert not window.messages.isVisible()


def test_preset_that_is_not_kept_is_said(window: Window, services: Services) -> None:
    (services.folder / "presets.new").mkdir()
    presets = window.create_panel.presets
    presets.fill()
    field = presets.menu.findChild(QLineEdit)
    assert field is not None
    field.setText("night")
    field.returnPressed.emit()
    assert "The presets can't be kept" in window.messages.text.text()
