"""Where the picture lies: fitted, zoomed around a point, never lost."""

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF

from app.geometry import LARGEST, SMALLEST, Geometry


def made(picture: tuple[float, float] = (800, 400), ratio: float = 1.0) -> Geometry:
    geometry = Geometry()
    geometry.picture = QSizeF(*picture)
    geometry.resize(QSizeF(420, 420), ratio)
    geometry.margin = 10
    return geometry


@pytest.mark.parametrize(
    ("picture", "box"),
    [
        pytest.param((800, 400), QRectF(10, 110, 400, 200), id="wide"),
        pytest.param((400, 800), QRectF(110, 10, 200, 400), id="tall"),
        pytest.param((10, 10), QRectF(10, 10, 400, 400), id="small: enlarged"),
    ],
)
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_fitted_picture_touches_the_margin(
    picture: tuple[float, float], box: QRectF, ratio: float
) -> None:
    assert made(picture, ratio).box == box


def test_own_size_is_a_pixel_of_the_screen_for_each_of_the_picture() -> None:
    geometry = made(ratio=2.0)
    geometry.set_zoom(1.0)

    assert geometry.box.size() == QSizeF(400, 200)


@pytest.mark.parametrize("zoom", [2.0, 5.0])
def test_zoom_leaves_the_point_under_the_mouse_where_it_is(zoom: float) -> None:
    geometry = made()
    mouse = QPointF(150, 190)
    before = geometry.box
    where = (mouse - before.topLeft()) / before.width()
    geometry.set_zoom(zoom, mouse)
    after = geometry.box

    assert (mouse - after.topLeft()) / after.width() == where


@pytest.mark.parametrize(("asked", "got"), [(1e9, LARGEST), (1e-9, SMALLEST)])
def test_zoom_has_ends(asked: float, got: float) -> None:
    geometry = made()
    geometry.set_zoom(asked)

    assert geometry.zoom == got


def test_picture_cannot_be_pushed_out_of_view() -> None:
    geometry = made()
    geometry.set_zoom(1.0)
    geometry.pan(QPointF(-9999, 9999))

    assert geometry.box == QRectF(420 - 800, 10, 800, 400)  # no lower: it fits in height


def test_fit_forgets_zoom_and_place() -> None:
    geometry = made()
    fitted = geometry.box
    geometry.set_zoom(4.0)
    geometry.pan(QPointF(30, 0))
    assert geometry.is_larger
    geometry.fit()

    assert geometry.box == fitted
    assert not geometry.is_larger
