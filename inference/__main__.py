"""`python -m inference`: the command line, whose libraries take a second to load.

What is imported here takes no time, so that Ctrl-C ends even that second quietly.
"""

import os
import signal
import sys
from importlib import import_module

INTERRUPTED = 130  # as in `inference.api.arguments`


def main() -> int:
    """Runs one command; returns the exit code."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # in the background it is ignored
        signal.signal(signal.SIGINT, _stop)
    command_line = import_module("inference.command_line")
    signal.signal(signal.SIGINT, before)
    return command_line.main()


def _stop(*_: object) -> None:
    """Ends the process at once: there is nothing to undo yet, and an exception would come out of the
    middle of a library, which may make anything of it."""
    sys.stderr.write("kinora: stopped.\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
