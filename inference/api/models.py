"""The models the program knows by name. Variants come by `dataclasses.replace`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from inference.api.footprint import BF16, FLOAT32, transformer, vace
from inference.api.sentence import Sentence
from inference.api.spec import (
    DiTParams,
    ImageParams,
    ModelSpec,
    SamplingDefaults,
    Task,
    TextParams,
    VAEParams,
)

ROOT = Path(__file__).resolve().parents[2]

# What Wan2.1's authors sample against.
_NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，"
    "形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)

_SMALL = DiTParams(dim=1536, ffn_dim=8960, num_layers=30, num_heads=12)
_LARGE = DiTParams(dim=5120, ffn_dim=13824, num_layers=40, num_heads=40)
_LARGE_IMAGE = replace(_LARGE, in_dim=36, image_dim=1280)

_480P = SamplingDefaults(guidance=6.0, shift=8.0, negative_prompt=_NEGATIVE)
_720P = SamplingDefaults(width=1280, height=720, negative_prompt=_NEGATIVE)

_T2V = ModelSpec(
    name="t2v-1.3b",
    title="Wan2.1 T2V 1.3B",
    tasks=frozenset({Task.T2V}),
    dit=_SMALL,
    defaults=_480P,
    repository="Wan-AI/Wan2.1-T2V-1.3B",
)
_T2V_LARGE = replace(
    _T2V,
    name="t2v-14b",
    title="Wan2.1 T2V 14B",
    dit=_LARGE,
    defaults=_720P,
    repository="Wan-AI/Wan2.1-T2V-14B",
)
_VACE = replace(
    _T2V,
    name="vace-1.3b",
    title="Wan2.1 VACE 1.3B",
    tasks=frozenset({Task.T2V, Task.VACE}),
    dit=replace(_SMALL, vace_layers=tuple(range(0, 30, 2))),
    defaults=replace(_480P, guidance=5.0, shift=16.0),
    repository="Wan-AI/Wan2.1-VACE-1.3B",
)
_VACE_LARGE = replace(
    _VACE,
    name="vace-14b",
    title="Wan2.1 VACE 14B",
    dit=replace(_LARGE, vace_layers=tuple(range(0, 40, 5))),
    defaults=replace(_720P, shift=16.0),
    repository="Wan-AI/Wan2.1-VACE-14B",
)
_I2V_480P = ModelSpec(
    name="i2v-14b-480p",
    title="Wan2.1 I2V 14B 480P",
    tasks=frozenset({Task.I2V}),
    dit=_LARGE_IMAGE,
    image=ImageParams(),
    defaults=replace(_480P, steps=40, guidance=5.0, shift=3.0),
    repository="Wan-AI/Wan2.1-I2V-14B-480P",
)
_I2V_720P = replace(
    _I2V_480P,
    name="i2v-14b-720p",
    title="Wan2.1 I2V 14B 720P",
    defaults=replace(_720P, steps=40),
    repository="Wan-AI/Wan2.1-I2V-14B-720P",
)
_FLF2V = replace(
    _I2V_480P,
    name="flf2v-14b",
    title="Wan2.1 FLF2V 14B 720P",
    tasks=frozenset({Task.FLF2V}),
    dit=replace(_LARGE_IMAGE, image_positions=514),
    defaults=replace(_720P, shift=16.0),
    repository="Wan-AI/Wan2.1-FLF2V-14B-720P",
)

DEMO = ModelSpec(
    name="demo",
    title="Kinora demo",
    tasks=frozenset({Task.T2V, Task.VACE}),
    dit=DiTParams(
        dim=160,
        ffn_dim=640,
        num_layers=6,
        num_heads=5,
        text_dim=128,
        text_len=48,
        freq_dim=128,
        vace_layers=(0, 2, 4),
    ),
    text=TextParams(vocab_size=400, dim=128, dim_attn=128, dim_ffn=256, num_heads=4, num_layers=2),
    vae=VAEParams(dim=8, dim_mult=(1, 2, 4, 8)),
    defaults=SamplingDefaults(width=128, height=128, frames=17, steps=20, guidance=1.5, shift=5.0),
    folder="assets/demo",
    world=Sentence(
        "circles, squares and triangles in six colours that move or stay still in the sky, at "
        "night, "
        "on the sand or on a chessboard"
    ),
)

MODELS = {
    spec.name: spec
    for spec in (DEMO, _T2V, _T2V_LARGE, _VACE, _VACE_LARGE, _I2V_480P, _I2V_720P, _FLF2V)
}


# What the official repositories keep beside each transformer; its tokenizer, and no example pictures.
_OFFICIAL_FILES = (
    "config.json",
    "diffusion_pytorch_model*",
    "Wan2.1_VAE.pth",
    "models_t5_umt5-xxl-enc-bf16.pth",
    "google/umt5-xxl/*",
)
_OFFICIAL_IMAGE_FILE = "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"

# Bytes of those that are the same in each.
_VAE_BYTES, _TEXT_BYTES, _TOKENIZER_BYTES = 507_609_880, 11_361_920_418, 21_454_081
_IMAGE_BYTES = 4_772_359_047


def published_files(spec: ModelSpec) -> tuple[str, ...]:
    """Which files of `spec.repository` the model is made of, as patterns such as `google/*`."""
    return _OFFICIAL_FILES if spec.image is None else (*_OFFICIAL_FILES, _OFFICIAL_IMAGE_FILE)


def published_bytes(spec: ModelSpec) -> int:
    """What these files take, but for some KB of headers; 0 of a model that isn't published.

    The official transformers are in float32, and what VACE adds to them in bfloat16.
    """
    if not spec.repository:
        return 0
    added = vace(spec.dit).total
    weights = (transformer(spec.dit).total - added) * FLOAT32 + added * BF16
    shared = _VAE_BYTES + _TEXT_BYTES + _TOKENIZER_BYTES
    return weights + shared + (0 if spec.image is None else _IMAGE_BYTES)


def models_folder() -> Path:
    """Where downloaded models lie: $KINORA_MODELS, or a folder of the user's."""
    if folder := os.environ.get("KINORA_MODELS"):
        return Path(folder)
    return data_folder() / "models"


def data_folder() -> Path:
    """Where the program keeps what it makes for itself: $KINORA_DATA, or by the platform's custom."""
    if folder := os.environ.get("KINORA_DATA"):
        return Path(folder)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "Kinora"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/Kinora"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "kinora"


def folder_of(spec: ModelSpec) -> Path:
    """Where the files of a model lie, or would lie once downloaded."""
    return ROOT / spec.folder if spec.folder else models_folder() / spec.name
