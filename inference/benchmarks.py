"""`kinora bench`: what is asked, which tables are made of it, and how they are told."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from inference import bench, bench_attention, bench_clips, bench_layers, speeds
from inference.api.arguments import parse_bytes
from inference.api.errors import UserError
from inference.api.models import MODELS
from inference.api.spec import DiTParams, Task, TextParams, VAEParams, WeightFormat, default_request
from inference.devices import best_device, describe
from inference.measure import machine, require_device
from inference.past import note_speeds
from inference.random_model import write_random_model
from inference.terminal import SHARE, ProgressBar
from inference.trial import PROMPT


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read what `kinora bench` is asked."""
    add = parser.add_argument
    add("--device", choices=["cpu", "cuda"], help="the GPU, if there is one")
    add("--small", action="store_true", help="tiny networks, within a minute")
    what = parser.add_mutually_exclusive_group().add_argument
    what("--layers", action="store_true", help="a linear layer in each format of weights instead")
    what("--attention", action="store_true", help="attention in each way there is instead")
    what(
        "--cap", action="append", default=[], metavar="SIZE",
        help="whole clips of random weights instead, under that much of the card, say 8GiB, or none; "
        "repeatable",
    )  # fmt: skip
    add(
        "--format", dest="formats", action="append", metavar="FORMAT",
        choices=[form.value for form in WeightFormat if form is not WeightFormat.AUTO],
        help="of the transformer in --cap's clips; repeatable (native, int8, fp8, nf4)",
    )  # fmt: skip
    add(
        "--model",
        default="t2v-1.3b",
        choices=[name for name, spec in MODELS.items() if Task.T2V in spec.tasks],
        help="that --cap's clips are made with",
    )
    add("--alone", action="store_true", help="--cap's clips by Kinora only")
    add("--steps", type=int, default=3, metavar="N", help="solver steps that are timed (3)")
    add("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


FORMATS = ("native", "int8", "fp8", "nf4")
SMALL = replace(
    MODELS["t2v-1.3b"],
    dit=DiTParams(256, 1024, num_layers=2, num_heads=2, text_dim=128),
    vae=VAEParams(dim=8),
    text=TextParams(vocab_size=512, dim=128, dim_attn=128, dim_ffn=256, num_heads=4, num_layers=2),
    defaults=replace(MODELS["t2v-1.3b"].defaults, width=128, height=96, frames=9),
)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows, each measured as it is asked for; what makes lines of them; and which libraries took part."""

    rows: Iterator[Any]
    lines: Callable[[Iterator[Any]], Iterator[str]]
    libraries: tuple[str, ...]


def _run(options: argparse.Namespace) -> int:
    device = options.device or best_device().type
    if not options.cap and (options.formats or options.alone):
        raise UserError("--format and --alone are for whole clips: say --cap, too.")
    with ExitStack() as stack:
        if options.cap:
            table = _clips(options, device, stack)
        elif options.attention:
            table = _attention(options, device)
        else:
            table = _layers(options, device) if options.layers else _networks(options, device)
        _tell(table, device, as_json=options.json)
    return 0


def _tell(table: "_Table", device: str, *, as_json: bool) -> None:
    told = machine(device, table.libraries)
    if as_json:
        rows = [asdict(row) for row in table.rows]
        _print(json.dumps({"machine": told, "rows": rows}, indent=1))
        return
    _print(f"{told}\n")
    for line in table.lines(table.rows):
        _print(line)


def _networks(options: argparse.Namespace, device: str) -> _Table:
    bench.check(device)
    rows = map(bench.measure, bench.cases(device, small=options.small))
    return _Table(rows, bench.table, bench.PEERS)


def _attention(options: argparse.Namespace, device: str) -> _Table:
    require_device(device)
    cases = bench_attention.SMALL if options.small else bench_attention.FULL[device]
    rows = chain.from_iterable(bench_attention.measure(case, device) for case in cases)
    return _Table(rows, bench_attention.table, ())


def _layers(options: argparse.Namespace, device: str) -> _Table:
    require_device(device)
    layers = bench_layers.layers(device, small=options.small)
    rows = chain.from_iterable(speeds.measure(layer, device) for layer in layers)
    if not options.small:
        rows = _noted(rows, device)
    return _Table(rows, bench_layers.table, bench_layers.LIBRARIES)


def _noted(rows: Iterable[speeds.Measured], device: str) -> Iterator[speeds.Measured]:
    """The rows; once all are there, this machine's plans choose formats by them."""
    measured: list[speeds.Measured] = []
    for row in rows:
        measured.append(row)
        yield row
    found = speeds.speeds(measured, device)
    if notice := note_speeds(describe(torch.device(device)), found):
        sys.stderr.write(f"kinora: {notice}\n")  # the table is told all the same


def _clips(options: argparse.Namespace, device: str, stack: ExitStack) -> _Table:
    check = require_device if options.alone else bench.check
    check(device)
    if options.steps < 1:
        raise UserError("A clip takes one step at least: give --steps 1 or more.")
    caps = [_cap(text, device) for text in options.cap]
    spec = SMALL if options.small else MODELS[options.model]
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="kinora-bench-")))
    bar = ProgressBar(sys.stderr)
    for share in write_random_model(spec, folder):
        bar.draw("Writing random weights", round(share * 100), 100, SHARE)
    bar.clear()
    request = default_request(PROMPT, str(folder), spec.defaults, seed=1)
    request, rate = replace(request, steps=options.steps), bench_clips.rate_of(device)
    rows = (
        row
        for cap in caps
        for form in options.formats or FORMATS
        for row in bench_clips.measure(
            spec,
            replace(request, weights=WeightFormat(form)),
            folder,
            cap,
            device,
            rate,
            alone=options.alone,
        )
    )
    peers = () if options.alone else (*bench.PEERS, "accelerate", "optimum-quanto")
    return _Table(rows, bench_clips.table, peers)


def _cap(text: str, device: str) -> int:
    """Bytes; 0 for no cap."""
    if text == "none":
        return 0
    if device == "cpu":
        raise UserError("Only a graphics card can be capped: give --cap none for a processor.")
    return parse_bytes(text)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
