"""Each network beside that of diffusers or transformers: time, memory, and how far results differ.

Both run in this process in turn, on the same weights and inputs; a processor's memory is measured in a fresh
process for each, as what one has freed would hide what the other takes.
"""

import ctypes
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from types import ModuleType
from typing import Any

import torch

from inference.api.errors import UserError
from inference.api.spec import DiTParams, TextParams, VAEParams, latent_shape
from inference.api.version import LAUNCHER
from inference.measure import in_fresh_process, markdown, require_device, seconds_of
from inference.memory import peak_ram_bytes, peak_vram_bytes, reset_peaks

REPEATS = 5
PEERS = ("diffusers", "transformers")
COLUMNS = (
    "network", "size", "precision", "peer", "peer's time", "Kinora's time", "times as fast",
    "peer's memory", "Kinora's memory", "difference",
)  # fmt: skip
_M_MMAP_THRESHOLD = -3  # of glibc's malloc.h


class Part(StrEnum):
    """What is measured."""

    TRANSFORMER = "transformer"
    DECODER = "VAE decoder"
    ENCODER = "VAE encoder"
    TEXT = "text encoder"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Networks and what they are given; clips are (width, height, frames)."""

    dit: DiTParams
    vae: VAEParams
    text: TextParams
    denoised: tuple[int, int, int]
    coded: tuple[int, int, int]
    tokens: int


SMALL = Sizes(
    dit=DiTParams(256, 1024, num_layers=2, num_heads=2, text_dim=128),
    vae=VAEParams(dim=8),
    text=TextParams(vocab_size=256, dim=256, dim_attn=256, dim_ffn=512, num_heads=4, num_layers=1),
    denoised=(128, 96, 5),
    coded=(32, 16, 5),
    tokens=64,
)
# The widths of Wan2.1 1.3B and of its VAE and UMT5-XXL, in a few layers.
_DIT = DiTParams(1536, 8960, num_layers=2, num_heads=12)
_TEXT = TextParams(vocab_size=256, num_layers=1)
FULL = {
    "cpu": Sizes(_DIT, VAEParams(), _TEXT, (480, 272, 9), (128, 96, 9), tokens=128),
    "cuda": Sizes(_DIT, VAEParams(), _TEXT, (832, 480, 81), (832, 480, 17), tokens=512),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One network to compare."""

    part: Part
    sizes: Sizes
    dtype: torch.dtype
    device: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds are medians; bytes are the peak above the weights; `difference` is the largest one
    between the two results, relative to the largest value."""

    part: Part
    size: str
    dtype: str
    peer: str
    peer_seconds: float
    seconds: float
    peer_bytes: int
    bytes: int
    difference: float

    @property
    def times_as_fast(self) -> float:
        return self.peer_seconds / self.seconds


def cases(device: str, *, small: bool) -> list[Case]:
    """Every network in both precisions; on a CPU bfloat16 is measured at the small sizes."""
    sizes = SMALL if small else FULL[device]
    reduced = SMALL if device == "cpu" else sizes  # many CPUs multiply bfloat16 100 times slower
    return [
        Case(part, sizes, dtype, device)
        for sizes, dtype in ((sizes, torch.float32), (reduced, torch.bfloat16))
        for part in Part
    ]


def check(device: str) -> None:
    """Raises `UserError` where the comparison can't run."""
    require_device(device)
    _peers()


@torch.inference_mode()
def measure(case: Case) -> Measured:
    """Ours and theirs in turn, so that whatever slows the machine meets both."""
    ours, theirs = _build(case)
    result, expected = ours().float(), theirs().float()  # the first calls also set things up
    difference = (result - expected).abs().max() / expected.abs().max()
    seconds: list[float] = []
    peer_seconds: list[float] = []
    for _ in range(REPEATS):
        peer_seconds.append(seconds_of(theirs, case.device))
        seconds.append(seconds_of(ours, case.device))
    return Measured(
        part=case.part,
        size=_size(case),
        dtype=str(case.dtype).removeprefix("torch."),
        peer="transformers" if case.part is Part.TEXT else "diffusers",
        peer_seconds=median(peer_seconds),
        seconds=median(seconds),
        peer_bytes=_bytes(case, theirs, 1),
        bytes=_bytes(case, ours, 0),
        difference=difference.item(),
    )


def table(rows: Iterable[Measured]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as its row is measured."""
    return markdown(COLUMNS, 4, map(_cells, rows))


def _cells(row: Measured) -> tuple[str, ...]:
    return (
        row.part,
        row.size,
        row.dtype,
        row.peer,
        f"{row.peer_seconds:.3g} s",
        f"{row.seconds:.3g} s",
        f"{row.times_as_fast:.2f}",
        f"{row.peer_bytes / 1e6:.0f} MB",
        f"{row.bytes / 1e6:.0f} MB",
        f"{row.difference:.0e}",
    )


def _build(case: Case) -> Any:
    """The pair of callables, ours and theirs."""
    peers, sizes = _peers(), case.sizes
    torch.manual_seed(0)
    rest = case.dtype, torch.device(case.device)
    width, height, frames = sizes.coded
    with torch.device(case.device):  # a processor takes most of a minute to draw the weights
        match case.part:
            case Part.TRANSFORMER:
                return peers.transformer(sizes.dit, latent_shape(*sizes.denoised), *rest)
            case Part.DECODER:
                return peers.vae_decoder(sizes.vae, latent_shape(width, height, frames), *rest)
            case Part.ENCODER:
                return peers.vae_encoder(sizes.vae, (3, frames, height, width), *rest)
            case Part.TEXT:
                return peers.text_encoder(sizes.text, sizes.tokens, *rest)


def _peers() -> ModuleType:
    # By name, as the libraries it imports at its top come with the development packages alone.
    try:
        return importlib.import_module("inference.peers")
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in PEERS:
            raise
        raise UserError(
            f"{library}, which Kinora is measured against, isn't installed: run {LAUNCHER} test once, "
            "which installs it."
        ) from error


def _size(case: Case) -> str:
    sizes = case.sizes
    match case.part:
        case Part.TRANSFORMER:
            clip = "x".join(map(str, sizes.denoised))
            return f"{sizes.dit.num_layers} layers of {sizes.dit.dim}, {clip}"
        case Part.TEXT:
            count = sizes.text.num_layers
            return f"{count} layer of {sizes.text.dim}, {sizes.tokens} tokens"
        case _:
            return f"width {sizes.vae.dim}, {'x'.join(map(str, sizes.coded))}"


def _bytes(case: Case, run: Callable[[], object], which: int) -> int:
    """The peak of a call above what was there before; `which` of the pair of a case it is."""
    if case.device != "cuda":
        return in_fresh_process(_peak_bytes, case, which)
    return _growth(case, run)  # a card counts exactly


def _growth(case: Case, run: Callable[[], object]) -> int:
    device = torch.device(case.device)
    peak = (lambda: peak_vram_bytes(device)) if case.device == "cuda" else peak_ram_bytes
    reset_peaks(device)
    before = peak()
    run()
    return peak() - before


@torch.inference_mode()
def _peak_bytes(case: Case, which: int) -> int:
    if sys.platform == "linux":
        # What is freed goes back at once, or the peak is what glibc keeps, which varies by a third.
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 65536)
    _build(Case(case.part, SMALL, case.dtype, case.device))[which]()  # loads the libraries' code
    return _growth(case, _build(case)[which])
