"""`kinora plan`: what a clip would take on a card of some size, and how long. Needs neither a card nor torch."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from inference.api.arguments import counted, parse_bytes, parse_size
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.experience import NO_PICTURE, NOTHING, Experience
from inference.api.history import History, history_file
from inference.api.models import MODELS
from inference.api.plan import VramPlan, plan
from inference.api.ram import ram_bytes
from inference.api.spec import GenerationRequest, ModelSpec, Task, WeightFormat, default_request
from inference.api.tasks import refusal

GIB = 2**30
ANY_PROMPT = "any"  # a plan has room for the longest
ANY_SEED = 0


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read what `kinora plan` is asked."""
    add = parser.add_argument
    add("--model", required=True, help=f"one of {', '.join(MODELS)}")
    add("--size", metavar="WxH", help="in pixels, multiples of 16 (the model's own)")
    add("--frames", type=int, metavar="N", help="4n+1 (the model's own)")
    words = "plan for a clip whose {} frame is given"
    add("--first-frame", action="store_true", help=words.format("first"))
    add("--last-frame", action="store_true", help=words.format("last"))
    add("--video", action="store_true", help="plan for an edit of a video")
    add("--steps", type=int, metavar="N", help="solver steps (the model's own)")
    add("--guidance", type=float, metavar="G", help="1 is half the work (the model's own)")
    add("--vram", metavar="SIZE", help="of the card, say 8GiB; without it the processor computes")
    add(
        "--ram",
        metavar="SIZE",
        help="free for programs, say 16GiB (what is free here; with --vram, any)",
    )
    add("--weights", default=WeightFormat.AUTO.value, choices=[w.value for w in WeightFormat])
    add("--json", action="store_true", help="print JSON, in which `fits` says whether it does")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    spec = _spec(options.model)
    request = _request(spec, options)
    if obstacle := refusal(spec.title, spec.tasks, request):
        raise UserError(obstacle)
    device, experience = _recalled(_device(options))
    made = plan(spec, request, device, experience)
    if options.json:
        sys.stdout.write(json.dumps(_to_json(request, made), indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(request, made))
    return 0


def _spec(name: str) -> ModelSpec:
    spec = MODELS.get(name.lower())
    if spec is None:
        raise UserError(f"There is no model {name!r}: plan for one of {', '.join(MODELS)}.")
    return spec


def _request(spec: ModelSpec, options: argparse.Namespace) -> GenerationRequest:
    request = default_request(ANY_PROMPT, spec.name, spec.defaults, ANY_SEED)
    width, height = parse_size(options.size) if options.size else (None, None)
    given = {
        "width": width,
        "height": height,
        "frames": options.frames,
        "steps": options.steps,
        "guidance": options.guidance,
        "weights": WeightFormat(options.weights),
        **_pictures(spec, options),
    }
    return replace(request, **{name: value for name, value in given.items() if value is not None})


def _pictures(spec: ModelSpec, options: argparse.Namespace) -> dict[str, str]:
    """Which frames are given: those that are named, and those without which the model makes nothing."""
    needs_pictures = Task.T2V not in spec.tasks
    first = options.first_frame or needs_pictures
    last = options.last_frame or (needs_pictures and Task.I2V not in spec.tasks)
    given = {"first_frame": first, "last_frame": last, "video": options.video}
    return {name: NO_PICTURE for name, is_given in given.items() if is_given}


def _device(options: argparse.Namespace) -> DeviceInfo:
    card = parse_bytes(options.vram) if options.vram else 0
    name = f"a card of {options.vram}" if card else "CPU"
    own_ram = 0 if card else ram_bytes()[1]  # a card may be meant for another machine
    ram = parse_bytes(options.ram) if options.ram else own_ram
    return DeviceInfo(name, total_bytes=card, free_bytes=card, ram_bytes=ram)


def _recalled(device: DeviceInfo) -> tuple[DeviceInfo, Experience]:
    """What is known of the processor, or of the card that made the latest clip here, with its name."""
    if not history_file().exists():  # none is begun for a question
        return device, NOTHING
    with History() as history:
        if history.notice:
            sys.stderr.write(f"kinora: {history.notice}\n")
        if device.total_bytes:
            device = replace(device, name=history.latest_card() or device.name)
        return device, history.experience(device.name)


def _to_json(request: GenerationRequest, made: VramPlan) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "fits": made.fits,
        "peak_vram_bytes": made.peak_vram_bytes,
        "peak_ram_bytes": made.peak_ram_bytes,
        "seconds": _rounded(made.seconds),
        "weights": made.weights.value,
        "choice": None if made.choice is None else made.choice.sentence(),
        "resident_blocks": made.resident_blocks,
        "chunk_tokens": made.chunk_tokens,
        "tile": made.decoding.side,
        "park": made.decoding.park,
        "stages": [
            {
                "name": stage.stage.value,
                "peak_vram_bytes": stage.peak_vram_bytes,
                "peak_ram_bytes": stage.peak_ram_bytes,
                "resident": stage.resident,
                "seconds": _rounded(stage.seconds),
                "runs": stage.runs,
            }
            for stage in made.stages
        ],
    }
    if not made.fits:
        fields["suggestion"] = _suggestion_to_json(request, made)
    return fields


def _suggestion_to_json(request: GenerationRequest, made: VramPlan) -> dict[str, Any] | None:
    instead = made.suggestion
    if instead is None:
        return None
    return {
        "width": instead.width,
        "height": instead.height,
        "frames": instead.frames,
        "weights": instead.weights.value,
        "sentence": _advice(request, instead),
    }


def _lines(request: GenerationRequest, made: VramPlan) -> Iterator[str]:
    clip = f"{counted(request.frames, 'frame')} of {request.width}x{request.height} with {request.model}"
    yield f"{clip}: {'this fits' if made.fits else 'this does not fit'}."
    for stage in made.stages:
        card = f"{_gib(stage.peak_vram_bytes)} of VRAM, " if stage.peak_vram_bytes else ""
        time = "" if stage.seconds is None else f"{_time(stage.seconds)}, "
        memory = f"{card}{_gib(stage.peak_ram_bytes)} of RAM"
        yield f"  {stage.stage.value:<9} {time}{memory}: {stage.resident}"
    if made.choice is not None:
        yield f"Weights in {made.choice.sentence()}."
    if made.fits:
        yield _time_line(made)
        return
    if made.suggestion is None:
        yield "No clip of this model fits: use a smaller model, or a machine with more memory."
    else:
        yield _advice(request, made.suggestion)


def _advice(request: GenerationRequest, instead: GenerationRequest) -> str:
    """The changes that make it fit, in one sentence."""
    changes: list[str] = []
    if instead.weights is not request.weights:
        changes.append(f"weights in {instead.weights.value}")
    if instead.frames != request.frames:
        changes.append(counted(instead.frames, "frame"))
    if (instead.width, instead.height) != (request.width, request.height):
        changes.append(f"{instead.width}x{instead.height}")
    return f"It fits with {' and '.join(changes)}."


def _time_line(made: VramPlan) -> str:
    """What is known of the time, and by how much."""
    if made.seconds is not None:
        runs = min(stage.runs for stage in made.stages)
        return f"It takes about {_time(made.seconds)}, by {counted(runs, 'run')} like it here."
    unknown = [stage.stage.value for stage in made.stages if stage.seconds is None]
    if len(unknown) == len(made.stages):
        return "How long it takes isn't known: nothing like it has run here yet."
    return (
        f"How long it takes isn't known: nothing like its {' and '.join(unknown)} has run here yet."
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0.001):.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _gib(count: int) -> str:
    return f"{count / GIB:,.2f} GiB"
