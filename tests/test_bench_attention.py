"""The table of attention: a row for each way there is, and its numbers."""

import json

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from inference import bench_attention
from inference.bench_attention import SMALL, Case, Measured
from inference.command_line import main
from inference.wan.kernel import Whole


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_processor_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--attention", "--small", "--device", "cpu"]) == 0
    machine, _, header, _, row = capsys.readouterr().out.splitlines()
    assert "torch" in machine
    assert tuple(cells(header)) == bench_attention.COLUMNS
    assert cells(row)[:4] == ["torch's choice", "2 of 64", "128", "256"]


def test_json_holds_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--attention", "--small", "--device", "cpu", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["seconds"] > 0
    assert row["keep_seconds"] > 0
    assert row["error"] < 1e-5
    assert row["rate"] * row["seconds"] == pytest.approx(4 * 2 * 64 * 128 * 256)


def test_what_fails_says_why_and_what_is_wrong_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Tensor) -> Tensor:
        raise RuntimeError("No available kernel.\nAborting.")

    def louder(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v) * 1.5

    found = [Whole("fails", fails), Whole("louder", louder)]
    monkeypatch.setattr(bench_attention, "candidates", lambda _: found)
    first, second = bench_attention.measure(SMALL[0], "cpu")
    assert (first.name, first.failure) == ("fails", "No available kernel.")
    assert second.error == pytest.approx(0.5, abs=1e-3)
    assert not torch.is_inference_mode_enabled()


def test_times_are_in_milliseconds_and_rates_in_teraflops() -> None:
    case = Case(12, 128, 8192, 32760)
    rows = [
        Measured("a", case, 0.0002, 0.004, 381e12, 0.011),
        Measured("b", case, failure="none here"),
    ]
    _, _, made, failed = bench_attention.table(rows)
    assert cells(made)[4:] == ["0.2 ms", "4 ms", "381", "1.1e-02"]
    assert cells(failed)[4:] == ["none here", "", "", ""]
