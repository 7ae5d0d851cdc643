"""How a page of text and fields is laid out: a title, what it is for, and cards below each other."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme

WIDTH = 820  # lines that are longer are hard to read


class PageFrame(QScrollArea):
    """A column in the middle that scrolls; `body` is where cards go, `tools` what is beside the title."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.purpose = QLabel(), QLabel()
        theme.set_kind(self.title, "title")
        theme.set_kind(self.purpose, "dim")
        self.purpose.setWordWrap(True)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(theme.GAP)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.ROOM)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(self._make_column())

    def add(self, *widgets: QWidget) -> None:
        """Puts cards at the end."""
        for widget in widgets:
            self.body.addWidget(widget)

    def _make_column(self) -> QWidget:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addLayout(self.tools)
        column = QWidget()
        column.setMaximumWidth(WIDTH)
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, theme.WIDE, 0, theme.WIDE)
        inside.setSpacing(theme.GAP)
        inside.addLayout(head)
        inside.addWidget(self.purpose)
        inside.addSpacing(theme.TIGHT)
        inside.addLayout(self.body)
        inside.addStretch(1)
        page = QWidget()
        around = QHBoxLayout(page)
        around.setContentsMargins(theme.WIDE, 0, theme.WIDE, 0)
        around.addStretch(1)
        around.addWidget(column, 100)
        around.addStretch(1)
        return page


def card(*rows: QWidget | QLayout) -> QFrame:
    """A surface with these one below the other."""
    frame = QFrame()
    theme.set_kind(frame, "card")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(theme.WIDE, theme.ROOM, theme.WIDE, theme.ROOM)
    inside.setSpacing(theme.GAP)
    fill(inside, *rows)
    return frame


def fill(layout: QBoxLayout, *rows: QWidget | QLayout) -> None:
    """Puts widgets and layouts into a layout, in order."""
    for item in rows:
        if isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)


def words(kind: str = "") -> QLabel:
    """A text that wraps and can be copied."""
    label = QLabel()
    theme.set_kind(label, kind)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
