"""The launcher, with real Python, venv and pip, on a lock of one tiny wheel made here.

Making an environment takes seconds, so one real first start serves all: it can be copied, as every
program in it is started through its Python.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from installer import environment

ROOT = Path(__file__).parent.parent
INFERENCE = """
import json, os, sys, probe
print(json.dumps([sys.argv[1:], os.getcwd(), probe.VERSION, sys.prefix], ensure_ascii=False))
"""
PYTEST = "import sys; print('pytest', sys.argv[1:])"


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def write_lock(root: Path, *lines: str, name: str = "requirements.lock") -> None:
    (root / name).write_text("\n".join(["--no-index", "--find-links wheels", *lines, ""]))


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkout after its first start, in a folder with a space and Chinese, and what that said."""
    root = tmp_path_factory.mktemp("launcher") / "视频 工具"
    for folder in ("inference", "installer", "wheels"):
        (root / folder).mkdir(parents=True)
    shutil.copy(ROOT / "kinora", root)
    shutil.copy(ROOT / "installer/environment.py", root / "installer")
    (root / "inference/__main__.py").write_text(INFERENCE)
    for version in ("1.0", "2.0"):
        make_wheel(root / "wheels", "probe", version, {"probe.py": f"VERSION = '{version}'"})
    make_wheel(root / "wheels", "pytest", "1.0", {"pytest.py": PYTEST})
    write_lock(root, "probe==1.0")
    write_lock(root, "probe==1.0", "pytest==1.0", name="requirements-dev.lock")
    code, out, err = start(root, "generate", "一只 猫")
    assert code == 0, err
    assert json.loads(out) == [
        ["generate", "一只 猫"],
        str(root.parent),
        "1.0",
        str(root / ".venv"),
    ]
    return root, err


@pytest.fixture
def checkout(first_start: tuple[Path, str], tmp_path: Path) -> Path:
    return shutil.copytree(first_start[0], tmp_path / "移动 moved", symlinks=True)


@pytest.fixture
def fast_venv(first_start: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, a new virtual environment is a copy of the first start's."""

    def copy(folder: Path) -> None:
        shutil.copytree(first_start[0] / ".venv", folder, symlinks=True)
        (folder / environment.LOCK).unlink()

    monkeypatch.setattr(environment, "make_venv", copy)
    for name, value in environ().items():
        monkeypatch.setenv(name, value)


def environ(**changes: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KINORA_")}
    return kept | {"KINORA_PYTHON": sys.executable, "PIP_RETRIES": "0"} | changes


def start(
    root: Path, *arguments: str, cwd: Path | None = None, **changes: str
) -> tuple[int, str, str]:
    done = subprocess.run(
        [root / "kinora", *arguments],
        cwd=cwd or root.parent,
        env=environ(**changes),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def start_without_python(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Start where any attempt to install would fail at once."""
    return start(root, *arguments, KINORA_PYTHON="/nonexistent")


def leftovers(root: Path) -> set[str]:
    return {path.name for path in root.glob(".venv*")} - {".venv", ".venv.lock"}


@pytest.mark.parametrize("arguments", [["plan", "--model", "demo"], ["--version"]])
def test_plan_and_version_need_no_environment(arguments: list[str], tmp_path: Path) -> None:
    for folder in ("inference", "inference/api"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    shutil.copy(ROOT / "kinora", tmp_path)
    (tmp_path / "inference/api/__main__.py").write_text("import sys; print(sys.argv[1:])")
    write_lock(tmp_path, "probe==1.0")

    code, out, err = start(tmp_path, *arguments)

    assert (code, out, err) == (0, f"{arguments}\n", "")
    assert not (tmp_path / ".venv").exists()


def test_first_start_says_what_it_does_and_leaves_only_the_environment(
    first_start: tuple[Path, str],
) -> None:
    root, said = first_start
    assert said.count("\n") == 2
    assert f"making a private Python environment in {root}/.venv" in said
    assert "GB to download" in said
    assert leftovers(root) == set()


def test_later_starts_run_no_pip_even_after_the_folder_moved(
    checkout: Path, tmp_path: Path
) -> None:
    shutil.rmtree(checkout / "wheels")
    (tmp_path / "inference.py").write_text("raise SystemExit('the wrong inference')")
    code, out, err = start_without_python(checkout, "models")
    assert (code, err) == (0, "")
    assert json.loads(out) == [["models"], str(tmp_path), "1.0", str(checkout / ".venv")]


def test_exit_code_is_the_programs(checkout: Path) -> None:
    (checkout / "inference/__main__.py").write_text("raise SystemExit(7)")
    assert start_without_python(checkout, "models")[0] == 7


def test_test_adds_the_development_set_once(checkout: Path) -> None:
    code, out, err = start(checkout, "test", "-k", "a name")
    assert (code, out) == (0, "pytest ['-k', 'a name']\n"), err
    assert start_without_python(checkout, "test") == (0, "pytest []\n", "")


def test_two_first_starts_at_once_install_once_over_a_killed_one(checkout: Path) -> None:
    (checkout / ".venv").rename(checkout / ".venv.partial")
    (checkout / ".venv.partial/requirements.lock").unlink()
    both = [
        subprocess.Popen(
            [checkout / "kinora", "models"],
            env=environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    results = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    said = b"".join(err for _, err in results)
    assert said.count(b"making a private Python environment") == 1
    assert said.count(b"waiting for it") == 1
    assert leftovers(checkout) == set()


@pytest.mark.usefixtures("fast_venv")
def test_changed_lock_reinstalls(checkout: Path) -> None:
    write_lock(checkout, "probe==2.0")
    environment.make(checkout, checkout / ".venv", dev=False)
    code, out, err = start_without_python(checkout, "models")
    assert (code, json.loads(out)[2]) == (0, "2.0"), err
    assert leftovers(checkout) == set()


@pytest.mark.usefixtures("fast_venv")
@pytest.mark.parametrize(
    ("lock", "sentence"),
    [
        pytest.param("--no-index\nprobe==3.0\n", "pip could not install", id="no such version"),
        pytest.param(
            "--index-url http://127.0.0.1:9/simple\nnothing\n",
            "check the network",
            id="network down",
        ),
    ],
)
def test_failed_installation_keeps_the_old_environment(
    checkout: Path, lock: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    old = (checkout / "requirements.lock").read_text()
    (checkout / "requirements.lock").write_text(lock)
    with pytest.raises(environment.SetupError, match=sentence):
        environment.make(checkout, checkout / ".venv", dev=False)
    assert leftovers(checkout) == set()
    (checkout / "requirements.lock").write_text(old)
    assert start_without_python(checkout, "models")[0] == 0


def test_full_disk_is_said(checkout: Path) -> None:
    stub = checkout / ".venv/bin/python"
    stub.unlink()
    stub.write_text(
        '#!/bin/sh\nwhile [ "$1" != --log ]; do shift; done\necho "[Errno 28] No space left on device" >"$2"\nexit 1\n'
    )
    stub.chmod(0o755)
    with pytest.raises(environment.SetupError, match=r"the disk is full: .* has [\d.]+ GB free"):
        environment.pip_install(checkout / ".venv", checkout / "requirements.lock")


def test_foreign_environment_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv/requirements.lock").unlink()
    code, _, err = start(checkout, "models")
    assert code == 1
    assert "is not Kinora's" in err
    assert (checkout / ".venv/bin/python").exists()


def test_unsuitable_python_is_said(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")  # what an old version answers to the version check
    old.chmod(0o755)
    code, _, err = start(checkout, "models", KINORA_PYTHON=str(old))
    assert code == 1
    assert f"no Python from 3.11 to 3.14 was found (tried: {old})" in err
    assert not (checkout / ".venv").exists()
