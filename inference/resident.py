"""A transformer of which some blocks stay on the device, and the others come when it is their turn."""

from collections.abc import Collection
from contextlib import nullcontext

import torch
from torch import Tensor

from inference.conveyor import Conveyor, Tensors, room_for
from inference.load import ReadBlock
from inference.wan.dit import Conditioning, DiT, block_prefixes
from inference.weights.assign import fill

META = torch.device("meta")
CPU = torch.device("cpu")


class StreamingNetwork:
    """Runs a `DiT` whose blocks in `streamed` are read anew for each step.

    dit:  on `device`, but for those blocks, whose tensors are not used.
    read: gives a block's tensors on the CPU, best as they are mapped from a file, and on meta.
    """

    def __init__(
        self, dit: DiT, streamed: Collection[int], read: ReadBlock, device: torch.device
    ) -> None:
        self._dit, self._streamed, self._read = dit, frozenset(streamed), read
        sizes = [room_for(read(index, META).values()) for index in streamed]
        self._conveyor = Conveyor(device, max(sizes))

    def __call__(
        self,
        x: Tensor,
        timestep: Tensor,
        contexts: list[Tensor],
        *,
        condition: Tensor | None = None,
        image_context: Tensor | None = None,
        vace_context: Tensor | None = None,
        vace_scale: float = 1.0,
    ) -> list[Tensor]:
        """The velocities [B, out_dim, F, H, W] float32 in each context [B, T, text_dim], as
        `DiT.forward` has them.

        All contexts go through a block before it is dropped, so each is copied once.
        """
        dit = self._dit
        if condition is not None:
            x = torch.cat([x, condition], dim=1)
        embedded = [dit.embed(x, timestep, context, image_context) for context in contexts]
        tokens, conds = [pair[0] for pair in embedded], [pair[1] for pair in embedded]
        controls = [
            None if vace_context is None else dit.embed_control(vace_context) for _ in conds
        ]
        del embedded
        for index in range(len(dit.blocks)):
            self._run_block(index, tokens, controls, conds, vace_scale)
        return [dit.unembed(tokens.pop(0), cond) for cond in conds]

    def _run_block(
        self,
        index: int,
        tokens: list[Tensor],
        controls: list[Tensor | None],
        conds: list[Conditioning],
        scale: float,
    ) -> None:
        """Update tokens and control tokens of each branch by block `index`."""
        streams = index in self._streamed
        with (
            self._conveyor.bring(self._read(index, CPU)) if streams else nullcontext({}) as brought
        ):
            if streams:
                _assign(self._dit, index, brought)
            for i, cond in enumerate(conds):
                tokens[i], controls[i] = self._dit.run_block(
                    index, tokens[i], controls[i], cond, scale
                )


def _assign(dit: DiT, index: int, tensors: Tensors) -> None:
    for prefix in block_prefixes(dit.params, index):
        own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        fill(dit.get_submodule(prefix.rstrip(".")), own)
