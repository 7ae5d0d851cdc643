"""The canvas: what it paints, where, and what mouse and keys do to it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import overlay, theme
from app.canvas import Canvas
from app.frames import Film
from app.player import Player
from tests.app.conftest import bring_up, picture_of


class Colours(Film):
    """Frames of one colour each, save those that are not there yet."""

    def __init__(self, name: str, colours: list[str], size: tuple[int, int] = (80, 40)) -> None:
        super().__init__(name)
        self.count, self.fps, self.size = len(colours), 10.0, QSize(*size)
        self.missing: set[int] = set()
        self._images = [QImage(*size, QImage.Format.Format_RGB888) for _ in colours]
        for image, colour in zip(self._images, colours, strict=True):
            image.fill(QColor(colour))

    def frame(self, index: int) -> QImage | None:
        return None if index in self.missing else self._images[index]

    def thumbnail(self, index: int) -> QImage | None:
        return self.frame(index)


@pytest.fixture
def canvas(qtbot: QtBot, qapp: QApplication) -> Canvas:
    """420 x 240, and so a film of 80 x 40 lies at 12, 21, in 396 x 198."""
    theme.apply(qapp, theme.Scheme.DARK)
    made = Canvas(Player())
    qtbot.addWidget(made)
    made.resize(420, 240)
    made.grab()
    return made


def show(canvas: Canvas, *colours: str) -> Colours:
    film = Colours("a.mp4", list(colours))
    canvas.show_film(film)
    canvas.player.load(film.count, film.fps)
    return film


def colour_at(canvas: Canvas, x: int, y: int) -> str:
    return picture_of(canvas).pixelColor(x, y).name()


def test_frame_is_fitted_on_a_neutral_ground(canvas: Canvas) -> None:
    show(canvas, "#ff0000")

    assert colour_at(canvas, 210, 120) == "#ff0000"
    assert colour_at(canvas, 14, 120) == "#ff0000"
    assert colour_at(canvas, 5, 120) == theme.current().canvas
    assert colour_at(canvas, 210, 10) == theme.current().canvas


def test_frame_follows_the_player(canvas: Canvas) -> None:
    show(canvas, "#ff0000", "#00ff00")
    canvas.player.seek(1)

    assert colour_at(canvas, 210, 120) == "#00ff00"


def test_last_frame_stays_until_the_next_is_there(canvas: Canvas) -> None:
    film = show(canvas, "#ff0000", "#00ff00")
    film.missing = {1}
    canvas.player.seek(1)
    assert colour_at(canvas, 210, 120) == "#ff0000"
    film.missing = set()
    film.arrived.emit(1)

    assert colour_at(canvas, 210, 120) == "#00ff00"


def test_two_clips_are_wiped_frame_by_frame(canvas: Canvas) -> None:
    show(canvas, "#ff0000", "#00ff00")
    canvas.compare(Colours("b.mp4", ["#0000ff", "#ffff00"]))
    assert (colour_at(canvas, 100, 180), colour_at(canvas, 320, 180)) == ("#ff0000", "#0000ff")
    canvas.player.seek(1)
    assert (colour_at(canvas, 100, 180), colour_at(canvas, 320, 180)) == ("#00ff00", "#ffff00")
    canvas.compare(None)

    assert colour_at(canvas, 320, 180) == "#00ff00"


def test_shorter_clip_stays_at_its_last_frame(canvas: Canvas) -> None:
    show(canvas, "#ff0000", "#00ff00", "#000000")
    canvas.compare(Colours("b.mp4", ["#0000ff", "#ffff00"]))
    canvas.player.seek(2)

    assert colour_at(canvas, 320, 180) == "#ffff00"


def test_divider_is_dragged(qtbot: QtBot, canvas: Canvas) -> None:
    show(canvas, "#ff0000")
    canvas.compare(Colours("b.mp4", ["#0000ff"]))
    bring_up(qtbot, canvas)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(210, 150))
    QTest.mouseMove(canvas, QPoint(111, 150))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(111, 150))

    assert canvas.divider == pytest.approx(0.25, abs=0.01)
    assert colour_at(canvas, 180, 180) == "#0000ff"


def test_divider_moves_by_key(canvas: Canvas) -> None:
    show(canvas, "#ff0000")
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)

    assert canvas.divider == pytest.approx(0.52)


def test_single_pixels_are_sharp_when_magnified(canvas: Canvas) -> None:
    film = show(canvas, "#000000")
    image = film.frame(0)
    assert image is not None
    image.setPixelColor(40, 20, QColor("#ffffff"))
    film = Colours("b.mp4", ["#000000"])
    canvas.set_zoom(10.0 * canvas.devicePixelRatio())
    canvas._image = image
    shown = picture_of(canvas)
    inks = {shown.pixelColor(x, 125).name() for x in range(205, 225)}

    assert inks == {"#000000", "#ffffff"}


@pytest.mark.parametrize(
    ("key", "zoom"),
    [(Qt.Key.Key_1, 1.0), (Qt.Key.Key_Plus, 4.95 * 1.25), (Qt.Key.Key_Minus, 4.95 / 1.25)],
)
def test_zoom_by_key_and_back(canvas: Canvas, key: Qt.Key, zoom: float) -> None:
    show(canvas, "#ff0000")
    fine = 1.0 if key is Qt.Key.Key_1 else canvas.devicePixelRatio()  # 1: as fine as the display is
    QTest.keyClick(canvas, key)
    assert canvas.geometry_of_picture.zoom == pytest.approx(fine * zoom)
    QTest.keyClick(canvas, Qt.Key.Key_0)

    assert canvas.geometry_of_picture.zoom is None


def test_full_screen_is_asked_for(qtbot: QtBot, canvas: Canvas) -> None:
    with qtbot.waitSignal(canvas.full_screen_wanted):
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(canvas.escaped):
        QTest.keyClick(canvas, Qt.Key.Key_Escape)


def test_keys_reach_the_player(canvas: Canvas) -> None:
    show(canvas, "#ff0000", "#00ff00", "#0000ff")
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)

    assert canvas.player.position == 1


def test_badge_is_painted_and_said(canvas: Canvas) -> None:
    film = Colours("job", ["#ffffff"])
    canvas.show_film(film, "Preview, step 7 of 20")

    assert colour_at(canvas, 30, 195) != "#ffffff"
    assert canvas.accessibleDescription().startswith("Preview, step 7 of 20")


def test_screen_readers_hear_the_frame(canvas: Canvas) -> None:
    show(canvas, "#ff0000", "#00ff00")
    canvas.player.step(1)

    assert canvas.accessibleName() == "Picture"
    assert canvas.accessibleDescription() == "Frame 2 of 2, a.mp4"


def test_sentence_takes_the_place_of_the_picture(canvas: Canvas) -> None:
    show(canvas, "#ff0000")
    canvas.say("a.mp4 is empty.")

    assert canvas.accessibleDescription() == "a.mp4 is empty."
    assert colour_at(canvas, 20, 120) == theme.current().canvas


def test_dropped_files_are_told(qtbot: QtBot, canvas: Canvas, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.mp4")), QUrl("https://example.org/b")])
    nothing = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing
    )
    with qtbot.waitSignal(canvas.dropped) as caught:
        canvas.dropEvent(event)

    assert caught.args == [[tmp_path / "a.mp4"]]


def test_every_text_is_said_anew(canvas: Canvas, qapp: QApplication) -> None:
    canvas.setAccessibleName("")
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.LanguageChange))

    assert canvas.accessibleName() == "Picture"


def test_names_of_two_clips_keep_to_their_halves(qapp: QApplication) -> None:
    picture = QImage(400, 60, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ffffff"))
    painter = QPainter(picture)
    overlay.paint_names(painter, QRectF(picture.rect()), "a long name " * 9, "another name " * 9)
    painter.end()
    painted = [x for x in range(400) if picture.pixelColor(x, 14).name() != "#ffffff"]
    assert 12 in painted
    assert 388 in painted
    assert not [x for x in painted if 194 < x < 206]
