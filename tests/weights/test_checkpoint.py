"""Checkpoints of every dialect at full size, by name and shape, and how their files go together."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from inference.api.errors import UserError
from inference.api.spec import DiTParams, ImageParams, TextParams, VAEParams
from inference.weights.checkpoint import identity, open_checkpoints, shards
from inference.weights.names import Dialect, Network
from inference.weights.params import dit_params, image_params, text_params, vae_params
from tests.checkpoints import (
    hollow,
    reference_weights,
    write_config,
    write_safetensors,
    write_sharded,
    write_torch,
)

DIT_1_3B = DiTParams(dim=1536, ffn_dim=8960, num_layers=30, num_heads=12)
DIT_14B = DiTParams(dim=5120, ffn_dim=13824, num_layers=40, num_heads=40)
I2V_14B = replace(DIT_14B, in_dim=36, image_dim=1280)

# Parameters as in the official configurations.
OFFICIAL = {
    "Wan2.1-T2V-1.3B/diffusion_pytorch_model": DIT_1_3B,
    "Wan2.1-T2V-14B/diffusion_pytorch_model": DIT_14B,
    "Wan2.1-I2V-14B/diffusion_pytorch_model": I2V_14B,
    "Wan2.1-FLF2V-14B/diffusion_pytorch_model": replace(I2V_14B, image_positions=514),
    "Wan2.1-VACE-1.3B/diffusion_pytorch_model": replace(
        DIT_1_3B, vace_layers=tuple(range(0, 30, 2))
    ),
    "Wan2.1-VACE-14B/diffusion_pytorch_model": replace(
        DIT_14B, vace_layers=(0, 5, 10, 15, 20, 25, 30, 35)
    ),
    "models_t5_umt5-xxl-enc-bf16": TextParams(),
    "Wan2.1_VAE": VAEParams(),
    "models_clip_open-clip-xlm-roberta-large-vit-huge-14": ImageParams(),
}
INFER = {
    Network.DIT: dit_params,
    Network.TEXT: text_params,
    Network.VAE: vae_params,
    Network.IMAGE: image_params,
}


@pytest.mark.parametrize(("name", "expected"), OFFICIAL.items(), ids=OFFICIAL)
def test_official_files_are_recognised_at_full_size(
    tmp_path: Path, manifest, name: str, expected: object
) -> None:
    file = write_torch(tmp_path / "x.pth", hollow(manifest(name)))
    (checkpoint,) = open_checkpoints(file)
    assert checkpoint.dialect is Dialect.OFFICIAL
    assert INFER[checkpoint.network](checkpoint) == expected


def wan_transformer(params: DiTParams) -> torch.nn.Module:
    """diffusers' own transformer of these parameters."""
    options: dict[str, Any] = {
        "num_attention_heads": params.num_heads,
        "attention_head_dim": params.dim // params.num_heads,
        "ffn_dim": params.ffn_dim,
        "num_layers": params.num_layers,
        "in_channels": params.in_dim,
    }
    if params.vace_layers:
        return WanVACETransformer3DModel(**options, vace_layers=list(params.vace_layers))
    if params.image_dim:
        options |= {"image_dim": params.image_dim, "added_kv_proj_dim": params.dim}
        options |= {"pos_embed_seq_len": params.image_positions or None}
    return WanTransformer3DModel(**options)


CLIP_VIT_H = CLIPVisionConfig(
    hidden_size=1280,
    intermediate_size=5120,
    num_hidden_layers=32,
    num_attention_heads=16,
    patch_size=14,
)
UMT5_XXL = UMT5Config(
    vocab_size=256384, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64
)
PEERS = {
    "Wan2.1-T2V-1.3B/diffusion_pytorch_model": lambda: wan_transformer(DIT_1_3B),
    "Wan2.1-FLF2V-14B/diffusion_pytorch_model": lambda: wan_transformer(
        replace(I2V_14B, image_positions=514)
    ),
    "Wan2.1-VACE-1.3B/diffusion_pytorch_model": lambda: wan_transformer(
        replace(DIT_1_3B, vace_layers=tuple(range(0, 30, 2)))
    ),
    "models_t5_umt5-xxl-enc-bf16": lambda: UMT5EncoderModel(UMT5_XXL),
    "Wan2.1_VAE": AutoencoderKLWan,
    "models_clip_open-clip-xlm-roberta-large-vit-huge-14": lambda: CLIPVisionModel(CLIP_VIT_H),
}


@pytest.mark.parametrize("name", PEERS)
def test_peers_names_become_the_official_ones_at_full_size(
    tmp_path: Path, manifest, name: str
) -> None:
    with torch.device("meta"):
        peer = PEERS[name]()
    shapes = {key: tensor.shape for key, tensor in peer.state_dict().items()}
    (translated,) = open_checkpoints(write_torch(tmp_path / "peer.pth", hollow(shapes)))
    (official,) = open_checkpoints(write_torch(tmp_path / "official.pth", hollow(manifest(name))))
    assert translated.dialect in (Dialect.DIFFUSERS, Dialect.TRANSFORMERS)
    assert translated.network is official.network
    assert {n: s.shape for n, s in translated.sources.items()} == {
        n: s.shape for n, s in official.sources.items()
    }


PREFIXES = ("", "model.diffusion_model.", "model.", "diffusion_model.", "transformer.", "module.")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_prefix_is_stripped(tmp_path: Path, reference, prefix: str) -> None:
    tensors, _ = reference("dit_t2v")
    state = reference_weights(tensors)
    (found,) = open_checkpoints(write_safetensors(tmp_path / "x", state, prefix=prefix))
    assert found.network is Network.DIT
    read = found.read(found.sources)
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], state[name]) for name in state)


def test_an_all_in_one_file_holds_several_networks(tmp_path: Path, reference) -> None:
    state = {}
    places = {"dit_t2v": "model.diffusion_model.", "umt5": "text_encoders.t5.", "vae": "vae."}
    for name, prefix in places.items():
        weights = reference_weights(reference(name)[0])
        state |= {prefix + key: tensor for key, tensor in weights.items()}
    found = open_checkpoints(write_safetensors(tmp_path / "x", state))
    assert [checkpoint.network for checkpoint in found] == [Network.DIT, Network.TEXT, Network.VAE]
    for checkpoint, name in zip(found, places, strict=True):
        assert checkpoint.sources.keys() == reference_weights(reference(name)[0]).keys()


@pytest.fixture
def sharded(tmp_path: Path, reference) -> list[Path]:
    return write_sharded(tmp_path / "多 shards", reference_weights(reference("dit_t2v")[0]), 3)


@pytest.mark.parametrize("start", ["a shard", "the index"])
def test_shards_are_opened_together(sharded: list[Path], reference, start: str) -> None:
    index = next(sharded[0].parent.glob("*.index.json"))
    (checkpoint,) = open_checkpoints(sharded[1] if start == "a shard" else index)
    assert checkpoint.path == sharded[0].parent
    assert list(checkpoint.files) == sharded
    state = reference_weights(reference("dit_t2v")[0])
    read = checkpoint.read(list(state))
    assert all(torch.equal(read[name], state[name]) for name in state)


def test_a_missing_shard_is_named(sharded: list[Path]) -> None:
    sharded[2].unlink()
    with pytest.raises(UserError, match=f"lacks 1 of the 3 files .*{sharded[2].name}"):
        open_checkpoints(sharded[0])


def test_an_incomplete_index_does_not_harm_other_files(sharded: list[Path], reference) -> None:
    sharded[2].unlink()
    vae = write_torch(sharded[0].parent / "vae.pth", reference_weights(reference("vae")[0]))
    assert shards(vae) == [vae]
    assert [checkpoint.network for checkpoint in open_checkpoints(vae)] == [Network.VAE]


@pytest.mark.parametrize(
    "content", ["{}", '{"weight_map": []}', '{"weight_map": {}}', "{", "[]", '{"weight_map": 3}']
)
def test_a_damaged_index_is_told(sharded: list[Path], content: str) -> None:
    index = next(sharded[0].parent.glob("*.index.json"))
    index.write_text(content, "utf-8")
    with pytest.raises(UserError, match=r"index\.json"):
        open_checkpoints(index)


CONFIG = {"num_heads": 4, "text_len": 24, "eps": 1e-5, "vace_layers": [0, 3]}


def test_config_json_tells_what_shapes_cannot(tmp_path: Path, reference) -> None:
    tensors, _ = reference("dit_vace")
    write_config(tmp_path, CONFIG)
    file = write_safetensors(tmp_path / "x.safetensors", reference_weights(tensors))
    params = dit_params(open_checkpoints(file)[0])
    assert params == DiTParams(
        dim=64, ffn_dim=160, num_layers=4, num_heads=4, text_dim=48, text_len=24, freq_dim=64,
        vace_layers=(0, 3), eps=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"num_heads": 7}, "7 heads"),
        ({"num_heads": "four"}, "num_heads is 'four'"),
        ({"text_len": -3}, "text_len is -3"),
        ({"eps": True}, "eps is True"),
        ({"num_heads": 64}, "64 heads, each of an odd width of 1"),
    ],
)
def test_a_config_json_that_makes_no_sense_is_told(
    tmp_path: Path, reference, config: dict[str, object], message: str
) -> None:
    write_config(tmp_path, config)
    file = write_safetensors(tmp_path / "x", reference_weights(reference("dit_t2v")[0]))
    with pytest.raises(UserError, match=f"config.json.*{message}"):
        dit_params(open_checkpoints(file)[0])


@pytest.mark.parametrize("layers", [[1, 3], [0, 4], [0, 0], [0, "3"], [0, True], [3, 0]], ids=str)
def test_hints_for_blocks_that_cannot_take_them_are_told(
    tmp_path: Path, reference, layers: list[object]
) -> None:
    write_config(tmp_path, CONFIG | {"vace_layers": layers})
    file = write_safetensors(tmp_path / "x", reference_weights(reference("dit_vace")[0]))
    with pytest.raises(UserError, match=r"config.json says vace_layers is .*below 4, in order"):
        dit_params(open_checkpoints(file)[0])


def test_a_config_json_that_is_no_json_is_told(tmp_path: Path, reference) -> None:
    (tmp_path / "config.json").write_text("{", "utf-8")
    file = write_safetensors(tmp_path / "x", reference_weights(reference("dit_t2v")[0]))
    with pytest.raises(UserError, match=r"config\.json can't be read"):
        open_checkpoints(file)


@pytest.mark.parametrize("gone", ["patch_embedding.weight", "blocks.0.ffn.0.weight"])
def test_a_tensor_that_params_need_is_named_when_it_is_missing(
    tmp_path: Path, reference, gone: str
) -> None:
    state = reference_weights(reference("dit_t2v")[0])
    del state[gone]
    (checkpoint,) = open_checkpoints(write_safetensors(tmp_path / "x", state))
    with pytest.raises(UserError, match=f"no tensor {gone}"):
        dit_params(checkpoint)


def test_shapes_that_make_no_sense_are_told(tmp_path: Path, reference) -> None:
    state = reference_weights(reference("dit_t2v")[0])
    state["patch_embedding.weight"] = torch.zeros(())
    (checkpoint,) = open_checkpoints(write_safetensors(tmp_path / "x", state))
    with pytest.raises(UserError, match="names but not its shapes"):
        dit_params(checkpoint)


def test_identity_is_of_the_content_and_not_of_the_name(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40_000  # 10 MB: more than is sampled
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(data)
    second.write_bytes(data)
    assert identity([first]) == identity([second])
    assert identity([first]) != identity([first, second])


@pytest.mark.parametrize("place", [0, 3000, 9_999_999], ids=["start", "header", "end"])
def test_identity_sees_a_change(tmp_path: Path, place: int) -> None:
    data = bytearray(10_000_000)
    file = tmp_path / "x"
    file.write_bytes(data)
    before = identity([file])
    data[place] = 1
    file.write_bytes(data)
    assert identity([file]) != before


def test_identity_sees_weights_that_differ_throughout(tmp_path: Path) -> None:
    header = json.dumps({"a": 1}).encode()
    names = set()
    for seed in range(3):
        file = tmp_path / f"{seed}"
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randint(0, 256, (9_000_000,), dtype=torch.uint8, generator=generator)
        file.write_bytes(header + noise.numpy().tobytes())
        names.add(identity([file]))
    assert len(names) == 3
