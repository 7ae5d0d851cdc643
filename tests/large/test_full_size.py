"""The whole path at full size, with random weights: 17 GB on disk, a few minutes on a CPU.

Run it with `pytest -m large -s`; it prints seconds and memory.
"""

import json
import struct
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from inference.load import load_dit, load_tokenizer
from inference.memory import peak_ram_bytes, reset_peaks
from inference.offload import encode_text
from inference.weights.inspect import inspect
from inference.weights.model_files import find_model
from inference.weights.params import dit_params, text_params
from tests.checkpoints import write_config, write_spiece

CPU = torch.device("cpu")
GB = 1e9
BLOCK_BYTES = 193e6 * 4  # of the text encoder, in float32
CONFIG = {"num_heads": 12, "text_len": 512, "eps": 1e-6, "model_type": "t2v"}
POOL = 1 << 24  # random numbers, used over and over

Shapes = Mapping[str, list[int]]


def fill(stream: BinaryIO, count: int, pool: bytes, itemsize: int) -> None:
    """Write `count` numbers from the pool."""
    left = count * itemsize
    while left:
        left -= stream.write(pool[: min(left, len(pool))])


def write_full_safetensors(file: Path, shapes: Shapes) -> None:
    """Random float32 weights, written without holding more than the pool."""
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 4 * prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pool = (torch.randn(POOL) * 0.02).numpy().tobytes()
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for shape in shapes.values():
            fill(stream, prod(shape), pool, 4)


def write_full_torch(file: Path, shapes: Shapes) -> None:
    """Random bfloat16 weights: PyTorch leaves room for them, and the room is filled in."""
    with FakeTensorMode():
        state = {name: torch.empty(shape, dtype=torch.bfloat16) for name, shape in shapes.items()}
    with torch.serialization.skip_data(materialize_fake_tensors=True):
        torch.save(state, file)
    pool = (torch.randn(POOL) * 0.02).bfloat16().view(torch.uint8).numpy().tobytes()
    with zipfile.ZipFile(file) as archive:
        records = [entry for entry in archive.infolist() if "/data/" in entry.filename]
    with file.open("r+b") as stream:
        for record in records:
            stream.seek(record.header_offset + 26)  # of the local header's two lengths
            name_length, extra_length = struct.unpack("<HH", stream.read(4))
            stream.seek(name_length + extra_length, 1)
            fill(stream, record.file_size // 2, pool, 2)


@contextmanager
def measured(what: str) -> Iterator[dict[str, float]]:
    """Print the seconds and the growth of the peak of memory; both are in the result."""
    result: dict[str, float] = {}
    reset_peaks(CPU)
    before, start = peak_ram_bytes(), time.monotonic()
    yield result
    result["seconds"] = time.monotonic() - start
    result["peak"] = peak_ram_bytes()
    result["growth"] = result["peak"] - before
    sys.stdout.write(
        f"\n{what}: {result['seconds']:.1f} s, peak {result['peak'] / GB:.2f} GB, "
        f"{result['growth'] / GB:.2f} GB more than before\n"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, manifest) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("Wan2.1-T2V-1.3B")
    files = {
        "diffusion_pytorch_model": folder / "diffusion_pytorch_model.safetensors",
        "text": folder / "models_t5_umt5-xxl-enc-bf16.pth",
    }
    dit = manifest("Wan2.1-T2V-1.3B/diffusion_pytorch_model")
    with measured("writing"):
        write_config(folder, CONFIG)
        write_full_safetensors(files["diffusion_pytorch_model"], dit)
        write_full_torch(files["text"], manifest("models_t5_umt5-xxl-enc-bf16"))
        write_spiece(folder / "google" / "umt5-xxl" / "spiece.model")
    yield folder
    for file in files.values():
        file.unlink()


@pytest.mark.large
def test_a_model_of_full_size_runs_in_little_memory(folder: Path) -> None:
    with measured("looking at it"):
        files = find_model(folder)
        report = inspect(folder)
    assert [(part.network, part.precision) for part in report.parts] == [
        ("transformer", "fp32"),
        ("text encoder", "bf16"),
    ]
    assert files.text is not None
    assert files.dit is not None
    ids = load_tokenizer(files, 512).encode("a red fox runs over the snow at night")
    with measured(f"encoding {len(ids)} tokens") as encoding:
        context = encode_text(files.text, text_params(files.text), ids, CPU, torch.float32)
    assert context.shape == (len(ids), 4096)
    assert context.isfinite().all()
    assert encoding["growth"] < 2.5 * BLOCK_BYTES

    params = dit_params(files.dit)
    assert (params.num_heads, params.num_layers) == (12, 30)
    with measured("loading the transformer"):
        dit = load_dit(files.dit, torch.float32, CPU)
    latent = torch.randn(1, 16, 2, 32, 32)  # 256 x 256, 5 frames
    with measured("one step at 256x256x5"), torch.inference_mode():
        velocity = dit(latent, torch.tensor([999.0]), context[None])
    assert velocity.shape == latent.shape
    assert velocity.isfinite().all()
