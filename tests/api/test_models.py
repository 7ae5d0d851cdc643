import sys
from pathlib import Path

import pytest

from inference.api.models import (
    DEMO,
    MODELS,
    ROOT,
    data_folder,
    folder_of,
    published_bytes,
    published_files,
)
from inference.api.spec import SIZE_MULTIPLE, TEMPORAL_STRIDE


def test_downloads_lie_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path))
    assert folder_of(MODELS["t2v-14b"]) == tmp_path / "t2v-14b"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "set/kinora"),
        ("linux", "", "home/.local/share/kinora"),
        ("linux", "KINORA_DATA", "set"),
        ("win32", "LOCALAPPDATA", "set/Kinora"),
        ("win32", "KINORA_DATA", "set"),
        ("win32", "", "home/AppData/Local/Kinora"),
        ("darwin", "", "home/Library/Application Support/Kinora"),
    ],
)
def test_data_lies_where_the_platform_has_it(
    platform: str, variable: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("KINORA_MODELS", "KINORA_DATA", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "set"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(sys, "platform", platform)
    assert data_folder() == tmp_path / expected
    assert folder_of(MODELS["t2v-1.3b"]) == tmp_path / expected / "models" / "t2v-1.3b"


def test_demo_comes_with_the_program() -> None:
    assert folder_of(DEMO) == ROOT / "assets" / "demo"
    assert (ROOT / "inference" / "api" / "models.py").is_file()


@pytest.mark.parametrize("name", MODELS)
def test_known_models_are_consistent(name: str) -> None:
    spec = MODELS[name]
    assert spec.name == name
    assert bool(spec.repository) != bool(spec.folder), "published, or here"
    assert spec.dit.text_dim == spec.text.dim
    assert (spec.dit.image_dim > 0) == (spec.image is not None)
    assert spec.defaults.width % SIZE_MULTIPLE == spec.defaults.height % SIZE_MULTIPLE == 0
    assert spec.defaults.frames % TEMPORAL_STRIDE == 1


def test_image_models_are_published_with_an_image_encoder() -> None:
    extra = set(published_files(MODELS["i2v-14b-480p"])) - set(published_files(MODELS["t2v-14b"]))
    assert extra == {"models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"}


@pytest.mark.parametrize(
    ("name", "transformer_bytes"),  # of the files themselves, in the official repositories
    [
        ("t2v-1.3b", 5_676_070_424),
        ("t2v-14b", 9_887_603_256 + 9_839_059_648 + 3 * 9_839_059_744 + 7_910_235_256),
        ("vace-1.3b", 7.15e9),
        ("vace-14b", 9.89e9 + 4 * 9.84e9 + 7.91e9 + 6.1e9),
    ],
)
def test_download_takes_what_the_official_files_do(name: str, transformer_bytes: float) -> None:
    text, vae, tokenizer = 11_361_920_418, 507_609_880, 21_454_081
    expected = transformer_bytes + text + vae + tokenizer
    assert published_bytes(MODELS[name]) == pytest.approx(expected, rel=0.001)


def test_models_with_an_image_encoder_take_it_along() -> None:
    extra = published_bytes(MODELS["i2v-14b-480p"]) - published_bytes(MODELS["t2v-14b"])
    assert extra > 4_772_359_047  # its transformer is larger too
    assert published_bytes(DEMO) == 0
