from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference import catalog
from inference.api.errors import UserError
from inference.api.models import DEMO, MODELS
from inference.api.spec import Task
from inference.catalog import find, is_installed
from tests.checkpoints import write_config
from tests.tiny_model import DIT, TEXT, VAE_PARAMS, write_tiny_model


def test_path_of_an_unknown_size_runs_as_the_nearest_kind(tiny_model: Path) -> None:
    model = find(str(tiny_model))
    assert (model.spec.name, model.spec.title) == ("tiny", "Wan2.1 T2V width 32")
    assert (model.spec.dit, model.spec.text, model.spec.vae) == (DIT, TEXT, VAE_PARAMS)
    assert model.spec.tasks == {Task.T2V}
    assert model.spec.defaults == MODELS["t2v-1.3b"].defaults
    assert not model.spec.repository
    assert model.dit.path == tiny_model / "diffusion_pytorch_model.safetensors"
    assert model.text.path == tiny_model / "models_t5_umt5-xxl-enc-bf16.pth"
    assert model.vae.path == tiny_model / "Wan2.1_VAE.pth"


def test_path_of_a_vace_transformer_runs_as_one(tmp_path: Path) -> None:
    dit = replace(DIT, vace_layers=(0, 1))
    assert find(str(write_tiny_model(tmp_path, dit))).spec.defaults == MODELS["vace-1.3b"].defaults


def test_path_of_a_known_transformer_is_that_model(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = replace(DEMO, dit=replace(DIT, text_len=512), world="circles")
    monkeypatch.setitem(MODELS, "demo", toy)
    assert find(str(tiny_model)).spec is toy


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `t2v-1.3b`, with a model in it."""
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path))
    return write_tiny_model(tmp_path / "t2v-1.3b")


def test_name_is_looked_up_where_downloads_lie(installed: Path) -> None:
    model = find("T2V-1.3B")
    assert model.spec is MODELS["t2v-1.3b"]
    assert model.dit.path.parent == installed
    assert is_installed(model.spec)
    assert not is_installed(MODELS["t2v-14b"])


def test_half_a_download_is_not_installed(installed: Path) -> None:
    (installed / "Wan2.1_VAE.pth").unlink()
    assert not is_installed(MODELS["t2v-1.3b"])
    with pytest.raises(UserError, match="lacks the VAE"):
        find("t2v-1.3b")


def test_parts_may_lie_elsewhere(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    vae = (folder / "Wan2.1_VAE.pth").rename(tmp_path / "vae.pth")
    assert find(str(folder), vae).vae.path == vae


@pytest.mark.parametrize("name", ["t2v-2b", "", "no/such/folder", "n\0"])
def test_unknown_name_is_told(name: str) -> None:
    message = (
        r"There is no model .*: give the path of a model's folder or file, or one of demo, t2v-"
    )
    with pytest.raises(UserError, match=message):
        find(name or "x" * 20)


@pytest.mark.posix  # Windows has no such file and says no more
def test_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(
        UserError, match=r"The model 'xxx.* can't be looked up \(File name too long"
    ):
        find("x" * 10_000)


def test_model_that_is_not_here_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KINORA_MODELS", str(tmp_path))
    with pytest.raises(
        UserError, match=r"t2v-14b isn't on this machine: get it with .+ models download"
    ):
        find("t2v-14b")


def test_demo_that_is_not_here_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalog, "folder_of", lambda _: tmp_path)
    with pytest.raises(UserError, match=r"comes with Kinora isn't in .*: get Kinora again"):
        find("demo")


def test_encoder_of_another_model_is_told(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path, text=replace(TEXT, dim=40))
    with pytest.raises(
        UserError, match=r"gives vectors of 40 numbers, and the .* takes 24: use the"
    ):
        find(str(folder))


def test_transformer_of_another_family_is_told(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path, dit=replace(DIT, in_dim=48))
    with pytest.raises(UserError, match=r"can't be used: it's a Fun-Control model"):
        find(str(folder))


def test_config_of_another_model_is_told(tmp_path: Path) -> None:
    write_config(write_tiny_model(tmp_path), {"num_heads": 7})
    with pytest.raises(UserError, match="7 heads"):
        find(str(tmp_path))


def test_hostile_file_is_told(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    torch.save({"a": pytest.fail}, folder / "Wan2.1_VAE.pth")
    with pytest.raises(UserError, match="lacks the VAE"):
        find(str(folder))
