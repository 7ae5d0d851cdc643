"""The button whose menu holds the presets, and the fields in which they get their names."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget, QWidgetAction

from app import theme
from app.draft import Choices, Draft
from app.fields import name_tool, tool
from app.presets import BUILT_IN, Preset, Presets
from app.text import shortened
from app.words import said
from inference.api.errors import UserError


class PresetButton(QWidget):
    """Opens the list; a click on a preset takes its values. Signals:

    changed: there are other presets than before.
    taken: the name of the preset whose values the draft has now, and the draft as it was `Kept`.
    removed: the `Preset` that is gone, for an offer to bring it back.
    failed: why one wasn't kept.
    """

    changed = Signal()
    taken = Signal(str, object)
    removed = Signal(object)
    failed = Signal(str)

    def __init__(self, draft: Draft, presets: Presets) -> None:
        super().__init__()
        self._draft, self._presets = draft, presets
        presets.changed.connect(self.changed)
        self.button = tool("bookmark")
        self.button.setParent(self)
        self.button.clicked.connect(self._open)
        self.setFixedSize(self.button.sizeHint())
        self.button.resize(self.size())
        self.setFocusProxy(self.button)
        self.menu = QMenu(self)
        self._retranslate()

    def fill(self) -> None:
        """Puts the presets there are into the menu."""
        for submenu in self.menu.findChildren(QMenu):
            submenu.deleteLater()  # clearing the menu leaves them
        self.menu.clear()
        defaults = self._draft.fitted_defaults
        for name, make in BUILT_IN:
            shown = QCoreApplication.translate("Presets", name)
            self.menu.addAction(shown).triggered.connect(self._taker(shown, make(defaults)))
        self.menu.addSeparator()
        own = self._presets.own
        for preset in own:
            take = self._taker(preset.name, preset.choices)
            self.menu.addAction(_plain(preset.name)).triggered.connect(take)
        if own:
            self.menu.addSeparator()
            renaming = self.menu.addMenu(self.tr("Rename"))
            for preset in own:
                renaming.addAction(self._make_renaming_field(renaming, preset.name))
            removing = self.menu.addMenu(self.tr("Remove"))
            for preset in own:
                entry = removing.addAction(_plain(preset.name))
                entry.triggered.connect(self._remover(preset))
            self.menu.addSeparator()
        self.menu.addAction(self._make_name_field())

    def bring_back(self, preset: Preset) -> None:
        """Keeps one again that was removed."""
        self._attempt(lambda: self._presets.save(preset.name, preset.choices))

    def _open(self) -> None:
        self.fill()
        self.menu.exec(self.button.mapToGlobal(QPoint(0, self.button.height())))

    def _taker(self, name: str, choices: Choices) -> Callable[[], None]:
        return lambda: self._take(name, choices)

    def _take(self, name: str, choices: Choices) -> None:
        before = self._draft.kept()
        self._draft.take(choices)
        if self._draft.kept() != before:
            self.taken.emit(name, before)

    def _remover(self, preset: Preset) -> Callable[[], None]:
        return lambda: self._remove(preset)

    def _remove(self, preset: Preset) -> None:
        if self._attempt(lambda: self._presets.remove(preset.name)):
            self.removed.emit(preset)

    def _attempt(self, change: Callable[[], None]) -> bool:
        """Whether it was kept; if not, it is told."""
        try:
            change()
        except UserError as error:
            self.failed.emit(said(error))
            return False
        return True

    def _make_name_field(self) -> QWidgetAction:
        """Typing a name and Enter keeps the values; no dialog."""
        field = QLineEdit()
        field.setPlaceholderText(self.tr("Keep these settings as…"))
        field.setAccessibleName(self.tr("Name of a new preset"))
        field.addAction(theme.icon("plus"), QLineEdit.ActionPosition.LeadingPosition)
        field.returnPressed.connect(lambda: self._save(field.text().strip()))
        return _entry_of(field, self.menu)

    def _make_renaming_field(self, menu: QMenu, name: str) -> QWidgetAction:
        """Its name, to be typed over; Enter keeps it."""
        field = QLineEdit(name)
        field.setAccessibleName(self.tr("New name of “{0}”").format(name))
        field.returnPressed.connect(lambda: self._rename(name, field.text().strip()))
        return _entry_of(field, menu)

    def _save(self, name: str) -> None:
        if name:
            self.menu.close()  # before anything is said that it would cover
            self._attempt(lambda: self._presets.save(name, self._draft.choices))

    def _rename(self, name: str, other: str) -> None:
        self.menu.close()
        self._attempt(lambda: self._presets.rename(name, other))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        name_tool(self.button, self.tr("Presets"))
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def _plain(name: str) -> str:
    """A name for a menu, no longer than a line; its ampersands underline no letter."""
    return shortened(name).replace("&", "&&")


def _entry_of(field: QLineEdit, menu: QMenu) -> QWidgetAction:
    """A field among the entries of a menu."""
    field.setMinimumWidth(220)
    entry = QWidgetAction(menu)
    entry.setDefaultWidget(field)
    # Qt gives it the focus for a key in its own menu, but not for the one that opens a submenu.
    entry.hovered.connect(lambda: field.setFocus(Qt.FocusReason.TabFocusReason))
    return entry
