"""What is done with clips of the library is said, and can be undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.clip_actions import ClipAction
from app.clips import Clips
from app.keeping import Keeping
from app.message import MessageLevel, Remedy
from tests.app.kinora_clips import ask, write_clip


class Said:
    """Takes what would be shown."""

    def __init__(self) -> None:
        self.level, self.text = MessageLevel.INFO, ""
        self.remedy: Remedy | None = None
        self.details = ""

    def __call__(
        self,
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
        subject: str = "",
    ) -> None:
        self.level, self.text, self.remedy, self.details = level, text, remedy, details


@pytest.fixture
def clips(qtbot: QtBot, tmp_path: Path) -> Iterator[Clips]:
    clips = Clips(tmp_path / "data")
    yield clips
    clips.close()


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def keeping(clips: Clips, said: Said) -> Keeping:
    return Keeping(clips, said, clips)


def put(clips: Clips, folder: Path, *prompts: str) -> list[int]:
    return [
        clips.add(write_clip(folder / f"{n}.mp4"), ask(prompt)).id
        for n, prompt in enumerate(prompts)
    ]


def test_one_is_deleted_and_brought_back(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "a fox")
    keeping.act(ClipAction.DELETE, [one])
    assert said.text == "“a fox” is in the trash."
    assert not (tmp_path / "0.mp4").exists()
    assert said.remedy is not None
    said.remedy.act()
    assert said.text == "“a fox” is back in the library."
    assert (tmp_path / "0.mp4").exists()
    assert [clip.id for clip in clips.clips] == [one]


def test_copy_back_from_another_drive_is_told_when_it_begins_and_ends(
    qtbot: QtBot, keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "a fox")
    clips.copying.emit(clips.clip(one))
    assert said.text == "“a fox” is being copied back from the trash of another drive…"
    clips.restored.emit([clips.clip(one)])
    assert said.text == "“a fox” is back in the library."
    clips.failed.emit("It can't be moved.")
    assert (said.level, said.text) == (MessageLevel.PROBLEM, "It can't be moved.")


def test_several_are_deleted_and_undone_by_key(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    ids = put(clips, tmp_path, "a", "b", "c")
    keeping.act(ClipAction.DELETE, ids[:2])
    assert said.text == "2 clips are in the trash."
    keeping.undo()
    assert said.text == "2 clips are back in the library."
    assert len(clips.clips) == 3
    said.text = ""
    keeping.undo()  # there is nothing more
    assert said.text == ""


def test_deletions_are_undone_one_after_the_other_the_last_first(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    one, two, three, four = put(clips, tmp_path, "a", "b", "c", "d")
    for ids in ([one], [two, three], [four]):
        keeping.act(ClipAction.DELETE, ids)
    keeping.act(ClipAction.RESTORE, [four])  # elsewhere: that is not to be undone again
    keeping.undo()
    assert said.text == "2 clips are back in the library."
    keeping.undo()
    assert said.text == "“a” is back in the library."
    assert {clip.id for clip in clips.clips} == {one, two, three, four}
    said.text = ""
    keeping.undo()
    assert said.text == ""


def test_button_of_a_message_undoes_its_own_deletion(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    one, two = put(clips, tmp_path, "a", "b")
    keeping.act(ClipAction.DELETE, [one])
    first = said.remedy
    keeping.act(ClipAction.DELETE, [two])
    assert first is not None
    first.act()
    assert [clip.id for clip in clips.clips] == [one]
    keeping.undo()
    assert {clip.id for clip in clips.clips} == {one, two}


def test_what_is_deleted_for_good_is_not_undone(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "a")
    keeping.act(ClipAction.DELETE, [one])
    clips.empty_trash()
    said.text = ""
    keeping.undo()
    assert (said.text, clips.clips) == ("", ())


def test_what_can_not_be_deleted_is_said_and_the_rest_can_be_undone(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = put(clips, tmp_path, "a", "b")
    (tmp_path / "data" / "trash" / f"{two} 1.mp4").mkdir(parents=True)  # in the way of its file
    (tmp_path / "data" / "trash" / f"{two} 1.mp4" / "1.mp4").mkdir()
    keeping.act(ClipAction.DELETE, [one, two])
    assert said.level is MessageLevel.PROBLEM
    assert "1.mp4 can't be moved" in said.text
    assert [clip.id for clip in clips.clips] == [two]
    keeping.undo()
    assert {clip.id for clip in clips.clips} == {one, two}


def test_trash_is_emptied_only_when_that_was_said_twice(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    one, two = put(clips, tmp_path, "a", "b")
    keeping.act(ClipAction.DELETE, [one])
    keeping.ask_to_empty()
    assert "can't be undone" in said.text
    assert clips.count(trash=True) == 1
    assert said.remedy is not None
    said.remedy.act()
    assert clips.count(trash=True) == 0
    assert not list((tmp_path / "data" / "trash").iterdir())
    assert [clip.id for clip in clips.clips] == [two]


def test_favourites_are_set_together_and_then_unset(
    keeping: Keeping, clips: Clips, tmp_path: Path
) -> None:
    ids = put(clips, tmp_path, "a", "b")
    keeping.act(ClipAction.FAVOURITE, ids[:1])
    keeping.act(ClipAction.FAVOURITE, ids)
    assert clips.count(favourites=True) == 2
    keeping.act(ClipAction.FAVOURITE, ids)
    assert clips.count(favourites=True) == 0


def test_watching_and_settings_are_asked_for(
    qtbot: QtBot, keeping: Keeping, clips: Clips, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "a fox")
    with qtbot.waitSignal(keeping.watch_wanted) as watched:
        keeping.act(ClipAction.WATCH, [one])
    assert watched.args == [tmp_path / "0.mp4"]
    with qtbot.waitSignal(keeping.reuse_wanted) as reused:
        keeping.act(ClipAction.REUSE, [one])
    assert reused.args == [ask("a fox"), ""]


def test_long_prompt_is_cut_in_what_is_said(
    keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "a fox " * 30)
    keeping.act(ClipAction.DELETE, [one])
    assert said.text.endswith("…” is in the trash.")
    assert len(said.text) < 80


def test_two_clips_are_compared_and_no_more(
    qtbot: QtBot, keeping: Keeping, clips: Clips, said: Said, tmp_path: Path
) -> None:
    ids = put(clips, tmp_path, "a fox", "a cat", "a dog")
    with qtbot.waitSignal(keeping.compare_wanted) as wanted:
        keeping.act(ClipAction.COMPARE, ids[:2])
    assert wanted.args == [[tmp_path / "0.mp4", tmp_path / "1.mp4"]]
    with qtbot.assertNotEmitted(keeping.compare_wanted):
        keeping.act(ClipAction.COMPARE, ids)
    assert "select one or two" in said.text
