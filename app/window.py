"""The window: puts the pages together and carries word between them and the engine."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.clips import Clips
from app.create import Create
from app.draft import Draft
from app.drafts import DraftFile
from app.editing import Editing
from app.engine import Engine
from app.forecast import Forecast, forecast
from app.help import Section
from app.jobs import Jobs
from app.journal import Job
from app.keeping import Keeping
from app.library_page import LibraryPage
from app.message import LINE_HEIGHT, MessageBar, MessageLevel, Remedy
from app.placing import Placing
from app.presets import Preset
from app.queue_panel import QueuePanel
from app.queueing import Queueing
from app.replacing import Replacing
from app.saving import Saving
from app.shortcuts import Shortcuts
from app.sources import ENDINGS
from app.status_line import StatusLine
from app.telling import Telling
from app.text import shortened
from app.theatre import Theatre
from app.top_bar import Page, TopBar
from app.watching import Watching
from app.words import said
from app.workspace import Workspace
from inference.api.errors import UserError
from inference.api.messages import (
    DeviceInfo,
    Event,
    Failed,
    ListModels,
    Measure,
    Measured,
    ModelsListed,
    Notice,
)
from inference.api.spec import GenerationRequest

# What messages are about.
ASKING, PICTURE, PRESETS = "asking", "picture", "presets"


@dataclass(frozen=True, slots=True)
class Services:
    """What the window works with; `folder` is for what it keeps itself."""

    engine: Engine
    jobs: Jobs
    clips: Clips
    folder: Path


class Window(QMainWindow):
    """The main window. `add_page` gives it more pages; `say` shows a message in it.

    Signals:
        theme_wanted: the button at the top.
    """

    theme_wanted = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self._measured = 0  # the number of the latest question
        self.draft = Draft(self)
        self._draft_file = DraftFile(self.draft, services.folder / "draft.json", self)
        self.top_bar, self.status_line, self.messages = TopBar(), StatusLine(), MessageBar()
        self.replacing = Replacing(self.draft, self.messages, self)
        self.create_panel = Create(self.draft, services.folder / "presets.json")
        self.queue = QueuePanel(services.jobs, services.clips)
        self.theatre = Theatre()
        places = QSettings(str(services.folder / "window.ini"), QSettings.Format.IniFormat)
        self.saving = Saving(self, self.say, places)
        self.workspace = Workspace(self.theatre, self.create_panel, self.queue)
        self.library = LibraryPage(services.clips)
        self.queueing = Queueing(services.jobs, self)
        self.watching = Watching(self.theatre, services.jobs, self)
        self.keeping = Keeping(services.clips, self.say, self)
        self.telling = Telling(services.engine, services.jobs, self.messages, self)
        self.editing = Editing(self.replacing, self.watching, self.theatre, self.create_panel)
        parts = {
            Section.CREATE: self.create_panel.pictures.bindings,
            Section.PICTURE: self.theatre.bindings,
            Section.MASK: self.theatre.painter.bindings,
            Section.QUEUE: self.queue.bindings,
            Section.LIBRARY: self.library.bindings,
        }
        self.shortcuts = Shortcuts(self, self.top_bar, self.theatre, self.messages, parts)
        self._placing = Placing(self, self.workspace, places)
        self._stack = QStackedWidget()
        self._pages: dict[Page, QWidget] = {}
        self._lay_out()
        self.add_page(Page.CREATE, self.workspace)
        self.add_page(Page.LIBRARY, self.library)
        self._connect()
        self._placing.restore()
        self.setAcceptDrops(True)
        self._retranslate()
        self.show_page(Page.CREATE)
        self.create_panel.edit_prompt()

    def add_page(self, page: Page, widget: QWidget) -> None:
        """Gives the window a page and its tab; pages are added in the order of `Page`."""
        self._pages[page] = widget
        self._stack.addWidget(widget)
        self.top_bar.add(page)
        self.shortcuts.add_page(page)

    @property
    def pages(self) -> list[Page]:
        """Those there are, in order."""
        return list(self._pages)

    def show_page(self, page: Page) -> None:
        self._stack.setCurrentWidget(self._pages[page])
        self.top_bar.show_page(page)

    def say(
        self,
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
        subject: str = "",
    ) -> None:
        """Shows a message: one sentence, what can be done, the details folded away. What is said of a
        subject can be taken back."""
        self.messages.say(level, text, remedy, details, subject)

    def load_request(self, request: GenerationRequest, followers: tuple[str, ...] = ()) -> None:
        """Puts a request into the create panel, to be made again or changed; if it was in the queue,
        it goes back before its followers there."""
        self.replacing.load(request, followers)

    def _on_loaded(self) -> None:
        self.show_page(Page.CREATE)
        self.create_panel.edit_prompt()

    def _on_given(self) -> None:
        self.show_page(Page.CREATE)
        self.create_panel.show_pictures()

    def _lay_out(self) -> None:
        middle = QWidget()
        middle.setObjectName("window")
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        self.messages.lie_over(middle)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.status_line)
        self.status_line.setMinimumHeight(LINE_HEIGHT)
        self.setCentralWidget(middle)

    def _connect(self) -> None:
        engine, jobs, panel = self.services.engine, self.services.jobs, self.create_panel
        engine.state_changed.connect(self.status_line.show_state)
        engine.ready.connect(self._on_ready)
        engine.received.connect(self._on_event)
        jobs.finished.connect(self._on_finished)
        self.telling.watch_wanted.connect(self._watch)
        panel.generate_wanted.connect(self._on_generate)
        panel.request_changed.connect(self._on_request_changed)
        panel.prompt.measure_wanted.connect(self._measure)
        panel.presets.changed.connect(self.messages.withdrawer(PRESETS))
        panel.presets.removed.connect(self._on_preset_removed)
        panel.presets.taken.connect(self.replacing.tell_preset)
        self.replacing.loaded.connect(self._on_loaded)
        self.replacing.given.connect(self._on_given)
        panel.presets.failed.connect(partial(self._on_problem, subject=PRESETS))
        self.top_bar.picked.connect(self.show_page)
        self.top_bar.theme_wanted.connect(self.theme_wanted)
        self.workspace.alone_changed.connect(self._on_alone)
        self.workspace.offer(self.top_bar.panels)
        self._connect_theatre()
        self._connect_library()
        self._connect_queue()
        self._connect_shortcuts()
        self._on_request_changed(panel.current_request())

    def _connect_theatre(self) -> None:
        theatre = self.theatre
        theatre.dropped.connect(self.open_files)
        theatre.full_screen_wanted.connect(self._toggle_full_screen)
        theatre.escaped.connect(self._leave_full_screen)
        theatre.frame_wanted.connect(self._on_frame_wanted)
        theatre.export_wanted.connect(self.saving.export)
        theatre.beginning_wanted.connect(partial(self.replacing.give_frame, first=True))
        theatre.ending_wanted.connect(partial(self.replacing.give_frame, first=False))
        theatre.opened.connect(self.messages.withdrawer(PICTURE))
        theatre.failed.connect(self._on_picture_failed)

    def _connect_library(self) -> None:
        library, keeping = self.library, self.keeping
        library.act_wanted.connect(keeping.act)
        library.undo_wanted.connect(keeping.undo)
        library.emptying_wanted.connect(keeping.ask_to_empty)
        library.making_wanted.connect(lambda: self.show_page(Page.CREATE))
        library.failed.connect(self._on_problem)
        keeping.watch_wanted.connect(self._watch)
        keeping.compare_wanted.connect(self._on_compare_wanted)
        keeping.reuse_wanted.connect(self.replacing.reuse)
        keeping.picture_wanted.connect(self.replacing.give_file)

    def _connect_queue(self) -> None:
        queueing = self.queueing
        self.queue.act_wanted.connect(self.watching.expect)  # first: it may begin a clip
        self.queue.act_wanted.connect(queueing.act)
        self.watching.pictured.connect(self.queue.pictures.show_preview)
        self.watching.ended_unseen.connect(self.telling.tell_unseen)
        self.watching.watched.connect(self.messages.withdraw)  # that it is done, and unseen
        queueing.watch_wanted.connect(self.watching.watch)
        queueing.follow_wanted.connect(self.watching.follow)
        queueing.compare_wanted.connect(self.compare)
        queueing.edit_wanted.connect(self.replacing.load)
        queueing.failed.connect(self._on_problem)

    def _watch(self, path: Path) -> None:
        self.show_page(Page.CREATE)
        self.watching.watch(path)
        self.theatre.canvas.setFocus()

    def _connect_shortcuts(self) -> None:
        shortcuts = self.shortcuts
        shortcuts.page_wanted.connect(self.show_page)
        shortcuts.making_wanted.connect(self.create_panel.submit)
        shortcuts.alone_wanted.connect(self._toggle_alone)
        shortcuts.full_screen_wanted.connect(self._toggle_full_screen)
        shortcuts.opening_wanted.connect(self._ask_for_files)
        self.top_bar.help_wanted.connect(shortcuts.help.toggle)

    def start(self) -> None:
        """Starts the engine, and tells what was found: a broken journal, clips that can go on."""
        self.services.engine.start()
        self.telling.greet(self.services.jobs.notice or self.services.clips.notice)

    def _on_ready(self, device: DeviceInfo) -> None:
        self.status_line.show_device(device)
        self.services.engine.send(ListModels("models"))
        self._measure(self.create_panel.prompt.text)
        self._on_request_changed(self.create_panel.current_request())

    def _measure(self, text: str) -> None:
        self._measured += 1
        question = Measure(f"measure-{self._measured}", self.draft.model, text)
        self.services.engine.send(question)

    def _on_event(self, event: Event) -> None:
        match event:
            case ModelsListed(models=models):
                self.create_panel.show_models(models)
            case Measured(id=number) if number == f"measure-{self._measured}":
                self.create_panel.prompt.show_measured(event)
            case Notice(message=message):
                self.say(MessageLevel.WARNING, said(message))
            case Failed(job="", message=message, details=details):
                self.say(MessageLevel.PROBLEM, said(message), None, details)
            case _:
                pass

    def _on_finished(self, job: Job) -> None:
        self.keeping.keep(Path(job.path), job.request)
        self._on_request_changed(self.create_panel.current_request())

    def _on_generate(self, requests: list[GenerationRequest]) -> None:
        self.watching.expect()
        try:
            self.services.jobs.add(requests, self.draft.followers)
        except UserError as error:
            self._on_problem(said(error), subject=ASKING)
            return
        self.messages.withdraw(ASKING)
        self.draft.forget_place()

    def _on_problem(self, sentence: str, details: str = "", subject: str = "") -> None:
        self.say(MessageLevel.PROBLEM, sentence, None, details, subject)

    def _on_picture_failed(self, sentence: str, details: str) -> None:
        self._on_problem(sentence, details, PICTURE)

    def _on_preset_removed(self, preset: Preset) -> None:
        text = self.tr("The preset “{0}” is removed.").format(shortened(preset.name))
        undo = Remedy(self.tr("Undo"), partial(self.create_panel.presets.bring_back, preset))
        self.say(MessageLevel.INFO, text, undo, subject=PRESETS)

    def _on_frame_wanted(self, image: QImage, name: str) -> None:
        shown = self.theatre.path
        self.saving.save_frame(image, name, shown.parent if shown else Path.home())

    def _on_compare_wanted(self, paths: list[Path]) -> None:
        *first, other = paths
        for path in first:
            self._watch(path)
            self.watching.compare(other)
        if not first:
            self.compare(other)

    def compare(self, path: Path) -> None:
        """Shows that clip beside the one that is shown, frame by frame."""
        if self.theatre.path in (None, path):
            self.say(
                MessageLevel.INFO, self.tr("Watch another clip first, to compare this one to.")
            )
            return
        self.show_page(Page.CREATE)
        self.watching.compare(path)

    def _ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Open clips, or a picture"),
            "",  # where the last ones were
            self.tr("Clips and pictures ({0})").format(ENDINGS) + ";;" + self.tr("All files (*)"),
        )
        if names:
            self.open_files([Path(name) for name in names])

    def open_files(self, paths: list[Path]) -> None:
        """Shows the first of some files, and takes its settings over if Kinora made it."""
        self.keeping.open_files(paths)

    def _on_request_changed(self, request: GenerationRequest | None) -> None:
        if request is None:
            self.create_panel.show_forecast(None, Forecast())
            return
        jobs = self.services.jobs
        known = forecast(self.draft.spec, request, jobs.device, jobs.experience)
        self.create_panel.show_forecast(request, known)

    def _toggle_alone(self) -> None:
        self.workspace.show_picture_alone(not self.workspace.is_alone)

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self._leave_full_screen()
            return
        if self._stack.currentWidget() is self._pages[Page.CREATE]:
            self.workspace.show_picture_alone(True)
            self.theatre.canvas.setFocus()  # where Escape leads out again
        self.showFullScreen()

    def _leave_full_screen(self) -> None:
        self.workspace.show_picture_alone(False)
        if self.isFullScreen():
            self.showNormal()

    def _on_alone(self, alone: bool) -> None:  # noqa: FBT001, a slot
        self.top_bar.setVisible(not alone)
        self.status_line.setVisible(not alone)
        self.messages.rise(alone)  # the timeline is below

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, Qt's name
        is_local = any(url.isLocalFile() for url in event.mimeData().urls())
        if is_local and not event.source():  # not a tile of the library that slipped
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, Qt's name
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_files(paths)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802, Qt's name
        self._draft_file.save()
        self._placing.save()
        self.saving.stop()
        self.editing.stop()
        self.theatre.close_films()
        self.library.close_pictures()
        self.queue.pictures.stop()
        self.keeping.stop()
        self.services.clips.close()
        self.services.jobs.close()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        self.setWindowTitle("Kinora")
