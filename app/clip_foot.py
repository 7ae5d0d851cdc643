"""The foot of the library: what is selected in it, and what can be done with that."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app import stills, theme
from app.clip_actions import KEYS, NOT_IN_TRASH, ClipAction
from app.fields import OneLine, name_tool, row, tool
from app.library import Clip, date_text, shape_text
from inference.api.spec import GenerationRequest

_IN_WORDS = (ClipAction.WATCH, ClipAction.REUSE, ClipAction.RESTORE)


class ClipFoot(QFrame):
    """Says what is selected. `act_wanted` is what its buttons ask for."""

    act_wanted = Signal(object)  # a `ClipAction`

    def __init__(self) -> None:
        super().__init__()
        self._clip: Clip | None = None
        self.prompt, self.details = OneLine(), OneLine()
        self.buttons = {action: tool(action.value) for action in ClipAction}
        for action, button in self.buttons.items():
            button.clicked.connect(self._asker(action))
        self._lay_out()

    def show_place(self, *, in_trash: bool) -> None:
        """Offers what can be done to clips there."""
        self.buttons[ClipAction.RESTORE].setVisible(in_trash)
        for action in NOT_IN_TRASH:
            self.buttons[action].setVisible(not in_trash)

    def show_clips(
        self, clip: Clip | None, count: int, possible: Sequence[ClipAction], *, is_missing: bool
    ) -> None:
        """So many are selected, this is the one with the focus, and that can be done."""
        self._clip = clip
        for action, button in self.buttons.items():
            button.setEnabled(action in possible)
        star = self.buttons[ClipAction.FAVOURITE]
        star.setIcon(theme.icon("star-filled" if clip is not None and clip.favourite else "star"))
        name_tool(star, self.name(ClipAction.FAVOURITE), KEYS[ClipAction.FAVOURITE])
        if clip is None or count > 1:
            self.prompt.setText(self.tr("{0} clips are selected").format(count))
            self.details.setText("")
        else:
            self.prompt.setText(" ".join(clip.request.prompt.split()))
            self.details.setText(self._details(clip, is_missing=is_missing))

    def name(self, action: ClipAction) -> str:
        """What that does to what is selected."""
        is_favourite = self._clip is not None and self._clip.favourite
        names = {
            ClipAction.WATCH: self.tr("Watch"),
            ClipAction.REUSE: self.tr("Use these settings"),
            ClipAction.COMPARE: self.tr("Compare two, or with the one shown"),
            ClipAction.FAVOURITE: self.tr("No longer a favourite")
            if is_favourite
            else self.tr("Make it a favourite"),
            ClipAction.FOLDER: self.tr("Show in folder"),
            ClipAction.DELETE: self.tr("Delete"),
            ClipAction.RESTORE: self.tr("Bring back"),
        }
        return names[action]

    def retranslate(self) -> None:
        """Names the buttons; the rest is said by `show_clips`."""
        for action, button in self.buttons.items():
            name_tool(button, self.name(action), KEYS[action])
            button.setText(self.name(action))

    def _asker(self, action: ClipAction) -> Callable[[], None]:
        return lambda: self.act_wanted.emit(action)

    def _details(self, clip: Clip, *, is_missing: bool) -> str:
        request, place = clip.request, clip.trashed_from or clip.path
        parts = (
            Path(request.model).name,
            self.tr("seed {0}").format(request.seed),
            shape_text(clip),
            self._steps(request),
            stills.text_of(request),
            date_text(clip),
            self.tr("the file {0} is missing").format(place) if is_missing else Path(place).name,
        )
        return "   ".join(filter(None, parts))

    def _steps(self, request: GenerationRequest) -> str:
        if request.stop_after:
            return self.tr("{0} of {1} steps").format(request.stop_after, request.steps)
        return self.tr("{0} steps").format(request.steps)

    def _lay_out(self) -> None:
        self.setObjectName("statusLine")
        theme.set_kind(self.details, "hint")
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for action in _IN_WORDS:
            self.buttons[action].setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.prompt)
        words.addWidget(self.details)
        inside = row()
        self.setLayout(inside)
        inside.setContentsMargins(theme.ROOM, 6, theme.ROOM, 6)
        inside.setSpacing(theme.TIGHT)
        inside.addLayout(words, 1)
        for button in self.buttons.values():
            inside.addWidget(button)
