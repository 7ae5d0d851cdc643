"""Trains the transformer and its text encoder together, on latents that were computed once.

First on single frames, which teaches what things look like at a fifth of the cost, then on clips and
single frames together, as Wan's authors do.
"""

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from assets.demo.recipe import world
from assets.demo.recipe.captions import LANGUAGES, caption, with_noise
from assets.demo.recipe.muon import Muon
from assets.demo.recipe.training import Plan, Run
from inference.api.models import DEMO
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder, Tokenizer
from inference.wan.vae import VAE

UNCONDITIONAL = 0.1  # the share of captions left out, so that guidance has its other branch
NOISY = 0.1  # the share of captions with a strange word in them
# Bend the noise levels towards high noise, where it is decided what is where: five frames show through
# more noise than one does.
IMAGE_SHIFT, CLIP_SHIFT = 2.0, 4.0
SHARD = 200  # clips to a file of latents


class Painter(nn.Module):
    """The two networks that are trained together."""

    def __init__(self) -> None:
        super().__init__()
        self.text = TextEncoder(DEMO.text)
        self.dit = DiT(DEMO.dit)

    def context(self, captions: list[list[int]]) -> Tensor:
        """Token ids -> the text's embedding [B, L, text_dim], zero at the padding."""
        length = max(map(len, captions))
        ids = torch.tensor([c + [0] * (length - len(c)) for c in captions])
        mask = torch.tensor([[1] * len(c) + [0] * (length - len(c)) for c in captions])
        return self.text(ids, mask) * mask[..., None]


@dataclass(frozen=True, slots=True)
class Data:
    """Latents [N, 16, 5, 16, 16] float16 and the scenes they show."""

    latents: Tensor
    scenes: list[world.Scene]


def scene_of(index: int, motions: tuple[str, ...]) -> world.Scene:
    """The scene of training clip `index`: the combinations in turn, the rest at random."""
    combinations = world.training(motions)
    return world.random_scene(random.Random(index), combinations[index % len(combinations)])


def encode_clips(vae: VAE, folder: Path, count: int, motions: tuple[str, ...]) -> Data:
    """The first `count` training clips as latents, computed shard by shard where not yet on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    ranges = [range(start, min(start + SHARD, count)) for start in range(0, count, SHARD)]
    shards = [(r, folder / f"{r.start:06d}-{r.stop:06d}.safetensors") for r in ranges]
    missing = [shard for shard in shards if not shard[1].exists()]
    # Small networks don't fill several threads: a process for each does.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawn) as pool:
        jobs = [pool.submit(_encode_shard, vae, motions, *shard) for shard in missing]
        for job in jobs:
            job.result()
    latents = torch.cat([load_file(file)["latents"] for _, file in shards])
    return Data(latents, [scene_of(i, motions) for i in range(count)])


@torch.inference_mode()
def _encode_shard(vae: VAE, motions: tuple[str, ...], indices: range, file: Path) -> None:
    torch.set_num_threads(1)
    latents = []
    for first in indices[::5]:  # torch convolves several clips far faster than one
        together = range(first, min(first + 5, indices.stop))
        scenes = [scene_of(index, motions) for index in together]
        clips = torch.stack([world.render(scene, world.clip_times()) for scene in scenes])
        latents.append(vae.encode(clips).half())
    partial = file.with_suffix(".partial")
    save_file({"latents": torch.cat(latents)}, partial)
    partial.replace(file)


def train(folder: Path, data: Data, tokenizer: Tokenizer, plans: tuple[Plan, Plan]) -> Painter:
    """Both stages, resumed from `folder` where they were stopped; returns the averaged networks."""
    painter = Painter()
    image, clip = 1, data.latents.shape[2]
    stages = (("images", plans[0], {image: 64}), ("clips", plans[1], {image: 16, clip: 14}))
    for name, plan, batches in stages:
        run = Run(painter, _optimisers(painter), plan, folder / f"dit-{name}.pt")

        def loss_of(step: int, batches: dict[int, int] = batches) -> dict[str, Tensor]:
            return {
                f"flow of {frames}": flow_loss(painter, *draw(data, tokenizer, step, frames, batch))
                for frames, batch in batches.items()
            }

        run.train(loss_of)
        painter.load_state_dict(run.average)
    return painter


def draw(
    data: Data, tokenizer: Tokenizer, step: int, frames: int, batch: int
) -> tuple[Tensor, list[list[int]]]:
    """The batch of `step`: latents [B, 16, frames, 16, 16] float32 and their captions' tokens."""
    rng = random.Random(f"{step} {frames}")
    picks = [rng.randrange(len(data.scenes)) for _ in range(batch)]
    texts = [caption(rng, data.scenes[i], rng.choice(LANGUAGES)) for i in picks]
    texts = [with_noise(rng, text) if rng.random() < NOISY else text for text in texts]
    texts = ["" if rng.random() < UNCONDITIONAL else text for text in texts]
    return data.latents[picks, :, :frames].float(), [tokenizer.encode(text) for text in texts]


def flow_loss(painter: Painter, clean: Tensor, captions: list[list[int]]) -> Tensor:
    """Mean squared error of the velocity, noise - clean, on the straight path between the two.

    Lipman et al. 2023 (arXiv 2210.02747); noise levels are logit-normal as in Esser et al. 2024
    (arXiv 2403.03206).
    """
    shift = IMAGE_SHIFT if clean.shape[2] == 1 else CLIP_SHIFT
    sigma = torch.randn(len(clean)).sigmoid()
    sigma = shift * sigma / (1 + (shift - 1) * sigma)
    noise = torch.randn_like(clean)
    level = sigma.view(-1, 1, 1, 1, 1)
    noisy = (1 - level) * clean + level * noise
    velocity = painter.dit(noisy, 1000 * sigma, painter.context(captions))
    return (velocity - (noise - clean)).square().mean()


def _optimisers(painter: Painter) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, Adam for everything else."""
    matrices, others = [], []
    for name, parameter in painter.named_parameters():
        inside = ".blocks." in f".{name}" and parameter.ndim == 2 and "pos_embedding" not in name
        (matrices if inside else others).append(parameter)
    adam = torch.optim.AdamW(others, 2e-3, betas=(0.9, 0.98), weight_decay=0.0)
    return [Muon(matrices, lr=0.02, decay=0.01), adam]
