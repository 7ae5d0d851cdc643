"""What computes attention: torch, by its own choice of ways; `inference.attention` has others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

Run = Callable[[Tensor, Tensor, Tensor], Tensor]  # q [B, N, L, E], k and v [B, N, T, E] as q


class Keep(Protocol):
    """Keys and values [B, T, N, E], both, to what is kept of them [B, T, ...]."""

    def __call__(self, k: Tensor, v: Tensor, /) -> Tensor:
        """See the class."""
        ...


class Kernel(Protocol):
    """A way to compute attention in two steps, as keys are made some at a time and used many times."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def is_rounded(self) -> bool:
        """Whether it computes in fewer bits than it is given, so that it has to be worth it."""
        ...

    def keeper(self) -> Keep:
        """A function for the keys and values of one attention, to be called for tokens in their order.

        What it gives is joined along T; all parts but the last have a multiple of 64 tokens.
        """
        ...

    def attend(self, q: Tensor, kept: Tensor) -> Tensor:
        """Softmax attention of `q` [B, L, N, E] over what `keeper` kept [B, T, ...] -> [B, L, N, E]."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """Attention by a function that takes keys and values as they are."""

    name: str
    run: Run
    is_rounded: bool = False

    def keeper(self) -> Keep:
        """See `Kernel`; what is kept is [B, T, 2, N, E]."""
        return lambda k, v: torch.stack([k, v], dim=2)

    def attend(self, q: Tensor, kept: Tensor) -> Tensor:
        """See `Kernel`; `q` [B, L, N, E]."""
        k, v = kept.transpose(1, 3).unbind(2)
        return self.run(q.transpose(1, 2), k, v).transpose(1, 2)


PLAIN = Whole("torch's choice", F.scaled_dot_product_attention)
