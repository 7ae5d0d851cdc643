"""What the tensors of a network are called: each dialect's names to the official ones.

A network is recognised by one tensor that only it has, its signature. Whatever stands before the
signature's name ("model.diffusion_model.", "visual.", nothing) is the prefix of the whole network, so a
file may hold several. Names that a dialect doesn't know pass unchanged, and fail the strict load.

Sources: the official modules (Wan-Video/Wan2.1), diffusers' WanTransformer3DModel and AutoencoderKLWan,
transformers' UMT5EncoderModel and CLIPVisionModel, llama.cpp's T5.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from inference.api.sentence import Sentence


class Network(StrEnum):
    """The four networks a Wan2.1 model is made of."""

    DIT = "transformer"
    TEXT = "text encoder"
    VAE = "VAE"
    IMAGE = "image encoder"

    @property
    def words(self) -> Sentence:
        """What people call it."""
        match self:
            case Network.DIT:
                return Sentence("transformer")
            case Network.TEXT:
                return Sentence("text encoder")
            case Network.VAE:
                return Sentence("VAE")
            case Network.IMAGE:
                return Sentence("image encoder")


class Dialect(StrEnum):
    """Whose names a file uses."""

    OFFICIAL = "official"
    DIFFUSERS = "diffusers"
    TRANSFORMERS = "transformers"
    LLAMA_CPP = "llama.cpp"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stored tensor goes: it is part number `part` of `name`, joined along the first axis.

    `leading_axes` of size 1 are put before its own.
    """

    name: str
    part: int = 0
    leading_axes: int = 0


@dataclass(frozen=True, slots=True)
class Naming:
    """A network in a dialect; `rename` gives None for what the network doesn't need."""

    network: Network
    dialect: Dialect
    signature: str
    rename: Callable[[str], Target | None]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A network found among the names of a file."""

    naming: Naming
    prefix: str

    def target(self, stored_name: str) -> Target | None:
        """Where a tensor of the file goes; None if it isn't this network's or isn't needed."""
        if not stored_name.startswith(self.prefix):
            return None
        return self.naming.rename(stored_name.removeprefix(self.prefix))


def recognise(names: Iterable[str]) -> list[Recognised]:
    """The networks whose signatures are among `names`, each with its prefix."""
    names = list(names)
    return [
        Recognised(naming, name.removesuffix(naming.signature))
        for naming in NAMINGS
        for name in names
        if name == naming.signature or name.endswith("." + naming.signature)
    ]


# Beside a network's weights, ComfyUI's files hold the tokenizer and a mark of their precision.
SPIECE_MODEL = "spiece_model"
MARKS = {SPIECE_MODEL, "scaled_fp8"}

_LEAF = re.compile(r"(.+?)(\.(?:weight|bias|gamma))?")


def _translate(name: str, table: Mapping[str, str]) -> str:
    module, leaf = _fullmatch(_LEAF, name).groups(default="")
    return table.get(module, module) + leaf


def _fullmatch(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:  # an empty name is the only one that _LEAF can't split
        raise ValueError(f"{text!r} isn't a tensor's name")
    return match


def _official(name: str) -> Target | None:
    return None if name in MARKS else Target(name)


# The end of CLIP's tower, which Wan2.1 doesn't use and not every file has.
_UNUSED_IMAGE = {"head", "post_norm.weight", "post_norm.bias"}


def _official_image(name: str) -> Target | None:
    return None if name in MARKS | _UNUSED_IMAGE else Target(name)


_DIFFUSERS_DIT = {
    "condition_embedder.time_embedder.linear_1": "time_embedding.0",
    "condition_embedder.time_embedder.linear_2": "time_embedding.2",
    "condition_embedder.time_proj": "time_projection.1",
    "condition_embedder.text_embedder.linear_1": "text_embedding.0",
    "condition_embedder.text_embedder.linear_2": "text_embedding.2",
    "condition_embedder.image_embedder.pos_embed": "img_emb.emb_pos",
    "condition_embedder.image_embedder.norm1": "img_emb.proj.0",
    "condition_embedder.image_embedder.ff.net.0.proj": "img_emb.proj.1",
    "condition_embedder.image_embedder.ff.net.2": "img_emb.proj.3",
    "condition_embedder.image_embedder.norm2": "img_emb.proj.4",
    "scale_shift_table": "head.modulation",
    "proj_out": "head.head",
}
_DIFFUSERS_BLOCK = {
    "scale_shift_table": "modulation",
    "norm2": "norm3",  # the norm of the cross-attention, the only one with weights
    "ffn.net.0.proj": "ffn.0",
    "ffn.net.2": "ffn.2",
    "proj_in": "before_proj",
    "proj_out": "after_proj",
    "attn2.add_k_proj": "cross_attn.k_img",
    "attn2.add_v_proj": "cross_attn.v_img",
    "attn2.norm_added_k": "cross_attn.norm_k_img",
} | {
    f"{attn}.{stored}": f"{official}.{name}"
    for attn, official in (("attn1", "self_attn"), ("attn2", "cross_attn"))
    for stored, name in (
        ("to_q", "q"),
        ("to_k", "k"),
        ("to_v", "v"),
        ("to_out.0", "o"),
        ("norm_q", "norm_q"),
        ("norm_k", "norm_k"),
    )
}
_DIT_BLOCK = re.compile(r"((?:vace_)?blocks\.\d+\.)(.+)")


def _diffusers_dit(name: str) -> Target:
    block = _DIT_BLOCK.fullmatch(name)
    if block is None:
        return Target(_translate(name, _DIFFUSERS_DIT))
    return Target(block[1] + _translate(block[2], _DIFFUSERS_BLOCK))


_DIFFUSERS_VAE = {
    "quant_conv": "conv1",
    "post_quant_conv": "conv2",
} | {
    f"{half}.{stored}": f"{half}.{name}"
    for half in ("encoder", "decoder")
    for stored, name in (("conv_in", "conv1"), ("norm_out", "head.0"), ("conv_out", "head.2"))
}
_DIFFUSERS_RESIDUAL = {
    "norm1": "residual.0",
    "conv1": "residual.2",
    "norm2": "residual.3",
    "conv2": "residual.6",
    "conv_shortcut": "shortcut",
}
_VAE_DOWN = re.compile(r"encoder\.down_blocks\.(\d+)\.(.+)")
_VAE_MIDDLE = re.compile(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d+)\.(.+)")
_VAE_UP = re.compile(r"decoder\.up_blocks\.(\d+)\.(resnets|upsamplers)\.(\d+)\.(.+)")
_VAE_STAGE = 4  # three residual blocks and an upsampler, in every Wan2.1 VAE


def _diffusers_vae(name: str) -> Target:
    if down := _VAE_DOWN.fullmatch(name):
        return Target(f"encoder.downsamples.{down[1]}.{_translate(down[2], _DIFFUSERS_RESIDUAL)}")
    if middle := _VAE_MIDDLE.fullmatch(name):
        index = 1 if middle[2] == "attentions" else 2 * int(middle[3])
        leaf = _translate(middle[4], _DIFFUSERS_RESIDUAL)
        return Target(f"{middle[1]}.middle.{index}.{leaf}")
    if up := _VAE_UP.fullmatch(name):
        place = _VAE_STAGE - 1 if up[2] == "upsamplers" else int(up[3])
        index = _VAE_STAGE * int(up[1]) + place
        return Target(f"decoder.upsamples.{index}.{_translate(up[4], _DIFFUSERS_RESIDUAL)}")
    return Target(_translate(name, _DIFFUSERS_VAE))


_TRANSFORMERS_TEXT = {
    "shared": "token_embedding",
    "encoder.embed_tokens": "token_embedding",
    "encoder.final_layer_norm": "norm",
}
_TRANSFORMERS_TEXT_BLOCK = {
    "layer.0.layer_norm": "norm1",
    "layer.0.SelfAttention.q": "attn.q",
    "layer.0.SelfAttention.k": "attn.k",
    "layer.0.SelfAttention.v": "attn.v",
    "layer.0.SelfAttention.o": "attn.o",
    "layer.0.SelfAttention.relative_attention_bias": "pos_embedding.embedding",
    "layer.1.layer_norm": "norm2",
    "layer.1.DenseReluDense.wi_0": "ffn.gate.0",
    "layer.1.DenseReluDense.wi_1": "ffn.fc1",
    "layer.1.DenseReluDense.wo": "ffn.fc2",
}
_TRANSFORMERS_TEXT_STACK = re.compile(r"encoder\.block\.(\d+)\.(.+)")


def _transformers_text(name: str) -> Target | None:
    if name in MARKS or name.startswith(("decoder.", "lm_head.")):  # the whole T5 has a decoder too
        return None
    block = _TRANSFORMERS_TEXT_STACK.fullmatch(name)
    if block is None:
        return Target(_translate(name, _TRANSFORMERS_TEXT))
    return Target(f"blocks.{block[1]}.{_translate(block[2], _TRANSFORMERS_TEXT_BLOCK)}")


_LLAMA_CPP_TEXT = {"token_embd": "token_embedding", "enc.output_norm": "norm"}
_LLAMA_CPP_TEXT_BLOCK = {
    "attn_norm": "norm1",
    "attn_q": "attn.q",
    "attn_k": "attn.k",
    "attn_v": "attn.v",
    "attn_o": "attn.o",
    "attn_rel_b": "pos_embedding.embedding",
    "ffn_norm": "norm2",
    "ffn_gate": "ffn.gate.0",
    "ffn_up": "ffn.fc1",
    "ffn_down": "ffn.fc2",
}
_LLAMA_CPP_TEXT_STACK = re.compile(r"enc\.blk\.(\d+)\.(.+)")


def _llama_cpp_text(name: str) -> Target:
    block = _LLAMA_CPP_TEXT_STACK.fullmatch(name)
    if block is None:
        return Target(_translate(name, _LLAMA_CPP_TEXT))
    return Target(f"blocks.{block[1]}.{_translate(block[2], _LLAMA_CPP_TEXT_BLOCK)}")


_TRANSFORMERS_IMAGE = {
    "embeddings.patch_embedding": "patch_embedding",
    "pre_layrnorm": "pre_norm",  # the library's spelling
}
_TRANSFORMERS_IMAGE_BLOCK = {
    "layer_norm1": "norm1",
    "self_attn.out_proj": "attn.proj",
    "layer_norm2": "norm2",
    "mlp.fc1": "mlp.0",
    "mlp.fc2": "mlp.2",
}
_TRANSFORMERS_IMAGE_STACK = re.compile(r"encoder\.layers\.(\d+)\.(.+)")
_TRANSFORMERS_QKV = re.compile(r"self_attn\.([qkv])_proj\.(weight|bias)")


def _transformers_image(name: str) -> Target | None:
    match name:
        case "embeddings.class_embedding":
            return Target("cls_embedding", leading_axes=2)
        case "embeddings.position_embedding.weight":
            return Target("pos_embedding", leading_axes=1)
        case "embeddings.position_ids" | "post_layernorm.weight" | "post_layernorm.bias":
            return None
    block = _TRANSFORMERS_IMAGE_STACK.fullmatch(name)
    if block is None:
        return Target(_translate(name, _TRANSFORMERS_IMAGE))
    if qkv := _TRANSFORMERS_QKV.fullmatch(block[2]):
        return Target(f"transformer.{block[1]}.attn.to_qkv.{qkv[2]}", part="qkv".index(qkv[1]))
    return Target(f"transformer.{block[1]}.{_translate(block[2], _TRANSFORMERS_IMAGE_BLOCK)}")


NAMINGS = (
    Naming(Network.DIT, Dialect.OFFICIAL, "head.modulation", _official),
    Naming(
        Network.DIT,
        Dialect.DIFFUSERS,
        "condition_embedder.time_embedder.linear_1.weight",
        _diffusers_dit,
    ),
    Naming(Network.TEXT, Dialect.OFFICIAL, "blocks.0.pos_embedding.embedding.weight", _official),
    Naming(
        Network.TEXT,
        Dialect.TRANSFORMERS,
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        _transformers_text,
    ),
    Naming(Network.TEXT, Dialect.LLAMA_CPP, "enc.blk.0.attn_rel_b.weight", _llama_cpp_text),
    Naming(Network.VAE, Dialect.OFFICIAL, "decoder.middle.0.residual.0.gamma", _official),
    Naming(
        Network.VAE, Dialect.DIFFUSERS, "decoder.mid_block.resnets.0.norm1.gamma", _diffusers_vae
    ),
    Naming(Network.IMAGE, Dialect.OFFICIAL, "transformer.0.attn.to_qkv.weight", _official_image),
    Naming(Network.IMAGE, Dialect.TRANSFORMERS, "pre_layrnorm.weight", _transformers_image),
)
