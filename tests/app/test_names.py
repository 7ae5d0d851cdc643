"""Names that every system takes, and that no two clips share."""

from datetime import datetime
from pathlib import Path

import pytest

from app.names import MAX_BYTES, Naming, check_pattern
from inference.api.errors import UserError
from tests.tiny_model import make_request

NOW = datetime(2026, 11, 23, 1, 2, 3)


def name(pattern: str, prompt: str, folder: Path, **changes: object) -> str:
    request = make_request("demo", prompt=prompt, seed=7, **changes)
    return Naming(folder, pattern).free_path(request, set(), NOW).name


@pytest.mark.parametrize(
    ("pattern", "prompt", "expected"),
    [
        ("{date} {prompt} {seed}", "a fox, running", "2026-11-23 a fox running 7.mp4"),
        ("{prompt}", "一只狐狸在雪地里奔跑。", "一只狐狸在雪地里奔跑.mp4"),
        ("{time}-{model}-{size}", "x", "010203-demo-32x32.mp4"),
        ("a/b\\c:{seed}", "x", "a b c 7.mp4"),
        ("{prompt}", 'what? <"now"> | *', "what now.mp4"),
        ("{prompt}", "con", "clip con.mp4"),
        ("{prompt}", "...", "clip.mp4"),
        ("{prompt}", "e\u0301te\u0301", "été.mp4"),
        ("{prompt}", "a " * 40, ("a " * 24).strip() + ".mp4"),
        ("{prompt:>99}", "fox", "fox.mp4"),
    ],
)
def test_name(pattern: str, prompt: str, expected: str, tmp_path: Path) -> None:
    assert name(pattern, prompt, tmp_path, width=32, height=32) == expected


def test_name_is_short_enough(tmp_path: Path) -> None:
    made = name("{prompt} {prompt} {prompt}", "狐" * 100, tmp_path)
    assert len(made.encode()) <= MAX_BYTES + len(".mp4")
    (tmp_path / made).touch()


def test_single_frame_is_a_picture(tmp_path: Path) -> None:
    assert name("{seed}", "x", tmp_path, frames=1) == "7.png"


def test_no_name_twice(tmp_path: Path) -> None:
    request = make_request("demo", prompt="fox", seed=7)
    (tmp_path / "fox.mp4").touch()
    naming = Naming(tmp_path, "{prompt}")
    second = naming.free_path(request, set(), NOW)
    third = naming.free_path(request, {second}, NOW)
    assert (second.name, third.name) == ("fox 2.mp4", "fox 3.mp4")


@pytest.mark.parametrize("pattern", ["{colour}", "{", "  ", "{}", "{seed.real}"])
def test_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UserError):
        check_pattern(pattern)
