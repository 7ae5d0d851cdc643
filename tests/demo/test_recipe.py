"""The recipe of the model that ships: its world, its judge, its optimiser, and all of it in small."""

import random
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from assets.demo.recipe import world
from assets.demo.recipe.captions import LANGUAGES, caption, make_tokenizer
from assets.demo.recipe.judge import judge
from assets.demo.recipe.muon import orthogonal
from assets.demo.recipe.train_vae import fold_statistics
from inference.api.models import DEMO, ROOT
from inference.wan.text import Tokenizer
from inference.wan.vae import VAE, States, denormalise, normalise


def test_training_and_held_out_combinations_share_nothing_and_leave_no_word_unseen() -> None:
    seen = world.training(world.CORE_MOTIONS)
    unseen = world.held_out(world.CORE_MOTIONS)
    assert not set(seen) & set(unseen)
    assert len(seen) + len(unseen) == 3 * 6 * 4 * 5
    for position in range(4):
        assert {c[position] for c in unseen} <= {c[position] for c in seen}


@pytest.mark.parametrize("combination", world.combinations(world.CORE_MOTIONS)[::17], ids="-".join)
def test_judge_reads_a_noisy_clip(combination: tuple[str, str, str, str]) -> None:
    clip = world.render(world.random_scene(random.Random(5), combination), world.clip_times())
    noisy = (clip + 0.06 * torch.randn_like(clip)).clamp(-1, 1)
    assert astuple(judge(noisy)) == combination


def test_judge_sees_nothing_in_an_empty_clip() -> None:
    empty = world.background("sand")[:, None].expand(-1, world.FRAMES, -1, -1) * 2 - 1
    assert astuple(judge(empty)) == ("none", "none", "sand", "none")


def test_judge_sees_no_motion_in_a_clip_that_jumps_about() -> None:
    scenes = [
        world.random_scene(random.Random(seed), ("circle", "red", "sky", "still"))
        for seed in range(world.FRAMES)
    ]
    frames = [world.render(scene, torch.tensor([0.0])) for scene in scenes]
    assert judge(torch.cat(frames, dim=1)).motion == "none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_caption_is_spelled_in_words_the_tokenizer_knows(
    language: str, tmp_path: Path
) -> None:
    make_tokenizer(tmp_path / "tokenizer.json")
    tokenizer = Tokenizer.from_file(tmp_path / "tokenizer.json", DEMO.dit.text_len)
    assert tokenizer.vocab_size <= DEMO.text.vocab_size
    rng = random.Random(0)
    for combination in world.combinations(world.MOTIONS):
        text = caption(rng, world.random_scene(rng, combination), language)
        assert not tokenizer.has_unknown_words(text), text
    assert tokenizer.has_unknown_words("a cat drives a 车")


@pytest.mark.parametrize("shape", [(2, 24, 24), (1, 16, 64), (3, 64, 16)], ids=str)
def test_muon_brings_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    singular = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert singular.max() < 1.3
    assert singular.median() > 0.6


def test_folding_gives_official_statistics_and_the_same_picture() -> None:
    vae = VAE(DEMO.vae)
    clips = torch.rand(2, 3, 5, 32, 32) * 2 - 1
    with torch.inference_mode():
        before = vae.reconstruct(vae.posterior(clips, States())[0], States())
        fold_statistics(vae, clips)
        mean = vae.posterior(clips, States())[0]
        after = vae.reconstruct(mean, States())
        assert torch.allclose(before, after, atol=1e-4)
        assert torch.allclose(denormalise(normalise(mean)), mean, atol=1e-5)
        std, average = torch.std_mean(normalise(mean), dim=(0, 2, 3, 4))
    assert torch.allclose(std, torch.ones(16), atol=1e-3)
    assert torch.allclose(average, torch.zeros(16), atol=1e-3)


def test_recipe_runs_from_nothing_to_a_model_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "assets.demo.recipe", "--work", str(tmp_path / "work"),
        "--output", str(tmp_path / "model"), "--vae-image-steps", "1",
        "--vae-clip-steps", "1", "--vae-decoder-steps", "1", "--clips", "2", "--dit-image-steps", "1", "--dit-clip-steps", "1",
        "--vace-clips", "7", "--vace-steps", "1",
    ]  # fmt: skip
    subprocess.run([*command, "--judge", "1"], cwd=ROOT, check=True, capture_output=True)
    weights = tmp_path / "model/diffusion_pytorch_model.safetensors"
    first = load_file(weights)
    assert "| shape |" in (tmp_path / "model/MODEL_CARD.md").read_text("utf-8")
    weights.unlink()
    subprocess.run([*command, "--judge", "0"], cwd=ROOT, check=True, capture_output=True)
    again = load_file(weights)
    assert all(torch.equal(again[name], tensor) for name, tensor in first.items())
