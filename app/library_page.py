"""The library: every clip that was made, found again, watched, kept or thrown away."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.clip_actions import KEYS, ClipAction, actions_for
from app.clip_foot import ClipFoot
from app.clip_grid import ClipGrid
from app.clips import Clips
from app.fields import Line, Panel, Segments, name_tool, row, tip_of
from app.keys import Binding, bind_inside, press
from app.library import Clip
from app.words import said
from inference.api.errors import UserError

MAX_SEARCH = 500  # characters
SEARCH_WIDTH = 460
_OF_ONE = (ClipAction.WATCH, ClipAction.REUSE, ClipAction.FOLDER)


class Place(StrEnum):
    """What is looked at; the value is the name of its icon."""

    ALL = "library"
    FAVOURITES = "star"
    TRASH = "trash"


class LibraryPage(Panel):
    """Shows the clips of a model. Signals:

    act_wanted: a `ClipAction`, and the ids of the clips that it is for.
    undo_wanted: of the last deletion.
    emptying_wanted: of the trash.
    making_wanted: of a first clip.
    failed: one sentence.
    """

    act_wanted = Signal(object, list)
    undo_wanted = Signal()
    emptying_wanted = Signal()
    making_wanted = Signal()
    failed = Signal(str)

    def __init__(self, clips: Clips) -> None:
        super().__init__()
        self._clips = clips
        self._place, self._chosen = Place.ALL, 0
        self.search = Line()
        self.places = Segments([QToolButton() for _ in Place])
        self.count = QLabel()
        self.emptying = QPushButton()
        self.grid = ClipGrid(clips)
        self.empty, self.way_out = QLabel(), QPushButton()
        self.foot = ClipFoot()
        self._nothing = QWidget()
        self._lay_out()
        self._connect()
        self.retranslate()
        self.places.show_picked(0)
        self._on_reset()

    @property
    def clip(self) -> Clip | None:
        """The one that is selected."""
        return self.grid.clip

    def act(self, action: ClipAction) -> None:
        """Asks for this to be done to what is selected, if it can be."""
        clip = self.clip
        if clip is not None and action in self._possible():
            self.act_wanted.emit(action, [clip.id] if action in _OF_ONE else self.grid.ids)

    def show_place(self, place: Place) -> None:
        self._place = place
        self.places.show_picked(list(Place).index(place))
        self._search()

    def menu(self) -> QMenu:
        """The context menu of what is selected."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._possible():
            entry = made.addAction(theme.icon(action.value), self.foot.name(action))
            entry.setShortcut(QKeySequence(KEYS[action]))
            entry.triggered.connect(self._actor(action))
        return made

    def close_pictures(self) -> None:
        """Before the program ends."""
        self.grid.close_pictures()

    def bindings(self) -> list[Binding]:
        """What keys do here, where it can be done."""
        return [*self._clip_bindings(ClipAction), *self._page_bindings()]

    def _clip_bindings(self, actions: Iterable[ClipAction]) -> list[Binding]:
        return [Binding((KEYS[act],), self.foot.name(act), self._actor(act)) for act in actions]

    def _page_bindings(self) -> list[Binding]:
        return [
            Binding(("Ctrl+F",), self.tr("Search"), self._find),
            Binding(("Ctrl+Z",), self.tr("Undo the last deletion"), self.undo_wanted.emit),
        ]

    def _possible(self) -> tuple[ClipAction, ...]:
        clip = self.clip
        return () if clip is None else actions_for(clip, missing=self._clips.is_missing(clip.id))

    def _lay_out(self) -> None:
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(MAX_SEARCH)
        self.search.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMaximumWidth(SEARCH_WIDTH)
        for button, place in zip(self.places.buttons, Place, strict=True):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIcon(theme.icon(place.value))
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_kind(self.count, "hint")
        head = row(self.search, self.places, self.count, QWidget(), self.emptying)
        head.setStretch(0, 2)
        head.setStretch(3, 1)
        head.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self._nothing, 1)
        layout.addWidget(self.foot)
        self._lay_out_nothing()

    def _lay_out_nothing(self) -> None:
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_kind(self.empty, "dim")
        inside = QVBoxLayout(self._nothing)
        inside.setSpacing(theme.ROOM)
        inside.addStretch(1)
        inside.addWidget(self.empty)
        inside.addWidget(self.way_out, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(1)

    def _connect(self) -> None:
        clips = self._clips
        self.search.textChanged.connect(self._search)
        self.places.picked.connect(self._on_place)
        self.emptying.clicked.connect(self.emptying_wanted)
        self.way_out.clicked.connect(self._on_way_out)
        self.foot.act_wanted.connect(self.act)
        clips.modelReset.connect(self._on_reset)
        for signal in (clips.rowsInserted, clips.rowsRemoved):
            signal.connect(self._on_changed)
        clips.dataChanged.connect(self._refresh)
        self.grid.selectionModel().selectionChanged.connect(self._refresh)
        self.grid.selectionModel().currentChanged.connect(self._refresh)
        self.grid.customContextMenuRequested.connect(self._open_menu)
        self.grid.tiles.starred.connect(self._on_starred)
        self.grid.tiles.opened.connect(lambda: self.act(ClipAction.WATCH))
        for widget in (self.grid, self.search):
            widget.installEventFilter(self)
        bind_inside(self, self._page_bindings())

    def _actor(self, action: ClipAction) -> Callable[[], None]:
        return lambda: self.act(action)

    def _on_place(self, number: int) -> None:
        self.show_place(list(Place)[number])

    def _find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _search(self) -> None:
        is_trash, is_favourites = self._place is Place.TRASH, self._place is Place.FAVOURITES
        try:
            self._clips.search(self.search.text(), favourites=is_favourites, trash=is_trash)
        except UserError as error:
            self.failed.emit(said(error))

    def _on_reset(self) -> None:
        """The clip that was selected stays so where it is still to be seen."""
        if self._clips.rowCount():
            self.grid.select(max(0, self._clips.row(self._chosen)))
        self._on_counted()

    def _on_changed(self, _parent: QModelIndex, first: int) -> None:
        if not self.grid.chosen and self._clips.rowCount():  # of one deleted, the next
            self.grid.select(min(first, self._clips.rowCount() - 1))
        self._on_counted()

    def _on_counted(self) -> None:
        """There are other clips than before, or none."""
        has_clips, in_trash = self._clips.rowCount() > 0, self._place is Place.TRASH
        had_focus = self.way_out.hasFocus() if has_clips else self.grid.hasFocus()
        self.grid.setVisible(has_clips)
        self._nothing.setVisible(not has_clips)
        if had_focus:  # it stays on the page, where the keys for it are
            (self.grid if has_clips else self.way_out).setFocus()
        self.foot.setVisible(has_clips)
        self.foot.show_place(in_trash=in_trash)
        self.emptying.setVisible(in_trash)
        self._say_count()
        self._refresh()

    def _on_starred(self, id_: int) -> None:
        self.act_wanted.emit(ClipAction.FAVOURITE, [id_])

    def _on_way_out(self) -> None:
        if self.search.text():
            self.search.clear()
        elif self._place is Place.ALL:
            self.making_wanted.emit()
        else:
            self.show_place(Place.ALL)

    def _refresh(self) -> None:
        """Another clip is selected, or it has changed."""
        clip = self.clip
        if clip is not None:
            self._chosen = clip.id
        is_missing = clip is not None and self._clips.is_missing(clip.id)
        self.foot.show_clips(clip, self.grid.chosen, self._possible(), is_missing=is_missing)

    def _say_count(self) -> None:
        shown, place = self._clips.rowCount(), self._place
        there = self._clips.count(favourites=place is Place.FAVOURITES, trash=place is Place.TRASH)
        text = self.tr("{0} of {1}").format(shown, there)
        self.count.setText(text if shown != there else str(there))
        self.count.setAccessibleName(self.tr("Clips: {0}").format(self.count.text()))
        self.emptying.setEnabled(there > 0)
        self._say_nothing()

    def _say_nothing(self) -> None:
        words = self.search.text().strip()
        if words:
            text = self.tr("Nothing is found for “{0}”.").format(words)
            way_out = self.tr("Clear the search")
        elif self._place is Place.ALL:
            text = self.tr(
                "No clips yet. What you make appears here, and so do clips of Kinora's that you "
                "drop on the window."
            )
            way_out = self.tr("Make a clip")
        elif self._place is Place.FAVOURITES:
            text = self.tr("No favourites yet: click the star on a clip, or press S.")
            way_out = self.tr("Show all clips")
        else:
            text = self.tr("The trash is empty.")
            way_out = self.tr("Show all clips")
        self.empty.setText(text)
        self.way_out.setText(way_out)
        self.way_out.setAccessibleName(way_out)

    def _open_menu(self, place: QPoint) -> None:
        if self.grid.indexAt(place).isValid():
            self.menu().popup(self.grid.viewport().mapToGlobal(place))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        """Keys go to the actions before the grid searches for what they spell."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if watched is self.grid:
                return self._take_key(event)
            return self._leave_search(event)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.act(ClipAction.WATCH)
            return True
        return press(self._clip_bindings(self._possible()), event)

    def _leave_search(self, event: QKeyEvent) -> bool:
        """Down and Enter lead to what was found; Escape gives up the search."""
        match event.key():
            case Qt.Key.Key_Escape:
                self.search.clear()
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.grid.setFocus()
            case _:
                return False
        return True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802, Qt's name
        super().showEvent(event)
        if not event.spontaneous():
            self._clips.check_files()
            (self.grid if self._clips.rowCount() else self.search).setFocus()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        is_seen = self.isVisible() and self.isActiveWindow()
        if event.type() is QEvent.Type.ActivationChange and is_seen:
            self._clips.check_files()

    def retranslate(self) -> None:
        self.search.setPlaceholderText(self.tr("Search: prompt, model, seed 42, 2026-11"))
        name_search = self.tr("Search the library by prompt, model, seed or date")
        self.search.setAccessibleName(name_search)
        self.search.setToolTip(tip_of(name_search, "Ctrl+F"))
        self.grid.setAccessibleName(self.tr("Clips"))
        self.grid.tiles.missing_text = self.tr("The file is missing")
        self.grid.viewport().update()
        places = (self.tr("All"), self.tr("Favourites"), self.tr("Trash"))
        for button, name in zip(self.places.buttons, places, strict=True):
            button.setText(name)
            name_tool(button, name)
        self.emptying.setText(self.tr("Empty the trash"))
        self.emptying.setAccessibleName(self.emptying.text())
        self.foot.retranslate()
        self._say_count()
        self._refresh()
