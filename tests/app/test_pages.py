"""The window with all its pages: the settings reach what they are for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import message, theme
from app.clips import Clips
from app.jobs import Jobs
from app.journal import JobStatus
from app.message import MessageLevel, Remedy
from app.pages import Pages
from app.settings import Language, SettingsStore, Theme
from app.text import Texts
from app.top_bar import Page
from app.window import Services, Window
from inference.api.messages import (
    AddModel,
    Command,
    Download,
    Downloaded,
    Failed,
    FailureKind,
    Generate,
    ListModels,
    ModelInfo,
    ModelsListed,
)
from tests.app.conftest import PATIENCE_MS, MakeEngine, bring_up
from tests.app.kinora_clips import ask, write_clip
from tests.app.scripted_engine import known, own


class Case:
    """A window with a scripted worker, and what is around it. `sent` are the commands to the worker."""

    def __init__(self, make_engine: MakeEngine, folder: Path) -> None:
        self.store = SettingsStore(folder / "settings.json")
        self.store.update(theme=Theme.DARK, output_folder=str(folder / "clips"))
        self.engine = make_engine()
        self.sent = list[Command]()
        send = self.engine.send
        self.engine.send = lambda command: (self.sent.append(command), send(command))[1]
        self.jobs = Jobs(self.engine, lambda: self.store.values.naming, folder / "jobs")
        self.window = Window(Services(self.engine, self.jobs, Clips(folder), folder))
        self.texts = Texts(self.window)
        self.pages = Pages(self.window, self.store, self.texts)


@pytest.fixture
def case(
    qtbot: QtBot, qapp: QApplication, make_engine: MakeEngine, tmp_path: Path
) -> Iterator[Case]:
    made = Case(make_engine, tmp_path)
    bring_up(qtbot, made.window)
    yield made
    made.texts.use(Language.ENGLISH)
    made.window.close()
    made.window.deleteLater()
    theme.apply(qapp, theme.Scheme.DARK)


def test_memory_budget_reaches_the_worker_and_the_forecast(qtbot: QtBot, case: Case) -> None:
    case.window.start()
    qtbot.waitUntil(lambda: case.jobs.device is not None, timeout=PATIENCE_MS)
    case.store.update(memory_budget_gb=5.0)
    device = case.jobs.device
    assert device is not None
    assert device.total_bytes == 5 << 30
    case.window.draft.set_prompt("a fox")
    assert "of 5.0 GB on the card" in case.window.create_panel.forecast.details.text()
    with qtbot.waitSignal(case.jobs.finished, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    (generate,) = [command for command in case.sent if isinstance(command, Generate)]
    assert generate.vram_bytes == 5 << 30
    assert Path(generate.output).parent == Path(case.store.values.output_folder)


def test_theme_and_language_are_switched_live(qtbot: QtBot, case: Case) -> None:
    case.window.top_bar.theme.click()
    assert case.store.values.theme is Theme.LIGHT
    assert theme.current() == theme.tokens(theme.Scheme.LIGHT)
    case.pages.settings.language.setCurrentIndex(2)
    case.pages.settings.language.activated.emit(2)
    assert case.texts.language is Language.CHINESE


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.CHINESE])
def test_smallest_window_has_room_for_every_page(
    qtbot: QtBot, case: Case, tmp_path: Path, language: Language
) -> None:
    clip = write_clip(tmp_path / f"{'a long name ' * 12}.mp4", ask())
    case.window.services.clips.add(clip, ask())
    case.texts.use(language)
    window, messages = case.window, case.window.messages
    window.resize(0, 0)
    qtbot.waitUntil(lambda: window.size() == window.minimumSize())
    assert window.height() <= 500  # what 1920 x 1080 at 200 % leaves, and less
    for page in window.pages:
        window.show_page(page)
        window.say(MessageLevel.PROBLEM, "It broke. " * 20, None, "why\n" * 20)
        messages.more.click()
        QApplication.processEvents()
        needed = window.minimumSizeHint()
        assert needed.width() <= window.width(), page
        assert needed.height() <= window.height(), page
        assert messages.height() >= messages.heightForWidth(messages.width())
        assert window.top_bar.rect().bottom() < messages.y()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(Language.ENGLISH, "It broke, and so on. "), (Language.CHINESE, "输出文件夹无法写入，请换。")],
)
def test_long_message_covers_no_button_of_the_smallest_window_and_can_be_read_whole(
    qtbot: QtBot, case: Case, language: Language, sentence: str
) -> None:
    case.texts.use(language)
    window, messages = case.window, case.window.messages
    window.resize(0, 0)
    qtbot.waitUntil(lambda: window.size() == window.minimumSize())
    window.say(MessageLevel.PROBLEM, sentence, Remedy("Again", lambda: None))
    assert not messages.more.isVisible()
    long = sentence * 20
    window.say(MessageLevel.PROBLEM, long, Remedy("Again", lambda: None))
    QApplication.processEvents()
    generate = window.create_panel.generate
    place = QRect(generate.mapTo(window, QPoint()), generate.size())
    assert not place.intersects(messages.geometry())
    messages.more.click()
    assert messages.details.toPlainText() == long
    assert messages.accessibleName() == long


def test_nothing_moves_as_a_message_comes_and_goes(qtbot: QtBot, case: Case) -> None:
    window, messages = case.window, case.window.messages
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: window.height() == 720)
    remedy = Remedy("Try again", lambda: None)
    for page in window.pages:
        window.show_page(page)
        before = places(qtbot, window)
        for text in ("It broke.", "It broke. " * 40):
            window.say(MessageLevel.PROBLEM, text, remedy, "why")
            messages.more.click()
            assert places(qtbot, window) == before, page
            messages.dismiss.click()
            assert places(qtbot, window) == before, page


def places(qtbot: QtBot, window: Window) -> dict[QWidget, QRect]:
    """Where everything has come to rest that is seen, but for a message."""
    seen = [places_now(window)]

    def rests() -> bool:
        seen.append(places_now(window))
        return seen[-1] == seen[-2]

    qtbot.waitUntil(rests)
    return seen[-1]


def places_now(window: Window) -> dict[QWidget, QRect]:
    return {
        widget: QRect(widget.mapTo(window, QPoint()), widget.size())
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget is not window.messages
        and not window.messages.isAncestorOf(widget)
    }


def test_settings_that_can_not_be_kept_are_told_until_they_can(
    qtbot: QtBot, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "STAYS_MS", 100)
    (tmp_path / "settings.json").unlink()
    (tmp_path / "settings.json").mkdir()
    case.window.top_bar.theme.click()
    assert "can't be kept" in case.window.messages.text.text()
    (tmp_path / "settings.json").rmdir()
    case.window.top_bar.theme.click()
    qtbot.waitUntil(lambda: not case.window.messages.isVisible())


def test_folder_that_could_not_be_written_is_told_until_another_is_chosen(
    case: Case, tmp_path: Path
) -> None:
    (id_,) = case.jobs.add([ask()])
    with_folder = replace(case.jobs.job(id_), failure=FailureKind.INPUT, message="It can't be.")
    case.jobs.put(replace(with_folder, status=JobStatus.FAILED))
    case.jobs.failed.emit(case.jobs.job(id_))
    assert case.window.messages.isVisible()
    case.store.update(theme=Theme.LIGHT)
    assert case.window.messages.isVisible()
    case.store.update(output_folder=str(tmp_path / "elsewhere"))
    assert not case.window.messages.isVisible()


def test_finished_clip_is_told_to_who_looks_elsewhere(
    qtbot: QtBot, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr("app.notifier.LONG_S", 0.0)
    case.pages.notifier._show = lambda title, text: shown.append((title, text))
    case.window.hide()
    case.window.start()
    case.window.draft.set_prompt("a fox")
    with qtbot.waitSignal(case.jobs.finished, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    case.window.draft.set_prompt("refuse")
    with qtbot.waitSignal(case.jobs.failed, timeout=PATIENCE_MS):
        case.window.create_panel.submit()
    assert shown == [
        ("A clip is done", "a fox"),
        ("A clip came to nothing", "The folder can't be written to."),
    ]


INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)


def interactive(window: QWidget) -> list[QWidget]:
    """Everything that takes keys or clicks, but for the parts of Qt's own widgets."""
    found = [widget for widget in window.findChildren(QWidget) if isinstance(widget, INTERACTIVE)]
    return [
        widget
        for widget in found
        if not isinstance(widget, QScrollBar)
        and not isinstance(widget.parentWidget(), QAbstractSpinBox | QLineEdit)
        and not widget.objectName().startswith("qt_")
        and widget.metaObject().className() != "QComboBoxListView"
    ]


def named(widget: QWidget) -> str:
    return f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"


def test_every_control_of_the_window_has_a_name_and_is_reached_by_keyboard(case: Case) -> None:
    models = (known("a", 1 << 30), known("b"), own("mine"))
    case.engine.received.emit(ModelsListed("models", models))
    controls = interactive(case.window)
    assert len(controls) > 100
    nameless = [named(widget) for widget in controls if not widget.accessibleName()]
    assert not nameless, "; ".join(nameless)
    unreached = [
        f"{named(widget)}: {widget.accessibleName()}"
        for widget in controls
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    ]
    assert not unreached, "; ".join(unreached)


def test_models_speak_up_in_the_window(case: Case) -> None:
    case.engine.received.emit(ModelsListed("models", (known("a"),)))
    said, downloads = case.window.messages.text, case.pages.downloads
    downloads.add("/disk/mine")
    (asked,) = [command for command in case.sent if isinstance(command, AddModel)]
    case.engine.received.emit(ModelsListed(asked.id, (known("a"), own("mine"))))
    assert said.text() == "Wan mine was added, and stays where it is."
    downloads.add("/disk/notes")
    asked = [command for command in case.sent if isinstance(command, AddModel)][-1]
    case.engine.received.emit(Failed(asked.id, FailureKind.INPUT, "It is no model."))
    assert said.text() == "It is no model."


def download(qtbot: QtBot, case: Case, came: ModelInfo) -> None:
    """One that ends, and of which then that much is there."""
    case.window.start()
    qtbot.waitUntil(lambda: case.jobs.device is not None, timeout=PATIENCE_MS)
    case.engine.received.emit(ModelsListed("models", (known("a"),)))
    case.pages.models.cards["a"].download.click()
    case.engine.received.emit(Downloaded("download-a", "/models/a"))
    assert "Wan a" not in case.window.messages.text.text()  # it was not looked at yet
    asked = [command for command in case.sent if isinstance(command, ListModels)][-1]
    case.engine.received.emit(ModelsListed(asked.id, (came,)))


def test_download_that_ends_is_told(qtbot: QtBot, case: Case) -> None:
    download(qtbot, case, known("a", 5))
    assert case.window.messages.text.text() == "Wan a is there and can be used."


def test_download_of_what_is_not_whole_says_what_is_missing(qtbot: QtBot, case: Case) -> None:
    download(qtbot, case, known("a", 5, installed=False, missing=("the VAE", "the tokenizer")))
    messages = case.window.messages
    assert "but still needs the VAE; the tokenizer" in messages.text.text()
    messages.remedy.click()
    assert [c.model for c in case.sent if isinstance(c, Download)] == ["a", "a"]


def test_download_that_begins_again_elsewhere_is_offered_no_longer(
    qtbot: QtBot, case: Case
) -> None:
    download(qtbot, case, known("a", 5, installed=False, missing=("the VAE",)))
    assert case.window.messages.remedy.isVisible()
    case.pages.downloads.download("a")
    assert not case.window.messages.isVisible()


def test_download_that_can_not_be_read_is_said_to_be(qtbot: QtBot, case: Case) -> None:
    download(qtbot, case, known("a", removable=True))
    messages = case.window.messages
    assert "Wan a was downloaded, but can't be read" in messages.text.text()
    assert not messages.remedy.isVisible()


def test_mirror_is_set_from_the_models(case: Case) -> None:
    case.store.update(mirror="https://hf-mirror.com")
    assert "hf-mirror.com" in case.pages.models.source.text()
    case.pages.models.change_source.click()
    assert case.pages.settings.mirror.isVisible()


def test_doctor_looks_at_the_folder_that_is_set(qtbot: QtBot, case: Case, tmp_path: Path) -> None:
    case.window.start()
    case.store.update(output_folder=str(tmp_path / "closed"))
    case.window.top_bar.tabs[Page.DOCTOR].click()
    assert case.pages.doctor.isVisible()
    qtbot.waitUntil(lambda: len(case.pages.doctor.rows) > 0, timeout=PATIENCE_MS)
    assert str(tmp_path / "closed") in case.pages.doctor.rows[0].found.text()
