"""The create page: the panel at the left, the picture in the middle, the queue at the right."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolButton, QWidget


class Workspace(QMainWindow):
    """Docks around a picture. They can be moved, floated and closed; `save_places` remembers that.

    `picture_alone` hides everything but the picture.
    """

    alone_changed = Signal(bool)

    def __init__(self, picture: QWidget, create: QWidget, queue: QWidget) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.setCentralWidget(picture)
        self._shown_before: list[QDockWidget] | None = None
        self.create_dock = self._add("create", create, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.queue_dock = self._add("queue", queue, Qt.DockWidgetArea.RightDockWidgetArea)
        self._retranslate()

    @property
    def docks(self) -> list[QDockWidget]:
        return [self.create_dock, self.queue_dock]

    @property
    def is_alone(self) -> bool:
        return self._shown_before is not None

    def show_picture_alone(self, alone: bool) -> None:  # noqa: FBT001, a slot
        """Hides the docks, or brings back those that were there."""
        if alone and self._shown_before is None:
            self._shown_before = [dock for dock in self.docks if not dock.isHidden()]
            for dock in self._shown_before:
                dock.hide()
        elif not alone and self._shown_before is not None:
            for dock in self._shown_before:
                dock.show()
            self._shown_before = None
        self.alone_changed.emit(alone)

    def offer(self, buttons: Sequence[QToolButton]) -> None:
        """Buttons that show and hide the docks, in their order: one that was closed comes back."""
        for dock, button in zip(self.docks, buttons, strict=True):
            action = dock.toggleViewAction()
            button.clicked.connect(action.trigger)
            action.toggled.connect(button.setChecked)
            button.setChecked(action.isChecked())

    def save_places(self) -> QByteArray:
        self.show_picture_alone(False)
        return self.saveState()

    def restore_places(self, places: QByteArray) -> bool:
        return self.restoreState(places)

    def _add(self, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget()
        dock.setObjectName(name)
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        self.create_dock.setWindowTitle(self.tr("Create"))
        self.queue_dock.setWindowTitle(self.tr("Queue"))
