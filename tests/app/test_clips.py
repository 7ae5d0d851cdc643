"""The library: what was made is found, kept, thrown away and brought back."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.clips import CLIP_ROLE, Clips
from app.library import Clip, Library
from app.recipes import Origin, origin_in
from inference.api.errors import UserError
from tests.app.conftest import PATIENCE_MS
from tests.app.kinora_clips import ask, write_clip


@pytest.fixture
def clips(qtbot: QtBot, tmp_path: Path) -> Iterator[Clips]:
    clips = Clips(tmp_path / "data")
    QAbstractItemModelTester(clips, QAbstractItemModelTester.FailureReportingMode.Fatal, clips)
    yield clips
    clips.close()


def prompts(clips: Clips) -> list[str]:
    return [clip.request.prompt for clip in clips.clips]


def test_newest_comes_first(clips: Clips, tmp_path: Path) -> None:
    clips.add(write_clip(tmp_path / "a.mp4"), ask("one"))
    clips.add(write_clip(tmp_path / "b.mp4"), ask("two"))
    assert prompts(clips) == ["two", "one"]
    assert clips.data(clips.index(0), CLIP_ROLE) == clips.clips[0]
    assert clips.data(clips.index(1)) == "one"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", ["A red FOX"]),
        ("RED a", ["A red FOX"]),
        ("狐狸", ["一只狐狸"]),
        ("4242", ["一只狐狸"]),
        ("demo", ["一只狐狸", "A red FOX"]),
        ("16x16", []),
        ("32×16", ["一只狐狸", "A red FOX"]),
        ("seed 4242", ["一只狐狸"]),
        ("seed: 7 fox", ["A red FOX"]),
        ("Seed=42", []),  # no seed that only begins so
        ("种子 4242", ["一只狐狸"]),
        ("seed", ["一只狐狸", "A red FOX"]),
        (datetime.now().strftime("%Y-%m"), ["一只狐狸", "A red FOX"]),
        ("100%", []),
        ("", ["一只狐狸", "A red FOX"]),
    ],
)
def test_search(clips: Clips, tmp_path: Path, words: str, found: list[str]) -> None:
    clips.add(write_clip(tmp_path / "a.mp4"), ask("A red FOX"))
    clips.add(write_clip(tmp_path / "b.mp4"), ask("一只狐狸", seed=4242))
    clips.search(words)
    assert prompts(clips) == found


def test_favourites_outlive_the_program(clips: Clips, tmp_path: Path) -> None:
    clips.add(write_clip(tmp_path / "a.mp4"), ask("one"))
    kept = clips.add(write_clip(tmp_path / "b.mp4"), ask("two"))
    clips.set_favourite(kept.id, favourite=True)
    clips.close()
    again = Clips(tmp_path / "data")
    again.search(favourites=True)
    assert prompts(again) == ["two"]
    again.close()


def test_thumbnail_is_a_strip_of_frames(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    id_ = clips.add(write_clip(tmp_path / "狐 a.mp4", frames=25), ask(frames=25)).id
    qtbot.waitUntil(lambda: clips.clip(id_).thumbnail != "", timeout=PATIENCE_MS)
    clip = clips.clip(id_)
    strip = QImage(clip.thumbnail)
    assert clip.thumbnail_frames == 9  # every third of 25
    assert (strip.width(), strip.height()) == (9 * 144, 144)
    shades = [strip.pixelColor(72 + 144 * i, 72).lightness() for i in range(3)]
    assert shades == sorted(set(shades))


def test_trash_can_be_undone(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    id_ = clips.add(path, ask()).id
    with qtbot.waitSignal(clips.trashed):
        clips.trash([id_])
    assert not path.exists()
    assert clips.clips == ()
    clips.search(trash=True)
    assert [clip.id for clip in clips.clips] == [id_]
    clips.restore([id_])
    clips.search()
    assert clips.clip(id_).path == str(path)
    assert path.exists()


def test_restoring_overwrites_nothing(clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    id_ = clips.add(path, ask()).id
    clips.trash([id_])
    path.write_text("another")
    clips.restore([id_])
    assert path.read_text() == "another"
    assert clips.clip(id_).path == str(tmp_path / "a 2.mp4")


def put_data_on_a_drive_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def rename_on_one_drive(source: Path, target: Path) -> Path:
        if ("data" in source.parts) != ("data" in target.parts):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", rename_on_one_drive)


def test_clip_of_another_drive_is_trashed_without_a_copy(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_data_on_a_drive_of_its_own(monkeypatch)
    path = write_clip(tmp_path / "drive" / "a.mp4")
    content, number = path.read_bytes(), path.stat().st_ino
    id_ = clips.add(path, ask()).id
    clips.trash([id_])
    assert not path.exists()
    assert Path(clips.clip(id_).path).stat().st_ino == number
    clips.restore([id_])
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["a.mp4"]  # and no trash that is empty
    clips.trash([id_])
    clips.empty_trash()
    assert not list(path.parent.iterdir())


@pytest.fixture
def far(clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clip:
    """A clip in a trash on another drive than the one it was on, as earlier versions had them."""
    clip = clips.add(write_clip(tmp_path / "there" / "a.mp4"), ask("a fox"))
    clips.trash([clip.id])
    put_data_on_a_drive_of_its_own(monkeypatch)
    return clips.clip(clip.id)


def test_clip_of_a_trash_on_another_drive_is_copied_back_in_a_thread(
    qtbot: QtBot, clips: Clips, far: Clip, tmp_path: Path
) -> None:
    content = Path(far.path).read_bytes()
    with qtbot.waitSignals([clips.copying, clips.restored], timeout=PATIENCE_MS):
        clips.restore([far.id])
        assert clips.clip(far.id).trashed_from  # until the thread is done
        clips.restore([far.id])  # which is asked for already
        clips.empty_trash()
    back = clips.clip(far.id)
    assert (back.path, back.trashed_from) == (str(tmp_path / "there" / "a.mp4"), "")
    assert Path(back.path).read_bytes() == content
    assert not Path(far.path).exists()
    assert [each.name for each in Path(back.path).parent.iterdir()] == ["a.mp4"]


@pytest.mark.posix
def test_clip_that_can_not_be_copied_back_stays_in_the_trash(
    qtbot: QtBot, clips: Clips, far: Clip, tmp_path: Path
) -> None:
    hidden = tmp_path / "there" / f".{Path(far.path).stem}.partial-{os.getpid()}.mp4"
    hidden.symlink_to("/dev/full")  # writing there fails as on a full disk
    with qtbot.waitSignal(clips.failed, timeout=PATIENCE_MS) as failed:
        clips.restore([far.id])
    assert failed.args is not None
    assert "can't be moved to" in failed.args[0]
    assert "No space left on device" in failed.args[0]
    assert clips.clip(far.id) == far
    assert not far.is_missing
    assert not list((tmp_path / "there").iterdir())


def test_empty_trash_deletes_only_trash(clips: Clips, tmp_path: Path) -> None:
    gone = clips.add(write_clip(tmp_path / "a.mp4"), ask("gone"))
    clips.add(write_clip(tmp_path / "b.mp4"), ask("kept"))
    clips.trash([gone.id])
    clips.empty_trash()
    assert prompts(clips) == ["kept"]
    assert (tmp_path / "b.mp4").exists()
    assert not list((tmp_path / "data" / "trash").iterdir())


def test_missing_file_is_noticed_and_can_be_forgotten(
    qtbot: QtBot, clips: Clips, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4")
    id_ = clips.add(path, ask()).id
    path.unlink()
    with qtbot.waitSignal(clips.missing_changed):
        clips.check_files()
    assert clips.is_missing(id_)
    clips.trash([id_])
    assert clips.clips == ()
    clips.restore([id_])  # what is known of it isn't lost
    assert clips.clip(id_).path == str(path)


def test_missing_file_that_came_back_is_restored_in_its_place(clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    id_ = clips.add(path, ask()).id
    aside = path.rename(tmp_path / "aside.mp4")
    clips.trash([id_])
    aside.rename(path)
    clips.restore([id_])
    assert [clip.path for clip in clips.clips] == [str(path)]


def test_restoring_beside_another_missing_clip(clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    id_ = clips.add(path, ask("old")).id
    path.unlink()
    clips.trash([id_])
    clips.add(write_clip(path), ask("new"))
    path.unlink()
    clips.restore([id_])
    assert {Path(clip.path).name for clip in clips.clips} == {"a.mp4", "a 2.mp4"}


@pytest.mark.parametrize("name", ["fox.mp4", "狐 fox.webm", "fox.png"])
def test_dropped_clip_brings_its_recipe(clips: Clips, tmp_path: Path, name: str) -> None:
    request = ask("a “fox”; = # \\ 狐狸\nsecond line", frames=1 if name.endswith("png") else 5)
    path = write_clip(tmp_path / name, request, request.frames)
    assert clips.take_in(path) == Origin(request)
    assert clips.take_in(path) == Origin(request)
    assert [clip.request for clip in clips.clips] == [request]  # not taken twice


def test_folder_of_frames_brings_its_recipe_and_stays_out(clips: Clips, tmp_path: Path) -> None:
    request = ask("a fox")
    folder = tmp_path / "frames"
    folder.mkdir()
    write_clip(folder / "1.png", frames=1)
    (folder / "recipe.json").write_text(
        json.dumps({"recipe": json.dumps({"request": asdict(request)})})
    )
    assert clips.take_in(folder) == Origin(request)
    assert clips.clips == ()
    (folder / "recipe.json").write_bytes(b"\xff")
    assert clips.take_in(folder) is None


def test_file_that_was_written_over_is_another_clip(clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", ask("old"))
    clips.take_in(path)
    assert clips.take_in(write_clip(path, ask("new"))) == Origin(ask("new"))
    assert prompts(clips) == ["new"]


def test_older_clip_that_is_taken_in_comes_after_newer_ones(clips: Clips, tmp_path: Path) -> None:
    clips.add(write_clip(tmp_path / "new.mp4"), ask("new"))
    old = write_clip(tmp_path / "old.mp4", ask("old"))
    os.utime(old, (1e9, 1e9))
    clips.take_in(old)
    assert prompts(clips) == ["new", "old"]


def test_new_clip_shows_only_where_it_is_searched_for(clips: Clips, tmp_path: Path) -> None:
    clips.search("fox")
    clips.add(write_clip(tmp_path / "a.mp4"), ask("a dog"))
    clips.add(write_clip(tmp_path / "b.mp4"), ask("a fox"))
    assert prompts(clips) == ["a fox"]
    assert clips.count() == 2


def test_changes_keep_every_other_row(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    ids = [clips.add(write_clip(tmp_path / f"{n}.mp4"), ask(str(n))).id for n in range(3)]
    with qtbot.assertNotEmitted(clips.modelReset):
        clips.set_favourite(ids[0], favourite=True)
        clips.trash([ids[1]])
    assert prompts(clips) == ["2", "0"]


def test_neighbours_are_taken_out_at_once(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    ids = [clips.add(write_clip(tmp_path / f"{n}.mp4"), ask(str(n))).id for n in range(7)]
    removed: list[tuple[int, int]] = []
    clips.rowsRemoved.connect(lambda _, first, last: removed.append((first, last)))
    clips.trash([ids[n] for n in (0, 2, 3, 5, 6)])
    assert removed == [(6, 6), (3, 4), (0, 1)]
    assert prompts(clips) == ["4", "1"]


def test_strip_that_is_gone_is_made_again(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    id_ = clips.add(write_clip(tmp_path / "a.mp4"), ask()).id
    qtbot.waitUntil(lambda: clips.clip(id_).thumbnail != "", timeout=PATIENCE_MS)
    clips.close()
    again = Clips(tmp_path / "data")
    strip = Path(again.clip(id_).thumbnail)
    strip.unlink()
    with qtbot.waitSignal(again.pictured, timeout=PATIENCE_MS):
        again.order_strip(id_)
    assert strip.is_file()
    again.close()


def test_clip_is_read_out_whole(qtbot: QtBot, clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    clip = clips.add(path, ask("a fox"))
    clips.set_favourite(clip.id, favourite=True)
    path.unlink()
    with qtbot.waitSignal(clips.missing_changed):
        clips.check_files()
    said = clips.data(clips.index(0), Qt.ItemDataRole.AccessibleTextRole)
    made = clip.made[:16].replace("T", " ")
    assert said == f"a fox, {made}, 32×16 · 0.6 s, favourite, its file is missing"


def test_file_is_dragged_to_other_programs(clips: Clips, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a b.mp4")
    clips.add(path, ask())
    (url,) = clips.mimeData([clips.index(0)]).urls()
    assert Path(url.toLocalFile()) == path


def test_foreign_video_stays_out(clips: Clips, tmp_path: Path) -> None:
    assert clips.take_in(write_clip(tmp_path / "holiday.mp4")) is None
    assert clips.clips == ()


def test_file_that_is_no_clip_is_refused(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("dear all")
    with pytest.raises(UserError, match="letter"):
        clips.take_in(path)


@pytest.mark.parametrize(
    "comment",
    [
        *("", "holiday", "[]", '{"recipe": 5}', '{"recipe": "{}"}'),
        *('{"recipe": "{\\"request\\": 1}"}', '{"trimmed_from": "{}", "frames": "1-2 of 3"}'),
        '{"trimmed_from": "{}", "frames": "all"}',
    ],
)
def test_other_comments_hold_no_request(comment: str) -> None:
    assert origin_in(comment) is None


def test_broken_library_is_put_aside(clips: Clips, tmp_path: Path) -> None:
    clips.close()
    (tmp_path / "data" / "clips.sqlite3").write_bytes(b"garbage" * 1000)
    again = Clips(tmp_path / "data")
    assert "clips.broken-" in again.notice
    assert again.clips == ()
    again.close()


def test_move_that_fails_leaves_the_clip(tmp_path: Path) -> None:
    library = Library(tmp_path / "data")
    clip = library.add(write_clip(tmp_path / "a.mp4"), ask(), datetime.now())
    (tmp_path / "data" / "trash").touch()  # a file where the folder should be
    with pytest.raises(UserError, match="can't be moved"):
        library.trash(clip)
    assert library.load() == [clip]
    library.close()
