"""The same networks as diffusers and transformers have them, on the same weights and inputs.

The two libraries come with the development packages alone, so `inference.bench` imports this module
when it is needed. Every function gives two callables: ours, and theirs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from torch import Tensor, nn
from transformers import UMT5Config, UMT5EncoderModel

from inference.api.spec import DiTParams, TextParams, VAEParams
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE, denormalise, normalise
from inference.weights.names import recognise

Run = Callable[[], Tensor]
Pair = tuple[Run, Run]


def transformer(
    params: DiTParams, latent_shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Pair:
    """One forward of a latent [C, F, H, W] and a text that fills the context."""
    ours = DiT(params)
    nn.init.normal_(ours.head.head.weight, std=params.dim**-0.5)  # it starts at zero
    ours.to(device, dtype)
    theirs = transformer_like(params)
    share_weights(ours.state_dict(), theirs)
    theirs.to(device)
    x = torch.randn(1, *latent_shape).to(device, dtype)
    context = torch.randn(1, params.text_len, params.text_dim).to(device, dtype)
    timestep = torch.tensor([500.0], device=device)
    return (
        lambda: ours(x, timestep, context),
        lambda: theirs(x, timestep, context, return_dict=False)[0],
    )


def vae_decoder(
    params: VAEParams, latent_shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Pair:
    """A latent [C, F, H, W] to its clip."""
    ours, theirs = _vaes(params, dtype, device)
    latent = torch.randn(1, *latent_shape).to(device, dtype)
    return (
        lambda: ours.decode(latent),
        lambda: theirs.decode(denormalise(latent), return_dict=False)[0],
    )


def vae_encoder(
    params: VAEParams, video_shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Pair:
    """A clip [3, F, H, W] to its latent."""
    ours, theirs = _vaes(params, dtype, device)
    video = (torch.rand(1, *video_shape) * 2 - 1).to(device, dtype)
    return (
        lambda: ours.encode(video),
        lambda: normalise(theirs.encode(video, return_dict=False)[0].mode()),
    )


def text_encoder(params: TextParams, tokens: int, dtype: torch.dtype, device: torch.device) -> Pair:
    """A prompt of so many tokens, without padding, to its embedding."""
    ours = TextEncoder(params).to(device, dtype)
    theirs = text_encoder_like(params)
    share_weights(ours.state_dict(), theirs)
    theirs.to(device)
    theirs.eval()  # without dropout
    ids = torch.randint(params.vocab_size, (1, tokens)).to(device)
    return lambda: ours(ids), lambda: theirs(ids).last_hidden_state


def transformer_like(params: DiTParams) -> Any:
    """Theirs of that shape."""
    return WanTransformer3DModel(
        num_attention_heads=params.num_heads,
        attention_head_dim=params.dim // params.num_heads,
        text_dim=params.text_dim,
        freq_dim=params.freq_dim,
        ffn_dim=params.ffn_dim,
        num_layers=params.num_layers,
    )


def vae_like(params: VAEParams) -> Any:
    """Theirs of that shape."""
    return AutoencoderKLWan(base_dim=params.dim, dim_mult=list(params.dim_mult))


def text_encoder_like(params: TextParams) -> Any:
    """Theirs of that shape."""
    config = UMT5Config(
        vocab_size=params.vocab_size,
        d_model=params.dim,
        d_kv=params.dim_attn // params.num_heads,
        d_ff=params.dim_ffn,
        num_layers=params.num_layers,
        num_heads=params.num_heads,
    )
    return UMT5EncoderModel(config)


def share_weights(weights: Mapping[str, Tensor], theirs: nn.Module) -> None:
    """Puts tensors by official name into `theirs`, without a copy."""
    names = list(theirs.state_dict())
    (network,) = recognise(names)
    targets = {name: network.target(name) for name in names}
    shared = {name: weights[target.name] for name, target in targets.items() if target}
    theirs.load_state_dict(shared, strict=True, assign=True)


def _vaes(
    params: VAEParams, dtype: torch.dtype, device: torch.device
) -> tuple[VAE, AutoencoderKLWan]:
    ours, theirs = VAE(params).to(device, dtype), vae_like(params)
    share_weights(ours.state_dict(), theirs)
    theirs.to(device)
    return ours.to_channels_last(), theirs
