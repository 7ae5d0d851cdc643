"""Measures a finished model folder, loaded as the program loads it, and writes its card."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from assets.demo.recipe import world
from assets.demo.recipe.captions import LANGUAGES, caption
from assets.demo.recipe.judge import Verdict, judge
from assets.demo.recipe.train_vae import psnr
from inference import sample
from inference.api.models import DEMO
from inference.api.spec import latent_shape
from inference.load import load_dit, load_tokenizer, load_vae
from inference.offload import encode_text
from inference.wan.dit import DiT
from inference.weights.model_files import find_model
from inference.weights.params import text_params

BATCH = 10
TOGETHER = 5  # clips through the VAE: torch convolves several far faster than one
ATTRIBUTES = tuple(field.name for field in fields(Verdict))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model can do: for each language and attribute the share that was right, in [0, 1]; and
    the VAE's peak signal-to-noise ratio in dB, mean and worst."""

    clips: int
    adherence: dict[str, dict[str, float]]
    psnr_mean: float
    psnr_worst: float


@torch.inference_mode()
def evaluate(folder: Path, clips: int) -> Evaluation:
    """`clips` clips a language, of combinations that were never in training, judged by their pixels."""
    files = find_model(folder)
    assert files.vae is not None
    vae = load_vae(files.vae, torch.float32, "cpu")
    rng = random.Random(77)
    combinations = world.held_out(world.MOTIONS)
    unseen = [world.random_scene(rng, rng.choice(combinations)) for _ in range(clips)]
    ratios = []
    for start in range(0, clips, TOGETHER):
        scenes = unseen[start : start + TOGETHER]
        ratios += psnr(vae, torch.stack([world.render(s, world.clip_times()) for s in scenes]))
    adherence = {}
    for language in LANGUAGES:
        right = dict.fromkeys(ATTRIBUTES, 0)
        for wanted, latents in _paint(folder, language, clips):
            videos = torch.cat([vae.decode(part) for part in latents.split(TOGETHER)])
            for asked, seen in zip(wanted, map(judge, videos), strict=True):
                for attribute in ATTRIBUTES:
                    right[attribute] += getattr(seen, attribute) == getattr(asked, attribute)
        adherence[language] = {name: count / clips for name, count in right.items()}
    return Evaluation(clips, adherence, sum(ratios) / len(ratios), min(ratios))


def _paint(folder: Path, language: str, clips: int) -> Iterator[tuple[list[Verdict], Tensor]]:
    """What each of `clips` prompts asks for, and the latents that came of it, [B, 16, F, H, W] at a time."""
    files = find_model(folder)
    assert files.dit is not None
    assert files.text is not None
    dit = load_dit(files.dit, torch.float32, "cpu")
    tokenizer = load_tokenizer(files, DEMO.dit.text_len)
    params = text_params(files.text)

    def embed(text: str) -> Tensor:
        assert files.text is not None
        rows = encode_text(files.text, params, tokenizer.encode(text), "cpu", torch.float32)
        return torch.nn.functional.pad(rows, (0, 0, 0, DEMO.dit.text_len - len(rows)))

    combinations = world.held_out(world.CORE_MOTIONS)
    empty = embed("")
    for start in range(0, clips, BATCH):
        seeds = range(start, min(start + BATCH, clips))
        wanted = [Verdict(*combinations[seed % len(combinations)]) for seed in seeds]
        texts = [
            _caption(verdict, language, seed) for verdict, seed in zip(wanted, seeds, strict=True)
        ]
        context = torch.stack([embed(text) for text in texts] + [empty] * len(texts))
        yield wanted, draw(dit, context, list(seeds))


def _caption(verdict: Verdict, language: str, seed: int) -> str:
    rng = random.Random(seed)
    combination = verdict.shape, verdict.colour, verdict.background, verdict.motion
    return caption(rng, world.random_scene(rng, combination), language)


def draw(dit: DiT, context: Tensor, seeds: list[int], vace_context: Tensor | None = None) -> Tensor:
    """Latents [B, 16, F, H, W] drawn with the model's defaults; context [2B, L, D], prompts first, and
    where it edits the VACE context [2B, 96, F, H, W]."""
    d = DEMO.defaults
    schedule = sample.make_schedule(d.solver, d.steps, d.shift)
    shape = latent_shape(d.width, d.height, d.frames)
    noise = torch.stack([sample.initial_noise(shape, seed) for seed in seeds])
    state = sample.start(noise, seed=0)
    while state.step < schedule.steps:
        timestep = torch.full((2 * len(seeds),), schedule.timesteps[state.step])
        twice = state.latent.repeat(2, 1, 1, 1, 1)
        cond, uncond = dit(twice, timestep, context, vace_context=vace_context).chunk(2)
        velocity = sample.guide(cond, uncond, d.guidance)
        state = sample.advance(d.solver, schedule, state, velocity)
    return state.latent


def table(evaluation: Evaluation) -> str:
    """The figures in Markdown."""
    rows = [
        f"| Attribute right, of {evaluation.clips} clips | English | Chinese |",
        "|---|---|---|",
        *(
            f"| {name} | {evaluation.adherence['en'][name]:.1%} | {evaluation.adherence['zh'][name]:.1%} |"
            for name in ATTRIBUTES
        ),
        "",
        f"VAE, {evaluation.clips} unseen clips: PSNR {evaluation.psnr_mean:.1f} dB in the mean, "
        f"{evaluation.psnr_worst:.1f} dB at worst.",
    ]
    return "\n".join(rows)
