"""Tells by the desktop's own means that long work has ended, to who is looking elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

LONG_S = 30.0  # nobody has gone away from shorter work
SENDER = "notify-send"  # of nearly every Linux desktop, also of those that show no tray


class Notifier(QObject):
    """Knows since when work goes on. `window` is what the user is to come back to.

    `show` gets title and text in place of the desktop.
    """

    def __init__(
        self,
        window: QWidget,
        show: Callable[[str, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self.enabled = True
        self._window, self._clock = window, clock
        self._show = show or self._show_on_desktop
        self._began: dict[str, float] = {}
        self._tray: QSystemTrayIcon | None = None

    def begin(self, name: str) -> None:
        """That work goes on; it may be said more than once."""
        self._began.setdefault(name, self._clock())

    def forget(self, name: str) -> None:
        """That work was ended by the user, who knows."""
        self._began.pop(name, None)

    def end(self, name: str, title: str, text: str) -> None:
        """That work is over: tell it, if it was long and the window isn't in front."""
        began = self._began.pop(name, None)
        if began is None or self._clock() - began < LONG_S or self._window.isActiveWindow():
            return
        if self.enabled:
            self._show(title, text)

    def _show_on_desktop(self, title: str, text: str) -> None:
        QApplication.alert(self._window)  # in the task bar, everywhere
        if sys.platform == "linux" and (program := shutil.which(SENDER)):
            options = ["--app-name=Kinora", "--icon=kinora", "--"]
            QProcess.startDetached(program, [*options, title, text])
        elif QSystemTrayIcon.isSystemTrayAvailable():
            self._show_by_tray(title, text)

    def _show_by_tray(self, title: str, text: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(self._on_clicked)
        self._tray.show()
        self._tray.showMessage(title, text, self._window.windowIcon())

    def _on_clicked(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        if self._tray is not None:
            self._tray.hide()
