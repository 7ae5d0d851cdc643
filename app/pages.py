"""The window's pages for all that is not clips, and what connects them to the engine and the settings."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app import theme
from app.doctor import Doctor
from app.doctor_page import DoctorPage
from app.engine import log_folder
from app.help import Section
from app.journal import Job, JobStatus
from app.logs_page import LogsPage
from app.message import MessageLevel, Remedy
from app.models import Models
from app.models_page import ModelsPage
from app.notifier import Notifier
from app.report import Facts
from app.settings import Settings, SettingsStore, Theme
from app.settings_page import SettingsPage
from app.text import Texts, resolve
from app.top_bar import Page
from app.window import Window
from app.words import said
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.messages import ModelInfo
from inference.api.sentence import series

SETTINGS = "settings"  # what a message is about


class Pages(QObject):
    """Adds its pages to a window, which owns it, and holds everything to the settings."""

    def __init__(self, window: Window, settings: SettingsStore, texts: Texts) -> None:
        super().__init__(window)
        self._window, self._settings, self._texts = window, settings, texts
        self._device: DeviceInfo | None = None  # as the worker told it, whole
        self.notifier = Notifier(window)
        self.downloads = Models(window.services.engine, lambda: settings.values.mirror, self)
        self.models, self.settings = ModelsPage(self.downloads), SettingsPage(settings)
        window.add_page(Page.MODELS, self.models)
        window.add_page(Page.SETTINGS, self.settings)
        doctor = Doctor(window.services.engine, lambda: settings.values.naming.folder, self)
        self.doctor = DoctorPage(doctor)
        window.add_page(Page.DOCTOR, self.doctor)
        self.logs = LogsPage(log_folder(), self._facts)
        window.add_page(Page.LOGS, self.logs)
        window.shortcuts.help.add(Section.LOGS, self.logs.bindings)
        self._connect()
        self._obey(settings.values)

    def _connect(self) -> None:
        services = self._window.services
        self._settings.changed.connect(self._obey)
        self._settings.changed.connect(self._window.telling.check)  # clips may go elsewhere
        self._settings.changed.connect(self._window.messages.withdrawer(SETTINGS))
        self._window.theme_wanted.connect(self._switch_theme)
        services.engine.ready.connect(self.settings.show_device)
        services.engine.ready.connect(self._on_ready)
        self.logs.said.connect(self._window.say)
        jobs = services.jobs
        jobs.dataChanged.connect(self._on_jobs_changed)
        jobs.finished.connect(self._on_finished)
        jobs.failed.connect(self._on_failed)
        self._connect_models()

    def _connect_models(self) -> None:
        models, page = self.downloads, self.models
        models.began.connect(self.notifier.begin)
        models.began.connect(self._window.messages.withdraw)
        models.downloaded.connect(self._on_downloaded)
        models.broke.connect(self._on_broken)
        models.added.connect(self._on_added)
        models.refused.connect(self._on_refused)
        page.failed.connect(self._on_problem)
        page.mirror_wanted.connect(self._show_mirror)

    def _obey(self, values: Settings) -> None:
        """Lets the settings hold, also those that have not changed."""
        use_theme(values)
        if resolve(values.language) is not self._texts.language:
            self._texts.use(values.language)
        self.notifier.enabled = values.notifications
        self.models.show_source(values.mirror)
        jobs = self._window.services.jobs
        if jobs.vram_bytes != values.vram_bytes:
            jobs.vram_bytes = values.vram_bytes
            self._window.create_panel.show_draft()  # and with it the forecast

    def _switch_theme(self) -> None:
        """The button at the top: the one that is not shown now."""
        is_dark = theme.current() == theme.tokens(theme.Scheme.DARK)
        try:
            self._settings.update(theme=Theme.LIGHT if is_dark else Theme.DARK)
        except UserError as error:
            self._window.say(MessageLevel.PROBLEM, said(error), subject=SETTINGS)

    def _on_problem(self, sentence: str) -> None:
        self._window.say(MessageLevel.PROBLEM, sentence)

    def _on_ready(self, device: DeviceInfo) -> None:
        self._device = device

    def _facts(self) -> Facts:
        """For a report; all prompts there are, so that none gets into it."""
        services, draft = self._window.services, self._window.draft
        requests = [*(job.request for job in services.jobs.jobs), *services.clips.requests]
        typed = (draft.prompt, draft.choices.negative_prompt)
        return Facts(self._device, self._settings.values, requests, typed)

    def _on_jobs_changed(self) -> None:
        jobs = self._window.services.jobs
        for job in jobs.jobs:
            if job.status is JobStatus.RUNNING:
                self.notifier.begin(job.id)
            elif not job.is_active and not job.is_over:
                self.notifier.forget(job.id)  # it waits again

    def _on_finished(self, job: Job) -> None:
        self.notifier.end(job.id, self.tr("A clip is done"), job.request.prompt)

    def _on_failed(self, job: Job) -> None:
        self.notifier.end(job.id, self.tr("A clip came to nothing"), said(job.message))

    def _on_downloaded(self, name: str) -> None:
        model = next((model for model in self.downloads.models if model.name == name), None)
        if model is not None and not model.installed:
            self._on_not_whole(model)
            return
        text = self.tr("{0} is there and can be used.").format(self._title(name))
        self._window.say(MessageLevel.GOOD, text)
        self.notifier.end(name, self.tr("A download is done"), text)

    def _on_not_whole(self, model: ModelInfo) -> None:
        """The download is over, and there is still no model that can be used."""
        text = self.tr("{0} was downloaded, but can't be read: delete it and download it again.")
        if model.missing:
            text = self.tr(
                "{0} was downloaded, but still needs {1}: try again, or delete it and download it anew."
            )
        text = text.format(said(model.title), said(series(model.missing)) if model.missing else "")
        again = Remedy(self.tr("Try again"), lambda: self.downloads.download(model.name))
        remedy = again if model.missing else None
        self._window.say(MessageLevel.PROBLEM, text, remedy, subject=model.name)
        self.notifier.end(model.name, self.tr("A download is not whole"), text)

    def _on_broken(self, name: str, sentence: str) -> None:
        self.notifier.end(name, self.tr("The download of {0} stopped").format(name), sentence)

    def _on_added(self, model: ModelInfo | None) -> None:
        if model is None:
            self._window.say(MessageLevel.INFO, self.tr("That model is on the list already."))
        else:
            text = self.tr("{0} was added, and stays where it is.").format(said(model.title))
            self._window.say(MessageLevel.GOOD, text)

    def _on_refused(self, sentence: str, details: str) -> None:
        self._window.say(MessageLevel.PROBLEM, sentence, None, details)

    def _show_mirror(self) -> None:
        self._window.show_page(Page.SETTINGS)
        self.settings.mirror.setFocus()

    def _title(self, name: str) -> str:
        titles = {model.name: said(model.title) for model in self.downloads.models}
        return titles.get(name, name)


def use_theme(values: Settings) -> None:
    """Dark or light as it is set, or as the desktop is."""
    fixed = {Theme.DARK: theme.Scheme.DARK, Theme.LIGHT: theme.Scheme.LIGHT}
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, fixed.get(values.theme))
