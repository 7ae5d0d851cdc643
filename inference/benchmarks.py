"""`kinora bench`: what is asked, which tables are made of it, and how they are told."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from inference import bench, bench_layers
from inference.devices import best_device
from inference.measure import machine, require_device


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read what `kinora bench` is asked."""
    add = parser.add_argument
    add("--device", choices=["cpu", "cuda"], help="the GPU, if there is one")
    add("--small", action="store_true", help="tiny networks, within a minute")
    add("--layers", action="store_true", help="a linear layer in each format of weights instead")
    add("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows, each measured as it is asked for; what makes lines of them; and which libraries took part."""

    rows: Iterator[Any]
    lines: Callable[[Iterator[Any]], Iterator[str]]
    libraries: tuple[str, ...]


def _run(options: argparse.Namespace) -> int:
    device = options.device or best_device().type
    table = _layers(options, device) if options.layers else _networks(options, device)
    told = machine(device, table.libraries)
    if options.json:
        rows = [asdict(row) for row in table.rows]
        _print(json.dumps({"machine": told, "rows": rows}, indent=1))
        return 0
    _print(f"{told}\n")
    for line in table.lines(table.rows):
        _print(line)
    return 0


def _networks(options: argparse.Namespace, device: str) -> _Table:
    bench.check(device)
    rows = map(bench.measure, bench.cases(device, small=options.small))
    return _Table(rows, bench.table, bench.PEERS)


def _layers(options: argparse.Namespace, device: str) -> _Table:
    require_device(device)
    layers = bench_layers.layers(device, small=options.small)
    rows = chain.from_iterable(bench_layers.measure(layer, device) for layer in layers)
    return _Table(rows, bench_layers.table, bench_layers.LIBRARIES)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
