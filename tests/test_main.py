"""The command line: what it prints, where, and the code it ends with."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from inference import command_line
from inference.api.device import ALWAYS
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import Event, Failed, FailureKind, Progress, Stage, decode_event
from inference.api.models import MODELS, published_files
from inference.api.version import LAUNCHER, VERSION
from inference.command_line import main
from inference.download import DownloadProgress, Repository
from inference.media import read_frames
from tests.tiny_model import PROMPT, write_tiny_model

ROOT = Path(__file__).parent.parent
PATIENCE_S = 300  # for a machine that is busy with other things
SHORT = ["--size", "32x16", "--frames", "5", "--steps", "2", "--seed", "7"]


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


class Console:
    """Runs commands in this process, in a folder of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], model: Path) -> None:
        self._capsys, self._model = capsys, model

    def run(self, *arguments: str) -> Outcome:
        code = main(arguments)
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    def generate(self, *arguments: str, model: str = "") -> Outcome:
        return self.run("generate", *arguments, "--model", model or str(self._model))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, whose name is no easy one; downloaded models lie in it."""
    folder = tmp_path / "红 色 clips"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KINORA_MODELS", str(folder))
    return folder


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], tiny_model: Path, here: Path) -> Console:
    return Console(capsys, tiny_model)


def assert_one_sentence(outcome: Outcome, message: str) -> None:
    """One line for a person on stderr, nothing on stdout, and the code for bad input."""
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("kinora: ")
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith(".\n")
    assert "Traceback" not in outcome.err
    assert message in outcome.err


def start(*arguments: str | bytes, cwd: Path) -> subprocess.Popen[bytes]:
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "inference", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_clip_is_made_and_named(console: Console, here: Path) -> None:
    outcome = console.generate(PROMPT, *SHORT)
    assert outcome == Outcome(0, f"{here / 'a-red-circle-moves-left-7.mp4'}\n", outcome.err)
    assert len(list(read_frames(here / "a-red-circle-moves-left-7.mp4"))) == 5
    stages = ["reading the prompt", "loading the transformer", "denoising (2 steps)"]
    assert outcome.err.splitlines()[:4] == [*stages, "decoding"]
    assert outcome.err.splitlines()[4].startswith("5 frames of 32x16, seed 7, in ")


@pytest.mark.parametrize("output", ["圆 1.mp4", "a.webm", "a.gif", "frames", "more/frames/"])
def test_clip_is_written_where_it_is_asked_for(output: str, console: Console, here: Path) -> None:
    (here / "more").mkdir()
    assert console.generate(PROMPT, *SHORT, "-o", output).out == f"{here / output}\n"
    assert len(list(read_frames(here / output))) == 5


@pytest.mark.parametrize("name", ["a.mp4", pytest.param("link.mp4", marks=pytest.mark.posix)])
def test_file_that_is_there_stays_unless_it_may_go(name: str, console: Console, here: Path) -> None:
    (here / "a.mp4").write_text("mine")
    if name == "link.mp4":
        (here / name).symlink_to("nowhere")
    asked = [PROMPT, *SHORT, "-o", name]
    refused = console.generate(*asked, model="no model")  # none is looked for
    assert_one_sentence(
        refused, f"{name} exists already: choose another name, or add --overwrite to replace it."
    )
    assert (here / "a.mp4").read_text() == "mine"
    assert (here / name).is_symlink() == (name == "link.mp4")
    assert console.generate(*asked, "--overwrite").out == f"{here / name}\n"
    assert len(list(read_frames(here / name))) == 5


def test_empty_folder_takes_frames_without_asking(console: Console, here: Path) -> None:
    (here / "frames").mkdir()
    assert console.generate(PROMPT, *SHORT, "-o", "frames").code == 0


@pytest.mark.posix
@pytest.mark.parametrize("options", [[], ["--overwrite"]])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/dev/null", "/dev/null is a device or another special file"),
        ("pipe.mp4", "pipe.mp4 is a device or another special file"),
        ("pipe", "pipe is a device or another special file"),
    ],
)
def test_what_is_no_file_is_never_replaced(
    name: str, message: str, options: list[str], console: Console, here: Path
) -> None:
    for pipe in ("pipe", "pipe.mp4"):
        os.mkfifo(here / pipe)
    outcome = console.generate(PROMPT, *SHORT, "-o", name, *options)
    assert_one_sentence(outcome, message)
    assert not Path(here / name).is_file()
    assert sorted(path.name for path in here.iterdir()) == ["pipe", "pipe.mp4"]


def test_file_is_no_folder_for_frames(console: Console, here: Path) -> None:
    (here / "letter").write_text("mine")
    outcome = console.generate(PROMPT, *SHORT, "-o", "letter", "--overwrite")
    assert_one_sentence(outcome, "letter is a file and can't be a folder of frames: choose another")
    assert (here / "letter").read_text() == "mine"


def test_one_frame_is_an_image(console: Console, here: Path) -> None:
    outcome = console.generate("a 圆", *SHORT, "--frames", "1")
    assert "\n1 frame of 32x16, seed 7, in " in outcome.err
    assert outcome.out == f"{here / 'a-圆-7.png'}\n"
    assert outcome.code == 0


def test_events_are_json_lines(console: Console, here: Path) -> None:
    outcome = console.generate("a red horse 🐎 " * 5, *SHORT, "--json", "-o", "a.mp4")
    assert (outcome.code, outcome.err) == (0, "")
    *lines, last = outcome.out.splitlines()
    assert all(decode_event(line) for line in lines)
    assert "won't see" in lines[0]
    report = json.loads(last)
    assert report["path"] == str(here / "a.mp4")
    assert [report[name] for name in ("seed", "width", "height", "frames")] == [7, 32, 16, 5]
    assert report["seconds"] > 0
    assert [stage["stage"] for stage in report["stages"]] == [*ALWAYS]
    for stage in report["stages"]:
        assert 0 <= stage["seconds"] <= report["seconds"]
        assert stage["peak_ram_bytes"] > 2**20
        assert stage["peak_vram_bytes"] == 0


def test_parts_of_a_model_may_lie_elsewhere(console: Console, here: Path) -> None:
    folder = write_tiny_model(here / "model")
    vae = (folder / "Wan2.1_VAE.pth").rename(here / "vae.pth")
    assert_one_sentence(console.generate(PROMPT, *SHORT, model="model"), "lacks the VAE")
    assert console.generate(PROMPT, *SHORT, "--with", str(vae), model="model").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "There is no prompt: describe the video you want"),
        ([""], "The prompt is empty: describe the video you want."),
        ([" \n\t"], "The prompt is empty"),
        (["caf\udce9"], "The prompt has bytes that are no UTF-8 text"),
        (["a", "--negative", "\udcff"], "The negative prompt has bytes that are no UTF-8"),
        (["a", "--size", "830x480"], "the nearest is 832x480."),
        (["a", "--size", "big"], "The size 'big' can't be read: write it as WIDTHxHEIGHT"),
        (["a", "--frames", "80"], "the nearest is 81."),
        (["a", "--frames", "many"], "Argument --frames: invalid int value: 'many' (see "),
        (["a", "--steps", "0"], "The number of steps can't be 0"),
        (["a", "--guidance", "nan"], "The guidance can't be nan"),
        (["a", "--seed", "-1"], "The seed can't be -1"),
        (["a", "--seed", "9" * 400], "The seed can't be 999"),
        (["a", "--solver", "heun"], "Argument --solver: invalid choice: 'heun'"),
        (["a", "--timesteps", "1,2"], "The timesteps 1, 2 can't be used"),
        (["a", "--fps", "0"], "The frame rate can't be 0"),
        (["a", "--model", "sora"], "There is no model 'sora': give the path of a model's folder"),
        pytest.param(
            ["a", "--model", "x" * 9999],
            "can't be looked up (File name too long)",
            marks=pytest.mark.posix,
        ),
        (
            ["a", "--model", "t2v-14b"],
            f"isn't on this machine: get it with {LAUNCHER} models download",
        ),
        (["a", "--model", "."], "has no part of Wan2.1"),
        (["a", "--with", "nowhere"], "nowhere"),
        (["a", "-o", "a.mkv"], "A video can't be written as .mkv"),
        (["a", "-o", "a.png"], "can hold one image"),
        (["a", "-o", "no where/a.mp4"], "no where does not exist: make it, or choose another."),
        (["a", "-o", "红.txt/a.mp4"], "红.txt does not exist"),
        (["a", "-o", "full"], "is not empty: name a new one for the frames."),
        (["--from", "none.mp4"], "none.mp4 can't be read: No such file or directory."),
        (["--from", "红.txt"], "can't be read as an image or a video"),
        (["a", "--first-frame", "none.png"], "none.png can't be read: No such file or directory."),
        (["a", "--last-frame", "红.txt"], "can't be read as an image or a video"),
        (["a", "--video", "none.mp4"], "none.mp4 can't be read: No such file or directory."),
        (["a", "--video", "红.txt"], "can't be read as an image or a video"),
        (["a", "--video", "full"], "full is a folder: name a file, such as a .mp4."),
        (["a", "--mask", "none.png"], "none.png can't be read: No such file or directory."),
        (["a", "--sed", "1"], "Unrecognized arguments: --sed 1 (see kinora --help)."),
        (["a", "b"], "Unrecognized arguments: b"),
    ],
)
def test_bad_input_gets_one_sentence(
    arguments: list[str], message: str, console: Console, here: Path
) -> None:
    (here / "红.txt").write_text("no clip")
    (here / "full").mkdir()
    (here / "full" / "letter").touch()
    before = sorted(here.rglob("*"))
    if "--model" in arguments:
        outcome = console.run("generate", *arguments)
    else:
        outcome = console.generate(*arguments)
    assert_one_sentence(outcome, message)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "The following arguments are required: COMMAND (see kinora --help)."),
        (["dance"], "Argument COMMAND: invalid choice: 'dance'"),
        (["models"], "The following arguments are required: COMMAND (see kinora models --help)."),
        (["models", "inspect"], "The following arguments are required: path"),
        (["models", "inspect", "no file"], "There is no file or folder no file."),
        (["models", "inspect", "红.txt"], "红.txt"),
        (["models", "inspect", "empty"], "The folder empty has no weights in it."),
        (["models", "download", "demo"], "Argument name: invalid choice: 'demo'"),
    ],
)
def test_other_bad_input_gets_one_sentence(
    arguments: list[str], message: str, console: Console, here: Path
) -> None:
    (here / "红.txt").write_text("no model")
    (here / "empty").mkdir()
    assert_one_sentence(console.run(*arguments), message)


def test_folder_that_cannot_be_written_to_gets_one_sentence(
    console: Console, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != here)
    assert_one_sentence(console.generate(PROMPT, *SHORT), "can't be written to: choose another.")


@pytest.mark.posix
def test_full_disk_gets_one_sentence(console: Console, here: Path) -> None:
    (here / f".a.partial-{os.getpid()}.mp4").symlink_to("/dev/full")  # fails as a full disk does
    outcome = console.generate(PROMPT, *SHORT, "-o", "a.mp4", "--json")
    *lines, last = map(decode_event, outcome.out.splitlines())
    assert all(isinstance(event, Progress) for event in lines)
    assert isinstance(last, Failed)
    assert (last.kind, f"kinora: {last.message}\n") == (FailureKind.INPUT, outcome.err)
    assert_one_sentence(Outcome(outcome.code, "", outcome.err), "The disk is full: ")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UserError("No.", details="Why."), FailureKind.INPUT),
        (MemoryShortageError("No."), FailureKind.MEMORY),
    ],
    ids=["input", "memory"],
)
def test_failure_is_told_as_json_too(
    error: UserError, kind: FailureKind, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[Event]:
        raise error

    monkeypatch.setattr(command_line, "generate", fail)
    outcome = console.generate(PROMPT, *SHORT, "--json")
    assert decode_event(outcome.out) == Failed("cli", kind, "No.", error.details)
    assert outcome.err == "kinora: No.\n"
    assert console.generate(PROMPT, *SHORT) == Outcome(2, "", "kinora: No.\n")


def test_file_that_cannot_be_used_gets_one_sentence(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(command_line, "inspect", refuse)
    outcome = console.run("models", "inspect", "a.pth")
    assert_one_sentence(outcome, "kinora: a.pth can't be used (Permission denied).")


def test_ten_thousand_words_are_cut_and_that_is_told(console: Console, here: Path) -> None:
    outcome = console.generate("a red circle moves " * 2500, *SHORT)
    assert outcome.code == 0
    assert outcome.err.startswith("The prompt takes 10001 tokens and the model reads 8: ")
    (clip,) = here.iterdir()
    assert outcome.out == f"{clip}\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes be interrupted even where this one must not be, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_stops_and_leaves_nothing(
    console: Console, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Event] = []

    def show(event: Event) -> None:
        shown.append(event)
        if isinstance(event, Progress) and event.stage is Stage.DECODE:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command_line, "_print_event", show)
    outcome = console.generate(PROMPT, *SHORT, "--json")
    assert outcome == Outcome(130, "", "kinora: stopped.\n")
    assert sum(isinstance(event, Progress) and event.stage is Stage.DECODE for event in shown) == 1
    assert list(here.iterdir()) == []


@pytest.mark.posix
@pytest.mark.usefixtures("interruptible")
def test_interrupted_process_ends_with_130(tiny_model: Path, here: Path) -> None:
    options = ["--model", str(tiny_model), *SHORT, "--steps", "1000", "--json"]
    with start("generate", "a", *options, cwd=here) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        events = (decode_event(line) for line in process.stdout)
        assert any(getattr(event, "stage", "") == Stage.DENOISE for event in events)
        process.send_signal(signal.SIGINT)
        rest = list(events)
        assert process.wait(PATIENCE_S) == 130
        assert all(isinstance(event, Progress) and event.step < 1000 for event in rest)
        assert process.stderr.read() == b"kinora: stopped.\n"
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("interruptible")
def test_interrupt_while_libraries_load_ends_quietly(here: Path) -> None:
    interrupted = "import signal\ntry: signal.raise_signal(2)\nexcept BaseException: pass\n"
    (here / "torch.py").write_text(interrupted)  # as a library may take it
    process = start("generate", "a", cwd=here)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (out, err.splitlines()) == (b"", [b"kinora: stopped."])
    assert process.returncode == 130


def test_process_works_in_any_folder(tiny_model: Path, here: Path) -> None:
    """With the launcher's settings, whatever the terminal's encoding."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LC_ALL": "C"}
    options = ["generate", "一个 red 圆", "--model", str(tiny_model), *SHORT]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "inference", *options],
        cwd=here, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [str(here / "一个-red-圆-7.mp4")]
    assert [path.name for path in here.iterdir()] == ["一个-red-圆-7.mp4"]


@pytest.mark.posix
def test_argument_that_is_no_text_gets_one_sentence(tiny_model: Path, here: Path) -> None:
    process = start("generate", b"caf\xe9", "--model", str(tiny_model), cwd=here)
    out, err = process.communicate(timeout=PATIENCE_S)
    outcome = Outcome(process.returncode, out.decode(), err.decode())
    assert_one_sentence(outcome, "The prompt has bytes that are no UTF-8 text")


def test_reader_that_goes_away_is_no_fault(tiny_model: Path, here: Path) -> None:
    options = ["--model", str(tiny_model), *SHORT, "--steps", "1000", "--json"]
    with start("generate", "a", *options, cwd=here) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert isinstance(decode_event(process.stdout.readline()), Progress)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_S) == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["models", "--help"]])
def test_help_is_given(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: kinora ")


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"Kinora {VERSION}\n"


def test_models_are_listed(console: Console, here: Path) -> None:
    folder = write_tiny_model(here / "t2v-1.3b")
    rows = console.run("models", "list").out.splitlines()
    assert [row.split()[0] for row in rows[:-1]] == list(MODELS)
    assert f"Wan2.1 T2V 1.3B          {folder}" in rows[1]
    assert rows[2].endswith(" -")
    assert f"{LAUNCHER} models download" in rows[-1]


def test_models_are_listed_as_json(console: Console, here: Path) -> None:
    folder = write_tiny_model(here / "vace-1.3b")
    rows = {row["name"]: row for row in json.loads(console.run("models", "list", "--json").out)}
    assert list(rows) == list(MODELS)
    assert rows["vace-1.3b"] == {
        "name": "vace-1.3b",
        "title": "Wan2.1 VACE 1.3B",
        "tasks": ["t2v", "vace"],
        "installed": True,
        "path": str(folder),
    }
    assert not rows["t2v-1.3b"]["installed"]


def test_models_are_inspected(console: Console, tiny_model: Path) -> None:
    outcome = console.run("models", "inspect", str(tiny_model))
    assert (outcome.code, outcome.err) == (0, "")
    assert "Wan2.1 T2V width 32 transformer in fp32" in outcome.out
    outcome = console.run("models", "inspect", str(tiny_model), "--json")
    report = json.loads(outcome.out)
    assert report["usable"]
    assert {part["network"] for part in report["parts"]} == {"transformer", "text encoder", "VAE"}


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What was asked of a hub that sends one file in two pieces."""
    asked: list[tuple[object, ...]] = []

    def download(*arguments: object) -> Iterator[DownloadProgress]:
        asked.append(arguments)
        yield DownloadProgress("config.json", 1024, 2048)
        yield DownloadProgress("config.json", 2048, 2048)

    monkeypatch.setattr(command_line, "download", download)
    return asked


def test_models_are_downloaded(
    console: Console, here: Path, downloads: list[tuple[object, ...]]
) -> None:
    outcome = console.run("models", "download", "t2v-1.3b")
    assert outcome == Outcome(0, f"{here / 't2v-1.3b'}\n", "config.json (2.0 KB)\n")
    ((repository, patterns, folder),) = downloads
    assert repository == Repository("Wan-AI/Wan2.1-T2V-1.3B")
    assert patterns == published_files(MODELS["t2v-1.3b"])
    assert folder == here / "t2v-1.3b"


def test_models_are_downloaded_with_json(
    console: Console, here: Path, downloads: list[tuple[object, ...]]
) -> None:
    outcome = console.run("models", "download", "vace-1.3b", "--json")
    assert outcome.err == ""
    assert [json.loads(line) for line in outcome.out.splitlines()] == [
        {"file": "config.json", "done_bytes": 1024, "total_bytes": 2048},
        {"file": "config.json", "done_bytes": 2048, "total_bytes": 2048},
        {"path": str(here / "vace-1.3b")},
    ]


def test_worker_is_started(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "run_worker", lambda: 5)
    assert console.run("worker").code == 5
