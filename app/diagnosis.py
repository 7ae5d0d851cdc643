"""What a finding of a checkup means, in words: what was found, why it matters, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication

from app.forecast import size_text
from inference.api.findings import Finding, FindingKind, Level

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Sentences on one finding; `cause` and `advice` are empty where nothing is wrong."""

    level: Level
    name: str
    found: str
    cause: str = ""
    advice: str = ""


def diagnose(finding: Finding) -> Diagnosis:
    """The words for a finding, in the language that is spoken now."""
    match finding.kind:
        case FindingKind.CARD | FindingKind.OLD_CARD | FindingKind.NEW_CARD:
            return _card(finding)
        case FindingKind.NO_CARD:
            return _no_card(finding)
        case FindingKind.NO_CUDA:
            return _no_cuda(finding)
        case FindingKind.DRIVER | FindingKind.NO_DRIVER:
            return _driver(finding)
        case FindingKind.OLD_DRIVER | FindingKind.CARD_FAULT:
            return _bad_driver(finding)
        case FindingKind.VRAM | FindingKind.RAM:
            return _memory(finding)
        case FindingKind.SYSTEM_FALLBACK:
            return _fallback(finding)
        case FindingKind.FFMPEG | FindingKind.NO_FFMPEG:
            return _ffmpeg(finding)
        case _:
            return _folder(finding)


def worst(findings: Iterable[Finding]) -> tuple[Level, int]:
    """The worst level there is, and of how many."""
    levels = [finding.level for finding in findings]
    level = max(levels, key=list(Level).index, default=Level.OK)
    return level, levels.count(level)


def level_name(level: Level) -> str:
    match level:
        case Level.OK:
            return translate("Diagnosis", "Good")
        case Level.WARNING:
            return translate("Diagnosis", "Warning")
        case Level.PROBLEM:
            return translate("Diagnosis", "Problem")


def report(findings: Iterable[Finding], head: str) -> str:
    """All of it as text, to be sent to who can help."""
    lines = [head, ""]
    for finding in findings:
        said = diagnose(finding)
        lines.append(f"[{level_name(said.level)}] {said.name}: {said.found}")
        lines += [f"    {sentence}" for sentence in (said.cause, said.advice) if sentence]
    return "\n".join(lines) + "\n"


def _card(finding: Finding) -> Diagnosis:
    values = finding.values
    found = translate("Diagnosis", "{name}, compute capability {capability}").format(**values)
    cause = advice = ""
    if finding.kind is FindingKind.OLD_CARD:
        cause = translate(
            "Diagnosis",
            "The engine has no code for a card this old: it needs compute capability {needed} or more.",
        ).format(**values)
        advice = translate(
            "Diagnosis",
            "Use a newer NVIDIA card. Until then Kinora computes on the processor, slowly.",
        )
    elif finding.kind is FindingKind.NEW_CARD:
        cause = translate(
            "Diagnosis", "The card is newer than the engine, which has no code for it."
        )
        advice = translate(
            "Diagnosis",
            "Install the latest Kinora. Until then it computes on the processor, slowly.",
        )
    return Diagnosis(finding.level, _card_name(), found, cause, advice)


def _card_name() -> str:
    return translate("Diagnosis", "Graphics card")


def _no_card(finding: Finding) -> Diagnosis:
    return Diagnosis(
        finding.level,
        _card_name(),
        translate("Diagnosis", "No NVIDIA card: the processor computes"),
        translate(
            "Diagnosis",
            "Nothing is broken: everything works without a card, only many times slower.",
        ),
        translate(
            "Diagnosis",
            "Make small and short clips, or use the demo model. An NVIDIA card with 8 GB or more "
            "makes large ones practical.",
        ),
    )


def _no_cuda(finding: Finding) -> Diagnosis:
    return Diagnosis(
        finding.level,
        _card_name(),
        translate("Diagnosis", "An NVIDIA card, not used (PyTorch {torch})").format(
            **finding.values
        ),
        translate(
            "Diagnosis",
            "The PyTorch that is installed was built without CUDA, so the processor computes.",
        ),
        translate("Diagnosis", "Install Kinora again, now that the card and its driver are there."),
    )


def _driver_name() -> str:
    return translate("Diagnosis", "Driver")


def _driver(finding: Finding) -> Diagnosis:
    if finding.kind is FindingKind.DRIVER:
        found = translate("Diagnosis", "NVIDIA {driver}; the engine uses CUDA {cuda}")
        return Diagnosis(finding.level, _driver_name(), found.format(**finding.values))
    return Diagnosis(
        finding.level,
        _driver_name(),
        translate("Diagnosis", "None for the NVIDIA card"),
        translate("Diagnosis", "There is an NVIDIA card, and no driver of NVIDIA's that runs it."),
        translate(
            "Diagnosis",
            "Install NVIDIA's driver (on Windows from nvidia.com/drivers, on Linux the package of "
            "your distribution), then restart the PC.",
        ),
    )


def _bad_driver(finding: Finding) -> Diagnosis:
    values = finding.values
    found = translate("Diagnosis", "NVIDIA {driver}").format(**values).strip()
    if finding.kind is FindingKind.OLD_DRIVER:
        if values["offered"]:
            found = translate("Diagnosis", "NVIDIA {driver}, which offers CUDA {offered}").format(
                **values
            )
        cause = translate(
            "Diagnosis", "The driver is too old: the engine is made for CUDA {cuda}."
        ).format(**values)
        advice = translate("Diagnosis", "Update NVIDIA's driver, then restart the PC.")
    else:
        cause = translate(
            "Diagnosis",
            "The driver is recent enough and yet offers no card: often it was updated and the PC not "
            "restarted since.",
        )
        advice = translate(
            "Diagnosis",
            "Restart the PC. If that doesn't help, remove the variable CUDA_VISIBLE_DEVICES if it is "
            "set, then install the driver again.",
        )
    return Diagnosis(finding.level, _driver_name(), found, cause, advice)


def _memory(finding: Finding) -> Diagnosis:
    values, is_card = finding.values, finding.kind is FindingKind.VRAM
    name = translate("Diagnosis", "Video memory") if is_card else translate("Diagnosis", "RAM")
    make = partial(Diagnosis, finding.level, name)
    if reason := values.get("reason"):
        return make(
            translate("Diagnosis", "Not known: the card can't be asked"),
            translate("Diagnosis", "{reason}. Often other programs hold all of its memory.").format(
                reason=reason.rstrip(".")
            ),
            translate("Diagnosis", "Close other programs that use the card, or restart the PC."),
        )
    total, free, wanted = (int(values[f"{word}_bytes"]) for word in ("total", "free", "wanted"))
    if not total:
        return make(translate("Diagnosis", "Not known: this system doesn't tell"))
    found = translate("Diagnosis", "{free} of {total} free").format(
        free=size_text(free), total=size_text(total)
    )
    if finding.level is Level.OK:
        return make(found)
    if total < wanted:
        return make(found, *_too_small(wanted, is_card=is_card))
    return make(found, *_too_full(total - free, wanted, is_card=is_card))


def _too_small(wanted: int, *, is_card: bool) -> tuple[str, str]:
    """Cause and advice."""
    if is_card:
        cause = translate(
            "Diagnosis", "The card is small: {wanted} free are comfortable for the 1.3B models."
        )
    else:
        cause = translate("Diagnosis", "The PC has little RAM: {wanted} free are comfortable.")
    advice = translate(
        "Diagnosis",
        "Choose weights in 8 or 4 bits and a smaller picture: the forecast says what fits.",
    )
    return cause.format(wanted=size_text(wanted)), advice


def _too_full(held: int, wanted: int, *, is_card: bool) -> tuple[str, str]:
    """Cause and advice."""
    if is_card:
        cause = translate(
            "Diagnosis",
            "Other programs hold {held} of it; {wanted} free are comfortable for the 1.3B models.",
        )
        advice = translate(
            "Diagnosis", "Close games, browsers and others that use the card, then check again."
        )
    else:
        cause = translate(
            "Diagnosis", "Running programs hold {held} of it; {wanted} free are comfortable."
        )
        advice = translate("Diagnosis", "Close programs that you don't need, then check again.")
    return cause.format(held=size_text(held), wanted=size_text(wanted)), advice


def _fallback(finding: Finding) -> Diagnosis:
    return Diagnosis(
        finding.level,
        translate("Diagnosis", "Windows' fallback"),
        translate(
            "Diagnosis", "When video memory runs out, Windows may move it to RAM, many times slower"
        ),
        "",
        translate(
            "Diagnosis",
            "If clips suddenly take far longer: in the NVIDIA Control Panel, under Manage 3D settings, "
            "set CUDA - Sysmem Fallback Policy to Prefer No Sysmem Fallback.",
        ),
    )


def _ffmpeg(finding: Finding) -> Diagnosis:
    make = partial(Diagnosis, finding.level, "ffmpeg")
    if finding.kind is FindingKind.NO_FFMPEG:
        return make(
            translate("Diagnosis", "None was found"),
            translate("Diagnosis", "Without ffmpeg no clip can be written or opened."),
            translate(
                "Diagnosis",
                "Install Kinora again, or set the variable IMAGEIO_FFMPEG_EXE to the path of an ffmpeg.",
            ),
        )
    if finding.level is Level.OK:
        return make(translate("Diagnosis", "Version {version}").format(**finding.values))
    return make(
        finding.values["path"],
        translate("Diagnosis", "It doesn't run, so no clip can be written: {reason}").format(
            **finding.values
        ),
        translate(
            "Diagnosis",
            "Remove the variable IMAGEIO_FFMPEG_EXE if it is set; otherwise install Kinora again.",
        ),
    )


def _folder(finding: Finding) -> Diagnosis:
    match finding.kind:
        case FindingKind.OUTPUT_ACCESS | FindingKind.OUTPUT_DISK:
            name = translate("Diagnosis", "Folder for clips")
            disk = translate("Diagnosis", "Disk for clips")
            use = translate("Diagnosis", "Clips need room: {wanted} should be free.")
            other = translate("Diagnosis", "Or choose another folder for clips in the settings.")
        case FindingKind.MODELS_ACCESS | FindingKind.MODELS_DISK:
            name = translate("Diagnosis", "Folder for models")
            disk = translate("Diagnosis", "Disk for models")
            use = translate(
                "Diagnosis",
                "The smallest official model takes about {wanted}; those that are there go on working.",
            )
            other = translate(
                "Diagnosis", "Or set the variable KINORA_MODELS to a folder on another disk."
            )
        case _:
            name = translate("Diagnosis", "Folder for data")
            disk = translate("Diagnosis", "Disk for data")
            use = translate(
                "Diagnosis",
                "Unfinished clips and smaller copies of models are kept there: {wanted} should be free.",
            )
            other = ""
    if "free_bytes" in finding.values:
        return _disk(finding, disk, use, other)
    return _access(finding, name, other)


def _disk(finding: Finding, name: str, use: str, other: str) -> Diagnosis:
    free, wanted = (size_text(int(finding.values[f"{word}_bytes"])) for word in ("free", "wanted"))
    found = translate("Diagnosis", "{free} free").format(free=free)
    if finding.level is Level.OK:
        return Diagnosis(finding.level, name, found)
    advice = translate("Diagnosis", "Delete or move what you don't need there.")
    return Diagnosis(
        finding.level, name, found, use.format(wanted=wanted), f"{advice} {other}".strip()
    )


def _access(finding: Finding, name: str, other: str) -> Diagnosis:
    path = finding.values["path"]
    if finding.level is Level.OK:
        found = translate("Diagnosis", "{path} can be written to").format(path=path)
        return Diagnosis(finding.level, name, found)
    found = translate("Diagnosis", "{path} can't be written to").format(path=path)
    cause, advice = _refusal(finding.values["error"], finding.values["reason"])
    return Diagnosis(finding.level, name, found, cause, f"{advice} {other}".strip())


def _refusal(error: str, reason: str) -> tuple[str, str]:
    """Cause and advice for the system's name of it."""
    match error:
        case "EACCES" | "EPERM":
            cause = translate("Diagnosis", "Kinora may not write there.")
            advice = translate(
                "Diagnosis",
                "Give your user the right to write; on Windows also let Kinora through Controlled "
                "folder access.",
            )
        case "EROFS":
            cause = translate("Diagnosis", "The disk is read-only.")
            advice = translate("Diagnosis", "Make it writable, if it is a card by its switch.")
        case "ENOSPC" | "EDQUOT":
            cause = translate("Diagnosis", "The disk is full.")
            advice = translate("Diagnosis", "Delete or move what you don't need there.")
        case "ENOENT":
            cause = translate("Diagnosis", "The drive is not there.")
            advice = translate("Diagnosis", "Connect it, then check again.")
        case "ENOTDIR" | "EEXIST":
            cause = translate("Diagnosis", "A file has the name of the folder, or of one above it.")
            advice = translate("Diagnosis", "Rename or move that file.")
        case _:
            cause = translate("Diagnosis", "The system refuses it: {reason}.").format(reason=reason)
            advice = translate("Diagnosis", "Check the disk and its cable or network.")
    return cause, advice
