"""Copies to another drive: made in a thread, whole or not at all."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import copying as module
from app.copying import Copying
from tests.app.conftest import PATIENCE_MS


@pytest.fixture
def copying(qtbot: QtBot) -> Iterator[Copying]:
    made = Copying()
    yield made
    made.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "片.mp4"
    path.write_bytes(b"0123456789" * 100)
    os.utime(path, (1_000_000, 1_000_000))
    return path


def test_copy_is_hidden_and_as_old_as_its_file(
    qtbot: QtBot, copying: Copying, source: Path, tmp_path: Path
) -> None:
    with qtbot.waitSignal(copying.copied, timeout=PATIENCE_MS) as copied:
        copying.copy(3, source, tmp_path / "new" / "folder")
    assert copied.args is not None
    number, target = copied.args
    assert (number, target.parent) == (3, tmp_path / "new" / "folder")
    assert target.name.startswith(".片.")
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mtime == 1_000_000


@pytest.mark.posix
def test_failure_leaves_nothing(
    qtbot: QtBot, copying: Copying, source: Path, tmp_path: Path
) -> None:
    hidden = tmp_path / "full" / f".片.partial-{os.getpid()}.mp4"
    hidden.parent.mkdir()
    hidden.symlink_to("/dev/full")  # writing there fails as on a full disk
    with qtbot.waitSignal(copying.failed, timeout=PATIENCE_MS) as failed:
        copying.copy(3, source, hidden.parent)
    assert failed.args is not None
    assert failed.args[0] == 3
    assert "No space" in str(failed.args[1])
    assert not list(hidden.parent.iterdir())


@pytest.mark.posix
def test_copy_that_is_stopped_is_not_there(
    qtbot: QtBot, copying: Copying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo, chunk = tmp_path / "slow.mp4", bytes(1 << 14)
    os.mkfifo(fifo)
    monkeypatch.setattr(module, "CHUNK_BYTES", len(chunk))
    copying.copy(2, fifo, tmp_path / "part")
    part = tmp_path / "part" / f".slow.partial-{os.getpid()}.mp4"
    with fifo.open("wb", buffering=0) as writer:
        writer.write(chunk)
        qtbot.waitUntil(lambda: part.is_file() and part.stat().st_size == len(chunk))
        threading.Timer(0.1, writer.write, [chunk]).start()
        copying.stop()
    assert not list(part.parent.iterdir())


def test_copy_that_nobody_was_told_of_is_not_there(
    qapp: QApplication, copying: Copying, source: Path, tmp_path: Path
) -> None:
    copied: list[int] = []
    copying.copied.connect(lambda number, _: copied.append(number))
    copying.copy(1, source, tmp_path / "whole")
    copying._pool.waitForDone()
    assert list((tmp_path / "whole").iterdir())
    copying.stop()
    qapp.processEvents()
    assert not list((tmp_path / "whole").iterdir())
    assert copied == []
