"""The words for findings: each fault has its cause and its advice, each good one needs none."""

import pytest

from app.diagnosis import diagnose, report, worst
from inference.api.findings import Finding, FindingKind, Level

CARD = {"name": "RTX", "capability": "6.1", "needed": "7.5"}
FOLDER = {"path": "/clips", "reason": "Input/output error", "error": "EIO"}
DISK = {"path": "/clips", "free_bytes": str(2 << 20), "wanted_bytes": str(1 << 30)}
MEMORY = {"total_bytes": str(12 << 30), "free_bytes": str(2 << 30), "wanted_bytes": str(6 << 30)}

FAULTS = {
    FindingKind.NO_CARD: {},
    FindingKind.OLD_CARD: CARD,
    FindingKind.NEW_CARD: CARD,
    FindingKind.CARD_FAULT: {"driver": ""},
    FindingKind.NO_CUDA: {"torch": "2.13.0"},
    FindingKind.NO_DRIVER: {},
    FindingKind.OLD_DRIVER: {"driver": "470.1", "offered": "11.4", "cuda": "12.8"},
    FindingKind.VRAM: MEMORY,
    FindingKind.RAM: MEMORY,
    FindingKind.OUTPUT_ACCESS: FOLDER,
    FindingKind.OUTPUT_DISK: DISK,
    FindingKind.DATA_ACCESS: FOLDER,
    FindingKind.DATA_DISK: DISK,
    FindingKind.MODELS_ACCESS: FOLDER,
    FindingKind.MODELS_DISK: DISK,
    FindingKind.FFMPEG: {"path": "/bin/ffmpeg", "reason": "exit status 3"},
    FindingKind.NO_FFMPEG: {},
}
GOOD = {
    FindingKind.CARD: CARD,
    FindingKind.DRIVER: {"driver": "580.65", "cuda": "12.8"},
    FindingKind.VRAM: MEMORY,
    FindingKind.RAM: dict.fromkeys(MEMORY, "0"),
    FindingKind.OUTPUT_ACCESS: FOLDER,
    FindingKind.DATA_DISK: DISK,
    FindingKind.FFMPEG: {"version": "7.1"},
}


def test_every_kind_is_a_fault_or_good() -> None:
    assert {*FAULTS, *GOOD, FindingKind.SYSTEM_FALLBACK} == set(FindingKind)


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_has_a_cause_and_an_advice(kind: FindingKind) -> None:
    said = diagnose(Finding(kind, Level.PROBLEM, FAULTS[kind]))
    for sentence in (said.name, said.found, said.cause, said.advice):
        assert sentence.strip()
        assert "{" not in sentence
    assert said.advice.endswith(".")


def test_faults_of_different_kinds_say_different_things() -> None:
    said = [diagnose(Finding(kind, Level.PROBLEM, values)) for kind, values in FAULTS.items()]
    assert len({(one.name, one.found, one.cause) for one in said}) == len(FAULTS)


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_good_needs_no_advice(kind: FindingKind) -> None:
    said = diagnose(Finding(kind, Level.OK, GOOD[kind]))
    assert said.found
    assert said.cause == said.advice == ""


def test_memory_that_others_hold_is_told_from_too_little_of_it() -> None:
    full = diagnose(Finding(FindingKind.VRAM, Level.WARNING, MEMORY))
    assert "hold 10 GB" in full.cause
    small = {**MEMORY, "total_bytes": str(4 << 30)}
    assert "small" in diagnose(Finding(FindingKind.VRAM, Level.WARNING, small)).cause


def test_card_that_could_not_be_asked() -> None:
    said = diagnose(Finding(FindingKind.VRAM, Level.PROBLEM, {"reason": "CUDA out of memory."}))
    assert said.cause.startswith("CUDA out of memory. Often")


@pytest.mark.parametrize("error", ["EACCES", "EROFS", "ENOSPC", "ENOENT", "ENOTDIR"])
def test_refusal_that_is_known_is_said_in_our_words(error: str) -> None:
    said = diagnose(Finding(FindingKind.MODELS_ACCESS, Level.PROBLEM, {**FOLDER, "error": error}))
    assert "Input/output" not in said.cause
    assert "KINORA_MODELS" in said.advice
    unknown = diagnose(Finding(FindingKind.MODELS_ACCESS, Level.PROBLEM, FOLDER))
    assert "Input/output error" in unknown.cause


def test_worst_level_is_told_with_how_many_have_it() -> None:
    good = Finding(FindingKind.FFMPEG, Level.OK, {"version": "7.1"})
    warning = Finding(FindingKind.NO_CARD, Level.WARNING, {})
    problem = Finding(FindingKind.NO_DRIVER, Level.PROBLEM, {})
    assert worst([good])[0] is Level.OK
    assert worst([good, warning, warning]) == (Level.WARNING, 2)
    assert worst([problem, good, warning]) == (Level.PROBLEM, 1)


def test_report_tells_all() -> None:
    problem = Finding(FindingKind.NO_DRIVER, Level.PROBLEM, {})
    good = Finding(FindingKind.FFMPEG, Level.OK, {"version": "7.1"})
    said, text = diagnose(problem), report([problem, good], "Kinora 1, Linux")
    assert text.startswith("Kinora 1, Linux\n")
    assert f"[Problem] {said.name}: {said.found}\n    {said.cause}\n    {said.advice}\n" in text
    assert "[Good] ffmpeg: Version 7.1" in text
