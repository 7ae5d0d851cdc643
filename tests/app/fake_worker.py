"""A worker that computes nothing and does what the prompt says, in a few milliseconds a step.

die N     kill itself at step N, every time
die once  kill itself at step 2 unless it goes on from a kept state
deaf      go on without end and obey nothing
slow      take 50 ms a step
refuse    fail with an `INPUT` failure

A checkup it makes of a machine that is good but for what the folder for clips is called: "full" and
"closed" are a full disk and one that may not be written to, "deaf", "refuse" and "die" are as above.
"""

import os
import sys
import threading
import time
from pathlib import Path

from inference.api.findings import Finding, FindingKind, Level
from inference.api.messages import (
    PROTOCOL,
    Cancel,
    Cancelled,
    CheckedUp,
    Checkup,
    DeviceInfo,
    Event,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Generate,
    Pause,
    Paused,
    Preview,
    Progress,
    Quit,
    Ready,
    Stage,
    StageReport,
    decode_command,
    encode,
)
from tests import deaths

wishes: dict[str, str] = {}
jobs: list[Generate] = []
arrived = threading.Condition()


def say(event: Event) -> None:
    sys.stdout.write(encode(event) + "\n")
    sys.stdout.flush()


def check(command: Checkup) -> None:
    wish = Path(command.folder).name
    if wish == "die":
        die()
    elif wish == "refuse":
        say(Failed(command.id, FailureKind.INTERNAL, "Something in the program went wrong (x)."))
    elif wish != "deaf":
        is_full, is_closed = wish == "full", wish == "closed"
        disk = {"path": command.folder, "free_bytes": "5000000", "wanted_bytes": "1000000000"}
        access = {"path": command.folder, "reason": "Permission denied", "error": "EACCES"}
        found = (
            Finding(FindingKind.CARD, Level.OK, {"name": "Fake", "capability": "8.9"}),
            Finding(FindingKind.OUTPUT_DISK, Level.WARNING if is_full else Level.OK, disk),
            Finding(FindingKind.OUTPUT_ACCESS, Level.PROBLEM if is_closed else Level.OK, access),
        )
        say(CheckedUp(command.id, found))


def read() -> None:
    for line in sys.stdin:
        with arrived:
            match decode_command(line):
                case Generate() as command:
                    jobs.append(command)
                case Cancel(job) | Pause(job) | Finish(job) as command:
                    wishes[job] = type(command).__name__
                case Checkup() as command:
                    check(command)
                case Quit():
                    break
                case _:
                    pass
            arrived.notify()
    os._exit(0)


def die() -> None:
    sys.stderr.write("the card is on fire\n")
    sys.stderr.flush()
    deaths.kill(os.getpid())


def keep(state: Path, step: int) -> None:
    fresh = state.with_suffix(".new")
    fresh.write_text(str(step))
    fresh.replace(state)


def run(command: Generate) -> None:
    job, prompt, steps = command.job, command.request.prompt, command.request.steps
    if prompt == "refuse":
        say(Failed(job, FailureKind.INPUT, "The folder can't be written to.", "how it came"))
        return
    state = Path(command.state)
    is_fresh = not state.exists()
    step = 0 if is_fresh else int(state.read_text())
    say(Progress(job, Stage.TEXT, 1, 1))
    while prompt == "deaf" or step < steps:
        step += 1
        time.sleep(0.05 if prompt in ("slow", "deaf") else 0.002)
        if prompt == f"die {step}" or (prompt == "die once" and step == 2 and is_fresh):
            die()
        keep(state, step)
        say(Progress(job, Stage.DENOISE, step, steps, 1.5))
        say(Preview(job, step, steps, f"{command.previews}/{step}", 2, 2, 1))
        if prompt != "deaf":
            match wishes.pop(job, ""):
                case "Cancel":
                    say(Cancelled(job))
                    return
                case "Pause":
                    say(Paused(job, step, steps))
                    return
                case "Finish":
                    break
    Path(command.output).write_bytes(f"{prompt} {step}".encode())
    request = command.request
    reports = (StageReport(Stage.TEXT, 1.0, 0, 0), StageReport(Stage.DENOISE, 2.0 * steps, 0, 0))
    size = (request.width, request.height, request.frames)
    say(Finished(job, command.output, request.seed, *size, 0.5, reports))


def main() -> None:
    if "--stillborn" in sys.argv:
        sys.exit("no torch here")
    say(Ready(PROTOCOL, DeviceInfo("Fake", 8 << 30, 7 << 30, "8.9")))
    threading.Thread(target=read, daemon=True).start()
    while True:
        with arrived:
            arrived.wait_for(lambda: jobs)
            command = jobs.pop(0)
        run(command)


main()
