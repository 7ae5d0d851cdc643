"""What the pipeline asks of this machine's history, and tells it. A clip is never lost for its sake."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from inference.api.device import DeviceInfo, StageReport
from inference.api.errors import UserError
from inference.api.experience import NOTHING, Experience, Run, Speeds
from inference.api.history import History
from inference.api.plan import VramPlan
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest, ModelSpec


def recall(device: DeviceInfo) -> tuple[Experience, Sentence | None]:
    """What is known of the device, and what the user should know of the history, mostly nothing."""
    try:
        with History() as history:
            return history.experience(device.name), history.notice
    except UserError as error:
        return NOTHING, Sentence(
            "What this machine took for other clips isn't known: {error}", error=error.sentence
        )


def note_speeds(device: DeviceInfo, speeds: Speeds) -> Sentence | None:
    """Note how fast a device was measured to be; in a sentence why that failed, if it did."""
    try:
        with History() as history:
            history.set_speeds(device, speeds)
    except UserError as error:
        return Sentence("Plans won't know of these figures: {error}", error=error.sentence)
    return None


def chosen(subject: str) -> str:
    """What was chosen of a subject before; empty if nothing was, or nobody knows."""
    try:
        with History() as history:
            return history.choice(subject)
    except UserError:
        return ""  # who asks chooses again


def note_choice(subject: str, choice: str) -> None:
    """Note what was chosen, for `chosen`; where that fails it is chosen again."""
    with suppress(UserError), History() as history:
        history.set_choice(subject, choice)


def run_of(
    spec: ModelSpec,
    request: GenerationRequest,
    device: DeviceInfo,
    plan: VramPlan,
    reports: Sequence[StageReport],
) -> Run:
    """What a clip took. A stage that was begun again counts as it went the last time."""
    last = {report.stage: report for report in reports}
    return Run(
        replace(request, stop_after=0),  # the shares count all of its steps
        spec.dit,
        spec.text,
        spec.vae,
        device,
        plan.resident_blocks,
        plan.decoding.park,
        tuple(last.values()),
        encode_park=plan.encoding.park,
    )


def remember(run: Run, output: Path) -> Sentence | None:
    """Note what a clip took; in a sentence why that failed, if it did."""
    try:
        with History() as history:
            history.add(replace(run, file_bytes=_size(output)))
    except UserError as error:
        return Sentence(
            "What this clip took isn't noted for the next one's forecast: {error}",
            error=error.sentence,
        )
    return None


def _size(path: Path) -> int:
    """Of a clip, a file or a folder of pictures; 0 if it is gone already."""
    try:
        files = path.iterdir() if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError:
        return 0
