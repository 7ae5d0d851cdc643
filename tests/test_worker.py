"""The worker as the window sees it: a process, lines in, lines out."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from inference.api.messages import (
    PROTOCOL,
    Cancel,
    Cancelled,
    Event,
    Failed,
    FailureKind,
    Finished,
    Generate,
    Progress,
    Quit,
    Ready,
    Stage,
    decode_event,
    encode,
)
from inference.worker import Inbox, run_job
from tests.tiny_model import make_request
from tests.worker_process import PATIENCE_S, ROOT, Worker, running

LONG = 1000  # steps, of which no test waits for the last

# A worker in which libraries write to stdout, and one of two prompts meets a fault.
ROUGH = """
import os, subprocess, sys
from inference import worker
from inference.api.errors import MemoryShortageError, UserError

smooth = worker.generate

def rough(command, model, device, finishing):
    print("a library prints")
    os.write(1, b"and so does C\\n")
    subprocess.run([sys.executable, "-S", "-c", "print('or a process')"], check=True)
    if command.request.prompt == "fault":
        raise ZeroDivisionError("a bug")
    if command.request.prompt == "refusal":
        raise UserError("It can't be read.", details="Invalid data")
    if command.request.prompt == "shortage":
        raise MemoryShortageError("The graphics card has too little memory.")
    yield from smooth(command, model, device, finishing)

worker.generate = rough
sys.exit(worker.main())
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Worker]:
    """A worker that has said nothing yet."""
    with running("-m", "inference", "worker", stderr=tmp_path / "stderr") as worker:
        yield worker


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One worker that goes through everything."""
    folder = tmp_path_factory.mktemp("worker")
    with running("-c", ROUGH, stderr=folder / "stderr") as worker:
        assert isinstance(worker.hear(), Ready)
        yield worker


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "红 clips"
    folder.mkdir()
    return folder


def job(name: str, model: Path | str, clips: Path, **changes: object) -> Generate:
    return Generate(name, make_request(model, **changes), str(clips / f"{name}.mp4"))


def test_from_ready_to_quit(fresh: Worker, tiny_model: Path, clips: Path) -> None:
    ready = fresh.hear()
    assert isinstance(ready, Ready)
    assert (ready.protocol, ready.device.name) == (PROTOCOL, "CPU")
    fresh.tell(job("a", tiny_model, clips))
    *_, last = fresh.hear_job("a")
    assert isinstance(last, Finished)
    assert last.path == str(clips / "a.mp4")
    fresh.tell(Quit())
    assert fresh.hear_end() == []
    assert fresh.stderr.read_text() == ""


def test_a_stop_after_the_end_comes_too_late(tiny_model: Path, clips: Path) -> None:
    heard: list[Event] = []

    def say(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Finished):
            inbox.take(Cancel("a"))

    inbox = Inbox(say)
    run_job(job("a", tiny_model, clips), inbox, torch.device("cpu"), say)
    assert isinstance(heard[-1], Finished)


def test_quit_stops_what_runs_and_what_waits(fresh: Worker, tiny_model: Path, clips: Path) -> None:
    fresh.hear()
    fresh.tell(job("a", tiny_model, clips, steps=LONG), job("b", tiny_model, clips))
    fresh.hear()
    fresh.tell(Quit())
    events = [event for event in fresh.hear_end() if not isinstance(event, Progress)]
    assert events == [Cancelled("a"), Cancelled("b")]
    assert list(clips.iterdir()) == []


def test_end_of_commands_ends_it(fresh: Worker, tiny_model: Path, clips: Path) -> None:
    fresh.hear()
    fresh.tell(job("a", tiny_model, clips, steps=LONG))
    fresh.hear()
    fresh.stdin.close()
    assert fresh.hear_end()[-1] == Cancelled("a")
    assert list(clips.iterdir()) == []


def test_worker_that_nobody_hears_ends_quietly(
    tmp_path: Path, tiny_model: Path, clips: Path
) -> None:
    stderr = tmp_path / "stderr"
    with stderr.open("wb") as errors, subprocess.Popen(
        [sys.executable, "-m", "inference", "worker"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert isinstance(decode_event(process.stdout.readline()), Ready)
        process.stdout.close()
        process.stdin.write(encode(job("a", tiny_model, clips, steps=LONG)).encode() + b"\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 1
    assert stderr.read_text() == ""
    assert list(clips.iterdir()) == []


def test_what_libraries_print_goes_elsewhere(rough: Worker, tiny_model: Path, clips: Path) -> None:
    rough.tell(job("a", tiny_model, clips))
    assert isinstance(rough.hear_job("a")[-1], Finished)  # every line was an event
    noise = rough.stderr.read_text()
    for words in ("and so does C", "or a process"):
        assert words in noise


def test_jobs_run_in_the_order_they_came(rough: Worker, tiny_model: Path, clips: Path) -> None:
    names = ["c", "a", "b"]
    rough.tell(*(job(name, tiny_model, clips) for name in names))
    for name in names:
        assert isinstance(rough.hear_job(name)[-1], Finished)


def test_running_job_is_cancelled(rough: Worker, tiny_model: Path, clips: Path) -> None:
    rough.tell(job("a", tiny_model, clips, steps=LONG))
    while (event := rough.hear()) and not (
        isinstance(event, Progress) and event.stage is Stage.DENOISE
    ):
        pass
    rough.tell(Cancel("a"))
    *_, last = rough.hear_job("a")
    assert last == Cancelled("a")
    assert list(clips.iterdir()) == []


def test_waiting_job_is_cancelled(rough: Worker, tiny_model: Path, clips: Path) -> None:
    rough.tell(job("a", tiny_model, clips, steps=LONG), job("b", tiny_model, clips))
    rough.tell(Cancel("b"), Cancel("a"))
    assert rough.hear_job("a")[-1] == Cancelled("a")
    assert rough.hear_job("b") == [Cancelled("b")]


def test_cancelled_job_may_be_asked_for_again(rough: Worker, tiny_model: Path, clips: Path) -> None:
    rough.tell(Cancel("a"), job("a", tiny_model, clips))
    assert isinstance(rough.hear_job("a")[-1], Finished)


@pytest.mark.parametrize(
    ("line", "job", "kind", "message"),
    [
        (b"hello", "", FailureKind.PROTOCOL, "The command can't be read: it isn't JSON: "),
        (b"\xff\xfe", "", FailureKind.PROTOCOL, "The command can't be read: it isn't JSON: "),
        (b"", "", FailureKind.PROTOCOL, "The command can't be read: it isn't JSON: "),
        (b"[" * 100_000, "", FailureKind.PROTOCOL, "The command can't be read: it isn't JSON: "),
        (
            b'{"v": 9, "type": "Quit"}',
            "",
            FailureKind.PROTOCOL,
            "The command can't be read: it is of protocol 9, not 1.",
        ),
        (
            b'{"v": 1, "type": "Cancel", "job": "x", "why": 1}',
            "x",
            FailureKind.PROTOCOL,
            "The command can't be read: Cancel has no field why.",
        ),
        (
            encode(Cancelled("x")).encode(),
            "x",
            FailureKind.PROTOCOL,
            "The command can't be read: 'Cancelled' is none of Generate, Download, ",
        ),
        (
            encode(job("x", "demo", Path())).replace('"width": 32', '"width": 33').encode(),
            "x",
            FailureKind.INPUT,
            "The size 33x16 can't be made: ",
        ),
    ],
    ids=["text", "bytes", "nothing", "brackets", "version", "field", "event", "size"],
)
def test_line_that_cannot_be_obeyed_is_answered(
    line: bytes, job: str, kind: FailureKind, message: str, rough: Worker
) -> None:
    rough.tell_line(line)
    event = rough.hear()
    assert isinstance(event, Failed)
    assert (event.job, event.kind, event.details) == (job, kind, "")
    assert event.message.startswith(message)


def test_details_of_what_a_person_can_act_on_come_along(
    rough: Worker, tiny_model: Path, clips: Path
) -> None:
    rough.tell(job("bad", tiny_model, clips, prompt="refusal"))
    (event,) = rough.hear_job("bad")
    assert event == Failed("bad", FailureKind.INPUT, "It can't be read.", "Invalid data")


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"model": "t2v-9b"}, FailureKind.INPUT, "There is no model 't2v-9b': give the path"),
        ({"prompt": "shortage"}, FailureKind.MEMORY, "The graphics card has too little memory."),
        ({"prompt": "fault"}, FailureKind.INTERNAL, "Something in the program went wrong (a bug)."),
    ],
    ids=["unknown model", "too little memory", "fault"],
)
def test_job_that_fails_does_not_end_it(
    changes: dict[str, str], kind: FailureKind, message: str, rough: Worker, tiny_model: Path,
    clips: Path,
) -> None:  # fmt: skip
    request = {"model": str(tiny_model)} | changes
    rough.tell(job("bad", clips=clips, **request), job("good", tiny_model, clips))
    (event,) = rough.hear_job("bad")
    assert isinstance(event, Failed)
    assert event.kind is kind
    assert event.message.startswith(message)
    assert ("Traceback" in event.details) == (kind is not FailureKind.INPUT)
    assert isinstance(rough.hear_job("good")[-1], Finished)
