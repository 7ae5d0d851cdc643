"""What is said of a card, and the cap on what is taken of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from inference import devices
from inference.api.device import DeviceInfo
from inference.api.room import budget_bytes
from inference.devices import best_device, capped, describe, idle_card, is_supported
from inference.precision import compute_dtype, text_dtype

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
GIB = 2**30


@pytest.fixture
def fractions(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The card of 8 GiB, of which 7 are free and 1 is torch's own, unused; what it is capped at."""
    set_to: list[float] = []
    fakes = {
        "mem_get_info": lambda _: (6 * GIB, 8 * GIB),
        "memory_reserved": lambda _: GIB,
        "memory_allocated": lambda _: 0,
        "get_device_capability": lambda _: (8, 9),
        "get_device_name": lambda _: "RTX",
        "current_device": lambda: 0,
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    # As deep as can be without a card, for torch's own checks of what it is given.
    monkeypatch.setattr("torch.cuda.memory._lazy_init", lambda: None)
    cap = lambda share, _: set_to.append(share)  # noqa: E731
    monkeypatch.setattr(torch._C, "_cuda_setMemoryFraction", cap, raising=False)
    return set_to


@pytest.mark.parametrize(
    ("capability", "dtype", "name"),
    [
        ((7, 5), torch.float16, "fp16"),
        ((8, 0), torch.bfloat16, "bf16"),
        ((12, 0), torch.bfloat16, "bf16"),
    ],
)
@pytest.mark.usefixtures("fractions")
def test_the_networks_compute_in_what_the_card_is_good_at(
    capability: tuple[int, int], dtype: torch.dtype, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert compute_dtype(CUDA) is dtype
    assert text_dtype(CUDA) is torch.bfloat16
    assert describe(CUDA).native == name


def test_a_processor_computes_in_float32() -> None:
    assert compute_dtype(CPU) is text_dtype(CPU) is torch.float32
    assert describe(CPU).native == "float32"


def test_a_card_of_which_only_the_memory_is_known_is_no_old_one() -> None:
    assert DeviceInfo("8 GiB", 8 * GIB).native == "bf16"


def test_the_best_device_is_the_card() -> None:
    assert best_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_card_that_torch_has_no_code_for_stays_idle_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capability = 6, 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GTX 1060")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_86"])
    assert best_device() == CPU
    assert (said := idle_card(best_device())) is not None
    assert "GTX 1060 is not used" in said
    capability = 8, 9
    assert best_device() == CUDA
    assert idle_card(CUDA) is None
    assert idle_card(CPU) is None  # it was asked for


def test_binaries_run_on_later_cards_of_their_generation_alone() -> None:
    assert is_supported(8, 9, ["sm_86"])
    assert not is_supported(8, 0, ["sm_86"])
    assert not is_supported(9, 0, ["sm_86"])
    assert is_supported(12, 0, ["sm_86", "compute_90"])


@pytest.mark.usefixtures("fractions")
def test_a_card_is_described() -> None:
    found = describe(CUDA)
    assert found == DeviceInfo("RTX", 8 * GIB, 7 * GIB, "8.9", found.ram_bytes)


@pytest.mark.usefixtures("fractions")
def test_no_more_of_a_card_is_counted_than_may_be_taken() -> None:
    found = describe(CUDA, 4 * GIB)
    assert (found.total_bytes, found.free_bytes) == (4 * GIB, int(3.5 * GIB))
    assert describe(CUDA, 99 * GIB) == describe(CUDA)


def test_a_processor_has_memory_and_no_card() -> None:
    found = describe(CPU, 4 * GIB)
    assert (found.total_bytes, found.free_bytes) == (0, 0)
    assert found.ram_bytes > 2**20


def test_tensors_are_kept_within_the_budget(fractions: list[float]) -> None:
    info = describe(CUDA, 4 * GIB)
    with capped(CUDA, info):
        (share,) = fractions
    assert share * 8 * GIB == pytest.approx(budget_bytes(info) - GIB / 2)
    assert fractions == [share, 1.0]


def test_the_cap_is_lifted_after_an_error(fractions: list[float]) -> None:
    with pytest.raises(ValueError, match="oh"), capped(CUDA, describe(CUDA)):
        raise ValueError("oh")
    assert fractions[-1] == 1.0


def test_a_processor_has_no_cap(fractions: list[float]) -> None:
    with capped(CPU, describe(CPU)):
        assert fractions == []


@pytest.fixture
def settings(fractions: list[float]) -> Iterator[Callable[[str], str]]:
    """Those of torch's allocator: as they are after a job, from what they were before."""
    before = torch._C._accelerator_getAllocatorSettings()

    def after(given: str) -> str:
        torch._C._accelerator_setAllocatorSettings(given)
        for _ in range(2):
            with capped(CUDA, describe(CUDA)):
                pass
        return torch._C._accelerator_getAllocatorSettings()

    yield after
    torch._C._accelerator_setAllocatorSettings(before)


class FakeDriver:
    """The driver of a card that maps memory or doesn't, or fails."""

    def __init__(self, failure: int, answer: int) -> None:
        self._failure, self._answer = failure, answer

    def cuDeviceGetAttribute(self, place: Any, attribute: int, index: int) -> int:  # noqa: N802
        assert (attribute, index) == (102, 0)
        place._obj.value = self._answer
        return self._failure


@pytest.mark.parametrize(
    ("system", "release", "found", "growing"),
    [
        ("Linux", "6.18.0-generic", FakeDriver(0, 1), ",expandable_segments:True"),
        ("Linux", "6.18.0-generic", FakeDriver(0, 0), ""),
        ("Linux", "6.18.0-generic", FakeDriver(1, 1), ""),
        ("Linux", "6.6.87.2-microsoft-standard-WSL2", FakeDriver(0, 1), ""),
        ("Windows", "11", FakeDriver(0, 1), ""),
    ],
    ids=["Linux", "a share of a card", "a driver that fails", "WSL", "Windows"],
)
def test_memory_takes_what_it_holds(
    settings: Callable[[str], str],
    system: str,
    release: str,
    found: FakeDriver,
    growing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.release", lambda: release)
    monkeypatch.setattr(devices.driver, "_get_gpu_runtime_library", lambda: found)
    pinned = "pinned_max_cached_size_mb:1"
    assert settings("") == pinned + growing
    kept = "expandable_segments:False"
    assert settings(kept) == f"{kept},{pinned}"
    own = "pinned_max_round_threshold_mb:64"
    assert settings(own) == own + growing


@pytest.mark.gpu
def test_torch_pins_no_more_than_it_is_asked_for() -> None:
    with capped(CUDA, describe(CUDA)):
        torch.accelerator.empty_host_cache()
        before = torch.cuda.host_memory_stats()["allocated_bytes.current"]
        pinned = torch.empty(5 * 2**20 + 1, dtype=torch.uint8, pin_memory=True)
        taken = torch.cuda.host_memory_stats()["allocated_bytes.current"] - before
    assert pinned.is_pinned()
    assert pinned.nbytes <= taken < pinned.nbytes + 4096


@pytest.mark.gpu
def test_a_card_refuses_more_than_the_cap() -> None:
    with (
        capped(CUDA, describe(CUDA, 2 * GIB)),
        pytest.raises(torch.OutOfMemoryError),
    ):
        torch.empty(2 * GIB, dtype=torch.uint8, device=CUDA)
    torch.empty(2 * GIB, dtype=torch.uint8, device=CUDA)
