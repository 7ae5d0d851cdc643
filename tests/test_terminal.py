import io

import pytest

from inference import terminal
from inference.api.messages import (
    DeviceInfo,
    Finished,
    Notice,
    Progress,
    Ready,
    Stage,
    StageReport,
)
from inference.terminal import ProgressBar, human_bytes, human_seconds


class Screen(io.StringIO):
    """What a person sees: a line is written over from its start."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        return [shown(line) for line in self.getvalue().split("\n")]


def shown(line: str) -> str:
    screen = ""
    for text in line.split("\r"):
        screen = text + screen[len(text) :]
    return screen.rstrip()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setattr(terminal, "REDRAW_S", 0.0)
    return Screen()


FINISHED = Finished(
    "a", "/clip", 7, 32, 16, 5, 3.21,
    (StageReport(Stage.TEXT, 1.0, 2**30, 0), StageReport(Stage.DECODE, 2.04, 2**20, 0)),
)  # fmt: skip
SUMMARY = "5 frames of 32x16, seed 7, in 3.2 s (reading the prompt 1.0 s, decoding 2.0 s; peak memory 1.0 GB)"


def test_bar_tells_stage_step_and_time_left(screen: Screen) -> None:
    bar = ProgressBar(screen)
    bar.show(Progress("a", Stage.DENOISE, 5, 20, 3700.0))
    assert screen.lines == ["denoising [######..................] 5/20  1:01:40 left"]
    bar.show(Progress("a", Stage.DENOISE, 20, 20))
    assert screen.lines == ["denoising [########################] 20/20"]


def test_bar_tells_a_share_in_percent(screen: Screen) -> None:
    bar = ProgressBar(screen)
    bar.show(Progress("a", Stage.LOAD, 33, 100, 5.0))
    assert screen.lines == ["loading the transformer [#######.................] 33%  0:05 left"]


def test_lines_are_written_where_the_bar_was(screen: Screen) -> None:
    bar = ProgressBar(screen)
    bar.show(Progress("a", Stage.DECODE, 1, 2, 5.0))
    bar.show(Notice("a", "Mind."))
    bar.show(Progress("a", Stage.DECODE, 2, 2, 0.0))
    bar.show(FINISHED)
    assert screen.lines == ["Mind.", SUMMARY, ""]


def test_cleared_line_can_be_written_to(screen: Screen) -> None:
    bar = ProgressBar(screen)
    bar.clear()
    assert screen.getvalue() == ""
    bar.show(Progress("a", Stage.DECODE, 1, 2, 5.0))
    bar.clear()
    screen.write("kinora: stopped.\n")
    assert screen.lines == ["kinora: stopped.", ""]


def test_bar_is_not_drawn_too_often(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "REDRAW_S", 1e9)
    bar = ProgressBar(screen)
    for step in (1, 2, 3):
        bar.show(Progress("a", Stage.DENOISE, step, 4))
        assert screen.lines[0].endswith("] 1/4")
    bar.show(Progress("a", Stage.DENOISE, 4, 4))
    assert screen.lines[0].endswith("] 4/4")


def test_file_gets_a_line_for_each_stage() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream)
    for stage in Stage:
        for step in (1, 2):
            bar.show(Progress("a", stage, step, 2, 1.0))
    bar.show(FINISHED)
    bar.clear()
    assert stream.getvalue().splitlines() == [
        "reading the prompt",
        "reading the pictures",
        "quantising the transformer, this once",
        "loading the transformer",
        "denoising (2 steps)",
        "decoding",
        SUMMARY,
    ]


def test_other_events_say_nothing(screen: Screen) -> None:
    ProgressBar(screen).show(Ready(1, DeviceInfo("CPU")))
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KB"),
        (20 * 2**20, "20.0 MB"),
        (8 * 2**30, "8.0 GB"),
        (3000 * 2**40, "3000.0 TB"),
    ],
)
def test_bytes_in_words(count: int, words: str) -> None:
    assert human_bytes(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0:00"), (59.6, "1:00"), (75, "1:15"), (3599.7, "1:00:00")]
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert human_seconds(seconds) == words
