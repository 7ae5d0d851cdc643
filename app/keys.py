"""Keys and what they do: one table for what is pressed and for what the help says."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

_SIGNS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter", "Enter": "Enter"}


@dataclass(frozen=True, slots=True)
class Binding:
    """Any of the keys, as Qt writes them (`Shift+Left`); what they do, in words and in deed."""

    keys: tuple[str, ...]
    name: str
    act: Callable[[], object]


def bind(
    widget: QWidget,
    bindings: Iterable[Binding],
    context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
) -> None:
    """Gives them to the widget's whole window, whatever has the focus in it, or where `context` says."""
    for binding in bindings:
        for keys in binding.keys:
            shortcut = QShortcut(QKeySequence(keys), widget)
            shortcut.setContext(context)
            shortcut.activated.connect(binding.act)


def bind_inside(widget: QWidget, bindings: Iterable[Binding]) -> None:
    """Gives them to a widget and all in it, such as a page."""
    bind(widget, bindings, Qt.ShortcutContext.WidgetWithChildrenShortcut)


def press(bindings: Iterable[Binding], event: QKeyEvent) -> bool:
    """Does what a key is bound to; False if it is to nothing.

    Shift counts where it is bound: elsewhere a keyboard may need it, for plus or for a bracket.
    """
    # In numbers: on Windows the complement of one modifier lacks those above it.
    plain = event.modifiers().value & ~Qt.KeyboardModifier.KeypadModifier.value
    unshifted = plain & ~Qt.KeyboardModifier.ShiftModifier.value
    for modifiers in (plain, unshifted):
        pressed = QKeySequence(modifiers | event.key())  # not every key has a name in Qt
        for binding in bindings:
            if any(QKeySequence(keys) == pressed for keys in binding.keys):
                binding.act()
                return True
    return False


def shown(keys: str) -> str:
    """Keys as one reads them on a keyboard: `Shift+←`."""
    *held, last = re.split(r"\+(?=.)", keys)
    native = QKeySequence(last).toString(QKeySequence.SequenceFormat.NativeText)
    return "+".join((*held, _SIGNS.get(last, native)))
