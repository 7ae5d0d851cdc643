"""How many bytes the tensors of a computation hold: on any device, `meta` too, where nothing is computed.

So a network of full size can be measured on a machine that could not run it. Counted is what torch
allocates for tensors. Not counted are what kernels take for themselves (convolution workspace, copies
into a layout they like better) and what an allocator keeps in reserve.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_OF_PARTS = torch._C.DispatchKey.CompositeImplicitAutograd


class Meter(TorchDispatchMode):
    """Counts while it is entered, each storage once, from its first tensor until the last is gone.

    `live_bytes` is what is held now and `peak_bytes` the most that was held at once, on `device` alone.
    What was made before counts from `hold`, or from when a view of it is made. May be entered again,
    and inside `torch.inference_mode()`; like every mode of torch it counts in its own thread alone.
    """

    def __init__(self, device: torch.device | str, *held: Tensor | nn.Module) -> None:
        super().__init__()
        self.live_bytes = 0
        self.peak_bytes = 0
        self._device = torch.device(device)
        self._counted: dict[int, weakref.ref[torch.UntypedStorage]] = {}
        self._leaves_out = False
        self._fused = _Fused()
        self._known: dict[Any, Any] = {}
        for item in held:
            self.hold(item)

    def hold(self, item: Tensor | nn.Module) -> None:
        """Counts a tensor, or a network's parameters and buffers, from now on."""
        whole = isinstance(item, nn.Module)
        self._count((*item.parameters(), *item.buffers()) if whole else (item,))

    def reset_peak(self) -> None:
        """Starts a new measurement: `peak_bytes` is what is held now."""
        self.peak_bytes = self.live_bytes

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """What is made meanwhile never counts: on meta, what would be there on a card too."""
        self._leaves_out = True
        try:
            yield
        finally:
            self._leaves_out = False

    def __enter__(self) -> "Meter":
        self._fused.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._fused.__exit__(*error)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        # In inference mode an operation made of others comes here whole; its parts allocate too.
        if _is_of_parts(func):
            with torch._C.DisableTorchFunction(), self:
                return func._op_dk(_OF_PARTS, *args, **kwargs)
        result = _left_meta(func, args, kwargs)
        if result is None:
            result = self._call(func, args, kwargs)
        self._count(_tensors(result))
        return result

    def _call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Torch takes a millisecond to work out what an operation on meta gives: it is remembered."""
        key = func, _described(args), _described(tuple(kwargs.items()))
        match self._known.get(key):
            case None:
                result = func(*args, **kwargs)
                self._known[key] = _recipe(result, func, args, kwargs)
                return result
            case int(place):
                return args[place]
            case str(name):
                return kwargs[name]
            case _Unknown():
                return func(*args, **kwargs)
            case described:
                return _like(described)

    def _count(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if tensor.device.type != self._device.type or key in self._counted:
                continue
            size = 0 if self._leaves_out else storage.nbytes()
            self._counted[key] = weakref.ref(storage, self._forgetter(key, size))
            self.live_bytes += size
            self.peak_bytes = max(self.peak_bytes, self.live_bytes)

    def _forgetter(self, key: int, size: int) -> Callable[[Any], None]:
        def forget(_: Any) -> None:
            del self._counted[key]
            self.live_bytes -= size

        return forget


def _left_meta(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | float | None:
    """What leaves `meta` for where numbers are: zeros, and the number 1, as there are none. None for any
    other operation."""
    match func:
        case torch.ops.aten.copy_.default if args[1].is_meta and not args[0].is_meta:
            return args[0]
        case torch.ops.aten._local_scalar_dense.default if args[0].is_meta:
            return 1
        case torch.ops.aten._to_copy.default if args[0].is_meta:
            device = torch.device(kwargs.get("device") or "meta")
            if device.type == "meta":
                return None
            return torch.zeros(
                args[0].shape, dtype=kwargs.get("dtype") or args[0].dtype, device=device
            )
    return None


def _described(value: Any) -> Any:
    """What tells two arguments apart; of a tensor, how it lies in memory."""
    if isinstance(value, Tensor):
        return Tensor, value.shape, value.stride(), value.dtype, value.device
    if isinstance(value, list | tuple):
        return tuple(_described(part) for part in value)
    return type(value), value


def _like(described: Any) -> Any:
    """New tensors on meta, that lie as `described` says."""
    if described[0] is not Tensor:
        return tuple(_like(part) for part in described)
    _, shape, stride, dtype, device = described
    return torch.empty_strided(shape, stride, dtype=dtype, device=device)


def _recipe(result: Any, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """How to make the result of the same operation on tensors that lie the same: an argument that it is, by
    place or name; or what `_like` takes. `_Unknown` if it isn't on meta, or views what was there."""
    given, made = _tensors((args, kwargs)), _tensors(result)
    if not made or not all(tensor.is_meta for tensor in (*given, *made)):
        return _Unknown()
    for place, value in (*enumerate(args), *kwargs.items()):
        if value is result:
            return place
    old = {tensor.untyped_storage()._cdata for tensor in given}
    views = any(tensor.untyped_storage()._cdata in old for tensor in made)
    return _Unknown() if views or func._schema.is_mutable else _described(result)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


@cache
def _is_of_parts(func: Any) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), _OF_PARTS.name)


class _Unknown:
    """What an operation gives has to be asked again each time."""


class _Fused(TorchFunctionMode):
    """On `meta` torch writes attention and RMS norms out, step by step; a card has kernels that don't.

    What those allocate: the result, and a float32 for each query, or for each vector that is normed.
    """

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention and args[0].is_meta:
            query, _, value = args[:3]
            _ = query.new_empty(query.shape[:-1], dtype=torch.float32)
            return query.new_empty(*query.shape[:-1], value.shape[-1])
        if func is F.rms_norm and args[0].is_meta:
            _ = args[0].new_empty(args[0].shape[:-1], dtype=torch.float32)
            return torch.empty_like(args[0])
        return func(*args, **kwargs)
