"""What `kinora generate` is asked on the command line, and the request that comes of it."""

import argparse
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from inference import shelf
from inference.api.arguments import parse_bytes, parse_size
from inference.api.errors import UserError
from inference.api.models import DEMO, MODELS
from inference.api.pictures import keep, path_of
from inference.api.sizes import frames_of_edit, frames_to_keep, size_like, size_of_edit
from inference.api.spec import (
    MAX_SEED,
    MOST_FPS,
    MOST_SKIPPED,
    GenerationRequest,
    SamplingDefaults,
    Solver,
    WeightFormat,
    default_request,
)
from inference.catalog import Model, find
from inference.condition import size_of, take_picture
from inference.footage import Sight, look_at
from inference.media import read_frames
from inference.recipe import Recipe, identity_of


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """The options as they were typed; None is what was left to the model's or recipe's choice."""

    prompt: str | None
    source: Path | None
    negative: str | None
    first_frame: str | None  # the path of a picture; empty for none
    last_frame: str | None
    video: str | None  # the path of a video; empty for none
    video_start: int | None
    mask: str | None
    outpaint: bool | None
    references: list[str]  # paths of pictures
    continues: bool
    kept_frames: int | None
    model: str | None
    elsewhere: list[Path]
    size: str | None
    frames: int | None
    steps: int | None
    guidance: float | None
    shift: float | None
    seed: int | None
    solver: str | None
    timesteps: str | None
    cfg_zero_star: bool | None
    fps: int | None
    weights: str | None
    vram: str | None
    exact_attention: bool | None
    compiles: bool
    output: Path | None
    overwrites: bool
    json: bool

    @classmethod
    def of(cls, parsed: argparse.Namespace) -> Self:
        """The options that `add_generate_options` had a parser read."""
        return cls(**{field.name: getattr(parsed, field.name) for field in fields(cls)})

    def vram_bytes(self) -> int:
        """The most of the card that may be taken; 0 for all that is free."""
        return parse_bytes(self.vram) if self.vram else 0

    def changes(self) -> dict[str, Any]:
        """The fields of a `GenerationRequest` that the options name, but for its model."""
        width, height = parse_size(self.size) if self.size else (None, None)
        named = {
            "prompt": self.prompt,
            "negative_prompt": self.negative,
            "first_frame": _parse_picture(self.first_frame),
            "last_frame": _parse_picture(self.last_frame),
            "video": _parse_video(self.video),
            "video_start": self.video_start,
            "mask": _parse_video(self.mask),
            "outpaint": self.outpaint,
            "references": _parse_references(self.references),
            "width": width,
            "height": height,
            "frames": self.frames,
            "steps": self.steps,
            "guidance": self.guidance,
            "shift": self.shift,
            "seed": self.seed,
            "solver": Solver(self.solver) if self.solver else None,
            "timesteps": _parse_numbers(self.timesteps) if self.timesteps else None,
            "cfg_zero_star": self.cfg_zero_star,
            "fps": self.fps,
            "weights": WeightFormat(self.weights) if self.weights else None,
            "exact_attention": self.exact_attention,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, with which model, and the recipe it repeats, if it does."""

    request: GenerationRequest
    model: Model
    repeated: Recipe | None = None


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read what `GenerateOptions` holds."""
    d = DEMO.defaults
    add = parser.add_argument
    add("prompt", nargs="?", help="what the clip shows, in English or Chinese")
    add("--from", dest="source", type=Path, metavar="FILE", help="repeat the recipe in this clip")
    add("--negative", metavar="TEXT", help="what the clip is kept away from")
    _add_given(add)
    add("--model", help=f"a known model ({', '.join(MODELS)}) or a path")
    add(
        "--with", dest="elsewhere", type=Path, action="append", default=[], metavar="PATH",
        help="a file or folder with parts that the model's own place lacks; repeatable",
    )  # fmt: skip
    add("--size", metavar="WxH", help=f"in pixels, multiples of 16 (demo: {d.width}x{d.height})")
    add("--frames", type=int, metavar="N", help=f"4n+1 (demo: {d.frames})")
    add("--steps", type=int, metavar="N", help=f"solver steps (demo: {d.steps})")
    add("--guidance", type=float, metavar="G", help="how closely the prompt is followed; from 1")
    add("--shift", type=float, metavar="S", help="more of the steps at high noise")
    add("--seed", type=int, metavar="N", help="the same seed gives the same clip")
    add("--solver", choices=[solver.value for solver in Solver])
    add("--timesteps", metavar="T,T,..", help="for lcm: those a distilled model was trained at")
    add("--cfg-zero-star", action=argparse.BooleanOptionalAction, help="CFG-Zero* guidance")
    add("--fps", type=int, metavar="N", help=f"frames a second of the file (demo: {d.fps})")
    add(
        "--weights", choices=[form.value for form in WeightFormat],
        help="how the transformer's are kept (auto: in the fastest way that fits, as it was measured)",
    )  # fmt: skip
    add("--vram", metavar="SIZE", help="take no more of the card, say 6GiB (all that is free)")
    add(
        "--exact-attention", action=argparse.BooleanOptionalAction,
        help="compute attention in no fewer bits than 16, where a card would be faster with 8",
    )  # fmt: skip
    add(
        "--compile", dest="compiles", action="store_true",
        help="try torch's compiler: a minute to begin with, then faster steps on most cards",
    )  # fmt: skip
    add(
        "-o", "--output", type=Path, metavar="FILE",
        help=".mp4, .webm, .gif, .png (one frame) or a folder for PNGs",
    )  # fmt: skip
    add_overwrite(add)
    add("--json", action="store_true", help="print events as JSON lines")


def _add_given(add: Callable[..., object]) -> None:
    """What of the clip is there already."""
    add(
        "--first-frame", "--image", metavar="FILE",
        help="a picture that the clip begins with; without --size the clip has its shape",
    )  # fmt: skip
    add("--last-frame", metavar="FILE", help="a picture that the clip ends with")
    add(
        "--video", metavar="FILE",
        help="a video, or a picture, that the clip is an edit of, in its size and as long, as far as the model can; "
        "without --mask it guides a new one: poses, depths, outlines",
    )  # fmt: skip
    add("--video-start", type=int, metavar="N", help="the frame of the video to begin with (0)")
    add(
        "--mask", metavar="FILE",
        help="a picture or a video, white where the clip is made anew; elsewhere it stays as it is",
    )  # fmt: skip
    add(
        "--outpaint", action=argparse.BooleanOptionalAction,
        help="keep all of a video whose shape is another than --size, and make anew what is around it",
    )  # fmt: skip
    add(
        "--reference", dest="references", action="append", default=[], metavar="FILE",
        help="a picture of what the clip is to show: somebody, something, a style; repeatable",
    )  # fmt: skip
    add(
        "--continue", dest="continues", action="store_true",
        help="go on with the --video where it ends; the file has both",
    )  # fmt: skip
    add(
        "--keep", dest="kept_frames", type=int, metavar="N",
        help="with --continue: how many of its last frames are seen, 4n+1 (a fifth of the clip)",
    )  # fmt: skip


def add_overwrite(add: Callable[..., object]) -> None:
    """Have a parser's `add` read whether a file that is there may go."""
    words = "replace the file that is there"
    add("--overwrite", dest="overwrites", action="store_true", help=words)


def require_free(output: Path, *, overwrites: bool) -> None:
    """Raises `UserError` if there is a file at `output` that nobody said may go."""
    is_there = output.is_file() or (output.is_symlink() and not output.exists())
    if is_there and not overwrites:
        raise UserError(
            f"{output} exists already: choose another name, or add --overwrite to replace it."
        )


def make_order(options: GenerateOptions) -> Order:
    """The request that the options describe and its model. Raises `UserError`."""
    changes = options.changes()
    if options.source is None:
        if options.prompt is None:
            raise UserError("There is no prompt: describe the video you want, in quotes.")
        name = options.model or DEMO.name
        model = find(name, *options.elsewhere)
        seed = random.randint(0, MAX_SEED)
        request = default_request(options.prompt, _full_name(name), model.spec.defaults, seed)
        return Order(replace(request, **_shape(options, model.spec.defaults) | changes), model)
    recipe = Recipe.read(options.source)
    name = options.model or recipe.request.model
    model = find(name, *options.elsewhere)
    if options.model is None and identity_of(model.files) != recipe.model_identity:
        raise UserError(
            f"{options.source} was made with other weights than {name} has now: name the model with "
            "--model to use it all the same."
        )
    repeated = replace(recipe.request, model=_full_name(name))
    for option in ("first_frame", "last_frame", "video", "mask", "references"):
        kept = getattr(repeated, option)
        names = kept if isinstance(kept, tuple) else (kept,) if kept else ()
        if option not in changes and any(path_of(name) is None for name in names):
            kind = "video" if option == "video" else "picture"
            raise UserError(
                f"{options.source} was made from a {kind} that isn't on this machine: name it with "
                f"--{option.replace('_', '-').removesuffix('s')}."
            )
    if options.continues or options.kept_frames is not None:
        fresh = {"mask": "", "outpaint": False}
        changes = fresh | _continuation(options, model.spec.defaults) | changes
    elif "video" in changes:  # what was of the other isn't of this one
        fresh = {"video_start": 0, "kept_frames": 0, "mask": "", "outpaint": False}
        changes = fresh | changes
    if changes.keys() & {"steps", "timesteps", "solver"}:
        repeated = replace(repeated, stop_after=0)  # it counted the steps of the old schedule
    return Order(replace(repeated, **changes), model, recipe)


def free_name(request: GenerationRequest) -> Path:
    """A name in the current folder, after the prompt and the seed, that no file has yet."""
    words = re.sub(r"\W+", "-", request.prompt.lower())[:40].strip("-")
    stem = f"{words or 'clip'}-{request.seed}"
    suffix = ".png" if request.frames == 1 else ".mp4"
    path, count = Path(stem + suffix), 1
    while path.exists():
        count += 1
        path = Path(f"{stem}-{count}{suffix}")
    return path


def _full_name(model: str) -> str:
    """A model's name that holds in every folder."""
    if model.lower() in MODELS:
        return model.lower()
    return model if shelf.path_of(model) else str(Path(model).resolve())


def _parse_picture(path: str | None) -> str | None:
    """The name of a picture, empty for none; None where nothing was said of it."""
    return take_picture(Path(path)) if path else path


def _parse_references(paths: list[str]) -> tuple[str, ...] | None:
    """The names of pictures; None where there is none. An empty path is for none of those in a recipe."""
    return tuple(take_picture(Path(path)) for path in paths if path) if paths else None


def _parse_video(path: str | None) -> str | None:
    """The same for a video, or a mask."""
    if not path:
        return path
    if Path(path).is_dir():
        raise UserError(f"{path} is a folder: name a file, such as a .mp4.")
    next(read_frames(path))  # whatever can be read
    return keep(Path(path))


def _shape(options: GenerateOptions, defaults: SamplingDefaults) -> dict[str, int]:
    """The size of a clip, and the number and rate of its frames, as what it is made from has them."""
    if options.continues or options.kept_frames is not None:
        return _continuation(options, defaults)
    if options.video:
        start = options.video_start or 0
        seen = look_at(Path(options.video), start, options.frames or defaults.frames)
        width, height = size_of_edit(seen.width, seen.height, defaults)
        if options.outpaint and options.size is None:
            raise UserError(
                f"The clip has the shape of {options.video}, so that nothing is around it: choose another with --size."
            )
        frames = frames_of_edit(seen.frames, defaults)
        return {"width": width, "height": height, "frames": frames, **_rate(seen)}
    if shown := options.first_frame or options.last_frame:
        width, height = size_like(*size_of(Path(shown)), defaults)
        return {"width": width, "height": height}
    return {}


def _continuation(options: GenerateOptions, defaults: SamplingDefaults) -> dict[str, int]:
    """The same of a clip that goes on with a video, and from where."""
    if not options.continues or not options.video or options.video_start is not None:
        raise UserError(
            "A clip goes on where a video ends: use --continue and --keep with --video, and without --video-start."
        )
    frames = options.frames or defaults.frames
    seen = look_at(Path(options.video), 0, MOST_SKIPPED)
    fewer = frames_of_edit(seen.frames, replace(defaults, frames=frames_to_keep(frames)))
    kept = fewer if options.kept_frames is None else options.kept_frames
    if not 1 <= kept <= seen.frames:
        raise UserError(f"{options.video} has {seen.frames} frames: keep from 1 to {seen.frames}.")
    width, height = size_of_edit(seen.width, seen.height, defaults)
    going_on = {"frames": frames, "kept_frames": kept, "video_start": seen.frames - kept}
    return {"width": width, "height": height, **going_on, **_rate(seen)}


def _rate(seen: Sight) -> dict[str, int]:
    """The frames a second of a video, as near as can be asked for."""
    return {"fps": min(max(1, round(seen.fps)), MOST_FPS)} if seen.fps else {}


def _parse_numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(
            f"The timesteps {text!r} can't be read: write numbers with commas, say 1000,750,500,250."
        ) from error
