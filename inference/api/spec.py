"""What a model is and what a request is: the types every other part passes around.

Axis letters used in this project: B batch, C channels, F frames (latent or video), H height, W width,
L tokens, D model width.
"""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from inference.api.errors import UserError
from inference.api.sentence import Sentence

SPATIAL_STRIDE = 8  # video pixels per latent pixel
TEMPORAL_STRIDE = 4  # video frames per latent frame, after the first
SIZE_MULTIPLE = 16  # spatial stride times the transformer's 2x2 patch
MAX_SIDE = 8192
MAX_FRAMES = 10_001
KEPT = re.compile("[0-9a-f]{64}")  # what `inference.api.pictures` calls what it keeps
MOST_REFERENCES = 4
MOST_FPS = 240
MOST_SKIPPED = 10_000_000  # frames of a video before those that are taken
MAX_SEED = 2**32 - 1  # torch's generator on the CPU uses no more bits than these


class Task(StrEnum):
    """What a transformer can be asked to do, by the conditioning it was trained with: text alone, text and
    the first frame, the first and the last frame, or a clip of which any part is given."""

    T2V = "t2v"
    I2V = "i2v"
    FLF2V = "flf2v"
    VACE = "vace"


class Solver(StrEnum):
    """The integrator of the flow; see `inference.sample`."""

    UNIPC = "unipc"
    DPMPP = "dpm++"
    EULER = "euler"
    LCM = "lcm"


class WeightFormat(StrEnum):
    """How the transformer's linear layers keep their weights; `quant.formats.FORMATS` describes each.

    NATIVE is what the device computes in: bf16 on a graphics card, fp16 on an old one, float32 on a CPU. AUTO leaves the choice
    to the plan; a clip that is made is in one of the others.
    """

    AUTO = "auto"
    NATIVE = "native"
    INT8 = "int8"
    INT8_WEIGHT_ONLY = "int8-weight-only"
    FP8 = "fp8"
    FP8_WEIGHT_ONLY = "fp8-weight-only"
    NF4 = "nf4"
    LLM_INT8 = "llm.int8"
    QUANTO_INT8 = "quanto-int8"
    QUANTO_FP8 = "quanto-fp8"


@dataclass(frozen=True, slots=True)
class DiTParams:
    """Shape of a Wan2.1 transformer. Every field but `text_len` and `eps` can be read off its tensors.

    `image_dim` is 0 without an image embedding (T2V, VACE) and 1280 with CLIP (I2V, FLF2V);
    `image_positions` is 514 in FLF2V, which marks the two images' tokens, else 0;
    `vace_layers` lists the blocks that take a VACE hint.
    """

    dim: int
    ffn_dim: int
    num_layers: int
    num_heads: int
    in_dim: int = 16
    out_dim: int = 16
    text_dim: int = 4096
    text_len: int = 512
    freq_dim: int = 256
    image_dim: int = 0
    image_positions: int = 0
    vace_layers: tuple[int, ...] = ()
    vace_in_dim: int = 96
    patch_size: tuple[int, int, int] = (1, 2, 2)
    eps: float = 1e-6


@dataclass(frozen=True, slots=True)
class TextParams:
    """Shape of a UMT5 encoder (every block has its own relative position table)."""

    vocab_size: int = 256384
    dim: int = 4096
    dim_attn: int = 4096
    dim_ffn: int = 10240
    num_heads: int = 64
    num_layers: int = 24
    num_buckets: int = 32
    max_distance: int = 128
    eps: float = 1e-6


@dataclass(frozen=True, slots=True)
class VAEParams:
    """Shape of a Wan2.1 causal VAE: 8x8 in space, 4x in time after the first frame."""

    dim: int = 96
    z_dim: int = 16
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    temporal_downsample: tuple[bool, ...] = (False, True, True)


@dataclass(frozen=True, slots=True)
class ImageParams:
    """Shape of a CLIP vision tower; the defaults are ViT-H/14, which I2V-14B uses."""

    image_size: int = 224
    patch_size: int = 14
    dim: int = 1280
    mlp_dim: int = 5120
    num_heads: int = 16
    num_layers: int = 32
    out_dim: int = 1024  # of the projection that the checkpoint carries and video doesn't use
    eps: float = 1e-5


@dataclass(frozen=True, slots=True)
class SamplingDefaults:
    """What a model is run with when the user says nothing.

    `shift` bends the noise schedule towards high noise (s*x / (1 + (s-1)*x)); `guidance` 1.0 runs the
    conditional branch alone. `timesteps` are the re-noising steps a distilled model was trained at, in place of `steps`.
    """

    width: int = 832
    height: int = 480
    frames: int = 81
    fps: int = 16
    steps: int = 50
    guidance: float = 5.0
    shift: float = 5.0
    solver: Solver = Solver.UNIPC
    negative_prompt: str = ""
    timesteps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model the program knows: what it can do, the shapes of its networks, how it is best run.

    `repository` is where its files are published (empty for the model that ships); `folder` is where
    it lies when it comes with the program, relative to the project's root. `world` says what it
    knows, for a model that does not know everything.
    """

    name: str
    title: str
    tasks: frozenset[Task]
    dit: DiTParams
    text: TextParams = field(default_factory=TextParams)
    vae: VAEParams = field(default_factory=VAEParams)
    image: ImageParams | None = None
    defaults: SamplingDefaults = field(default_factory=SamplingDefaults)
    repository: str = ""
    folder: str = ""
    world: str = ""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Everything that affects the result. Validates itself; `seed` is always concrete.

    Sizes are in pixels, `fps` in frames a second; `first_frame` and `last_frame` are the names of kept pictures
    (see `inference.api.pictures`) that the clip begins and ends with, empty where nothing is given.

    `video` is the name of a kept video, or picture, that the clip is an edit of, from its frame `video_start` on; where
    the kept picture or video `mask` is white the clip is made anew, and elsewhere it is the video's. Without a mask all
    of it is made anew, as the video guides it: poses, depths, outlines. With `kept_frames`, 4n+1, the clip goes on
    after so many frames of the video, and what is made is written after all that the video has until there. With
    `outpaint` all of the video is in the clip, whose shape is another, and the rest is made anew; else what the shape
    leaves out is cut off. `references` are kept pictures of what the clip is to show: somebody, something, a style.

    `timesteps` (1000 to 0, falling) replaces `steps` for the LCM solver. With `exact_attention` a card computes attention in no fewer bits than the rest, even where it
    would be faster with 8. `stop_after` is the number of steps after which the clip was finished early, as it was
    guessed by then; 0 for all of them. Raises `UserError`, with the nearest valid value where there is one.
    """

    prompt: str
    model: str
    width: int
    height: int
    frames: int
    steps: int
    guidance: float
    shift: float
    seed: int
    solver: Solver
    fps: int
    negative_prompt: str = ""
    first_frame: str = ""
    last_frame: str = ""
    video: str = ""
    video_start: int = 0
    mask: str = ""
    kept_frames: int = 0
    outpaint: bool = False
    references: tuple[str, ...] = ()
    cfg_zero_star: bool = False
    timesteps: tuple[float, ...] = ()
    weights: WeightFormat = WeightFormat.AUTO
    exact_attention: bool = False
    stop_after: int = 0

    def __post_init__(self) -> None:
        for name in (Sentence("prompt"), Sentence("negative prompt"), Sentence("model")):
            _check_text(name, getattr(self, name.replace(" ", "_")))
        if not self.prompt.strip():
            raise UserError("The prompt is empty: describe the video you want.")
        _check_size(self.width, self.height)
        _check_frames(self.frames)
        _check_range(Sentence("number of steps"), self.steps, 1, 1000)
        _check_range(Sentence("number of steps to stop after"), self.stop_after, 0, 1000)
        _check_range(Sentence("guidance"), self.guidance, 1.0, 100.0)
        _check_range(Sentence("shift"), self.shift, 0.01, 100.0)
        _check_range(Sentence("frame rate"), self.fps, 1, MOST_FPS)
        _check_range(Sentence("seed"), self.seed, 0, MAX_SEED)
        _check_timesteps(self.timesteps)
        _check_range(Sentence("number of frames to skip"), self.video_start, 0, MOST_SKIPPED)
        _check_given(self)

    @property
    def pictures(self) -> dict[int, str]:
        """The names of the pictures that are given, by the number of the frame that each is."""
        given = {0: self.first_frame, self.frames - 1: self.last_frame}
        return {number: name for number, name in given.items() if name}

    @property
    def written_frames(self) -> int:
        """Of the file: with those that the video has before, where the clip goes on with one."""
        return self.frames + (self.video_start if self.kept_frames else 0)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of all that is kept and that the clip is made from, beside its words."""
        names = self.first_frame, self.last_frame, self.video, self.mask, *self.references
        return tuple(name for name in names if name)


def default_request(
    prompt: str, model: str, defaults: SamplingDefaults, seed: int
) -> GenerationRequest:
    """The request for `prompt` with all that a model likes best."""
    return GenerationRequest(
        prompt=prompt,
        model=model,
        width=defaults.width,
        height=defaults.height,
        frames=defaults.frames,
        steps=defaults.steps,
        guidance=defaults.guidance,
        shift=defaults.shift,
        seed=seed,
        solver=defaults.solver,
        fps=defaults.fps,
        negative_prompt=defaults.negative_prompt,
        timesteps=defaults.timesteps,
    )


def dit_for(params: DiTParams, request: GenerationRequest) -> DiTParams:
    """The transformer as the request needs it: text alone doesn't run VACE's blocks."""
    return params if request.given else replace(params, vace_layers=())


def latent_shape(
    width: int, height: int, frames: int, channels: int = 16
) -> tuple[int, int, int, int]:
    """Shape [C, F, H, W] of the latent of a `width` x `height` clip of `frames` (4n+1) video frames."""
    latent_frames = (frames - 1) // TEMPORAL_STRIDE + 1
    return channels, latent_frames, height // SPATIAL_STRIDE, width // SPATIAL_STRIDE


def nearest_size(pixels: int) -> int:
    """The width or height that can be made and is nearest to `pixels`."""
    multiple = (pixels + SIZE_MULTIPLE // 2) // SIZE_MULTIPLE * SIZE_MULTIPLE
    return min(max(multiple, SIZE_MULTIPLE), MAX_SIDE)


def nearest_frames(frames: int) -> int:
    """The number of frames, 4n+1, that can be made and is nearest to `frames`."""
    latent_frames = (frames - 1 + TEMPORAL_STRIDE // 2) // TEMPORAL_STRIDE
    return min(max(latent_frames * TEMPORAL_STRIDE + 1, 1), MAX_FRAMES)


def _check_text(name: Sentence, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            "The {name} has bytes that are no UTF-8 text: use a terminal that is set to UTF-8.",
            name=name,
        ) from error


def _check_size(width: int, height: int) -> None:
    nearest = nearest_size(width), nearest_size(height)
    if (width, height) != nearest:
        raise UserError(
            "The size {width}x{height} can't be made: width and height are multiples of "
            "{multiple} up to {largest}; the nearest is {nearest_width}x{nearest_height}.",
            width=width,
            height=height,
            multiple=SIZE_MULTIPLE,
            largest=MAX_SIDE,
            nearest_width=nearest[0],
            nearest_height=nearest[1],
        )


def _check_frames(frames: int) -> None:
    nearest = nearest_frames(frames)
    if frames != nearest:
        raise UserError(
            "{frames} frames can't be made: their number is 4n+1, up to {most}; the nearest is "
            "{nearest}.",
            frames=frames,
            most=MAX_FRAMES,
            nearest=nearest,
        )


def _check_timesteps(timesteps: tuple[float, ...]) -> None:
    falling = all(before > after for before, after in pairwise((*timesteps, 0.0)))
    if not falling or any(timestep > 1000 for timestep in timesteps):
        raise UserError(
            "The timesteps {timesteps} can't be used: they fall from at most 1000 and stay above "
            "0.",
            timesteps=", ".join(f"{t:g}" for t in timesteps),
        )


def _check_given(request: GenerationRequest) -> None:
    for name in request.given:
        if not KEPT.fullmatch(name):
            raise UserError("{name!r} is no picture that Kinora keeps: choose it again.", name=name)
    pictures = request.first_frame or request.last_frame
    if pictures and request.frames == 1:
        raise UserError(
            "A clip of one frame leaves nothing to make beside the picture: ask for 5 frames or more."
        )
    if pictures and request.video:
        raise UserError(
            "A clip that is an edit of a video has its first and last frames from there: take the "
            "pictures away, or the video."
        )
    if not request.video and (
        request.mask or request.outpaint or request.kept_frames or request.video_start
    ):
        raise UserError("What is to be made of a video is said, and no video is named: name it.")
    _check_range(Sentence("number of references"), len(request.references), 0, MOST_REFERENCES)
    if request.kept_frames:
        _check_kept_frames(request)


def _check_kept_frames(request: GenerationRequest) -> None:
    if request.mask or request.outpaint:
        raise UserError("A clip goes on with a video as it is: leave out the mask, or outpainting.")
    if request.kept_frames >= request.frames:
        raise UserError(
            "{kept} frames of the video leave nothing of {frames} to make: take fewer of them, or make the clip "
            "longer.",
            kept=request.kept_frames,
            frames=request.frames,
        )
    if request.kept_frames != nearest_frames(request.kept_frames):
        raise UserError(
            "A clip can't go on with {kept} frames of a video: their number is 4n+1; the nearest is {nearest}.",
            kept=request.kept_frames,
            nearest=nearest_frames(request.kept_frames),
        )


def _check_range(name: Sentence, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also false for NaN
        raise UserError(
            "The {name} can't be {value}: it lies between {low} and {high}.",
            name=name,
            value=value,
            low=low,
            high=high,
        )
