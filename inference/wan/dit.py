"""The Wan2.1 diffusion transformer: T2V, I2V, first-last-frame and VACE, from one class.

Module names are those of the official checkpoints, so their tensors load by name. Wan: Open and
Advanced Large-Scale Video Generative Models, https://arxiv.org/abs/2503.20314; VACE: All-in-One Video
Creation and Editing, https://arxiv.org/abs/2503.07598.

Axis letters: B batch, C channels, F frames, H height, W width (of the latent), L tokens, T context
tokens, D model width, N heads, E width of a head.

Precision: a linear layer computes in the dtype of its bias; the residual stream, the modulation, the
norms' statistics and the rotation are float32 whatever the weights are.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.api.spec import DiTParams

Grid = tuple[int, int, int]

ROPE_THETA = 10000.0
TIME_PERIOD = 10000.0
CHUNK_TOKENS = (
    8192  # at ffn_dim 8960 the FFN's inner tensor is 147 MB in bf16, against 587 MB whole
)


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What every block is told besides its tokens.

    `time` [B, D] and `modulation` [B, 6, D] are float32; `context` [B, text_len, D]; `image` [B, T, D]
    or None; `rope` [L, E/2] complex64; `grid` counts patches along F, H, W and multiplies to L.
    """

    time: Tensor
    modulation: Tensor
    context: Tensor
    image: Tensor | None
    rope: Tensor
    grid: Grid
    vace_scale: float
    chunk_tokens: int


def sinusoidal_embedding(position: Tensor, dim: int) -> Tensor:
    """Embed `position` [B] as [B, dim] float32 in [-1, 1]: cosines, then sines (arXiv:1706.03762)."""
    half = dim // 2
    exponent = torch.arange(half, dtype=torch.float64, device=position.device) / half
    angle = torch.outer(position.double(), TIME_PERIOD**-exponent)
    return torch.cat([angle.cos(), angle.sin()], dim=1).float()


def rope_table(grid: Grid, head_dim: int, device: torch.device | str = "cpu") -> Tensor:
    """Unit rotations [L, head_dim / 2], complex64, of the F x H x W patches of `grid` in row-major order.

    Rotary embedding (https://arxiv.org/abs/2104.09864) with the head's width shared out over the three
    axes: a third each to H and W, rounded down to even, and the rest to F. Angles are float64.
    """
    side = 2 * (head_dim // 6)
    angles = []
    for axis, width in enumerate((head_dim - 2 * side, side, side)):
        exponent = torch.arange(0, width, 2, dtype=torch.float64, device=device) / width
        position = torch.arange(grid[axis], dtype=torch.float64, device=device)
        shape = [1, 1, 1, -1]
        shape[axis] = grid[axis]
        angles.append(torch.outer(position, ROPE_THETA**-exponent).view(shape).expand(*grid, -1))
    angle = torch.cat(angles, dim=-1).flatten(0, 2)
    return torch.polar(torch.ones_like(angle), angle).to(torch.complex64)


def rotate(x: Tensor, rope: Tensor, chunk: int) -> Tensor:
    """Turn neighbouring pairs of `x` [B, L, N, E] by `rope` [L, E/2], in float32, `chunk` tokens at a time."""
    return torch.cat(
        [
            torch.view_as_real(
                torch.view_as_complex(part.float().unflatten(-1, (-1, 2))) * turn[:, None]
            )
            .flatten(-2)
            .to(x.dtype)
            for part, turn in zip(x.split(chunk, dim=1), rope.split(chunk), strict=True)
        ],
        dim=1,
    )


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention of `q` [B, L, N, E] over `k` and `v` [B, T, N, E] -> [B, L, N * E]."""
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def compute_dtype(layer: nn.Module) -> torch.dtype:
    """The dtype that `layer`, or a stack that starts with it, computes in: that of its bias."""
    first = layer[0] if isinstance(layer, nn.Sequential) else layer
    return cast(Tensor, first.bias).dtype


def linear(layer: nn.Module, x: Tensor) -> Tensor:
    """Run `layer` on `x` [..., D_in] in the dtype `layer` computes in."""
    return layer(x.to(compute_dtype(layer)))


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Scale `x` [B, L, D] about 1 and shift it; `shift` and `scale` are [B, 1, D]."""
    return torch.addcmul(shift, x, 1 + scale)


def add_residual(x: Tensor, y: Tensor, gate: Tensor | float = 1.0) -> Tensor:
    """x + gate * y for `x`, `y` [B, L, D] and `gate` [B, 1, D], in the dtype of `x`.

    Without gradients it happens in `x` itself: the caller still refers to the old tokens while a block
    runs, and a second copy is 201 MB at 832x480x81.
    """
    y = y * gate
    return x + y if torch.is_grad_enabled() else x.add_(y)


class LayerNorm(nn.LayerNorm):
    """`nn.LayerNorm` in float32, whatever the dtypes of its input and its weights."""

    def forward(self, input: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.float()
        bias = None if self.bias is None else self.bias.float()
        return F.layer_norm(input.float(), self.normalized_shape, weight, bias, self.eps)


class RMSNorm(nn.RMSNorm):
    """`nn.RMSNorm` in the dtype of its input (the statistics are float32) for weights of any dtype."""

    def forward(self, x: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.to(x.dtype)
        return F.rms_norm(x, self.normalized_shape, weight, self.eps)


class Attention(nn.Module):
    """Multi-head attention with queries and keys normalised over all heads together."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        dim = params.dim
        self.heads = (params.num_heads, dim // params.num_heads)
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.o = nn.Linear(dim, dim)
        self.norm_q = RMSNorm(dim, eps=params.eps)
        self.norm_k = RMSNorm(dim, eps=params.eps)

    def queries(self, x: Tensor) -> Tensor:
        """Normalised queries [B, L, N, E] of `x` [B, L, D]."""
        return self.norm_q(linear(self.q, x)).unflatten(-1, self.heads)

    def keys(self, x: Tensor) -> Tensor:
        """Normalised keys [B, L, N, E] of `x` [B, L, D]."""
        return self.norm_k(linear(self.k, x)).unflatten(-1, self.heads)

    def values(self, x: Tensor) -> Tensor:
        """Values [B, L, N, E] of `x` [B, L, D]."""
        return linear(self.v, x).unflatten(-1, self.heads)


class SelfAttention(Attention):
    """Attention among the video's tokens, each at its place in time and space."""

    def project(self, x: Tensor, rope: Tensor, chunk: int) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries, rotated keys and values, each [B, L, N, E], of `x` [B, L, D].

        Apart from `forward`, so that `x` can go before the attention needs its memory.
        """
        q = rotate(self.queries(x), rope, chunk)
        k = rotate(self.keys(x), rope, chunk)
        return q, k, self.values(x)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.o(attend(q, k, v))


class CrossAttention(Attention):
    """Attention of the video's tokens to the text, and to the image where the model takes one."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__(params)
        if params.image_dim:
            self.k_img = nn.Linear(params.dim, params.dim)
            self.v_img = nn.Linear(params.dim, params.dim)
            self.norm_k_img = RMSNorm(params.dim, eps=params.eps)

    def forward(self, x: Tensor, context: Tensor, image: Tensor | None) -> Tensor:
        q = self.queries(x)
        out = attend(q, self.keys(context), self.values(context))
        if image is not None:
            k = self.norm_k_img(linear(self.k_img, image)).unflatten(-1, self.heads)
            v = linear(self.v_img, image).unflatten(-1, self.heads)
            out = out + attend(q, k, v)
        return self.o(out)


class BlockBase(nn.Module):
    """Self-attention, cross-attention and a feed-forward net, the first and last modulated by time."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        dim = params.dim
        self.norm1 = LayerNorm(dim, params.eps, elementwise_affine=False)
        self.self_attn = SelfAttention(params)
        self.norm3 = LayerNorm(dim, params.eps)
        self.cross_attn = CrossAttention(params)
        self.norm2 = LayerNorm(dim, params.eps, elementwise_affine=False)
        self.ffn = _mlp(dim, params.ffn_dim, dim)
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)

    def transform(self, x: Tensor, cond: Conditioning) -> Tensor:
        """Tokens [B, L, D] float32 -> the same; without gradients `x` itself is updated."""
        modulation = self.modulation.float() + cond.modulation
        shift1, scale1, gate1, shift2, scale2, gate2 = modulation.chunk(6, dim=1)
        dtype = compute_dtype(self.self_attn.q)
        q, k, v = self.self_attn.project(
            modulate(self.norm1(x), shift1, scale1).to(dtype), cond.rope, cond.chunk_tokens
        )
        attended = self.self_attn(q, k, v)
        del q, k, v
        x = add_residual(x, attended, gate1)
        del attended
        x = add_residual(x, self.cross_attn(self.norm3(x), cond.context, cond.image))
        parts = [
            linear(self.ffn, modulate(self.norm2(part), shift2, scale2))
            for part in x.split(cond.chunk_tokens, dim=1)
        ]
        return add_residual(x, torch.cat(parts, dim=1), gate2)


class Block(BlockBase):
    """A block of the trunk."""

    def forward(self, x: Tensor, cond: Conditioning) -> Tensor:
        return self.transform(x, cond)


class VaceBlock(BlockBase):
    """A block that runs on the control video and hints at its base block."""

    def __init__(self, params: DiTParams, *, first: bool) -> None:
        super().__init__(params)
        self.first = first
        if first:
            self.before_proj = nn.Linear(params.dim, params.dim)
        self.after_proj = nn.Linear(params.dim, params.dim)

    def forward(self, control: Tensor, x: Tensor, cond: Conditioning) -> tuple[Tensor, Tensor]:
        """Control tokens and base tokens [B, L, D] -> the next control tokens, the hint [B, L, D]."""
        if self.first:
            control = linear(self.before_proj, control) + x
        control = self.transform(control, cond)
        return control, linear(self.after_proj, control)


class Head(nn.Module):
    """The last norm and projection: tokens to patches."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        self.norm = LayerNorm(params.dim, params.eps, elementwise_affine=False)
        self.head = nn.Linear(params.dim, params.out_dim * math.prod(params.patch_size))
        self.modulation = nn.Parameter(torch.randn(1, 2, params.dim) / params.dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Tokens [B, L, D] and `time` [B, D], both float32 -> patches [B, L, pf * ph * pw * C] float32."""
        shift, scale = (self.modulation.float() + time[:, None]).chunk(2, dim=1)
        return linear(self.head, modulate(self.norm(x), shift, scale)).float()


class ImageEmbedding(nn.Module):
    """CLIP image tokens to context tokens; `emb_pos` tells the first image's from the last's."""

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        self.proj = nn.Sequential(
            LayerNorm(params.image_dim),
            nn.Linear(params.image_dim, params.image_dim),
            nn.GELU(),
            nn.Linear(params.image_dim, params.dim),
            LayerNorm(params.dim),
        )
        if params.image_positions:
            self.emb_pos = nn.Parameter(torch.zeros(1, params.image_positions, params.image_dim))
        self.has_positions = params.image_positions > 0

    def forward(self, image: Tensor) -> Tensor:
        """CLIP tokens [B, T, image_dim] -> [B, T, D] float32."""
        if self.has_positions:
            image = image + self.emb_pos
        norm_in, inner, gelu, outer, norm_out = self.proj
        return norm_out(linear(outer, gelu(linear(inner, norm_in(image)))))


class DiT(nn.Module):
    """Predicts the flow's velocity; `chunk_tokens` bounds the memory of what is done token by token.

    `embed`, `run_block` for each block in order, and `unembed` make up `forward`, so that a caller
    can bring blocks in and out in between.
    """

    def __init__(self, params: DiTParams) -> None:
        super().__init__()
        _check(params)
        self.params = params
        self.chunk_tokens = CHUNK_TOKENS
        dim, patch = params.dim, params.patch_size
        self.patch_embedding = nn.Conv3d(params.in_dim, dim, patch, patch)
        self.text_embedding = _mlp(params.text_dim, dim, dim)
        self.time_embedding = nn.Sequential(
            nn.Linear(params.freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim)
        )
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.blocks = nn.ModuleList(Block(params) for _ in range(params.num_layers))
        self.head = Head(params)
        if params.image_dim:
            self.img_emb = ImageEmbedding(params)
        if params.vace_layers:
            hints = range(len(params.vace_layers))
            self.vace_blocks = nn.ModuleList(VaceBlock(params, first=i == 0) for i in hints)
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
        """The velocity [B, out_dim, F, H, W], float32, of the latent `x` [B, C, F, H, W] at `timestep` [B].

        `timestep` runs from 0 (clean) to 1000 (noise). `context` [B, T <= text_len, text_dim] is the
        text's embedding without padding. `condition` [B, in_dim - C, F, H, W] is the mask and latent
        of the given frames, `image_context` [B, 257 or 514, image_dim] their CLIP tokens,
        `vace_context` [B, vace_in_dim, F, H, W] the control, whose hints are weighted by `vace_scale`.
        """
        if condition is not None:
            x = torch.cat([x, condition], dim=1)
        tokens, control, cond = self.embed(
            x, timestep, context, image_context, vace_context, vace_scale
        )
        for index in range(len(self.blocks)):
            tokens, control = self.run_block(index, tokens, control, cond)
        return self.unembed(tokens, cond)

    def embed(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        image_context: Tensor | None = None,
        vace_context: Tensor | None = None,
        vace_scale: float = 1.0,
    ) -> tuple[Tensor, Tensor | None, Conditioning]:
        """`x` [B, in_dim, F, H, W] with its condition, and the arguments of `forward`, as tokens.

        Returns tokens [B, L, D] float32, VACE's control tokens (the same) or None, and the rest.
        """
        grid = self._grid(x)
        time = linear(self.time_embedding, sinusoidal_embedding(timestep, self.params.freq_dim))
        modulation = linear(self.time_projection[1], F.silu(time.float()))
        cond = Conditioning(
            time=time.float(),
            modulation=modulation.float().unflatten(1, (6, -1)),
            context=self._embed_text(context),
            image=None if image_context is None else self.img_emb(image_context),
            rope=rope_table(grid, self.params.dim // self.params.num_heads, x.device),
            grid=grid,
            vace_scale=vace_scale,
            chunk_tokens=self.chunk_tokens,
        )
        control = None
        if vace_context is not None:
            control = _patchify(self.vace_patch_embedding, vace_context)
        return _patchify(self.patch_embedding, x), control, cond

    def run_block(
        self, index: int, tokens: Tensor, control: Tensor | None, cond: Conditioning
    ) -> tuple[Tensor, Tensor | None]:
        """Block `index` on tokens [B, L, D], after the VACE block that hints at it if there is one.

        VACE's blocks depend on each other and not on the base, so one hint at a time is alive.
        """
        hint = None
        if control is not None and index in self.params.vace_layers:
            vace_block = self.vace_blocks[self.params.vace_layers.index(index)]
            control, hint = vace_block(control, tokens, cond)
        tokens = self.blocks[index](tokens, cond)
        if hint is not None:
            tokens = add_residual(tokens, hint, cond.vace_scale)
        return tokens, control

    def unembed(self, tokens: Tensor, cond: Conditioning) -> Tensor:
        """Tokens [B, L, D] after the last block -> the velocity [B, out_dim, F, H, W] float32."""
        patches = self.head(tokens, cond.time)
        video = patches.unflatten(2, (*self.params.patch_size, -1)).unflatten(1, cond.grid)
        video = video.permute(0, 7, 1, 4, 2, 5, 3, 6)  # [B, C, F, pf, H, ph, W, pw]
        return video.flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def _embed_text(self, context: Tensor) -> Tensor:
        """Text [B, T, text_dim] -> [B, text_len, D]; padding counts as context, as in training."""
        missing = self.params.text_len - context.shape[1]
        if missing < 0:
            raise ValueError(
                f"context has {context.shape[1]} tokens; this model takes {self.params.text_len}"
            )
        return linear(self.text_embedding, F.pad(context, (0, 0, 0, missing)))

    def _grid(self, x: Tensor) -> Grid:
        """Patches along F, H, W of `x` [B, in_dim, F, H, W]."""
        frames, height, width = x.shape[2:]
        pf, ph, pw = self.params.patch_size
        if x.shape[1] != self.params.in_dim or frames % pf or height % ph or width % pw:
            raise ValueError(
                f"the latent with its condition is {tuple(x.shape)}; this model takes "
                f"{self.params.in_dim} channels in patches of {self.params.patch_size}"
            )
        return frames // pf, height // ph, width // pw


def _mlp(dim_in: int, dim_inner: int, dim_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(dim_in, dim_inner), nn.GELU(approximate="tanh"), nn.Linear(dim_inner, dim_out)
    )


def _patchify(embedding: nn.Conv3d, x: Tensor) -> Tensor:
    """[B, C, F, H, W] -> tokens [B, L, D] float32."""
    tokens = embedding(x.to(embedding.weight.dtype)).flatten(2).transpose(1, 2)
    return tokens.float().contiguous()


def _init_weights(model: DiT) -> None:
    """Initialise for training as the official model was: it starts out predicting zero velocity."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv3d)):
            nn.init.xavier_uniform_(module.weight.flatten(1))
            nn.init.zeros_(cast(Tensor, module.bias))
    for module in (*model.text_embedding, *model.time_embedding):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
    nn.init.zeros_(model.head.head.weight)
    for module in model.modules():
        if isinstance(module, VaceBlock):
            nn.init.zeros_(module.after_proj.weight)
            if module.first:
                nn.init.zeros_(module.before_proj.weight)


def _check(params: DiTParams) -> None:
    if params.dim % (2 * params.num_heads):
        raise ValueError(
            f"dim {params.dim} can't be split into {params.num_heads} heads of an even width"
        )
    if params.vace_layers and params.vace_layers[0] != 0:
        raise ValueError(
            f"vace_layers starts at {params.vace_layers[0]}: the first hint is for block 0"
        )
