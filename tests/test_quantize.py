"""Quantised copies: what is in them, who reads them, and when they are made."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from bitsandbytes.functional import QuantState
from safetensors.torch import load_file
from torch import Tensor, nn

from inference import quantize
from inference.api.errors import UserError
from inference.command_line import main
from inference.load import load_dit
from inference.quantize import copy_of, stream_copy, stream_quantized
from inference.weights.checkpoint import Checkpoint, open_checkpoints
from quant.formats import FORMATS, Storage, is_quantised
from quant.linear import QuantLinear, quantised
from quant.pack import unpack
from tests.checkpoints import finish, reference_weights, write_config, write_safetensors
from tests.quantised import LAYOUTS, linear_weights

CPU = torch.device("cpu")
ERRORS = {Storage.INT8: 0.02, Storage.FP8: 0.06, Storage.NF4: 0.2}


@pytest.fixture
def vectors(reference) -> dict[str, Tensor]:
    return reference("dit_t2v")[0]


@pytest.fixture
def state(vectors: dict[str, Tensor]) -> dict[str, Tensor]:
    return reference_weights(vectors)


@pytest.fixture
def checkpoint(state: dict[str, Tensor], tmp_path: Path) -> Checkpoint:
    return written(tmp_path / "model", state)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def written(folder: Path, state: dict[str, Tensor]) -> Checkpoint:
    folder.mkdir()
    write_config(folder, {"num_heads": 4, "text_len": 24})
    (found,) = open_checkpoints(write_safetensors(folder / "model.safetensors", state))
    return found


@torch.inference_mode()
@pytest.mark.parametrize("name", FORMATS)
def test_a_copy_computes_as_layers_quantised_in_place(
    name: str, checkpoint: Checkpoint, vectors: dict[str, Tensor]
) -> None:
    form = FORMATS[name]
    shares, copy = finish(stream_copy(checkpoint, form.storage, CPU))
    assert shares[-1] == 1
    assert copy.config == checkpoint.config
    assert copy.is_packed_as(form.storage)
    whole, ours = load_dit(checkpoint, torch.float32, CPU), load_dit(copy, torch.float32, CPU, form)
    given = vectors["x"][None], vectors["t"], vectors["context"][None]
    expected, actual = whole(*given), ours(*given)
    linears = {name: m for name, m in whole.named_modules() if isinstance(m, nn.Linear)}
    for layer, linear in linears.items():
        if is_quantised(f"{layer}.weight"):
            parent, _, own = layer.rpartition(".")
            setattr(whole.get_submodule(parent), own, quantised(linear, name))
    # Not to the bit: where in a file a bias lies decides how a processor adds it.
    assert torch.allclose(actual, whole(*given), atol=1e-5)
    assert 0 < (actual - expected).norm() / expected.norm() < ERRORS[form.storage]


def test_a_copy_is_made_once(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = finish(stream_copy(checkpoint, Storage.INT8, CPU))
    monkeypatch.setattr(quantize, "stream_quantized", None)
    shares, second = finish(stream_copy(checkpoint, Storage.INT8, CPU))
    assert shares == []
    assert second.files == first.files
    # A copy is itself packed: whoever opens it directly gets no copy of the copy.
    assert finish(stream_copy(second, Storage.INT8, CPU)) == ([], second)


def test_a_damaged_copy_is_made_again(checkpoint: Checkpoint) -> None:
    file = copy_of(checkpoint, Storage.INT8)
    finish(stream_copy(checkpoint, Storage.INT8, CPU))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    shares, _ = finish(stream_copy(checkpoint, Storage.INT8, CPU))
    assert shares
    assert file.read_bytes() == whole


def test_other_weights_have_another_copy(
    checkpoint: Checkpoint, state: dict[str, Tensor], tmp_path: Path
) -> None:
    other = written(tmp_path / "other", state | {"head.head.bias": state["head.head.bias"] + 1})
    assert copy_of(checkpoint, Storage.INT8) != copy_of(other, Storage.INT8)


PACKED = {
    "lightx2v-int8": "int8",
    "lightx2v-fp8": "fp8",
    "comfyui-2026-int8": "int8",
    "comfyui-2026-fp8": "fp8",
    "comfyui-scaled-fp8": "fp8",
    "plain-fp8": "fp8",
    "quanto-int8": "int8",
    "quanto-fp8": "fp8",
    "bitsandbytes-nf4": "nf4",
    "bitsandbytes-int8": "int8",
}


@torch.inference_mode()
@pytest.mark.parametrize("layout", LAYOUTS)
def test_codes_in_the_wild_are_computed_with_as_they_are(
    layout: str, state: dict[str, Tensor], tmp_path: Path
) -> None:
    """No second rounding: the layers' numbers are those of whoever defined the layout."""
    stored, numbers = LAYOUTS[layout][0](state, linear_weights(state))
    found = written(tmp_path / "quantised", stored)
    name = PACKED.get(layout)
    assert {s for s in Storage if found.is_packed_as(s)} == ({Storage(name)} if name else set())
    if name is None:
        return
    assert finish(stream_copy(found, Storage(name), CPU)) == ([], found)
    dit = load_dit(found, torch.float32, CPU, FORMATS[name])
    layers = {n: m for n, m in dit.named_modules() if isinstance(m, QuantLinear)}
    assert {f"{n}.weight" for n in layers} == {*numbers}
    for name, layer in layers.items():
        expected = numbers[f"{name}.weight"].float()
        assert torch.allclose(layer.numbers(torch.float32), expected, rtol=2e-3, atol=1e-6)


def test_a_file_of_4_bits_is_one_of_bitsandbytes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    file = tmp_path / "nf4.safetensors"
    list(stream_quantized(checkpoint, Storage.NF4, file, CPU))
    state = load_file(file)
    name = "blocks.0.ffn.0.weight"
    beside = {n: t for n, t in state.items() if n.startswith(f"{name}.")}
    judge = QuantState.from_dict(beside, device=CPU)
    assert judge.quant_type == "nf4"
    (ours,) = open_checkpoints(file)
    packed = ours.read_packed([name], Storage.NF4, CPU)
    outer, inner = ours.sources[name].shape
    assert judge.shape == (outer, inner)
    assert torch.equal(judge.absmax, packed["blocks.0.ffn.0.absmax"])
    codes = {"weight": state[name], "absmax": judge.absmax}
    numbers = unpack(codes, Storage.NF4, (outer, inner), torch.float32)
    expected = ours.read_as({name: torch.float32}, CPU)[name]
    assert torch.allclose(numbers, expected, atol=1e-6)


def test_a_full_disk_is_told_and_leaves_nothing(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setattr(quantize.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(
        UserError, match=r"needs .* GB and .* has 0\.000001 GB free: make room there"
    ):
        finish(stream_copy(checkpoint, Storage.INT8, CPU))
    assert [path for path in data.rglob("*") if path.is_file()] == []


def test_a_folder_that_is_a_file_is_told(checkpoint: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't be written to"):
        list(stream_quantized(checkpoint, Storage.INT8, tmp_path / "file" / "a.safetensors", CPU))


def test_the_command_writes_a_file(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "红 int8.safetensors"
    model = str(checkpoint.path)
    assert main(["quantize", model, "--format", "int8", "-o", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(output)
    (made,) = open_checkpoints(output)
    assert made.is_packed_as(Storage.INT8)
    assert main(["quantize", model, "--format", "int8", "-o", str(tmp_path / "a.gguf")]) == 2
    assert "should end in .safetensors" in capsys.readouterr().err


@pytest.mark.posix
def test_the_command_replaces_no_file_unless_told(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, pipe = tmp_path / "a.safetensors", tmp_path / "pipe.safetensors"
    mine.write_text("mine")
    os.mkfifo(pipe)
    asked = ["quantize", str(checkpoint.path), "--format", "int8", "-o"]
    assert main([*asked, str(mine)]) == 2
    assert "exists already: choose another name, or add --overwrite" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert main([*asked, str(pipe), "--overwrite"]) == 2
    assert "pipe.safetensors is no ordinary file" in capsys.readouterr().err
    assert pipe.is_fifo()
    assert main([*asked, str(mine), "--overwrite"]) == 0
    assert open_checkpoints(mine)
