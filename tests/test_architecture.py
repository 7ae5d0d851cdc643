"""The rules of CONTRIBUTING.md that neither ruff nor import-linter can see."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parent.parent
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 59
SHAPE = re.compile(r"\[[^\]]*\]|\bshape\b")
API_IMPORTS = """
import importlib, pkgutil, sys
import inference.api
for module in pkgutil.iter_modules(inference.api.__path__):
    importlib.import_module(f"inference.api.{module.name}")
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
print(*sorted(name for name in foreign if not name.startswith("__")))
"""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[str]:
    """Our Python files below `folders` as paths relative to the root (and so readable test ids)."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path.relative_to(ROOT).as_posix() for path in paths]


def functions(source: str) -> list[Function]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]


def public_functions(source: str) -> Iterator[tuple[str, Function]]:
    """The functions of a module and of its classes that others may call, by their full names.

    A `forward` of a line or two is left out: what it takes and gives is plain to see.
    """
    module = ast.parse(source)
    yield from ((node.name, node) for node in module.body if is_public_function(node))
    for scope in module.body:
        if isinstance(scope, ast.ClassDef) and not scope.name.startswith("_"):
            for node in filter(is_public_function, scope.body):
                if node.name != "forward" or len(node.body) > 2:
                    yield f"{scope.name}.{node.name}", node


def is_public_function(node: ast.stmt) -> TypeGuard[Function]:
    return isinstance(node, Function) and not node.name.startswith("_")


def takes_or_gives_tensors(function: Function) -> bool:
    arguments = function.args
    annotated = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    annotations = [argument.annotation for argument in annotated] + [function.returns]
    texts = [ast.unparse(node) for node in annotations if node is not None]
    return any("Tensor" in text and "dict[" not in text for text in texts)


def without_shapes(source: str) -> list[str]:
    """The public tensor functions whose docstring has no shape such as [C, F, H, W]."""
    return [
        name
        for name, function in public_functions(source)
        if takes_or_gives_tensors(function) and not SHAPE.search(ast.get_docstring(function) or "")
    ]


@pytest.mark.parametrize("path", sources("app", "inference", "quant", "installer", "assets"))
def test_sizes(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    lines = len(source.splitlines())
    assert lines <= MAX_FILE_LINES, f"{lines} lines: split it by what it is about"
    sizes = {
        node.name: node.end_lineno - node.lineno + 1
        for node in functions(source)
        if node.end_lineno
    }
    too_long = {name: size for name, size in sizes.items() if size > MAX_FUNCTION_LINES}
    assert not too_long


@pytest.mark.parametrize("path", [*sources("inference/wan", "quant"), "inference/sample.py"])
def test_public_tensor_functions_state_shapes(path: str) -> None:
    assert without_shapes((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("def f(x: Tensor): 'Halves x.'", ["f"], id="no shape"),
        pytest.param("def f() -> tuple[torch.Tensor, int]: pass", ["f"], id="no docstring"),
        pytest.param("class A:\n  def f(self, *, x: Tensor | None): 'Hm.'", ["A.f"], id="method"),
        pytest.param(
            "class A:\n  def forward(self, x: Tensor):\n   1\n   2", [], id="short forward"
        ),
        pytest.param("def f(x: Tensor): 'Halves x [B, L, D].'", [], id="shape"),
        pytest.param("def f() -> dict[str, Tensor]: pass", [], id="named tensors"),
        pytest.param("def _f(x: Tensor): pass\ndef g(x: int): pass", [], id="private, no tensor"),
    ],
)
def test_shape_check_finds(source: str, names: list[str]) -> None:
    assert without_shapes(source) == names


def test_api_imports_only_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-c", API_IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["inference"]
