"""A linear layer whose weight is kept as codes, and how it multiplies in each format."""

from collections.abc import Callable
from functools import cache
from statistics import median
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from quant.formats import FORMATS, Kernel, QFormat, Storage, is_quantised
from quant.libraries import bitsandbytes, quanto
from quant.pack import DTYPES, LARGEST, SOURCE, pack, packed_shapes, unpack
from quant.products import scaled_product
from quant.runtime import row_kernel

# torch's only ways to the matrix units for 8 bits are marked private.
_int_mm: Callable[..., Tensor] = vars(torch)["_int_mm"]
_scaled_mm: Callable[..., Tensor] = vars(torch)["_scaled_mm"]

INT8_ROWS = 17  # fewer rows than this cuBLAS doesn't multiply in int8
FP8_ROWS = 272  # and of 256 or fewer not all in fp8 (https://github.com/pytorch/ao/issues/4582)
CACHED_ROWS = 256  # that a processor rounds, multiplies and scales before they leave its cache
INT8_UNITS = ("avx512_vnni", "avx_vnni", "amx_int8")  # of processors, as torch calls them
PROBE = 2048, 1536, 4096  # rows, inner and outer width of a product that is timed
SUMS = 4  # rows that a block of its `scale_sums` takes
_FP8_SHAPES: dict[tuple[torch.device, tuple[int, int]], bool] = {}  # that were tried
OUTLIER = 6.0  # from here on LLM.int8 keeps an input in fp16 (Dettmers et al. 2022)


class QuantLinear(nn.Module):
    """y = x W^T + b, in the dtype of the bias; W [out, in] is what `quant.pack` makes of it."""

    weight: Tensor
    weight_scale: Tensor  # of 8 bits

    def __init__(self, layer: nn.Linear, form: QFormat) -> None:
        """In place of `layer`, on its device; to be filled by `load_state_dict`."""
        super().__init__()
        self.form = form
        self.shape = (layer.out_features, layer.in_features)
        for name, (shape, dtype) in packed_shapes(self.shape, form.storage).items():
            self.register_buffer(name, torch.empty(shape, dtype=dtype, device=layer.weight.device))
        self.bias = cast(Tensor, layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x [..., in] in the dtype of the bias -> [..., out]."""
        flat = x.reshape(-1, x.shape[-1])
        return _MULTIPLY[self.form.kernel](self, flat).view(*x.shape[:-1], self.shape[0])

    def of_gelu(self, x: Tensor) -> Tensor | None:
        """`forward` of GELU(x), in its tanh form, for x [..., in]: made as x is rounded, in one pass over memory.

        None where a kernel of ours doesn't round x: GELU has to come before.
        """
        multiply = _multiply_codes(self, x.device)
        if multiply is None:
            return None
        rounded = _round_on_card(x.reshape(-1, x.shape[-1]), self.form.storage, "GELU")
        if rounded is None:
            return None
        return multiply(self, *rounded, x.dtype).view(*x.shape[:-1], self.shape[0])

    def numbers(self, dtype: torch.dtype) -> Tensor:
        """The weight [out, in] that the codes stand for."""
        return unpack(dict(self.named_buffers()), self.form.storage, self.shape, dtype)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.form.name}, out={self.shape[0]}, in={self.shape[1]}"


def quantise_layers(network: nn.Module, form: QFormat) -> None:
    """Put a `QuantLinear` in the place of every linear layer that the rule of `formats` names."""
    layers = [
        (name, module) for name, module in network.named_modules() if is_quantised(f"{name}.weight")
    ]
    for name, layer in layers:
        parent, _, own = name.rpartition(".")
        setattr(network.get_submodule(parent), own, QuantLinear(cast(nn.Linear, layer), form))


def quantised(layer: nn.Linear, name: str) -> QuantLinear:
    """`layer`, with its weight in the format called `name`."""
    form = FORMATS[name]
    made = QuantLinear(layer, form)
    made.load_state_dict({**pack(layer.weight.detach(), form.storage), "bias": layer.bias.detach()})
    return made.requires_grad_(False)


def _int8(layer: QuantLinear, x: Tensor) -> Tensor:
    """Codes of both times the scales of both; the sums are exact."""
    if not multiplies_int8(x.device):
        return _weight_only(layer, x)
    if x.device.type != "cpu" or torch.compiler.is_compiling():  # which would unroll the loop
        return _multiply_int8(layer, *_round_rows(x, Storage.INT8), x.dtype)
    out = x.new_empty(len(x), layer.shape[0])
    for part, made in zip(x.split(CACHED_ROWS), out.split(CACHED_ROWS), strict=True):
        made.copy_(_multiply_int8(layer, *_round_rows(part, Storage.INT8), x.dtype))
    return out


def _multiply_int8(layer: QuantLinear, codes: Tensor, scale: Tensor, dtype: torch.dtype) -> Tensor:
    if codes.is_cuda and not torch.compiler.is_compiling() and _is_ours_faster(codes.device, dtype):
        made = scaled_product(codes, scale, layer.weight, layer.weight_scale, layer.bias.to(dtype))
        if made is not None:
            return made
    return _multiply_int8_by_torch(layer, codes, scale, dtype)


def _multiply_int8_by_torch(
    layer: QuantLinear, codes: Tensor, scale: Tensor, dtype: torch.dtype
) -> Tensor:
    rows = len(codes)
    if codes.is_cuda:
        codes = _padded(codes, INT8_ROWS)
    return _scaled(_int_mm(codes, layer.weight.T)[:rows], scale, layer, dtype)


def _fp8(layer: QuantLinear, x: Tensor) -> Tensor:
    if not _is_multiplied_in_fp8(layer, x.device):
        return _weight_only(layer, x)
    return _multiply_fp8(layer, *_round_rows(x, Storage.FP8), x.dtype)


def _multiply_fp8(layer: QuantLinear, codes: Tensor, scale: Tensor, dtype: torch.dtype) -> Tensor:
    products = _scaled_mm(
        _padded(codes.view(torch.uint8), FP8_ROWS).view(codes.dtype),  # which torch doesn't pad
        layer.weight.T,
        _padded(scale, FP8_ROWS),
        layer.weight_scale.T,
        bias=layer.bias,
        out_dtype=dtype,
        use_fast_accum=True,  # a fifth faster on an H100, with the same error: that of the codes
    )
    return products[: len(codes)]


def _padded(rows: Tensor, least: int) -> Tensor:
    """[M, N] with rows of zeros after them, if they are fewer than `least`."""
    missing = least - len(rows)
    return F.pad(rows, (0, 0, 0, missing)) if missing > 0 else rows


def _weight_only(layer: QuantLinear, x: Tensor) -> Tensor:
    return F.linear(x, layer.numbers(x.dtype), layer.bias)


def _llm_int8(layer: QuantLinear, x: Tensor) -> Tensor:
    library = bitsandbytes()
    scale = layer.weight_scale
    state = library.MatmulLtState()
    state.CB, state.SCB = layer.weight, scale.view(-1) * LARGEST[Storage.INT8]
    state.threshold, state.has_fp16_weights = OUTLIER, False
    return library.matmul(x.half(), layer.weight, state=state).to(x.dtype).add_(layer.bias)


def _quanto(layer: QuantLinear, x: Tensor) -> Tensor:
    quanto()
    scale = layer.weight_scale.to(x.dtype)
    return torch.ops.quanto.qbytes_mm(x, layer.weight, scale) + layer.bias


_MULTIPLY: dict[Kernel, Callable[[QuantLinear, Tensor], Tensor]] = {
    Kernel.INT8: _int8,
    Kernel.FP8: _fp8,
    Kernel.WEIGHT_ONLY: _weight_only,
    Kernel.LLM_INT8: _llm_int8,
    Kernel.QUANTO: _quanto,
}


def _multiply_codes(layer: QuantLinear, device: torch.device) -> Callable[..., Tensor] | None:
    """How a device multiplies by rounded inputs; None in formats that don't round them, or where it can't."""
    match layer.form.kernel:
        case Kernel.INT8 if multiplies_int8(device):
            return _multiply_int8
        case Kernel.FP8 if _is_multiplied_in_fp8(layer, device):
            return _multiply_fp8
    return None


def _round_rows(x: Tensor, storage: Storage) -> tuple[Tensor, Tensor]:
    """Codes of x [M, K] and the float32 scale [M, 1] of each row."""
    rounded = _round_on_card(x, storage)
    if rounded is not None:
        return rounded
    scale = x.abs().amax(dim=1, keepdim=True).float() / LARGEST[storage]
    codes = x / scale.clamp_(min=torch.finfo(torch.float32).tiny)
    if storage is Storage.INT8:
        codes.round_()
    return codes.to(DTYPES[storage]), scale


def _round_on_card(x: Tensor, storage: Storage, *macros: str) -> tuple[Tensor, Tensor] | None:
    """`_round_rows` by our kernel, as `macros` have it; None where there is none."""
    launch = row_kernel(SOURCE, "round_rows", x, x.dtype, storage.name, *macros)
    if launch is None:
        return None
    codes = torch.empty_like(x, dtype=DTYPES[storage], memory_format=torch.contiguous_format)
    scale = x.new_empty(len(x), 1, dtype=torch.float32)
    launch(grid=(len(x), 1, 1), args=[x.contiguous(), codes, scale])
    return codes, scale


def _scaled(sums: Tensor, scale: Tensor, layer: QuantLinear, dtype: torch.dtype) -> Tensor:
    """sums [M, N] int32 times the scales of their rows [M, 1] and of the weight's, and the bias, in `dtype`."""
    launch = row_kernel(SOURCE, "scale_sums", sums, dtype, Storage.INT8.name)
    if launch is None:
        products = sums.float().mul_(scale)
        return torch.addcmul(layer.bias.float(), products, layer.weight_scale.T).to(dtype)
    out = torch.empty_like(sums, dtype=dtype)
    rows = len(sums)
    arguments = [sums, scale, layer.weight_scale, layer.bias.to(dtype), out, rows]
    launch(grid=(-(-rows // SUMS), 1, 1), args=arguments)
    return out


@cache
def _is_ours_faster(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a card multiplies int8 faster by our kernel than by torch's and a pass after it; both give the same.

    It doesn't where the kernel can't be run. A shortage of memory is raised.
    """
    try:
        return _gain_of_ours(device, dtype) > 1
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return False


def _gain_of_ours(device: torch.device, dtype: torch.dtype) -> float:
    """How many times as fast ours is; 0 where it gives something else."""
    rows, inner, outer = PROBE
    layer = QuantLinear(nn.Linear(inner, outer, device=device, dtype=dtype), FORMATS["int8"])
    layer.weight.random_(-127, 128)
    layer.weight_scale.fill_(1 / inner)
    codes = torch.randint(-127, 128, (rows, inner), dtype=torch.int8, device=device)
    scale = torch.full((rows, 1), 1 / inner, device=device)
    given = codes, scale, layer.weight, layer.weight_scale, layer.bias
    made, expected = scaled_product(*given), _multiply_int8_by_torch(layer, codes, scale, dtype)
    if made is None or not torch.allclose(made.float(), expected.float(), rtol=0.02, atol=0.02):
        return 0.0
    theirs = _milliseconds(lambda: _multiply_int8_by_torch(layer, codes, scale, dtype))
    return theirs / _milliseconds(lambda: scaled_product(*given))


def _milliseconds(run: Callable[[], object]) -> float:
    """What a card takes for a call, in the median of a few."""
    taken = []
    for _ in range(5):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        end.synchronize()
        taken.append(start.elapsed_time(end))
    return median(taken)


@cache
def multiplies_int8(device: torch.device) -> bool:
    """Whether there are int8 units: a processor without them would take forty times as long as in float32."""
    if device.type == "cpu":
        return any(torch.cpu.get_capabilities().get(unit, False) for unit in INT8_UNITS)
    codes = torch.zeros(32, 32, dtype=torch.int8, device=device)
    return _runs(lambda: _int_mm(codes, codes.T))


@cache
def multiplies_fp8(device: torch.device) -> bool:
    """Whether this card and this torch multiply rows of fp8 with a scale each."""
    if device.type != "cuda":
        return False
    codes = torch.zeros(FP8_ROWS, 32, device=device).to(torch.float8_e4m3fn)
    layer = QuantLinear(nn.Linear(32, 32, device=device, dtype=torch.bfloat16), FORMATS["fp8"])
    scale = torch.ones(FP8_ROWS, 1, device=device)
    return _runs(lambda: _multiply_fp8(layer, codes, scale, torch.bfloat16))


def _is_multiplied_in_fp8(layer: QuantLinear, device: torch.device) -> bool:
    """Whether a card multiplies rows of fp8 by this weight: cuBLAS has no product for some shapes, 208 outputs
    of 8960 inputs on an H200 for one."""
    if not multiplies_fp8(device):
        return False
    key = device, layer.shape
    if key not in _FP8_SHAPES:
        codes = torch.zeros(FP8_ROWS, layer.shape[1], dtype=DTYPES[Storage.FP8], device=device)
        scale = torch.ones(FP8_ROWS, 1, device=device)
        _FP8_SHAPES[key] = _runs(lambda: _multiply_fp8(layer, codes, scale, layer.bias.dtype))
    return _FP8_SHAPES[key]


def _runs(kernel: Callable[[], Tensor]) -> bool:
    try:
        kernel()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # torch has no other way to tell
        return False
    return True
