"""The comparison itself: what it runs, what it prints, and that both sides compute the same."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from inference import bench
from inference.api.models import ROOT
from inference.bench import FULL, SMALL, Case, Measured, Part
from inference.command_line import main

COLUMNS = ["network", "size", "precision", "peer", "peer's time", "Kinora's time", "times as fast"]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_small_comparison_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--small", "--device", "cpu"]) == 0
    machine, blank, header, rule, *rows = capsys.readouterr().out.splitlines()
    assert f"torch {torch.__version__}" in machine
    assert blank == ""
    assert cells(header)[: len(COLUMNS)] == COLUMNS
    assert set(rule) <= set("|-:")
    expected = [(part.value, dtype) for dtype in ("float32", "bfloat16") for part in Part]
    assert [(cells(row)[0], cells(row)[2]) for row in rows] == expected
    for row in map(cells, rows):
        assert len(row) == len(cells(header))
        assert all(re.fullmatch(r"[\d.e+-]+ s", time) for time in row[4:6])
        assert all(re.fullmatch(r"\d+ MB", memory) for memory in row[7:9])
        assert 0 < float(row[9]) < (1e-4 if row[2] == "float32" else 0.2)


def test_json_holds_the_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_text = [Case(Part.TEXT, SMALL, torch.float32, "cpu")]
    monkeypatch.setattr(bench, "cases", lambda _device, *, small: only_text if small else [])
    assert main(["bench", "--small", "--json", "--device", "cpu"]) == 0
    report = json.loads(capsys.readouterr().out)
    (row,) = report["rows"]
    assert row["part"] == "text encoder"
    assert row["seconds"] > 0
    assert row["peer_seconds"] > 0
    assert row["difference"] < 1e-5


def test_memory_is_what_the_call_takes() -> None:
    attention = replace(SMALL.text, dim=64, dim_attn=64, dim_ffn=64)
    case = Case(Part.TEXT, replace(SMALL, text=attention, tokens=2048), torch.float32, "cpu")
    scores = 4 * 2048 * 2048 * 4  # bytes: heads, queries and keys in float32
    assert bench.measure(case).peer_bytes > scores


def test_speed_is_the_peer_s_time_over_ours() -> None:
    row = Measured(
        Part.TEXT, "tiny", "float32", "transformers", 3.0, 2.0, 9_000_000, 4_000_000, 1e-6
    )
    _, _, line = bench.table([row])
    assert cells(line)[4:9] == ["3 s", "2 s", "1.50", "9 MB", "4 MB"]


@pytest.mark.parametrize("device", FULL)
def test_every_network_is_compared_in_both_precisions(device: str) -> None:
    cases = bench.cases(device, small=False)
    assert len({(case.part, case.dtype) for case in cases}) == 2 * len(Part)
    for case in cases:
        is_slow = device == "cpu" and case.dtype == torch.bfloat16
        assert case.sizes == (SMALL if is_slow else FULL[device])


@pytest.mark.parametrize("library", bench.PEERS)
def test_missing_libraries_are_named(library: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None; "  # as if it weren't installed
        "from inference.command_line import main; sys.exit(main(['bench', '--small']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"kinora: {library}, which")


def test_a_missing_gpu_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["bench", "--device", "cuda"]) == 2
    assert "CUDA" in capsys.readouterr().err
