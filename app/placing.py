"""Where the window lies on the screen, and its docks in it: as they were left."""

from PySide6.QtCore import QSettings, QSize
from PySide6.QtWidgets import QMainWindow, QStyle

from app.workspace import Workspace

SIZE, SMALLEST = QSize(1280, 720), QSize(960, 460)  # the latter of 1920 x 1080 at 200 %
LAYOUT_VERSION = 1  # of the docks: a layout of another is not restored


class Placing:
    """Keeps the places of a window in a store, and gives a window of which nothing is known a size."""

    def __init__(self, window: QMainWindow, workspace: Workspace, store: QSettings) -> None:
        self._window, self._workspace, self._store = window, workspace, store
        window.setMinimumSize(SMALLEST)
        title_bar = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
        window.resize(SIZE.boundedTo(window.screen().availableSize() - QSize(0, title_bar)))

    def restore(self) -> None:
        store = self._store
        if store.value("version") == str(LAYOUT_VERSION):
            self._window.restoreGeometry(store.value("geometry"))
            self._workspace.restore_places(store.value("docks"))

    def save(self) -> None:
        store = self._store
        store.setValue("version", str(LAYOUT_VERSION))
        store.setValue("docks", self._workspace.save_places())
        store.setValue("geometry", self._window.saveGeometry())
        store.sync()
