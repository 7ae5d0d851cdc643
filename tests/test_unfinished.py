"""Clips that are stopped and go on, by the real worker: the same to the bit as if nothing had been."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.api.messages import (
    Cancel,
    Cancelled,
    Finish,
    Finished,
    Generate,
    Notice,
    Pause,
    Paused,
    Progress,
    Quit,
    Ready,
    Stage,
)
from inference.api.spec import Solver, WeightFormat
from inference.catalog import find
from inference.generate import generate
from inference.media import read_frames
from inference.recipe import Recipe
from tests.tiny_model import make_request
from tests.worker_process import Worker, running

STEPS = 12
LONG = 1000


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts a worker, which has said that it is ready."""
    workers: list[Worker] = []

    def run() -> Worker:
        worker = Worker("-m", "inference", "worker", stderr=tmp_path / "stderr")
        workers.append(worker)
        assert isinstance(worker.hear(), Ready)
        return worker

    yield run
    for worker in workers:
        worker.close()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    with running("-m", "inference", "worker", stderr=folder / "stderr") as worker:
        assert isinstance(worker.hear(), Ready)
        yield worker


@pytest.fixture
def order(tiny_model: Path, tmp_path: Path) -> Generate:
    request = make_request(tiny_model, steps=STEPS)
    return Generate("a", request, str(tmp_path / "clip"), str(tmp_path / "state"))


def uninterrupted(order: Generate) -> dict[str, bytes]:
    """The clip of that request as it comes without a worker and without a stop."""
    other = replace(order, output=f"{order.output}-whole", state="")
    for _ in generate(other, find(order.request.model), torch.device("cpu")):
        pass
    return contents(other.output)


def contents(folder: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def run_until(worker: Worker, order: Generate, step: int) -> None:
    worker.tell(order)
    while True:
        event = worker.hear_first(Progress)
        if event.stage is Stage.DENOISE and event.step >= step:
            return


def slowly(order: Generate, steps: int = LONG) -> Generate:
    """The same with so many steps that it is stopped in time."""
    return replace(order, request=replace(order.request, steps=steps))


def resume(worker: Worker, order: Generate) -> list[tuple[Stage, int]]:
    """Run to the end; returns the steps that were told."""
    worker.tell(order)
    *events, last = worker.hear_job(order.job)
    assert isinstance(last, Finished), last
    return [(event.stage, event.step) for event in events if isinstance(event, Progress)]


@pytest.mark.parametrize("solver", Solver)
def test_paused_clip_goes_on(solver: Solver, worker: Worker, order: Generate) -> None:
    order = replace(order, request=replace(order.request, solver=solver, steps=60))
    run_until(worker, order, step=1)
    worker.tell(Pause("a"))
    paused = worker.hear_first(Paused)
    assert (paused.job, paused.steps) == ("a", 60)
    assert 1 <= paused.step < 60
    assert not Path(order.output).exists()
    assert resume(worker, order)[:2] == [(Stage.LOAD, 100), (Stage.DENOISE, paused.step + 1)]
    assert contents(order.output) == uninterrupted(order)
    assert not Path(order.state).exists()


def test_pause_without_a_state_is_a_cancel(worker: Worker, order: Generate) -> None:
    run_until(worker, replace(slowly(order), state=""), step=1)
    worker.tell(Pause("a"))
    assert worker.hear_first(Cancelled).job == "a"


def test_clip_survives_the_death_of_the_worker(
    start: Callable[[], Worker], order: Generate
) -> None:
    order = slowly(order, steps=60)
    worker = start()
    run_until(worker, order, step=3)
    worker.process.kill()
    worker.process.wait()
    (_, _), (stage, step), *_ = resume(start(), order)
    assert stage is Stage.DENOISE
    assert step >= 4
    assert contents(order.output) == uninterrupted(order)


def test_clip_survives_quitting(start: Callable[[], Worker], order: Generate) -> None:
    worker = start()
    run_until(worker, slowly(order), step=1)
    worker.tell(Quit())
    assert isinstance(worker.hear_end()[-1], Paused)
    assert Path(order.state).exists()


def test_cancelled_clip_is_not_kept(worker: Worker, order: Generate, tmp_path: Path) -> None:
    run_until(worker, slowly(order), step=2)
    worker.tell(Cancel("a"))
    assert worker.hear_first(Cancelled).job == "a"
    assert list(tmp_path.glob("state*")) == []


def test_finish_makes_a_clip_of_what_there_is(worker: Worker, order: Generate) -> None:
    order = slowly(order, steps=200)
    run_until(worker, order, step=2)
    worker.tell(Finish("a"))
    *events, last = worker.hear_job("a")
    assert isinstance(last, Finished)
    assert Stage.DECODE in {event.stage for event in events if isinstance(event, Progress)}
    made = Recipe.read(Path(order.output)).request
    assert 2 < made.stop_after < 200
    assert replace(made, stop_after=0) == replace(order.request, weights=WeightFormat.NATIVE)
    assert contents(order.output) == uninterrupted(replace(order, request=made))
    assert not Path(order.state).exists()


def test_finish_shows_the_clip_and_not_its_noise(
    worker: Worker, order: Generate, tmp_path: Path
) -> None:
    """Of DPM++, whose state holds what it guessed: a clip stopped before its last step is near it."""
    demo = make_request("demo", width=64, height=64, steps=8, seed=5, prompt="a red circle")
    clips = []
    for stop_after in (0, 6):
        request = replace(demo, stop_after=stop_after)
        output = str(tmp_path / f"stop-{stop_after}")
        resume(worker, Generate("a", request, output))
        clips.append(torch.stack(list(read_frames(output))).float().flatten())
    assert torch.corrcoef(torch.stack(clips))[0, 1] > 0.9


def test_clip_goes_on_at_its_decoding(start: Callable[[], Worker], order: Generate) -> None:
    with closing(generate(order, find(order.request.model), torch.device("cpu"))) as events:
        for event in events:
            if isinstance(event, Progress) and event.stage is Stage.DECODE:
                break
    assert not Path(order.output).exists()
    stages = {stage for stage, _ in resume(start(), order)}
    assert stages == {Stage.DECODE}
    assert contents(order.output) == uninterrupted(order)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda order: Path(order.state).write_bytes(b"\0" * 100), "it is damaged"),
        (
            lambda order: Path(order.state).write_bytes(Path(order.state).read_bytes()[:-8]),
            "it is damaged",
        ),
        (lambda order: replace(order.request, seed=2), "it is of another request"),
        (lambda order: replace(order.request, stop_after=5), "it is of another request"),
        (lambda order: replace(order.request, model="demo"), "it was begun with other weights"),
    ],
    ids=["zeros", "cut", "seed", "stop after", "model"],
)
def test_state_of_something_else_is_set_aside(
    spoil: Callable[[Generate], object], reason: str, worker: Worker, order: Generate
) -> None:
    run_until(worker, slowly(order, steps=40), step=1)
    worker.tell(Pause("a"))
    worker.hear_first(Paused)
    order = slowly(order, steps=40)
    changed = spoil(order)
    if not isinstance(changed, int):
        order = replace(order, request=changed)
    worker.tell(order)
    notice = worker.hear_first(Notice)
    assert notice.message.startswith("The clip starts anew: ")
    assert reason in notice.message
    assert worker.hear_first(Progress).stage is Stage.TEXT
    worker.tell(Cancel("a"))
    worker.hear_first(Cancelled)
    assert Path(f"{order.state}.unusable").exists()


def test_clip_is_made_where_its_state_cannot_be_kept(worker: Worker, order: Generate) -> None:
    worker.tell(replace(order, state=str(Path(order.output).parent / "nowhere" / "state")))
    assert "can't be kept" in worker.hear_first(Notice).message
    assert worker.hear_first(Finished).job == "a"
