"""The layers' table: what it holds, and that its numbers are the layers'."""

import json
from pathlib import Path

import pytest

from inference import bench_layers, speeds
from inference.api.history import History, history_file
from inference.bench_layers import FULL, SMALL
from inference.command_line import main
from inference.speeds import Layer, Measured
from quant.formats import FORMATS


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_format_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--layers", "--small", "--device", "cpu"]) == 0
    machine, _, header, _, *rows = capsys.readouterr().out.splitlines()
    assert "torch" in machine
    assert tuple(cells(header)) == bench_layers.COLUMNS
    assert [cells(row)[0] for row in rows] == [*FORMATS] * len(SMALL)


def test_json_holds_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--layers", "--small", "--device", "cpu", "--json"]) == 0
    rows = {row["form"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    (layer,) = SMALL
    weights = layer.inner * layer.outer
    assert rows["int8"]["bytes"] == weights + 4 * layer.outer
    assert rows["nf4"]["bytes"] == weights // 2 + 4 * weights // 64
    assert 0 < rows["int8"]["error"] < rows["fp8"]["error"] < rows["nf4"]["error"] < 0.2
    assert all(row["seconds"] > 0 and row["plain_seconds"] > 0 for row in rows.values())


def test_speed_is_the_plain_layers_time_over_the_formats() -> None:
    row = Measured("int8", Layer(8, 16, 4), 2.0, 3.0, 128, 0.01)
    _, _, line = bench_layers.table([row])
    assert cells(line) == ["int8", "8 to 16", "4", "2 s", "3 s", "1.50", "0.00 MB", "1.0e-02"]


@pytest.mark.parametrize("device", FULL)
def test_layers_are_those_of_the_small_model(device: str) -> None:
    shapes = {(layer.inner, layer.outer) for layer in bench_layers.layers(device, small=False)}
    assert shapes == {(1536, 1536), (1536, 8960), (8960, 1536)}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The whole benchmark in a second, on a machine of which nothing is known."""
    monkeypatch.setattr(bench_layers, "FULL", {"cpu": SMALL})
    monkeypatch.setattr(speeds, "REPEATS", 1)
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "kinora"))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_plans_choose_by_the_figures(extra: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--layers", "--device", "cpu", *extra]) == 0
    capsys.readouterr()
    with History() as history:
        noted = history.experience("CPU").speeds
    assert noted is not None
    assert set(noted.times_as_fast) == {*FORMATS}
    assert noted.rate > 0
    assert main(["plan", "--model", "t2v-1.3b", "--ram", "64GiB"]) == 0
    assert "(measured on this machine)" in capsys.readouterr().out


@pytest.mark.usefixtures("short")
def test_a_small_benchmark_says_nothing_of_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--layers", "--small", "--device", "cpu"]) == 0
    assert not history_file().exists()


@pytest.mark.usefixtures("short")
def test_figures_that_cannot_be_kept_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "kinora").touch()
    assert main(["bench", "--layers", "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert "| nf4 |" in captured.out
    assert captured.err.startswith("kinora: Plans won't know of these figures:")
