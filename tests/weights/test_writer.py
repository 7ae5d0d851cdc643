"""What is written one tensor at a time, as the library reads it."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from inference.weights.writer import Shapes, file_bytes, write_safetensors

STATE = {
    "a": torch.arange(6.0).view(2, 3),
    "b.codes": torch.arange(-3, 4, dtype=torch.int8),
    "c": torch.randn(4, 5).to(torch.float8_e4m3fn),
    "空": torch.randn(3, 2).bfloat16().T,  # not contiguous
    "scalar": torch.tensor(2.5, dtype=torch.float16),
    "none": torch.empty(0, 3),
}


def shapes_of(state: dict[str, Tensor]) -> Shapes:
    return {name: (tuple(t.shape), t.dtype) for name, t in state.items()}


def test_the_library_reads_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "模型 1.safetensors"
    written = list(write_safetensors(file, shapes_of(STATE), STATE.items(), {"config": '{"a": 1}'}))
    found = load_file(file)
    assert found.keys() == STATE.keys()
    for name, tensor in STATE.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name].float(), tensor.float())
    with safe_open(file, framework="pt") as opened:
        assert opened.metadata() == {"format": "pt", "config": '{"a": 1}'}
    assert written[-1] == file_bytes(shapes_of(STATE))
    assert written == sorted(written)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_the_first_tensor_is_aligned(tmp_path: Path) -> None:
    """As the format asks for, so that a mapped file can be computed with."""
    for letters in range(9):
        file = tmp_path / "model.safetensors"
        state = {"x" * (letters + 1): torch.zeros(2)}
        list(write_safetensors(file, shapes_of(state), state.items(), {}))
        assert int.from_bytes(file.read_bytes()[:8], "little") % 8 == 0


@pytest.mark.parametrize(
    "tensors",
    [
        {"b": torch.zeros(2)},
        {"a": torch.zeros(3)},
        {"a": torch.zeros(2, dtype=torch.int8)},
        {"a": torch.zeros(2), "c": torch.zeros(1)},
        {},
    ],
    ids=["name", "shape", "dtype", "one more", "none"],
)
def test_what_was_not_announced_leaves_no_file(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    file = tmp_path / "model.safetensors"
    file.write_text("the last one")
    with pytest.raises(ValueError, match="announced"):
        list(write_safetensors(file, {"a": ((2,), torch.float32)}, tensors.items(), {}))
    assert file.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [file]
