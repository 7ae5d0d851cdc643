"""Makes the model that ships, from nothing, in stages that each go on where they were stopped."""

import argparse
import random
from pathlib import Path

import torch

from assets.demo.recipe import train_dit, train_vace, train_vae, world
from assets.demo.recipe.captions import make_tokenizer
from assets.demo.recipe.card import write_card
from assets.demo.recipe.evaluate import evaluate, table
from assets.demo.recipe.export import export
from assets.demo.recipe.training import Plan
from inference.load import load_dit, load_vae
from inference.wan.text import Tokenizer
from inference.wan.vae import VAE
from inference.weights.model_files import find_model

FINAL = Path(__file__).resolve().parents[1]


def main() -> None:
    """Trains, exports and measures."""
    options = _options()
    torch.manual_seed(0)
    if options.threads:
        torch.set_num_threads(options.threads)
    work = options.work
    painter = train_dit.Painter()
    if options.start:
        vae = start_from(options.start, painter)
    else:
        vae = make_vae(work, Plan(options.vae_image_steps), Plan(options.vae_clip_steps))
    train_vae.refine(work, vae, Plan(options.vae_decoder_steps))
    data = train_dit.encode_clips(vae, work / "latents", options.clips, world.CORE_MOTIONS)
    make_tokenizer(work / "tokenizer.json")
    tokenizer = Tokenizer.from_file(work / "tokenizer.json")
    plans = Plan(options.dit_image_steps), Plan(options.dit_clip_steps, options.speed)
    painter = train_dit.train(work, data, tokenizer, plans, painter)
    trunk = work / "trunk"
    export(painter, vae, trunk)
    train_vace.add_hints(trunk, options.output, work, options.vace_clips, options.vace_steps)
    if options.judge:
        evaluation = evaluate(options.output, options.judge)
        edits = train_vace.measure(options.output, max(1, options.judge // 10))
        write_card(evaluation, edits, options.output)
        print(table(evaluation), edits, sep="\n\n")


def make_vae(work: Path, image_plan: Plan, clip_plan: Plan) -> VAE:
    """The VAE, trained from nothing; its latents have the statistics that the format asks for."""
    vae = train_vae.train(work, image_plan, clip_plan)
    rng = random.Random(3)
    scenes = [train_vae.any_scene(rng) for _ in range(32)]
    clips = torch.stack([world.render(scene, world.clip_times()) for scene in scenes])
    train_vae.fold_statistics(vae, clips)
    return vae


def start_from(folder: Path, painter: train_dit.Painter) -> VAE:
    """The VAE of a finished model, and `painter` with its weights."""
    files = find_model(folder)
    assert files.vae is not None
    assert files.dit is not None
    assert files.text is not None
    painter.dit.load_state_dict(
        load_dit(files.dit.without_hints(), torch.float32, "cpu").state_dict()
    )
    text = files.text.read(painter.text.state_dict())
    painter.text.load_state_dict({name: tensor.float() for name, tensor in text.items()})
    return load_vae(files.vae, torch.float32, "cpu")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m assets.demo.recipe", description=__doc__)
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for checkpoints and latents"
    )
    parser.add_argument("--output", type=Path, default=FINAL, help="folder the model is written to")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    parser.add_argument("--start", type=Path, help="go on from this finished model's weights")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="share of the learning rate on clips"
    )
    parser.add_argument("--vae-image-steps", type=int, default=900)
    parser.add_argument("--vae-clip-steps", type=int, default=650)
    parser.add_argument("--vae-decoder-steps", type=int, default=1500)
    parser.add_argument("--clips", type=int, default=4800, help="clips to train on")
    parser.add_argument("--dit-image-steps", type=int, default=380)
    parser.add_argument("--dit-clip-steps", type=int, default=9000)
    parser.add_argument("--vace-clips", type=int, default=1050, help="clips to learn editing on")
    parser.add_argument("--vace-steps", type=int, default=1800)
    parser.add_argument(
        "--judge", type=int, default=200, help="clips a language to judge by; 0: none"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
