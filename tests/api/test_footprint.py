"""The counts of weights against the official checkpoints' own lists."""

import json
from math import prod
from pathlib import Path

import pytest

from inference.api.footprint import image_encoder, text_encoder, transformer, vace
from inference.api.models import MODELS
from inference.api.spec import ImageParams, TextParams

MANIFESTS = json.loads((Path(__file__).parents[1] / "reference/wan21_manifests.json").read_text())


def official(name: str) -> int:
    return sum(prod(shape) for shape in MANIFESTS[name].values())


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("t2v-1.3b", "Wan2.1-T2V-1.3B"),
        ("t2v-14b", "Wan2.1-T2V-14B"),
        ("i2v-14b-480p", "Wan2.1-I2V-14B"),
        ("flf2v-14b", "Wan2.1-FLF2V-14B"),
        ("vace-1.3b", "Wan2.1-VACE-1.3B"),
        ("vace-14b", "Wan2.1-VACE-14B"),
    ],
)
def test_a_transformers_numbers_are_those_of_the_official_file(model: str, folder: str) -> None:
    counted = transformer(MODELS[model].dit).total

    assert counted == official(f"{folder}/diffusion_pytorch_model")


def test_what_vace_adds_is_what_its_files_have_more() -> None:
    for size in ("1.3b", "14b"):
        whole = official(f"Wan2.1-VACE-{size.upper()}/diffusion_pytorch_model")
        trunk = official(f"Wan2.1-T2V-{size.upper()}/diffusion_pytorch_model")
        assert vace(MODELS[f"vace-{size}"].dit).total == whole - trunk
        assert vace(MODELS[f"t2v-{size}"].dit).total == 0


def test_the_text_encoders_numbers_are_those_of_the_official_file() -> None:
    assert text_encoder(TextParams()).total == official("models_t5_umt5-xxl-enc-bf16")


def test_the_image_encoders_numbers_are_those_of_the_official_file_without_its_end() -> None:
    file = MANIFESTS["models_clip_open-clip-xlm-roberta-large-vit-huge-14"]
    end = "visual.head", "visual.post_norm"
    tower = {n: s for n, s in file.items() if n.startswith("visual.") and not n.startswith(end)}
    assert image_encoder(ImageParams()).total == sum(prod(shape) for shape in tower.values())
