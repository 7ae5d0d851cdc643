"""The pipeline and the history: what is noted of a clip, and that the next one's time is foretold."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inference import generate as pipeline
from inference.api import choice
from inference.api.device import ALWAYS, DeviceInfo, Stage
from inference.api.experience import Run, Speeds
from inference.api.history import History, history_file
from inference.api.messages import Event, Finished, Generate, Notice, Progress
from inference.api.models import DEMO
from inference.api.plan import plan
from inference.api.spec import GenerationRequest, WeightFormat
from inference.catalog import Model, find
from inference.generate import generate
from inference.media import read_frames
from inference.recipe import Recipe
from tests.tiny_model import make_request

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was made yet."""
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "home"))


@pytest.fixture
def model(tiny_model: Path) -> Model:
    return find(str(tiny_model))


def run(command: Generate, model: Model) -> list[Event]:
    return list(generate(command, model, CPU))


def order(model: Model, tmp_path: Path, output: str = "clip.mp4", **changes: object) -> Generate:
    fields = {"weights": WeightFormat.NATIVE} | changes
    request = make_request(model.files.path, **fields)
    return Generate("job", request, str(tmp_path / output))


def noted() -> tuple[Run, ...]:
    with History() as history:
        return history.experience("CPU").runs


@pytest.mark.parametrize("output", ["clip.mp4", "clip"])
def test_a_clip_is_noted(output: str, model: Model, tmp_path: Path) -> None:
    command = order(model, tmp_path, output)
    *_, last = run(command, model)
    assert isinstance(last, Finished)
    (made,) = noted()
    assert made.request == replace(command.request, prompt="any", seed=0)
    assert (made.dit, made.text, made.vae) == (model.spec.dit, model.spec.text, model.spec.vae)
    assert made.device.name == "CPU"
    assert made.resident_blocks == model.spec.dit.num_layers
    assert made.stages == last.stages
    assert [(report.stage, report.share) for report in made.stages] == [(s, 1.0) for s in ALWAYS]
    path = Path(last.path)
    files = path.iterdir() if path.is_dir() else [path]
    assert made.file_bytes == sum(file.stat().st_size for file in files)


def test_a_prompt_that_was_kept_has_no_share(model: Model, tmp_path: Path) -> None:
    for _ in range(2):
        run(order(model, tmp_path), model)
    second, first = (made.took(Stage.TEXT) for made in noted())
    assert first is not None
    assert second is not None
    assert (first.share, second.share) == (1.0, 0.0)


def test_a_clip_that_went_on_has_the_share_of_its_steps(model: Model, tmp_path: Path) -> None:
    command = replace(order(model, tmp_path, steps=5), state=str(tmp_path / "state"))
    with closing(generate(command, model, CPU)) as events:
        for event in events:
            if isinstance(event, Progress) and (event.stage, event.step) == (Stage.DENOISE, 2):
                break
    assert noted() == ()
    run(command, model)
    (made,) = noted()
    assert made.took(Stage.TEXT) is None
    denoise = made.took(Stage.DENOISE)
    assert denoise is not None
    assert denoise.share == pytest.approx(3 / 5)


def test_a_clip_that_was_finished_early_has_the_share_of_its_steps(
    model: Model, tmp_path: Path
) -> None:
    command = order(model, tmp_path, steps=4)
    list(generate(command, model, CPU, lambda: True))
    run(replace(command, request=replace(command.request, stop_after=2)), model)
    again, early = noted()
    shares = [report.share for made in (early, again) if (report := made.took(Stage.DENOISE))]
    assert shares == [1 / 4, 2 / 4]
    assert again.request.stop_after == 0


def test_what_says_nothing_of_the_next_clip_is_not_noted(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = iter([torch.OutOfMemoryError("CUDA out of memory")])
    decode = pipeline._frames

    def short_once(*args: Any) -> Iterator[object]:
        for error in failing:
            raise error
        yield from decode(*args)

    monkeypatch.setattr(pipeline, "_frames", short_once)
    events = run(order(model, tmp_path, width=256, height=256), model)
    assert any("Memory ran out" in e.message for e in events if isinstance(e, Notice))
    assert isinstance(events[-1], Finished)
    assert noted() == ()


def test_a_broken_history_is_told_and_begun_anew(model: Model, tmp_path: Path) -> None:
    history_file().parent.mkdir(parents=True)
    history_file().write_bytes(b"no history" * 100)
    first, *_, last = run(order(model, tmp_path), model)
    assert isinstance(first, Notice)
    assert first.message.startswith("The history of what clips took could not be read")
    assert isinstance(last, Finished)
    assert len(noted()) == 1


def test_a_history_that_cannot_be_written_stops_nothing(model: Model, tmp_path: Path) -> None:
    history_file().parent.mkdir(parents=True)
    history_file().mkdir()
    *events, last = run(order(model, tmp_path), model)
    told = [event.message for event in events if isinstance(event, Notice)]
    assert [sentence.partition(":")[0] for sentence in told] == [
        "What this machine took for other clips isn't known",
        "What this clip took isn't noted for the next one's forecast",
    ]
    assert isinstance(last, Finished)


def test_the_next_clip_takes_about_as_long_as_is_foretold(tmp_path: Path) -> None:
    """On the model that ships: another size, another length, other steps, another prompt."""
    model = find("demo")

    def make(prompt: str, **changes: object) -> tuple[GenerationRequest, Finished]:
        fields = {"width": 96, "height": 96, "frames": 9, "steps": 4} | changes
        asked = make_request("demo", prompt=prompt, weights=WeightFormat.NATIVE, **fields)
        *_, last = run(Generate("job", asked, str(tmp_path / "clip.mp4")), model)
        assert isinstance(last, Finished)
        return asked, last

    make("a red circle moves left")
    other = {"width": 128, "height": 96, "frames": 17, "steps": 6}
    with History() as history:
        experience = history.experience("CPU")
    request, taken = make("a blue square moves right", **other)
    foretold = plan(DEMO, request, DeviceInfo("CPU"), experience)
    assert foretold.seconds is not None
    assert 1 / 3 < foretold.seconds / taken.seconds < 3  # others use this machine, too


@pytest.fixture
def prefers_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine was measured: int8 is faster, even where layers are narrow."""
    monkeypatch.setattr(choice, "WIDE", 0)
    with History() as history:
        history.set_speeds(DeviceInfo("CPU"), Speeds(1e9, {"int8": 3.0, "fp8": 2.0}))


@pytest.mark.usefixtures("prefers_int8")
def test_the_format_is_chosen_before_the_recipe_is_written(model: Model, tmp_path: Path) -> None:
    first, *_ = run(order(model, tmp_path, weights=WeightFormat.AUTO), model)
    assert isinstance(first, Notice)
    assert first.message.startswith("Weights in int8: ")
    assert first.message.endswith("x as fast as float32 (measured on this machine).")
    recipe = Recipe.read(tmp_path / "clip.mp4")
    assert recipe.request.weights is WeightFormat.INT8
    assert noted()[0].request.weights is WeightFormat.INT8


@pytest.mark.usefixtures("prefers_int8")
def test_a_recipe_is_repeated_as_it_was_though_the_choice_has_changed(
    model: Model, tmp_path: Path
) -> None:
    command = order(model, tmp_path, "first", weights=WeightFormat.AUTO)
    run(command, model)
    with History() as history:
        history.set_speeds(DeviceInfo("CPU"), Speeds(1e9, {"int8": 0.1}))
    again = replace(command, request=Recipe.read(tmp_path / "first").request)
    run(replace(again, output=str(tmp_path / "again")), model)
    run(replace(command, output=str(tmp_path / "other")), model)
    first, repeated, other = (
        torch.stack(list(read_frames(tmp_path / name))) for name in ("first", "again", "other")
    )
    assert torch.equal(first, repeated)
    assert not torch.equal(first, other)


@pytest.mark.usefixtures("prefers_int8")
def test_a_clip_goes_on_in_the_format_that_it_was_begun_in(model: Model, tmp_path: Path) -> None:
    asked = order(model, tmp_path, steps=4, weights=WeightFormat.AUTO)
    command = replace(asked, state=str(tmp_path / "state"))
    with closing(generate(command, model, CPU)) as events:
        for event in events:
            if isinstance(event, Progress) and (event.stage, event.step) == (Stage.DENOISE, 2):
                break
    with History() as history:
        history.set_speeds(DeviceInfo("CPU"), Speeds(1e9, {"int8": 0.1}))
    told = [event.message for event in run(command, model) if isinstance(event, Notice)]
    assert told == []
    assert Recipe.read(tmp_path / "clip.mp4").request.weights is WeightFormat.INT8
    denoise = noted()[0].took(Stage.DENOISE)
    assert denoise is not None
    assert denoise.share == 0.5
