"""Export: the right frames, in every format; whole or not at all."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.export import CODECS, Export, Exporter, Format, read_tags, save_frame
from app.sources import open_source
from inference.api.errors import UserError
from inference.media import open_writer, read_metadata
from tests.app.numbered_clips import number_of, write_clip

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
RECIPE = {"recipe": json.dumps({"request": {"fps": 16, "prompt": 'a = "b"; #c\\'}})}


@pytest.fixture
def exporter(qapp: object) -> Exporter:
    return Exporter()


def run(qtbot: QtBot, exporter: Exporter, export: Export) -> None:
    """Until it is finished; a failure is one of the test."""
    exporter.failed.connect(lambda words: pytest.fail(str(words)))
    with qtbot.waitSignal(exporter.finished, timeout=30_000):
        exporter.start(export)
    exporter.stop()


def fail(qtbot: QtBot, exporter: Exporter, export: Export) -> str:
    with qtbot.waitSignal(exporter.failed, timeout=30_000) as caught:
        exporter.start(export)
    exporter.stop()
    assert caught.args is not None
    return str(caught.args[0])


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """30 frames with a recipe, as the engine writes them."""
    path = tmp_path / "clip.mp4"
    plain = write_clip(tmp_path / "plain.mp4", 30, (*H264, "-crf", "4"))
    source = open_source(plain)
    with open_writer(path, 64, 48, 16.0, RECIPE) as write:
        for image in source.read(0):
            data = bytes(image.constBits())
            write(np.frombuffer(data, np.uint8).reshape(48, 64, 3))
    return path


@pytest.mark.parametrize("kind", list(Format), ids=lambda kind: kind.value or "folder")
def test_range_holds_exactly_its_frames(
    qtbot: QtBot, exporter: Exporter, clip: Path, kind: Format
) -> None:
    target = clip.with_name("out" + kind.value)
    run(qtbot, exporter, Export(clip, target, kind, 5, 11))

    numbers = [number_of(image) for image in open_source(target).read(0)]
    assert numbers == list(range(5, 12))
    assert sorted(p.name for p in clip.parent.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("kind", list(Format), ids=lambda kind: kind.value or "folder")
def test_part_says_of_which_clip_and_which_frames_it_is(
    qtbot: QtBot, exporter: Exporter, clip: Path, kind: Format
) -> None:
    target = clip.with_name("out" + kind.value)
    run(qtbot, exporter, Export(clip, target, kind, 5, 11))

    assert read_metadata(target) == {
        "trimmed_from": RECIPE["recipe"],
        "frames": "6-12 of 30",
    }


def test_part_of_a_part_says_which_frames_of_the_clip_it_is(
    qtbot: QtBot, exporter: Exporter, clip: Path
) -> None:
    part, inner = clip.with_name("part.mp4"), clip.with_name("inner.mp4")
    run(qtbot, exporter, Export(clip, part, Format.MP4, 5, 11))
    run(qtbot, exporter, Export(part, inner, Format.MP4, 1, 3))
    assert read_metadata(inner) == {"trimmed_from": RECIPE["recipe"], "frames": "7-9 of 30"}


@pytest.mark.parametrize("kind", [Format.WEBM, Format.GIF, Format.FOLDER], ids=str)
def test_whole_clip_keeps_its_recipe(
    qtbot: QtBot, exporter: Exporter, clip: Path, kind: Format
) -> None:
    target = clip.with_name("out" + kind.value)
    run(qtbot, exporter, Export(clip, target, kind, 0, 29))

    assert read_metadata(target) == RECIPE


def test_whole_clip_in_its_own_format_is_the_same_file(
    qtbot: QtBot, exporter: Exporter, clip: Path
) -> None:
    target = clip.with_name("copy.mp4")
    run(qtbot, exporter, Export(clip, target, Format.MP4, 0, 29))

    assert target.read_bytes() == clip.read_bytes()


def test_another_programs_clip_has_no_tags(clip: Path) -> None:
    assert read_tags(clip.with_name("plain.mp4")) == {}


def test_progress_counts_the_frames(qtbot: QtBot, exporter: Exporter, clip: Path) -> None:
    seen: list[tuple[int, int]] = []
    exporter.progressed.connect(lambda done, total: seen.append((done, total)))
    run(qtbot, exporter, Export(clip, clip.with_name("out.mp4"), Format.MP4, 5, 11))
    qtbot.waitUntil(lambda: len(seen) == 7)

    assert seen == [(n, 7) for n in range(1, 8)]


@pytest.mark.parametrize("kind", list(Format), ids=lambda kind: kind.value or "folder")
def test_cancel_leaves_nothing(qtbot: QtBot, exporter: Exporter, clip: Path, kind: Format) -> None:
    before = sorted(clip.parent.iterdir())
    exporter.progressed.connect(lambda *_: exporter.cancel())
    with qtbot.waitSignal(exporter.cancelled, timeout=30_000):
        exporter.start(Export(clip, clip.with_name("out" + kind.value), kind, 0, 20))
        exporter.cancel()
    exporter.stop()

    assert sorted(clip.parent.iterdir()) == before


@pytest.mark.posix
def test_full_disk_is_said_and_leaves_nothing(qtbot: QtBot, exporter: Exporter, clip: Path) -> None:
    target = clip.with_name("out.mp4")
    partial = clip.with_name(f".out.partial-{os.getpid()}.mp4")
    partial.symlink_to("/dev/full")  # writing there fails as on a full disk

    words = fail(qtbot, exporter, Export(clip, target, Format.MP4, 2, 20))
    assert words.startswith(f"The disk is full: {clip.parent} has ")
    assert not target.exists()
    assert not partial.is_symlink()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(lambda folder: folder / "gone/out.mp4", "does not exist", id="no folder"),
        pytest.param(lambda folder: folder / "locked/out.mp4", "can't be written to", id="locked"),
    ],
)
def test_place_that_cannot_be_written_is_said(
    qtbot: QtBot,
    exporter: Exporter,
    clip: Path,
    make: Callable[[Path], Path],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    locked = clip.parent / "locked"
    locked.mkdir()
    # Root may write anywhere, so the system's answer is stood in for.
    asked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked and asked(path, mode))

    target = make(clip.parent)
    assert sentence in fail(qtbot, exporter, Export(clip, target, Format.MP4, 0, 5))
    assert list(locked.iterdir()) == []


def test_disk_that_can_only_be_read_is_said_and_no_more(
    qtbot: QtBot, exporter: Exporter, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(Path, "unlink", refuse)  # an exception in the thread fails the test
    target = clip.with_name("out.mp4")
    assert "can't be written to" in fail(qtbot, exporter, Export(clip, target, Format.MP4, 0, 5))


def test_what_ffmpeg_says_is_in_the_details_alone(
    qtbot: QtBot, exporter: Exporter, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CODECS, Format.MP4, ["-c:v", "none-such"])
    with qtbot.waitSignal(exporter.failed, timeout=30_000) as caught:
        exporter.start(Export(clip, clip.with_name("out.mp4"), Format.MP4, 1, 5))
    exporter.stop()

    assert caught.args is not None
    sentence, details = caught.args
    assert sentence == "The video could not be encoded: try another format."
    assert "none-such" in details


def test_full_folder_is_refused(qtbot: QtBot, exporter: Exporter, clip: Path) -> None:
    words = fail(qtbot, exporter, Export(clip, clip.parent, Format.FOLDER, 0, 5))

    assert "is not empty" in words
    assert clip.exists()


def test_clip_that_is_gone_is_said(qtbot: QtBot, exporter: Exporter, tmp_path: Path) -> None:
    export = Export(tmp_path / "gone.mp4", tmp_path / "out.mp4", Format.MP4, 0, 5)

    assert "gone.mp4 can't be read" in fail(qtbot, exporter, export)


def test_frame_is_saved_as_it_is(clip: Path) -> None:
    image = next(open_source(clip).read(7))
    target = clip.with_name("frame.png")
    save_frame(image, target)

    assert next(open_source(target).read(0)) == image


@pytest.mark.posix
def test_frame_on_a_full_disk_leaves_nothing(clip: Path) -> None:
    image = next(open_source(clip).read(7))
    target = clip.with_name("frame.png")
    clip.with_name(f".frame.partial-{os.getpid()}.png").symlink_to("/dev/full")

    with pytest.raises(UserError, match=r"frame\.png"):
        save_frame(image, target)
    assert not target.exists()
