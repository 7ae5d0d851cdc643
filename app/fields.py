"""Small widgets that the panels are put together from."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.keys import shown
from app.text import tip

RATIO_HEIGHT = 44


class Panel(QWidget):
    """A widget that says everything anew when the language changes."""

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Sets every text."""


class WholeNumber(QSpinBox):
    """Takes the wheel only with the focus, so that scrolling past changes nothing."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setSingleStep(step)
        _calm(self)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, Qt's name
        _wheel_if_focused(self, event)


class Number(QDoubleSpinBox):
    """The same for numbers with a point."""

    def __init__(self, low: float, high: float, step: float, decimals: int = 1) -> None:
        super().__init__()
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSingleStep(step)
        _calm(self)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, Qt's name
        _wheel_if_focused(self, event)


class Slider(QSlider):
    """The same for a length that is drawn."""

    def wheelEvent(self, e: QWheelEvent) -> None:  # noqa: N802, Qt's name
        _wheel_if_focused(self, e)


class Choice(QComboBox):
    """The same for a list; no wider than it has to be. What drops down has an edge like a menu's."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self._around = self.view().window()  # Qt's own, which a style sheet doesn't reach
        self._around.setContentsMargins(1, 1, 1, 1)
        self._around.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        if watched is not self._around or event.type() is not QEvent.Type.Paint:
            return super().eventFilter(watched, event)
        table, painter = theme.current(), QPainter(self._around)
        painter.setPen(theme.color(table.border_strong))
        painter.setBrush(theme.color(table.raised))
        painter.drawRect(self._around.rect().adjusted(0, 0, -1, -1))
        return True

    def wheelEvent(self, e: QWheelEvent) -> None:  # noqa: N802, Qt's name
        _wheel_if_focused(self, e)


class Line(QLineEdit):
    """A line of text; a file that is dropped on it is for the window to open, not for it to spell."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(False)


def _calm(box: QAbstractSpinBox) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setKeyboardTracking(False)
    box.setAccelerated(True)
    box.lineEdit().setTextMargins(theme.TIGHT, 0, 0, 0)  # the style sheet's padding goes by it


def _wheel_if_focused(
    widget: QSpinBox | QDoubleSpinBox | QSlider | QComboBox, event: QWheelEvent
) -> None:
    if not widget.hasFocus():
        event.ignore()
        return
    match widget:
        case QSpinBox():
            QSpinBox.wheelEvent(widget, event)
        case QDoubleSpinBox():
            QDoubleSpinBox.wheelEvent(widget, event)
        case QSlider():
            QSlider.wheelEvent(widget, event)
        case _:
            QComboBox.wheelEvent(widget, event)


class Segments(QWidget):
    """Buttons in a row, of which at most one is down. `picked` gives the number of the one clicked."""

    picked = Signal(int)

    def __init__(self, buttons: Sequence[QToolButton]) -> None:
        super().__init__()
        self.buttons = list(buttons)
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.TIGHT)
        for number, button in enumerate(buttons):
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            theme.set_kind(button, "segment")
            self._group.addButton(button, number)
            layout.addWidget(button)
        self._group.idClicked.connect(self.picked)

    def show_picked(self, number: int | None) -> None:
        """Puts that button down; None: none of them."""
        self._group.setExclusive(False)
        for index, button in enumerate(self.buttons):
            button.setChecked(index == number)
        self._group.setExclusive(number is not None)


class RatioButton(QToolButton):
    """Shows the shape of a picture, drawn."""

    def __init__(self, across: int, down: int) -> None:
        super().__init__()
        self._across, self._down = across, down
        self.setText(f"{across}:{down}")
        self.setFixedHeight(RATIO_HEIGHT)

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(38, RATIO_HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(34, RATIO_HEIGHT)

    def paintEvent(self, arg__1: QPaintEvent) -> None:  # noqa: N802, Qt's name
        table = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = table.accent_wash if self.isChecked() else table.field
        edge = table.accent if self.isChecked() else table.border
        if self.underMouse() and not self.isChecked():
            ground = table.hover
        if self.hasFocus():
            edge = table.accent_text
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.color(edge), 1))
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
        self._draw_shape(painter, table.accent_text if self.isChecked() else table.text_dim)
        painter.setPen(theme.color(table.text if self.isChecked() else table.text_dim))
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        words = box.adjusted(0, box.height() - 17, 0, -3)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())

    def _draw_shape(self, painter: QPainter, ink: str) -> None:
        scale = 20 / max(self._across, self._down)
        width, height = self._across * scale, self._down * scale
        shape = QRectF((self.width() - width) / 2, 15 - height / 2, width, height)
        painter.setPen(QPen(theme.color(ink), 1.5))
        painter.setBrush(theme.color(ink, 0.14))
        painter.drawRoundedRect(shape, 2, 2)


class OneLine(QLabel):
    """A text of which as much is shown as there is room for; its tip is the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str, /) -> None:  # noqa: N802, Qt's name
        super().setText(text)
        self.setToolTip(tip(text))

    def paintEvent(self, arg__1: QPaintEvent) -> None:  # noqa: N802, Qt's name
        elided = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        if elided == self.text():  # as a label does it, with what is selected
            super().paintEvent(arg__1)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment(), elided)


class Fold(QWidget):
    """A heading that shows and hides what is under it."""

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.head = QPushButton()
        self.head.setCheckable(True)
        self.head.toggled.connect(self._on_toggled)
        theme.set_kind(self.head, "fold")
        self.body = body
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.TIGHT)
        layout.addWidget(self.head)
        layout.addWidget(body)
        self._on_toggled(False)

    def set_title(self, title: str) -> None:
        self.head.setText(title)
        self.head.setAccessibleName(title)

    def _on_toggled(self, opened: bool) -> None:  # noqa: FBT001, a slot
        self.body.setVisible(opened)
        self.head.setIcon(theme.icon("chevron-down" if opened else "chevron-right"))


def section(buddy: QWidget | None = None) -> QLabel:
    """The small heading above a field."""
    label = QLabel()
    theme.set_kind(label, "section")
    if buddy is not None:
        label.setBuddy(buddy)
    return label


def tool(icon: str, size: int = 18) -> QToolButton:
    """A button that is an icon; its name and tip are set by `name_tool`."""
    button = QToolButton()
    button.setIcon(theme.icon(icon))
    button.setIconSize(QSize(size, size))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def name_tool(button: QToolButton | QPushButton, name: str, keys: str = "") -> None:
    """What a button is called, aloud and in its tip, with its keys as Qt writes them."""
    button.setAccessibleName(name)
    button.setToolTip(tip_of(name, keys))


def tip_of(name: str, keys: str = "") -> str:
    """What something is called, with its keys as the help shows them."""
    return f"{name}  ({shown(keys)})" if keys else name


def row(*widgets: QWidget, stretch: int = -1) -> QHBoxLayout:
    """Widgets side by side; the one at `stretch` takes the room that is left."""
    layout = QHBoxLayout()
    layout.setSpacing(theme.GAP)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if number == stretch else 0)
    return layout
