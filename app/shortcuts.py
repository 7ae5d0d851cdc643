"""The keys of the whole window, and the help that lists them with those of its parts."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.help import Help, Section, Source
from app.keys import Binding, bind
from app.top_bar import PANEL_KEYS, Page, TopBar


class Shortcuts(QObject):
    """Binds keys in a window, two of them only while its picture or a message is shown; `parts` tell
    what theirs do.

    Signals say what the window is to do.
    """

    page_wanted = Signal(object)
    making_wanted = Signal()
    alone_wanted = Signal()
    full_screen_wanted = Signal()
    opening_wanted = Signal()

    def __init__(
        self,
        window: QWidget,
        top_bar: TopBar,
        picture: QWidget,
        messages: QWidget,
        parts: Mapping[Section, Source],
    ) -> None:
        super().__init__(window)
        self._window, self._top_bar, self._messages = window, top_bar, messages
        self._parts = parts
        own = {Section.WINDOW: self._of_window, Section.CREATE: self._of_create_page}
        self.help = Help(window, {**parts, **own})
        bind(window, [*self._everywhere(), *self._of_create()])
        bind(picture, [self._alone()])  # none acts whose widget is hidden
        bind(messages, [self._dismissal()])

    def add_page(self, page: Page) -> None:
        """Gives a page that has its tab the next number's key."""
        bind(self._window, [self._of_pages()[list(self._top_bar.tabs).index(page)]])

    def _of_pages(self) -> list[Binding]:
        return [
            Binding((f"Ctrl+{number}",), tab.text(), partial(self.page_wanted.emit, page))
            for number, (page, tab) in enumerate(self._top_bar.tabs.items(), 1)
        ]

    def _of_window(self) -> list[Binding]:
        return [*self._everywhere(), self._alone(), self._dismissal()]

    def _alone(self) -> Binding:
        return Binding(("F",), self.tr("Picture alone, and back"), self.alone_wanted.emit)

    def _dismissal(self) -> Binding:
        return Binding(("Esc",), self.tr("Dismiss the message"), self._messages.hide)

    def _everywhere(self) -> list[Binding]:
        panels = zip(PANEL_KEYS, self._top_bar.panels, strict=True)
        return [
            *self._of_pages(),
            *(Binding((key,), panel.accessibleName(), panel.click) for key, panel in panels),
            Binding(("Ctrl+O",), self.tr("Open clips, or a picture"), self.opening_wanted.emit),
            Binding(("F11",), self.tr("Full screen, and back"), self.full_screen_wanted.emit),
            Binding(Help.KEYS, self.tr("These shortcuts"), self.help.toggle),
        ]

    def _of_create_page(self) -> list[Binding]:
        return [*self._of_create(), *self._parts[Section.CREATE]()]

    def _of_create(self) -> list[Binding]:
        make = self.making_wanted.emit
        return [Binding(("Ctrl+Return", "Ctrl+Enter"), self.tr("Make the clip"), make)]
