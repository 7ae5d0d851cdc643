"""The models' page with the real worker, and a hub on this machine that is slow and breaks."""

import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.models import Models, Phase, Transfer
from app.models_page import ModelsPage
from tests.app.conftest import MakeEngine
from tests.test_chores import SMALL
from tests.test_download import FILES, Behaviour, Hub, contents

WORKER_MS = 120_000  # on a machine that is busy with other things
NAME, TITLE = "t2v-1.3b", "Wan2.1 T2V 1.3B"
SLICE_BYTES, SLICE_S = 64 << 10, 0.02
WANTED = {path: data for path, data in FILES.items() if path.endswith(("json", "safetensors"))}


class SlowHub(Hub):
    """Sends large files a slice at a time."""

    def answer(
        self, status: int, body: bytes, headers: dict[str, str], limit: int | None = None
    ) -> None:
        super().answer(status, body, headers, 0)
        for start in range(0, len(body if limit is None else body[:limit]), SLICE_BYTES):
            time.sleep(SLICE_S)
            end = start + SLICE_BYTES
            self.wfile.write(body[start : end if limit is None else min(end, limit)])


@pytest.fixture
def hub() -> Iterator[tuple[str, Behaviour]]:
    behaviour = Behaviour()
    handler = type("ThisHub", (SlowHub,), {"behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", behaviour
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def page(
    qtbot: QtBot, make_engine: MakeEngine, models_folder: Path, hub: tuple[str, Behaviour]
) -> ModelsPage:
    engine = make_engine("-c", SMALL)
    made = ModelsPage(Models(engine, lambda: hub[0], engine))
    qtbot.addWidget(made)
    made.show()
    engine.ready.connect(made.refresh.click)
    engine.start()
    qtbot.waitUntil(lambda: NAME in made.cards, timeout=WORKER_MS)
    return made


def test_model_is_downloaded_with_a_break_and_a_pause_and_removed(
    qtbot: QtBot, page: ModelsPage, models_folder: Path, hub: tuple[str, Behaviour]
) -> None:
    card, behaviour, folder = page.cards[NAME], hub[1], models_folder / NAME
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")

    card.download.click()
    qtbot.waitUntil(lambda: card.bar.isVisible() and card.bar.value() > 0, timeout=WORKER_MS)
    card.pause.click()
    qtbot.waitUntil(lambda: card.transfer.phase is Phase.PAUSED, timeout=WORKER_MS)
    assert (
        0 < card.transfer.done_bytes < card.transfer.total_bytes == sum(map(len, WANTED.values()))
    )
    assert card.progress.text().startswith("Paused")

    behaviour.asked.clear()
    behaviour.break_after = [100_000, 0]
    card.download.click()
    qtbot.waitUntil(lambda: card.transfer.phase is Phase.FAILED, timeout=WORKER_MS)
    assert "broke off" in card.fault.text()
    assert behaviour.asked[0][1] not in ("", "bytes=0-")  # it went on from what there was

    card.download.click()
    qtbot.waitUntil(lambda: card.transfer == Transfer(), timeout=WORKER_MS)
    qtbot.waitUntil(card.remove.isVisible, timeout=WORKER_MS)
    assert contents(folder) == {**WANTED, "notes.txt": b"mine"}

    card.remove.click()
    card.delete.click()
    qtbot.waitUntil(lambda: len(list(folder.iterdir())) == 1, timeout=WORKER_MS)
    assert contents(folder) == {"notes.txt": b"mine"}


def test_model_is_added_in_place_and_taken_off(
    qtbot: QtBot, page: ModelsPage, tiny_model: Path
) -> None:
    before = contents(tiny_model)
    page.add(tiny_model)
    qtbot.waitUntil(lambda: "tiny" in page.cards, timeout=WORKER_MS)
    card = page.cards["tiny"]
    assert card.state.text() == "Added, in place"
    assert card.path.text() == str(tiny_model)
    card.remove.click()
    qtbot.waitUntil(lambda: "tiny" not in page.cards, timeout=WORKER_MS)
    assert contents(tiny_model) == before
