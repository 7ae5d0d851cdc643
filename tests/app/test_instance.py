"""Two starts, one window."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from app.instance import Instance
from inference.api.errors import UserError
from tests.app.conftest import PATIENCE_MS

ROOT = Path(__file__).parents[2]

# A start: says whether it is the first, and stays if it is.
START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.instance import Instance
application = QCoreApplication([])
instance = Instance(Path(sys.argv[1]))
first = instance.claim([Path(file) for file in sys.argv[2:]])
print(first, flush=True)
sys.exit(application.exec() if first else 0)
"""


@pytest.fixture
def instance(qtbot: QtBot, tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path / "data 数据")
    yield instance
    instance.release()


def start(folder: Path, *files: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", START, str(folder), *files]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    with process.stdout:
        return process.stdout.readline().strip()


def folder_of(instance: Instance) -> Path:
    return instance._folder


def test_second_start_hands_its_files_over(qtbot: QtBot, instance: Instance) -> None:
    assert instance.claim()
    with qtbot.waitSignal(instance.opened, timeout=PATIENCE_MS) as opened:
        far = Path(ROOT.anchor, "clips", "一 fox.mp4")
        second = start(folder_of(instance), str(far), "b.mp4")
    assert opened.args == [[far, ROOT / "b.mp4"]]
    assert first_line(second) == "False"
    assert second.wait() == 0


def test_start_without_files_is_told_too(qtbot: QtBot, instance: Instance) -> None:
    assert instance.claim()
    with qtbot.waitSignal(instance.opened, timeout=PATIENCE_MS) as opened:
        second = start(folder_of(instance))
    assert opened.args == [[]]
    assert second.wait() == 0
    first_line(second)


def test_killed_first_leaves_nothing_in_the_way(instance: Instance) -> None:
    killed = start(folder_of(instance))
    assert first_line(killed) == "True"
    killed.kill()
    killed.wait()
    assert instance.claim()


@pytest.mark.posix
def test_first_that_does_not_answer_is_named(instance: Instance) -> None:
    stopped = start(folder_of(instance))
    assert first_line(stopped) == "True"
    stopped.send_signal(signal.SIGSTOP)
    instance.patience_ms = 100
    try:
        with pytest.raises(UserError, match="running already"):
            instance.claim()
    finally:
        stopped.kill()
        stopped.wait()


def test_folders_have_a_window_each(qtbot: QtBot, instance: Instance, tmp_path: Path) -> None:
    other = Instance(tmp_path / "other")
    assert instance.claim()
    assert other.claim()
    other.release()


def test_folder_that_can_not_be_made_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="may write there"):
        Instance(tmp_path / "file" / "data").claim()


@pytest.mark.parametrize("line", [b"{}\n", b"nonsense\n"])
def test_other_talk_is_not_answered(qtbot: QtBot, instance: Instance, line: bytes) -> None:
    assert instance.claim()
    socket = QLocalSocket()
    with qtbot.assertNotEmitted(instance.opened, wait=50):
        socket.connectToServer(instance._name)
        assert socket.waitForConnected(PATIENCE_MS)
        with qtbot.waitSignal(socket.disconnected, timeout=PATIENCE_MS):
            socket.write(line)
            socket.flush()
