"""Questions and downloads, asked of the real worker while it makes a clip."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inference import chores, shelf
from inference.api.errors import UserError
from inference.api.findings import FindingKind, Level
from inference.api.messages import (
    AddModel,
    Cancel,
    Cancelled,
    CheckedUp,
    Checkup,
    Download,
    Downloaded,
    Downloading,
    Failed,
    FailureKind,
    Generate,
    Inspect,
    Inspected,
    ListModels,
    Measure,
    Measured,
    ModelInfo,
    ModelsListed,
    Progress,
    Question,
    Ready,
    RemoveModel,
)
from inference.api.models import MODELS, published_bytes
from inference.catalog import find
from inference.manifest import MANIFEST
from tests.test_download import FILES, Behaviour, Repository, contents, hub
from tests.tiny_model import make_request
from tests.worker_process import Worker, running

__all__ = ["hub"]  # a fixture

LONG = 1000

# A worker whose models are those of the test's hub.
SMALL = """
import sys
from dataclasses import replace
from inference import chores, worker
from inference.api.models import MODELS

MODELS["t2v-1.3b"] = replace(MODELS["t2v-1.3b"], repository="owner/name")
chores.published_files = lambda spec: ("*.safetensors", "*.json")
sys.exit(worker.main())
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path / "models"))


@pytest.fixture
def worker(tmp_path: Path, tiny_model: Path) -> Iterator[Worker]:
    """A worker that is busy with a clip for the whole test."""
    with running("-c", SMALL, stderr=tmp_path / "stderr") as worker:
        assert isinstance(worker.hear(), Ready)
        request = make_request(tiny_model, steps=LONG, frames=1)
        worker.tell(Generate("busy", request, str(tmp_path / "clip.mp4")))
        worker.hear_first(Progress)
        yield worker
        worker.tell(Cancel("busy"))
        assert worker.hear_first(Cancelled).job == "busy"


@pytest.fixture
def ask(worker: Worker) -> Callable[[Question], object]:
    """The answer to a question, or its failure."""

    def run(question: Question) -> object:
        worker.tell(question)
        while isinstance(event := worker.hear(), Progress):
            pass
        return event

    return run


Ask = Callable[[Question], object]


def by_name(answer: object) -> dict[str, ModelInfo]:
    assert isinstance(answer, ModelsListed)
    return {model.name: model for model in answer.models}


def test_prompt_is_measured_by_the_models_own_tokenizer(ask: Ask, tiny_model: Path) -> None:
    words = "a red circle moves left a red circle"
    assert ask(Measure("1", str(tiny_model), "a red circle")) == Measured("1", 4, 8)
    assert ask(Measure("2", str(tiny_model), words)) == Measured("2", 9, 8, cut_at=30)
    assert ask(Measure("3", str(tiny_model), "")) == Measured("3", 1, 8)


def test_question_that_fails_has_an_answer(ask: Ask) -> None:
    answer = ask(Measure("1", "t2v-9b", "a red circle"))
    assert isinstance(answer, Failed)
    assert (answer.job, answer.kind) == ("1", FailureKind.INPUT)
    assert answer.message.startswith("There is no model 't2v-9b'")


def test_models_are_listed(ask: Ask) -> None:
    models = by_name(ask(ListModels("1")))
    assert list(models) == list(MODELS)
    demo, other = models["demo"], models["t2v-14b"]
    assert (demo.installed, demo.removable, demo.missing) == (True, False, ())
    assert demo.tasks == ("t2v", "vace")
    assert (demo.downloadable, demo.added) == (False, False)
    assert demo.like == "demo"
    assert demo.bytes > 1_000_000
    assert (other.installed, other.removable, other.downloadable) == (False, False, True)
    assert (other.bytes, other.precision) == (0, "")
    assert (demo.download_bytes, other.download_bytes) == (0, published_bytes(MODELS["t2v-14b"]))


def test_model_is_added_in_place_and_forgotten(ask: Ask, tiny_model: Path) -> None:
    before = contents(tiny_model)
    added = by_name(ask(AddModel("1", str(tiny_model))))["tiny"]
    assert (added.path, added.title) == (str(tiny_model), "Wan2.1 T2V width 32")
    assert (added.installed, added.added, added.removable) == (True, True, True)
    assert added.like == ""  # no known model is as small
    assert find("tiny").files.path == tiny_model
    assert list(by_name(ask(AddModel("2", str(tiny_model))))).count("tiny") == 1
    assert "tiny" not in by_name(ask(RemoveModel("3", "tiny")))
    assert contents(tiny_model) == before


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere", "There is no file or folder"), (".", "has no part of Wan2.1")],
)
def test_what_is_no_model_is_not_added(path: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        chores.add_model(tmp_path / path)
    assert shelf.added() == ()


def test_file_is_inspected(ask: Ask, tiny_model: Path) -> None:
    answer = ask(Inspect("1", str(tiny_model / "diffusion_pytorch_model.safetensors")))
    assert isinstance(answer, Inspected)
    assert answer.model.tasks == ("t2v",)
    assert answer.model.precision == "fp32"
    assert "Wan2.1 T2V" in answer.report


def test_machine_is_checked(ask: Ask, tmp_path: Path) -> None:
    answer = ask(Checkup("1", str(tmp_path)))
    assert isinstance(answer, CheckedUp)
    found = {finding.kind: finding for finding in answer.findings}
    assert found[FindingKind.FFMPEG].level is Level.OK
    assert found[FindingKind.OUTPUT_ACCESS].values == {"path": str(tmp_path)}
    assert int(found[FindingKind.RAM].values["total_bytes"]) > 2**30


def test_download_is_cancelled_and_goes_on(
    worker: Worker, hub: tuple[Repository, Behaviour], tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "t2v-1.3b"
    behaviour = hub[1]
    behaviour.break_after = [2_000_000, 0]
    worker.tell(Download("d", "t2v-1.3b", hub[0].endpoint))
    failed = worker.hear_first(Failed)
    assert failed.job == "d"
    assert "again goes on" in failed.message
    (partial,) = folder.glob("model*.partial")
    kept = partial.stat().st_size
    behaviour.asked.clear()
    worker.tell(Download("d", "t2v-1.3b", hub[0].endpoint))
    progress = worker.hear_first(Downloading)
    assert progress.total_bytes == sum(
        len(content) for name, content in FILES.items() if name.endswith(("json", "safetensors"))
    )
    assert worker.hear_first(Downloaded).path == str(folder)
    assert ("model.safetensors", f"bytes={kept}-") in behaviour.asked


def test_download_that_is_waiting_is_cancelled(
    worker: Worker, hub: tuple[Repository, Behaviour], tmp_path: Path
) -> None:
    worker.tell(Cancel("e"), Download("d", "t2v-1.3b", hub[0].endpoint), Cancel("d"))
    while not isinstance(event := worker.hear(), Downloaded | Cancelled):
        pass
    assert event.job == "d"


def test_removing_deletes_what_was_downloaded_and_nothing_else(
    worker: Worker, hub: tuple[Repository, Behaviour], tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "t2v-1.3b"
    folder.mkdir(parents=True)
    (folder / "my own.safetensors").write_bytes(b"mine")
    (folder / "config.json").write_bytes(FILES["config.json"])  # there before
    worker.tell(Download("d", "t2v-1.3b", hub[0].endpoint))
    worker.hear_first(Downloaded)
    worker.tell(ListModels("1"))
    assert by_name(worker.hear_first(ModelsListed))["t2v-1.3b"].removable
    worker.tell(RemoveModel("2", "t2v-1.3b"))
    assert not by_name(worker.hear_first(ModelsListed))["t2v-1.3b"].removable
    left = {"my own.safetensors": b"mine", "config.json": FILES["config.json"]}
    assert contents(folder) == left
    assert not (folder / MANIFEST).exists()
    worker.tell(RemoveModel("3", "t2v-1.3b"))
    assert "nothing of t2v-1.3b" in worker.hear_first(Failed).message


def test_damaged_list_of_models_is_kept_aside(tiny_model: Path, tmp_path: Path) -> None:
    file = tmp_path / "data" / "models.json"
    assert shelf.add(tiny_model) == "tiny"
    file.write_text(file.read_text("utf-8")[:-3], "utf-8")
    assert shelf.added() == ()
    assert file.with_name("models.json.damaged").exists()
    assert shelf.add(tiny_model) == "tiny"


def test_names_of_added_models_are_new(tmp_path: Path) -> None:
    names = []
    for place in ("a/demo", "b/demo", "c/other"):
        (tmp_path / place).mkdir(parents=True)
        names.append(shelf.add(tmp_path / place))
    assert names == ["demo-2", "demo-3", "other"]
