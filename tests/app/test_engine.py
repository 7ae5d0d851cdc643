"""The worker process as the window holds it: started, told, killed, replaced, never orphaned."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from app.engine import Engine, EngineState
from app.process import prepare_python
from inference.api.messages import (
    Cancel,
    Cancelled,
    DeviceInfo,
    Failed,
    FailureKind,
    Finished,
    Generate,
    ListModels,
    ModelsListed,
    Pause,
    Progress,
)
from tests import deaths
from tests.app.conftest import FAKE_WORKER, PATIENCE_MS, MakeEngine
from tests.tiny_model import make_request

ROOT = Path(__file__).parents[2]
READY_LINE = 'print(\'{"v": 1, "type": "Ready", "protocol": 1, "device": {"name": "x"}}\')'

# An application that holds an engine and says which process that is.
HOLDER = """
import sys
from PySide6.QtCore import QCoreApplication
from app.engine import Engine
application = QCoreApplication([])
engine = Engine([sys.argv[1]])
engine.ready.connect(lambda device: print(engine.pid, flush=True))
engine.start()
sys.exit(application.exec())
"""


def job(prompt: str, folder: Path, name: str = "1") -> Generate:
    return Generate(
        name,
        make_request("demo", prompt=prompt, steps=4),
        str(folder / f"{name}.mp4"),
        str(folder / f"{name}.state"),
        str(folder),
    )


def hear(engine: Engine) -> list[object]:
    events: list[object] = []
    engine.received.connect(events.append)
    return events


def test_commands_wait_for_the_worker(
    qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine()
    events = hear(engine)
    engine.send(job("a fox", tmp_path))
    with qtbot.waitSignal(engine.ready, timeout=PATIENCE_MS) as ready:
        engine.start()
    assert ready.args == [DeviceInfo("Fake", 8 << 30, 7 << 30, "8.9")]
    qtbot.waitUntil(lambda: bool(events) and isinstance(events[-1], Finished), timeout=PATIENCE_MS)
    assert [e.step for e in events if isinstance(e, Progress)] == [1, 1, 2, 3, 4]
    assert (tmp_path / "1.mp4").exists()


def test_worker_that_dies_is_replaced(
    qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine()
    engine.start()
    with qtbot.waitSignal(engine.crashed, timeout=PATIENCE_MS) as crash:
        engine.send(job("die 3", tmp_path))
    sentence, details = crash.args or ("", "")
    assert deaths.SAID in sentence
    assert details == "the card is on fire"
    events = hear(engine)
    engine.send(job("a fox", tmp_path, "2"))
    qtbot.waitUntil(lambda: bool(events) and isinstance(events[-1], Finished), timeout=PATIENCE_MS)
    assert "the card is on fire" in (tmp_path / "logs" / "engine.log").read_text()


def test_stillborn_worker_is_given_up(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine(FAKE_WORKER, "--stillborn")
    crashes: list[tuple[str, str]] = []
    engine.crashed.connect(lambda *said: crashes.append(said))
    engine.start()
    qtbot.waitUntil(lambda: engine.state is EngineState.FAILED, timeout=PATIENCE_MS)
    assert len(crashes) == len(engine.restart_delays_ms)
    assert "exit code 1" in crashes[0][0]
    assert crashes[0][1] == "no torch here"
    engine.start()  # asked for by the user
    assert engine.state is EngineState.STARTING


@pytest.mark.parametrize("kind", [Cancel, Pause])
def test_deaf_worker_is_killed(
    qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path, kind: type[Cancel | Pause]
) -> None:
    engine = make_engine()
    engine.cancel_grace_ms = engine.pause_grace_ms = 100
    events = hear(engine)
    crashes: list[str] = []
    engine.crashed.connect(lambda message, _: crashes.append(message))
    engine.send(job("deaf", tmp_path))
    engine.start()
    qtbot.waitUntil(lambda: len(events) > 3, timeout=PATIENCE_MS)
    with qtbot.waitSignals([engine.forced, engine.ready], timeout=PATIENCE_MS):
        engine.enforce(kind("1"))
    assert not crashes


def test_obedient_worker_is_not_killed(
    qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine()
    engine.cancel_grace_ms = 3_000
    events = hear(engine)
    engine.send(job("slow", tmp_path))
    engine.start()
    qtbot.waitUntil(lambda: len(events) > 3, timeout=PATIENCE_MS)
    pid = engine.pid
    engine.enforce(Cancel("1"))
    qtbot.waitUntil(lambda: events[-1] == Cancelled("1"), timeout=PATIENCE_MS)
    with qtbot.assertNotEmitted(engine.forced, wait=3_500):
        assert engine.pid == pid


def test_unreadable_line_is_told(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("-c", f"{READY_LINE}; print('hi'); input()")
    events = hear(engine)
    engine.start()
    qtbot.waitUntil(lambda: len(events) == 2, timeout=PATIENCE_MS)
    failure = events[1]
    assert isinstance(failure, Failed)
    assert failure.kind is FailureKind.PROTOCOL
    assert "hi" in failure.message


def test_stop_leaves_no_process(qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine()
    with qtbot.waitSignal(engine.ready, timeout=PATIENCE_MS):
        engine.start()
    pid = engine.pid
    with qtbot.assertNotEmitted(engine.crashed):
        engine.stop()
    assert not deaths.is_alive(pid)
    assert engine.state is EngineState.STOPPED


@pytest.mark.parametrize("worker", [FAKE_WORKER, "-m"], ids=["talking", "deaf to everything"])
def test_killed_application_leaves_no_orphan(worker: str, tmp_path: Path) -> None:
    if worker == "-m":  # nothing but the kernel can end this one: it has closed its stdin
        script = tmp_path / "deaf.py"
        script.write_text(
            f"import os, time\n{READY_LINE}\nos.close(1); os.close(0); time.sleep(600)"
        )
        worker = str(script)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, worker],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    with holder.stdout:
        pid = int(holder.stdout.readline())
    assert deaths.is_alive(pid)
    holder.kill()
    holder.wait()
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while deaths.is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not deaths.is_alive(pid)


def test_the_real_worker_answers(qtbot: QtBot, tmp_path: Path) -> None:
    engine = Engine(log=tmp_path / "engine.log")
    events = hear(engine)
    try:
        engine.send(ListModels("q"))
        engine.start()
        qtbot.waitUntil(
            lambda: any(isinstance(e, ModelsListed | Failed) for e in events), timeout=PATIENCE_MS
        )
        answer = next(e for e in events if isinstance(e, ModelsListed | Failed))
        assert isinstance(answer, ModelsListed)
        assert "demo" in {model.name for model in answer.models}
    finally:
        engine.stop()


def test_folders_are_the_same_for_the_worker_wherever_the_window_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINORA_DATA", "data")
    monkeypatch.delenv("KINORA_MODELS", raising=False)
    process = QProcess()
    prepare_python(process, ["-m", "inference", "worker"])
    environment = process.processEnvironment()
    assert environment.value("KINORA_DATA") == str(tmp_path / "data")
    assert not environment.contains("KINORA_MODELS")
