"""The bar under the picture while a mask is painted: the brush, what was done, and what comes of it."""

from math import log

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QPushButton, QToolButton, QVBoxLayout

from app import theme
from app.fields import Panel, Segments, Slider, name_tool, row, tool
from app.painter import SMALLEST, Painter

NOTCHES = 100  # of the brush's slider
BRUSH_WIDTH = 110


class PaintBar(Panel):
    """Shows the painter, and tells it what to do. `cancelled` says that painting is to end."""

    cancelled = Signal()

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self._painter = painter
        self.brush = Slider(Qt.Orientation.Horizontal)
        self.modes = Segments([QToolButton(), QToolButton()])
        self.undo, self.redo = tool("undo"), tool("redo")
        self.clear, self.invert = tool("trash"), tool("invert")
        self.hint, self._title = QLabel(), QLabel()
        self.use, self.cancel = QPushButton(), QPushButton()
        self._lay_out()
        self._connect()
        self.retranslate()
        self.hide()

    @property
    def buttons(self) -> tuple[QToolButton | QPushButton, ...]:
        """Those that leave the arrows to the picture."""
        return (self.undo, self.redo, self.clear, self.invert, self.cancel, self.use)

    def show_painter(self) -> None:
        """Takes everything from the painter."""
        painter, mask = self._painter, self._painter.painted
        if mask is None:
            return
        blocker = QSignalBlocker(self.brush)
        self.brush.setValue(self._notch(painter.diameter))
        del blocker
        self.brush.setToolTip(self.tr("Brush: {0} pixels").format(round(painter.diameter)))
        self.modes.show_picked(1 if painter.erases else 0)
        self.undo.setEnabled(mask.can_undo)
        self.redo.setEnabled(mask.can_redo)
        self.clear.setEnabled(not mask.is_empty)
        self.use.setEnabled(not mask.is_empty)

    def _notch(self, diameter: float) -> int:
        """By how many times it is larger, not by how many pixels: a small brush is set as finely."""
        return round(NOTCHES * log(diameter / SMALLEST) / self._span())

    def _span(self) -> float:
        return max(log(self._painter.largest / SMALLEST), 0.01)

    def _on_brush(self, notch: int) -> None:
        self._painter.set_diameter(
            SMALLEST * (self._painter.largest / SMALLEST) ** (notch / NOTCHES)
        )

    def _on_mode(self, number: int) -> None:
        self._painter.set_erasing(number == 1)

    def _connect(self) -> None:
        painter = self._painter
        painter.changed.connect(self.show_painter)
        self.brush.valueChanged.connect(self._on_brush)
        self.modes.picked.connect(self._on_mode)
        self.undo.clicked.connect(painter.undo)
        self.redo.clicked.connect(painter.redo)
        self.clear.clicked.connect(painter.clear)
        self.invert.clicked.connect(painter.invert)
        self.use.clicked.connect(painter.use)
        self.cancel.clicked.connect(self.cancelled)

    def _lay_out(self) -> None:
        theme.set_kind(self.hint, "dim")
        theme.set_kind(self._title, "section")
        theme.set_kind(self.use, "accent")
        self._title.setBuddy(self.brush)
        self.hint.setWordWrap(True)
        self.brush.setRange(0, NOTCHES)
        self.brush.setMinimumWidth(BRUSH_WIDTH // 2)
        self.brush.setMaximumWidth(BRUSH_WIDTH)
        line = QFrame()
        theme.set_kind(line, "line")
        self._brush_row = row(self._title, self.brush, self.modes)
        self._brush_row.addStretch(1)
        self._tool_row = row(self.undo, self.redo, self.clear, self.invert)
        self._tool_row.addStretch(1)
        self._tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._tools.setSpacing(theme.TIGHT)
        self._tools.addLayout(self._brush_row)
        self._tools.addLayout(self._tool_row, 1)
        ends = row(self.hint, self.cancel, self.use, stretch=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.ROOM, 0, theme.ROOM, theme.TIGHT)
        layout.setSpacing(6)
        layout.addWidget(line)
        layout.addLayout(self._tools)
        layout.addLayout(ends)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The tools stand in one row, if there is room; the bar can always get narrower than that."""
        self.modes.setMinimumWidth(self.modes.minimumSizeHint().width())
        widths = [line.minimumSize().width() for line in (self._brush_row, self._tool_row)]
        around = 2 * theme.ROOM
        fits = sum(widths) + self._tools.spacing() + around <= self.width()
        direction = QBoxLayout.Direction
        self._tools.setDirection(direction.LeftToRight if fits else direction.TopToBottom)
        self.setMinimumWidth(max(widths) + around)

    def retranslate(self) -> None:
        brush = self.tr("Brush")
        self._title.setText(brush)
        self.brush.setAccessibleName(brush)
        paint, erase = self.modes.buttons
        for button, name in ((paint, self.tr("Paint")), (erase, self.tr("Erase"))):
            button.setText(name)
            name_tool(button, name, "Q")
        name_tool(self.undo, self.tr("Undo"), "Ctrl+Z")
        name_tool(self.redo, self.tr("Redo"), "Ctrl+Shift+Z")
        name_tool(self.clear, self.tr("Clear the mask"))
        name_tool(self.invert, self.tr("Invert the mask"))
        self.hint.setText(self.tr("Paint over what is to be made anew. The right button erases."))
        self.use.setText(self.tr("Use this mask"))
        name_tool(self.use, self.use.text(), "Enter")
        self.cancel.setText(self.tr("Cancel"))
        name_tool(self.cancel, self.cancel.text(), "Esc")
        self.show_painter()
        self._arrange()
