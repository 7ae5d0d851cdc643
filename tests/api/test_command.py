"""`kinora plan` as it is typed, in a Python that has nothing of other people's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


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


def test_where_nothing_fits_it_says_so() -> None:
    assert told("--model", "t2v-14b", "--vram", "600MiB")["suggestion"] is None
    code, out, _ = run("--model", "t2v-14b", "--vram", "600MiB")
    assert code == 0
    assert "No clip of this model fits" in out


def test_people_are_told_in_lines() -> None:
    code, out, _ = run("--model", "t2v-14b", "--size", "1280x720", "--vram", "4GiB")
    first, *stages, last = out.splitlines()
    assert code == 0
    assert first == "81 frames of 1280x720 with t2v-14b: this does not fit."
    assert len(stages) == 4
    assert last.startswith("It fits with ")


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
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], says: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
