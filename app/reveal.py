"""Shows a file in the desktop's own file manager."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

if sys.platform == "linux":
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

MANAGER = "org.freedesktop.FileManager1"  # a service that file managers of Linux offer


class Reveal(QObject):
    """`failed` says in one sentence that there was nothing to show a file with."""

    failed = Signal(str)

    def show(self, path: Path) -> None:
        """Open the file's folder, with the file selected where the file manager can do that."""
        if sys.platform == "win32":
            # One string: Explorer has rules of its own for quotes and commas.
            subprocess.Popen(f'explorer.exe /select,"{path}"')
        elif sys.platform == "linux":
            self._ask_manager(path)
        else:
            self._open_folder(path)

    def _open_folder(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
            text = self.tr("No file manager could be opened; the clip is {path}.")
            self.failed.emit(text.format(path=path))

    if sys.platform == "linux":

        def _ask_manager(self, path: Path) -> None:
            """It may have to be started first, so its answer is not waited for."""
            place = "/" + MANAGER.replace(".", "/")
            message = QDBusMessage.createMethodCall(MANAGER, place, MANAGER, "ShowItems")
            address = bytes(QUrl.fromLocalFile(str(path)).toEncoded().data()).decode()
            message.setArguments([[address], ""])
            bus = QDBusConnection.sessionBus()
            if not bus.isConnected():
                self._open_folder(path)
                return
            watcher = QDBusPendingCallWatcher(bus.asyncCall(message), self)

            def on_answered() -> None:
                watcher.deleteLater()
                if watcher.isError():
                    self._open_folder(path)

            watcher.finished.connect(on_answered)
