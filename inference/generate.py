"""The one pipeline: a request becomes a clip, told as a stream of events.

Each stage builds its network, uses it and drops it before the next begins, so two are never in memory
together. Closing the generator at any event stops the work and leaves no file.
"""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from inference import sample
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import Event, Finished, Generate, Notice, Progress, Stage, StageReport
from inference.api.spec import GenerationRequest, ModelSpec, Task, latent_shape
from inference.catalog import Model
from inference.load import load_dit, load_tokenizer, load_vae
from inference.media import check_output, open_writer
from inference.memory import peak_ram_bytes, peak_vram_bytes, reset_peaks
from inference.offload import stream_text
from inference.recipe import Recipe
from inference.wan.dit import DiT
from inference.wan.text import Tokenizer
from inference.weights.params import dit_params, text_params


@dataclass(slots=True)
class _Meter:
    """Tells how far a job's running stage is, times the stages and notes the most memory of each."""

    job: str
    device: torch.device
    reports: list[StageReport] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        reset_peaks(self.device)
        self.started = time.monotonic()

    def progress(self, stage: Stage, step: int, steps: int) -> Progress:
        left = (time.monotonic() - self.started) * (steps - step) / step
        return Progress(self.job, stage, step, steps, round(left, 3))

    def end(self, stage: Stage) -> None:
        seconds = time.monotonic() - self.started
        peaks = peak_ram_bytes(), peak_vram_bytes(self.device)
        self.reports.append(StageReport(stage, round(seconds, 3), *peaks))


@torch.inference_mode()
def generate(command: Generate, model: Model, device: torch.device) -> Generator[Event, None, None]:
    """Make the clip that `command` asks for; the last event is `Finished`.

    Raises `UserError` before any long work if the model can't do it or the output can't be written,
    and `MemoryShortageError` when there turns out to be too little memory.
    """
    try:
        yield from _generate(command, model, _Meter(command.job, device))
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _shortage(command.request, device) from error
    except RuntimeError as error:
        if "DefaultCPUAllocator" not in str(error):  # the only mark of it that torch gives
            raise
        raise _shortage(command.request, device) from error


def best_device() -> torch.device:
    """The GPU where there is one that can be used."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the transformer computes in: many CPUs multiply bfloat16 a hundred times slower."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def _generate(command: Generate, model: Model, meter: _Meter) -> Generator[Event, None, None]:
    request, output = command.request, Path(command.output)
    _require_task(model.spec)
    check_output(output, request.frames)
    recipe = Recipe.of(request, model.files, meter.device)
    started = time.monotonic()
    contexts = yield from _encode_prompts(request, model, meter)
    latent = yield from _denoise(request, model, contexts, meter)
    with open_writer(output, request.width, request.height, request.fps, recipe.tags()) as write:
        for progress, frames in _decode(model, latent, meter):
            for frame in frames:
                write(frame)
            yield progress
    meter.end(Stage.DECODE)
    yield Finished(
        job=command.job,
        path=str(output.resolve()),
        seed=request.seed,
        width=request.width,
        height=request.height,
        frames=request.frames,
        seconds=round(time.monotonic() - started, 3),
        stages=tuple(meter.reports),
    )


def _require_task(spec: ModelSpec) -> None:
    if Task.T2V not in spec.tasks:
        raise UserError(
            f"{spec.title} makes video from images, which Kinora can't do yet: choose a T2V or VACE "
            "model, such as t2v-1.3b."
        )


def _encode_prompts(
    request: GenerationRequest, model: Model, meter: _Meter
) -> Generator[Event, None, tuple[Tensor, Tensor | None]]:
    """The embeddings [1, L, text_dim] of the prompt and, under guidance, of the negative prompt."""
    tokenizer = _load_tokenizer(model)
    for message in _notices(request.prompt, model.spec, tokenizer):
        yield Notice(meter.job, message)
    prompts = [request.prompt]
    if sample.is_guided(request.guidance):
        prompts.append(request.negative_prompt)
    meter.begin()
    embeddings = yield from _stream_text(model, [tokenizer.encode(p) for p in prompts], meter)
    meter.end(Stage.TEXT)
    context, *unconditional = (embedding[None] for embedding in embeddings)
    return context, unconditional[0] if unconditional else None


def _load_tokenizer(model: Model) -> Tokenizer:
    tokenizer = load_tokenizer(model.files, dit_params(model.dit).text_len)
    rows = text_params(model.text).vocab_size
    if tokenizer.vocab_size > rows:
        raise UserError(
            f"The tokenizer of {model.files.path} has {tokenizer.vocab_size} tokens and its text "
            f"encoder knows {rows}: use the one that came with the encoder."
        )
    return tokenizer


def _stream_text(
    model: Model, ids: list[list[int]], meter: _Meter
) -> Generator[Event, None, list[Tensor]]:
    """The vectors [L, text_dim] of each prompt, from its token ids."""
    params = text_params(model.text)
    blocks = stream_text(model.text, params, ids, meter.device, compute_dtype(meter.device))
    while True:
        try:
            share = next(blocks)
        except StopIteration as finished:
            return finished.value
        yield meter.progress(Stage.TEXT, round(share * params.num_layers), params.num_layers)


def _notices(prompt: str, spec: ModelSpec, tokenizer: Tokenizer) -> Iterator[str]:
    """What the user should know of a prompt before waiting for the clip."""
    count = tokenizer.measure(prompt)
    if count.cut_at is not None:
        yield (
            f"The prompt takes {count.used} tokens and the model reads {count.limit}: it won't see "
            f"what comes after the first {count.cut_at} characters."
        )
    if spec.world and tokenizer.has_unknown_words(prompt):
        yield (
            f"The {spec.name} model knows only its toy world: {spec.world}. For anything else, get the "
            "real one with: ./kinora models download t2v-1.3b"
        )


def _denoise(
    request: GenerationRequest,
    model: Model,
    contexts: tuple[Tensor, Tensor | None],
    meter: _Meter,
) -> Generator[Event, None, Tensor]:
    """The finished latent [1, 16, F, H, W] float32."""
    meter.begin()
    dit = load_dit(model.dit, compute_dtype(meter.device), meter.device)
    schedule = sample.make_schedule(request.solver, request.steps, request.shift, request.timesteps)
    shape = (1, *latent_shape(request.width, request.height, request.frames))
    noise = sample.initial_noise(shape, request.seed).to(meter.device)
    state = sample.start(noise, request.seed)
    while state.step < schedule.steps:
        if request.cfg_zero_star and sample.is_zero_init(state.step, schedule.steps):
            velocity = torch.zeros_like(state.latent)
        else:
            timestep = torch.tensor([schedule.timesteps[state.step]], device=meter.device)
            velocity = _velocity(dit, state.latent, timestep, contexts, request)
        state = sample.advance(request.solver, schedule, state, velocity)
        yield meter.progress(Stage.DENOISE, state.step, schedule.steps)
    del dit
    meter.end(Stage.DENOISE)
    return state.latent


def _velocity(
    dit: DiT,
    latent: Tensor,
    timestep: Tensor,
    contexts: tuple[Tensor, Tensor | None],
    request: GenerationRequest,
) -> Tensor:
    """The guided velocity [1, 16, F, H, W] at `latent`; without guidance one branch runs alone."""
    context, unconditional = contexts
    cond = dit(latent, timestep, context)
    uncond = None if unconditional is None else dit(latent, timestep, unconditional)
    return sample.guide(cond, uncond, request.guidance, cfg_zero_star=request.cfg_zero_star)


def _decode(model: Model, latent: Tensor, meter: _Meter) -> Iterator[tuple[Progress, Tensor]]:
    """Frames as they come, [1 or 4, H, W, 3] uint8 on the CPU, and how far that is."""
    meter.begin()
    vae = load_vae(model.vae, torch.float32, meter.device)
    steps = latent.shape[2]
    for step, video in enumerate(vae.decode_stream(latent), start=1):
        pixels = video[0].permute(1, 2, 3, 0).add(1).mul(127.5).round().to(torch.uint8).cpu()
        yield meter.progress(Stage.DECODE, step, steps), pixels


def _shortage(request: GenerationRequest, device: torch.device) -> MemoryShortageError:
    place = "The graphics card" if device.type == "cuda" else "This machine"
    return MemoryShortageError(
        f"{place} has too little free memory for {request.frames} frames of "
        f"{request.width}x{request.height}: make the clip smaller or shorter, or close other programs."
    )
