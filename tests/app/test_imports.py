"""The window's process holds neither torch nor numpy: the worker's end hands all memory back."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(f"app.{path.stem}" for path in (ROOT / "app").glob("[!_]*.py"))
HEAVY = {"torch", "numpy", "safetensors", "inference.generate", "quant"}
LOADED = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*sys.modules)"


@pytest.mark.parametrize("module", ["app", *MODULES])
def test_nothing_heavy_is_loaded(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not HEAVY & loaded
