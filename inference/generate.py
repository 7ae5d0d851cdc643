"""The one pipeline: a request becomes a clip, told as a stream of events.

Each stage builds its network, uses it and drops it before the next begins, so two are never in memory
together. Closing the generator at any event stops the work; what is left then is the unfinished clip
that the command asked to keep, and nothing else.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from inference import sample
from inference.api import pictures
from inference.api.errors import UserError, reason
from inference.api.messages import Event, Finished, Generate, Notice, Stage
from inference.api.placement import streamed_blocks
from inference.api.sentence import Sentence
from inference.api.sizes import sampled_shape
from inference.api.spec import GenerationRequest, WeightFormat
from inference.api.tasks import refusal
from inference.budget import Budget, budget_of, is_shortage
from inference.catalog import Model
from inference.condition import Condition, Way, stream_condition
from inference.denoise import schedule_of, take_steps
from inference.devices import capped, describe, idle_card
from inference.footage import (
    is_partial,
    joined,
    read_footage,
    read_past,
    require_footage,
)
from inference.guarded import Guarded, Run
from inference.job import Job, told
from inference.load import block_reader, load_vae, stream_dit
from inference.media import check_output, open_writer
from inference.past import remember, run_of
from inference.precision import compute_dtype
from inference.previews import Previews, latent_to_rgb, open_previews
from inference.prompts import encode_prompts
from inference.quantize import stream_copy
from inference.recipe import Recipe, identity_of
from inference.resident import StreamingNetwork
from inference.stages import Stages
from inference.unfinished import Keeper, Unfinished, UnusableError, in_kept_format
from inference.weights.params import dit_params
from quant.formats import FORMATS


@torch.inference_mode()
def generate(
    command: Generate,
    model: Model,
    device: torch.device,
    finishing: Callable[[], bool] = lambda: False,
) -> Generator[Event, None, None]:
    """Make the clip that `command` asks for; the last event is `Finished`.

    Once `finishing` says so, the clip is made of what there is after the next step. Raises `UserError`
    before any long work if the model can't do it or the output can't be written, and
    `MemoryShortageError` where there is too little memory, be it forecast or found.
    """
    if obstacle := refusal(model.spec.title, model.spec.tasks, command.request):
        raise UserError(obstacle)
    check_output(Path(command.output), command.request.written_frames)
    info = describe(device, command.vram_bytes)
    if notice := idle_card(device):
        yield Notice(command.job, notice)
    request = in_kept_format(command.request, command.state)
    budget = yield from budget_of(command.job, model.spec, request, info)
    if (choice := budget.plan.choice) is not None:
        request = replace(request, weights=choice.form)
        if choice.form is not WeightFormat.NATIVE:
            yield Notice(command.job, Sentence("Weights in {choice}.", choice=choice.sentence()))
    command = replace(command, request=request)
    stages = Stages(command.job, device, budget.forecast)
    keeper = None
    if command.state:
        keeper = Keeper(Path(command.state), request, identity_of(model.files))
    with capped(device, info):
        try:
            yield from _generate(Job(command, model, info, budget, stages, keeper, finishing))
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            raise budget.shortage() from error


def _generate(job: Job) -> Generator[Event, None, None]:
    command, model, stages, keeper = job.command, job.model, job.stages, job.keeper
    request = command.request
    started = time.perf_counter()
    clip = yield from _resume(job)
    if clip is None:
        for name in request.given:
            pictures.require(name)  # and not after minutes
        require_footage(request)
        clip = _begin(request, (yield from encode_prompts(job)), stages.device)
    clip = yield from _denoise(job, clip)
    steps = schedule_of(request).steps
    early = clip.state.step if clip.state.step < steps else 0
    made = replace(request, stop_after=early)
    latent = clip.result(steps)[:, :, len(request.references) :]
    yield from _decode(job, latent, Recipe.of(made, model.files, stages.device))
    if keeper is not None:
        keeper.path.unlink(missing_ok=True)
    yield from _remember(job)
    yield Finished(
        job=command.job,
        path=str(Path(command.output).resolve()),
        seed=request.seed,
        width=request.width,
        height=request.height,
        frames=request.written_frames,
        seconds=round(time.perf_counter() - started, 3),
        stages=tuple(stages.reports),
    )


def _remember(job: Job) -> Iterator[Event]:
    """Note what the clip took, unless that says nothing of the next: it ran short of memory, or what
    it ran was compiled."""
    if job.budget.is_lightened or job.command.compiles:
        return
    run = run_of(job.model.spec, job.request, job.info, job.budget.plan, job.stages.reports)
    if notice := remember(run, Path(job.command.output)):
        yield job.notice(notice)


def _resume(job: Job) -> Generator[Event, None, Unfinished | None]:
    """The clip as it was kept, None to begin it."""
    keeper = job.keeper
    if keeper is None or not keeper.path.exists():
        return None
    try:
        return keeper.read(job.device)
    except UnusableError as error:
        aside = keeper.set_aside()
        yield job.notice(
            Sentence(
                "The clip starts anew: {path} is unusable ({cause}), now {aside}.",
                path=keeper.path,
                cause=error.cause,
                aside=aside,
            )
        )
        return None


def _begin(
    request: GenerationRequest, contexts: tuple[Tensor, Tensor | None], device: torch.device
) -> Unfinished:
    noise = sample.initial_noise((1, *sampled_shape(request)), request.seed).to(device)
    state = sample.start(noise, request.seed)
    return Unfinished(state, contexts, stop_after=request.stop_after)


def _denoise(job: Job, clip: Unfinished) -> Generator[Event, None, Unfinished]:
    """The clip after the steps that are left; the transformer is loaded only if there are any."""
    steps = schedule_of(job.request).steps
    if job.finishing() and clip.state.step:
        clip = replace(clip, stop_after=clip.state.step)
    if clip.is_done(steps):
        return clip
    condition = yield from _encode_pictures(job)
    with ExitStack() as stack:
        previews = _open_previews(job, stack)
        while not clip.is_done(steps):
            try:
                for latest in _take_steps(job, clip, condition):
                    if isinstance(latest, Unfinished):
                        clip = latest
                        yield from _after_step(job, clip, previews)
                    else:
                        yield latest
            except (RuntimeError, MemoryError) as error:
                lighter = job.notice(_lighten(job.budget, Stage.DENOISE, error))
            else:
                continue
            yield lighter  # once the error is gone, and with it what its frames held
    return clip


def _encode_pictures(job: Job) -> Generator[Event, None, Condition]:
    """What the transformer is given of the pictures, nothing where there are none."""
    if not job.request.given:
        return Condition()
    while True:
        job.stages.begin()
        way = Way(job.device, compute_dtype(job.device), job.budget.plan.encoding)
        try:
            stream = stream_condition(job.model, job.request, way)
            condition = yield from told(stream, job, Stage.CONDITION, 100)
        except (RuntimeError, MemoryError) as error:
            lighter = job.notice(_lighten(job.budget, Stage.CONDITION, error))
        else:
            job.stages.end(Stage.CONDITION)
            return condition
        yield lighter  # once the error is gone, and with it what its frames held


def _take_steps(job: Job, clip: Unfinished, condition: Condition) -> Iterator[Event | Unfinished]:
    """The clip after each step that is left, and what is to be told meanwhile."""
    network = yield from _load_network(job, condition)
    job.stages.begin(skipped=clip.state.step)
    for latest in take_steps(clip, job.request, network):
        while network.notices:
            yield job.notice(network.notices.pop(0))
        stopping = job.finishing() and latest.state.step < schedule_of(job.request).steps
        yield replace(latest, stop_after=latest.state.step) if stopping else latest
        if stopping:
            break
    job.stages.end(Stage.DENOISE)


def _lighten(budget: Budget, stage: Stage, error: Exception) -> Sentence:
    """Obey a lighter plan after `error` in `stage`, if it is a shortage of memory."""
    if not is_shortage(error):
        raise error
    return budget.lighten(stage)


def _open_previews(job: Job, stack: ExitStack) -> Previews | None:
    if not job.command.previews:
        return None
    matrix = latent_to_rgb(job.model.vae, job.device)
    folder = Path(job.command.previews)
    return stack.enter_context(open_previews(job.command.job, folder, matrix))


def _load_network(job: Job, condition: Condition) -> Generator[Event, None, Guarded]:
    form = FORMATS.get(job.request.weights)
    source = job.model.dit
    if form is not None:
        job.stages.begin()
        copying = stream_copy(source, form.storage, job.device)
        source = yield from told(copying, job, Stage.QUANTIZE, 100)
        job.stages.end(Stage.QUANTIZE)
    if not job.request.given:
        source = source.without_hints()
    job.stages.begin()
    dtype, device, plan = compute_dtype(job.device), job.device, job.budget.plan
    streamed = streamed_blocks(dit_params(source).num_layers, plan.resident_blocks)
    loading = stream_dit(source, dtype, device, streamed, form)
    dit = yield from told(loading, job, Stage.LOAD, 100)
    dit.chunk_tokens = plan.chunk_tokens
    job.stages.end(Stage.LOAD)
    run: Run = lambda latent, timestep, contexts: [  # noqa: E731
        dit(latent, timestep, context, **condition) for context in contexts
    ]
    if streamed:
        reader = block_reader(source, dtype, form)
        run = partial(StreamingNetwork(dit, streamed, reader, device), **condition)
    compiles = job.command.compiles and not streamed  # what is exchanged would be compiled in vain
    exact = job.request.exact_attention
    return Guarded(run, dit, device, dtype, exact=exact, compiles=compiles)


def _after_step(
    job: Job, clip: Unfinished, previews: Previews | None
) -> Generator[Event, None, None]:
    """Keep the clip, show it, and tell of the step."""
    step, steps = clip.state.step, schedule_of(job.request).steps
    if job.keeper is not None:
        try:
            job.keeper.write(clip, steps)
        except OSError as error:
            yield job.notice(
                Sentence(
                    "The unfinished clip can't be kept in {path} ({reason}): if it's stopped now, "
                    "it "
                    "goes on from an earlier step or starts anew.",
                    path=job.keeper.path,
                    reason=reason(error),
                )
            )
    if previews is not None and clip.x0 is not None:
        try:
            shown = clip.x0[:, :, len(job.request.references) :]
            preview = previews.show(shown, step, steps)
        except OSError as error:
            yield job.notice(
                Sentence(
                    "No previews: {folder} can't be written ({reason}).",
                    folder=job.command.previews,
                    reason=reason(error),
                )
            )
        else:
            yield from () if preview is None else (preview,)
    yield job.stages.progress(Stage.DENOISE, step, steps)


def _decode(job: Job, latent: Tensor, recipe: Recipe) -> Generator[Event, None, None]:
    """Write the clip that the latent [1, 16, F, H, W] holds."""
    request = job.request
    size = request.width, request.height
    with open_writer(job.command.output, *size, request.fps, recipe.tags()) as write:
        for frame in read_past(request):
            write(frame)
        done, footage = 0, read_footage(request) if is_partial(request) else None
        while done < latent.shape[2]:
            try:
                for step, frames in _frames(job, latent, done):
                    for frame in frames:
                        write(frame if footage is None else joined(frame, next(footage)))
                    done = step
                    yield job.stages.progress(Stage.DECODE, done, latent.shape[2])
            except (RuntimeError, MemoryError) as error:
                lighter = job.notice(_lighten(job.budget, Stage.DECODE, error))
            else:
                continue
            yield lighter
    job.stages.end(Stage.DECODE)


def _frames(job: Job, latent: Tensor, done: int) -> Iterator[tuple[int, Tensor]]:
    """The frames, [1 or 4, H, W, 3] uint8 on the CPU, after the first `done` frames of the latent, and
    how many of those they come to."""
    job.stages.begin(skipped=done)
    dtype, plan = compute_dtype(job.device), job.budget.plan
    vae = load_vae(job.model.vae, dtype, job.device)
    videos = vae.decode_stream(latent.to(dtype), plan.decoding.side, park=plan.decoding.park)
    for step, video in enumerate(videos, start=1):
        if step > done:
            pixels = video[0].permute(1, 2, 3, 0).float().add(1).mul(127.5).round().to(torch.uint8)
            yield step, pixels.cpu()
