"""Running networks that don't fit: what streams, a block at a time, from the mapped file."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor, nn

from inference.api.spec import TextParams
from inference.wan.text import RMSNorm, TextBlock, TextEncoder, lookup
from inference.weights.assign import fill, read_as, require_fit
from inference.weights.checkpoint import Checkpoint
from inference.weights.meta import shapes_only

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
    """Encode prompts with no more than one block of the encoder in memory.

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
    table = checkpoint.read([EMBEDDING])[EMBEDDING]
    hidden = [lookup(table, torch.tensor([ids])).to(place, compute) for ids in prompts]
    del table
    for index in range(params.num_layers):
        with shapes_only():
            block = TextBlock(params)
        _fill_from(block, checkpoint, f"blocks.{index}.", place, compute)
        hidden = [block(x) for x in hidden]
        del block
        yield (index + 1) / params.num_layers
    with shapes_only():
        norm = RMSNorm(params.dim, params.eps)
    _fill_from(norm, checkpoint, "norm.", place, compute)
    return [norm(x)[0].to(dtype) for x in hidden]


def _fill_from(
    module: nn.Module, checkpoint: Checkpoint, prefix: str, device: torch.device, dtype: torch.dtype
) -> None:
    """Give a module built on meta the tensors of `checkpoint` whose names start with `prefix`."""
    dtypes = {prefix + name: dtype for name in module.state_dict()}
    tensors = read_as(checkpoint, dtypes, device)
    fill(module, {name.removeprefix(prefix): tensor for name, tensor in tensors.items()})
