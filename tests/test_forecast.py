"""The plan against the pipeline: models of full size are run on meta, and what their tensors hold at most
in each stage is what was forecast, within a tenth."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference import generate as pipeline
from inference import load, offload, png, prompts, stages
from inference.api.device import ALWAYS, DeviceInfo, Stage
from inference.api.experience import NO_PICTURE
from inference.api.messages import Finished, Generate, StageReport, decode_event
from inference.api.models import MODELS
from inference.api.pictures import pictures_folder
from inference.api.plan import VramPlan, plan
from inference.api.room import CONTEXT_BYTES
from inference.api.spec import GenerationRequest, Task, WeightFormat, default_request
from inference.catalog import find
from inference.generate import generate
from inference.meter import Meter
from inference.wan.dit import DiT
from inference.wan.vae import VAE
from inference.weights import checkpoint
from inference.weights.files import DTYPES, Stored
from inference.weights.meta import shapes_only
from tests.hollow import write_hollow_model

ROOT = Path(__file__).parent.parent
META, BF16 = torch.device("meta"), torch.bfloat16
GIB = 2**30
BUDGETS = (4, 6, 8, 12, 24)  # GiB
P480, P720 = (832, 480), (1280, 720)
INT8, NATIVE = WeightFormat.INT8, WeightFormat.NATIVE
FOLDERS = {
    "t2v-1.3b": "Wan2.1-T2V-1.3B",
    "vace-1.3b": "Wan2.1-VACE-1.3B",
    "t2v-14b": "Wan2.1-T2V-14B",
    "i2v-14b-480p": "Wan2.1-I2V-14B",
}
JOBS = [
    ("t2v-1.3b", P480, INT8),
    ("t2v-1.3b", P480, NATIVE),
    ("t2v-1.3b", P720, INT8),
    ("vace-1.3b", P480, INT8),
    ("t2v-14b", P480, INT8),
    ("i2v-14b-480p", P480, INT8),
]
PROMPT = "a red fox runs over the snow " * 100  # more than is read
BLOCKS = 2  # of the transformer that are run: the others are like them
LATENT_FRAMES = 4  # that are encoded or decoded: each after the second takes what it took

Job = tuple[str, tuple[int, int], WeightFormat]


def card(gib: float) -> DeviceInfo:
    return DeviceInfo("card", int(gib * GIB), int(gib * GIB), "8.6", 32 * GIB)


def asked(job: Job) -> GenerationRequest:
    model, (width, height), weights = job
    spec = MODELS[model]
    request = default_request(PROMPT, model, spec.defaults, seed=1)
    return replace(
        request,
        negative_prompt=PROMPT,
        width=width,
        height=height,
        frames=81,
        steps=3,
        weights=weights,
        first_frame="" if Task.T2V in spec.tasks and not spec.dit.vace_layers else NO_PICTURE,
    )


def planned(job: Job, gib: float) -> VramPlan:
    return plan(MODELS[job[0]], asked(job), card(gib))


def different_plans() -> list[Any]:
    """A parameter for each plan that differs from the same job's with less memory."""
    params, seen = [], set()
    for job in JOBS:
        for gib in BUDGETS:
            made = planned(job, gib)
            if made.fits and (key := (job, made.stages)) not in seen:
                seen.add(key)
                name = f"{job[0]}-{job[1][1]}P-{job[2]}-{gib}GiB"
                params.append(pytest.param(job, gib, id=name))
    return params


Run = Callable[[Job, float], tuple[StageReport, ...]]


@pytest.fixture
def run(tmp_path: Path, manifest: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Makes a clip on meta as on a card; what each stage took."""

    def made(job: Job, gib: float) -> tuple[StageReport, ...]:
        name, _, weights = job
        folder = write_hollow_model(tmp_path / "model", manifest, FOLDERS[name], weights)
        model = find(str(folder))
        pictures_folder().mkdir(parents=True, exist_ok=True)
        (pictures_folder() / NO_PICTURE).write_bytes(
            png.encode(np.zeros((48, 80, 3), np.uint8), "")
        )
        meter = Meter(META)
        stand_in(monkeypatch, meter, card(gib))
        shorten(monkeypatch)
        if job != JOBS[0]:  # the text encoder is the same for all
            monkeypatch.setattr(prompts, "stream_embeddings", embeddings)
        request = replace(asked(job), model=str(folder))
        command = Generate("job", request, str(tmp_path / "clip.mp4"))
        with meter:
            *_, last = generate(command, model, META)
        assert isinstance(last, Finished)
        return last.stages

    return made


def embeddings(_: Any, params: Any, prompts: list[Any], *__: Any) -> Iterator[float]:
    yield 1.0
    made = [torch.empty(512, params.dim, dtype=BF16, device=META) for _ in prompts]
    return made, len(made)


def stand_in(patch: pytest.MonkeyPatch, meter: Meter, info: DeviceInfo) -> None:
    """Have meta pass for a card, whose peaks are the meter's."""
    patch.setattr(pipeline, "describe", lambda *_: info)
    patch.setattr(pipeline, "compute_dtype", lambda _: BF16)
    patch.setattr(prompts, "text_dtype", lambda _: BF16)
    patch.setattr(pipeline, "open_writer", lambda *_: nullcontext(lambda _: None))
    patch.setattr(stages, "reset_peaks", lambda _: meter.reset_peak())
    patch.setattr(stages, "peak_vram_bytes", lambda _: meter.peak_bytes)
    patch.setattr(checkpoint, "_map", lambda _, stored: {entry: empty(entry) for entry in stored})
    for module, name in ((load, "shapes_only"), (load, "_shapes"), (offload, "shapes_only")):
        patch.setattr(module, name, left_out(meter, getattr(module, name)))


def empty(stored: Stored) -> Tensor:
    """In place of a tensor in a file, which is slow to open while a meter looks on."""
    return torch.zeros((), dtype=DTYPES[stored.dtype]).expand(stored.shape)


def left_out(meter: Meter, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which what it makes on meta would be there on a card too."""
    if function is shapes_only:

        @contextmanager
        def building() -> Iterator[None]:
            with meter.leaving_out(), shapes_only():
                yield

        return building

    def reading(*args: Any) -> Any:
        with meter.leaving_out():
            return function(*args)

    return reading


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Leave out what takes the memory that something before it took."""
    run_block, decode, encode = DiT.run_block, pipeline._decode, VAE.encode_stream

    def first_blocks(self: DiT, index: int, tokens: Tensor, control: Any, *rest: Any) -> Any:
        if index >= BLOCKS:
            return tokens, control
        return run_block(self, index, tokens, control, *rest)

    def first_frames(job: Any, latent: Tensor, recipe: Any) -> Any:
        return decode(job, latent[:, :, :LATENT_FRAMES], recipe)

    def first_pieces(self: VAE, chunks: Any, *rest: Any, **named: Any) -> Iterator[Tensor]:
        frames = encode(self, chunks, *rest, **named)
        latents = list(islice(frames, LATENT_FRAMES))
        yield from latents
        yield from repeat(latents[-1], 21 - LATENT_FRAMES)

    patch.setattr(VAE, "encode_stream", first_pieces)
    patch.setattr(DiT, "run_block", first_blocks)
    patch.setattr(pipeline, "_decode", first_frames)


@pytest.mark.posix  # Windows fills the holes in files
@pytest.mark.parametrize(("job", "gib"), different_plans())
def test_every_stage_takes_what_was_forecast(job: Job, gib: float, run: Run) -> None:
    reports = {report.stage: report for report in run(job, gib)}
    told = [stage for stage in ALWAYS if stage is not Stage.TEXT or job == JOBS[0]]
    told += [Stage.CONDITION] if asked(job).pictures else []
    for stage in told:
        taken, forecast = reports[stage].peak_vram_bytes, reports[stage].forecast_vram_bytes
        assert (forecast - CONTEXT_BYTES) / (taken - CONTEXT_BYTES) == pytest.approx(1, abs=0.1)
        assert taken <= gib * GIB, stage
        if stage is Stage.TEXT:
            assert taken - CONTEXT_BYTES <= 1e9


def test_every_budget_has_a_plan_but_for_the_large_models_smallest() -> None:
    short = {(job[0], gib) for job in JOBS for gib in BUDGETS if not planned(job, gib).fits}
    assert short == {("t2v-14b", 4), ("i2v-14b-480p", 4)}


@pytest.mark.skipif(torch.cuda.is_available(), reason="the card would make the clip")
@pytest.mark.skipif(sys.platform != "linux", reason="needs a peak that can be reset, and glibc")
@pytest.mark.parametrize(
    ("size", "frames", "picture"),
    [
        pytest.param("128x128", 17, "", id="clip"),
        pytest.param("256x256", 17, "", id="large"),
        pytest.param("256x256", 1, "", id="still"),
        pytest.param("256x256", 17, "a.png", id="from a picture"),
    ],
)
def test_a_process_without_a_card_takes_what_was_forecast(
    size: str,
    frames: int,
    picture: str,
    tmp_path: Path,
) -> None:
    asked = ["generate", "a red circle", "--size", size, "--frames", str(frames), "--steps", "1"]
    if picture:
        (tmp_path / picture).write_bytes(png.encode(np.zeros((48, 80, 3), np.uint8), ""))
        asked += ["--first-frame", picture]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "inference", *asked, "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KINORA_DATA": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    finished = decode_event(done.stdout.splitlines()[-1])
    assert isinstance(finished, Finished)
    taken = max(report.peak_ram_bytes for report in finished.stages)
    forecast = max(report.forecast_ram_bytes for report in finished.stages)
    assert forecast / taken == pytest.approx(1, abs=0.1)
