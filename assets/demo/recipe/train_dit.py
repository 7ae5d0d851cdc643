"""Trains the transformer and its text encoder together, on latents that were computed once.

First on single frames, which teaches what things look like at a fifth of the cost, then on clips and
single frames together, as Wan's authors do. Beside the flow they learn to answer questions whose answers
the world knows: what a caption says, from the text encoder's output; and from the tokens between the
transformer's blocks what is covered there, and where from there the thing is in each frame. That teaches
sooner what to read from the text, and where to look in the noise (Yu et al. 2024, arXiv 2410.06940, with
features of another network); without the last question, thousands of steps went by in which nothing of
what a caption says of motion was used. The layers that answer are dropped at the end.
"""

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from assets.demo.recipe import world
from assets.demo.recipe.captions import LANGUAGES, caption, with_noise
from assets.demo.recipe.muon import Muon
from assets.demo.recipe.training import Plan, Run
from inference.api.models import DEMO
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder, Tokenizer
from inference.wan.vae import VAE

TRUNK = replace(DEMO.dit, vace_layers=())  # its hints are learned later, by `train_vace`
UNCONDITIONAL = 0.1  # the share of captions left out, so that guidance has its other branch
NOISY = 0.1  # the share of captions with a strange word in them
# Noise levels are even but for the schedule's bend towards high noise, where it is decided what is where:
# as in sampling, so that each of its steps is learned alike. Five frames show through more noise than one.
IMAGE_SHIFT, CLIP_SHIFT = 3.0, 5.0
PLACE_WEIGHT, PATH_WEIGHT, WORD_WEIGHT = 0.2, 0.2, 0.02  # of the questions beside the flow
PATH_UNIT = 64.0  # pixels
ANSWERS = (world.SHAPES, tuple(world.COLOURS), world.BACKGROUNDS, world.MOTIONS)
SHARD = 200  # clips to a file of latents
LATENT_FRAMES = 1 + (world.FRAMES - 1) // 4


class Painter(nn.Module):
    """The two networks that are trained together, and what asks them while they are."""

    def __init__(self) -> None:
        super().__init__()
        self.text = TextEncoder(DEMO.text)
        self.dit = DiT(TRUNK)
        dim, asked = DEMO.dit.dim, self.dit.blocks[1:]
        self.places = nn.ModuleList(nn.Linear(dim, 4) for _ in asked)
        self.paths = nn.ModuleList(nn.Linear(dim, 2 * LATENT_FRAMES) for _ in asked)
        self.words = nn.Linear(DEMO.text.dim, sum(map(len, ANSWERS)))

    def context(self, captions: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Token ids -> the text's embedding [B, L, text_dim], zero at the padding, and the mask [B, L, 1]."""
        length = max(map(len, captions))
        ids = torch.tensor([c + [0] * (length - len(c)) for c in captions])
        mask = torch.tensor([[1] * len(c) + [0] * (length - len(c)) for c in captions])
        return self.text(ids, mask) * mask[..., None], mask[..., None]

    def forward(
        self, noisy: Tensor, timestep: Tensor, context: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Velocity [B, C, F, H, W]; logits of what is covered, [blocks - 1, B, F, H, W]; and paths as
        `relative_paths` has them, [blocks - 1, B, F, H / 2, W / 2, 5, 2]."""
        tokens, cond = self.dit.embed(noisy, timestep, context)
        covered, paths = [], []
        for index in range(len(self.dit.blocks)):
            tokens, _ = self.dit.run_block(index, tokens, None, cond, 1.0)
            if index:
                patches = self.places[index - 1](tokens).unflatten(2, (2, 2))
                patches = patches.unflatten(1, cond.grid).permute(0, 1, 2, 4, 3, 5)
                covered.append(patches.flatten(4, 5).flatten(2, 3))
                path = self.paths[index - 1](tokens).unflatten(2, (-1, 2))
                paths.append(path.unflatten(1, cond.grid))
        return self.dit.unembed(tokens, cond), torch.stack(covered), torch.stack(paths)


@dataclass(frozen=True, slots=True)
class Data:
    """Latents [N, 16, 5, 16, 16] and how much things cover of each of their pixels, [N, 5, 16, 16] in
    [0, 1], both float16; and the scenes they show."""

    latents: Tensor
    coverage: Tensor
    scenes: list[world.Scene]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from: latents [B, 16, F, 16, 16], coverage [B, F, 16, 16] and the thing's centres
    [B, 5, 2], float32, the captions' tokens, and what each caption says, [B, 4] in the order of `ANSWERS`;
    -1 where it is empty."""

    latents: Tensor
    coverage: Tensor
    centres: Tensor
    captions: list[list[int]]
    said: Tensor


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
    files = [load_file(file) for _, file in shards]
    latents, coverage = (torch.cat([f[name] for f in files]) for name in ("latents", "coverage"))
    return Data(latents, coverage, [scene_of(i, motions) for i in range(count)])


@torch.inference_mode()
def _encode_shard(vae: VAE, motions: tuple[str, ...], indices: range, file: Path) -> None:
    torch.set_num_threads(1)
    latents, coverage = [], []
    for first in indices[::5]:  # torch convolves several clips far faster than one
        together = range(first, min(first + 5, indices.stop))
        scenes = [scene_of(index, motions) for index in together]
        clips = torch.stack([world.render(scene, world.clip_times()) for scene in scenes])
        latents.append(vae.encode(clips).half())
        coverage += [latent_coverage(scene).half() for scene in scenes]
    partial = file.with_suffix(".partial")
    save_file({"latents": torch.cat(latents), "coverage": torch.stack(coverage)}, partial)
    partial.replace(file)


def latent_coverage(scene: world.Scene) -> Tensor:
    """How much of each latent pixel the things of `scene` cover, [5, 16, 16] in [0, 1]."""
    times = world.clip_times().view(-1, 1, 1)
    covered = torch.stack([world.coverage(thing, times) for thing in scene.things]).amax(0)
    return _by_latent_frame(F.avg_pool2d(covered, 8))


def centres(thing: world.Thing) -> Tensor:
    """Where the centre of `thing` is in the middle of each latent frame, [5, 2], x and y in pixels."""
    return _by_latent_frame(world.centre(thing, world.clip_times()))


def _by_latent_frame(values: Tensor) -> Tensor:
    """The mean over each latent frame of what is known of each frame, [17, ...] -> [5, ...]."""
    return torch.cat([values[:1], values[1:].unflatten(0, (-1, 4)).mean(1)])


def relative_paths(centres: Tensor, frames: int) -> Tensor:
    """The vectors from the middle of each token's patch to the thing's centres [B, 5, 2], in units of
    `PATH_UNIT` pixels: [B, frames, 8, 8, 5, 2], x and y."""
    middle = (torch.arange(world.SIZE // 16) + 0.5) * 16
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    patches = torch.stack([x, y], dim=-1)[None, None, :, :, None]
    vectors = centres[:, None, None, None] - patches
    return (vectors / PATH_UNIT).expand(-1, frames, -1, -1, -1, -1)


def train(
    folder: Path, data: Data, tokenizer: Tokenizer, plans: tuple[Plan, Plan], painter: Painter
) -> Painter:
    """Both stages, resumed from `folder` where they were stopped; returns the averaged networks."""
    image, clip = 1, data.latents.shape[2]
    stages = (("images", plans[0], {image: 64}), ("clips", plans[1], {image: 4, clip: 14}))
    for name, plan, batches in stages:
        run = Run(painter, _optimisers(painter), plan, folder / f"dit-{name}.pt")

        def loss_of(step: int, batches: dict[int, int] = batches) -> dict[str, Tensor]:
            return {
                f"{name} of {frames}": loss
                for frames, batch in batches.items()
                for name, loss in losses(
                    painter, draw(data, tokenizer, step, frames, batch)
                ).items()
            }

        run.train(loss_of)
        painter.load_state_dict(run.average)
    return painter


def draw(data: Data, tokenizer: Tokenizer, step: int, frames: int, batch: int) -> Batch:
    """The batch of `step`, of `batch` clips' first `frames` latent frames."""
    rng = random.Random(f"{step} {frames}")
    picks = [rng.randrange(len(data.scenes)) for _ in range(batch)]
    texts = [caption(rng, data.scenes[i], rng.choice(LANGUAGES)) for i in picks]
    texts = [with_noise(rng, text) if rng.random() < NOISY else text for text in texts]
    texts = ["" if rng.random() < UNCONDITIONAL else text for text in texts]
    said = [
        _answers(data.scenes[i]) if text else [-1] * len(ANSWERS)
        for i, text in zip(picks, texts, strict=True)
    ]
    return Batch(
        data.latents[picks, :, :frames].float(),
        data.coverage[picks, :frames].float(),
        torch.stack([centres(data.scenes[i].things[0]) for i in picks]),
        [tokenizer.encode(text) for text in texts],
        torch.tensor(said),
    )


def _answers(scene: world.Scene) -> list[int]:
    thing = scene.things[0]
    given = thing.shape, thing.colour, scene.background, thing.motion
    return [words.index(word) for words, word in zip(ANSWERS, given, strict=True)]


def losses(painter: Painter, batch: Batch) -> dict[str, Tensor]:
    """Flow: the mean squared error of the velocity, noise - clean, on the straight path between the two
    (Lipman et al. 2023, arXiv 2210.02747). The rest is how far off the answers are: cross-entropy, and for
    paths the mean distance along an axis."""
    clean = batch.latents
    shift = IMAGE_SHIFT if clean.shape[2] == 1 else CLIP_SHIFT
    # Levels spread evenly over the batch vary less from step to step than independent ones.
    sigma = (torch.randperm(len(clean)) + torch.rand(len(clean))) / len(clean)
    sigma = shift * sigma / (1 + (shift - 1) * sigma)
    noise = torch.randn_like(clean)
    level = sigma.view(-1, 1, 1, 1, 1)
    noisy = (1 - level) * clean + level * noise
    context, mask = painter.context(batch.captions)
    velocity, covered, paths = painter(noisy, 1000 * sigma, context)
    frames = clean.shape[2]  # a single frame says nothing of later ones
    path = (paths - relative_paths(batch.centres, frames))[..., :frames, :].abs().mean()
    place = F.binary_cross_entropy_with_logits(covered, batch.coverage.expand_as(covered))
    answers = painter.words((context * mask).sum(1) / mask.sum(1)).split(
        [*map(len, ANSWERS)], dim=1
    )
    words = [
        F.cross_entropy(answer, said, ignore_index=-1)
        for answer, said in zip(answers, batch.said.unbind(1), strict=True)
    ]
    return {
        "flow": (velocity - (noise - clean)).square().mean(),
        "place": PLACE_WEIGHT * place,
        "path": PATH_WEIGHT * path,
        "words": WORD_WEIGHT * torch.stack(words).sum(),
    }


def _optimisers(painter: Painter) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, Adam for everything else."""
    matrices, others = [], []
    for name, parameter in painter.named_parameters():
        inside = ".blocks." in f".{name}" and parameter.ndim == 2 and "pos_embedding" not in name
        (matrices if inside else others).append(parameter)
    adam = torch.optim.AdamW(others, 2e-3, betas=(0.9, 0.98), weight_decay=0.0)
    return [Muon(matrices, lr=0.02, decay=0.01), adam]
