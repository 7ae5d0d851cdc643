"""A transformer that is run as fast as it goes, and more plainly once that goes wrong."""

import importlib
from collections.abc import Callable

import torch
from torch import Tensor

from inference import attention
from inference.api.errors import UserError
from inference.api.sentence import Sentence
from inference.wan import fused
from inference.wan.dit import DiT
from quant import pack
from quant.runtime import why_not

# The velocities [1, C, F, H, W] at a latent of that shape and a timestep [1], in each context [1, L, D].
Run = Callable[[Tensor, Tensor, list[Tensor]], list[Tensor]]


class Guarded:
    """Runs `run`, which runs `dit`; `notices` says what it had to do without, for the caller to take.

    A result that isn't a number is computed once more with the plainest attention, which stays.
    With `exact` attention is computed in no fewer bits than it is given. With `compiles` it is so, too, and
    the blocks are compiled, until that fails.
    """

    def __init__(
        self,
        run: Run,
        dit: DiT,
        device: torch.device,
        dtype: torch.dtype,
        *,
        exact: bool = False,
        compiles: bool = False,
    ) -> None:
        self.notices: list[Sentence] = []
        self._run, self._dit, self._device = run, dit, device
        self._is_plain = False
        self.notices += _without_kernels(device, dtype)
        width = dit.params.dim // dit.params.num_heads
        kernel = attention.fastest(device, dtype, width, exact=exact or compiles)
        attention.use(dit, kernel)
        if kernel.is_rounded:
            self.notices.append(Sentence("Attention in 8 bits, the fastest on this card."))
        self._compiled = _compile(dit) if compiles else []

    def __call__(self, latent: Tensor, timestep: Tensor, contexts: list[Tensor]) -> list[Tensor]:
        velocities = self._compute(latent, timestep, contexts)
        if _are_numbers(velocities):
            return velocities
        if not self._is_plain:
            self._is_plain = True
            self.notices.append(
                Sentence(
                    "The attention gave something that isn't a number: the step is taken again, "
                    "and the "
                    "others too, with a plainer one."
                )
            )
            self._stop_compiling()
            attention.use(self._dit, attention.safe(self._device))
            velocities = self._compute(latent, timestep, contexts)
        if not _are_numbers(velocities):
            raise UserError(
                "The transformer gives something that isn't a number: its weights are damaged, or "
                "in a format "
                "that can't hold them; use others, or --weights native."
            )
        return velocities

    def _compute(self, latent: Tensor, timestep: Tensor, contexts: list[Tensor]) -> list[Tensor]:
        if not self._compiled:
            return self._run(latent, timestep, contexts)
        try:
            return self._run(latent, timestep, contexts)
        except _compiler_errors() as error:
            reason = str(error).strip().partition("\n")[0]
            self.notices.append(
                Sentence(
                    "torch.compile can't be used here ({reason}): going on without it.",
                    reason=reason,
                )
            )
            self._stop_compiling()
        return self._run(latent, timestep, contexts)

    def _stop_compiling(self) -> None:
        for block in self._compiled:
            block._compiled_call_impl = None  # torch has no other way back
        self._compiled = []


def _without_kernels(device: torch.device, dtype: torch.dtype) -> list[Sentence]:
    """What to say where the kernels of our own can't be compiled for a card."""
    kernels = (fused.SOURCE, "add_gated"), (pack.SOURCE, "unpack_rows")
    causes = (why_not(*kernel, device, dtype) for kernel in kernels)
    return [
        Sentence(
            "Kinora's own kernels can't be used on this card ({cause}): torch's take more time "
            "and memory.",
            cause=cause.strip().partition("\n")[0],
        )
        for cause in causes
        if cause
    ][:1]


def _compile(dit: DiT) -> list[torch.nn.Module]:
    blocks = [*dit.blocks, *(dit.vace_blocks if dit.params.vace_layers else ())]
    for block in blocks:
        block.compile()
    return blocks


def _compiler_errors() -> tuple[type[Exception], ...]:
    # By name: to load the compiler takes seconds, and only who asked for it has done so.
    dynamo = importlib.import_module("torch._dynamo.exc")
    inductor = importlib.import_module("torch._inductor.exc")
    return dynamo.TorchDynamoException, inductor.InductorError


def _are_numbers(velocities: list[Tensor]) -> bool:
    return all(bool(velocity.isfinite().all()) for velocity in velocities)
