"""The whole pipeline, from a prompt to a file, on an untrained model of a few kilobytes."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inference import budget
from inference import generate as pipeline
from inference.api.device import ALWAYS, DeviceInfo
from inference.api.errors import MemoryShortageError, UserError
from inference.api.messages import Event, Finished, Generate, Notice, Progress, Stage
from inference.api.plan import Tiling, VramPlan, plan
from inference.api.spec import Solver, Task, WeightFormat
from inference.api.version import LAUNCHER
from inference.catalog import Model, find
from inference.generate import generate
from inference.media import read_frames
from inference.wan.dit import DiT
from inference.wan.vae import VAE
from tests.tiny_model import DIT, TEXT_LEN, make_request, write_tiny_model, write_tokenizer

CPU = torch.device("cpu")

Make = Callable[..., list[Event]]


@pytest.fixture
def model(tiny_model: Path) -> Model:
    return find(str(tiny_model))


@pytest.fixture
def make(model: Model, tmp_path: Path) -> Make:
    """Make a clip, by default as a folder of PNGs, which hold just what the pipeline gave."""

    def run(output: str = "clip", *, model: Model = model, **changes: object) -> list[Event]:
        request = make_request(model.files.path, **changes)
        return list(generate(Generate("job", request, str(tmp_path / output)), model, CPU))

    return run


def frames(path: Path) -> Tensor:
    return torch.stack(list(read_frames(path)))


def raising(error: Exception) -> Iterator[Event]:
    raise error
    yield


def notices(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Notice)]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif", "clip", "红 色/圆 1.mp4"])
def test_a_prompt_becomes_a_clip(name: str, make: Make, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    *_, last = make(name)
    assert isinstance(last, Finished)
    assert (last.job, last.path) == ("job", str(tmp_path / name))
    assert (last.seed, last.width, last.height, last.frames) == (1, 32, 16, 5)
    assert frames(tmp_path / name).shape == (5, 16, 32, 3)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_one_frame_becomes_an_image(make: Make, tmp_path: Path) -> None:
    make("image.png", frames=1)
    assert frames(tmp_path / "image.png").shape == (1, 16, 32, 3)


def test_events_tell_every_step_in_order(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))  # where no embedding is kept yet
    *events, last = make(steps=3)
    steps = [(e.stage, e.step, e.steps) for e in events if isinstance(e, Progress)]
    assert len(steps) == len(events)
    assert steps == [
        *((Stage.TEXT, step, 2) for step in (1, 2)),
        (Stage.LOAD, 100, 100),
        *((Stage.DENOISE, step, 3) for step in (1, 2, 3)),
        *((Stage.DECODE, step, 2) for step in (1, 2)),
    ]
    for event in events:
        assert isinstance(event, Progress)
        assert event.seconds_left is not None
        assert (event.seconds_left == 0) == (event.step == event.steps)
    assert isinstance(last, Finished)
    assert [report.stage for report in last.stages] == [*ALWAYS]
    assert sum(report.seconds for report in last.stages) <= last.seconds
    assert all(report.peak_ram_bytes > 2**20 for report in last.stages)
    assert all(report.peak_vram_bytes == 0 for report in last.stages)


@pytest.mark.parametrize("solver", Solver)
def test_a_seed_is_a_clip(solver: Solver, make: Make, tmp_path: Path) -> None:
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        make(name, seed=seed, solver=solver)
    first, again = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert len(first) == 6  # five frames and the recipe
    assert first == again
    pairs = zip(frames(tmp_path / "a"), frames(tmp_path / "c"), strict=True)
    assert not any(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a blue square moves right"},
        {"negative_prompt": "red"},
        {"steps": 3},
        {"guidance": 4.0},
        {"shift": 3.0},
        {"cfg_zero_star": True},
        {"solver": Solver.EULER},
        {"solver": Solver.LCM, "timesteps": (1000.0, 600.0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_in_the_request_counts(
    change: dict[str, object], make: Make, tmp_path: Path
) -> None:
    make("base")
    make("changed", **change)
    assert not torch.equal(frames(tmp_path / "base"), frames(tmp_path / "changed"))


@pytest.mark.parametrize(("guidance", "branches"), [(1.0, 1), (1.5, 2)])
def test_without_guidance_one_branch_runs(
    guidance: float, branches: int, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[Tensor] = []
    forward = DiT.forward

    def spy(self: DiT, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        contexts.append(context)
        return forward(self, x, timestep, context)

    monkeypatch.setattr(DiT, "forward", spy)
    make(guidance=guidance, negative_prompt="blue", steps=3)
    assert [context.shape[1] for context in contexts] == [6, 2][:branches] * 3


def test_cfg_zero_star_takes_the_first_step_for_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []
    forward = DiT.forward

    def spy(self: DiT, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        times.append(timestep.item())
        return forward(self, x, timestep, context)

    monkeypatch.setattr(DiT, "forward", spy)
    make(guidance=1.0, cfg_zero_star=True, steps=25)
    assert len(times) == 24
    assert max(times) < 999


def test_the_latent_is_decoded_as_the_vae_says(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-1 is black, 1 is white, and what lies between is rounded to the nearest level."""
    clip = torch.full((1, 3, 1, 16, 32), -1.0)
    clip[0, 0, 0, 0, :6] = torch.tensor([-1.0, -0.998, -0.5, 0.0, 0.5, 1.0])  # red, at the top left
    monkeypatch.setattr(VAE, "decode_stream", lambda *_, **__: iter([clip]))
    make("image.png", frames=1)
    image = frames(tmp_path / "image.png")[0]
    assert image[0, :6, 0].tolist() == [0, 0, 64, 128, 191, 255]
    assert image.count_nonzero() == 4


@pytest.mark.parametrize("stage", ALWAYS)
def test_closing_leaves_nothing(stage: Stage, model: Model, tmp_path: Path) -> None:
    command = Generate("job", make_request(model.files.path), str(tmp_path / "clip.mp4"))
    with closing(generate(command, model, CPU)) as events:
        assert any(isinstance(event, Progress) and event.stage is stage for event in events)
    assert list(tmp_path.iterdir()) == []
    assert not torch.is_inference_mode_enabled()


def test_inference_mode_stays_inside(model: Model, tmp_path: Path) -> None:
    command = Generate("job", make_request(model.files.path), str(tmp_path / "clip"))
    modes = [torch.is_inference_mode_enabled() for _ in generate(command, model, CPU)]
    assert modes
    assert not any(modes)


def test_a_prompt_that_is_cut_is_told(make: Make) -> None:
    prompt = "a red circle moves left a red circle"  # 8 words, and the end
    assert notices(make(prompt=prompt)) == [
        f"The prompt takes 9 tokens and the model reads {TEXT_LEN}: it won't see what comes after the "
        "first 30 characters."
    ]
    assert notices(make("b", prompt=prompt.removesuffix(" circle"))) == []


def test_ten_thousand_words_are_cut_not_refused(make: Make, tmp_path: Path) -> None:
    message, *others = notices(make("clip.mp4", prompt="a red circle moves " * 2500))
    assert not others
    assert "takes 10001 tokens" in message
    assert frames(tmp_path / "clip.mp4").shape == (5, 16, 32, 3)


def test_a_toy_says_that_it_is_one(model: Model, make: Make) -> None:
    toy = replace(model, spec=replace(model.spec, name="demo", world="circles and squares"))
    message, *others = notices(make(model=toy, prompt="a red horse"))
    assert not others
    assert message.startswith("The demo model knows only its toy world: circles and squares.")
    assert f"{LAUNCHER} models download" in message
    assert notices(make("b", model=toy)) == []
    assert notices(make("c", prompt="a red horse")) == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("clip.mkv", "can't be written as .mkv"),
        ("nowhere/clip.mp4", r"The folder .*nowhere does not exist"),
        ("clip.png", "can hold one image"),
    ],
)
def test_a_bad_output_is_told_before_any_work(output: str, message: str, make: Make) -> None:
    with pytest.raises(UserError, match=message):
        make(output)


@pytest.mark.posix
def test_a_full_disk_is_told(make: Make, tmp_path: Path) -> None:
    partial = tmp_path / f".clip.partial-{os.getpid()}.mp4"
    partial.symlink_to("/dev/full")  # writing there fails as on a full disk
    with pytest.raises(UserError, match=r"The disk is full: .*make room there"):
        make("clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_model_for_another_task_is_refused(model: Model, make: Make) -> None:
    spec = replace(model.spec, title="Wan2.1 I2V 14B 480P", tasks=frozenset({Task.I2V}))
    with pytest.raises(UserError, match="makes video from the clip's first frame alone"):
        make(model=replace(model, spec=spec))


@pytest.mark.parametrize("form", [*WeightFormat])
def test_every_format_makes_a_clip(form: WeightFormat, make: Make, tmp_path: Path) -> None:
    make("native")
    *_, first = make("first", weights=form)
    *events, second = make("second", weights=form)
    assert isinstance(first, Finished)
    assert isinstance(second, Finished)
    assert torch.equal(frames(Path(first.path)), frames(Path(second.path)))
    as_it_was = torch.equal(frames(Path(first.path)), frames(tmp_path / "native"))
    as_computed = form in (WeightFormat.NATIVE, WeightFormat.AUTO)  # so narrow layers gain nothing
    assert as_it_was == as_computed
    stages = [report.stage for report in first.stages]
    assert (Stage.QUANTIZE in stages) == (not as_computed)
    told = {event.stage for event in events if isinstance(event, Progress)}
    assert Stage.QUANTIZE not in told  # the copy was kept


def test_a_vace_model_makes_video_from_text(tmp_path: Path, make: Make) -> None:
    vace = replace(DIT, vace_layers=(0,))
    model = find(str(write_tiny_model(tmp_path / "vace", dit=vace)))
    assert model.spec.tasks == {Task.T2V, Task.VACE}
    assert isinstance(make(model=model)[-1], Finished)


def test_a_tokenizer_with_more_words_than_the_encoder_is_refused(
    tmp_path: Path, make: Make
) -> None:
    folder = write_tiny_model(tmp_path / "model")
    write_tokenizer(folder / "google" / "umt5-xxl" / "tokenizer.json", extra=100)
    with pytest.raises(UserError, match="has 114 tokens and its text encoder knows 32"):
        make(model=find(str(folder)))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate"),
    ],
    ids=["card", "python", "torch on the CPU"],
)
def test_too_little_memory_is_told(
    error: Exception, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "This machine has too little free memory for 5 frames of 32x16, which takes .*: make"
    monkeypatch.setattr(pipeline, "_generate", lambda *_: raising(error))
    command = Generate("job", make_request("demo"), "clip.mp4")
    with pytest.raises(MemoryShortageError, match=message):
        list(generate(command, model, CPU))


def test_other_faults_stay_what_they_are(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_generate", lambda *_: raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        list(generate(Generate("job", make_request("demo"), "clip.mp4"), model, CPU))


def lightest(model: Model, **changes: Any) -> VramPlan:
    """Every block streams, and a tile is larger than the picture, which changes nothing in the clip."""
    made = plan(model.spec, make_request("demo", **changes), DeviceInfo("CPU"))
    return replace(made, resident_blocks=0, decoding=Tiling(24))


def failing(at: int, whole: Callable[..., Any]) -> Callable[..., Any]:
    """`whole`, but for its call number `at`, for which the card has no room."""
    calls = count(1)

    def run(*arguments: Any, **keywords: Any) -> Any:
        if next(calls) == at:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(*arguments, **keywords)

    return run


@pytest.mark.parametrize(
    ("part", "method", "at"),
    [(DiT, "forward", 1), (DiT, "forward", 6), (VAE, "reconstruct", 2)],
    ids=["first step", "third step", "second frame"],
)
def test_a_clip_goes_on_with_a_lighter_plan(
    part: type, method: str, at: int, model: Model, make: Make, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    *whole, _ = make("whole", steps=4)
    heavy = plan(model.spec, make_request("demo", steps=4), DeviceInfo("CPU"))
    light = lightest(model, steps=4)
    monkeypatch.setattr(budget, "ladder", lambda *_: (heavy, light))
    monkeypatch.setattr(part, method, failing(at, getattr(part, method)))
    *events, last = make("lighter", steps=4)
    assert isinstance(last, Finished)
    assert torch.equal(frames(tmp_path / "lighter"), frames(tmp_path / "whole"))
    (notice,) = notices(events)
    assert re.fullmatch(
        r"Memory ran out: going on with less of it \(0\.2[89]\d? GB at most\)\.", notice
    )

    def taken(events: list[Event]) -> list[tuple[Stage, int]]:
        progress = [event for event in events if isinstance(event, Progress)]
        return [(e.stage, e.step) for e in progress if e.stage in (Stage.DENOISE, Stage.DECODE)]

    assert taken(events) == taken(whole)  # no step is taken twice


def test_a_step_that_gives_no_numbers_is_taken_again_and_told(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("whole")
    calls, forward = count(), DiT.forward

    def spoilt(self: DiT, *args: Any) -> Tensor:
        return forward(self, *args) * (float("nan") if next(calls) == 1 else 1)

    monkeypatch.setattr(DiT, "forward", spoilt)
    (message,) = notices(make("again"))
    assert "isn't a number: the step is taken again" in message
    assert torch.equal(frames(tmp_path / "again"), frames(tmp_path / "whole"))


def test_after_the_lightest_plan_it_fails(
    model: Model, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(budget, "ladder", lambda *_: (lightest(model),) * 3)
    monkeypatch.setattr(DiT, "embed", full)
    with pytest.raises(MemoryShortageError, match="has too little free memory for 5 frames"):
        make()
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_cannot_fit_is_refused_at_once(make: Make, tmp_path: Path) -> None:
    with pytest.raises(MemoryShortageError, match=r"of 8192x8192, which takes .* would fit"):
        make(width=8192, height=8192, frames=401)
    assert list(tmp_path.iterdir()) == []
