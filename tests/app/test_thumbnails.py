"""Strips that are given up, as when the window closes."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.thumbnails import Thumbnails, plan_strip
from tests.app.conftest import PATIENCE_MS


@pytest.mark.posix
def test_stop_ends_the_strip_that_is_being_made_and_makes_no_other(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho >>{tmp_path}/started\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    source = tmp_path / "a.mp4"
    source.write_text("a clip")
    told: list[object] = []
    thumbnails = Thumbnails()
    thumbnails.made.connect(told.append)
    thumbnails.failed.connect(told.append)
    for number in range(3):
        thumbnails.make(plan_strip(number, source, tmp_path / "strips" / f"{number}.png", 17))
    qtbot.waitUntil((tmp_path / "started").exists, timeout=PATIENCE_MS)

    thumbnails.stop()  # which the 600 s would not let it

    qtbot.wait(50)
    assert told == []
    assert (tmp_path / "started").read_text() == "\n"
    assert list((tmp_path / "strips").iterdir()) == []
