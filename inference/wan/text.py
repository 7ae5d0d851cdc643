"""UMT5 text encoder of Wan2.1: a prompt to tokens, and those to what the transformer attends to.

UMT5 (Chung et al. 2023, "UniMax") is T5 v1.1 (Raffel et al. 2020, Shazeer 2020) with a relative
position table in every block. Its attention is not scaled: the initialisation takes care of that.

The XXL encoder has 5.7 B parameters, so a caller may run it in parts and never hold it whole:
the rows of the table that it needs, then one `TextBlock` after another, then the final `RMSNorm`.
"""

import html
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import ftfy
import torch
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer as TokenizerFile
from torch import Tensor, nn
from torch.nn import functional as F

from inference.api.errors import UserError, reason
from inference.api.spec import TextParams
from inference.wan.layers import Gelu

EOS = "</s>"
TEXT_LEN = 512  # tokens that Wan2.1's transformers were trained with


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
        gate = nn.Linear(params.dim, params.dim_ffn, bias=False)
        self.gate = nn.Sequential(gate, Gelu())
        self.fc1 = nn.Linear(params.dim, params.dim_ffn, bias=False)
        self.fc2 = nn.Linear(params.dim_ffn, params.dim, bias=False)
        nn.init.normal_(gate.weight, std=params.dim**-0.5)
        nn.init.normal_(self.fc1.weight, std=params.dim**-0.5)
        nn.init.normal_(self.fc2.weight, std=params.dim_ffn**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, L, dim] to [B, L, dim]."""
        gate = self.gate(x)
        inner = self.fc1(x)
        return self.fc2(gate * inner if torch.is_grad_enabled() else gate.mul_(inner))


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


def clean_prompt(text: str) -> str:
    """The prompt as Wan2.1 was trained on it: mojibake and HTML entities undone, spaces single."""
    text = html.unescape(html.unescape(ftfy.fix_text(text)))  # twice: "&amp;lt;" occurs in captions
    return re.sub(r"\s+", " ", text).strip()


@dataclass(frozen=True, slots=True)
class TokenCount:
    """How much of the encoder's room a prompt takes.

    `used` counts the end token and may exceed `limit`; then `cut_at` is the index in the cleaned
    prompt of the first character that the encoder doesn't see, else None.
    """

    used: int
    limit: int
    cut_at: int | None


class Vocabulary(Protocol):
    """What a tokenizer file can do, whichever of the two formats it has."""

    eos_id: int
    size: int

    def split(self, text: str) -> tuple[list[int], list[int]]:
        """Ids of the pieces of `text`, and the index in it of the character each one starts at."""
        ...

    def piece(self, token: int) -> str:
        """The text that the id `token` stands for."""
        ...


class Tokenizer:
    """Prompts to the token ids of UMT5, cleaned, ended by `</s>` and cut to `text_len`."""

    def __init__(self, vocabulary: Vocabulary, text_len: int = TEXT_LEN) -> None:
        self._vocabulary = vocabulary
        self.text_len = text_len

    @classmethod
    def from_file(cls, path: Path, text_len: int = TEXT_LEN) -> Self:
        """Read a `tokenizer.json`, or a SentencePiece model under any other name."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UserError(
                "The tokenizer {path} can't be read ({reason}): download it again.",
                path=path,
                reason=reason(error),
            ) from error
        if path.suffix == ".json":
            return cls(_JsonVocabulary(data, str(path)), text_len)
        return cls.from_spiece(data, str(path), text_len)

    @classmethod
    def from_spiece(cls, data: bytes, source: str, text_len: int = TEXT_LEN) -> Self:
        """Read the bytes of a SentencePiece model; errors name `source`, where they come from."""
        return cls(_SentencePieceVocabulary(data, source), text_len)

    @property
    def vocab_size(self) -> int:
        """Number of ids; an encoder fits if its table has at least as many rows."""
        return self._vocabulary.size

    def encode(self, text: str) -> list[int]:
        """Ids of the cleaned `text`, at most `text_len`, the last one always `</s>`; no padding."""
        ids, _ = self._vocabulary.split(clean_prompt(text))
        return [*ids[: self.text_len - 1], self._vocabulary.eos_id]

    def measure(self, text: str) -> TokenCount:
        """How many tokens `text` takes, and where the encoder stops reading it."""
        _, starts = self._vocabulary.split(clean_prompt(text))
        used = len(starts) + 1
        cut_at = starts[self.text_len - 1] if used > self.text_len else None
        return TokenCount(used, self.text_len, cut_at)

    def has_unknown_words(self, text: str) -> bool:
        """Whether some of `text` has no piece of its own and is spelled in bytes, or not at all."""
        ids, _ = self._vocabulary.split(clean_prompt(text))
        return any(re.fullmatch(r"<0x..>|<unk>", self._vocabulary.piece(i)) for i in ids)


class _JsonVocabulary:
    """A `tokenizer.json`, the form in which Hugging Face publishes tokenizers."""

    def __init__(self, data: bytes, source: str) -> None:
        try:
            self._tokenizer = TokenizerFile.from_buffer(data)
        except ValueError as error:
            raise _unreadable(source) from error
        eos_id = self._tokenizer.token_to_id(EOS)
        if eos_id is None:
            raise _foreign(source)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.eos_id = eos_id
        self.size = self._tokenizer.get_vocab_size()

    def split(self, text: str) -> tuple[list[int], list[int]]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, [start for start, _ in encoding.offsets]

    def piece(self, token: int) -> str:
        return self._tokenizer.id_to_token(token) or ""


class _SentencePieceVocabulary:
    """A SentencePiece model (`spiece.model`), which some text encoders carry inside their file."""

    def __init__(self, data: bytes, source: str) -> None:
        self._processor = SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(data)
        except RuntimeError as error:
            raise _unreadable(source) from error
        eos_id = self._processor.piece_to_id(EOS)
        if self._processor.is_unknown(eos_id):
            raise _foreign(source)
        self.eos_id = eos_id
        self.size = self._processor.vocab_size()

    def split(self, text: str) -> tuple[list[int], list[int]]:
        pieces = self._processor.encode(text, return_type="offset_mapping")
        return pieces["ids"], [start for start, _ in pieces["offsets"]]

    def piece(self, token: int) -> str:
        return self._processor.id_to_piece(token)


def _unreadable(source: str) -> UserError:
    return UserError(
        "The tokenizer in {source} is damaged or no tokenizer: download it again.", source=source
    )


def _foreign(source: str) -> UserError:
    return UserError(
        "The tokenizer in {source} has no {token} token: use the one of UMT5.",
        source=source,
        token=EOS,
    )
