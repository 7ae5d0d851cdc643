"""The window's pages for all that is not clips, and what connects them to the engine and the settings."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app import theme
from app.doctor import Doctor
from app.doctor_page import DoctorPage
from app.journal import Job, JobStatus
from app.message import MessageLevel
from app.notifier import Notifier
from app.settings import Settings, SettingsStore, Theme
from app.settings_page import SettingsPage
from app.text import Texts, resolve
from app.top_bar import Page
from app.window import Window
from inference.api.errors import UserError


class Pages(QObject):
    """Adds its pages to a window, which owns it, and holds everything to the settings."""

    def __init__(self, window: Window, settings: SettingsStore, texts: Texts) -> None:
        super().__init__(window)
        self._window, self._settings, self._texts = window, settings, texts
        self.notifier = Notifier(window)
        self.settings = SettingsPage(settings)
        window.add_page(Page.SETTINGS, self.settings)
        doctor = Doctor(window.services.engine, lambda: settings.values.naming.folder, self)
        self.doctor = DoctorPage(doctor)
        window.add_page(Page.DOCTOR, self.doctor)
        self._connect()
        self._obey(settings.values)

    def _connect(self) -> None:
        services = self._window.services
        self._settings.changed.connect(self._obey)
        self._window.theme_wanted.connect(self._switch_theme)
        services.engine.ready.connect(self.settings.show_device)
        jobs = services.jobs
        jobs.dataChanged.connect(self._on_jobs_changed)
        jobs.finished.connect(self._on_finished)
        jobs.failed.connect(self._on_failed)

    def _obey(self, values: Settings) -> None:
        """Lets the settings hold, also those that have not changed."""
        use_theme(values)
        if resolve(values.language) is not self._texts.language:
            self._texts.use(values.language)
        self.notifier.enabled = values.notifications
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
            self._window.say(MessageLevel.PROBLEM, str(error))

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
        self.notifier.end(job.id, self.tr("A clip came to nothing"), job.message)


def use_theme(values: Settings) -> None:
    """Dark or light as it is set, or as the desktop is."""
    fixed = {Theme.DARK: theme.Scheme.DARK, Theme.LIGHT: theme.Scheme.LIGHT}
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, fixed.get(values.theme))
