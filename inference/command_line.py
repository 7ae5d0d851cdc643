"""The command line: `kinora generate`, `plan`, `models`, `quantize`, `bench`, `worker`."""

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

from inference.api.arguments import Parser, add_version, guarded
from inference.api.command import add_plan_options
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import (
    Event,
    Failed,
    FailureKind,
    Finished,
    Generate,
    Notice,
    encode,
)
from inference.api.models import MODELS, folder_of, published_files
from inference.api.version import LAUNCHER
from inference.benchmarks import add_bench_options
from inference.catalog import find_dit, is_installed
from inference.devices import best_device
from inference.download import Repository, download
from inference.generate import generate
from inference.options import (
    GenerateOptions,
    add_generate_options,
    add_overwrite,
    free_name,
    make_order,
    require_free,
)
from inference.quantize import stream_quantized
from inference.recipe import Origin
from inference.terminal import BYTES, SHARE, ProgressBar
from inference.weights.inspect import inspect
from inference.worker import main as run_worker
from quant.formats import Storage

JOB = "cli"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    _use_utf8()
    typed = sys.argv[1:] if arguments is None else arguments

    def tell(error: UserError) -> None:
        if "--json" in typed:
            _print_event(_failure(error))

    return guarded(lambda: _run(typed), tell)


def _run(typed: Sequence[str]) -> int:
    options = _parser().parse_args(typed)
    return options.run(options)


def _failure(error: UserError) -> Failed:
    """What a program that reads the JSON lines is told beside the sentence on stderr."""
    is_memory = isinstance(error, MemoryShortageError)
    kind = FailureKind.MEMORY if is_memory else FailureKind.INPUT
    return Failed(JOB, kind, str(error), error.details)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="kinora", description="Make video with Wan2.1 on this machine.")
    add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    generating = commands.add_parser("generate", help="make a clip from a prompt")
    generating.set_defaults(run=_generate)
    add_generate_options(generating)
    add_plan_options(commands.add_parser("plan", help="forecast the memory and the time of a clip"))
    _add_models(commands.add_parser("models", help="list, inspect or download models"))
    _add_quantize(commands.add_parser("quantize", help="write a model's transformer in fewer bits"))
    add_bench_options(commands.add_parser("bench", help="measure the networks against diffusers'"))
    worker = commands.add_parser("worker", help="obey JSON lines on stdin (for the window)")
    worker.set_defaults(run=_work)
    return parser


def _add_models(parser: Parser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    listing = commands.add_parser("list", help="the known models and where they are")
    inspecting = commands.add_parser("inspect", help="say what a file or folder holds")
    inspecting.add_argument("path", type=Path)
    downloading = commands.add_parser("download", help="get a model; goes on where it stopped")
    downloading.add_argument("name", choices=[m.name for m in MODELS.values() if m.repository])
    runs = {listing: _list_models, inspecting: _inspect, downloading: _download}
    for command, run in runs.items():
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print JSON")


def _add_quantize(parser: Parser) -> None:
    parser.set_defaults(run=_quantize)
    parser.add_argument("model", help=f"a known model ({', '.join(MODELS)}) or a path")
    parser.add_argument("--format", required=True, choices=[s.value for s in Storage])
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    add_overwrite(parser.add_argument)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _generate(parsed: argparse.Namespace) -> int:
    options = GenerateOptions.of(parsed)
    if options.output is not None:
        require_free(options.output, overwrites=options.overwrites)
    order, device = make_order(options), best_device()
    output = options.output or free_name(order.request)
    bar = ProgressBar(sys.stderr)
    show: Callable[[Event], None] = _print_event if options.json else bar.show
    if order.repeated is not None and order.repeated.origin != Origin.here(device):
        show(Notice(JOB, _other_origin(order.repeated.origin)))
    command = Generate(
        JOB,
        order.request,
        str(output),
        vram_bytes=options.vram_bytes(),
        compiles=options.compiles,
    )
    try:
        with closing(generate(command, order.model, device)) as events:
            for event in events:
                show(event)
                if isinstance(event, Finished) and not options.json:
                    _print(event.path)
    finally:
        bar.clear()
    return 0


def _other_origin(origin: Origin) -> str:
    return (
        f"The clip was made by Kinora {origin.kinora_version} with torch {origin.torch_version} on "
        f"{origin.machine} ({origin.device}): here it may come out slightly different."
    )


def _work(_: argparse.Namespace) -> int:
    return run_worker()


def _list_models(options: argparse.Namespace) -> int:
    rows = [
        {
            "name": spec.name,
            "title": spec.title,
            "tasks": sorted(spec.tasks),
            "installed": is_installed(spec),
            "path": str(folder_of(spec)),
        }
        for spec in MODELS.values()
    ]
    if options.json:
        _print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        _print(f"{row['name']:<14} {row['title']:<24} {row['path'] if row['installed'] else '-'}")
    _print(f"Get one that has no path with: {LAUNCHER} models download NAME")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    report = inspect(options.path)
    _print(json.dumps(report.to_json(), indent=1) if options.json else report.sentence())
    return 0


def _download(options: argparse.Namespace) -> int:
    spec = MODELS[options.name]
    folder = folder_of(spec)
    bar = ProgressBar(sys.stderr)
    try:
        for progress in download(Repository(spec.repository), published_files(spec), folder):
            if options.json:
                _print(json.dumps(asdict(progress)))
            else:
                bar.draw(progress.file, progress.done_bytes, progress.total_bytes, BYTES)
    finally:
        bar.clear()
    _print(json.dumps({"path": str(folder)}) if options.json else str(folder))
    return 0


def _quantize(options: argparse.Namespace) -> int:
    output: Path = options.output
    if output.suffix != ".safetensors":
        raise UserError(f"{output} should end in .safetensors, the only format that is written.")
    if output.exists() and not output.is_file():
        raise UserError(
            f"{output} is no ordinary file, so nothing replaces it: choose another name."
        )
    require_free(output, overwrites=options.overwrites)
    checkpoint = find_dit(options.model)
    bar = ProgressBar(sys.stderr)
    try:
        for share in stream_quantized(checkpoint, Storage(options.format), output, best_device()):
            bar.draw("Quantising", round(share * 100), 100, SHARE)
    finally:
        bar.clear()
    _print(json.dumps({"path": str(output.resolve())}) if options.json else str(output))
    return 0


def _print_event(event: Event) -> None:
    if isinstance(
        event, Notice
    ):  # a program that reads it wants the English, not what it is made of
        event = replace(event, message=str(event.message))
    _print(encode(event))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _use_utf8() -> None:
    """Consoles of other encodings (Windows) show a substitute instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
