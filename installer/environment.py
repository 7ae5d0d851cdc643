"""Make the private Python environment that `kinora` and `kinora.bat` start the program from.

Standard library only: it runs on whatever Python the launcher found. The new environment is made beside
its place and moved there when complete, so a failure leaves what was there before.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
WINDOWS_REQUIREMENTS = "requirements-windows.txt"
NETWORK_FAILURE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
    r"|ProtocolError|IncompleteRead|SSLError|Network is unreachable"
)
DISK_FULL = re.compile(r"No space left on device|not enough space on the disk|Disk quota exceeded")


class SetupError(Exception):
    """The environment cannot be made; the message says what to do about it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="the folder with Kinora's files")
    parser.add_argument("env", type=Path, help="the folder that the environment gets")
    parser.add_argument("-dev", action="store_true", help="also what the tests need")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` runs
    try:
        make(arguments.root, arguments.env, dev=arguments.dev)
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"the environment can't be written to {arguments.env}: {error.strerror or error}.")
        return 1
    except KeyboardInterrupt:
        say("interrupted: nothing was installed; start it again when you like.")
        return 130
    return 0


def make(root: Path, env: Path, *, dev: bool) -> None:
    """Bring `env` to what the locks in `root` list; does nothing where it is already so."""
    env.parent.mkdir(parents=True, exist_ok=True)
    with only_one(env.with_name(env.name + ".lock")):
        if not is_installed(root / LOCK, env):
            create(root, env)
        if dev and not is_installed(root / DEV_LOCK, env):
            say("adding what the tests need (about 300 MB), once.")
            pip_install(env, root / DEV_LOCK)
            shutil.copyfile(root / DEV_LOCK, env / DEV_LOCK)


def is_installed(lock: Path, env: Path) -> bool:
    """Whether `env` was completed with exactly this lock: the copy in it is written last."""
    stamp = env / lock.name
    return python_of(env).exists() and stamp.exists() and stamp.read_bytes() == lock.read_bytes()


def create(root: Path, env: Path) -> None:
    if env.exists() and not (env / LOCK).exists():
        raise SetupError(
            f"{env} exists and is not Kinora's: move it away, or set KINORA_ENV to another folder."
        )
    say(f"making a private Python environment in {env}, once.")
    say("with CUDA it is about 3 GB to download and 7 GB on disk; later starts are offline.")
    partial = env.with_name(env.name + ".partial")
    remove(partial)  # left by a run that was killed
    try:
        make_venv(partial)
        windows = root / WINDOWS_REQUIREMENTS
        pip_install(partial, windows if os.name == "nt" else root / LOCK)
        shutil.copyfile(root / LOCK, partial / LOCK)
        replace(env, partial)
    finally:
        remove(partial)


def replace(env: Path, partial: Path) -> None:
    """Move `partial` to `env`; an old one is renamed first, which fails whole if Windows has it open."""
    old = env.with_name(env.name + ".old")
    remove(old)
    if env.exists():
        env.rename(old)
    partial.rename(env)
    remove(old)


def make_venv(folder: Path) -> None:
    # The real path, so that an environment whose Python was replaced has a dangling link and is remade.
    python = os.path.realpath(sys.executable)
    result = subprocess.run(
        [python, "-m", "venv", folder],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        output = (result.stdout + result.stderr).strip()
        if DISK_FULL.search(output):
            raise disk_full(folder)
        raise SetupError(
            f"{python} can't make an environment: install its venv module (on Ubuntu and Debian: sudo "
            f"apt install python3-venv), or set KINORA_PYTHON to another Python. It said: "
            f"{last_line(output)}"
        )


def pip_install(env: Path, requirements: Path) -> None:
    """Install a requirements file; pip's progress goes to the terminal, its account to a log."""
    log = env / "pip.log"
    command = [python_of(env), "-m", "pip", "install", "--no-user", "--no-input"]
    command += ["--disable-pip-version-check", "--log", log, "-r", requirements]
    if not sys.stderr.isatty():
        command += ["--quiet", "--progress-bar", "off"]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0:
        return
    account = log.read_text(errors="replace") if log.exists() else ""
    if DISK_FULL.search(account):
        raise disk_full(env)
    if NETWORK_FAILURE.search(account):
        raise SetupError(
            "the download failed: check the network, then start it again (what was already fetched "
            "is kept in pip's cache)."
        )
    raise SetupError(
        f"pip could not install {requirements.name} (its own words are above): nothing half-made "
        "was left; start it again once that is mended."
    )


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until no other process holds `path`; the system lets go of it when a holder dies."""
    with path.open("a") as file:
        waiting = False
        while not try_lock(file.fileno()):
            if not waiting:
                say("another start is making the environment: waiting for it.")
            waiting = True
            time.sleep(0.2)
        yield


if sys.platform == "win32":

    def try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def python_of(env: Path) -> Path:
    return env / "Scripts" / "python.exe" if os.name == "nt" else env / "bin" / "python"


def remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def disk_full(folder: Path) -> SetupError:
    free_gb = shutil.disk_usage(folder.parent).free / 1e9
    return SetupError(
        f"the disk is full: {folder.parent} has {free_gb:.1f} GB free and the environment takes up to "
        "7 GB; make room, or set KINORA_ENV to a folder on another disk."
    )


def last_line(text: str) -> str:
    return text.rsplit("\n", 1)[-1]


def say(sentence: str) -> None:
    sys.stderr.write(f"kinora: {sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
