"""The parts of a model are found in every layout, and what is missing is said."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from inference.api.errors import UserError
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.names import Dialect
from tests.checkpoints import (
    hollow,
    reference_weights,
    write_config,
    write_safetensors,
    write_sharded,
    write_spiece,
    write_torch,
)


@pytest.fixture
def states(reference) -> dict[str, dict[str, Tensor]]:
    names = ("dit_t2v", "dit_vace", "vae", "umt5")
    return {name: reference_weights(reference(name)[0]) for name in names}


def official_folder(folder: Path, states: dict[str, dict[str, Tensor]]) -> Path:
    write_config(folder, {"num_heads": 4, "text_len": 24})
    write_safetensors(folder / "diffusion_pytorch_model.safetensors", states["dit_t2v"])
    write_torch(folder / "models_t5_umt5-xxl-enc-bf16.pth", states["umt5"])
    write_torch(folder / "Wan2.1_VAE.pth", states["vae"])
    write_spiece(folder / "google" / "umt5-xxl" / "spiece.model")
    return folder


def found(files: ModelFiles) -> dict[str, str | None]:
    """The file name of each part, None for what is missing."""
    parts = {"dit": files.dit, "text": files.text, "vae": files.vae, "image": files.image}
    names = {part: c.path.name if c else None for part, c in parts.items()}
    return names | {"tokenizer": files.tokenizer.name if files.tokenizer else None}


COMPLETE = {
    "dit": "diffusion_pytorch_model.safetensors",
    "text": "models_t5_umt5-xxl-enc-bf16.pth",
    "vae": "Wan2.1_VAE.pth",
    "image": None,
    "tokenizer": "spiece.model",
}


@pytest.mark.parametrize("name", ["Wan2.1", "model 模型 (copy)"])
def test_an_official_folder_is_complete(tmp_path: Path, states, name: str) -> None:
    files = find_model(official_folder(tmp_path / name, states))
    assert found(files) == COMPLETE
    assert files.missing == ()
    files.require()


def test_an_official_folder_with_shards_is_complete(tmp_path: Path, states) -> None:
    folder = official_folder(tmp_path / "Wan2.1-T2V-14B", states)
    (folder / COMPLETE["dit"]).unlink()
    shards = write_sharded(folder, states["dit_t2v"], 3)
    files = find_model(folder)
    assert files.dit is not None
    assert list(files.dit.files) == shards
    assert files.missing == ()


def test_what_lies_beside_a_chosen_file_belongs_to_it(tmp_path: Path, states) -> None:
    folder = official_folder(tmp_path, states)
    assert found(find_model(folder / COMPLETE["dit"])) == COMPLETE


def comfyui_folder(models: Path, states: dict[str, dict[str, Tensor]]) -> Path:
    """Two transformers and two text encoders: the first encoder is of no use yet."""
    fp8 = {k: v.to(torch.float8_e4m3fn) for k, v in states["umt5"].items()}
    spiece = {"spiece_model": torch.zeros(64, dtype=torch.uint8)}
    dits, texts = models / "diffusion_models", models / "text_encoders"
    write_safetensors(dits / "t2v.safetensors", states["dit_t2v"], prefix="model.")
    write_safetensors(dits / "vace.safetensors", states["dit_vace"])
    write_safetensors(texts / "umt5_fp8.safetensors", fp8 | spiece)
    write_safetensors(texts / "umt5_fp16.safetensors", states["umt5"] | spiece)
    write_safetensors(models / "vae" / "wan.safetensors", states["vae"])
    write_safetensors(models / "vae" / "other.safetensors", {"x": torch.zeros(2)})
    (models / "vae" / "broken.safetensors").write_bytes(b"")
    return models


def test_comfyuis_folders_complete_a_chosen_file(tmp_path: Path, states) -> None:
    models = comfyui_folder(tmp_path / "ComfyUI" / "models", states)
    files = find_model(models / "diffusion_models" / "vace.safetensors")
    assert found(files) == {
        "dit": "vace.safetensors",
        "text": "umt5_fp16.safetensors",
        "vae": "wan.safetensors",
        "image": None,
        "tokenizer": None,
    }
    assert files.missing == ()


def test_several_transformers_in_a_folder_are_a_question(tmp_path: Path, states) -> None:
    models = comfyui_folder(tmp_path, states)
    with pytest.raises(UserError, match=r"2 transformers \(t2v\.safetensors, vace\.safetensors\)"):
        find_model(models)


def test_a_model_is_put_together_from_several_places(tmp_path: Path, states) -> None:
    dit = write_safetensors(tmp_path / "a" / "dit.safetensors", states["dit_t2v"])
    write_config(dit.parent, {"num_heads": 4})
    text = write_torch(tmp_path / "b" / "text.pth", states["umt5"])
    write_safetensors(tmp_path / "c" / "vae.safetensors", states["vae"])
    spiece = write_spiece(tmp_path / "d" / "spiece.model")
    files = find_model(dit, text, tmp_path / "c", spiece)
    assert found(files) == {
        "dit": "dit.safetensors",
        "text": "text.pth",
        "vae": "vae.safetensors",
        "image": None,
        "tokenizer": "spiece.model",
    }
    files.require()


def test_what_is_chosen_goes_before_what_lies_beside(tmp_path: Path, states) -> None:
    folder = official_folder(tmp_path / "a", states)
    other = write_safetensors(tmp_path / "b" / "other vae.safetensors", states["vae"])
    files = find_model(folder / COMPLETE["dit"], other)
    assert files.vae is not None
    assert files.vae.path == other


PARTS = {
    "text": ("models_t5_umt5-xxl-enc-bf16.pth", r"the text encoder \(models_t5_umt5"),
    "vae": ("Wan2.1_VAE.pth", r"the VAE \(Wan2\.1_VAE\.pth of Wan-AI"),
    "tokenizer": ("google", r"the tokenizer \(the folder google/umt5-xxl"),
    "dit": ("diffusion_pytorch_model.safetensors", r"the transformer \(diffusion_pytorch"),
}


@pytest.mark.parametrize(("name", "message"), PARTS.values(), ids=PARTS)
def test_a_missing_part_is_named_with_a_place_to_get_it(
    tmp_path: Path, states, name: str, message: str
) -> None:
    folder = official_folder(tmp_path, states)
    gone = folder / name
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    files = find_model(folder)
    assert len(files.missing) == 1
    with pytest.raises(UserError, match=message):
        files.require()


def test_a_damaged_part_is_named_when_it_is_the_one_that_is_missing(tmp_path: Path, states) -> None:
    folder = official_folder(tmp_path, states)
    vae = folder / COMPLETE["vae"]
    vae.write_bytes(vae.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"Wan2\.1_VAE\.pth is cut short.*lacks the VAE"):
        find_model(folder).require()


def test_image_to_video_needs_an_image_encoder(tmp_path: Path, states, manifest) -> None:
    folder = official_folder(tmp_path, states)
    (folder / COMPLETE["dit"]).unlink()
    write_torch(folder / "dit.pth", hollow(manifest("Wan2.1-I2V-14B/diffusion_pytorch_model")))
    (missing,) = find_model(folder).missing
    assert missing.startswith("the image encoder (models_clip")
    clip = "models_clip_open-clip-xlm-roberta-large-vit-huge-14"
    write_torch(folder / f"{clip}.pth", hollow(manifest(clip)))
    assert find_model(folder).missing == ()


def test_the_tokenizer_of_clips_text_tower_is_not_taken(tmp_path: Path, states) -> None:
    folder = official_folder(tmp_path, states)
    shutil.rmtree(folder / "google")
    for name, padding in (("a/xlm-roberta-large", 1), ("b/umt5", 0)):
        (folder / name).mkdir(parents=True)
        content = {"added_tokens": [{"id": padding, "content": "<pad>"}]}
        (folder / name / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    files = find_model(folder)
    assert files.tokenizer == folder / "b" / "umt5" / "tokenizer.json"


def test_the_demo_models_layout_is_complete(tmp_path: Path, states) -> None:
    write_config(tmp_path, {"num_heads": 4, "text_len": 24})
    write_safetensors(tmp_path / "diffusion_pytorch_model.safetensors", states["dit_t2v"])
    write_safetensors(tmp_path / "vae.safetensors", states["vae"])
    write_safetensors(tmp_path / "text_encoder.safetensors", states["umt5"])
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    files = find_model(tmp_path)
    assert files.missing == ()
    assert files.dit is not None
    assert files.dit.dialect is Dialect.OFFICIAL


def test_a_folder_without_models_says_what_to_choose(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    with pytest.raises(UserError, match=r"has no part of Wan2\.1: choose a folder"):
        find_model(tmp_path)


def test_a_folder_of_damaged_files_says_what_is_wrong_with_one(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=r"model\.safetensors is empty"):
        find_model(tmp_path)


def test_a_place_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        find_model(tmp_path / "nowhere")
