"""Building a network for the names and shapes of its tensors, which a checkpoint then brings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_SCALINGS = (torch.Tensor.div, torch.Tensor.mul, torch.Tensor.__truediv__)
_DRAWS = (torch.randn, torch.rand)


@contextmanager
def shapes_only() -> Iterator[None]:
    """Modules made here are on meta, and nothing is initialised."""
    with torch.device("meta"), _Uninitialised():
        yield


class _Uninitialised(TorchFunctionMode):
    """Leaves out what fills a tensor, draws or scales one: without data that does nothing, but the first such
    call on meta imports torch's compiler, which takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if kwargs and "tensor" in kwargs else args[0]
        if func in _SCALINGS:
            return args[0]
        if func in _DRAWS:
            func = torch.empty
        return func(*args, **(kwargs or {}))
