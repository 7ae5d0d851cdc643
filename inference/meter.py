"""How many bytes the tensors of a computation hold: on any device, `meta` too, where nothing is computed.

So a network of full size can be measured on a machine that could not run it. Counted is what torch
allocates for tensors. Not counted are what kernels take for themselves (convolution workspace, copies
into a layout they like better) and what an allocator keeps in reserve.
"""

import weakref
from collections.abc import Callable, Iterable
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
        self._fused = _Fused()
        for item in held:
            self.hold(item)

    def hold(self, item: Tensor | nn.Module) -> None:
        """Counts a tensor, or a network's parameters and buffers, from now on."""
        whole = isinstance(item, nn.Module)
        self._count((*item.parameters(), *item.buffers()) if whole else (item,))

    def reset_peak(self) -> None:
        """Starts a new measurement: `peak_bytes` is what is held now."""
        self.peak_bytes = self.live_bytes

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
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), _OF_PARTS.name):
            with torch._C.DisableTorchFunction(), self:
                return func._op_dk(_OF_PARTS, *args, **kwargs)
        result = func(*args, **kwargs)
        self._count(leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor))
        return result

    def _count(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if tensor.device.type != self._device.type or key in self._counted:
                continue
            self._counted[key] = weakref.ref(storage, self._forgetter(key, storage.nbytes()))
            self.live_bytes += storage.nbytes()
            self.peak_bytes = max(self.peak_bytes, self.live_bytes)

    def _forgetter(self, key: int, size: int) -> Callable[[Any], None]:
        def forget(_: Any) -> None:
            del self._counted[key]
            self.live_bytes -= size

        return forget


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
