"""Previews of a clip while it is drawn: files for the window, and the map that colours them."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from inference.api.messages import Preview
from inference.api.models import data_folder
from inference.load import load_vae
from inference.wan import preview
from inference.weights.checkpoint import Checkpoint, identity

SHARE = 0.05  # of the time that the steps take: more is not spent on previews
COUNT, FRAMES, SIDE = 4, 5, 64  # the pictures that a map is fitted to
MATRIX = "latent_to_rgb"


class Previews:
    """Writes the previews of a job into `folder`, as often as its share of the time allows."""

    def __init__(self, job: str, folder: Path, matrix: Tensor) -> None:
        self._job, self._folder, self._matrix = job, folder, matrix
        self._started, self._spent = time.perf_counter(), 0.0
        self._last: Path | None = None
        self._longest = 0.0

    def show(self, x0: Tensor, step: int, steps: int) -> Preview | None:
        """Write the clip x0 [1, C, F, H, W] as a preview; None if it isn't the time for one.

        Raises `OSError` if the folder can't be written to; it is not tried again then.
        """
        if x0.device.type == "cuda":
            torch.cuda.synchronize(x0.device)  # so that the step's own time isn't counted here
        begun = time.perf_counter()
        if self._spent + self._longest > SHARE * (begun - self._started):
            return None
        rgb = preview.to_rgb(x0, self._matrix)
        try:
            path = self._write(rgb.cpu().numpy().tobytes(), step)
        except OSError:
            self._spent = math.inf
            raise
        cost = time.perf_counter() - begun
        self._spent, self._longest = self._spent + cost, max(self._longest, cost)
        frames, height, width, _ = rgb.shape
        return Preview(self._job, step, steps, str(path), width, height, frames)

    def close(self) -> None:
        """Remove what is left of the previews."""
        if self._last is not None:
            self._last.unlink(missing_ok=True)

    def _write(self, pixels: bytes, step: int) -> Path:
        path = self._folder / f"{self._job}-{step}.rgb"
        partial = path.with_suffix(".partial")
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(pixels)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        if self._last not in (None, path):
            self.close()
        self._last = path
        return path


@contextmanager
def open_previews(job: str, folder: Path, matrix: Tensor) -> Iterator[Previews]:
    """Previews that are gone when the job is over. matrix: [17, 3], see `latent_to_rgb`."""
    previews = Previews(job, folder, matrix)
    try:
        yield previews
    finally:
        previews.close()


def latent_to_rgb(vae: Checkpoint, device: torch.device) -> Tensor:
    """The map [17, 3] float32 of `wan.preview.fit` for that VAE, fitted once and kept on disk.

    Fitting loads the VAE and drops it again, so nothing else large should be on the device.
    """
    file = data_folder() / "previews" / f"{identity(vae.files)[:32]}.safetensors"
    try:
        matrix = load_file(file)[MATRIX]
    except (OSError, SafetensorError, KeyError):
        matrix = fit_matrix(vae, device).cpu().contiguous()
        _keep(matrix, file)
    return matrix.to(device)


def fit_matrix(vae: Checkpoint, device: torch.device) -> Tensor:
    """The map [17, 3] float32 for that VAE, from what it makes of a few pictures."""
    network = load_vae(vae, torch.float32, device)
    pictures = preview.make_pictures(COUNT, FRAMES, SIDE).to(device)
    return preview.fit(network.encode(pictures), pictures)


def _keep(matrix: Tensor, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    save_file({MATRIX: matrix}, partial)
    partial.replace(file)
