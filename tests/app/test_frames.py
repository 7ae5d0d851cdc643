"""Frames: every one the right one, however it is asked for; what can't be read is said."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.ffmpeg import parse_timing
from app.frames import SAMPLES, Frames, PreviewFilm
from app.sources import Colour, open_source
from inference.api.messages import Preview
from tests.app.numbered_clips import SIZE, number_of, write_clip, write_pictures

FRAME_BYTES = SIZE[0] * SIZE[1] * 3
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv444p")
ENCODINGS = {
    "b-frames and long groups.mp4": (*H264, "-bf", "3", "-g", "250"),
    "open groups.mp4": (*H264, "-x264-params", "open-gop=1:keyint=12:bframes=3"),
    "every frame alone.mp4": (*H264, "-g", "1"),
    "late start.mkv": (*H264, "-output_ts_offset", "7.3"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv444p", "-g", "9", "-cpu-used", "8"),
    "picture.gif": ("-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"),
}

Open = Callable[..., Frames]


@pytest.fixture
def open_frames(qtbot: QtBot) -> Iterator[Open]:
    opened: list[Frames] = []

    def open_one(path: Path, memory_bytes: int = 1 << 30) -> Frames:
        frames = Frames(path, memory_bytes)
        opened.append(frames)
        with qtbot.waitSignal(frames.completed, timeout=30_000):
            frames.open()
        return frames

    yield open_one
    for frames in opened:
        frames.close()


@pytest.mark.parametrize("name", ENCODINGS)
def test_all_frames_of_a_clip_come_in_order(open_frames: Open, tmp_path: Path, name: str) -> None:
    frames = open_frames(write_clip(tmp_path / name, 30, ENCODINGS[name]))

    assert (frames.count, frames.size) == (30, QSize(*SIZE))
    assert frames.fps == pytest.approx(16, rel=0.01)  # a GIF counts in hundredths of a second
    assert [number_of(frames.frame(n)) for n in range(30)] == list(range(30))
    assert frames.held_bytes() == 30 * FRAME_BYTES


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("first", [1, 11, 12, 29])
def test_reading_starts_at_exactly_the_frame_that_is_asked_for(
    tmp_path: Path, name: str, first: int
) -> None:
    source = open_source(write_clip(tmp_path / name, 30, ENCODINGS[name]))

    assert [number_of(image) for image in source.read(first)] == list(range(first, 30))


def test_long_clip_is_held_in_a_window_that_follows(
    open_frames: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "long.mp4", 200, (*H264, "-g", "24"))
    frames = open_frames(path, memory_bytes=20 * FRAME_BYTES)

    for index, ahead in [(150, 1), (20, -1), (199, 1), (0, -1), (77, 1), (78, 1), (60, -1)]:
        frames.want(index, ahead)
        qtbot.waitUntil(lambda index=index: frames.frame(index) is not None, timeout=10_000)
        assert number_of(frames.frame(index)) == index
        assert frames.held_bytes() <= 20 * FRAME_BYTES


@pytest.mark.parametrize("ahead", [1, -1])
def test_window_lies_in_the_direction_of_play(
    open_frames: Open, qtbot: QtBot, tmp_path: Path, ahead: int
) -> None:
    frames = open_frames(write_clip(tmp_path / "long.mp4", 120), memory_bytes=20 * FRAME_BYTES)
    with qtbot.waitSignal(frames.completed):
        frames.want(60, ahead)
    held = [n for n in range(120) if frames.frame(n) is not None]

    assert len(held) == 20
    assert [number_of(frames.frame(n)) for n in held] == held
    assert abs(60 - held[-1 if ahead > 0 else 0]) > abs(60 - held[0 if ahead > 0 else -1]) > 0


def test_thumbnails_of_a_long_clip_cover_all_of_it(open_frames: Open, tmp_path: Path) -> None:
    frames = open_frames(write_clip(tmp_path / "long.mp4", 200), memory_bytes=20 * FRAME_BYTES)

    for index in (0, 60, 120, 195):
        assert abs(number_of(frames.thumbnail(index)) - index) <= 200 // SAMPLES


@pytest.mark.parametrize("size", [(62, 30), (126, 64)], ids=str)
def test_any_width_is_read_whole(open_frames: Open, tmp_path: Path, size: tuple[int, int]) -> None:
    """Qt's rows begin at multiples of four bytes."""
    frames = open_frames(write_clip(tmp_path / "odd.mp4", 3, size=size))
    image = frames.frame(2)

    assert image is not None
    assert image.size() == QSize(*size)
    assert image.pixelColor(1, 1) == image.pixelColor(size[0] - 1, size[1] - 1)


def test_folder_of_pictures_is_a_clip(open_frames: Open, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 7)
    (folder / "recipe.json").write_text('{"recipe": "{\\"request\\": {\\"fps\\": 24}}"}')
    frames = open_frames(folder)

    assert (frames.count, frames.fps) == (7, 24.0)
    assert [number_of(frames.frame(n)) for n in range(7)] == list(range(7))


def test_single_picture_is_a_clip_of_one_frame(open_frames: Open, tmp_path: Path) -> None:
    picture = next(write_pictures(tmp_path / "pictures", 1).glob("*.png"))

    assert open_frames(picture).count == 1


def test_exact_colours_are_nearer_to_what_was_encoded(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 1, (*H264, "-crf", "0"))
    image = next(open_source(path).read(0, Colour.EXACT))

    ink = image.pixelColor(5, 5)
    assert (ink.red(), ink.green(), ink.blue()) == pytest.approx((25, 25, 25), abs=2)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param("a.mp4", b"", r"a\.mp4 is empty \(0 bytes\)", id="zero bytes"),
        pytest.param("a.mp4", b"not a video" * 99, r"a\.mp4 can't be read .*: .+\.$", id="foreign"),
        pytest.param("a.png", b"\x89PNG\r\n\x1a\n broken", r"a\.png can't be read", id="picture"),
    ],
)
def test_what_is_no_clip_is_said_in_a_sentence(
    qtbot: QtBot, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert_fails(qtbot, path, sentence)


def test_missing_file_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    assert_fails(qtbot, tmp_path / "gone.mp4", r"gone\.mp4 can't be read: No such file")


def test_empty_folder_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    assert_fails(qtbot, tmp_path, "has no PNG pictures in it")


def test_video_cut_off_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "cut.mp4", 20)
    path.write_bytes(path.read_bytes()[:-400])  # the index is at the end

    assert_fails(qtbot, path, r"cut\.mp4 has no pictures that can be read")


def test_clip_with_a_ruined_end_is_as_long_as_what_can_be_read(
    qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", 30, (*H264, "-g", "1", "-movflags", "+faststart"))
    data = path.read_bytes()
    path.write_bytes(data[: -len(data) // 3] + bytes(len(data) // 3))
    frames = Frames(path)
    with qtbot.waitSignals([frames.shortened, frames.completed], timeout=10_000):
        frames.open()

    assert 5 < frames.count < 30
    assert [number_of(frames.frame(n)) for n in range(5)] == list(range(5))
    frames.close()


def test_words_of_others_about_a_file_are_not_in_the_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    video, picture = tmp_path / "a.mp4", tmp_path / "b.png"
    video.write_bytes(b"no video")
    QImage(64, 64, QImage.Format.Format_RGB888).save(str(picture))
    picture.write_bytes(picture.read_bytes()[:60])

    for path, words in ((video, "Invalid data found"), (picture, "Unable to read image data")):
        ours = f"{path.name} can't be read as a video or a picture: it is damaged, or of an"
        details = assert_fails(qtbot, path, f"^{re.escape(ours)} unknown kind.$")
        assert words in details


def test_sound_alone_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(
        b"RIFFD\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data \0\0\0" + bytes(32)
    )

    assert_fails(qtbot, path, r"sound\.wav has no pictures")


def assert_fails(qtbot: QtBot, path: Path, sentence: str) -> str:
    """The details of a failure that is said in these words."""
    frames = Frames(path)
    with qtbot.waitSignal(frames.failed, timeout=10_000) as caught:
        frames.open()
    frames.close()

    assert caught.args is not None
    text = str(caught.args[0])
    assert re.search(sentence, text), text
    assert "\n" not in text
    return str(caught.args[1])


def test_close_while_reading_ends_the_thread(qtbot: QtBot, tmp_path: Path) -> None:
    frames = Frames(write_clip(tmp_path / "a.mp4", 60))
    with qtbot.waitSignal(frames.opened, timeout=10_000):
        frames.open()
    frames.close()

    assert frames.held_bytes() == 0


def test_timing_counts_what_is_shown_in_the_order_of_time() -> None:
    timing = parse_timing(
        "#tb 0: 1/100\n0, -2, 0, 10, 5, 0xab\n0, -1, 20, 10, 5, 0xab, F=0x0\n"
        "0, 0, 10, 10, 5, 0xab, F=0x0\n0, 1, 30, 10, 5, 0xab, F=0x5\n"
    )

    assert timing.times == (0.0, 0.1, 0.2)
    assert timing.fps == pytest.approx(10)


def test_preview_is_read_whole(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "job-3.rgb"
    path.write_bytes(bytes(range(5 * 2 * 3)) * 2 + bytes(30))
    film = PreviewFilm(Preview("job", 3, 20, str(path), 5, 2, 3), seconds=1.5)

    assert (film.count, film.fps, film.size) == (3, 2.0, QSize(5, 2))
    image = film.frame(1)
    assert isinstance(image, QImage)
    assert image.pixelColor(4, 1).getRgb()[:3] == (27, 28, 29)  # type: ignore[index]


@pytest.mark.parametrize("content", [None, b"short"], ids=["gone", "cut off"])
def test_preview_that_is_gone_has_no_frames(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "job-3.rgb"
    if content is not None:
        path.write_bytes(content)

    assert PreviewFilm(Preview("job", 3, 20, str(path), 4, 2, 3), seconds=1.5).count == 0
