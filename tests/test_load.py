"""Networks loaded from every layout compute what the originals compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel

from inference.api.errors import UserError
from inference.load import load_dit, load_image_encoder, load_tokenizer, load_vae
from inference.weights.checkpoint import Checkpoint, open_checkpoints
from inference.weights.model_files import find_model
from inference.weights.names import Network
from tests.checkpoints import (
    is_mapped,
    reference_weights,
    train_spiece,
    write_config,
    write_safetensors,
    write_sharded,
    write_spiece,
    write_torch,
)

CPU = torch.device("cpu")
DIT_CONFIG = {"num_heads": 4, "text_len": 24}

Write = Callable[[Path, dict[str, Tensor]], Path]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected).norm() / expected.norm())


def only(path: Path, network: Network) -> Checkpoint:
    (found,) = [c for c in open_checkpoints(path) if c.network is network]
    return found


LAYOUTS: dict[str, Write] = {
    "official": lambda folder, state: write_safetensors(folder / "model.safetensors", state),
    "official-sharded": lambda folder, state: write_sharded(folder, state, 4)[2],
    "official-pth": lambda folder, state: write_torch(folder / "model.pth", state),
    "comfyui": lambda folder, state: write_safetensors(
        folder / "model.safetensors", state, prefix="model.diffusion_model."
    ),
}


@pytest.fixture(params=LAYOUTS)
def write(request) -> Write:
    return LAYOUTS[request.param]


@torch.no_grad()
@pytest.mark.parametrize("name", ["dit_t2v", "dit_vace"])
def test_an_official_transformer_computes_the_official_result(
    tmp_path: Path, reference, write: Write, name: str
) -> None:
    tensors, _ = reference(name)
    write_config(tmp_path / "a b 模型", DIT_CONFIG)
    file = write(tmp_path / "a b 模型", reference_weights(tensors))
    dit = load_dit(only(file, Network.DIT), torch.float32, CPU)
    control = {"vace_context": tensors["vace_context"][None]} if name == "dit_vace" else {}
    out = dit(tensors["x"][None], tensors["t"], tensors["context"][None], **control)
    assert relative_error(out[0], tensors["out"]) < 1e-5
    assert not dit.training
    assert not any(parameter.requires_grad for parameter in dit.parameters())


TINY: dict[str, Any] = {
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "ffn_dim": 48,
    "num_layers": 4,
    "text_dim": 32,
    "freq_dim": 16,
}
IMAGE: dict[str, Any] = {"in_channels": 36, "image_dim": 1280, "added_kv_proj_dim": 24}
DIFFUSERS_DITS: dict[str, Callable[[], Any]] = {
    "t2v": lambda: WanTransformer3DModel(**TINY),
    "vace": lambda: WanVACETransformer3DModel(**TINY, vace_layers=[0, 2]),
    "i2v": lambda: WanTransformer3DModel(**TINY, **IMAGE),
    "flf2v": lambda: WanTransformer3DModel(**TINY, **IMAGE, pos_embed_seq_len=514),
}


@torch.no_grad()
def shake(network: Any) -> Any:
    """Give every parameter a value of its own, so that no two can be mixed up unnoticed."""
    for parameter in network.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.05)
    return network.eval()


@torch.no_grad()
@pytest.mark.parametrize("task", DIFFUSERS_DITS)
def test_a_transformer_saved_by_diffusers_computes_the_same(tmp_path: Path, task: str) -> None:
    peer = shake(DIFFUSERS_DITS[task]())
    folder = tmp_path / "a model" / "transformer"
    peer.save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    files = find_model(folder.parent)
    assert files.dit is not None
    dit = load_dit(files.dit, torch.float32, CPU)
    x, t = torch.randn(1, 16, 3, 6, 4), torch.tensor([500.0])
    text = torch.randn(1, 512, 32)
    theirs: dict[str, Any] = {"hidden_states": x, "timestep": t, "encoder_hidden_states": text}
    ours = {}
    match task:
        case "vace":
            ours["vace_context"] = torch.randn(1, 96, 3, 6, 4)
            theirs["control_hidden_states"] = ours["vace_context"]
        case "i2v" | "flf2v":
            ours["condition"] = torch.randn(1, 20, 3, 6, 4)
            theirs["hidden_states"] = torch.cat([x, ours["condition"]], dim=1)
            images = 2 if task == "flf2v" else 1
            ours["image_context"] = torch.randn(1, 257 * images, 1280)
            tokens = ours["image_context"].unflatten(1, (images, 257)).flatten(0, 1)
            theirs["encoder_hidden_states_image"] = tokens
    expected = peer(**theirs).sample
    assert relative_error(dit(x, t, text, **ours), expected) < 1e-4


def test_what_official_wan_computes_in_float32_stays_float32(tmp_path: Path, reference) -> None:
    write_config(tmp_path, DIT_CONFIG)
    file = write_safetensors(tmp_path / "x", reference_weights(reference("dit_vace")[0]))
    dit = load_dit(only(file, Network.DIT), torch.bfloat16, CPU)
    wide = {name for name, p in dit.named_parameters() if p.dtype is torch.float32}
    assert {p.dtype for p in dit.parameters()} == {torch.float32, torch.bfloat16}
    assert {
        "head.head.weight",
        "head.modulation",
        "time_embedding.0.weight",
        "time_projection.1.bias",
        "blocks.3.modulation",
        "vace_blocks.1.modulation",
        "blocks.0.norm3.weight",
    } <= wide
    assert not wide & {"blocks.0.ffn.0.weight", "patch_embedding.weight", "text_embedding.0.bias"}


@torch.no_grad()
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_an_official_vae_computes_the_official_result(
    tmp_path: Path, reference, suffix: str
) -> None:
    tensors, _ = reference("vae")
    write = {"pth": write_torch, "safetensors": write_safetensors}[suffix]
    file = write(tmp_path / f"vae.{suffix}", reference_weights(tensors))
    vae = load_vae(only(file, Network.VAE), torch.float32, CPU)
    assert relative_error(vae.encode(tensors["video"]), tensors["latent"]) < 1e-5
    assert relative_error(vae.decode(tensors["latent"]), tensors["decoded"].clamp(-1, 1)) < 1e-5


@torch.no_grad()
def test_a_vae_saved_by_diffusers_computes_the_same(tmp_path: Path) -> None:
    peer = shake(AutoencoderKLWan(base_dim=8))
    peer.save_pretrained(tmp_path / "vae")
    checkpoint = only(tmp_path / "vae" / "diffusion_pytorch_model.safetensors", Network.VAE)
    vae = load_vae(checkpoint, torch.float32, CPU)
    video = torch.rand(1, 3, 5, 32, 24) * 2 - 1
    mean, std = (
        torch.tensor(peer.config[key]).view(1, -1, 1, 1, 1)
        for key in ("latents_mean", "latents_std")
    )
    latent = peer.encode(video).latent_dist.mode()
    assert relative_error(vae.encode(video), (latent - mean) / std) < 1e-4
    decoded = peer.decode(latent).sample
    assert relative_error(vae.decode((latent - mean) / std), decoded) < 1e-4


TINY_CLIP = CLIPVisionConfig(
    hidden_size=48,
    intermediate_size=96,
    num_hidden_layers=3,
    num_attention_heads=4,
    image_size=56,
    patch_size=14,
    hidden_act="gelu",
)


def official_clip(peer: CLIPVisionModel) -> dict[str, Tensor]:
    """The peer's weights as the official file has them: with its text tower and the unused end."""
    file = {"log_scale": torch.ones(()), "textual.norm.weight": torch.ones(8)}
    file |= {"visual.head": torch.ones(48, 32)}
    state = {k.removeprefix("vision_model."): v for k, v in peer.state_dict().items()}
    for end in ("weight", "bias"):
        file[f"visual.pre_norm.{end}"] = state[f"pre_layrnorm.{end}"]
        file[f"visual.post_norm.{end}"] = state[f"post_layernorm.{end}"]
        for index in range(3):
            old, new = f"encoder.layers.{index}", f"visual.transformer.{index}"
            qkv = [state[f"{old}.self_attn.{part}_proj.{end}"] for part in "qkv"]
            file[f"{new}.attn.to_qkv.{end}"] = torch.cat(qkv)
            file[f"{new}.attn.proj.{end}"] = state[f"{old}.self_attn.out_proj.{end}"]
            file[f"{new}.norm1.{end}"] = state[f"{old}.layer_norm1.{end}"]
            file[f"{new}.norm2.{end}"] = state[f"{old}.layer_norm2.{end}"]
            file[f"{new}.mlp.0.{end}"] = state[f"{old}.mlp.fc1.{end}"]
            file[f"{new}.mlp.2.{end}"] = state[f"{old}.mlp.fc2.{end}"]
    file["visual.patch_embedding.weight"] = state["embeddings.patch_embedding.weight"]
    file["visual.cls_embedding"] = state["embeddings.class_embedding"][None, None]
    file["visual.pos_embedding"] = state["embeddings.position_embedding.weight"][None]
    return file


def write_clip(folder: Path, peer: CLIPVisionModel, layout: str) -> Path:
    """The file to open; ComfyUI's is transformers' with a projection and positions beside it."""
    peer.save_pretrained(folder)
    match layout:
        case "official":
            return write_torch(folder / "clip.pth", official_clip(peer))
        case "comfyui":
            state = {k.removeprefix("vision_model."): v for k, v in peer.state_dict().items()}
            state = {f"vision_model.{name}": tensor for name, tensor in state.items()}
            state["vision_model.embeddings.position_ids"] = torch.arange(17)[None]
            state["visual_projection.weight"] = torch.ones(32, 48)
            return write_safetensors(folder / "clip_vision.safetensors", state)
    return folder / "model.safetensors"


@torch.no_grad()
@pytest.mark.parametrize("layout", ["transformers", "official", "comfyui"])
def test_an_image_encoder_computes_what_transformers_does(tmp_path: Path, layout: str) -> None:
    peer = CLIPVisionModel(TINY_CLIP)
    shake(peer)
    checkpoint = only(write_clip(tmp_path, peer, layout), Network.IMAGE)
    tower = load_image_encoder(checkpoint, torch.float32, CPU)
    pixels = torch.randn(1, 3, 56, 56)
    expected = peer(pixels, output_hidden_states=True).hidden_states[-2]
    assert relative_error(tower(pixels), expected) < 1e-5


def test_a_transformer_that_lacks_tensors_is_refused_with_their_names(
    tmp_path: Path, reference
) -> None:
    state = reference_weights(reference("dit_t2v")[0])
    gone = [name for name in state if name.startswith("blocks.1.self_attn.")]
    kept = {name: tensor for name, tensor in state.items() if name not in gone}
    write_config(tmp_path, DIT_CONFIG)
    file = write_safetensors(tmp_path / "x", kept | {"surplus.weight": torch.ones(2)})
    with pytest.raises(UserError) as raised:
        load_dit(only(file, Network.DIT), torch.float32, CPU)
    message = str(raised.value)
    assert f"lacks {len(gone)} tensors (blocks.1.self_attn." in message
    assert "has unknown 1 tensor (surplus.weight)" in message


def test_a_transformer_with_a_misshapen_tensor_is_refused(tmp_path: Path, reference) -> None:
    state = reference_weights(reference("dit_t2v")[0])
    state["blocks.2.ffn.2.bias"] = torch.ones(3)
    write_config(tmp_path, DIT_CONFIG)
    file = write_safetensors(tmp_path / "x", state)
    with pytest.raises(UserError, match=r"misshapen 1 tensor \(blocks\.2\.ffn\.2\.bias\)"):
        load_dit(only(file, Network.DIT), torch.float32, CPU)


def test_what_needs_no_conversion_is_used_where_it_lies(tmp_path: Path, reference) -> None:
    state = reference_weights(reference("vae")[0])
    checkpoint = only(write_safetensors(tmp_path / "x", state), Network.VAE)
    vae = load_vae(checkpoint, torch.float32, CPU)
    assert is_mapped(checkpoint.path)
    del vae
    converted = load_vae(checkpoint, torch.bfloat16, CPU)
    assert next(converted.parameters()).dtype is torch.bfloat16
    assert not is_mapped(checkpoint.path)


@pytest.mark.parametrize("place", ["a folder", "the text encoder"])
def test_the_tokenizer_is_found(tmp_path: Path, reference, place: str) -> None:
    state = reference_weights(reference("umt5")[0])
    data = train_spiece()
    if place == "a folder":
        write_spiece(tmp_path / "google" / "umt5-xxl" / "spiece.model")
    else:
        state["spiece_model"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    write_safetensors(tmp_path / "text.safetensors", state)
    tokenizer = load_tokenizer(find_model(tmp_path), 12)
    ids = tokenizer.encode("a red fox at night")
    assert 2 < len(ids) <= 12
    assert ids[-1] == 1


def test_a_model_without_a_tokenizer_says_where_to_get_it(tmp_path: Path, reference) -> None:
    write_torch(tmp_path / "text.pth", reference_weights(reference("umt5")[0]))
    with pytest.raises(UserError, match=r"the tokenizer \(the folder google/umt5-xxl"):
        load_tokenizer(find_model(tmp_path), 512)
