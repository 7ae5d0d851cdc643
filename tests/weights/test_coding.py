"""Quantised files read as the numbers that whoever wrote them computes with."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from inference.api.errors import UserError
from inference.load import load_dit
from inference.offload import encode_text
from inference.weights.checkpoint import Checkpoint, open_checkpoints
from inference.weights.inspect import inspect
from inference.weights.params import text_params
from tests.checkpoints import reference_weights, write_config, write_safetensors, write_torch
from tests.quantised import (
    LAYOUTS,
    comfy_fp8,
    comfy_metadata,
    lightx2v,
    linear_weights,
    quanto_4_bit,
)

CPU = torch.device("cpu")
DIT_CONFIG = {"num_heads": 4, "text_len": 24}
QUERY = "blocks.0.self_attn.q"


@pytest.fixture
def state(reference) -> dict[str, Tensor]:
    return reference_weights(reference("dit_t2v")[0])


def only(path: Path) -> Checkpoint:
    (found,) = open_checkpoints(path)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."], ids=["bare", "prefixed"])
def test_quantised_weights_are_read_as_their_numbers(
    tmp_path: Path, state: dict[str, Tensor], layout: str, prefix: str
) -> None:
    quantise, precision = LAYOUTS[layout]
    file, numbers = quantise(state, linear_weights(state))
    checkpoint = only(write_safetensors(tmp_path / "x.safetensors", file, prefix=prefix))
    assert str(checkpoint.precision) == precision
    assert inspect(checkpoint.path).usable
    assert checkpoint.sources.keys() == state.keys()
    read = checkpoint.read(checkpoint.sources)
    for name, tensor in state.items():
        expected = numbers.get(name, tensor)
        assert read[name].shape == expected.shape
        torch.testing.assert_close(read[name].float(), expected, rtol=1e-6, atol=1e-7)
        assert torch.allclose(read[name].float(), tensor, atol=0.2 * float(tensor.abs().max()))


@torch.no_grad()
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_quantised_transformer_computes_what_its_numbers_do(
    tmp_path: Path, state: dict[str, Tensor], reference, layout: str
) -> None:
    file, numbers = LAYOUTS[layout][0](state, linear_weights(state))
    write_config(tmp_path, DIT_CONFIG)
    quantised = load_dit(only(write_torch(tmp_path / "q.pth", file)), torch.float32, CPU)
    dense = load_dit(only(write_torch(tmp_path / "d.pth", state | numbers)), torch.float32, CPU)
    tensors, _ = reference("dit_t2v")
    inputs = tensors["x"][None], tensors["t"], tensors["context"][None]
    torch.testing.assert_close(quantised(*inputs), dense(*inputs), rtol=1e-4, atol=1e-5)


def test_comfyuis_metadata_says_what_its_tensors_would(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    names = linear_weights(state)
    file, numbers = comfy_fp8(state, names)
    bare = {name: t for name, t in file.items() if not name.endswith("comfy_quant")}
    path = write_safetensors(tmp_path / "x", bare, metadata=comfy_metadata(names))
    assert str(only(path).precision) == "fp8 e4m3 (ComfyUI's quantisation of 2026)"
    read = only(path).read(numbers)
    assert all(torch.equal(read[name], numbers[name]) for name in numbers)


@torch.no_grad()
@pytest.mark.parametrize("layout", ["comfyui-scaled-fp8", "lightx2v-int8", "quanto-int8"])
@pytest.mark.parametrize("table", ["plain", "quantised"])
def test_a_quantised_text_encoder_is_streamed(
    tmp_path: Path, reference, layout: str, table: str
) -> None:
    tensors, _ = reference("umt5")
    state = reference_weights(tensors)
    names = [n for n, t in state.items() if t.dim() == 2 and "pos_embedding" not in n]
    if table == "plain":
        names.remove("token_embedding.weight")
    file, numbers = LAYOUTS[layout][0](state, names)
    quantised = only(write_safetensors(tmp_path / "quantised", file))
    dense = only(write_safetensors(tmp_path / "dense", state | numbers))
    ids = [3, 1, 4, 1, 5, 9, 1]
    encoded = [
        encode_text(checkpoint, text_params(checkpoint), ids, CPU, torch.float32)
        for checkpoint in (quantised, dense)
    ]
    torch.testing.assert_close(*encoded, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layout", ["plain-fp8", "lightx2v-int8", "comfyui-scaled-fp8",
                                    "comfyui-2026-rotated", "bitsandbytes-int8", "bitsandbytes-nf4"])  # fmt: skip
def test_rows_are_those_of_the_whole(tmp_path: Path, state: dict[str, Tensor], layout: str) -> None:
    file, _ = LAYOUTS[layout][0](state, linear_weights(state))
    checkpoint = only(write_safetensors(tmp_path / "x", file))
    name = f"{QUERY}.weight"
    rows = torch.tensor([[5, 0, 5], [1, 2, 3]])
    whole = checkpoint.read([name])[name].float()
    assert torch.equal(checkpoint.read_rows(name, rows).float(), whole[rows])


def without(state: dict[str, Tensor], *endings: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in state.items() if not name.endswith(endings)}


def test_what_cannot_be_read_says_why(tmp_path: Path, state: dict[str, Tensor]) -> None:
    names = linear_weights(state)
    int8 = lightx2v(torch.int8)(state, names)[0]
    nvfp4 = torch.tensor(list(b'{"format": "nvfp4"}'), dtype=torch.uint8)
    cases = {
        "int8 without scales": without(int8, "weight_scale"),
        "scales that don't fit": int8 | {f"{QUERY}.weight_scale": torch.ones(5, 1)},
        "a format of the future": int8 | {f"{QUERY}.comfy_quant": nvfp4},
        "no JSON": int8 | {f"{QUERY}.comfy_quant": torch.ones(3, dtype=torch.uint8)},
        "two scales": int8 | {f"{QUERY}.weight_scale_2": torch.ones(())},
        "powers of two as scales": int8 | {f"{QUERY}.weight_scale": torch.ones(1).to(torch.uint8)},
        "4 bits": quanto_4_bit(state, names)[0],
        "half of bitsandbytes": without(LAYOUTS["bitsandbytes-nf4"][0](state, names)[0], "absmax"),
        "rotated oddly": LAYOUTS["comfyui-2026-rotated"][0](state, names)[0]
        | {
            f"{QUERY}.comfy_quant": torch.tensor(
                list(b'{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": 8}'),
                dtype=torch.uint8,
            )
        },
    }
    said = {
        "int8 without scales": "codes without the scales to read them by",
        "scales that don't fit": "the scales of blocks.0.self_attn.q.weight don't fit it",
        "a format of the future": "it has layers in nvfp4, a precision that can't be read yet",
        "no JSON": "it has layers in no named format",
        "two scales": "second scale F32",
        "powers of two as scales": "I8 codes with scale U8",
        "4 bits": "quanto's 4 or 2 bits",
        "half of bitsandbytes": "lacks what bitsandbytes keeps beside it",
        "rotated oddly": "rotated in groups of 8",
    }
    write_config(tmp_path, DIT_CONFIG)
    for case, file in cases.items():
        checkpoint = only(write_safetensors(tmp_path / case, file))
        report = inspect(checkpoint.path)
        assert said[case] in report.obstacle, case
        with pytest.raises(UserError) as raised:
            load_dit(checkpoint, torch.float32, CPU)
        assert said[case] in str(raised.value)
        assert str(checkpoint.path) in str(raised.value)


def test_scales_without_a_weight_are_named(tmp_path: Path, state: dict[str, Tensor]) -> None:
    write_config(tmp_path, DIT_CONFIG)
    file = state | {"blocks.9.ffn.0.weight_scale": torch.ones(1)}
    checkpoint = only(write_safetensors(tmp_path / "x", file))
    with pytest.raises(UserError, match=r"unknown 1 tensor \(blocks\.9\.ffn\.0\.weight_scale\)"):
        load_dit(checkpoint, torch.float32, CPU)
