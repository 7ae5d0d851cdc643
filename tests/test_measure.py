"""What the benchmarks share."""

import os
from importlib.metadata import version

import torch

from inference.measure import in_fresh_process, machine, markdown, seconds_of


def test_a_fresh_process_is_another_one() -> None:
    assert in_fresh_process(os.getpid) != os.getpid()


def test_a_machine_is_told_with_its_versions() -> None:
    told = machine("cpu", ["diffusers"])
    assert f"torch {version('torch')}, diffusers " in told
    assert f"{os.cpu_count()} CPU cores" in told


def test_a_clock_runs_while_a_call_does() -> None:
    x = torch.ones(500, 500)
    assert 0 < seconds_of(lambda: x @ x, "cpu") < 60


def test_rows_are_drawn_when_they_are_there() -> None:
    rows = iter([("a", "1")])
    lines = markdown(("name", "count"), 1, rows)
    assert [next(lines), next(lines)] == ["| name | count |", "|---|--:|"]
    assert next(rows) == ("a", "1")  # not asked for yet
    assert list(lines) == []
