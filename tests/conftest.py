"""What every test shares: few threads, fixed seeds, and the official reference vectors."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from assets.demo.recipe import quality
from quant import runtime
from tests import emulated
from tests.tiny_model import write_tiny_model

MOST_WORKERS = 4  # of some 2 GB each
REFERENCE_DIR = Path(__file__).parent / "reference"

Reference = tuple[dict[str, torch.Tensor], dict[str, Any]]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All tests together run on all cores, as far as memory goes; what is named runs in this process."""
    everything = config.args == config.getini("testpaths")
    return min(os.cpu_count() or 1, MOST_WORKERS) if everything else 0


def pytest_configure() -> None:
    # The networks under test are tiny: more threads only contend with whatever else is running, such as
    # pytest's other workers. What the tests start takes over the variable.
    threads = 1 if "PYTEST_XDIST_WORKER" in os.environ else 2
    os.environ["OMP_NUM_THREADS"] = str(threads)
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _fixed_seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the program keeps for itself, away from what the user's own copy keeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINORA_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> emulated.Emulator:
    """Kernels on this processor."""
    if missing := emulated.why_not():
        pytest.skip(missing)
    return emulated.Emulator(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(params=[emulated.PROCESSOR, emulated.CARD])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> emulated.Place:
    """Where kernels run: this processor in a card's place, and a card where tests for one are asked for."""
    if request.param == emulated.PROCESSOR:
        found: emulated.Emulator = request.getfixturevalue("emulator")
        return emulated.install(found.kernel, torch.device("cpu"), monkeypatch)
    return emulated.install(runtime.compiled, torch.device("cuda"), monkeypatch)


@pytest.fixture
def place_with_units(place: emulated.Place) -> Iterator[emulated.Place]:
    """The same with units for products of 8 bits: a card's own if it has them, or what works out what they give."""
    if place.device.type == "cuda":
        yield place
        return
    with quality._as_on_a_card():
        yield place


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Reference]:
    """Load `tests/reference/<name>.safetensors` as (tensors by name, configuration).

    Weights are named `w.<official name>`; a file without a configuration gives an empty dict.
    """

    def load(name: str) -> Reference:
        with safe_open(REFERENCE_DIR / f"{name}.safetensors", framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
        return tensors, json.loads(metadata.get("config", "{}"))

    return load


@pytest.fixture(scope="session")
def manifest() -> Callable[[str], dict[str, list[int]]]:
    """Shapes by parameter name of an official checkpoint, by the name of its file."""
    manifests = json.loads((REFERENCE_DIR / "wan21_manifests.json").read_text("utf-8"))
    return manifests.__getitem__


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole model of a few kilobytes, untrained; see `tests.tiny_model`."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform == "win32":
        for item in items:
            if item.get_closest_marker("posix"):
                item.add_marker(pytest.mark.skip(reason="Windows doesn't have what it needs"))
