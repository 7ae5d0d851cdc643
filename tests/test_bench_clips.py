"""Whole clips beside diffusers': both are made, the rows add up, and failures are told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference import bench_clips
from inference.api.device import ALWAYS
from inference.api.spec import WeightFormat, default_request
from inference.bench_clips import OURS, WHOLE, Measured
from inference.benchmarks import SMALL
from inference.catalog import find
from inference.command_line import main
from inference.random_model import write_random_model
from inference.trial import PROMPT, Taken, step_seconds
from inference.work import work_of
from tests.test_bench import cells

STAGES = [*ALWAYS, WHOLE]


def test_a_clip_is_made_by_both(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["bench", "--small", "--device", "cpu", "--cap", "none", "--steps", "2"]
    assert main([*given, "--format", "int8", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["program"], row["taken"]["stage"]) for row in rows] == [
        (program, stage) for program in ("diffusers", OURS) for stage in STAGES
    ]
    for row in rows:
        assert row["taken"]["seconds"] > 0
        assert row["taken"]["ram_bytes"] > 2**20
        assert (row["share"] > 0) == (row["taken"]["stage"] in ("denoise", "decode"))
        assert (row["times_as_fast"] > 0) == (row["program"] == OURS)
    text, load, denoise, decode, whole = (row["taken"]["seconds"] for row in rows[5:])
    steps = SMALL.defaults.steps
    assert whole == pytest.approx(text + load + steps * denoise + decode)


def test_lines_are_told_as_they_are() -> None:
    taken = Taken("denoise", 2.0, 2**30, 2**31, 3 * 2**30, 2**32)
    failed = Measured(0, "nf4", "diffusers", Taken(WHOLE, 0.0), failure="out of memory")
    _, _, line, other = bench_clips.table([Measured(2**33, "int8", OURS, taken, 0.5, 1.25), failed])
    assert cells(line) == [
        "8 GiB", "int8", "Kinora", "denoise", "2 s/step", "1.00 GiB", "2.00 GiB", "3.00 GiB",
        "4.00 GiB", "50%", "1.25",
    ]  # fmt: skip
    assert cells(other)[:5] == ["none", "nf4", "diffusers", WHOLE, "out of memory"]


def test_what_fails_has_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(function: object, *_: object) -> list[Taken]:
        if function is bench_clips.make_theirs:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [Taken(stage, 1.0) for stage in ALWAYS]

    monkeypatch.setattr(bench_clips, "in_fresh_process", full)
    request = replace(default_request(PROMPT, "x", SMALL.defaults, 1), weights=WeightFormat.NATIVE)
    theirs, *ours = bench_clips.measure(SMALL, request, tmp_path, 0, "cpu", rate=1e9)
    assert [row.taken.stage for row in ours] == STAGES
    assert ours[-1].taken.seconds == 3 + SMALL.defaults.steps
    assert theirs.failure == "out of memory"
    assert all(row.times_as_fast == 0 for row in ours)


def test_ours_alone_needs_no_other_library(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise ModuleNotFoundError

    monkeypatch.setattr(bench_clips, "_peers", absent)
    given = ["bench", "--small", "--device", "cpu", "--cap", "none", "--steps", "1", "--alone"]
    assert main([*given, "--format", "native", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["program"], row["taken"]["stage"]) for row in rows] == [
        (OURS, stage) for stage in STAGES
    ]
    assert all(row["times_as_fast"] == 0 for row in rows)


def test_a_clip_takes_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["bench", "--small", "--device", "cpu", "--cap", "none", "--alone", "--steps", "0"]
    assert main(given) == 2
    assert "one step at least" in capsys.readouterr().err


def test_a_processor_cannot_be_capped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--small", "--device", "cpu", "--cap", "8GiB"]) == 2
    assert "Only a graphics card can be capped" in capsys.readouterr().err


def test_the_first_step_does_not_count() -> None:
    assert step_seconds([0.0, 9.0, 10.0, 12.0, 13.0]) == 1.0
    assert step_seconds([0.0, 9.0]) == 9.0


def test_a_random_model_is_whole(tmp_path: Path) -> None:
    shares = list(write_random_model(SMALL, tmp_path))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    model = find(str(tmp_path))
    weight = model.dit.read(["blocks.0.ffn.0.weight"])["blocks.0.ffn.0.weight"].float()
    assert weight.std() == pytest.approx(0.02, rel=0.05)


def test_work_is_what_the_layers_multiply() -> None:
    request = default_request(PROMPT, "x", SMALL.defaults, 1)
    one, two = (work_of(SMALL, replace(request, guidance=g)) for g in (1.0, 2.0))
    assert two.step == 2 * one.step
    dit, tokens, text = SMALL.dit, 3 * 6 * 8, SMALL.dit.text_len
    block = 2 * tokens * (6 * dim_squared(dit.dim) + 2 * dit.dim * dit.ffn_dim)
    block += 2 * text * 2 * dim_squared(dit.dim)  # keys and values of the text
    block += 4 * dit.dim * tokens * (tokens + text)  # attention
    assert one.step == pytest.approx(dit.num_layers * block, rel=0.2)  # the rest is outside blocks
    assert one.step > dit.num_layers * block
    longer = work_of(SMALL, replace(request, frames=17))
    assert longer.decode > one.decode > 0


def dim_squared(dim: int) -> int:
    return dim * dim


@pytest.mark.parametrize("option", [["--format", "int8"], ["--alone"]])
@pytest.mark.parametrize("table", [[], ["--layers"], ["--attention"]])
def test_what_is_for_clips_is_refused_elsewhere(
    option: list[str], table: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--small", "--device", "cpu", *table, *option]) == 2
    assert "are for whole clips: say --cap" in capsys.readouterr().err
