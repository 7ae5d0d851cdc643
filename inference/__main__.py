"""The command line: `kinora generate`, `models`, `worker`."""

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from inference.api.errors import UserError
from inference.api.messages import Event, Finished, Generate, encode
from inference.api.models import DEMO, MODELS, folder_of
from inference.api.spec import GenerationRequest, Solver
from inference.catalog import Model, find
from inference.download import download
from inference.generate import best_device, generate
from inference.recipe import Recipe, identity_of
from inference.terminal import ProgressBar, human_bytes
from inference.weights.inspect import inspect
from inference.worker import main as run_worker

BAD_INPUT, INTERRUPTED = 2, 130  # exit codes; the second is what a shell gives for Ctrl-C
JOB = "cli"


class _Parser(argparse.ArgumentParser):
    """Bad usage is bad input: one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message[0].upper()}{message[1:]} (see {self.prog} --help).")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    _use_utf8()
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except UserError as error:
        sys.stderr.write(f"kinora: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("kinora: stopped, nothing was written.\n")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="kinora", description="Make video with Wan2.1 on this machine.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_generate(commands.add_parser("generate", help="make a clip from a prompt"))
    models = commands.add_parser("models", help="list, inspect or download models")
    _add_models(models.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser))
    worker = commands.add_parser("worker", help="obey JSON lines on stdin (for the window)")
    worker.set_defaults(run=lambda _: run_worker())
    return parser


def _add_generate(parser: argparse.ArgumentParser) -> None:
    d = DEMO.defaults
    parser.set_defaults(run=_generate)
    parser.add_argument("prompt", nargs="?", help="what the clip shows, in English or Chinese")
    parser.add_argument("--from", dest="source", type=Path, help="repeat the recipe in this clip")
    parser.add_argument("--negative", help="what the clip is kept away from")
    parser.add_argument("--model", help=f"a known model ({', '.join(MODELS)}) or a path")
    parser.add_argument(
        "--with", dest="elsewhere", type=Path, action="append", default=[], metavar="PATH",
        help="a file or folder with parts that the model's own place lacks; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--size", help=f"WxH in pixels, multiples of 16 (demo: {d.width}x{d.height})"
    )
    parser.add_argument("--frames", type=int, help=f"4n+1 (demo: {d.frames})")
    parser.add_argument("--steps", type=int, help=f"solver steps (demo: {d.steps})")
    parser.add_argument("--guidance", type=float, help="1 runs the prompt's branch alone")
    parser.add_argument("--shift", type=float, help="more of the steps at high noise")
    parser.add_argument("--seed", type=int, help="the same seed gives the same clip")
    parser.add_argument("--solver", choices=[s.value for s in Solver])
    parser.add_argument("--timesteps", help="for lcm: the steps a distilled model was trained at")
    parser.add_argument("--cfg-zero-star", action="store_true", default=None)
    parser.add_argument("--fps", type=int, help="frames a second of the file")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="FILE.mp4, .webm, .gif, .png (1 frame) or a folder of PNGs",
    )
    parser.add_argument("--json", action="store_true", help="print events as JSON lines")


def _add_models(commands: "argparse._SubParsersAction[_Parser]") -> None:
    listing = commands.add_parser("list", help="the known models and where they are")
    listing.set_defaults(run=_list_models)
    listing.add_argument("--json", action="store_true")
    inspecting = commands.add_parser("inspect", help="say what a file or folder holds")
    inspecting.set_defaults(run=_inspect)
    inspecting.add_argument("path", type=Path)
    inspecting.add_argument("--json", action="store_true")
    downloading = commands.add_parser("download", help="get a model; goes on where it stopped")
    downloading.set_defaults(run=_download)
    downloading.add_argument("name", choices=[m.name for m in MODELS.values() if m.repository])


def _generate(options: argparse.Namespace) -> int:
    request, model = _request(options)
    output = options.output or _free_name(request)
    events = generate(Generate(JOB, request, str(output)), model, best_device())
    show = _print_json if options.json else ProgressBar(sys.stderr).show
    try:
        for event in events:
            show(event)
            if isinstance(event, Finished) and not options.json:
                sys.stdout.write(f"{event.path}\n")
    finally:
        events.close()
    return 0


def _request(options: argparse.Namespace) -> tuple[GenerationRequest, Model]:
    """The request the options describe, and its model."""
    recipe = Recipe.read(options.source) if options.source else None
    name = options.model or (recipe.request.model if recipe else DEMO.name)
    model = find(name, *options.elsewhere)
    if recipe and not options.model and identity_of(model.files) != recipe.model_identity:
        raise UserError(
            f"{options.source} was made with other weights than {name} now has: name the model with "
            "--model to use it all the same."
        )
    given = _given(options, name)
    if recipe:
        return replace(recipe.request, **given), model
    if options.prompt is None:
        raise UserError('What shall the clip show? Give a prompt: kinora generate "..."')
    d = model.spec.defaults
    defaults = {
        "width": d.width, "height": d.height, "frames": d.frames, "steps": d.steps,
        "guidance": d.guidance, "shift": d.shift, "solver": d.solver, "fps": d.fps,
        "negative_prompt": d.negative_prompt, "timesteps": d.timesteps,
        "seed": random.randrange(2**32),
    }  # fmt: skip
    return GenerationRequest(**(defaults | given)), model


def _given(options: argparse.Namespace, model: str) -> dict[str, object]:
    """The request's fields that the options name."""
    given = {
        "prompt": _text(options.prompt, "prompt"),
        "negative_prompt": _text(options.negative, "negative prompt"),
        "frames": options.frames, "steps": options.steps, "guidance": options.guidance,
        "shift": options.shift, "seed": options.seed, "fps": options.fps,
        "cfg_zero_star": options.cfg_zero_star,
        "solver": Solver(options.solver) if options.solver else None,
        "timesteps": _numbers(options.timesteps) if options.timesteps else None,
    }  # fmt: skip
    if options.size:
        given["width"], given["height"] = _size(options.size)
    given["model"] = model if model.lower() in MODELS else str(Path(model).resolve())
    return {name: value for name, value in given.items() if value is not None}


def _text(text: str | None, what: str) -> str | None:
    """Text from the command line, which may hold bytes that are no UTF-8."""
    if text is not None and any("\ud800" <= character <= "\udfff" for character in text):
        raise UserError(
            f"The {what} is not valid UTF-8: type it in a terminal that is set to UTF-8."
        )
    return text


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})\s*[xX×*]\s*(\d{1,6})", text.strip())
    if match is None:
        raise UserError(f"The size {text!r} can't be read: write it as WIDTHxHEIGHT, say 832x480.")
    return int(match[1]), int(match[2])


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(
            f"The timesteps {text!r} can't be read: write numbers with commas, say 1000,750,500,250."
        ) from error


def _free_name(request: GenerationRequest) -> Path:
    """A name in the current folder, after the prompt and the seed, that no file has yet."""
    words = re.sub(r"[^\w]+", "-", request.prompt.lower()).strip("-")[:40].strip("-")
    suffix = ".png" if request.frames == 1 else ".mp4"
    stem = f"{words or 'clip'}-{request.seed}"
    names = (Path(f"{stem}{f'-{n}' if n > 1 else ''}{suffix}") for n in range(1, 1_000_000))
    return next(name for name in names if not name.exists())


def _print_json(event: Event) -> None:
    sys.stdout.write(encode(event) + "\n")
    sys.stdout.flush()


def _list_models(options: argparse.Namespace) -> int:
    rows = [
        {
            "name": spec.name,
            "title": spec.title,
            "tasks": sorted(spec.tasks),
            "installed": folder_of(spec).is_dir(),
            "path": str(folder_of(spec)),
        }
        for spec in MODELS.values()
    ]
    if options.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return 0
    for row in rows:
        state = row["path"] if row["installed"] else f"get it: kinora models download {row['name']}"
        sys.stdout.write(f"{row['name']:<14} {row['title']:<20} {state}\n")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    report = inspect(options.path)
    text = json.dumps(report.to_json(), indent=1) if options.json else report.sentence()
    sys.stdout.write(text + "\n")
    return 0


def _download(options: argparse.Namespace) -> int:
    spec = MODELS[options.name]
    bar = ProgressBar(sys.stderr)
    for progress in download(spec.repository, folder_of(spec)):
        bar.draw(progress.file, progress.done_bytes, progress.total_bytes, human_bytes)
    sys.stdout.write(f"{folder_of(spec)}\n")
    return 0


def _use_utf8() -> None:
    """Consoles of other encodings (Windows) show a substitute instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
