"""The mask: what strokes make white and black, and how they are taken back."""

from math import pi

import pytest
from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QColor, QImage

from app import mask as masks
from app.mask import Mask

SIZE = QSize(79, 60)  # a width that is no multiple of four, as Qt's rows are


@pytest.fixture
def mask() -> Mask:
    return Mask(SIZE)


def at(mask: Mask, x: int, y: int) -> int:
    return mask.image.pixelColor(x, y).red()


def white(mask: Mask) -> int:
    image = mask.image
    pixels = [at(mask, x, y) for x in range(image.width()) for y in range(image.height())]
    assert set(pixels) <= {0, 255}
    return pixels.count(255)


def test_new_mask_leaves_all_as_it_is(mask: Mask) -> None:
    assert mask.is_empty
    assert white(mask) == 0
    assert mask.image.format() is QImage.Format.Format_Grayscale8
    assert mask.image.size() == mask.size == SIZE
    assert not mask.can_undo
    assert not mask.can_redo


@pytest.mark.parametrize("diameter", [1, 2, 7, 20, 41])
def test_dot_is_a_disc_of_the_brushs_diameter(mask: Mask, diameter: int) -> None:
    changed = mask.begin(QPointF(40.5, 30.5), diameter)
    assert white(mask) == pytest.approx(pi * diameter**2 / 4, rel=0.05, abs=2.2)
    assert at(mask, 40, 30) == 255
    assert not mask.is_empty
    outside = 40 + diameter // 2 + 2
    assert at(mask, outside, 30) == 0
    assert changed.contains(QRect(40 - diameter // 2, 30, diameter, 1))


def test_stroke_is_a_band_with_round_ends(mask: Mask) -> None:
    mask.begin(QPointF(20, 30), 10)
    mask.extend(QPointF(60, 30))
    assert white(mask) == pytest.approx(40 * 10 + pi * 25, rel=0.05)
    assert (at(mask, 40, 27), at(mask, 40, 33), at(mask, 40, 37)) == (255, 255, 0)
    assert (at(mask, 16, 30), at(mask, 63, 30)) == (255, 255)
    assert at(mask, 15, 25) == 0


def test_what_changed_is_told_and_lies_in_the_picture(mask: Mask) -> None:
    assert QRect(0, 0, 79, 60).contains(mask.begin(QPointF(2, 2), 30))
    mask.begin(QPointF(10, 10), 4)
    changed = mask.extend(QPointF(50, 40))
    assert changed.contains(QRect(9, 9, 42, 32))
    assert mask.extend(QPointF(500, 400)).right() <= 78


def test_eraser_takes_away_what_was_painted(mask: Mask) -> None:
    mask.begin(QPointF(40, 30), 20)
    mask.begin(QPointF(40, 30), 24, erase=True)
    assert mask.is_empty


def test_whole_strokes_are_undone_and_done_again(mask: Mask) -> None:
    mask.begin(QPointF(10, 10), 6)
    mask.extend(QPointF(30, 10))
    mask.extend(QPointF(30, 40))
    first = mask.image
    mask.begin(QPointF(60, 50), 6)
    second = mask.image
    mask.undo()
    assert mask.image == first
    mask.undo()
    assert mask.is_empty
    mask.undo()  # there is nothing more
    mask.redo()
    mask.redo()
    assert mask.image == second
    mask.redo()
    assert mask.image == second
    assert (mask.can_undo, mask.can_redo) == (True, False)


def test_stroke_that_changes_nothing_is_no_step(mask: Mask) -> None:
    mask.begin(QPointF(-50, -50), 6)
    mask.end()
    assert not mask.can_undo
    mask.begin(QPointF(40, 30), 6)
    mask.end()
    assert mask.can_undo


def test_new_stroke_takes_the_place_of_what_was_undone(mask: Mask) -> None:
    mask.begin(QPointF(10, 10), 6)
    mask.undo()
    assert mask.can_redo
    mask.begin(QPointF(40, 30), 6)
    assert not mask.can_redo
    assert at(mask, 10, 10) == 0


def test_stroke_that_changes_nothing_leaves_what_was_undone(mask: Mask) -> None:
    mask.begin(QPointF(10, 10), 6)
    mask.end()
    mask.undo()
    mask.begin(QPointF(-90, -90), 6)
    mask.end()
    assert mask.can_redo
    mask.redo()
    assert at(mask, 10, 10) == 255


def test_all_is_cleared_and_turned_round_and_that_is_undone(mask: Mask) -> None:
    mask.invert()
    assert white(mask) == 79 * 60
    mask.begin(QPointF(40, 30), 10, erase=True)
    left = mask.image
    mask.invert()
    assert at(mask, 40, 30) == 255
    assert at(mask, 5, 5) == 0
    mask.clear()
    assert mask.is_empty
    mask.undo()
    mask.undo()
    assert mask.image == left


def test_picture_of_a_mask_is_one_again(mask: Mask) -> None:
    mask.begin(QPointF(40, 30), 20)
    image = mask.image
    mask.clear()
    again = Mask.of(image, SIZE)
    assert again.image == image
    assert not again.can_undo
    assert not again.is_empty
    small = Mask.of(image, QSize(40, 30))
    assert small.size == QSize(40, 30)
    assert (at(small, 20, 15), at(small, 2, 2)) == (255, 0)
    white(small)  # nothing between


def test_colours_count_by_how_light_they_are() -> None:
    picture = QImage(4, 2, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    picture.setPixelColor(0, 0, QColor("#303030"))
    mask = Mask.of(picture, picture.size())
    assert (at(mask, 0, 0), at(mask, 1, 0)) == (0, 255)


def test_picture_that_was_given_stays_as_it_was(mask: Mask) -> None:
    before = mask.image
    mask.begin(QPointF(40, 30), 20)
    assert before.pixelColor(40, 30).red() == 0


def test_only_so_many_steps_are_kept(mask: Mask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "MOST_STEPS", 3)
    for x in (10, 30, 50, 70):
        mask.begin(QPointF(x, 30), 6)
    while mask.can_undo:
        mask.undo()
    assert at(mask, 10, 30) == 255
    assert at(mask, 30, 30) == 0
