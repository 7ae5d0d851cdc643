"""Every shortcut of the window, shown over it."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import overlay, theme
from app.fields import Panel, name_tool, row, tool
from app.keys import Binding, press, shown

Source = Callable[[], Sequence[Binding]]

WIDTH, MARGIN = 1120, 32  # of the card; between it and the window's edge
COLUMN_GAP = 32


class Section(Enum):
    """What the shortcuts belong to."""

    WINDOW = 0
    CREATE = 1
    PICTURE = 2
    QUEUE = 3
    LIBRARY = 4
    LOGS = 5
    MASK = 6


_COLUMNS = (
    (Section.WINDOW, Section.CREATE, Section.MASK),
    (Section.PICTURE,),
    (Section.QUEUE, Section.LIBRARY, Section.LOGS),
)


class Help(Panel):
    """Covers its window while it is open, and takes every key until Escape or a click beside the card.

    `sources` are asked anew each time: what is bound is what is listed.
    """

    KEYS = ("F1", "Ctrl+/")

    def __init__(self, window: QWidget, sources: Mapping[Section, Source]) -> None:
        super().__init__(window)
        self._sources = dict(sources)
        self._before: QWidget | None = None  # had the focus
        self._card, self.title, self.close_button = QFrame(self), QLabel(), tool("close")
        self.area = QScrollArea()
        self._lay_out()
        self.close_button.clicked.connect(self.hide)
        window.installEventFilter(self)
        self.hide()
        self.retranslate()

    def add(self, section: Section, source: Source) -> None:
        """Lists also these."""
        self._sources[section] = source

    def toggle(self) -> None:
        """Opens or closes it."""
        if self.isVisible():
            self.hide()
            return
        self._before = QApplication.focusWidget()
        self._fill()
        self._place()
        self.raise_()
        self.show()
        self.area.setFocus(Qt.FocusReason.PopupFocusReason)

    def rows(self, section: Section) -> dict[tuple[str, ...], str]:
        """What each of a section's keys does, in words; two deeds of one key share a row."""
        found: dict[tuple[str, ...], str] = {}
        for binding in self._sources[section]():
            keys = tuple(dict.fromkeys(map(shown, binding.keys)))
            found[keys] = f"{found[keys]} / {binding.name}" if keys in found else binding.name
        return found

    def _lay_out(self) -> None:
        theme.set_kind(self._card, "card")
        theme.set_kind(self.title, "title")
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(theme.WIDE + theme.GAP, theme.WIDE, theme.WIDE, theme.WIDE)
        inside.setSpacing(theme.ROOM)
        inside.addLayout(row(self.title, self.close_button, stretch=0))
        inside.addWidget(self.area, 1)

    def _fill(self) -> None:
        """Lists what there is now."""
        content, lines = QWidget(), list[str]()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, theme.ROOM, 0)
        columns.setSpacing(COLUMN_GAP)
        for sections in _COLUMNS:
            grid = QGridLayout()
            grid.setHorizontalSpacing(theme.ROOM)
            grid.setVerticalSpacing(theme.TIGHT)
            grid.setColumnStretch(0, 1)
            for section in (section for section in sections if section in self._sources):
                lines += self._add_section(grid, section)
            grid.setRowStretch(grid.rowCount(), 1)
            columns.addLayout(grid, 1)
        self.area.setWidget(content)
        self.area.setAccessibleDescription("\n".join(lines))

    def _add_section(self, grid: QGridLayout, section: Section) -> list[str]:
        """Its rows at the end of the grid; gives them as lines to be read aloud."""
        number, lines = grid.rowCount(), [self._name(section)]
        heading = QLabel(self._name(section))
        theme.set_kind(heading, "section")
        if number > 1:
            heading.setContentsMargins(0, theme.ROOM, 0, 0)
        grid.addWidget(heading, number, 0, 1, 2)
        for keys, name in self.rows(section).items():
            number += 1
            words = QLabel(name)
            words.setWordWrap(True)
            line = f"{name}: {', '.join(keys)}"
            words.setAccessibleName(line)
            lines.append(line)
            grid.addWidget(words, number, 0)
            caps = row(*map(_cap, keys))
            caps.setSpacing(theme.TIGHT)
            end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            grid.addLayout(caps, number, 1, end)
        return lines

    def _place(self) -> None:
        """Over the whole window; the card in its middle, as high as it has to be and can be."""
        self.setGeometry(self.window().rect())
        room = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        card, content = QRect(0, 0, min(WIDTH, room.width()), room.height()), self.area.widget()
        layout = self._card.layout()
        if content is not None and layout is not None:
            frame = layout.contentsMargins()
            head = frame.top() + frame.bottom() + self.close_button.sizeHint().height()
            wanted = head + layout.spacing() + content.sizeHint().height()
            card.setHeight(min(room.height(), wanted + theme.TIGHT))
        card.moveCenter(room.center())
        self._card.setGeometry(card)

    def _name(self, section: Section) -> str:
        match section:
            case Section.WINDOW:
                return self.tr("Window")
            case Section.CREATE:
                return self.tr("Create")
            case Section.PICTURE:
                return self.tr("Picture and player")
            case Section.MASK:
                return self.tr("While a mask is painted")
            case Section.QUEUE:
                return self.tr("Queue")
            case Section.LIBRARY:
                return self.tr("Library")
            case Section.LOGS:
                return self.tr("Logs")

    # What it takes from the window beneath

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # no shortcut does anything behind the help
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        press([Binding(("Esc", *self.KEYS), "", self.hide)], event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        if not self._card.geometry().contains(event.position().toPoint()):
            self.hide()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, FBT001, N802, Qt's names
        """Tab stays in the card."""
        there = self.area if self.close_button.hasFocus() else self.close_button
        there.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802, Qt's name
        super().hideEvent(event)
        before, self._before = self._before, None
        if before is not None and isValid(before):
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, Qt's name
        QPainter(self).fillRect(event.rect(), overlay.SHADE)

    def retranslate(self) -> None:
        title = self.tr("Keyboard shortcuts")
        self.title.setText(title)
        self.setAccessibleName(title)
        self.area.setAccessibleName(title)
        name_tool(self.close_button, self.tr("Close"), "Esc")
        if self.isVisible():
            self._fill()
            self._place()


def _cap(keys: str) -> QLabel:
    """A key, or some at once, as it looks on a keyboard."""
    label = QLabel(keys)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    theme.set_kind(label, "key")
    return label
