"""The create panel: what is typed becomes the request, and what can't be made says so."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from app import theme
from app.create import Create
from app.draft import Draft
from app.forecast import Forecast
from inference.api.messages import Measured, ModelInfo
from inference.api.spec import GenerationRequest
from tests.app.conftest import bring_up, picture_of


def info(name: str, *, installed: bool = True, tasks: tuple[str, ...] = ("t2v",)) -> ModelInfo:
    return ModelInfo(name, name.upper(), "", 0, "", "", tasks, installed, removable=False)


def first(signal: SignalBlocker) -> list[GenerationRequest]:
    assert signal.args is not None
    return signal.args[0]


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Create:
    made = Create(Draft(), tmp_path / "presets.json")
    qtbot.addWidget(made)
    made.show_models((info("demo"), info("t2v-1.3b"), info("vace-1.3b", installed=False)))
    bring_up(qtbot, made)
    return made


def test_typed_prompt_is_asked_for_with_the_models_own_values(qtbot: QtBot, panel: Create) -> None:
    qtbot.keyClicks(panel.prompt.editor, "a red circle")
    with qtbot.waitSignal(panel.generate_wanted) as wanted:
        panel.generate.click()
    (request,) = first(wanted)
    assert (request.prompt, request.model) == ("a red circle", "demo")
    assert (request.width, request.height, request.frames) == (128, 128, 17)


def test_empty_prompt_is_refused_beside_the_field(qtbot: QtBot, panel: Create) -> None:
    with qtbot.assertNotEmitted(panel.generate_wanted):
        panel.generate.click()
    assert "prompt is empty" in panel.obstacle.sentence.text()
    assert panel.obstacle.isVisible()
    qtbot.keyClicks(panel.prompt.editor, "a")
    assert not panel.obstacle.isVisible()


def test_nothing_moves_when_the_prompt_is_refused_or_too_long(panel: Create) -> None:
    panel.resize(340, 640)
    panel.prompt.show_measured(Measured("", 1, 48))
    before = places(panel)
    panel.submit()
    assert panel.obstacle.isVisible()
    assert places(panel) == before
    panel.prompt.set_text("a red fox")
    assert not panel.obstacle.isVisible()
    panel.prompt.show_measured(Measured("", 60, 48, cut_at=4))
    assert panel.prompt.count.text() == "60 of 48 tokens: the rest isn't read"
    assert "shorten the prompt" in panel.prompt.editor.accessibleDescription()
    assert places(panel) == before


def places(panel: Create) -> list[QRect]:
    """Where the parts have come to rest."""
    for _ in range(3):
        QApplication.processEvents()
    parts = (panel.prompt.editor, panel.ratios, panel.variations, panel.generate)
    return [QRect(part.mapTo(panel, QPoint()), part.size()) for part in parts]


def test_refused_prompt_has_the_edge_of_what_is_wrong(panel: Create, qapp: QApplication) -> None:
    theme.apply(qapp, theme.Scheme.DARK)
    panel.submit()
    editor = panel.prompt.editor
    edge = picture_of(editor).pixelColor(editor.width() // 2, 0)
    assert edge == QColor(theme.current().problem)


def test_what_the_settings_take_is_foretold_before_there_is_a_prompt(panel: Create) -> None:
    outline = panel.current_request()
    assert outline is not None
    assert (outline.model, outline.width, outline.frames) == ("demo", 128, 17)


def test_one_types_on_behind_a_prompt_that_was_put_there(qtbot: QtBot, panel: Create) -> None:
    panel.draft.set_prompt("a fox")
    qtbot.keyClicks(panel.prompt.editor, " runs")
    assert panel.draft.prompt == "a fox runs"


def test_only_installed_models_are_offered(panel: Create) -> None:
    assert [panel.model.itemData(row) for row in range(panel.model.count())] == ["demo", "t2v-1.3b"]


def test_changing_the_model_changes_what_was_left_alone(panel: Create) -> None:
    panel.advanced.guidance.setValue(4.5)
    panel.model.setCurrentIndex(1)
    panel.model.activated.emit(1)
    assert (panel.width_field.value(), panel.height_field.value()) == (832, 480)
    assert panel.frames.value() == 81
    assert panel.advanced.guidance.value() == 4.5
    assert panel.advanced.steps.value() == 50


def test_size_snaps_to_what_can_be_made(panel: Create) -> None:
    panel.width_field.setValue(135)
    assert panel.width_field.value() == panel.draft.choices.width == 128
    panel.width_field.setValue(137)
    assert panel.width_field.value() == panel.draft.choices.width == 144


def test_seconds_and_frames_agree(panel: Create) -> None:
    panel.seconds.setValue(0.5)
    assert panel.frames.value() == 9
    assert panel.seconds.value() == pytest.approx(0.56)
    panel.frames.setValue(12)
    assert panel.frames.value() == panel.draft.choices.frames == 13
    panel.length.setValue(1)
    assert panel.frames.value() == 5


def test_wheel_over_the_panel_changes_no_length(panel: Create) -> None:
    frames = panel.frames.value()
    at = QPointF(5, 5)
    for delta in (120, -120):
        turn = QWheelEvent(
            at,
            panel.length.mapToGlobal(at),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(panel.length, turn)
        assert panel.frames.value() == frames


def test_quality_is_a_number_of_steps(panel: Create) -> None:
    panel.qualities.buttons[0].click()
    assert panel.advanced.steps.value() == 8
    panel.advanced.steps.setValue(11)
    assert not any(button.isChecked() for button in panel.qualities.buttons)


def test_shape_keeps_to_the_models_area(panel: Create) -> None:
    panel.ratios.buttons[0].click()
    assert (panel.width_field.value(), panel.height_field.value()) == (160, 96)
    panel.swap.click()
    assert (panel.draft.choices.width, panel.draft.choices.height) == (96, 160)


def test_typed_seed_is_locked(qtbot: QtBot, panel: Create) -> None:
    panel.seed.number.setText("4294967295")
    qtbot.keyClick(panel.seed.number, Qt.Key.Key_Return)
    assert panel.draft.seed_locked
    assert panel.seed.lock.isChecked()
    panel.seed.dice.click()
    assert panel.draft.seed != 4294967295


def test_variations_are_requests_that_differ_by_their_seed(qtbot: QtBot, panel: Create) -> None:
    panel.prompt.set_text("x")
    panel.variations.setValue(3)
    assert "3" in panel.generate.text()
    with qtbot.waitSignal(panel.generate_wanted) as wanted:
        panel.submit()
    assert len({request.seed for request in first(wanted)}) == 3


def test_number_of_clips_is_foretold_as_it_changes(panel: Create) -> None:
    panel.show_forecast(panel.current_request(), Forecast(seconds=40.0))
    assert panel.forecast.verdict.text() == "About 40 s"
    panel.variations.setValue(2)
    assert panel.forecast.verdict.text() == "About 80 s for 2 clips"


def test_prompt_is_measured_after_a_pause(qtbot: QtBot, panel: Create) -> None:
    with qtbot.waitSignal(panel.prompt.measure_wanted) as wanted:
        qtbot.keyClicks(panel.prompt.editor, "hello")
    assert wanted.args == ["hello"]


def test_what_the_model_does_not_read_is_struck_through(panel: Create) -> None:
    text = "读得到\U0001f600 not read"
    panel.prompt.set_text(text)
    panel.prompt.show_measured(Measured("", 60, 48, cut_at=4))
    (span,) = panel.prompt.editor.document().firstBlock().layout().formats()
    assert (span.start, span.length) == (5, len(" not read"))  # the emoji is two units of UTF-16
    panel.prompt.show_measured(Measured("", 4, 48))
    assert not panel.prompt.editor.document().firstBlock().layout().formats()


@pytest.mark.parametrize(
    ("text", "used", "shown"), [("", 1, 0), (" \n　", 2, 0), ("a", 2, 2), ("一只狐狸", 5, 5)]
)
def test_empty_prompt_uses_no_tokens_and_any_other_what_the_model_counts(
    panel: Create, text: str, used: int, shown: int
) -> None:
    panel.prompt.set_text(text)
    panel.prompt.show_measured(Measured("", used, 48))
    assert panel.prompt.count.text() == f"{shown} of 48 tokens"
    (bar,) = panel.prompt.findChildren(QProgressBar)
    assert bar.value() == shown


def test_suggestion_is_taken_over(panel: Create) -> None:
    panel.prompt.set_text("x")
    panel.draft.choose(frames=33)
    panel.forecast.suggestion_taken.emit(_shorter(panel))
    assert panel.frames.value() == 9


def _shorter(panel: Create) -> object:
    other = Draft()
    other.load(panel.draft.request())
    other.choose(frames=9)
    return other.request()


def test_every_control_has_a_name(panel: Create) -> None:
    panel.show_forecast(panel.current_request(), Forecast())
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QPlainTextEdit, QSlider, QLineEdit)
    nameless = [
        widget
        for widget in panel.findChildren(QWidget)
        if isinstance(widget, kinds)
        and not widget.accessibleName()
        and not isinstance(widget.parent(), QAbstractSpinBox)
        and widget is not panel.forecast.suggestion
    ]
    assert nameless == []


def test_number_counts_though_its_field_was_not_left(qtbot: QtBot, panel: Create) -> None:
    panel.prompt.set_text("x")
    for field, typed in ((panel.variations, "2"), (panel.width_field, "250")):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, typed)
        panel.submit()
    panel.seed.number.setFocus()
    panel.seed.number.selectAll()
    qtbot.keyClicks(panel.seed.number, "99")
    with qtbot.waitSignal(panel.generate_wanted) as wanted:
        panel.submit()
    requests = first(wanted)
    assert [request.seed for request in requests] == [99, 100]
    assert requests[0].width == 256


def test_loaded_request_is_one_clip(panel: Create) -> None:
    panel.prompt.set_text("x")
    panel.variations.setValue(8)
    panel.draft.load(panel.draft.request())
    assert (panel.variations.value(), panel.generate.text()) == (1, "Generate")


def test_attention_may_be_in_full_precision(panel: Create) -> None:
    panel.prompt.set_text("x")
    attention = panel.advanced.attention
    assert not panel.draft.request().exact_attention
    attention.setCurrentIndex(1)
    attention.activated.emit(1)
    assert panel.draft.request().exact_attention
    panel.draft.choose(exact_attention=False)
    assert attention.currentIndex() == 0


def test_what_is_opened_or_asked_for_comes_into_view(qtbot: QtBot, panel: Create) -> None:
    panel.resize(340, 400)
    assert not is_in_view(panel.advanced.weights)
    panel._advanced_fold.head.click()
    qtbot.waitUntil(lambda: is_in_view(panel.advanced.steps))
    assert not is_in_view(panel.prompt.editor)
    panel.submit()  # without a prompt
    qtbot.waitUntil(lambda: is_in_view(panel.prompt.editor))


def is_in_view(widget: QWidget) -> bool:
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()
