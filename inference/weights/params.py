"""The shapes of a checkpoint's tensors to the parameters of its network.

What shapes can't tell (the number of heads, the text's length, epsilons) comes from the `config.json`
beside the file, in official, diffusers' or transformers' words, or else is what Wan2.1 has.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from math import isqrt, prod
from typing import Any, TypeVar

from inference.api.errors import UserError
from inference.api.spec import DiTParams, ImageParams, TextParams, VAEParams
from inference.weights.checkpoint import Checkpoint, of_plausible_shapes

HEAD_DIM = 128  # of every Wan2.1 transformer
IMAGE_HEAD_DIM = 80  # of ViT-H/14

Number = TypeVar("Number", int, float)


@of_plausible_shapes
def dit_params(checkpoint: Checkpoint) -> DiTParams:
    """The transformer's parameters, from its shapes and its `config.json`."""
    shape, sources = checkpoint.shape, checkpoint.sources
    dim, in_dim, *patch = shape("patch_embedding.weight")
    num_layers = _count(sources, "blocks")
    hints = _count(sources, "vace_blocks")
    patch_size = (patch[0], patch[1], patch[2])
    return DiTParams(
        dim=dim,
        ffn_dim=shape("blocks.0.ffn.0.weight")[0],
        num_layers=num_layers,
        num_heads=_even_heads(checkpoint, dim),
        in_dim=in_dim,
        out_dim=shape("head.head.weight")[0] // prod(patch_size),
        text_dim=shape("text_embedding.0.weight")[1],
        text_len=_setting(checkpoint, ("text_len",), 512),
        freq_dim=shape("time_embedding.0.weight")[1],
        image_dim=shape("img_emb.proj.0.weight")[0] if "img_emb.proj.0.weight" in sources else 0,
        image_positions=shape("img_emb.emb_pos")[1] if "img_emb.emb_pos" in sources else 0,
        vace_layers=_vace_layers(checkpoint, num_layers, hints),
        vace_in_dim=shape("vace_patch_embedding.weight")[1] if hints else 96,
        patch_size=patch_size,
        eps=_setting(checkpoint, ("eps",), 1e-6),
    )


@of_plausible_shapes
def text_params(checkpoint: Checkpoint) -> TextParams:
    """The text encoder's parameters, from its shapes and its `config.json`."""
    shape = checkpoint.shape
    vocab_size, dim = shape("token_embedding.weight")
    num_buckets, num_heads = shape("blocks.0.pos_embedding.embedding.weight")
    return TextParams(
        vocab_size=vocab_size,
        dim=dim,
        dim_attn=shape("blocks.0.attn.q.weight")[0],
        dim_ffn=shape("blocks.0.ffn.fc1.weight")[0],
        num_heads=num_heads,
        num_layers=_count(checkpoint.sources, "blocks"),
        num_buckets=num_buckets,
        max_distance=_setting(checkpoint, ("relative_attention_max_distance",), 128),
        eps=_setting(checkpoint, ("layer_norm_epsilon",), 1e-6),
    )


@of_plausible_shapes
def vae_params(checkpoint: Checkpoint) -> VAEParams:
    """The VAE's parameters: its encoder's stages end where it halves the picture."""
    shape, sources = checkpoint.shape, checkpoint.sources
    dim = shape("encoder.conv1.weight")[0]
    dim_mult, blocks, temporal = [], [0], []
    for index in range(_count(sources, "encoder.downsamples")):
        layer = f"encoder.downsamples.{index}"
        if f"{layer}.resample.1.weight" in sources:
            blocks.append(0)
            temporal.append(f"{layer}.time_conv.weight" in sources)
            continue
        if not blocks[-1]:
            dim_mult.append(shape(f"{layer}.residual.2.weight")[0] // dim)
        blocks[-1] += 1
    return VAEParams(
        dim=dim,
        z_dim=shape("conv2.weight")[0],
        dim_mult=tuple(dim_mult),
        num_res_blocks=blocks[0],
        temporal_downsample=tuple(temporal),
    )


@of_plausible_shapes
def image_params(checkpoint: Checkpoint) -> ImageParams:
    """The image encoder's parameters, from its shapes and its `config.json`."""
    shape = checkpoint.shape
    dim, _, patch_size, _ = shape("patch_embedding.weight")
    positions = shape("pos_embedding")[1] - 1  # one is the class token's
    return ImageParams(
        image_size=isqrt(positions) * patch_size,
        patch_size=patch_size,
        dim=dim,
        mlp_dim=shape("transformer.0.mlp.0.weight")[0],
        num_heads=_heads(checkpoint, dim, IMAGE_HEAD_DIM),
        num_layers=_count(checkpoint.sources, "transformer"),
        eps=_setting(checkpoint, ("layer_norm_eps",), 1e-5),
    )


def _count(names: Iterable[str], stack: str) -> int:
    """How many modules `stack`.0, `stack`.1, ... have a tensor among `names`."""
    pattern = re.compile(rf"{re.escape(stack)}\.(\d+)\.")
    return max((int(match[1]) + 1 for name in names if (match := pattern.match(name))), default=0)


def _heads(checkpoint: Checkpoint, dim: int, head_dim: int) -> int:
    heads = _setting(checkpoint, ("num_heads", "num_attention_heads"), max(1, dim // head_dim))
    if dim % heads:
        raise UserError(
            "{file} says there are {heads} heads, which the {network}'s width of {dim} can't be "
            "split into: it's of another model.",
            file=checkpoint.path.parent / "config.json",
            heads=heads,
            network=checkpoint.network.words,
            dim=dim,
        )
    return heads


def _even_heads(checkpoint: Checkpoint, dim: int) -> int:
    """Heads whose width can be halved, which the rotation of positions needs."""
    heads = _heads(checkpoint, dim, HEAD_DIM)
    if dim % (2 * heads):
        raise UserError(
            "{file} says there are {heads} heads, each of an odd width of {width}: it's of "
            "another model.",
            file=checkpoint.path.parent / "config.json",
            heads=heads,
            width=dim // heads,
        )
    return heads


def _vace_layers(checkpoint: Checkpoint, num_layers: int, hints: int) -> tuple[int, ...]:
    """The blocks that take a hint: evenly spread, as in both official models, unless told."""
    layers = checkpoint.config.get("vace_layers")
    if not isinstance(layers, list) or len(layers) != hints:
        return tuple(index * num_layers // hints for index in range(hints))
    if layers and (layers[0] != 0 or not _is_rising(layers, num_layers)):
        raise UserError(
            "{file} says vace_layers is {layers}: they are blocks from 0 on and below {end}, in "
            "order.",
            file=checkpoint.path.parent / "config.json",
            layers=layers,
            end=num_layers,
        )
    return tuple(layers)


def _is_rising(layers: list[Any], end: int) -> bool:
    """Whether these are whole numbers below `end`, each above the one before."""
    if any(type(layer) is not int for layer in layers):
        return False
    return all(before < after for before, after in pairwise([*layers, end]))


def _setting(checkpoint: Checkpoint, names: tuple[str, ...], default: Number) -> Number:
    """The first of `names` that config.json has, as the type of `default`."""
    for name in names:
        if name in checkpoint.config:
            value = checkpoint.config[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise UserError(
                    "{file} says {name} is {value}: it's a number above 0.",
                    file=checkpoint.path.parent / "config.json",
                    name=name,
                    value=repr(value),
                )
            return type(default)(value)
    return default
