"""What the create panel is about to ask for: values that follow the model until the user changes them."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import sqrt
from typing import Any

from PySide6.QtCore import QObject, Signal

from app import stills
from inference.api.messages import ModelInfo
from inference.api.models import DEMO, MODELS
from inference.api.sizes import frames_of_edit, frames_to_keep, size_like, size_of_edit
from inference.api.spec import (
    MAX_SEED,
    SIZE_MULTIPLE,
    GenerationRequest,
    ModelSpec,
    SamplingDefaults,
    Solver,
    WeightFormat,
    nearest_frames,
)


class Quality(StrEnum):
    """The share of the model's own number of steps, in words."""

    DRAFT = "draft"
    GOOD = "good"
    BEST = "best"


class Ratio(StrEnum):
    """Shapes of picture that are one click away."""

    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"
    CLASSIC = "4:3"
    PORTRAIT = "3:4"
    CINEMA = "21:9"


_SHARES = {Quality.DRAFT: 0.4, Quality.GOOD: 0.7, Quality.BEST: 1.0}


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that can be chosen beside the prompt, the model and the seed."""

    width: int
    height: int
    frames: int
    fps: int
    steps: int
    guidance: float
    shift: float
    solver: Solver
    negative_prompt: str
    timesteps: tuple[float, ...] = ()
    cfg_zero_star: bool = False
    weights: WeightFormat = WeightFormat.AUTO
    exact_attention: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """A kept video of which `frames` frames, from `start` on, are made anew where the kept picture `mask` is
    white: everywhere, if there is none. `kept_frames` and `outpaint` are as in the request: with the former the clip
    goes on after them. The video is `width` x `height` pixels; 0 where the mask tells."""

    video: str
    start: int
    mask: str
    frames: int
    fps: int
    kept_frames: int = 0
    outpaint: bool = False
    width: int = 0
    height: int = 0

    @property
    def shown_frame(self) -> int:
        """The number of that which tells one what the edit is of: its first, or the last before it goes on."""
        return self.start + max(0, self.kept_frames - 1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it is kept on disk."""

    prompt: str
    model: str
    seed: int
    seed_locked: bool
    variations: int
    choices: Choices
    stop_after: int
    touched: tuple[str, ...]
    followers: tuple[str, ...] = ()
    first_frame: str = ""
    last_frame: str = ""
    edit: Edit | None = None
    references: tuple[str, ...] = ()


def defaults_of(defaults: SamplingDefaults) -> Choices:
    """What a model is run with when the user says nothing."""
    return Choices(
        width=defaults.width,
        height=defaults.height,
        frames=defaults.frames,
        fps=defaults.fps,
        steps=defaults.steps,
        guidance=defaults.guidance,
        shift=defaults.shift,
        solver=defaults.solver,
        negative_prompt=defaults.negative_prompt,
        timesteps=defaults.timesteps,
    )


def choices_of(request: GenerationRequest) -> Choices:
    """What a request asks for beside its prompt, model and seed."""
    return Choices(**{field.name: getattr(request, field.name) for field in fields(Choices)})


SIDES = frozenset({"width", "height"})
OF_VIDEO = SIDES | {"frames", "fps"}  # what a clip that is edited brings with it
ANY_PROMPT = "?"  # to reckon with, never to be made
ANY = next(spec for spec in MODELS.values() if spec is not DEMO)  # stands in for an unknown model


def steps_for(quality: Quality, defaults: SamplingDefaults) -> int:
    """How many steps that quality takes with a model."""
    return max(1, round(defaults.steps * _SHARES[quality]))


def quality_of(steps: int, defaults: SamplingDefaults) -> Quality | None:
    """Which quality takes that many steps; None if the number is the user's own."""
    return next((quality for quality in Quality if steps_for(quality, defaults) == steps), None)


def size_for(ratio: Ratio, defaults: SamplingDefaults) -> tuple[int, int]:
    """Width and height of that shape, with about as many pixels as the model is best at."""
    across, down = (int(side) for side in ratio.split(":"))
    best = defaults.width, defaults.height
    for width, height in (best, best[::-1]):
        if abs(width / height / (across / down) - 1) < 0.04:
            return width, height
    scale = sqrt(best[0] * best[1] / (across * down))
    return _floor(across * scale), _floor(down * scale)


def ratio_of(width: int, height: int, defaults: SamplingDefaults) -> Ratio | None:
    """Which of the shapes that size is, with this model; None for a size of the user's own."""
    return next((ratio for ratio in Ratio if size_for(ratio, defaults) == (width, height)), None)


def edit_of(request: GenerationRequest) -> Edit | None:
    """Which video a request makes anew; None if it makes a clip from nothing."""
    if not request.video:
        return None
    return Edit(
        *(request.video, request.video_start, request.mask, request.frames, request.fps),
        *(request.kept_frames, request.outpaint),
        *((0, 0) if request.mask else (request.width, request.height)),
    )


def frames_for(seconds: float, fps: int) -> int:
    """The number of frames that can be made and lasts about that long."""
    return nearest_frames(round(seconds * fps))


def random_seed() -> int:
    """A seed of which nothing can be foretold."""
    return random.SystemRandom().randint(0, MAX_SEED)


def _floor(pixels: float) -> int:
    return max(SIZE_MULTIPLE, int(pixels) // SIZE_MULTIPLE * SIZE_MULTIPLE)


class Draft(QObject):
    """The request in the making. `changed` says that any of it did."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.prompt = ""
        self.model = DEMO.name
        self.seed = random_seed()
        self.seed_locked = False
        self.variations = 1
        self.choices = defaults_of(DEMO.defaults)
        self.stop_after = 0  # of a clip that was finished early, until other steps are chosen
        self.followers: tuple[
            str, ...
        ] = ()  # jobs that it stood before when it was taken back to edit
        self.first_frame = self.last_frame = ""  # names of kept pictures, see `app.stills`
        self.edit: Edit | None = None  # never beside those
        self.references: tuple[str, ...] = ()  # kept pictures of what the clip is to show
        self._touched: frozenset[str] = frozenset()
        self._likes: dict[str, str] = {}

    @property
    def spec(self) -> ModelSpec | None:
        """The known model with the chosen one's transformer; None if there is none."""
        return MODELS.get(self._likes.get(self.model, self.model))

    @property
    def defaults(self) -> SamplingDefaults:
        """What the chosen model is best run with."""
        return (self.spec or ANY).defaults

    @property
    def fitted_defaults(self) -> SamplingDefaults:
        """The same, in the shape of the picture that the clip begins with, or else ends with; as large and as long
        as the video that it is an edit of, whose size the mask has."""
        own, edit = self.defaults, self.edit
        size = stills.size_of(self.first_frame or self.last_frame if edit is None else edit.mask)
        if edit is not None and edit.width:
            size = edit.width, edit.height
        fit = size_like if edit is None else size_of_edit
        width, height = (own.width, own.height) if size is None else fit(*size, own)
        fitted = replace(own, width=width, height=height)
        if edit is None:
            return fitted
        frames = own.frames if edit.kept_frames else frames_of_edit(edit.frames, own)
        return replace(fitted, frames=frames, fps=edit.fps)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of all that is kept and that the clip is made from."""
        edited = () if self.edit is None else (self.edit.video, self.edit.mask)
        names = (self.first_frame, self.last_frame, *edited, *self.references)
        return tuple(name for name in names if name)

    def learn(self, models: Iterable[ModelInfo]) -> None:
        """What the models that the user added are like."""
        self._likes = {model.name: model.like for model in models if model.added}

    def set_prompt(self, prompt: str) -> None:
        if prompt != self.prompt:
            self.prompt = prompt
            self.changed.emit()

    def set_seed(self, seed: int, *, locked: bool) -> None:
        if (seed, locked) != (self.seed, self.seed_locked):
            self.seed, self.seed_locked = seed, locked
            self.changed.emit()

    def choose(self, **values: Any) -> None:
        """Takes values of the user's; they stay when the model changes."""
        chosen = replace(self.choices, **values)
        stop_after = 0 if "steps" in values else self.stop_after
        if (chosen, stop_after) != (self.choices, self.stop_after):
            self.choices, self.stop_after = chosen, stop_after
            self._touched |= values.keys()
            self.changed.emit()

    def give(self, *, first: str | None = None, last: str | None = None) -> None:
        """Takes the names of pictures that the clip begins and ends with; empty for none, None for what it was.

        A picture that is new gives the clip its shape, which stays until the user chooses another, and ends an
        edit.
        """
        before = (self.first_frame, self.last_frame)
        now = (before[0] if first is None else first, before[1] if last is None else last)
        if now == before:
            return
        self._set_edit(None)
        self.first_frame, self.last_frame = now
        if (leading := now[0] or now[1]) and leading not in before:
            self._touched -= SIDES
        if not self._touched & SIDES:
            own = self.fitted_defaults
            self.choices = replace(self.choices, width=own.width, height=own.height)
        self.changed.emit()

    def edit_video(self, edit: Edit | None) -> None:
        """Makes that anew, in place of a clip with pictures of its own; None: a clip from nothing again.

        The video gives the clip its size, its length and its frames a second, until the user chooses others.
        """
        if edit == self.edit:
            return
        if edit is not None:
            self.first_frame = self.last_frame = ""
        self._set_edit(edit)
        self.changed.emit()

    def forget_references(self) -> None:
        """The clip shows nothing of other pictures."""
        if self.references:
            self.references = ()
            self.changed.emit()

    def _set_edit(self, edit: Edit | None) -> None:
        if edit == self.edit:
            return
        self.edit = edit
        if edit is not None:
            self._touched -= OF_VIDEO
        fitted = defaults_of(self.fitted_defaults)
        free = {name: getattr(fitted, name) for name in OF_VIDEO - self._touched}
        self.choices = replace(self.choices, **free)

    def use_model(self, model: str) -> None:
        """Changes the model, and with it every value that the user left alone."""
        if model == self.model:
            return
        self.model = model
        kept = {name: getattr(self.choices, name) for name in self._touched}
        self.choices, self.stop_after = replace(defaults_of(self.fitted_defaults), **kept), 0
        self.changed.emit()

    def take(self, choices: Choices, *, stop_after: int = 0) -> None:
        """Takes every value; those that are as the model likes them follow it when it changes."""
        self.choices, self.stop_after = choices, stop_after
        standard = defaults_of(self.fitted_defaults)
        names = (field.name for field in fields(Choices))
        self._touched = frozenset(
            name for name in names if getattr(standard, name) != getattr(choices, name)
        )
        self.changed.emit()

    def load(self, request: GenerationRequest, followers: tuple[str, ...] = ()) -> None:
        """Takes a request as it is, one clip with its seed, which is locked."""
        self.followers = followers
        self.prompt, self.model = request.prompt, request.model
        self.first_frame, self.last_frame = request.first_frame, request.last_frame
        self.edit, self.references = edit_of(request), request.references
        self.seed, self.seed_locked, self.variations = request.seed, True, 1
        self.take(choices_of(request), stop_after=request.stop_after)

    def forget_place(self) -> None:
        """It is in the queue again: what is asked for next goes to its end."""
        if self.followers:
            self.followers = ()
            self.changed.emit()

    def kept(self) -> Kept:
        """All of it, for `recall`."""
        return Kept(
            *(self.prompt, self.model, self.seed, self.seed_locked, self.variations, self.choices),
            *(self.stop_after, tuple(sorted(self._touched)), self.followers),
            *(self.first_frame, self.last_frame, self.edit, self.references),
        )

    def recall(self, kept: Kept) -> None:
        """Takes a draft as it was."""
        self.prompt, self.model, self.variations = kept.prompt, kept.model, kept.variations
        self.seed, self.seed_locked = kept.seed, kept.seed_locked
        self.choices, self.stop_after = kept.choices, kept.stop_after
        self.followers = kept.followers
        self.first_frame, self.last_frame = kept.first_frame, kept.last_frame
        self.edit, self.references = kept.edit, kept.references
        self._touched = frozenset(kept.touched) & {field.name for field in fields(Choices)}
        self.changed.emit()

    def outline(self) -> GenerationRequest:
        """The request as far as it is known: before there is a prompt, of any. Raises `UserError`."""
        return self._request(self.prompt if self.prompt.strip() else ANY_PROMPT, self.seed)

    def request(self, number: int = 0) -> GenerationRequest:
        """The request for variation `number`, the seed counted on. Raises `UserError`."""
        return self._request(self.prompt, (self.seed + number) % (MAX_SEED + 1))

    def _request(self, prompt: str, seed: int) -> GenerationRequest:
        values = {field.name: getattr(self.choices, field.name) for field in fields(Choices)}
        values |= {"first_frame": self.first_frame, "last_frame": self.last_frame}
        values |= {"references": self.references}
        if (edit := self.edit) is not None:
            kept = edit.kept_frames
            if kept and kept >= self.choices.frames:  # of a longer clip
                kept = frames_to_keep(self.choices.frames)
            start = edit.start + edit.kept_frames - kept
            values |= {"video": edit.video, "video_start": start, "mask": edit.mask}
            values |= {"kept_frames": kept, "outpaint": edit.outpaint}
        values["stop_after"] = self.stop_after
        return GenerationRequest(prompt=prompt, model=self.model, seed=seed, **values)

    def requests(self) -> list[GenerationRequest]:
        """One request a variation; afterwards a seed that is not locked is thrown anew."""
        made = [self.request(number) for number in range(self.variations)]
        if not self.seed_locked:
            self.seed = random_seed()
            self.changed.emit()
        return made
