"""`kinora plan` as it is typed, in a Python that has nothing of other people's."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.api import command
from inference.api.__main__ import main
from inference.api.device import ALWAYS, DeviceInfo, StageReport
from inference.api.history import History, history_file
from tests.api.test_history import RUN

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the history lies that these commands read; there is none yet."""
    monkeypatch.setenv("KINORA_DATA", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "inference.api", "plan", *arguments],  # -S: no site-packages
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def told(*arguments: str) -> dict[str, Any]:
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_json_says_what_each_stage_takes() -> None:
    made = told("--model", "t2v-1.3b", "--size", "832x480", "--frames", "81", "--vram", "24GiB")
    assert made["fits"]
    assert "suggestion" not in made
    assert [stage["name"] for stage in made["stages"]] == ["text", "load", "denoise", "decode"]
    assert max(stage["peak_vram_bytes"] for stage in made["stages"]) == made["peak_vram_bytes"]
    assert all(stage["resident"] for stage in made["stages"])
    assert made["peak_ram_bytes"] > 0


def test_what_is_suggested_fits_when_it_is_asked_for() -> None:
    made = told("--model", "t2v-14b", "--vram", "4GiB", "--ram", "16GiB")
    assert not made["fits"]
    instead = made["suggestion"]
    size, frames = f"{instead['width']}x{instead['height']}", str(instead["frames"])
    asked = "--size", size, "--frames", frames, "--weights", instead["weights"]
    assert told("--model", "t2v-14b", "--vram", "4GiB", "--ram", "16GiB", *asked)["fits"]


def test_processor_plans_for_the_ram_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ram_bytes", lambda: (16 << 30, 8 << 30))
    for arguments, fits in (
        ((), False),
        (("--ram", "96GiB"), True),
        (("--vram", "24GiB"), True),  # of some other machine
    ):
        monkeypatch.setattr(sys, "argv", ["kinora", "plan", "--model", "t2v-14b", *arguments])
        assert main() == 0
        assert ("this fits" in capsys.readouterr().out) == fits


@pytest.mark.usefixtures("data_home")
def test_seconds_are_those_of_runs_like_it() -> None:
    asked = "--model", "demo", "--steps", "10", "--weights", "native"
    made = told(*asked)
    assert made["seconds"] is None
    assert {stage["seconds"] for stage in made["stages"]} == {None}
    assert not history_file().exists()  # a question begins none
    with History() as history:
        history.add(replace(RUN, stages=tuple(StageReport(s, 4.0, 1, 1) for s in ALWAYS)))
    made = told(*asked)
    times = {stage["name"]: (stage["seconds"], stage["runs"]) for stage in made["stages"]}
    assert times == {"text": (4, 1), "load": (4, 1), "denoise": (2, 1), "decode": (4, 1)}
    assert made["seconds"] == 14
    assert run(*asked)[1].splitlines()[-1] == "It takes about 14 s, by 1 run like it here."
    halved = told(*asked, "--guidance", "1")
    assert halved["stages"][2]["seconds"] == pytest.approx(1, rel=1e-2)


@pytest.mark.usefixtures("data_home")
def test_a_card_is_the_one_that_made_the_latest_clip() -> None:
    asked = "--model", "demo", "--vram", "8GiB", "--weights", "native"
    assert told(*asked)["seconds"] is None
    card = DeviceInfo("RTX 9", 8 * 2**30, 8 * 2**30)
    with History() as history:
        history.add(replace(RUN, device=card))
    stages = told(*asked)["stages"]
    assert [stage["seconds"] for stage in stages] == [1.5, None, None, 2.5]
    line = run(*asked)[1].splitlines()[-1]
    assert line.endswith("isn't known: nothing like its load and denoise has run here yet.")


@pytest.mark.usefixtures("data_home")
def test_a_broken_history_is_told_and_stops_nothing() -> None:
    with History():
        pass
    history_file().write_bytes(b"no history" * 100)
    code, out, err = run("--model", "demo", "--json")
    assert (code, json.loads(out)["fits"]) == (0, True)
    assert err.startswith("kinora: The history of what clips took could not be read")
    assert err.count("\n") == 1


def test_where_nothing_fits_it_says_so() -> None:
    assert told("--model", "t2v-14b", "--vram", "600MiB")["suggestion"] is None
    code, out, _ = run("--model", "t2v-14b", "--vram", "600MiB")
    assert code == 0
    assert "No clip of this model fits" in out


def test_pictures_are_planned_for_where_they_are_given_or_the_model_needs_them() -> None:
    def stages(*asked: str) -> list[str]:
        return [stage["name"] for stage in told(*asked, "--vram", "8GiB")["stages"]]

    with_pictures = ["text", "condition", "load", "denoise", "decode"]
    assert stages("--model", "vace-1.3b") == [*ALWAYS]
    assert stages("--model", "vace-1.3b", "--last-frame") == with_pictures
    assert stages("--model", "i2v-14b-480p") == with_pictures
    assert stages("--model", "flf2v-14b") == with_pictures


def test_people_are_told_in_lines() -> None:
    code, out, _ = run("--model", "t2v-14b", "--size", "1280x720", "--vram", "4GiB")
    first, *stages, last = out.splitlines()
    assert code == 0
    assert first == "81 frames of 1280x720 with t2v-14b: this does not fit."
    assert len(stages) == 4
    assert last.startswith("It fits with ")


def test_one_frame_and_large_numbers_read_well() -> None:
    _, out, _ = run("--model", "demo", "--frames", "1")
    assert out.startswith("1 frame of 128x128 with demo: this fits.")
    _, out, _ = run("--model", "t2v-14b", "--size", "8192x8192", "--frames", "10001")
    assert re.search(r"denoise   \d{1,3}(,\d{3})+\.\d\d GiB of RAM", out)


@pytest.mark.usefixtures("data_home")
@pytest.mark.parametrize(
    ("seconds", "says"), [(0.00001, "0.001 s"), (2.04, "2 s"), (9.97, "10 s"), (60.4, "60 s")]
)
def test_times_read_well(seconds: float, says: str) -> None:
    with History() as history:
        history.add(replace(RUN, stages=tuple(StageReport(s, seconds, 1, 1) for s in ALWAYS)))
    _, out, _ = run("--model", "demo", "--weights", "native")
    assert f"  text      {says}, " in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--model", "t2v-2b"], "There is no model 't2v-2b'", id="model"),
        pytest.param([], "--model", id="no model"),
        pytest.param(["--model", "demo", "--size", "big"], "can't be read", id="size"),
        pytest.param(["--model", "demo", "--size", "100x100"], "nearest is 96x96", id="multiple"),
        pytest.param(["--model", "demo", "--frames", "80"], "nearest is 81", id="frames"),
        pytest.param(["--model", "demo", "--vram", "much"], "no amount of memory", id="memory"),
        pytest.param(["--model", "demo", "--vram", "0GiB"], "no amount of memory", id="zero"),
        pytest.param(["--model", "demo", "--weights", "int7"], "int7", id="format"),
        pytest.param(
            ["--model", "t2v-1.3b", "--first-frame"], "makes video from text alone", id="pictures"
        ),
        pytest.param(["--model", "t2v-1.3b", "--video"], "edits no video", id="video"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], says: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
