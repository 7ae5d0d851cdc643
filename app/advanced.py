"""The values that most people leave alone."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from app import theme
from app.draft import Draft
from app.fields import Choice, Number, Panel, WholeNumber
from inference.api.spec import Solver, WeightFormat

# Names of things, the same in every language.
_SOLVERS = {
    Solver.UNIPC: "UniPC",
    Solver.DPMPP: "DPM++ 2M",
    Solver.EULER: "Euler",
    Solver.LCM: "LCM",
}

_LIBRARIES = {
    WeightFormat.NF4: "nf4",
    WeightFormat.LLM_INT8: "LLM.int8 (bitsandbytes)",
    WeightFormat.QUANTO_INT8: "int8 (optimum-quanto)",
    WeightFormat.QUANTO_FP8: "fp8 (optimum-quanto)",
}


class Advanced(Panel):
    """Steps, guidance, shift, solver, frame rate, and how precisely the transformer computes."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self.steps = WholeNumber(1, 1000)
        self.guidance = Number(1.0, 100.0, 0.5)
        self.shift = Number(0.01, 100.0, 0.5, decimals=2)
        self.solver = Choice()
        self.fps = WholeNumber(1, 240)
        self.weights = Choice()
        self.attention = Choice()
        for solver, name in _SOLVERS.items():
            self.solver.addItem(name, solver)
        for form in WeightFormat:
            self.weights.addItem("", form)
        for exact in (False, True):
            self.attention.addItem("", exact)
        self._labels: list[tuple[QLabel, QWidget]] = []
        self._lay_out()
        self._connect()
        self.retranslate()
        self.show_draft()

    def show_draft(self) -> None:
        """Takes every value from the draft."""
        chosen = self._draft.choices
        blockers = [QSignalBlocker(field) for _, field in self._labels]
        self.steps.setValue(chosen.steps)
        self.guidance.setValue(chosen.guidance)
        self.shift.setValue(chosen.shift)
        self.solver.setCurrentIndex(list(_SOLVERS).index(chosen.solver))
        self.fps.setValue(chosen.fps)
        self.weights.setCurrentIndex(list(WeightFormat).index(chosen.weights))
        self.attention.setCurrentIndex(int(chosen.exact_attention))
        self.steps.setEnabled(not chosen.timesteps)  # a distilled model has its own
        del blockers

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(theme.ROOM)
        form.setVerticalSpacing(theme.GAP)
        numbers = self.steps, self.guidance, self.shift, self.solver, self.fps
        for field in (*numbers, self.weights, self.attention):
            label = QLabel()
            theme.set_kind(label, "dim")
            label.setBuddy(field)
            form.addRow(label, field)
            self._labels.append((label, field))

    def _connect(self) -> None:
        draft = self._draft
        self.steps.valueChanged.connect(lambda: draft.choose(steps=self.steps.value()))
        self.guidance.valueChanged.connect(lambda: draft.choose(guidance=self.guidance.value()))
        self.shift.valueChanged.connect(lambda: draft.choose(shift=self.shift.value()))
        self.fps.valueChanged.connect(lambda: draft.choose(fps=self.fps.value()))
        self.solver.activated.connect(self._on_solver)
        self.weights.activated.connect(self._on_weights)
        self.attention.activated.connect(self._on_attention)
        draft.changed.connect(self.show_draft)

    def _on_solver(self, index: int) -> None:
        self._draft.choose(solver=list(_SOLVERS)[index])

    def _on_weights(self, index: int) -> None:
        self._draft.choose(weights=list(WeightFormat)[index])

    def _on_attention(self, index: int) -> None:
        self._draft.choose(exact_attention=bool(index))

    def retranslate(self) -> None:
        names = {
            WeightFormat.AUTO: self.tr("Automatic"),
            WeightFormat.NATIVE: self.tr("as the device computes"),
            WeightFormat.INT8: "int8",
            WeightFormat.INT8_WEIGHT_ONLY: self.tr("int8, weights only"),
            WeightFormat.FP8: "fp8",
            WeightFormat.FP8_WEIGHT_ONLY: self.tr("fp8, weights only"),
            **_LIBRARIES,
        }
        for index, form in enumerate(WeightFormat):
            self.weights.setItemText(index, names[form])
        self.attention.setItemText(0, self.tr("Automatic"))
        self.attention.setItemText(1, self.tr("in full precision"))
        texts = (
            (self.tr("Steps"), self.tr("More steps, cleaner picture, longer wait")),
            (
                self.tr("Guidance"),
                self.tr("How strictly the prompt is followed; 1 is twice as fast"),
            ),
            (self.tr("Shift"), self.tr("Higher spends more steps on layout and motion")),
            (self.tr("Solver"), self.tr("How the steps are computed")),
            (self.tr("Frames per second"), self.tr("How fast the clip plays")),
            (
                self.tr("Precision"),
                self.tr(
                    "Automatic takes what makes the clip soonest; fewer bits take less of the card, and the "
                    "first clip takes longer to begin"
                ),
            ),
            (
                self.tr("Attention"),
                self.tr("Automatic takes 8 bits where a card is faster so; hardly a difference"),
            ),
        )
        for (label, field), (name, tip) in zip(self._labels, texts, strict=True):
            label.setText(name)
            field.setAccessibleName(name)
            field.setToolTip(tip)
            field.setAccessibleDescription(tip)
