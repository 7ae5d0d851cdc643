"""The history on disk: found again, written by two at once, and begun anew where it is broken."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inference.api import history as module
from inference.api.device import DeviceInfo, Stage, StageReport
from inference.api.errors import UserError
from inference.api.experience import Run, Speeds
from inference.api.history import History
from inference.api.models import DEMO
from inference.api.spec import WeightFormat, default_request

ROOT = Path(__file__).parents[2]
CARD = DeviceInfo("RTX 9", 8 * 2**30, 7 * 2**30, "8.9", 2**34)
RUN = Run(
    replace(default_request("any", "demo", DEMO.defaults, seed=0), weights=WeightFormat.NATIVE),
    DEMO.dit,
    DEMO.text,
    DEMO.vae,
    DeviceInfo("CPU"),
    resident_blocks=6,
    park=False,
    stages=(StageReport(Stage.TEXT, 1.5, 100, 0, 90, 0), StageReport(Stage.DECODE, 2.5, 9, 0)),
    file_bytes=1234,
)
WRITER = """
import sys
from pathlib import Path
from inference.api.history import History
from tests.api.test_history import RUN
for _ in range(25):
    with History(Path(sys.argv[1])) as history:
        history.add(RUN)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


def test_what_was_added_is_found_by_its_device(path: Path) -> None:
    with History(path) as history:
        history.add(RUN)
        history.add(replace(RUN, file_bytes=5))
        history.add(replace(RUN, device=CARD))
    with History(path) as history:
        assert history.experience("CPU").runs == (replace(RUN, file_bytes=5), RUN)
        assert history.experience("RTX 9").runs == (replace(RUN, device=CARD),)
        assert history.experience("other").runs == ()
        assert history.notice is None


def test_words_are_not_kept(path: Path) -> None:
    request = replace(RUN.request, prompt="my secret", negative_prompt="plan", seed=77)
    with History(path) as history:
        history.add(replace(RUN, request=request))
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert not any(b"secret" in data or b"plan" in data for data in files)


def test_speeds_replace_those_of_before(path: Path) -> None:
    with History(path) as history:
        assert history.experience("RTX 9").speeds is None
        history.set_speeds(CARD, Speeds(1e12, {"int8": 1.5}))
        history.set_speeds(CARD, Speeds(2e12, {"int8": 2.5}, 1e10))
        assert history.experience("RTX 9").speeds == Speeds(2e12, {"int8": 2.5}, 1e10)
        assert history.experience("CPU").speeds is None


def test_the_latest_card_is_known(path: Path) -> None:
    with History(path) as history:
        history.add(RUN)
        assert history.latest_card() == ""
        history.add(replace(RUN, device=replace(CARD, name="old")))
        history.add(replace(RUN, device=CARD))
        history.add(RUN)
        assert history.latest_card() == "RTX 9"


def test_the_oldest_runs_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_RUNS", 3)
    with History(path) as history:
        for size in range(1, 6):
            history.add(replace(RUN, file_bytes=size))
        assert [run.file_bytes for run in history.experience("CPU").runs] == [5, 4, 3]


def test_a_broken_history_is_begun_anew_and_told(path: Path) -> None:
    with History(path) as history:
        history.add(RUN)
    path.write_bytes(b"no database at all" * 100)
    with History(path) as history:
        assert history.put_aside is not None
        assert history.put_aside.read_bytes().startswith(b"no database")
        assert str(history.put_aside) in (history.notice or "")
        assert history.experience("CPU").runs == ()
        history.add(RUN)
    with History(path) as history:
        assert history.put_aside is None
        assert history.experience("CPU").runs == (RUN,)


def test_runs_of_another_version_are_left_out(path: Path) -> None:
    with History(path) as history:
        history.add(RUN)
        insert = "INSERT INTO runs (device, on_card, run) VALUES ('CPU', 0, ?)"
        for text in ("{}", "nothing", '{"new": 1}'):
            history._database.write(insert, text)
        history._database.write("INSERT INTO speeds VALUES ('CPU', '{}')")
        experience = history.experience("CPU")
    assert experience.runs == (RUN,)
    assert experience.speeds is None


def test_two_writers_lose_nothing(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    with History(path) as history:
        assert len(history.experience("CPU").runs) == 50
        assert history.put_aside is None


def test_a_writer_that_is_killed_leaves_a_whole_history(path: Path) -> None:
    with History(path) as history:
        history.add(RUN)
    loop = WRITER.replace("range(25)", "iter(int, 1)")
    writer = subprocess.Popen([sys.executable, "-c", loop, str(path)], cwd=ROOT)
    counts: list[int] = []
    while not counts or counts[-1] < 5:
        assert writer.poll() is None
        with History(path) as history:
            counts.append(len(history.experience("CPU").runs))
    writer.kill()
    writer.wait()
    with History(path) as history:
        assert history.put_aside is None
        assert len(history.experience("CPU").runs) >= counts[-1]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(UserError, match="make room"):
        History(tmp_path / "data" / "history.sqlite3")
