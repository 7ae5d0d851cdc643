"""The seed: a number, a die to throw it, a lock to keep it."""

from PySide6.QtCore import QRegularExpression, QSignalBlocker
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout

from app import theme
from app.draft import Draft, random_seed
from app.fields import Line, Panel, name_tool, tool
from inference.api.spec import MAX_SEED


class SeedField(Panel):
    """Typing a seed locks it; throwing the die does not unlock it."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self.number = Line()
        # QSpinBox holds no number beyond 31 bits.
        digits = QRegularExpression(r"\d{0,10}")
        self.number.setValidator(QRegularExpressionValidator(digits, self.number))
        self.dice, self.lock = tool("dice"), tool("unlock")
        self.lock.setCheckable(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.TIGHT)
        layout.addWidget(self.number, 1)
        layout.addWidget(self.dice)
        layout.addWidget(self.lock)
        self.number.editingFinished.connect(self.take_typed)
        self.dice.clicked.connect(self._on_dice)
        self.lock.toggled.connect(self._on_lock)
        draft.changed.connect(self.show_draft)
        self.retranslate()
        self.show_draft()

    def show_draft(self) -> None:
        blocker = QSignalBlocker(self.lock)
        self.number.setText(str(self._draft.seed))
        theme.set_kind(self.number, "" if self._draft.seed_locked else "loose")
        self.lock.setChecked(self._draft.seed_locked)
        self.lock.setIcon(theme.icon("lock" if self._draft.seed_locked else "unlock"))
        del blocker

    def take_typed(self) -> None:
        """What stands in the field is the seed."""
        seed = min(int(self.number.text() or 0), MAX_SEED)
        if seed != self._draft.seed:
            self._draft.set_seed(seed, locked=True)
        self.show_draft()

    def _on_dice(self) -> None:
        self._draft.set_seed(random_seed(), locked=self._draft.seed_locked)

    def _on_lock(self, locked: bool) -> None:  # noqa: FBT001, a slot
        self._draft.set_seed(self._draft.seed, locked=locked)

    def retranslate(self) -> None:
        self.number.setToolTip(self.tr("The same seed and settings make the same clip again"))
        name_tool(self.dice, self.tr("Throw another seed"))
        name_tool(self.lock, self.tr("Keep this seed for the next clip"))
