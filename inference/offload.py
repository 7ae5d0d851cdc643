"""The text encoder, which fits no card: its blocks stream from the mapped file."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor, nn

from inference.api.spec import TextParams
from inference.conveyor import Conveyor, room_for
from inference.wan.text import RMSNorm, TextBlock, TextEncoder
from inference.weights.assign import fill, read_as, require_fit
from inference.weights.checkpoint import Checkpoint
from inference.weights.meta import shapes_only

CPU, META = torch.device("cpu"), torch.device("meta")
EMBEDDING = "token_embedding.weight"


def encode_text(
    checkpoint: Checkpoint,
    params: TextParams,
    ids: Sequence[int],
    device: torch.device | str,
    dtype: torch.dtype,
) -> Tensor:
    """One prompt's token ids to its vectors [L, dim] in `dtype`; see `stream_text`."""
    stream = stream_text(checkpoint, params, [ids], device, dtype)
    while True:
        try:
            next(stream)
        except StopIteration as finished:
            return finished.value[0]


@torch.inference_mode()
def stream_text(
    checkpoint: Checkpoint,
    params: TextParams,
    prompts: Sequence[Sequence[int]],
    device: torch.device | str,
    dtype: torch.dtype,
) -> Generator[float, None, list[Tensor]]:
    """Encode prompts with no more than two blocks of the encoder on the device, and one in RAM.

    prompts: the token ids of each, without padding.
    yields:  the share of the work that is done, in [0, 1], after each block.
    returns: for each prompt its vectors [L, dim] in `dtype` on `device`, unbounded.

    All prompts go through a block before it is dropped, so the file is read once. On the CPU the work
    is in float32, since many CPUs multiply bfloat16 a hundred times slower.
    """
    place = torch.device(device)
    compute = torch.float32 if place.type == "cpu" else dtype
    with shapes_only():
        require_fit(checkpoint, TextEncoder(params))
        norm = RMSNorm(params.dim, params.eps)
    rows = [checkpoint.read_rows(EMBEDDING, torch.tensor([ids])) for ids in prompts]
    hidden = [row.to(place, compute) for row in rows]
    block = _new_block(params)
    belt = Conveyor(place, room_for(_read(checkpoint, "blocks.0.", block, META, compute).values()))
    for index in range(params.num_layers):
        with belt.bring(_read(checkpoint, f"blocks.{index}.", block, CPU, compute)) as tensors:
            fill(block, tensors)
            hidden = [block(x) for x in hidden]
        del tensors
        block = _new_block(params)  # the tensors of the old one go
        yield (index + 1) / params.num_layers
    fill(norm, _read(checkpoint, "norm.", norm, place, compute))
    return [norm(x)[0].to(dtype) for x in hidden]


def _new_block(params: TextParams) -> TextBlock:
    with shapes_only():
        return TextBlock(params)


def _read(
    checkpoint: Checkpoint,
    prefix: str,
    module: nn.Module,
    device: torch.device,
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """The tensors of `module`, which in `checkpoint` have names that start with `prefix`."""
    dtypes = {prefix + name: dtype for name in module.state_dict()}
    tensors = read_as(checkpoint, dtypes, device)
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
