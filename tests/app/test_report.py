"""The report: what has to be in it, and above all what must not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.report import LINES, Cleaner, Facts, make_report, save_report
from app.settings import Language, Settings
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.models import ROOT
from inference.api.version import VERSION
from tests.app.kinora_clips import ask

PROMPT = "Anna's red fox, at dawn, runs through the deep snow of Lapland\nslow zoom on its eyes"
CHINESE = "一只红色的狐狸在雪地里奔跑，镜头缓缓推进"
HOME = Path("/home/anna")
MINE = Path("/films of mine/2026").absolute()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: HOME)


def facts(*prompts: str, **settings: object) -> Facts:
    requests = [ask(prompt) for prompt in prompts]
    return Facts(DeviceInfo("RTX 4060", 8_000_000_000), Settings(**settings), requests)  # pyright: ignore[reportArgumentType]


def test_it_tells_versions_device_and_settings(tmp_path: Path) -> None:
    text = make_report(facts(language=Language.CHINESE), tmp_path)
    assert f"version: {VERSION}" in text
    assert "name: RTX 4060" in text
    assert "total_bytes: 8000000000" in text
    assert "language: zh_CN" in text
    assert "engine.log: empty" in text
    silent = make_report(Facts(None, Settings()), tmp_path)
    assert "the engine has not told" in silent


def test_settings_that_say_something_of_a_person_are_left_out(tmp_path: Path) -> None:
    own = facts(
        output_folder=str(HOME.absolute() / "Secret films"),
        name_pattern="anna {date}",
        mirror="https://anna:hunter2@hub.example.org",
    )
    text = make_report(own, tmp_path)
    for private in ("anna", "Secret", "hunter2", "example.org"):
        assert private not in text
    assert "output_folder: set" in text
    assert "output_folder: as usual" in make_report(facts(), tmp_path)


def test_it_has_the_last_lines_of_each_log_also_of_the_one_before(tmp_path: Path) -> None:
    lines = [f"line {number}." for number in range(LINES + 50)]
    (tmp_path / "engine.log.1").write_text("\n".join(lines[:240]) + "\n", encoding="utf-8")
    (tmp_path / "engine.log").write_text("\n".join(lines[240:]) + "\n", encoding="utf-8")
    (tmp_path / "window.log").write_text("a fault\n", encoding="utf-8")
    text = make_report(facts(), tmp_path)
    assert "\n".join(lines[-LINES:]) in text
    assert lines[-LINES - 1] not in text
    assert "a fault" in text


@pytest.mark.parametrize(
    "line",
    [
        f"generating {PROMPT}",
        f"GenerationRequest(prompt={PROMPT!r}, model='demo')",
        f"bad command: {json.dumps({'request': {'prompt': PROMPT}})}",
        f"bad text {json.dumps(PROMPT)[1:-1]}",
        "ffmpeg: 2026-01-02 Anna's red fox at dawn runs through the deep 42.mp4: no such file",
        f"text cut at {PROMPT[9:40]}",
        PROMPT.upper(),
    ],
)
def test_no_prompt_gets_in(line: str) -> None:
    cleaned = Cleaner(facts(PROMPT))(f"2026-01-02 10:11:12,123 ERROR {line}").lower()
    assert cleaned.startswith("2026-01-02 10:11:12,123 error")
    for word in ("anna", "fox", "dawn", "snow", "lapland", "zoom"):
        assert word not in cleaned


@pytest.mark.parametrize(
    "line", [CHINESE, json.dumps(CHINESE), repr(CHINESE), CHINESE[4:11], f"{CHINESE[:8]} 7.mp4"]
)
def test_no_chinese_prompt_gets_in(line: str) -> None:
    cleaned = Cleaner(facts(CHINESE))(line)
    for sign in CHINESE.replace("，", ""):
        assert sign not in cleaned
        assert json.dumps(sign)[1:-1] not in cleaned


def test_prompt_that_is_not_known_any_more_is_found_by_its_name() -> None:
    line = """Request(prompt="a lost \\"text\\"", negative_prompt='it\\'s ugly', seed=7)"""
    assert Cleaner(facts())(line) == "Request(prompt=<prompt>, negative_prompt=<prompt>, seed=7)"


def test_short_prompts_are_taken_for_words_and_typed_ones_are_private_too() -> None:
    clean = Cleaner(replace(facts("cat"), typed=["my dog's name is Rex"]))
    assert clean("the cat was concatenated") == "the <prompt> was concatenated"
    assert "Rex" not in clean("my dog's name is Rex, too")
    assert clean("nothing of that") == "nothing of that"


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        ('  File "/home/anna/notes/run.py", line 3', '  File "<folder>/run.py", line 3'),
        (f'  File "{ROOT}/app/window.py", line 3', '  File "<kinora>/app/window.py", line 3'),
        ("'/media/anna/My disk/x' is full", "'<folder>' is full"),
        (r"D:\Secret is full", "<folder> is full"),
        ("C:\\\\Users\\\\anna\\\\a b\\\\t5.safetensors: bad", "<folder>/t5.safetensors: bad"),
        (r"\\server\share\films\x", "<folder>"),
        ("/usr/share/anna/x.so", "/usr/share/<user>/x.so"),
        ("can't open file:///home/anna/x", "can't open file:<folder>"),
        ("see https://huggingface.co/a/b and 3/4", "see https://huggingface.co/a/b and 3/4"),
        ("say: /mnt/it's mine/a girl's plan.mp4 is bad", "say: <file>.mp4 is bad"),
        ("token hf_abcdEFGH1234 of anna@example.org", "token <token> of <address>"),
        ("https://me:secret@hub.org/x", "https://<login>@hub.org/x"),
        ("/home/anna/Videos/Kinora is full", "<folder> is full"),
    ],
)
def test_folders_names_and_keys_are_taken_out(line: str, cleaned: str) -> None:
    assert Cleaner(facts())(line) == cleaned


def test_own_folder_for_clips_and_mirror_are_taken_out() -> None:
    clean = Cleaner(facts(output_folder=str(MINE), mirror="https://hub.mine.org"))
    assert clean(f"the folder {MINE} is full") == "the folder <clips> is full"
    assert clean("no answer from https://hub.mine.org/x") == "no answer from https://<mirror>/x"


def test_what_says_where_a_fault_is_stays() -> None:
    fault = f"""2026-01-02 10:11:12,123 ERROR A fault
Traceback (most recent call last):
  File "{ROOT}/app/engine.py", line 12, in start
    self._launch()
ValueError: step 3 of 20 at 16 fps: expected [1, 16, 21, 60, 104], got 7/8"""
    assert Cleaner(facts(PROMPT))(fault) == fault.replace(str(ROOT), "<kinora>")


def test_a_long_line_is_cleaned_in_no_time() -> None:
    assert len(Cleaner(facts(PROMPT))("/word 'x " * 5_000)) > 1_000


def test_it_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    save_report("first\n", target)
    save_report("三\n", target)
    assert target.read_bytes() == "三\n".encode()
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(UserError, match=r"can't be saved as .*: choose another place"):
        save_report("x", tmp_path / "missing" / "report.txt")
