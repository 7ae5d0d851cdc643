"""The painter: what mouse and keys make of a mask over the canvas, and how that looks."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider
from pytestqt.qtbot import QtBot

from app import theme
from app.canvas import Canvas
from app.keys import press
from app.mask import Mask
from app.paint_bar import PaintBar
from app.painter import SMALLEST, Painter
from app.player import Player
from tests.app.conftest import bring_up, picture_of
from tests.app.test_canvas import Colours, show

LEFT, RIGHT, MIDDLE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
NONE = Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def canvas(qtbot: QtBot, qapp: QApplication) -> Canvas:
    """424 x 224, and so a film of 80 x 40 lies at 12, 12, five times as large."""
    theme.apply(qapp, theme.Scheme.DARK)
    made = Canvas(Player())
    qtbot.addWidget(made)
    made.resize(424, 224)
    show(made, "#808080", "#404040")
    bring_up(qtbot, made)
    return made


@pytest.fixture
def painter(canvas: Canvas) -> Painter:
    made = Painter(canvas, canvas.geometry_of_picture)
    made.begin(Mask(QSize(80, 40)))
    made.set_diameter(8)
    return made


@pytest.fixture
def bar(qtbot: QtBot, painter: Painter) -> PaintBar:
    made = PaintBar(painter)
    qtbot.addWidget(made)
    made.resize(640, 80)
    made.show()
    return made


def place(x: float, y: float) -> QPoint:
    """Where a pixel of the picture is."""
    return QPoint(round(12 + 5 * x), round(12 + 5 * y))


def stroke(
    painter: Painter, *points: tuple[float, float], button=LEFT, held=PLAIN, double=False
) -> None:
    first, *others = (place(*point) for point in points)
    (QTest.mouseDClick if double else QTest.mousePress)(painter, button, held, first)
    for point in others:
        QTest.mouseMove(painter, point)
    QTest.mouseRelease(painter, button, held, place(*points[-1]))


def is_white(painter: Painter, x: int, y: int) -> bool:
    assert painter.painted is not None
    return painter.painted.image.pixelColor(x, y).red() == 255


def roll(painter: Painter, at: QPoint, notches: int, held=PLAIN) -> None:
    window, turned = painter.window().windowHandle(), QPoint(0, 120 * notches)
    QTest.wheelEvent(window, QPointF(at), turned, QPoint(), held)


def differ(one: QImage, other: QImage) -> int:
    """By how much of 255, where they do most."""
    pairs = zip(bytes(one.constBits()), bytes(other.constBits()), strict=True)
    return max(abs(first - second) for first, second in pairs)


def test_left_button_paints_where_the_mouse_is(painter: Painter) -> None:
    stroke(painter, (20, 20), (60, 20))
    assert is_white(painter, 20, 20)
    assert is_white(painter, 40, 22)
    assert not is_white(painter, 40, 26)
    assert not is_white(painter, 40, 10)
    QTest.mouseMove(painter, place(40, 35))
    assert not is_white(painter, 40, 35)  # no button is down any more


@pytest.mark.parametrize(
    ("button", "held"), [(RIGHT, PLAIN), (LEFT, SHIFT), (LEFT, ALT)], ids=["right", "shift", "alt"]
)
def test_right_button_erases_and_so_does_the_left_with_a_key_held(
    painter: Painter, button, held
) -> None:
    stroke(painter, (20, 20), (60, 20))
    stroke(painter, (40, 20), button=button, held=held)
    assert not is_white(painter, 40, 20)
    assert is_white(painter, 25, 20)


def test_buttons_change_places_while_it_erases(painter: Painter) -> None:
    painter.set_erasing(True)
    stroke(painter, (20, 20), (60, 20), button=RIGHT)
    assert is_white(painter, 40, 20)
    stroke(painter, (40, 20))
    assert not is_white(painter, 40, 20)


def test_strokes_at_once_are_dots_and_nothing_is_made_larger(
    qtbot: QtBot, canvas: Canvas, painter: Painter
) -> None:
    with qtbot.assertNotEmitted(canvas.full_screen_wanted):
        stroke(painter, (40, 20), double=True)
    assert is_white(painter, 40, 20)


def test_other_button_in_a_stroke_changes_nothing(painter: Painter) -> None:
    QTest.mousePress(painter, LEFT, PLAIN, place(20, 20))
    QTest.mousePress(painter, RIGHT, PLAIN, place(20, 20))
    QTest.mouseRelease(painter, RIGHT, PLAIN, place(20, 20))
    QTest.mouseMove(painter, place(40, 20))
    QTest.mouseRelease(painter, LEFT, PLAIN, place(40, 20))
    assert is_white(painter, 30, 20)
    painter.undo()
    assert painter.painted is not None
    assert painter.painted.is_empty


def test_button_that_was_let_go_elsewhere_paints_no_more(painter: Painter) -> None:
    QTest.mousePress(painter, LEFT, PLAIN, place(20, 20))
    at = QPointF(place(60, 20))
    moved = QMouseEvent(
        QEvent.Type.MouseMove, at, painter.mapToGlobal(at), Qt.MouseButton.NoButton, NONE, PLAIN
    )
    QApplication.sendEvent(painter, moved)
    assert not is_white(painter, 40, 20)
    painter.undo()
    assert not is_white(painter, 20, 20)
    QTest.mouseRelease(painter, LEFT, PLAIN, place(60, 20))


def test_stroke_beside_the_picture_is_nothing_to_undo(painter: Painter, bar: PaintBar) -> None:
    stroke(painter, (-10, -10), (90, -10))
    assert not bar.undo.isEnabled()


def test_it_paints_the_same_place_of_a_picture_that_is_zoomed_and_moved(
    canvas: Canvas, painter: Painter
) -> None:
    roll(painter, place(40, 20), 3)
    assert canvas.geometry_of_picture.zoom is not None
    assert canvas.geometry_of_picture.is_larger
    before = canvas.geometry_of_picture.box
    QTest.mousePress(painter, MIDDLE, PLAIN, place(40, 20))
    QTest.mouseMove(painter, place(45, 20))
    QTest.mouseRelease(painter, MIDDLE, PLAIN, place(45, 20))
    after = canvas.geometry_of_picture.box
    assert after.left() == pytest.approx(before.left() + 25)
    assert painter.painted is not None
    assert painter.painted.is_empty
    scale = after.width() / 80
    at = (after.topLeft() + QPointF(30 * scale, 15 * scale)).toPoint()
    QTest.mouseClick(painter, LEFT, PLAIN, at)
    assert is_white(painter, 30, 15)
    assert not is_white(painter, 36, 15)


def test_brush_changes_by_keys_and_by_the_wheel(painter: Painter) -> None:
    keys = {binding.keys[0]: binding.act for binding in painter.bindings()}
    keys["]"]()
    assert painter.diameter == pytest.approx(9.6)
    keys["["]()
    assert painter.diameter == pytest.approx(8)
    roll(painter, place(40, 20), 1, CONTROL)
    assert painter.diameter == pytest.approx(9.6)
    for _ in range(40):
        keys["]"]()
    assert painter.diameter == painter.largest == 80
    for _ in range(40):
        keys["["]()
    assert painter.diameter == SMALLEST


def test_mask_is_tinted_has_an_edge_and_lets_the_picture_through(
    canvas: Canvas, painter: Painter
) -> None:
    stroke(painter, (20, 20), (60, 20))
    QTest.mouseMove(painter, place(70, 35))
    shown = picture_of(canvas)
    inside, outside = (shown.pixelColor(place(40, y)) for y in (20, 30))
    assert inside.red() > inside.green() + 40
    assert outside.name() == "#808080"
    edge = [shown.pixelColor(place(40, 0) + QPoint(0, y)) for y in range(75, 90)]
    assert max(colour.green() for colour in edge) > 200
    canvas.player.seek(1)
    after = picture_of(canvas).pixelColor(place(40, 20))
    assert after.green() < inside.green() - 20


def test_what_is_drawn_in_pieces_is_what_is_drawn_at_once(canvas: Canvas, painter: Painter) -> None:
    picture_of(canvas)
    stroke(painter, (10, 10), (30, 25), (60, 12), (70, 38))
    stroke(painter, (30, 20), (50, 20), button=RIGHT)
    QApplication.sendEvent(painter, _leave())
    pieces = picture_of(canvas)
    painter.undo()
    painter.redo()
    assert differ(picture_of(canvas), pieces) < 8
    painter.undo()
    assert differ(picture_of(canvas), pieces) > 60


def _leave() -> QEvent:
    return QEvent(QEvent.Type.Leave)


def test_ring_is_as_large_as_what_it_paints(canvas: Canvas, painter: Painter) -> None:
    QTest.mouseMove(painter, place(40, 20))
    shown = picture_of(canvas)
    for way in (QPoint(20, 0), QPoint(-20, 0), QPoint(0, 20)):  # 4 of 8 pixels, five times as large
        assert shown.pixelColor(place(40, 20) + way).green() > 160
    assert shown.pixelColor(place(40, 20) + QPoint(10, 0)).name() == "#808080"
    QApplication.sendEvent(painter, _leave())
    assert picture_of(canvas).pixelColor(place(40, 20) + QPoint(20, 0)).name() == "#808080"


def test_painter_is_as_large_as_the_canvas(canvas: Canvas, painter: Painter) -> None:
    canvas.resize(300, 200)
    assert painter.size() == QSize(300, 200)


def test_nothing_is_painted_before_it_begins_and_after_it_ends(painter: Painter) -> None:
    painter.end()
    assert not painter.isVisible()
    assert not painter.is_on
    painter.undo()
    painter.use()
    painter.begin(Mask(QSize(80, 40)))
    assert painter.isVisible()
    assert painter.diameter == 5  # an eighth of the height


def test_strokes_are_undone_by_keys(painter: Painter) -> None:
    keys = {key: binding.act for binding in painter.bindings() for key in binding.keys}
    stroke(painter, (20, 20), (60, 20))
    keys["Ctrl+Z"]()
    assert not is_white(painter, 20, 20)
    keys["Ctrl+Shift+Z"]()
    assert is_white(painter, 20, 20)
    QTest.mousePress(painter, LEFT, PLAIN, place(20, 35))
    keys["Ctrl+Z"]()  # not in the middle of a stroke
    assert is_white(painter, 20, 35)
    QTest.mouseRelease(painter, LEFT, PLAIN, place(20, 35))


def test_empty_mask_is_not_used(qtbot: QtBot, painter: Painter, bar: PaintBar) -> None:
    assert not bar.use.isEnabled()
    with qtbot.assertNotEmitted(painter.used):
        painter.use()
    stroke(painter, (20, 20))
    assert bar.use.isEnabled()
    with qtbot.waitSignal(painter.used):
        bar.use.click()
    painter.undo()
    assert not bar.use.isEnabled()


def test_bar_shows_the_painter_and_tells_it_what_to_do(
    qtbot: QtBot, painter: Painter, bar: PaintBar
) -> None:
    paint, erase = bar.modes.buttons
    assert paint.isChecked()
    erase.click()
    assert painter.erases
    paint.click()
    assert not painter.erases
    assert not bar.undo.isEnabled()
    bar.invert.click()
    assert is_white(painter, 1, 1)
    bar.clear.click()
    assert painter.painted is not None
    assert painter.painted.is_empty
    assert not bar.clear.isEnabled()
    bar.undo.click()
    assert is_white(painter, 1, 1)
    bar.redo.click()
    assert painter.painted.is_empty
    assert not bar.redo.isEnabled()
    with qtbot.waitSignal(bar.cancelled):
        bar.cancel.click()


def test_slider_goes_from_the_smallest_brush_to_the_largest(
    painter: Painter, bar: PaintBar
) -> None:
    bar.brush.setValue(bar.brush.maximum())
    assert painter.diameter == pytest.approx(80)
    bar.brush.setValue(0)
    assert painter.diameter == SMALLEST
    painter.set_diameter(17.8)  # four to eighty: the middle, as one sees it
    assert bar.brush.value() == 50
    assert painter.diameter == 17.8  # the slider's notch changes nothing
    assert "18" in bar.brush.toolTip()


def test_everything_in_the_bar_has_a_name_and_is_reached_by_tab(bar: PaintBar) -> None:
    for part in (*bar.buttons, *bar.modes.buttons, bar.brush):
        assert part.accessibleName()
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert bar.findChildren(QSlider) == [bar.brush]


@pytest.mark.parametrize("width", [360, 640])
def test_nothing_of_the_bar_is_cut_off(bar: PaintBar, width: int) -> None:
    bar.resize(width, 160)
    QApplication.processEvents()
    assert bar.width() == width
    for part in (*bar.buttons, *bar.modes.buttons, bar.brush):
        at = part.mapTo(bar, QPoint())
        assert bar.rect().contains(at)
        assert bar.rect().contains(at + part.rect().bottomRight())
        assert part.width() >= part.minimumSizeHint().width()


def test_left_button_erases_after_a_key(painter: Painter) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Q, PLAIN)
    assert press(painter.bindings(), event)
    assert painter.erases


def test_film_of_another_size_has_brushes_of_its_own(canvas: Canvas, painter: Painter) -> None:
    canvas.show_film(Colours("b.mp4", ["#000000"], (800, 400)))
    painter.begin(Mask(QSize(800, 400)))
    assert painter.diameter == 50
    assert painter.largest == 800
