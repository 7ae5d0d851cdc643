"""The draft on disk."""

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import stills
from app.draft import Draft, Edit
from app.drafts import DraftFile
from tests.app.test_stills import picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "draft.json"


def test_draft_is_there_again_after_a_crash(qtbot: QtBot, path: Path) -> None:
    draft = Draft()
    kept = DraftFile(draft, path)
    draft.set_prompt("一个红色的圆")
    draft.choose(width=96, steps=7)
    draft.set_seed(11, locked=True)
    qtbot.waitUntil(path.exists)  # nothing says that the program ends
    again = Draft()
    file = DraftFile(again, path)
    assert again.request() == draft.request()
    assert again.seed_locked
    again.use_model("t2v-1.3b")
    assert again.choices.width == 96  # still of the user's choice
    assert again.choices.height == again.defaults.height
    del kept, file


@pytest.mark.parametrize("text", ["", "{}", '{"prompt": 3}', "\x00"])
def test_file_that_cannot_be_read_is_a_fresh_draft(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    draft = Draft()
    file = DraftFile(draft, path)
    assert draft.prompt == ""
    draft.set_prompt("a fox")
    file.save()
    again = Draft()
    DraftFile(again, path)
    assert again.prompt == "a fox"


def test_disk_that_refuses_stops_nothing(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    file = DraftFile(Draft(), path)
    file.save()
    assert not path.exists()


def test_pictures_are_there_again_and_a_draft_from_before_them_is_read(path: Path) -> None:
    draft = Draft()
    file = DraftFile(draft, path)
    draft.set_prompt("a boat")
    draft.give(first=stills.take_image(picture()), last="a" * 64)
    file.save()
    again = Draft()
    DraftFile(again, path)
    assert again.kept() == draft.kept()
    old = json.loads(path.read_text("utf-8"))
    del old["first_frame"], old["last_frame"]
    path.write_text(json.dumps(old), "utf-8")
    older = Draft()
    DraftFile(older, path)
    assert (older.prompt, older.first_frame) == ("a boat", "")


def test_edit_is_there_again_and_a_draft_from_before_it_is_read(path: Path) -> None:
    draft = Draft()
    file = DraftFile(draft, path)
    draft.set_prompt("a red hat")
    draft.edit_video(Edit("b" * 64, 3, stills.take_image(picture()), 9, 24))
    file.save()
    again = Draft()
    DraftFile(again, path)
    assert again.kept() == draft.kept()
    assert again.request() == draft.request()
    again.edit_video(None)
    assert again.choices.fps == again.defaults.fps  # not as if the user had chosen the video's
    old = json.loads(path.read_text("utf-8"))
    del old["edit"]
    path.write_text(json.dumps(old), "utf-8")
    older = Draft()
    DraftFile(older, path)
    assert (older.prompt, older.edit) == ("a red hat", None)
