"""The bar at the top: the pages, and what concerns the whole window."""

from enum import StrEnum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QToolButton

from app import theme
from app.fields import Panel, name_tool, tool

PANEL_KEYS = ("F7", "F8")  # show and hide the panels beside the picture


class Page(StrEnum):
    """The pages there can be, in order; each has the icon of its name."""

    CREATE = "create"
    LIBRARY = "library"
    MODELS = "models"
    SETTINGS = "settings"
    DOCTOR = "doctor"
    LOGS = "logs"


class TopBar(Panel):
    """Shows a tab for every page that the window has. `picked` gives the page wanted.

    `panels` are the buttons of the panels beside the picture, there while its page is shown.
    """

    picked = Signal(object)
    theme_wanted = Signal()
    help_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tabs: dict[Page, QToolButton] = {}
        self._group = QButtonGroup(self)
        self.panels = tool("panel-left"), tool("panel-right")
        self.help, self.theme = tool("help"), tool("moon")
        self.help.clicked.connect(self.help_wanted)
        self.theme.clicked.connect(self.theme_wanted)
        self._mark, self._name = QLabel(), QLabel("Kinora")
        self._tab_row = QHBoxLayout()
        self._lay_out()
        self.retranslate()

    def add(self, page: Page) -> None:
        """Gives a page its tab."""
        tab = QToolButton()
        tab.setCheckable(True)
        tab.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        tab.setIcon(theme.icon(page.value))
        tab.setIconSize(QSize(18, 18))
        tab.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_kind(tab, "tab")
        tab.clicked.connect(lambda: self.picked.emit(page))
        self.tabs[page] = tab
        self._group.addButton(tab)
        self._tab_row.addWidget(tab)
        self.retranslate()

    def show_page(self, page: Page) -> None:
        self.tabs[page].setChecked(True)
        for panel in self.panels:
            panel.setVisible(page is Page.CREATE)

    def _lay_out(self) -> None:
        frame = QFrame()
        frame.setObjectName("topBar")
        self._mark.setPixmap(theme.app_icon().pixmap(QSize(22, 22), self.devicePixelRatio()))
        font = self._name.font()
        font.setPixelSize(14)
        font.setWeight(font.Weight.DemiBold)
        self._name.setFont(font)
        self._tab_row.setSpacing(2)
        inside = QHBoxLayout(frame)
        inside.setContentsMargins(theme.ROOM, 5, theme.GAP, 5)
        inside.setSpacing(theme.GAP)
        inside.addWidget(self._mark)
        inside.addWidget(self._name)
        inside.addSpacing(theme.WIDE)
        inside.addLayout(self._tab_row)
        inside.addStretch(1)
        for button in (*self.panels, self.help, self.theme):
            inside.addWidget(button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def retranslate(self) -> None:
        names = {
            Page.CREATE: self.tr("Create"),
            Page.LIBRARY: self.tr("Library"),
            Page.MODELS: self.tr("Models"),
            Page.SETTINGS: self.tr("Settings"),
            Page.DOCTOR: self.tr("Doctor"),
            Page.LOGS: self.tr("Logs"),
        }
        for number, (page, tab) in enumerate(self.tabs.items(), 1):
            tab.setText(names[page])
            name_tool(tab, names[page], f"Ctrl+{number}")
        for panel, name, key in zip(
            self.panels, (self.tr("Create panel"), self.tr("Queue panel")), PANEL_KEYS, strict=True
        ):
            panel.setCheckable(True)
            name_tool(panel, name, key)
        name_tool(self.help, self.tr("Keyboard shortcuts"), "F1")
        name_tool(self.theme, self.tr("Switch between dark and light"))
