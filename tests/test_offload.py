"""The streamed text encoder gives what the whole one gives, and keeps nothing."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import UMT5Config, UMT5EncoderModel

from inference.api.errors import UserError
from inference.offload import encode_text, stream_text
from inference.weights.checkpoint import Checkpoint, open_checkpoints
from inference.weights.params import text_params
from tests.checkpoints import is_mapped, reference_weights, write_safetensors, write_torch

CPU = torch.device("cpu")


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected).norm() / expected.norm())


@pytest.fixture(params=["official-pth", "official-safetensors"])
def official(request, tmp_path: Path, reference) -> Checkpoint:
    state = reference_weights(reference("umt5")[0])
    write = {"official-pth": write_torch, "official-safetensors": write_safetensors}[request.param]
    (checkpoint,) = open_checkpoints(write(tmp_path / "文本 encoder", state))
    return checkpoint


@pytest.mark.parametrize("row", [0, 1])
def test_streaming_gives_the_official_result(official: Checkpoint, reference, row: int) -> None:
    tensors, _ = reference("umt5")
    length = int(tensors["mask"][row].sum())
    ids = tensors["ids"][row, :length].tolist()
    out = encode_text(official, text_params(official), ids, CPU, torch.float32)
    assert out.shape == (length, 64)
    assert relative_error(out, tensors["out"][row, :length]) < 1e-5


def test_several_prompts_are_encoded_in_one_pass(official: Checkpoint) -> None:
    params, prompts = text_params(official), [[5, 6, 7, 1], [9, 1]]
    stream = stream_text(official, params, prompts, CPU, torch.float32)
    shares = []
    while True:
        try:
            shares.append(next(stream))
        except StopIteration as finished:
            together = finished.value
            break
    assert shares == [1 / 3, 2 / 3, 1.0]
    for ids, out in zip(prompts, together, strict=True):
        alone = encode_text(official, params, ids, CPU, torch.float32)
        assert torch.allclose(out, alone, atol=1e-6)


def test_nothing_of_the_file_is_kept_between_blocks_or_after(official: Checkpoint) -> None:
    stream = stream_text(official, text_params(official), [[5, 1]], CPU, torch.bfloat16)
    next(stream)
    stream.close()
    assert not is_mapped(official.path)
    out = encode_text(official, text_params(official), [5, 1], CPU, torch.bfloat16)
    assert out.dtype is torch.bfloat16
    assert not is_mapped(official.path)


@torch.no_grad()
@pytest.mark.parametrize("layout", ["transformers-sharded", "comfyui"])
def test_streaming_gives_what_transformers_gives(tmp_path: Path, layout: str) -> None:
    config = UMT5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=3, num_heads=4)
    peer = UMT5EncoderModel(config).eval()
    for parameter in peer.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.05)
    if layout == "comfyui":
        state = {k: v.clone() for k, v in peer.state_dict().items() if k != "shared.weight"}
        state["shared.weight"] = state.pop("encoder.embed_tokens.weight")
        state["spiece_model"] = torch.zeros(999, dtype=torch.uint8)
        file = write_safetensors(tmp_path / "umt5.safetensors", state)
    else:
        peer.save_pretrained(tmp_path, max_shard_size="20KB")
        file = sorted(tmp_path.glob("*.safetensors"))[1]
    (checkpoint,) = open_checkpoints(file)
    ids = [7, 8, 9, 50, 1]
    out = encode_text(checkpoint, text_params(checkpoint), ids, CPU, torch.float32)
    assert relative_error(out, peer(torch.tensor([ids])).last_hidden_state[0]) < 1e-5


def test_an_incomplete_text_encoder_is_refused(tmp_path: Path, reference) -> None:
    state = reference_weights(reference("umt5")[0])
    del state["blocks.2.ffn.fc2.weight"]
    (checkpoint,) = open_checkpoints(write_safetensors(tmp_path / "x", state))
    with pytest.raises(UserError, match=r"lacks 1 tensor \(blocks\.2\.ffn\.fc2\.weight\)"):
        encode_text(checkpoint, text_params(checkpoint), [1], CPU, torch.float32)
