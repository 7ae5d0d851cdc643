"""Embeddings that are kept: the same as made, for the same prompt and encoder, and never in the way."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from inference import embeddings
from inference.api.models import data_folder
from inference.catalog import find
from inference.embeddings import stream_embeddings
from inference.offload import stream_text
from inference.weights.checkpoint import Checkpoint
from inference.weights.params import text_params
from tests.checkpoints import finish
from tests.tiny_model import TEXT, write_tiny_model

CPU = torch.device("cpu")
PROMPTS = [[3, 4, 5, 1], [6, 1]]

Encode = Callable[..., list[Tensor]]


@pytest.fixture
def text(tiny_model: Path) -> Checkpoint:
    return find(str(tiny_model)).text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where embeddings are kept; nothing yet."""
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))
    return data_folder() / "embeddings"


@pytest.fixture
def encoded(text: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The prompts that the encoder was run for, as it goes on."""
    ran: list[list[int]] = []

    def watched(checkpoint, params, prompts, device, dtype):
        ran.extend(prompts)
        return stream_text(checkpoint, params, prompts, device, dtype)

    monkeypatch.setattr(embeddings, "stream_text", watched)
    return ran


def encode(text: Checkpoint, prompts=PROMPTS, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    shares, (made, _) = finish(stream_embeddings(text, text_params(text), prompts, CPU, dtype))
    assert shares[-1] == 1
    return made


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_kept_is_what_was_made(
    dtype: torch.dtype, text: Checkpoint, folder: Path, encoded: list[list[int]]
) -> None:
    _, expected = finish(stream_text(text, text_params(text), PROMPTS, CPU, dtype))
    for turn, made in (("made", 2), ("kept", 0)):
        stream = stream_embeddings(text, text_params(text), PROMPTS, CPU, dtype)
        _, (found, count) = finish(stream)
        assert count == made
        assert [e.dtype for e in found] == [dtype] * 2, turn
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True)), turn
    assert encoded == PROMPTS  # once
    assert len(kept(folder)) == 2


@pytest.mark.usefixtures("folder")
def test_only_the_new_prompt_is_encoded(text: Checkpoint, encoded: list[list[int]]) -> None:
    first = encode(text)
    second = encode(text, [[7, 8, 1], PROMPTS[1]])
    assert encoded == [*PROMPTS, [7, 8, 1]]
    assert torch.equal(second[1], first[1])
    assert not torch.equal(second[0][:2], first[0][:2])


@pytest.mark.usefixtures("folder")
def test_another_encoder_has_its_own(
    text: Checkpoint, encoded: list[list[int]], tmp_path: Path
) -> None:
    encode(text)
    other = find(str(write_tiny_model(tmp_path / "other"))).text
    encode(other)
    assert encoded == PROMPTS  # a copy of the same weights
    path = Path(other.files[0])
    weights = torch.load(path, weights_only=True)
    torch.save({name: tensor * 1.5 for name, tensor in weights.items()}, path)
    encode(find(str(tmp_path / "other")).text)
    assert encoded == PROMPTS * 2


def test_a_file_that_is_unusable_is_made_again(
    text: Checkpoint, folder: Path, encoded: list[list[int]]
) -> None:
    expected = encode(text)
    for damage in (b"", b"nonsense" * 9, None):
        for file in kept(folder):
            whole = file.read_bytes()
            file.write_bytes(
                whole[:-8] + b"\xff" * 8 if damage is None else damage
            )  # NaN at the end
        found = encode(text)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert len(encoded) == 2 * 4


def test_the_oldest_make_room(
    text: Checkpoint, folder: Path, encoded: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode(text)
    for age, file in enumerate(kept(folder)):
        os.utime(file, (1000 + age, 1000 + age))
    encode(text, PROMPTS[:1])  # used now, so the other is the oldest
    size = max(file.stat().st_size for file in kept(folder))
    monkeypatch.setattr(embeddings, "LIMIT_BYTES", 2 * size + 8)
    encode(text, [[9, 9, 9, 1]])
    assert len(kept(folder)) == 2
    encoded.clear()
    encode(text, [PROMPTS[0]])
    assert encoded == []
    encode(text, [PROMPTS[1]])
    assert encoded == [PROMPTS[1]]


def test_a_folder_that_cannot_be_made_stops_nothing(
    text: Checkpoint, folder: Path, encoded: list[list[int]]
) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()  # a file lies in its place
    assert [e.shape for e in encode(text)] == [(4, TEXT.dim), (2, TEXT.dim)]
    assert encoded == PROMPTS
    assert folder.read_bytes() == b""
