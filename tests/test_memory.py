from pathlib import Path

import pytest
import torch

from inference import memory
from inference.memory import peak_ram_bytes, peak_vram_bytes, reset_peaks

CPU = torch.device("cpu")
SIZE = 96 * 2**20

FORGETS = Path("/proc/self/clear_refs").exists()  # Windows and macOS can't forget a peak


def touch(size: int) -> None:
    torch.ones(size, dtype=torch.uint8)


def test_peak_counts_what_was_held() -> None:
    before = peak_ram_bytes()
    held = [torch.ones(SIZE, dtype=torch.uint8) for _ in range(1 + before // SIZE)]
    assert peak_ram_bytes() >= max(before, len(held) * SIZE)
    assert peak_vram_bytes(CPU) == 0


def test_reset_forgets_the_peak_where_it_can() -> None:
    touch(SIZE)
    high = peak_ram_bytes()
    reset_peaks(CPU)
    low = peak_ram_bytes()
    assert (low < high - SIZE // 2) == FORGETS
    touch(4 * SIZE)
    assert peak_ram_bytes() > low + SIZE or not FORGETS


def test_system_without_a_high_water_mark_is_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    touch(SIZE)
    known = peak_ram_bytes()
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    assert peak_ram_bytes() >= known * 0.9  # of the whole life of the process


def test_sandbox_that_keeps_the_peak_is_such_a_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    touch(SIZE)
    high = peak_ram_bytes()
    monkeypatch.setattr(Path, "write_text", refuse)
    reset_peaks(CPU)
    assert peak_ram_bytes() >= high
