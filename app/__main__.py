"""The window's entry: `python -m app`. Commands are `python -m inference`'s business."""

import faulthandler
import logging
import sys
import threading
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app import theme
from app.clips import Clips
from app.engine import Engine, log_folder
from app.instance import Instance
from app.jobs import Jobs
from app.message import MessageLevel
from app.pages import Pages
from app.settings import SettingsStore
from app.text import Texts
from app.window import Services, Window
from inference.api.errors import UserError
from inference.api.models import data_folder
from inference.api.version import VERSION

LOG_BYTES = 1_000_000


def main() -> int:
    """Runs until the window is closed; returns the exit code."""
    keep_log(log_folder())
    app, folder = make_application(), data_folder()
    settings = SettingsStore(folder / "settings.json")
    texts = Texts(app)
    texts.use(settings.values.language)
    files = [Path(argument) for argument in sys.argv[1:]]
    instance = Instance(folder)
    try:
        if not instance.claim(files):
            return 0
    except UserError as error:
        sys.stderr.write(f"kinora: {error}\n")
        return 2
    window = make_window(settings, texts, folder)
    instance.opened.connect(partial(show, window))
    show(window, files)
    window.start()
    return app.exec()


def make_window(settings: SettingsStore, texts: Texts, folder: Path) -> Window:
    """The window with all its pages and all that it works with, as it is set."""
    engine = Engine()
    jobs = Jobs(engine, lambda: settings.values.naming, folder / "jobs")
    window = Window(Services(engine, jobs, Clips(folder), folder))
    Pages(window, settings, texts)
    if settings.notice:
        window.say(MessageLevel.WARNING, settings.notice)
    return window


def show(window: Window, files: list[Path]) -> None:
    """Brings the window to the front, with the first of the files that a start was given."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    if files:
        window.open_files(files)


def make_application() -> QApplication:
    """The application, named and dressed."""
    QApplication.setApplicationName("Kinora")
    QApplication.setApplicationVersion(VERSION)
    QApplication.setDesktopFileName("kinora")
    app = QApplication(sys.argv[:1])
    app.setWindowIcon(theme.app_icon())
    theme.apply(app, None)
    return app


def keep_log(folder: Path) -> None:
    """Faults of the window go to its log: there may be no terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "window.log"
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    sys.excepthook = _log_fault
    threading.excepthook = _log_thread_fault
    faulthandler.enable((folder / "crash.log").open("a", encoding="utf-8"))


def _log_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("window").error("A fault", exc_info=(kind, error, trace))
    if sys.stderr is not None:
        sys.__excepthook__(kind, error, trace)


def _log_thread_fault(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        _log_fault(fault.exc_type, fault.exc_value, fault.exc_traceback)


if __name__ == "__main__":
    sys.exit(main())
