"""What the engine says to people, for lupdate, which can't see it: `python -m tests.app.sentences FILE`."""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MAKERS = ("Sentence", "UserError", "MemoryShortageError")
CARRIERS = {"Notice": 1, "Failed": 2}  # the place of what each says
PASSED_ON = (ast.Name, ast.Attribute, ast.Subscript)
# What only a terminal shows, in English.
TERMINAL = (
    "__main__", "command_line", "options", "terminal", "benchmarks", "bench", "bench_clips", "bench_layers", "measure",
    "peers", "peer_clips", "random_model", "trial", "api/__main__", "api/command", "api/arguments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A template and the names of its values, as a line of the engine's source has them."""

    template: str
    values: frozenset[str]
    where: str


class UntranslatableError(Exception):
    """A sentence that is not written as a literal; the message says where."""


def engine_sources() -> list[Path]:
    """The modules whose sentences can reach the window."""
    engine = ROOT / "inference"
    left_out = {engine / f"{name}.py" for name in TERMINAL}
    assert all(path.is_file() for path in left_out), "rename them here as well"
    found = [path for name in ("inference", "quant") for path in (ROOT / name).rglob("*.py")]
    return sorted(path for path in found if path not in left_out)


def sentences(source: str, name: str) -> Iterator[Said]:
    """All that a module says. Raises `UntranslatableError`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        where = f"{name}:{node.lineno}"
        if (place := CARRIERS.get(node.func.id)) is not None and len(node.args) > place:
            if not isinstance(node.args[place], (*PASSED_ON, ast.Call)):
                raise UntranslatableError(f"{where} gives no Sentence")
        elif node.func.id in MAKERS and node.args:
            if isinstance(node.args[0], PASSED_ON) and not any(k.arg for k in node.keywords):
                continue
            if not isinstance(node.args[0], ast.Constant):
                raise UntranslatableError(f"{where} makes a sentence of no literal")
            values = frozenset(k.arg or "" for k in node.keywords if k.arg != "details")
            yield Said(str(node.args[0].value), values, where)


def for_lupdate() -> str:
    """A source in which lupdate finds every template of the engine."""
    texts = {
        said.template
        for path in engine_sources()
        for said in sentences(path.read_text("utf-8"), path.name)
    }
    lines = (json.dumps(text, ensure_ascii=False) for text in sorted(texts))
    return "".join(f'QT_TRANSLATE_NOOP("engine", {line})\n' for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(for_lupdate(), encoding="utf-8")
