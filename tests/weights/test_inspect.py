"""Every kind of file found in the wild is named, with what it can be used for or why it can't."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inference.api.errors import UserError
from inference.api.spec import Task
from inference.weights.checkpoint import open_checkpoints
from inference.weights.inspect import inspect
from inference.weights.variants import classify
from tests.checkpoints import (
    hollow,
    reference_weights,
    write_config,
    write_safetensors,
    write_sharded,
    write_torch,
)

Shapes = dict[str, list[int]]


@pytest.fixture
def t2v(manifest) -> Shapes:
    return dict(manifest("Wan2.1-T2V-1.3B/diffusion_pytorch_model"))


OFFICIAL = {
    "Wan2.1-T2V-1.3B/diffusion_pytorch_model": ("Wan2.1 T2V", "1.3B", {Task.T2V}),
    "Wan2.1-T2V-14B/diffusion_pytorch_model": ("Wan2.1 T2V", "14B", {Task.T2V}),
    "Wan2.1-I2V-14B/diffusion_pytorch_model": ("Wan2.1 I2V", "14B", {Task.I2V}),
    "Wan2.1-FLF2V-14B/diffusion_pytorch_model": ("Wan2.1 FLF2V", "14B", {Task.FLF2V}),
    "Wan2.1-VACE-1.3B/diffusion_pytorch_model": ("Wan2.1 VACE", "1.3B", {Task.VACE, Task.T2V}),
    "Wan2.1-VACE-14B/diffusion_pytorch_model": ("Wan2.1 VACE", "14B", {Task.VACE, Task.T2V}),
    "models_t5_umt5-xxl-enc-bf16": ("UMT5-XXL", "", set()),
    "Wan2.1_VAE": ("Wan2.1", "", set()),
    "models_clip_open-clip-xlm-roberta-large-vit-huge-14": ("CLIP ViT-H", "", set()),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_files_are_named(tmp_path: Path, manifest, name: str) -> None:
    file = write_torch(tmp_path / "x.pth", hollow(manifest(name), torch.float16))
    report = inspect(file)
    (checkpoint,) = open_checkpoints(file)
    assert (report.variant, report.size, classify(checkpoint).tasks) == OFFICIAL[name]
    assert (report.precision, report.dialect, report.usable) == ("fp16", "official", True)
    assert report.network == checkpoint.network.value
    assert report.use


def test_a_transformer_alone_says_what_it_needs(tmp_path: Path, t2v: Shapes) -> None:
    report = inspect(write_torch(tmp_path / "x.pth", hollow(t2v)))
    assert report.sentence().startswith(
        "x.pth: Wan2.1 T2V 1.3B transformer in bf16, in official names. It is for text to video. It "
        "still needs the text encoder (models_t5"
    )
    assert len(report.missing) == 3


def test_a_report_is_json(tmp_path: Path, t2v: Shapes) -> None:
    file = write_torch(tmp_path / "文件 x.pth", hollow(t2v))
    content = json.loads(json.dumps(inspect(file).to_json()))
    assert content["path"] == str(file)
    assert content["variant"] == "Wan2.1 T2V"
    assert content["usable"] is True
    assert len(content["missing"]) == 3


EXTENDED: dict[str, tuple[Callable[[Shapes], Shapes], str]] = {
    "fun-control": (lambda s: s | {"patch_embedding.weight": [1536, 48, 1, 2, 2]}, "Fun-Control"),
    "fun-control-ref": (lambda s: s | {"ref_conv.weight": [1536, 16, 2, 2]}, "reference image"),
    "camera": (lambda s: s | {"control_adapter.conv.weight": [1536, 24, 2, 2]}, "camera"),
    "camera-channels": (lambda s: s | {"patch_embedding.weight": [1536, 32, 1, 2, 2]}, "camera"),
    "s2v": (lambda s: s | {"casual_audio_encoder.weights": [1, 25, 1, 1]}, "S2V"),
    "humo": (lambda s: s | {"audio_proj.audio_proj_glob_1.layer.bias": [4]}, "HuMo"),
    "animate": (lambda s: s | {"face_adapter.fuser_blocks.0.linear2.weight": [4, 4]}, "Animate"),
    "skyreels": (lambda s: s | {"fps_embedding.weight": [2, 1536]}, "SkyReels"),
    "recam": (lambda s: s | {"blocks.0.cam_encoder.weight": [1536, 12]}, "ReCamMaster"),
    "fastwan": (lambda s: s | {"blocks.0.to_gate_compress.weight": [4, 4]}, "FastWan"),
    "wan22-i2v": (lambda s: s | {"patch_embedding.weight": [5120, 36, 1, 2, 2]}, "Wan2.2 I2V"),
    "wan22-5b": (
        lambda s: (
            s | {"patch_embedding.weight": [3072, 48, 1, 2, 2], "head.modulation": [1, 2, 3072]}
        ),
        "Wan2.2 TI2V",
    ),
    "odd": (lambda s: s | {"patch_embedding.weight": [1536, 99, 1, 2, 2]}, "99 input channels"),
}


@pytest.mark.parametrize(("extend", "message"), EXTENDED.values(), ids=EXTENDED)
def test_an_extended_transformer_is_named_and_refused(
    tmp_path: Path, t2v: Shapes, extend: Callable[[Shapes], Shapes], message: str
) -> None:
    report = inspect(write_torch(tmp_path / "x.pth", hollow(extend(t2v))))
    assert report.network == "transformer"
    assert not report.usable
    assert message in report.obstacle
    assert f"It can't be used: {report.obstacle}." in report.sentence()


def test_fun_inp_is_an_image_to_video_model(tmp_path: Path, manifest, t2v: Shapes) -> None:
    i2v = manifest("Wan2.1-I2V-14B/diffusion_pytorch_model")
    shapes = t2v | {n: s for n, s in i2v.items() if n.startswith("img_emb")}
    shapes["patch_embedding.weight"] = [1536, 36, 1, 2, 2]
    report = inspect(write_torch(tmp_path / "x.pth", hollow(shapes)))
    assert (report.variant, report.size, report.usable) == ("Wan2.1 I2V", "1.3B", True)


OTHERS: dict[str, tuple[Shapes, str, str]] = {
    "lora-peft": (
        {
            "diffusion_model.blocks.0.self_attn.q.lora_A.weight": [16, 1536],
            "diffusion_model.blocks.0.self_attn.q.lora_B.weight": [1536, 16],
        },
        "Wan2.1 LoRA",
        "1.3B",
    ),
    "lora-diffusers": (
        {"transformer.blocks.3.attn1.to_q.lora_A.default.weight": [8, 5120]},
        "Wan2.1 LoRA",
        "14B",
    ),
    "lora-kohya": (
        {"lora_unet_blocks_0_self_attn_q.lora_down.weight": [4, 5120]},
        "Wan2.1 LoRA",
        "14B",
    ),
    "lora-other": ({"unet.down.lora_up.weight": [4, 320]}, "LoRA", ""),
    "lokr": ({"lycoris_blocks_0_ffn_0.lokr_w1": [4, 4]}, "LoRA", ""),
    "vace-module": (
        {
            "vace_patch_embedding.weight": [1536, 96, 1, 2, 2],
            "vace_blocks.0.after_proj.weight": [1536, 1536],
        },
        "Wan2.1 VACE module",
        "1.3B",
    ),
    "tae": (
        {"decoder.1.weight": [256, 16, 3, 3], "encoder.0.weight": [64, 3, 3, 3]},
        "small preview decoder (TAE)",
        "",
    ),
    "foreign": ({"model.diffusion_model.input_blocks.0.0.weight": [4, 4]}, "unknown", ""),
}


@pytest.mark.parametrize(("shapes", "name", "size"), OTHERS.values(), ids=OTHERS)
def test_a_file_that_is_no_network_is_named(
    tmp_path: Path, shapes: Shapes, name: str, size: str
) -> None:
    report = inspect(write_torch(tmp_path / "x.pth", hollow(shapes)))
    assert (report.network, report.size, report.usable) == (name, size, False)
    assert report.obstacle in report.sentence()


def test_diffusers_config_marks_a_quantised_file(tmp_path: Path, reference) -> None:
    write_config(tmp_path, {"quantization_config": {"quant_method": "torchao"}})
    state = reference_weights(reference("dit_t2v")[0])
    state["blocks.0.ffn.0.weight"] = state["blocks.0.ffn.0.weight"].to(torch.float8_e4m3fn)
    report = inspect(write_safetensors(tmp_path / "x", state))
    assert report.obstacle == "its layout is a precision that can't be read yet"


def gguf(tensors: dict[str, tuple[list[int], int]]) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    listed = b"".join(
        text(name) + struct.pack(f"<I{len(s)}QIQ", len(s), *reversed(s), kind, 0)
        for name, (s, kind) in tensors.items()
    )
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0) + listed


GGUFS = {
    "transformer": (
        {"head.modulation": ([1, 2, 1536], 0), "blocks.0.ffn.0.weight": ([8960, 1536], 13)},
        ("transformer", "Wan2.1 T2V", "Q5_K (GGUF)"),
    ),
    "text-encoder": (
        {
            "token_embd.weight": ([256384, 4096], 12),
            "enc.blk.0.attn_rel_b.weight": ([32, 64], 0),
            "enc.blk.1.attn_rel_b.weight": ([32, 64], 0),
        },
        ("text encoder", "UMT5-XXL", "Q4_K (GGUF)"),
    ),
}


@pytest.mark.parametrize(("tensors", "expected"), GGUFS.values(), ids=GGUFS)
def test_gguf_files_are_named(tmp_path: Path, tensors, expected: tuple[str, str, str]) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(gguf(tensors))
    report = inspect(file)
    assert (report.network, report.variant, report.precision) == expected
    assert report.obstacle == "GGUF is a precision that can't be read yet"


def test_bf16_with_fp32_parts_is_readable(tmp_path: Path, t2v: Shapes) -> None:
    wide = {name: shape for name, shape in t2v.items() if name.startswith("blocks.0.")}
    report = inspect(write_torch(tmp_path / "x.pth", hollow(t2v) | hollow(wide, torch.float32)))
    assert (report.precision, report.usable) == ("bf16 and fp32", True)


def test_the_text_encoder_of_another_model_is_refused(tmp_path: Path) -> None:
    stack = "encoder.block.0.layer.0.SelfAttention"
    shapes = {
        "shared.weight": [32128, 4096],
        f"{stack}.q.weight": [4096, 4096],
        f"{stack}.relative_attention_bias.weight": [32, 64],
    }
    report = inspect(write_torch(tmp_path / "t5xxl.pth", hollow(shapes)))
    assert report.network == "text encoder"
    assert "needs UMT5-XXL" in report.obstacle


def test_the_vae_of_wan22_is_refused(tmp_path: Path, manifest) -> None:
    shapes = manifest("Wan2.1_VAE") | {"conv2.weight": [48, 48, 1, 1, 1]}
    report = inspect(write_torch(tmp_path / "x.pth", hollow(shapes)))
    assert (report.variant, report.usable) == ("Wan2.2", False)
    assert "48 channels" in report.obstacle


def test_a_folder_is_reported_part_by_part(tmp_path: Path, reference) -> None:
    write_sharded(tmp_path, reference_weights(reference("dit_t2v")[0]), 3)
    write_torch(tmp_path / "vae.pth", reference_weights(reference("vae")[0]))
    report = inspect(tmp_path)
    assert report.network == "model"
    assert [part.network for part in report.parts] == ["transformer", "VAE"]
    assert report.usable
    assert [need.partition(" (")[0] for need in report.missing] == [
        "the text encoder",
        "the tokenizer",
    ]
    assert len(report.sentence().splitlines()) == 4


def test_a_damaged_file_beside_a_whole_one_is_told(tmp_path: Path, reference) -> None:
    write_torch(tmp_path / "vae.pth", reference_weights(reference("vae")[0]))
    (tmp_path / "x.safetensors").write_bytes(b"hello")
    report = inspect(tmp_path)
    assert "x.safetensors is damaged or wasn't" in report.sentence()
    assert report.to_json()["problems"] == [str(problem) for problem in report.problems]
    assert len(report.problems) == 1


def test_a_folder_of_several_models_lists_them_all(tmp_path: Path, reference) -> None:
    for name in ("dit_t2v", "dit_vace"):
        write_safetensors(tmp_path / f"{name}.safetensors", reference_weights(reference(name)[0]))
    assert [part.variant for part in inspect(tmp_path).parts] == ["Wan2.1 T2V", "Wan2.1 VACE"]


@pytest.mark.parametrize("content", [None, b"hello"], ids=["nothing", "text"])
def test_a_folder_without_models_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"no weights in it|x\.safetensors is damaged or wasn't"):
        inspect(tmp_path)


def test_a_path_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file or folder"):
        inspect(tmp_path / "nowhere")


def test_a_file_without_tensors_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no tensors"):
        inspect(write_torch(tmp_path / "x.pth", {"epoch": 3}))


def test_tensors_without_a_shape_are_told(tmp_path: Path, t2v: Shapes) -> None:
    state = hollow(t2v) | {"head.modulation": torch.zeros(())}
    with pytest.raises(UserError, match="names but not its shapes"):
        inspect(write_torch(tmp_path / "x.pth", state))
