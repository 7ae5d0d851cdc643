"""The Wan2.1 diffusion transformer: T2V, I2V, first-last-frame and VACE, from one class.

Module names are those of the official checkpoints, so their tensors load by name. Papers: Wan,
https://arxiv.org/abs/2503.20314, and VACE, https://arxiv.org/abs/2503.07598.

Axis letters are those of `inference.api.spec`, and T context tokens, N heads, E width of a head.

Precision: a linear layer computes in the dtype of its bias; the residual stream, the modulation,
the norms' statistics and the rotation are float32 whatever the weights are.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.api.spec import DiTParams
from inference.wan.fused import norm, norm_and_modulate, norm_and_rotate
from inference.wan.kernel import PLAIN, Keep, Kernel
from inference.wan.layers import FeedForward, Gelu, LayerNorm, RMSNorm, dtype_of, linear
from inference.wan.tokens import add_by_tokens, by_tokens, rope_table, sinusoidal_embedding

CHUNK_TOKENS = 8192  # holds the FFN's inner tensor to 147 MB at 1.3B in bf16; whole it is 587 MB


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What every block is told besides its tokens.

    `time` [B, D] and `modulation` [B, 6, D] are float32; `context` [B, text_len, D]; `image`
    [B, T, D] or None; `rope` [L, E/2] complex64; `grid` counts the patches along F, H and W.
    """

    time: Tensor
    modulation: Tensor
    context: Tensor
    image: Tensor | None
    rope: Tensor
    grid: tuple[int, int, int]
    chunk_tokens: int


class Attention(nn.Module):
    """Multi-head attention with queries and keys normalised over all heads together."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        dim = params.dim
        self.heads = (params.num_heads, dim // params.num_heads)
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.norm_q = RMSNorm(dim, eps=params.eps)
        self.norm_k = RMSNorm(dim, eps=params.eps)
        self.kernel: Kernel = PLAIN

    def attend(self, q: Tensor, kept: Tensor) -> Tensor:
        """Softmax attention of `q` [B, L, N, E] over what the kernel kept [B, T, ...] -> [B, L, N * E]."""
        return self.kernel.attend(q, kept).flatten(2)

    def split(self, x: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, N, E]."""
        return x.unflatten(-1, self.heads)


class SelfAttention(Attention):
    """Attention among the video's tokens, each at its place in time and space.

    Keys and values are made of all tokens first. After that each token needs no other, so queries
    exist for some of the tokens at a time.
    """

    def project(self, x: Tensor, rope: Tensor, keep: Keep) -> Tensor:
        """What `keep` keeps of rotated keys, and values, of `x` [B, L, D] at `rope` [1, L, E/2].

        `x` is in the dtype of the layers here, and in `forward`.
        """
        return keep(self._rotated(self.k(x), self.norm_k, rope), self.split(self.v(x)))

    def forward(self, x: Tensor, rope: Tensor, kept: Tensor) -> Tensor:
        """`x` [B, L, D] at `rope` [1, L, E/2] attends to what was kept [B, T, ...] -> [B, L, D]."""
        q = self._rotated(self.q(x), self.norm_q, rope)
        return self.o(self.attend(q, kept))

    def _rotated(self, x: Tensor, own: RMSNorm, rope: Tensor) -> Tensor:
        return norm_and_rotate(x, own.weight, rope[0], self.heads, cast(float, own.eps))


class CrossAttention(Attention):
    """Attention of the video's tokens to the text, and to the image where the model takes one."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__(params)
        if params.image_dim:
            self.k_img = nn.Linear(params.dim, params.dim)
            self.v_img = nn.Linear(params.dim, params.dim)
            self.norm_k_img = RMSNorm(params.dim, eps=params.eps)

    def project(self, context: Tensor, image: Tensor | None) -> list[Tensor]:
        """What the kernel keeps of keys and values of `context` and of `image`, both [B, T, D]."""
        k = self.norm_k(linear(self.k, context))
        kept = [self._keep(k, linear(self.v, context))]
        if image is not None:
            k = self.norm_k_img(linear(self.k_img, image))
            kept.append(self._keep(k, linear(self.v_img, image)))
        return kept

    def forward(self, x: Tensor, kept: list[Tensor]) -> Tensor:
        """Tokens [B, L, D] attend to each that `project` gives -> [B, L, D]."""
        q = self.split(self.norm_q(linear(self.q, x)))
        out = self.attend(q, kept[0])
        for other in kept[1:]:
            out = out + self.attend(q, other)
        return self.o(out)

    def _keep(self, k: Tensor, v: Tensor) -> Tensor:
        return self.kernel.keeper()(self.split(k), self.split(v))


class BlockBase(nn.Module):
    """Self-attention, cross-attention and an FFN, the first and last modulated by time."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        dim = params.dim
        self.norm1 = LayerNorm(dim, params.eps, elementwise_affine=False)
        self.self_attn = SelfAttention(params)
        self.norm3 = LayerNorm(dim, params.eps)
        self.cross_attn = CrossAttention(params)
        self.norm2 = LayerNorm(dim, params.eps, elementwise_affine=False)
        self.ffn = FeedForward(dim, params.ffn_dim)
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)

    def transform(self, x: Tensor, cond: Conditioning) -> Tensor:
        """Tokens [B, L, D] float32 -> the same; without gradients `x` itself is updated."""
        modulation = self.modulation.float() + cond.modulation
        shift1, scale1, gate1, shift2, scale2, gate2 = modulation.chunk(6, dim=1)
        chunk = cond.chunk_tokens
        x = self._attend_to_itself(x, cond, shift1, scale1, gate1)
        kept = self.cross_attn.project(cond.context, cond.image)
        x = add_by_tokens(x, lambda part: self.cross_attn(self._normed3(part), kept), 1.0, chunk)

        def feed(part: Tensor) -> Tensor:
            dtype = dtype_of(self.ffn)
            return self.ffn(norm_and_modulate(part, shift2, scale2, self.norm2.eps, dtype))

        return add_by_tokens(x, feed, gate2, chunk)

    def _normed3(self, part: Tensor) -> Tensor:
        weight, bias, eps = self.norm3.weight, self.norm3.bias, self.norm3.eps
        return norm(part, weight, bias, eps, dtype_of(self.cross_attn.q))

    def _attend_to_itself(
        self, x: Tensor, cond: Conditioning, shift: Tensor, scale: Tensor, gate: Tensor
    ) -> Tensor:
        """Norming twice is cheap, and what it gives for all tokens would be 101 MB at 832x480x81."""

        def normed(part: Tensor) -> Tensor:
            return norm_and_modulate(part, shift, scale, self.norm1.eps, dtype)

        def project(part: Tensor, rope: Tensor) -> Tensor:
            return self.self_attn.project(normed(part), rope, keep)

        def attended(part: Tensor, rope: Tensor) -> Tensor:
            return self.self_attn(normed(part), rope, kept)

        chunk, rope, dtype = cond.chunk_tokens, cond.rope[None], self.self_attn.q.bias.dtype
        keep = self.self_attn.kernel.keeper()
        kept = by_tokens(project, chunk, x, rope)
        return add_by_tokens(x, attended, gate, chunk, rope)


class Block(BlockBase):
    """A block of the trunk."""

    def forward(self, x: Tensor, cond: Conditioning) -> Tensor:
        return self.transform(x, cond)


class VaceBlock(BlockBase):
    """A block that runs on the control video and hints at its base block."""

    def __init__(self, params: DiTParams, *, first: bool) -> None:
        super().__init__(params)
        self.before_proj = nn.Linear(params.dim, params.dim) if first else None
        self.after_proj = nn.Linear(params.dim, params.dim)

    def forward(self, control: Tensor, x: Tensor, cond: Conditioning) -> Tensor:
        """Control and base tokens [B, L, D] -> the next control tokens, for `add_hint`."""
        if (before := self.before_proj) is not None:
            into = None if torch.is_grad_enabled() else control
            start = lambda part, base: linear(before, part) + base  # noqa: E731
            control = by_tokens(start, cond.chunk_tokens, control, x, into=into)
        return self.transform(control, cond)

    def add_hint(self, x: Tensor, control: Tensor, scale: float, chunk: int) -> Tensor:
        """Base tokens [B, L, D] and the hint that control tokens [B, L, D] give them."""
        return add_by_tokens(
            x, lambda _, part: linear(self.after_proj, part), scale, chunk, control
        )


class Head(nn.Module):
    """The last norm and projection: tokens to patches."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        self.norm = LayerNorm(params.dim, params.eps, elementwise_affine=False)
        self.head = nn.Linear(params.dim, params.out_dim * math.prod(params.patch_size))
        self.modulation = nn.Parameter(torch.randn(1, 2, params.dim) / params.dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Tokens [B, L, D] and `time` [B, D] -> patches [B, L, pf * ph * pw * C]; all float32."""
        shift, scale = (self.modulation.float() + time[:, None]).chunk(2, dim=1)
        dtype = dtype_of(self.head)
        return self.head(norm_and_modulate(x, shift, scale, self.norm.eps, dtype)).float()


class ImageEmbedding(nn.Module):
    """CLIP image tokens to context tokens; `emb_pos` tells the first image's from the last's."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        width, dim = params.image_dim, params.dim
        inner, outer = nn.Linear(width, width), nn.Linear(width, dim)
        self.proj = nn.Sequential(LayerNorm(width), inner, nn.GELU(), outer, LayerNorm(dim))
        positions = torch.zeros(1, params.image_positions, width)
        self.emb_pos = nn.Parameter(positions) if params.image_positions else None

    def forward(self, image: Tensor) -> Tensor:
        """CLIP tokens [B, T, image_dim] -> [B, T, D] float32."""
        if self.emb_pos is not None:
            image = image + self.emb_pos
        norm_in, inner, gelu, outer, norm_out = self.proj
        return norm_out(linear(outer, gelu(linear(inner, norm_in(image)))))


class DiT(nn.Module):
    """Predicts the flow's velocity; `chunk_tokens` bounds the memory of token by token work.

    `embed`, `run_block` for each block in order, and `unembed` make up `forward`, so that a caller
    can bring blocks in and out in between.
    """

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        if params.dim % (2 * params.num_heads):
            raise ValueError(f"dim {params.dim} isn't {params.num_heads} heads of an even width")
        if params.vace_layers and params.vace_layers[0] != 0:
            raise ValueError(f"VACE's first hint is for block {params.vace_layers[0]}, not for 0")
        self.params = params
        self.chunk_tokens = CHUNK_TOKENS
        dim, patch = params.dim, params.patch_size
        self.patch_embedding = nn.Conv3d(params.in_dim, dim, patch, patch)
        self.text_embedding = _mlp(params.text_dim, dim, dim, Gelu())
        self.time_embedding = _mlp(params.freq_dim, dim, dim, nn.SiLU())
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.blocks = nn.ModuleList(Block(params) for _ in range(params.num_layers))
        self.head = Head(params)
        if params.image_dim:
            self.img_emb = ImageEmbedding(params)
        if params.vace_layers:
            vace = (VaceBlock(params, first=index == 0) for index in params.vace_layers)
            self.vace_blocks = nn.ModuleList(vace)
            self.vace_patch_embedding = nn.Conv3d(params.vace_in_dim, dim, patch, patch)
        _init_weights(self)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        *,
        condition: Tensor | None = None,
        image_context: Tensor | None = None,
        vace_context: Tensor | None = None,
        vace_scale: float = 1.0,
    ) -> Tensor:
        """The velocity [B, out_dim, F, H, W] float32 of the latent `x` [B, C, F, H, W].

        `timestep` [B] runs from 0 (clean) to 1000 (noise). `context` [B, T <= text_len, text_dim]
        is the text's embedding, unpadded. `condition` [B, in_dim - C, F, H, W] holds the mask and
        latent of given frames, `image_context` [B, 257 or 514, image_dim] their CLIP tokens,
        `vace_context` [B, vace_in_dim, F, H, W] the control; `vace_scale` weighs its hints.
        """
        if condition is not None:
            x = torch.cat([x, condition], dim=1)
        control = None if vace_context is None else self.embed_control(vace_context)
        tokens, cond = self.embed(x, timestep, context, image_context)
        for index in range(len(self.blocks)):
            tokens, control = self.run_block(index, tokens, control, cond, vace_scale)
        return self.unembed(tokens, cond)

    def embed(
        self, x: Tensor, timestep: Tensor, context: Tensor, image_context: Tensor | None = None
    ) -> tuple[Tensor, Conditioning]:
        """`x` [B, in_dim, F, H, W], condition included -> tokens [B, L, D] float32, the rest."""
        p = self.params
        grid = self._check_inputs(x, context)
        time = linear(self.time_embedding, sinusoidal_embedding(timestep, p.freq_dim)).float()
        modulation = linear(self.time_projection[1], F.silu(time)).float()
        # The padding counts as context: the model was trained so.
        context = F.pad(context, (0, 0, 0, p.text_len - context.shape[1]))
        cond = Conditioning(
            time=time,
            modulation=modulation.unflatten(1, (6, p.dim)),
            context=linear(self.text_embedding, context),
            image=None if image_context is None else self.img_emb(image_context),
            rope=rope_table(grid, p.dim // p.num_heads, x.device),
            grid=grid,
            chunk_tokens=self.chunk_tokens,
        )
        return _patchify(self.patch_embedding, x), cond

    def embed_control(self, vace_context: Tensor) -> Tensor:
        """The control [B, vace_in_dim, F, H, W] -> control tokens [B, L, D] float32."""
        return _patchify(self.vace_patch_embedding, vace_context)

    def run_block(
        self, index: int, tokens: Tensor, control: Tensor | None, cond: Conditioning, scale: float
    ) -> tuple[Tensor, Tensor | None]:
        """Block `index` on tokens and control tokens [B, L, D] -> the same two for the next block.

        VACE's blocks depend on each other and not on the base: each runs just before the block that
        takes its hint, weighted by `scale`, so that no hint is kept.
        """
        if control is None or index not in self.params.vace_layers:
            return self.blocks[index](tokens, cond), control
        vace_block = cast(VaceBlock, self.vace_blocks[self.params.vace_layers.index(index)])
        control = cast(Tensor, vace_block(control, tokens, cond))
        tokens = self.blocks[index](tokens, cond)
        return vace_block.add_hint(tokens, control, scale, cond.chunk_tokens), control

    def unembed(self, tokens: Tensor, cond: Conditioning) -> Tensor:
        """Tokens [B, L, D] after the last block -> the velocity [B, out_dim, F, H, W] float32."""
        patches = by_tokens(lambda part: self.head(part, cond.time), cond.chunk_tokens, tokens)
        video = patches.unflatten(2, (*self.params.patch_size, -1)).unflatten(1, cond.grid)
        video = video.permute(0, 7, 1, 4, 2, 5, 3, 6)  # [B, C, F, pf, H, ph, W, pw]
        return video.flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def _check_inputs(self, x: Tensor, context: Tensor) -> tuple[int, int, int]:
        """Patches along F, H, W of `x` [B, in_dim, F, H, W]."""
        p = self.params
        parts = [divmod(n, side) for n, side in zip(x.shape[2:], p.patch_size, strict=True)]
        ragged = any(rest for _, rest in parts)
        if ragged or x.shape[1] != p.in_dim or context.shape[1] > p.text_len:
            shapes = f"latent {tuple(x.shape)} and context {tuple(context.shape)}"
            raise ValueError(f"{shapes} don't fit {p}")
        return parts[0][0], parts[1][0], parts[2][0]


def block_prefixes(params: DiTParams, index: int) -> tuple[str, ...]:
    """What the names of a block's tensors start with; two where a block of VACE hints at it."""
    trunk = f"blocks.{index}."
    if index not in params.vace_layers:
        return (trunk,)
    return trunk, f"vace_blocks.{params.vace_layers.index(index)}."


def _mlp(dim_in: int, inner: int, dim_out: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim_in, inner), activation, nn.Linear(inner, dim_out))


def _patchify(embedding: nn.Conv3d, x: Tensor) -> Tensor:
    """[B, C, F, H, W] -> tokens [B, L, D] float32."""
    return embedding(x.to(embedding.weight.dtype)).flatten(2).mT.contiguous().float()


def _init_weights(model: DiT) -> None:
    """Initialise for training as the official code does: at first the velocity is zero."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv3d)):
            nn.init.xavier_uniform_(module.weight.flatten(1))
            nn.init.zeros_(cast(Tensor, module.bias))
    text, time = model.text_embedding, model.time_embedding
    for layer in (text[0], text[2], time[0], time[2]):
        nn.init.normal_(cast(Tensor, layer.weight), std=0.02)
    nn.init.zeros_(model.head.head.weight)
    for block in (m for m in model.modules() if isinstance(m, VaceBlock)):
        nn.init.zeros_(block.after_proj.weight)
        if block.before_proj is not None:
            nn.init.zeros_(block.before_proj.weight)
