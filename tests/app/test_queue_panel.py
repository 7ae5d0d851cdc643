"""The queue panel: what it says of a job, what it offers, what it asks for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.clips import Clips
from app.draft import Draft
from app.journal import Job, JobStatus
from app.queue_panel import Action, QueuePanel, actions_for
from inference.api.messages import Stage
from inference.media import open_writer
from tests.app.conftest import PATIENCE_MS, bring_up, picture_of
from tests.app.kinora_clips import write_clip


def job(name: str, status: JobStatus = JobStatus.WAITING) -> Job:
    draft = Draft()
    draft.set_prompt(f"a red circle, {name}")
    return Job(name, draft.request(), f"{name}.mp4", status)


RUNNING = replace(
    job("a", JobStatus.RUNNING), stage=Stage.DENOISE, step=5, steps=20, seconds_left=75.0
)


def put(model: QStandardItemModel, *jobs: Job) -> None:
    for each in jobs:
        item = QStandardItem(each.request.prompt)
        item.setData(each, Qt.ItemDataRole.UserRole)
        model.appendRow(item)


@pytest.fixture
def model(qtbot: QtBot) -> QStandardItemModel:
    return QStandardItemModel()


@pytest.fixture
def clips(qtbot: QtBot, tmp_path: Path) -> Iterator[Clips]:
    made = Clips(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def panel(qtbot: QtBot, model: QStandardItemModel, clips: Clips) -> Iterator[QueuePanel]:
    made = QueuePanel(model, clips)
    qtbot.addWidget(made)
    made.resize(300, 400)
    bring_up(qtbot, made)
    yield made
    made.pictures.stop()


def test_empty_queue_says_so(panel: QueuePanel) -> None:
    assert panel.empty.isVisible()
    assert not panel.list.isVisible()
    assert panel.job is None


def test_first_job_is_selected_and_its_buttons_offered(
    panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, RUNNING)
    assert panel.job == RUNNING
    assert panel.buttons[Action.PAUSE].isEnabled()
    assert not panel.buttons[Action.RETRY].isEnabled()
    assert panel.buttons[Action.RESUME].isHidden()


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_has_words_and_something_to_do(panel: QueuePanel, status: JobStatus) -> None:
    stuck = replace(job("a", status), message="The disk is full.")
    assert panel.status_text(stuck)
    assert actions_for(stuck)


def test_running_job_tells_step_and_time(panel: QueuePanel) -> None:
    assert panel.status_text(RUNNING) == "Step 5/20"
    assert panel.aside_text(RUNNING) == "1:15 left"
    assert panel.aside_text(replace(RUNNING, seconds_left=45.2)) == "45 s left"
    waiting = job("b")
    assert panel.aside_text(waiting) == f"seed {waiting.request.seed}"
    assert panel.aside_text(replace(RUNNING, seconds_left=None)) == ""
    gone = replace(waiting, status=JobStatus.DONE, path="/nowhere/b.mp4")
    assert panel.aside_text(gone) == ""  # its words are long


def test_time_left_is_whole_in_the_narrowest_panel(
    panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, RUNNING)
    panel.resize(panel.minimumWidth(), 400)
    with_time = picture_of(panel.list.viewport())
    model.item(0).setData(replace(RUNNING, seconds_left=None), Qt.ItemDataRole.UserRole)
    without = picture_of(panel.list.viewport())
    font = panel.list.font()
    font.setPixelSize(12)
    width = QFontMetrics(font).horizontalAdvance(panel.aside_text(RUNNING))
    right = with_time.width()
    changed = [
        x
        for x in range(right)
        if any(with_time.pixel(x, y) != without.pixel(x, y) for y in range(28, 46))
    ]
    assert min(changed) < right - width
    assert max(changed) < right - theme.GAP


@pytest.mark.parametrize(
    ("key", "modifier", "status", "action"),
    [
        (Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, JobStatus.RUNNING, Action.PAUSE),
        (Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, JobStatus.PAUSED, Action.RESUME),
        (Qt.Key.Key_N, Qt.KeyboardModifier.NoModifier, JobStatus.RUNNING, Action.FINISH),
        (Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier, JobStatus.WAITING, Action.CANCEL),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, JobStatus.DONE, Action.REMOVE),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, JobStatus.WAITING, Action.UP),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, JobStatus.DONE, Action.SHOW),
        (Qt.Key.Key_C, Qt.KeyboardModifier.NoModifier, JobStatus.DONE, Action.COMPARE),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier, JobStatus.DONE, Action.CLEAR),
        (
            Qt.Key.Key_X,
            Qt.KeyboardModifier.ShiftModifier,
            JobStatus.WAITING,
            Action.CANCEL_WAITING,
        ),
        (Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier, JobStatus.WAITING, Action.EDIT),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_keys_ask_for_what_they_stand_for(
    qtbot: QtBot,
    panel: QueuePanel,
    model: QStandardItemModel,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    status: JobStatus,
    action: Action,
) -> None:
    put(model, replace(job("a", status), path=__file__))
    with qtbot.waitSignal(panel.act_wanted) as wanted:
        qtbot.keyClick(panel.list, key, modifier)
    assert wanted.args == [action, "a"]


def test_what_cannot_be_done_is_not_asked_for(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, job("a", JobStatus.DONE))
    with qtbot.assertNotEmitted(panel.act_wanted):
        panel.act(Action.PAUSE)


def test_menu_offers_exactly_what_can_be_done(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, RUNNING)
    menu = panel.menu()
    assert len(menu.actions()) == len(actions_for(RUNNING))
    with qtbot.waitSignal(panel.act_wanted) as wanted:
        menu.actions()[2].trigger()
    assert wanted.args == [Action.FINISH, "a"]


def test_menu_ends_with_what_is_for_many(panel: QueuePanel, model: QStandardItemModel) -> None:
    put(model, RUNNING, job("b"), job("c", JobStatus.CANCELLED))
    texts = [entry.text() for entry in panel.menu().actions()]
    assert texts[-3:] == ["", "Cancel all that wait", "Clear what is done or cancelled"]
    assert panel.buttons[Action.CLEAR].isEnabled()
    model.removeRow(2)
    assert not panel.buttons[Action.CLEAR].isEnabled()


def test_row_shows_picture_progress_and_selection(
    panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, RUNNING)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ff0000"))
    panel.pictures.show_preview("a", picture)
    assert middle_of_first_picture(panel) == "#ff0000"


def test_bar_of_a_row_is_of_the_whole_clip(
    panel: QueuePanel, model: QStandardItemModel, qapp: QApplication
) -> None:
    theme.apply(qapp, theme.Scheme.DARK)
    put(model, replace(RUNNING, step=1, steps=20, progress=0.75))
    picture, accent = picture_of(panel.list.viewport()), QColor(theme.current().accent_text)
    rows = [
        [x for x in range(picture.width()) if picture.pixelColor(x, y) == accent] for y in range(60)
    ]
    bar = max(rows, key=len)
    room = picture.width() - 8 - min(bar)
    assert len(bar) == pytest.approx(0.75 * room, abs=6)


def middle_of_first_picture(panel: QueuePanel) -> str:
    return picture_of(panel.list.viewport()).pixelColor(29, 30).name()


def test_row_of_a_clip_that_is_made_shows_its_picture_in_the_library(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel, clips: Clips, tmp_path: Path
) -> None:
    path, request = tmp_path / "a.mp4", job("a").request
    with open_writer(path, 64, 32, 16, {}) as write:  # whose sides are cut off
        write(np.full((32, 64, 3), (0, 0, 255), np.uint8))
    clip = clips.add(path, request)
    qtbot.waitUntil(lambda: clips.clip(clip.id).thumbnail != "", timeout=PATIENCE_MS)
    put(model, replace(job("a", JobStatus.DONE), path=str(path)))
    qtbot.waitUntil(lambda: is_blue(middle_of_first_picture(panel)), timeout=PATIENCE_MS)
    clips.trash([clip.id])
    assert not is_blue(middle_of_first_picture(panel))


def is_blue(name: str) -> bool:
    """As far as a video tells."""
    colour = QColor(name)
    return colour.blue() > 240 and colour.red() + colour.green() < 20


def test_every_button_has_a_name(panel: QueuePanel) -> None:
    assert all(button.accessibleName() for button in panel.buttons.values())
    assert panel.list.accessibleName()


def test_focus_stays_here_when_a_button_has_done_its_work(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, RUNNING)
    panel.buttons[Action.PAUSE].setFocus()
    stopping = replace(RUNNING, status=JobStatus.STOPPING)
    model.item(0).setData(stopping, Qt.ItemDataRole.UserRole)
    assert panel.list.hasFocus()  # and not the button that cancels


def test_what_is_asked_for_comes_into_view(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, *(job(str(number), JobStatus.DONE) for number in range(20)))
    put(model, job("new"))
    shown = panel.list.visualRect(model.index(20, 0))
    assert panel.list.viewport().rect().contains(shown)


def test_first_that_is_not_over_is_selected(
    qtbot: QtBot, model: QStandardItemModel, clips: Clips
) -> None:
    put(model, *(job(str(number), JobStatus.DONE) for number in range(20)))
    put(model, job("a", JobStatus.PAUSED), *(job(str(number)) for number in range(20, 40)))
    panel = QueuePanel(model, clips)
    qtbot.addWidget(panel)
    panel.resize(300, 200)
    panel.show()
    assert panel.job is not None
    assert panel.job.id == "a"
    qtbot.waitUntil(lambda: panel.list.visualRect(panel.list.currentIndex()).top() == 0)
    panel.pictures.stop()


def test_row_shows_that_the_list_has_the_focus(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, job("a"))
    panel.buttons[Action.CANCEL].setFocus()
    without = picture_of(panel.list.viewport())
    panel.list.setFocus()
    assert picture_of(panel.list.viewport()) != without


def run_next(model: QStandardItemModel, row: int) -> None:
    """The job before that row is done, and the one there is made."""
    if row:
        done = replace(job_in(model, row - 1), status=JobStatus.DONE, path=__file__)
        model.item(row - 1).setData(done, Qt.ItemDataRole.UserRole)
    running = replace(job_in(model, row), status=JobStatus.RUNNING)
    model.item(row).setData(running, Qt.ItemDataRole.UserRole)


def job_in(model: QStandardItemModel, row: int) -> Job:
    found = model.item(row).data(Qt.ItemDataRole.UserRole)
    assert isinstance(found, Job)
    return found


def selected(panel: QueuePanel) -> str:
    return "" if panel.job is None else panel.job.id


def test_selection_follows_what_is_made(panel: QueuePanel, model: QStandardItemModel) -> None:
    put(model, *map(job, "abc"))
    for row, name in enumerate("abc"):
        run_next(model, row)
        assert selected(panel) == name
    put(model, job("d"))
    run_next(model, 3)
    assert selected(panel) == "d"


def test_selection_of_the_users_stays_until_he_selects_what_is_made(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, *map(job, "abcd"))
    run_next(model, 0)
    qtbot.keyClick(panel.list, Qt.Key.Key_End)
    run_next(model, 1)
    assert selected(panel) == "d"
    panel.list.setCurrentIndex(model.index(1, 0))
    run_next(model, 2)
    assert selected(panel) == "c"


def test_what_was_paused_stays_selected(panel: QueuePanel, model: QStandardItemModel) -> None:
    put(model, *map(job, "ab"))
    run_next(model, 0)
    paused = replace(job_in(model, 0), status=JobStatus.PAUSED)
    model.item(0).setData(paused, Qt.ItemDataRole.UserRole)
    running = replace(job_in(model, 1), status=JobStatus.RUNNING)
    model.item(1).setData(running, Qt.ItemDataRole.UserRole)
    assert selected(panel) == "a"


@pytest.mark.parametrize(("gone", "then"), [("a", "c"), ("b", "d")])
def test_selection_that_only_moved_up_follows_still(
    panel: QueuePanel, model: QStandardItemModel, gone: str, then: str
) -> None:
    """The selected job is taken off the list, which selects its neighbour: the user's own stays."""
    put(model, *map(job, "abcd"))
    run_next(model, 0)
    if gone == "b":
        panel.list.setCurrentIndex(model.index(3, 0))
    model.removeRow("abcd".index(gone))
    (row,) = [row for row in range(3) if job_in(model, row).id == "c"]
    model.item(row).setData(replace(job("c"), status=JobStatus.RUNNING), Qt.ItemDataRole.UserRole)
    if gone == "b":
        model.item(0).setData(replace(job("a"), status=JobStatus.DONE), Qt.ItemDataRole.UserRole)
    assert selected(panel) == then


def test_menu_is_of_the_job_it_was_opened_for(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel
) -> None:
    put(model, *map(job, "ab"))
    run_next(model, 0)
    menu = panel.menu()
    (again,) = [entry for entry in menu.actions() if entry.text() == "Again with a new seed"]
    run_next(model, 1)
    assert selected(panel) == "b"
    with qtbot.waitSignal(panel.act_wanted) as wanted:
        again.trigger()
    assert wanted.args == [Action.DUPLICATE, "a"]


def test_clip_in_the_trash_is_said_to_be_there_and_not_offered_until_it_is_back(
    qtbot: QtBot, panel: QueuePanel, model: QStandardItemModel, clips: Clips, tmp_path: Path
) -> None:
    done = replace(job("a", JobStatus.DONE), path=str(write_clip(tmp_path / "a.mp4")))
    clip = clips.add(Path(done.path), done.request)
    put(model, done)
    drawn = [panel.status_text(done)]  # at first, and whenever its row is drawn anew
    panel.pictures.changed.connect(lambda: drawn.append(panel.status_text(done)))
    clips.trash([clip.id])
    assert drawn[-1] == "In the trash"
    assert panel.status_text(done) == "In the trash"
    assert "Show" not in [entry.text() for entry in panel.menu().actions()]
    with qtbot.assertNotEmitted(panel.act_wanted):
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
        qtbot.keyClick(panel.list, Qt.Key.Key_C)
    clips.restore([clip.id])
    assert drawn[-1] == "Done"
    assert panel.status_text(done) == "Done"
    with qtbot.waitSignal(panel.act_wanted) as wanted:
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert wanted.args == [Action.SHOW, "a"]
    clips.trash([clip.id])
    clips.empty_trash()
    assert drawn[-1] == "The file is missing"
    assert panel.status_text(done) == "The file is missing"


def test_row_of_a_clip_in_the_trash_shows_no_picture_of_it(
    panel: QueuePanel, model: QStandardItemModel, clips: Clips, tmp_path: Path
) -> None:
    done = replace(job("a", JobStatus.DONE), path=str(write_clip(tmp_path / "a.mp4")))
    clip = clips.add(Path(done.path), done.request)
    put(model, done)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ff0000"))
    panel.pictures.show_preview("a", picture)
    assert middle_of_first_picture(panel) == "#ff0000"
    clips.trash([clip.id])
    assert middle_of_first_picture(panel) != "#ff0000"
