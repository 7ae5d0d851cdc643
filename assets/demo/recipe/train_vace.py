"""Trains the blocks with which the demo edits: `python -m assets.demo.recipe.train_vace --work W --output FOLDER`.

The finished model stays as it is; beside its trunk, copies of every other block learn to hint at what a
clip with a mask asks for (Jiang et al. 2025, arXiv 2503.07598): the rest of a clip of which the first frame is
given, the last, both, or some at the start; what lies in a box or around it; all of it. The result is a folder
in VACE's official layout.
"""

import argparse
import random
import shutil
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from assets.demo.recipe import world
from assets.demo.recipe.captions import LANGUAGES, caption
from assets.demo.recipe.evaluate import ATTRIBUTES, TOGETHER, draw
from assets.demo.recipe.export import save_network, write_config
from assets.demo.recipe.judge import Verdict, judge
from assets.demo.recipe.muon import Muon
from assets.demo.recipe.train_dit import CLIP_SHIFT, TRUNK, UNCONDITIONAL, scene_of
from assets.demo.recipe.training import Plan, Run
from inference.api.models import DEMO, ROOT
from inference.load import load_dit, load_tokenizer, load_vae
from inference.offload import encode_text
from inference.wan.dit import DiT
from inference.wan.given import vace_context
from inference.wan.vae import VAE
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.params import text_params

PARAMS = replace(TRUNK, vace_layers=(0, 2, 4))
TASKS = (
    "first frame",
    "last frame",
    "first and last frame",
    "first frames",
    "in a box",
    "around a box",
    "all",
)
OTHERS = "Wan2.1_VAE.safetensors", "models_t5_umt5-enc-fp16.safetensors", "tokenizer.json"
BATCH = 12
TEXTS = 4  # captions of a clip


@dataclass(frozen=True, slots=True)
class Edits:
    """Latents [N, 16, 5, 16, 16], VACE contexts [N, 96, 5, 16, 16], embedded captions [N, 4, 48, D]; float16.
    `empty` [48, D] is the embedding of no caption."""

    latents: Tensor
    contexts: Tensor
    texts: Tensor
    empty: Tensor


def mask_of(rng: random.Random, task: str) -> Tensor:
    """What is to be made, 1 in [1, 17, 128, 128]; 0 is what stays."""
    mask = torch.ones(1, world.FRAMES, world.SIZE, world.SIZE)
    match task:
        case "first frame":
            mask[:, 0] = 0
        case "last frame":
            mask[:, -1] = 0
        case "first and last frame":
            mask[:, [0, -1]] = 0
        case "first frames":
            mask[:, : rng.choice((5, 9))] = 0
        case "in a box":
            mask = _box(rng)
        case "around a box":
            mask = 1 - _box(rng)
    return mask


def _box(rng: random.Random) -> Tensor:
    """1 in a box that stays where it is, [1, 17, 128, 128]."""
    box = torch.zeros(1, world.FRAMES, world.SIZE, world.SIZE)
    height, width = (rng.randrange(48, 112) for _ in range(2))
    y, x = (rng.randrange(world.SIZE - side) for side in (height, width))
    box[:, :, y : y + height, x : x + width] = 1
    return box


@torch.inference_mode()
def prepare(files: ModelFiles, vae: VAE, file: Path, count: int) -> Edits:
    """The first `count` training clips with a task each, computed once and kept in `file`."""
    if not file.exists():
        embed = _embedder(files)
        parts: dict[str, list[Tensor]] = {"latents": [], "contexts": [], "texts": []}
        for first in range(0, count, TOGETHER):
            together = range(first, min(first + TOGETHER, count))
            scenes = [scene_of(index, world.CORE_MOTIONS) for index in together]
            clips = torch.stack([world.render(scene, world.clip_times()) for scene in scenes])
            masks = torch.stack(
                [mask_of(random.Random(i), TASKS[i % len(TASKS)]) for i in together]
            )
            parts["latents"].append(vae.encode(clips).half())
            parts["contexts"].append(vace_context(vae, clips * (1 - masks), masks).half())
            rng = random.Random(first)
            texts = [caption(rng, s, LANGUAGES[i % 2]) for s in scenes for i in range(TEXTS)]
            parts["texts"].append(torch.stack([*map(embed, texts)]).unflatten(0, (-1, TEXTS)))
        tensors = {name: torch.cat(part).contiguous() for name, part in parts.items()}
        partial = file.with_suffix(".partial")
        save_file(tensors | {"empty": embed("")}, partial)
        partial.replace(file)
    return Edits(**load_file(file))


def _embedder(files: ModelFiles) -> Callable[[str], Tensor]:
    assert files.text is not None
    text, tokenizer = files.text, load_tokenizer(files, DEMO.dit.text_len)
    params = text_params(text)

    def embed(caption: str) -> Tensor:
        rows = encode_text(text, params, tokenizer.encode(caption), "cpu", torch.float32)
        return torch.nn.functional.pad(rows, (0, 0, 0, DEMO.dit.text_len - len(rows))).half()

    return embed


def editor(base: DiT) -> DiT:
    """The transformer with hint blocks, copies of the trunk's that at first hint at nothing."""
    dit = DiT(PARAMS)
    weights = base.state_dict()
    for hint, block in enumerate(PARAMS.vace_layers):
        prefix = f"blocks.{block}."
        weights |= {
            f"vace_blocks.{hint}.{name.removeprefix(prefix)}": tensor
            for name, tensor in base.state_dict().items()
            if name.startswith(prefix)
        }
    missing = dit.load_state_dict(weights, strict=False).missing_keys
    assert all("_proj" in name or "vace_patch" in name for name in missing), missing
    for name, parameter in dit.named_parameters():
        parameter.requires_grad_(name.startswith("vace_"))
    return dit


def train(dit: DiT, edits: Edits, plan: Plan, file: Path) -> None:
    """Trains the hint blocks in place, resumed from `file`."""
    learn = {name: p for name, p in dit.named_parameters() if p.requires_grad}
    matrices = [p for name, p in learn.items() if ".attn" not in name and p.ndim == 2]
    others = [p for p in learn.values() if all(p is not m for m in matrices)]
    adam = torch.optim.AdamW(others, 1e-3, betas=(0.9, 0.98), weight_decay=0.0)
    run = Run(dit, [Muon(matrices, lr=0.01, decay=0.01), adam], plan, file)
    run.train(lambda step: {"flow": loss(dit, edits, step)})
    dit.load_state_dict(run.average)


def loss(dit: DiT, edits: Edits, step: int) -> Tensor:
    """The flow's mean squared error on a batch, as in `train_dit.losses`."""
    rng = random.Random(step)
    picks = [rng.randrange(len(edits.latents)) for _ in range(BATCH)]
    clean = edits.latents[picks].float()
    texts = [
        edits.empty if rng.random() < UNCONDITIONAL else edits.texts[i, rng.randrange(TEXTS)]
        for i in picks
    ]
    sigma = (torch.randperm(BATCH) + torch.rand(BATCH)) / BATCH
    sigma = CLIP_SHIFT * sigma / (1 + (CLIP_SHIFT - 1) * sigma)
    noise = torch.randn_like(clean)
    noisy = torch.lerp(clean, noise, sigma.view(-1, 1, 1, 1, 1))
    context = edits.contexts[picks].float()
    velocity = dit(noisy, 1000 * sigma, torch.stack(texts).float(), vace_context=context)
    return (velocity - (noise - clean)).square().mean()


def main() -> None:
    """Trains, writes the folder, and measures it."""
    parser = argparse.ArgumentParser(
        prog="python -m assets.demo.recipe.train_vace", description=__doc__
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--start", type=Path, default=ROOT / DEMO.folder, help="finished model")
    parser.add_argument("--output", type=Path, required=True, help="folder the model goes to")
    parser.add_argument("--clips", type=int, default=1050)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--judge", type=int, default=20, help="clips a task to judge by")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    add_hints(options.start, options.output, options.work, options.clips, options.steps)
    print(measure(options.output, options.judge))


def add_hints(start: Path, output: Path, work: Path, clips: int, steps: int) -> None:
    """The finished model in `start` with blocks that edit, learned on `clips` in `steps`, in `output`."""
    torch.manual_seed(0)
    files = find_model(start)
    assert files.dit is not None
    assert files.vae is not None
    work.mkdir(parents=True, exist_ok=True)
    vae = load_vae(files.vae, torch.float32, "cpu")
    edits = prepare(files, vae, work / f"edits-{len(TASKS)}-{clips}.safetensors", clips)
    dit = editor(load_dit(files.dit.without_hints(), torch.float32, "cpu"))
    train(dit, edits, Plan(steps), work / "vace.pt")
    export(dit, start, output)


def export(dit: DiT, start: Path, folder: Path) -> None:
    """The transformer, with what else the model `start` is made of, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(dit, folder / "diffusion_pytorch_model.safetensors")
    write_config(PARAMS, "vace", folder)
    if folder.resolve() != start.resolve():
        for name in OTHERS:
            shutil.copyfile(start / name, folder / name)


@torch.inference_mode()
def measure(folder: Path, clips: int) -> str:
    """A table in Markdown: for each task, over clips of combinations that were never in training, how well
    what was to stay did so, and the share of clips with the shape, colour, background and motion asked for."""
    files = find_model(folder)
    assert files.dit is not None
    assert files.vae is not None
    dit = load_dit(files.dit, torch.float32, "cpu")
    vae, embed = load_vae(files.vae, torch.float32, "cpu"), _embedder(files)
    rows = ["| Task | what stays, PSNR | " + " | ".join(ATTRIBUTES) + " |", "|---" * 6 + "|"]
    for task in TASKS:
        right, ratios = dict.fromkeys(ATTRIBUTES, 0), []
        for seed in range(clips):
            rng = random.Random(seed)
            combinations = world.held_out(world.CORE_MOTIONS)
            asked = Verdict(*combinations[seed % len(combinations)])
            scene = world.random_scene(rng, astuple(asked))
            clip = world.render(scene, world.clip_times())[None]
            mask = mask_of(rng, task)[None]
            context = torch.stack([embed(caption(rng, scene, "en")), embed("")]).float()
            control = vace_context(vae, clip * (1 - mask), mask).repeat(2, 1, 1, 1, 1)
            made = vae.decode(draw(dit, context, [seed], control))
            seen = judge(made[0])
            for name in ATTRIBUTES:
                right[name] += getattr(seen, name) == getattr(asked, name)
            stays = (mask == 0).expand_as(clip)
            if stays.any():
                error = (made - clip)[stays].square().mean() / 4
                ratios.append(float(-10 * torch.log10(error)))
        kept = f"{sum(ratios) / len(ratios):.1f} dB" if ratios else "-"
        shares = (f"{right[name] / clips:.0%}" for name in ATTRIBUTES)
        rows.append(f"| {task} | {kept} | " + " | ".join(shares) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
