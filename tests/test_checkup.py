"""The checkup on machines that are made up: which cause is named for what is found."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inference import checkup
from inference.api.findings import Finding, FindingKind, Level
from inference.checkup import Driver, has_nvidia_card

RECENT = Driver("580.65", "13.0")
Card = Callable[..., None]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Card:
    """A card of that capability with so many bytes; `usable` is whether torch says that it is."""

    def make(
        *,
        usable: bool = True,
        capability: tuple[int, int] = (8, 9),
        free_gb: float = 11.0,
        total_gb: float = 12.0,
        driver: Driver = RECENT,
        cuda: str | None = "12.8",
    ) -> None:
        def memory() -> tuple[int, int]:
            return int(free_gb * 1e9), int(total_gb * 1e9)

        monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "RTX")
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_86", "sm_120"])
        monkeypatch.setattr(torch.cuda, "mem_get_info", memory)
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 0)
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(checkup, "find_driver", lambda: driver)
        monkeypatch.setattr(checkup, "LOADED_DRIVER", tmp_path / "not loaded")
        monkeypatch.setattr(checkup, "DEVICES", tmp_path / "devices")

    return make


def put_device(folder: Path, vendor: str, kind: str) -> None:
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "class").write_text(f"{kind}\n")


def found_in(folder: Path) -> dict[FindingKind, Finding]:
    return {finding.kind: finding for finding in checkup.check(folder)}


def bad_in(folder: Path) -> dict[FindingKind, Finding]:
    """What is wrong of card and driver."""
    about_card = list(FindingKind)[: list(FindingKind).index(FindingKind.RAM)]
    found = found_in(folder).items()
    return {kind: f for kind, f in found if kind in about_card and f.level is not Level.OK}


def test_good_card_has_nothing_against_it(card: Card, tmp_path: Path) -> None:
    card()
    assert bad_in(tmp_path) == {}
    found = found_in(tmp_path)
    assert found[FindingKind.CARD].values == {"name": "RTX", "capability": "8.9"}
    assert found[FindingKind.DRIVER].values == {"driver": "580.65", "cuda": "12.8"}


def test_machine_without_a_card_computes_on_the_processor(card: Card, tmp_path: Path) -> None:
    card(usable=False, driver=Driver())
    (finding,) = bad_in(tmp_path).values()
    assert (finding.kind, finding.level) == (FindingKind.NO_CARD, Level.WARNING)


@pytest.mark.parametrize(
    ("driver", "cuda", "kind"),
    [
        (Driver(), "12.8", FindingKind.NO_DRIVER),
        (Driver(), None, FindingKind.NO_DRIVER),
        (Driver("470.1", "11.4"), "12.8", FindingKind.OLD_DRIVER),
        (Driver("390.1"), "12.8", FindingKind.OLD_DRIVER),
        (
            Driver("535.1", "12.2"),
            "12.8",
            FindingKind.CARD_FAULT,
        ),  # any 12 runs what is made for 12
        (RECENT, "12.8", FindingKind.CARD_FAULT),
        (RECENT, None, FindingKind.NO_CUDA),
    ],
)
def test_card_that_cannot_be_used_has_its_cause(
    card: Card,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    driver: Driver,
    cuda: str | None,
    kind: FindingKind,
) -> None:
    card(usable=False, driver=driver, cuda=cuda)
    monkeypatch.setattr(checkup, "has_nvidia_card", lambda: True)
    (finding,) = bad_in(tmp_path).values()
    assert (finding.kind, finding.level) == (kind, Level.PROBLEM)


def test_driver_that_is_loaded_and_does_not_answer_is_no_missing_driver(
    card: Card, tmp_path: Path
) -> None:
    card(usable=False, driver=Driver())
    (tmp_path / "not loaded").touch()
    assert list(bad_in(tmp_path)) == [FindingKind.CARD_FAULT]


@pytest.mark.skipif(sys.platform == "win32", reason="asks Windows itself there")
def test_only_a_graphics_card_of_nvidia_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checkup, "DEVICES", tmp_path)
    put_device(tmp_path / "a", "0x10de", "0x040300")  # the sound of a screen
    put_device(tmp_path / "b", "0x1002", "0x030000")  # AMD's
    assert not has_nvidia_card()
    put_device(tmp_path / "c", "0x10de", "0x030200")  # a laptop's, that drives no screen
    assert has_nvidia_card()


@pytest.mark.parametrize(
    ("capability", "kind"), [((6, 1), FindingKind.OLD_CARD), ((13, 0), FindingKind.NEW_CARD)]
)
def test_card_that_torch_has_no_code_for(
    card: Card, tmp_path: Path, capability: tuple[int, int], kind: FindingKind
) -> None:
    card(capability=capability)
    (finding,) = bad_in(tmp_path).values()
    assert (finding.kind, finding.level) == (kind, Level.PROBLEM)
    assert finding.values.get("needed", "7.5") == "7.5"


def test_card_that_others_fill_is_told_with_what_is_free(card: Card, tmp_path: Path) -> None:
    card(free_gb=2.0)
    finding = found_in(tmp_path)[FindingKind.VRAM]
    assert finding.level is Level.WARNING
    assert finding.values["free_bytes"] == "2000000000"


def test_what_kinora_itself_holds_of_the_card_is_free_to_it(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card(free_gb=2.0)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 8 * 10**9)
    assert found_in(tmp_path)[FindingKind.VRAM].values["free_bytes"] == "10000000000"
    assert bad_in(tmp_path) == {}


def test_card_so_full_that_it_cannot_be_asked(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> tuple[int, int]:
        raise torch.OutOfMemoryError("CUDA error: out of memory\nFor debugging consider")

    card()
    monkeypatch.setattr(torch.cuda, "mem_get_info", refuse)
    finding = found_in(tmp_path)[FindingKind.VRAM]
    assert finding.level is Level.PROBLEM
    assert finding.values == {"reason": "CUDA error: out of memory"}


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [(16, 12, Level.OK), (16, 3, Level.WARNING), (4, 3, Level.WARNING), (0, 0, Level.OK)],
)
def test_ram(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, total: int, free: int, level: Level
) -> None:
    monkeypatch.setattr(checkup, "ram_bytes", lambda: (total * 10**9, free * 10**9))
    assert found_in(tmp_path)[FindingKind.RAM].level is level


def test_folders_of_clips_data_and_models_are_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path / "models"))
    found = found_in(tmp_path / "not there yet" / "clips")
    assert found[FindingKind.OUTPUT_ACCESS].level is Level.OK
    assert found[FindingKind.MODELS_DISK].values["path"] == str(tmp_path / "models")
    assert str(tmp_path / "data") in found[FindingKind.DATA_ACCESS].values["path"]
    assert int(found[FindingKind.DATA_DISK].values["free_bytes"]) > 0
    assert list(tmp_path.iterdir()) == []  # looking leaves nothing behind


def test_full_disk_is_told_with_what_is_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checkup, "CLIPS_BYTES", 10**18)
    finding = found_in(tmp_path)[FindingKind.OUTPUT_DISK]
    assert finding.level is Level.WARNING
    assert finding.values["wanted_bytes"] == str(10**18)


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "clips").write_text("no folder")
    finding = found_in(tmp_path / "clips" / "today")[FindingKind.OUTPUT_ACCESS]
    assert finding.level is Level.PROBLEM
    assert finding.values["error"] == "ENOTDIR"


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="needs a user with limits")
def test_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert found_in(closed / "a" / "b")[FindingKind.OUTPUT_ACCESS].values["error"] == "EACCES"


def test_refusal_of_the_system_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(checkup.tempfile, "NamedTemporaryFile", refuse)
    finding = found_in(tmp_path)[FindingKind.OUTPUT_ACCESS]
    assert finding.level is Level.PROBLEM
    assert finding.values["error"] == "EROFS"
    assert finding.values["reason"] == "Read-only file system"


def test_drive_that_is_not_there_ends_the_search_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checkup.os.path, "exists", lambda _: False)
    assert checkup._existing(tmp_path) == Path(tmp_path.anchor)


def test_ffmpeg_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", refuse)
    assert found_in(tmp_path)[FindingKind.NO_FFMPEG].level is Level.PROBLEM


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_ffmpeg_that_does_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o700)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    finding = found_in(tmp_path)[FindingKind.FFMPEG]
    assert finding.level is Level.PROBLEM
    assert finding.values["path"] == str(program)
    assert "exit status 3" in finding.values["reason"]
