"""UMT5 text encoder of Wan2.1: the prompt's tokens to the vectors the transformer attends to.

UMT5 (Chung et al. 2023, "UniMax") is T5 v1.1 (Raffel et al. 2020, Shazeer 2020) with a relative
position table in every block. Its attention is not scaled: the initialisation takes care of that.

The XXL encoder has 5.7 B parameters, so a caller may run it in parts, without ever holding it whole:
`lookup` on the memory-mapped table, then one `TextBlock` after another, then the final `RMSNorm`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.api.spec import TextParams


class TextEncoder(nn.Module):
    """UMT5 encoder, with the parameter names of the official checkpoint."""

    def __init__(self, params: TextParams) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(params.vocab_size, params.dim)
        self.blocks = nn.ModuleList(TextBlock(params) for _ in range(params.num_layers))
        self.norm = RMSNorm(params.dim, params.eps)
        nn.init.normal_(self.token_embedding.weight)

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids [B, L] int64 to their vectors [B, L, dim]."""
        return self.token_embedding(ids)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode token ids.

        ids:     [B, L] int64.
        mask:    [B, L], 1 at tokens and 0 at padding; None where nothing is padded. The vectors at
                 the tokens are the same either way, so leaving the padding out is the cheap way.
        returns: [B, L, dim] in the dtype of the weights, unbounded; meaningless at padding.
        """
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class TextBlock(nn.Module):
    """One pre-norm block: self-attention with its own relative positions, then a gated FFN."""

    def __init__(self, params: TextParams) -> None:
        super().__init__()
        self.norm1 = RMSNorm(params.dim, params.eps)
        self.attn = SelfAttention(params)
        self.norm2 = RMSNorm(params.dim, params.eps)
        self.ffn = GatedFeedForward(params)
        self.pos_embedding = RelativePositions(params)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [B, L, dim], mask [B, L] or None (see `TextEncoder.forward`) to [B, L, dim]."""
        bias = self.pos_embedding(x.shape[1]).to(x.dtype)  # [1, heads, L, L]
        if mask is not None:
            bias = bias.masked_fill(mask[:, None, None, :] == 0, torch.finfo(x.dtype).min)
        x = _tame_overflow(x + self.attn(self.norm1(x), bias))
        return _tame_overflow(x + self.ffn(self.norm2(x)))


class RMSNorm(nn.Module):
    """T5's layer norm (Zhang & Sennrich 2019): no mean, no bias; statistics in float32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """x [..., dim] to the same shape and dtype, with a mean square of 1 before the weight."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide.to(self.weight.dtype) * self.weight).to(x.dtype)


class SelfAttention(nn.Module):
    """Multi-head attention with an additive bias and no scaling of its scores."""

    def __init__(self, params: TextParams) -> None:
        super().__init__()
        self.num_heads = params.num_heads
        self.q = nn.Linear(params.dim, params.dim_attn, bias=False)
        self.k = nn.Linear(params.dim, params.dim_attn, bias=False)
        self.v = nn.Linear(params.dim, params.dim_attn, bias=False)
        self.o = nn.Linear(params.dim_attn, params.dim, bias=False)
        head_dim = params.dim_attn // params.num_heads
        # 1/sqrt(head_dim) is in q's weights, where other transformers scale the scores by it.
        nn.init.normal_(self.q.weight, std=(params.dim * head_dim) ** -0.5)
        nn.init.normal_(self.k.weight, std=params.dim**-0.5)
        nn.init.normal_(self.v.weight, std=params.dim**-0.5)
        nn.init.normal_(self.o.weight, std=params.dim_attn**-0.5)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [B, L, dim], bias [B or 1, heads, L, L] in the dtype of x, to [B, L, dim]."""
        q, k, v = (
            layer(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # [B, heads, L, head_dim]
            for layer in (self.q, self.k, self.v)
        )
        # The kernels take the softmax in float32 whatever the dtype of q.
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
        return self.o(x.transpose(1, 2).flatten(2))


class GatedFeedForward(nn.Module):
    """GEGLU with the tanh form of GELU (Shazeer 2020)."""

    def __init__(self, params: TextParams) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Linear(params.dim, params.dim_ffn, bias=False), nn.GELU(approximate="tanh")
        )
        self.fc1 = nn.Linear(params.dim, params.dim_ffn, bias=False)
        self.fc2 = nn.Linear(params.dim_ffn, params.dim, bias=False)
        nn.init.normal_(self.gate[0].weight, std=params.dim**-0.5)
        nn.init.normal_(self.fc1.weight, std=params.dim**-0.5)
        nn.init.normal_(self.fc2.weight, std=params.dim_ffn**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, L, dim] to [B, L, dim]."""
        return self.fc2(self.fc1(x) * self.gate(x))


class RelativePositions(nn.Module):
    """A learned bias for each head and each bucket of distances between two tokens."""

    def __init__(self, params: TextParams) -> None:
        super().__init__()
        self.max_distance = params.max_distance
        self.embedding = nn.Embedding(params.num_buckets, params.num_heads)
        nn.init.normal_(self.embedding.weight, std=params.dim**-0.5)

    def forward(self, length: int) -> Tensor:
        """Bias [1, heads, L, L] for the scores of `length` tokens; axis 2 is the query."""
        weight = self.embedding.weight
        positions = torch.arange(length, device=weight.device)
        distance = positions[None, :] - positions[:, None]  # key minus query, [L, L]
        buckets = _bucket(distance, weight.shape[0], self.max_distance)
        return self.embedding(buckets).permute(2, 0, 1).unsqueeze(0)


def lookup(table: Tensor, ids: Tensor) -> Tensor:
    """Rows of an embedding table that may be memory-mapped: only the rows named are read.

    table [vocab_size, dim], ids [B, L] int64, both on the CPU, to [B, L, dim] in the table's dtype.
    """
    return table[ids]


def _bucket(distance: Tensor, num_buckets: int, max_distance: int) -> Tensor:
    """Bucket of each distance (int64, any shape), as T5 does it (Raffel et al. 2020, section 2.1).

    Half of the buckets are for keys after the query, half for those before. In each half the first
    half are single distances, the rest grow as the logarithm up to `max_distance`, and the last
    one holds all that is farther.
    """
    half = num_buckets // 2
    exact = half // 2
    far = distance.abs().clamp(min=exact)  # below `exact` the logarithm is not used
    # The order of these operations decides how 2 * exact and 4 * exact round: it is T5's own.
    steps = torch.log(far.float() / exact) / math.log(max_distance / exact) * (half - exact)
    logarithmic = (exact + steps.long()).clamp(max=half - 1)
    near = distance.abs()
    return (distance > 0) * half + torch.where(near < exact, near, logarithmic)


def _tame_overflow(x: Tensor) -> Tensor:
    """Pull infinities of float16 back into range, as T5 in float16 needs; other dtypes pass."""
    if x.dtype != torch.float16:
        return x
    largest = torch.finfo(x.dtype).max
    limit = torch.where(x.isinf().any(), largest - 1000, largest).to(x.dtype)
    return x.clamp(-limit, limit)
