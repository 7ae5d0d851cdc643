"""Trains the small VAE: first on single frames, then on clips, both on crops.

The loss is taken on the unclamped output (a clamp kills the gradient wherever the picture is saturated).
"""

import random
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from assets.demo.recipe import world
from assets.demo.recipe.muon import Muon
from assets.demo.recipe.training import Plan, Run
from inference.api.models import DEMO
from inference.api.spec import VAEParams
from inference.wan.vae import (
    LATENT_MEAN,
    LATENT_STD,
    VAE,
    CausalConv3d,
    Downsample,
    States,
    Upsample,
)

CROP = 64
KL_WEIGHT = 1e-5  # just enough to keep the latents smooth


def train(folder: Path, image_plan: Plan, clip_plan: Plan, params: VAEParams = DEMO.vae) -> VAE:
    """Both stages, resumed from `folder` where they were stopped; returns the averaged network."""
    vae = VAE(params)
    with torch.no_grad():  # little noise in the latent at first, or its mean drowns
        vae.conv1.bias[params.z_dim :] = -6.0
    _train_stage(vae, image_plan, folder / "vae-images.pt", image_batch, 1.0)
    _inflate(vae)
    _train_stage(vae, clip_plan, folder / "vae-clips.pt", clip_batch, 0.25)
    return vae


def refine(folder: Path, vae: VAE, plan: Plan) -> None:
    """Trains the decoder alone, in place: latents, and the transformer that makes them, stay as they are."""
    vae.requires_grad_(True)
    vae.encoder.requires_grad_(False)
    vae.conv1.requires_grad_(False)
    _train_stage(vae, plan, folder / "vae-decoder.pt", clip_batch, 0.25)


def _train_stage(
    vae: VAE, plan: Plan, file: Path, batch_of: Callable[[random.Random], Tensor], speed: float
) -> None:
    learn = [p for p in vae.parameters() if p.requires_grad]
    kernels = [p for p in learn if p.ndim > 3 and p.numel() > len(p)]
    others = [p for p in learn if p.ndim <= 3 or p.numel() == len(p)]
    adam = torch.optim.AdamW(others, speed * 1e-3, betas=(0.9, 0.98), weight_decay=0)
    run = Run(vae, [Muon(kernels, speed * 0.02), adam], plan, file)
    run.train(lambda step: losses(vae, batch_of(random.Random(step))))
    vae.load_state_dict(run.average)


@torch.no_grad()
def _inflate(vae: VAE) -> None:
    """Makes a coder of single frames one of clips that at first codes every frame by itself.

    Single frames use each kernel's last moment alone: the others are set to zero. What doubles or
    halves the frame rate is set to repeat frames, or to drop every other one.
    """
    for module in vae.modules():
        match module:
            case CausalConv3d(kernel_size=(3, 3, 3)):
                module.weight[:, :, :-1] = 0
            case Upsample(time_conv=CausalConv3d() as conv):
                dim = conv.in_channels
                conv.weight.zero_()
                conv.weight[:, :, -1, 0, 0] = torch.eye(dim).repeat(2, 1)
                conv.bias.zero_()
            case Downsample(time_conv=torch.nn.Conv3d() as conv):
                conv.weight.zero_()
                conv.weight[:, :, -1, 0, 0] = torch.eye(conv.in_channels)
                conv.bias.zero_()


def losses(vae: VAE, video: Tensor) -> dict[str, Tensor]:
    """What is to be small: the picture's error and the latent's divergence. video [B, 3, F, H, W]."""
    mean, log_variance = vae.posterior(video, States())
    log_variance = log_variance.clamp(-20, 10)
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    error = vae.reconstruct(z, States()) - video
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    # The squared term makes the few pixels on edges count; half the range is 1, hence the 4.
    return {
        "l1": error.abs().mean(),
        "l2": 4 * error.square().mean(),
        "kl": KL_WEIGHT * divergence,
    }


def image_batch(rng: random.Random) -> Tensor:
    """Crops of single frames, [6, 3, 1, 64, 64]."""
    times = [torch.tensor([rng.random()]) for _ in range(6)]
    return torch.stack([_crop(rng, world.render(any_scene(rng), t)) for t in times])


def clip_batch(rng: random.Random) -> Tensor:
    """Crops of pieces of clips, [2, 3, 9, 64, 64]; half of them start at the clip's start."""
    whole = world.clip_times()
    starts = [rng.choice((0, rng.randrange(world.FRAMES - 8))) for _ in range(2)]
    return torch.stack([_crop(rng, world.render(any_scene(rng), whole[s : s + 9])) for s in starts])


def any_scene(rng: random.Random) -> world.Scene:
    """A scene of any kind that training may see, a quarter of them with two things."""
    scene = world.random_scene(rng, rng.choice(world.training(world.MOTIONS)))
    return world.second_thing(rng, scene) if rng.random() < 0.25 else scene


def _crop(rng: random.Random, video: Tensor) -> Tensor:
    # Multiples of 8, so that the chessboard lies on the latent's grid as it does in whole clips.
    y, x = (8 * rng.randrange((world.SIZE - CROP) // 8 + 1) for _ in range(2))
    return video[:, :, y : y + CROP, x : x + CROP]


@torch.inference_mode()
def fold_statistics(vae: VAE, clips: Tensor) -> None:
    """Scales the latent space so that its mean and std are the official ones, in place.

    The transformer's normalisation is part of the format; folding ours into the two 1x1x1
    convolutions around the latent leaves the reconstruction as it is. clips: [N, 3, F, H, W].
    """
    latents = torch.cat([vae.posterior(part, States())[0] for part in clips.split(4)])
    std, mean = torch.std_mean(latents, dim=(0, 2, 3, 4))  # [16]
    official_mean, official_std = torch.tensor(LATENT_MEAN), torch.tensor(LATENT_STD)
    scale = official_std / std
    shift = official_mean - mean * scale
    n = len(mean)
    vae.conv2.bias += (vae.conv2.weight.flatten(1) * (-shift / scale)).sum(dim=1)
    vae.conv2.weight /= scale.view(1, -1, 1, 1, 1)
    vae.conv1.weight[:n] *= scale.view(-1, 1, 1, 1, 1)
    vae.conv1.bias[:n] = vae.conv1.bias[:n] * scale + shift
    vae.conv1.bias[n:] += 2 * scale.log()


@torch.inference_mode()
def psnr(vae: VAE, clips: Tensor) -> list[float]:
    """Peak signal-to-noise ratio in dB of each clip [N, 3, F, H, W] in [-1, 1] after encode and decode."""
    error = (vae.decode(vae.encode(clips)) / 2 - clips / 2).square().mean(dim=(1, 2, 3, 4))
    return (-10 * torch.log10(error)).tolist()
