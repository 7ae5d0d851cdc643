"""The commands that need nothing but Python: `python -m inference.api plan ...`."""

import sys

from inference.api.arguments import Parser, add_version, guarded
from inference.api.command import add_plan_options


def main() -> int:
    """Runs one command; returns the exit code."""
    return guarded(_run)


def _run() -> int:
    parser = Parser(prog="kinora", description="Tell what a clip would take.")
    add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    add_plan_options(commands.add_parser("plan", help="forecast the memory and the time of a clip"))
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
