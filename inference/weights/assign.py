"""A checkpoint's tensors into a network that was built on meta: all of them, and no others."""

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from inference.api.errors import UserError
from inference.api.sentence import Sentence
from inference.weights.checkpoint import Checkpoint
from inference.weights.variants import classify

LISTED_KEYS = 3  # how many of the keys that are wrong an error names

Module = TypeVar("Module", bound=nn.Module)


def require_fit(checkpoint: Checkpoint, network: nn.Module) -> None:
    """Raise `UserError` unless `checkpoint` can be read and has exactly the tensors of `network`."""
    if obstacle := classify(checkpoint).obstacle:
        raise UserError(
            "{path} can't be used: {obstacle}.", path=checkpoint.path, obstacle=obstacle
        )
    checkpoint.require_readable()
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: source.shape for name, source in checkpoint.sources.items()}
    wrong = [name for name in expected.keys() & found.keys() if expected[name] != found[name]]
    kinds = [
        (Sentence("lacks"), [name for name in expected if name not in found]),
        (Sentence("has unknown"), [name for name in found if name not in expected]),
        (Sentence("has misshapen"), sorted(wrong)),
    ]
    if problems := [_listed(kind, names) for kind, names in kinds if names]:
        raise UserError(
            "{path} doesn't fit Wan2.1's {network}: it {problems}; it's incomplete, or of "
            "another model.",
            path=checkpoint.path,
            network=checkpoint.network.words,
            problems=_joined(problems),
        )


def fill(module: Module, tensors: Mapping[str, Tensor]) -> Module:
    """Give a module built on meta its tensors, for inference; they are kept, not copied."""
    module.load_state_dict(tensors, strict=True, assign=True)
    return module.requires_grad_(False).eval()


def read_as(
    checkpoint: Checkpoint, dtypes: Mapping[str, torch.dtype], device: torch.device
) -> dict[str, Tensor]:
    """Tensors by official name in `dtypes`, on `device`; mapped where the file has them like that."""
    return checkpoint.read_as(dtypes, device)


def _listed(what: Sentence, names: list[str]) -> Sentence:
    """Such as "lacks 12 tensors (a, b, c, ...)"."""
    dots = ", ..." if len(names) > LISTED_KEYS else ""
    shown = ", ".join(names[:LISTED_KEYS]) + dots
    if len(names) == 1:
        return Sentence("{what} 1 tensor ({names})", what=what, names=shown)
    return Sentence("{what} {count} tensors ({names})", what=what, count=len(names), names=shown)


def _joined(problems: list[Sentence]) -> Sentence:
    first, *rest = problems
    return Sentence("{first} and {second}", first=first, second=_joined(rest)) if rest else first
