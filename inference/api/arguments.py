"""Command lines: read, run, and what goes wrong told in one sentence."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from inference.api.errors import UserError
from inference.api.pipes import is_broken
from inference.api.version import VERSION

UNHEARD, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes; the last is a shell's for Ctrl-C

LEAST_BYTES = 10**6  # that an amount of memory is
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class Parser(argparse.ArgumentParser):
    """Bad usage is bad input: one sentence."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message[0].upper()}{message[1:]} (see {self.prog} --help).")


def add_version(parser: argparse.ArgumentParser) -> None:
    """Have `parser` say which Kinora this is."""
    words = "print the version and end"
    parser.add_argument("--version", action="version", version=f"Kinora {VERSION}", help=words)


def guarded(run: Callable[[], int], tell: Callable[[UserError], None] = lambda _: None) -> int:
    """The exit code of `run`. What a person can act on goes to `tell` and, as a sentence, to stderr."""
    try:
        return run()
    except UserError as error:
        tell(error)
        return fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return fail("stopped.", INTERRUPTED)
    except OSError as error:
        if is_broken(error):  # as under `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it ends
            return UNHEARD
        where = error.filename or "A file"
        return fail(f"{where} can't be used ({error.strerror or error}).", BAD_INPUT)


def fail(message: str, code: int) -> int:
    """Says it on stderr; returns `code`."""
    sys.stderr.write(f"kinora: {message}\n")
    return code


def counted(count: int, noun: str) -> str:
    """Such as "1 frame" and "5 frames"."""
    return f"{count} {noun}{'s' * (count != 1)}"


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in pixels, from "832x480". Raises `UserError`."""
    match = re.fullmatch(r"(\d{1,6})\s*[xX×*]\s*(\d{1,6})", text.strip())
    if match is None:
        raise UserError(f"The size {text!r} can't be read: write it as WIDTHxHEIGHT, say 832x480.")
    return int(match[1]), int(match[2])


def parse_bytes(text: str) -> int:
    """Bytes, from "8GiB" (units of 1024), "8GB" (of 1000) or a bare number. Raises `UserError`, also for less than
    a megabyte, which nobody means."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    count = 0
    if match is not None and (match[2] or not match[3]):
        count = int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2]])
    if count < LEAST_BYTES:
        raise UserError(f"{text!r} is no amount of memory: write it with its unit, say 8GiB.")
    return count
