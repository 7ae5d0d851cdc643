"""What the benchmarks have in common: clocks, processes of their own, tables, and what they ran on."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from inference.api.errors import UserError

Result = TypeVar("Result")


def require_device(device: str) -> None:
    """Raises `UserError` where there is no such device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("torch finds no CUDA device here: measure the processor with --device cpu.")


def machine(device: str, libraries: Iterable[str] = ()) -> str:
    """The hardware and the versions, in a line."""
    name = torch.cuda.get_device_name() if device == "cuda" else _cpu_name()
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", *libraries))
    return f"{name}, {os.cpu_count()} CPU cores, {platform.system()}, {versions}"


def seconds_of(run: Callable[[], Tensor], device: str) -> float:
    """What a call takes, until the device has done it."""
    started = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """The result of a function of a module's top level, in a process that has run nothing before."""
    context = get_context("spawn")
    # Libraries ask for the card as they are imported, and CUDA does not outlive a fork after that.
    if "forkserver" in get_all_start_methods() and not torch.cuda.is_available():
        context = get_context("forkserver")
        context.set_forkserver_preload(["inference.peers"])  # the libraries are imported once
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def markdown(
    columns: Iterable[str], numbers_from: int, rows: Iterable[Iterable[str]]
) -> Iterator[str]:
    """The lines of a table, each as soon as its row is there; columns from a place on hold numbers."""
    names = list(columns)
    yield f"| {' | '.join(names)} |"
    yield f"|{'|'.join('---' if at < numbers_from else '--:' for at in range(len(names)))}|"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
