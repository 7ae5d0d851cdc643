"""What is in the way of a clip that is asked for, and the card that says so."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout

from app import stills, theme
from app.draft import Draft, Edit
from app.fields import Panel, row
from app.text import shortened
from app.words import said
from inference.api import pictures
from inference.api.errors import UserError
from inference.api.messages import ModelInfo
from inference.api.models import DEMO
from inference.api.tasks import can_make, refusal

TITLE_CHARACTERS = 32  # of a model, on a button


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A sentence; `model` is one that can make the clip where the chosen one can't."""

    sentence: str
    model: ModelInfo | None = None


def find_obstacle(draft: Draft, models: Iterable[ModelInfo]) -> Obstacle | None:
    """What is in the way of the draft beside its prompt, with the `models` that are installed."""
    if (missing := missing_of(draft.edit)) is not None:
        return Obstacle(missing)
    try:
        for name in filter(stills.is_missing, draft.given):
            pictures.require(name)
        request = draft.outline()
    except UserError as error:
        return Obstacle(said(error))
    there = tuple(models)
    chosen = next((model for model in there if model.name == draft.model), None)
    if chosen is None or not chosen.tasks:
        return None  # for the engine to say
    sentence = refusal(said(chosen.title), chosen.tasks, request)
    return None if sentence is None else Obstacle(said(sentence), find_able(draft, there))


def find_able(draft: Draft, models: Iterable[ModelInfo]) -> ModelInfo | None:
    """The first of the models that can make what the draft gives pictures or a video for, as far as that is known: the
    demo, which knows only its own world, if there is no other."""
    first, last = bool(draft.first_frame), bool(draft.last_frame)
    edits = draft.edit is not None or bool(draft.references)
    able = [each for each in models if can_make(each.tasks, first=first, last=last, edits=edits)]
    return min(able, key=lambda each: each.name == DEMO.name, default=None)


def missing_of(edit: Edit | None) -> str | None:
    """What is to be said of an edit whose files aren't on this machine any more; None if they are."""
    if edit is not None and stills.is_missing(edit.video):
        return QCoreApplication.translate(
            "Stills",
            "The video that is edited isn't on this machine any more: open it and paint again, or take "
            "the edit away.",
        )
    if edit is not None and stills.is_missing(edit.mask):
        return QCoreApplication.translate(
            "Stills",
            "The mask of the edit isn't on this machine any more: click the edited clip and paint it again.",
        )
    return None


class ObstacleCard(Panel):
    """Says what is in the way. `model_wanted` is the name of the model that its button offers."""

    model_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._obstacle: Obstacle | None = None
        self.sentence, self._mark, self.remedy = QLabel(), QLabel(), QPushButton()
        self.remedy.clicked.connect(self._on_remedy)
        self._lay_out()
        self.show_obstacle(None)

    def show_obstacle(self, obstacle: Obstacle | None) -> None:
        """From now on; None for nothing."""
        self._obstacle = obstacle
        self.sentence.setText("" if obstacle is None else obstacle.sentence)
        self.remedy.setVisible(obstacle is not None and obstacle.model is not None)
        self._draw_mark()
        self.retranslate()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._draw_mark()  # a picture in the old colours

    def _draw_mark(self) -> None:
        icon = theme.icon("problem", theme.Tone.PROBLEM)
        self._mark.setPixmap(icon.pixmap(QSize(18, 18), self.devicePixelRatio()))

    def _on_remedy(self) -> None:
        if self._obstacle is not None and self._obstacle.model is not None:
            self.model_wanted.emit(self._obstacle.model.name)

    def _lay_out(self) -> None:
        theme.set_kind(self.sentence, "problem")
        self.sentence.setWordWrap(True)
        card = QFrame()
        theme.set_kind(card, "card")
        head = row(self._mark, self.sentence, stretch=1)
        head.setAlignment(self._mark, Qt.AlignmentFlag.AlignTop)
        head.setAlignment(self.sentence, Qt.AlignmentFlag.AlignTop)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.GAP)
        inside.setSpacing(theme.TIGHT)
        inside.addLayout(head)
        inside.addWidget(self.remedy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(card)

    def retranslate(self) -> None:
        model = None if self._obstacle is None else self._obstacle.model
        title = "" if model is None else shortened(said(model.title), TITLE_CHARACTERS)
        self.remedy.setText(self.tr("Use {0}").format(title.replace("&", "&&")))
        self.remedy.setAccessibleName(self.tr("Use {0}").format(title))
