"""The create panel: what is to be made."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.advanced import Advanced
from app.draft import Draft, Quality, Ratio, frames_for, quality_of, ratio_of, size_for, steps_for
from app.fields import (
    Choice,
    Fold,
    Number,
    Panel,
    RatioButton,
    Segments,
    Slider,
    WholeNumber,
    name_tool,
    row,
    section,
    tool,
)
from app.forecast import Forecast, ForecastCard
from app.obstacle import Obstacle, ObstacleCard, find_able, find_obstacle
from app.pictures import Pictures
from app.preset_button import PresetButton
from app.presets import Presets
from app.prompt import Prompt, PromptEdit
from app.seed import SeedField
from app.words import said
from inference.api.errors import UserError
from inference.api.messages import ModelInfo
from inference.api.spec import (
    MAX_FRAMES,
    MAX_SIDE,
    SIZE_MULTIPLE,
    GenerationRequest,
    nearest_frames,
    nearest_size,
)

WIDTH = 340
NUMBER_WIDTH = 74


class Create(Panel):
    """Shows the draft and edits it. `generate_wanted` gives the requests that were asked for,
    `request_changed` the request in outline, or None while it is none."""

    generate_wanted = Signal(list)
    request_changed = Signal(object)

    def __init__(self, draft: Draft, presets_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.model = Choice()
        self.presets = PresetButton(draft, Presets(presets_file, self))
        self.prompt = Prompt()
        self.pictures = Pictures(draft)
        self.negative = PromptEdit()
        self.ratios = Segments([RatioButton(*map(int, ratio.split(":"))) for ratio in Ratio])
        self.width_field = WholeNumber(SIZE_MULTIPLE, MAX_SIDE, SIZE_MULTIPLE)
        self.height_field = WholeNumber(SIZE_MULTIPLE, MAX_SIDE, SIZE_MULTIPLE)
        self.swap = tool("swap")
        self.length = Slider(Qt.Orientation.Horizontal)
        self.seconds = Number(0.0, 1000.0, 0.25, decimals=2)
        self.frames = WholeNumber(1, MAX_FRAMES, 4)
        self.qualities = Segments([QToolButton() for _ in Quality])
        self.seed = SeedField(draft)
        self.variations = WholeNumber(1, 64)
        self.advanced = Advanced(draft)
        self.forecast = ForecastCard()
        self.obstacle = ObstacleCard()
        self._models: tuple[ModelInfo, ...] = ()
        self._verdict = QStackedLayout()  # what is foretold, or what is in the way in its place
        self.generate = QPushButton()
        self._scroll = QScrollArea()
        self._negative_fold, self._advanced_fold = Fold(self.negative), Fold(self.advanced)
        self._model_title = section(self.model)
        self._size_title = section(self.ratios)
        self._length_title = section(self.length)
        self._quality_title = section(self.qualities)
        self._seed_title = section(self.seed.number)
        self._variations_title = section(self.variations)
        self._seconds_title, self._frames_title = QLabel(), QLabel()
        self._seconds_title.setBuddy(self.seconds)
        self._frames_title.setBuddy(self.frames)
        self._lay_out()
        self._connect()
        self.retranslate()
        self.show_draft()

    def show_models(self, models: tuple[ModelInfo, ...]) -> None:
        """Offers those that are installed and make video, from text or from pictures."""
        self.draft.learn(models)
        self._models = tuple(model for model in models if model.installed and model.tasks)
        blocker = QSignalBlocker(self.model)
        self.model.clear()
        for model in self._models:
            self.model.addItem(said(model.title), model.name)
        del blocker
        if self.model.findData(self.draft.model) < 0 and self._models:
            self._use_model((find_able(self.draft, self._models) or self._models[0]).name)
        self.show_draft()

    def show_forecast(self, request: GenerationRequest | None, forecast: Forecast) -> None:
        self.forecast.show_forecast(request, forecast)

    def submit(self) -> None:
        """Asks for the clips, or says what is in the way."""
        self._take_typed()
        if not self.draft.prompt.strip():
            self._show_fault(self.tr("The prompt is empty: describe the video you want."))
            theme.set_trait(self.prompt.editor, "wrong", True)
            self.edit_prompt()
            return
        if find_obstacle(self.draft, self._models) is not None:
            self.show_draft()
            return
        try:
            requests = self.draft.requests()
        except UserError as error:
            self._show_fault(said(error))
            return
        self._show_obstacle(None)  # such as a picture that wasn't taken
        self.generate_wanted.emit(requests)

    def edit_prompt(self) -> None:
        """Puts the cursor into the prompt, where it can be seen."""
        self.prompt.editor.setFocus()
        self._scroll.ensureWidgetVisible(self.prompt)

    def show_pictures(self) -> None:
        """Brings the wells for pictures into view, which have their height when the layout is done."""
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.pictures))

    def current_request(self) -> GenerationRequest | None:
        """What there is to foretell, which goes by the settings and not by the prompt."""
        try:
            return self.draft.outline()
        except UserError:
            return None

    def show_draft(self) -> None:
        """Takes every value from the draft."""
        draft, chosen = self.draft, self.draft.choices
        edited = (self.width_field, self.height_field, self.length, self.seconds, self.frames)
        blockers = [QSignalBlocker(field) for field in (*edited, self.model, self.variations)]
        self.prompt.set_text(draft.prompt)
        if self.negative.toPlainText() != chosen.negative_prompt:
            self.negative.setPlainText(chosen.negative_prompt)
        self.model.setCurrentIndex(self.model.findData(draft.model))
        self.width_field.setValue(chosen.width)
        self.height_field.setValue(chosen.height)
        self.length.setRange(0, max(draft.defaults.frames, chosen.frames) // 4)
        self.length.setValue(chosen.frames // 4)
        self.seconds.setValue(chosen.frames / chosen.fps)
        self.frames.setValue(chosen.frames)
        self.variations.setValue(draft.variations)
        self._show_count()
        ratio = ratio_of(chosen.width, chosen.height, draft.defaults)
        self.ratios.show_picked(None if ratio is None else list(Ratio).index(ratio))
        quality = quality_of(chosen.steps, draft.defaults)
        self.qualities.show_picked(None if quality is None else list(Quality).index(quality))
        del blockers
        theme.set_trait(self.prompt.editor, "wrong", False)
        self._show_obstacle(find_obstacle(draft, self._models))
        self.request_changed.emit(self.current_request())

    def _connect(self) -> None:
        draft = self.draft
        draft.changed.connect(self.show_draft)
        self.prompt.edited.connect(draft.set_prompt)
        self.negative.textChanged.connect(
            lambda: draft.choose(negative_prompt=self.negative.toPlainText())
        )
        self.model.activated.connect(self._on_model)
        self.ratios.picked.connect(self._on_ratio)
        self.swap.clicked.connect(self._on_swap)
        self.width_field.valueChanged.connect(self._on_width)
        self.height_field.valueChanged.connect(self._on_height)
        self.length.valueChanged.connect(lambda: draft.choose(frames=self.length.value() * 4 + 1))
        self.seconds.valueChanged.connect(self._on_seconds)
        self.frames.valueChanged.connect(self._on_frames)
        self.qualities.picked.connect(self._on_quality)
        self.variations.valueChanged.connect(self._on_variations)
        self.forecast.suggestion_taken.connect(self._on_suggestion)
        self.pictures.failed.connect(self._show_fault)
        self.obstacle.model_wanted.connect(self._use_model)
        self.generate.clicked.connect(self.submit)
        for fold in (self._negative_fold, self._advanced_fold):
            fold.head.toggled.connect(partial(self._on_folded, fold))

    def _on_model(self, index: int) -> None:
        self._use_model(self.model.itemData(index))

    def _use_model(self, name: str) -> None:
        self.draft.use_model(name)
        self.prompt.remeasure()

    def _on_ratio(self, number: int) -> None:
        width, height = size_for(list(Ratio)[number], self.draft.defaults)
        self.draft.choose(width=width, height=height)
        self.show_draft()

    def _on_swap(self) -> None:
        chosen = self.draft.choices
        self.draft.choose(width=chosen.height, height=chosen.width)

    def _on_width(self, value: int) -> None:
        self.draft.choose(width=nearest_size(value))
        self.show_draft()  # also where the nearest is what it was

    def _on_height(self, value: int) -> None:
        self.draft.choose(height=nearest_size(value))
        self.show_draft()

    def _on_seconds(self, value: float) -> None:
        self.draft.choose(frames=frames_for(value, self.draft.choices.fps))
        self.show_draft()

    def _on_frames(self, value: int) -> None:
        self.draft.choose(frames=nearest_frames(value))
        self.show_draft()

    def _on_quality(self, number: int) -> None:
        self.draft.choose(steps=steps_for(list(Quality)[number], self.draft.defaults))

    def _on_variations(self, value: int) -> None:
        self.draft.variations = value
        self._show_count()

    def _on_suggestion(self, request: GenerationRequest) -> None:
        self.draft.choose(
            width=request.width,
            height=request.height,
            frames=request.frames,
            weights=request.weights,
        )

    def _take_typed(self) -> None:
        """A number counts as soon as it is typed, though its field was not left."""
        self.seed.take_typed()
        field = self.focusWidget()
        if isinstance(field, QAbstractSpinBox):
            field.interpretText()

    def _on_folded(self, fold: Fold, opened: bool) -> None:  # noqa: FBT001, a slot
        if opened:  # its height is known when the layout is done
            QTimer.singleShot(0, fold, lambda: self._scroll.ensureWidgetVisible(fold))

    def _show_fault(self, text: str) -> None:
        self._show_obstacle(Obstacle(text))

    def _show_obstacle(self, obstacle: Obstacle | None) -> None:
        self.obstacle.show_obstacle(obstacle)
        self._verdict.setCurrentIndex(0 if obstacle is None else 1)

    def _lay_out(self) -> None:
        self.setMinimumWidth(WIDTH)
        self.negative.setFixedHeight(72)
        for number in (self.width_field, self.height_field, self.seconds, self.frames):
            number.setFixedWidth(NUMBER_WIDTH)
        for label in (self._seconds_title, self._frames_title):
            theme.set_kind(label, "hint")
        theme.set_kind(self.generate, "primary")
        self.generate.setIcon(theme.icon("sparkle", theme.Tone.ON_ACCENT))
        scroll = self._scroll
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._make_form())
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.ROOM)
        foot.setSpacing(theme.GAP)
        foot.addLayout(self._verdict)
        foot.addWidget(self.generate)
        self._lay_out_verdict()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addLayout(foot)

    def _lay_out_verdict(self) -> None:
        """As high as the higher of the two, so that nothing moves when one takes the other's place."""
        for side in (self.forecast, self.obstacle):
            policy = side.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            side.setSizePolicy(policy)
            self._verdict.addWidget(side)

    def _make_form(self) -> QWidget:
        form = QWidget()
        layout = QVBoxLayout(form)
        layout.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.GAP)
        layout.setSpacing(6)
        layout.addLayout(row(self._model_title, self.model, self.presets, stretch=1))
        layout.addWidget(self.prompt, 1)
        layout.addWidget(self.pictures)
        layout.addWidget(self._negative_fold)
        layout.addLayout(self._make_fields())
        layout.addWidget(self._advanced_fold)
        return form

    def _make_fields(self) -> QGridLayout:
        """Titles at the left, fields at the right: a screen of 720 lines has room for all."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        by = QLabel("×")
        theme.set_kind(by, "hint")
        sides = row(self.width_field, by, self.height_field, self.swap)
        times = row(self.seconds, self._seconds_title, self.frames, self._frames_title)
        for numbers in (sides, times):
            numbers.addStretch(1)
        fields = (
            (self._size_title, row(self.ratios)),
            (None, sides),
            (self._length_title, row(self.length)),
            (None, times),
            (self._quality_title, row(self.qualities)),
            (self._seed_title, row(self.seed)),
            (self._variations_title, row(self.variations)),
        )
        for number, (title, field) in enumerate(fields):
            if title is not None:
                grid.addWidget(title, number, 0)
            grid.addLayout(field, number, 1)
        return grid

    def retranslate(self) -> None:
        self._retranslate_titles()
        texts = {
            Quality.DRAFT: (self.tr("Draft"), self.tr("Few steps, to try an idea")),
            Quality.GOOD: (
                self.tr("Good"),
                self.tr("Most of the quality in two thirds of the time"),
            ),
            Quality.BEST: (self.tr("Best"), self.tr("As many steps as the model's makers use")),
        }
        for button, (name, tip) in zip(self.qualities.buttons, texts.values(), strict=True):
            button.setText(name)
            button.setAccessibleName(self.tr("Quality: {0}").format(name))
            button.setToolTip(tip)
        for button, ratio in zip(self.ratios.buttons, Ratio, strict=True):
            across, down = ratio.split(":")
            button.setAccessibleName(self.tr("{0} to {1}").format(across, down))
        self._show_count()
        self._show_obstacle(find_obstacle(self.draft, self._models))
        name_tool(self.swap, self.tr("Swap width and height"))

    def _show_count(self) -> None:
        count = self.draft.variations
        one = self.tr("Generate")
        self.generate.setText(one if count == 1 else self.tr("Generate %n clip(s)", "", count))
        name_tool(self.generate, self.generate.text(), "Ctrl+Enter")
        self.forecast.show_count(count)

    def _retranslate_titles(self) -> None:
        named = (
            (self._model_title, self.model, self.tr("Model")),
            (self._size_title, self.ratios, self.tr("Size")),
            (self._length_title, self.length, self.tr("Length")),
            (self._quality_title, self.qualities, self.tr("Quality")),
            (self._seed_title, self.seed.number, self.tr("Seed")),
            (self._variations_title, self.variations, self.tr("Clips")),
            (self._frames_title, self.frames, self.tr("frames")),
        )
        for label, field, name in named:
            label.setText(name)
            field.setAccessibleName(name)
        self._seconds_title.setText(self.tr("s", "seconds"))
        self.seconds.setAccessibleName(self.tr("Seconds"))
        self.variations.setToolTip(self.tr("How many clips to make, each with a seed of its own"))
        self._negative_fold.set_title(self.tr("What it should not look like"))
        self._advanced_fold.set_title(self.tr("More settings"))
        self.negative.setAccessibleName(self.tr("Negative prompt"))
        self.negative.setPlaceholderText(self.tr("What the picture should be steered away from."))
        self.width_field.setAccessibleName(self.tr("Width in pixels"))
        self.height_field.setAccessibleName(self.tr("Height in pixels"))
        self.forecast.setAccessibleName(self.tr("Forecast"))
