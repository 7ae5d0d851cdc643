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
from inference.api.messages import Event, Finished, Generate, Notice, Progress, Stage, StageReport
from inference.api.spec import ModelSpec, latent_shape
from inference.catalog import Model
from inference.load import load_dit, load_tokenizer, load_vae
from inference.media import check_output, open_writer
from inference.memory import peak_ram_bytes, peak_vram_bytes, reset_peaks
from inference.offload import stream_text
from inference.recipe import Recipe
from inference.wan.text import Tokenizer
from inference.weights.params import dit_params, text_params


@dataclass(slots=True)
class _Meter:
    """Times the stages of a job and notes the most memory each held."""

    device: torch.device
    reports: list[StageReport] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        reset_peaks(self.device)
        self.started = time.monotonic()

    def end(self, stage: Stage) -> None:
        seconds = time.monotonic() - self.started
        peaks = peak_ram_bytes(), peak_vram_bytes(self.device)
        self.reports.append(StageReport(stage, round(seconds, 3), *peaks))

    def seconds_left(self, done: float) -> float | None:
        """Of the running stage, from the share `done` of it so far."""
        return (time.monotonic() - self.started) * (1 / done - 1) if done else None


@torch.inference_mode()
def generate(command: Generate, model: Model, device: torch.device) -> Generator[Event, None, None]:
    """Make the clip that `command` asks for; the last event is `Finished`.

    Raises `UserError` before any long work if the output can't be written or a part of the model is
    missing.
    """
    request, output = command.request, Path(command.output)
    model.files.require()
    check_output(output, request.frames)
    recipe = Recipe.of(request, model.files)
    meter, started = _Meter(device), time.monotonic()
    contexts = yield from _encode_prompts(command, model, meter)
    latent = yield from _denoise(command, model, contexts, meter)
    with open_writer(output, request.width, request.height, request.fps, recipe.tags()) as write:
        for progress, frames in _decode(command, model, latent, meter):
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


def _encode_prompts(
    command: Generate, model: Model, meter: _Meter
) -> Generator[Event, None, tuple[Tensor, Tensor | None]]:
    """The embeddings [1, L, text_dim] of the prompt and, under guidance, of the negative prompt."""
    request, files = command.request, model.files
    assert files.text is not None
    assert files.dit is not None
    tokenizer = load_tokenizer(files, dit_params(files.dit).text_len)
    yield from _notices(command, model.spec, tokenizer)
    prompts = [request.prompt]
    if sample.is_guided(request.guidance):
        prompts.append(request.negative_prompt)
    meter.begin()
    ids = [tokenizer.encode(prompt) for prompt in prompts]
    dtype = compute_dtype(meter.device)
    text = text_params(files.text)
    stream = stream_text(files.text, text, ids, meter.device, dtype)
    embeddings: list[Tensor] = []
    for step in range(1, text.num_layers + 1):
        next(stream)
        left = meter.seconds_left(step / text.num_layers)
        yield Progress(command.job, Stage.TEXT, step, text.num_layers, left)
    try:
        next(stream)
    except StopIteration as finished:
        embeddings = finished.value
    meter.end(Stage.TEXT)
    context, *unconditional = [embedding[None] for embedding in embeddings]
    return context, unconditional[0] if unconditional else None


def _notices(command: Generate, spec: ModelSpec, tokenizer: Tokenizer) -> Iterator[Notice]:
    prompt = command.request.prompt
    count = tokenizer.measure(prompt)
    if count.cut_at is not None:
        yield Notice(
            command.job,
            f"The prompt takes {count.used} tokens and the model reads {count.limit}: it won't see "
            f"what comes after its first {count.cut_at} characters.",
        )
    if spec.world and tokenizer.has_unknown_words(prompt):
        yield Notice(
            command.job,
            f"The {spec.name} model knows only its toy world: {spec.world}. For anything else, get the "
            "real one with: kinora models download t2v-1.3b",
        )


def _denoise(
    command: Generate, model: Model, contexts: tuple[Tensor, Tensor | None], meter: _Meter
) -> Generator[Event, None, Tensor]:
    """The finished latent [1, 16, F, H, W] float32."""
    request, job = command.request, command.job
    assert model.files.dit is not None
    meter.begin()
    dit = load_dit(model.files.dit, compute_dtype(meter.device), meter.device)
    context, unconditional = contexts
    schedule = sample.make_schedule(request.solver, request.steps, request.shift, request.timesteps)
    shape = (1, *latent_shape(request.width, request.height, request.frames))
    state = sample.start(sample.initial_noise(shape, request.seed).to(meter.device), request.seed)
    while state.step < schedule.steps:
        if request.cfg_zero_star and sample.is_zero_init(state.step, schedule.steps):
            velocity = torch.zeros_like(state.latent)
        else:
            timestep = torch.tensor([schedule.timesteps[state.step]], device=meter.device)
            cond = dit(state.latent, timestep, context)
            uncond = None if unconditional is None else dit(state.latent, timestep, unconditional)
            velocity = sample.guide(
                cond, uncond, request.guidance, cfg_zero_star=request.cfg_zero_star
            )
        state = sample.advance(request.solver, schedule, state, velocity)
        left = meter.seconds_left(state.step / schedule.steps)
        yield Progress(job, Stage.DENOISE, state.step, schedule.steps, left)
    del dit
    meter.end(Stage.DENOISE)
    return state.latent


def _decode(
    command: Generate, model: Model, latent: Tensor, meter: _Meter
) -> Iterator[tuple[Progress, Tensor]]:
    """Frames as they come, [1 or 4, H, W, 3] uint8 on the CPU, and how far that is."""
    assert model.files.vae is not None
    meter.begin()
    vae = load_vae(model.files.vae, torch.float32, meter.device)
    steps = latent.shape[2]
    for step, video in enumerate(vae.decode_stream(latent), start=1):
        pixels = video[0].permute(1, 2, 3, 0).add(1).mul(127.5).round().to(torch.uint8)
        left = meter.seconds_left(step / steps)
        yield Progress(command.job, Stage.DECODE, step, steps, left), pixels.cpu()


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the transformer computes in: many CPUs multiply bfloat16 a hundred times slower."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def best_device() -> torch.device:
    """The GPU where there is one that can be used."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
