"""Small quantised checkpoints in the layouts that exist in the wild.

Each function takes a state dict in any names and the names of the weights to quantise; it gives the
state as the file has it, and those weights as numbers, by whoever defined the layout where that is a
library.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

import torch
from bitsandbytes.functional import QuantState, dequantize_4bit, int8_vectorwise_dequant
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
from optimum.quanto import QLinear, qfloat8, qint4, qint8, qtype
from torch import Tensor, nn

State = dict[str, Tensor]
Quantised = tuple[State, State]
Quantise = Callable[[Mapping[str, Tensor], Iterable[str]], Quantised]

_LINEAR = re.compile(
    r".*blocks\.\d+\.(?:(?:self|cross)_attn\.(?:q|k|v|o|k_img|v_img)|ffn\.[02])\.weight"
)
_TEXT_LINEAR = re.compile(r"encoder\.block\.\d+\..+\.(?:[qkvo]|wi_0|wi_1|wo)\.weight")


def linear_weights(state: Mapping[str, Tensor]) -> list[str]:
    """The linear weights inside the blocks of a transformer, or of a text encoder of transformers'."""
    return [name for name in state if _LINEAR.fullmatch(name) or _TEXT_LINEAR.fullmatch(name)]


def _layers(state: Mapping[str, Tensor], names: Iterable[str]) -> tuple[State, dict[str, Tensor]]:
    """The rest of the state, and the weights by the names of their layers."""
    weights = {name.removesuffix(".weight"): state[name].float() for name in names}
    rest = {name: t for name, t in state.items() if name.removesuffix(".weight") not in weights}
    return rest, weights


def _scaled(weight: Tensor, dtype: torch.dtype, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Codes and their scales, one for each row (`axes` (1,)) or one for all ((0, 1))."""
    largest = 127.0 if dtype is torch.int8 else torch.finfo(dtype).max
    scale = weight.abs().amax(axes, keepdim=True) / largest
    codes = weight / scale
    return (codes.round() if dtype is torch.int8 else codes).to(dtype), scale


def plain_fp8(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
    """Kijai's `fp8_e4m3fn`: cast, and nothing beside it."""
    rest, weights = _layers(state, names)
    codes = {f"{n}.weight": w.to(torch.float8_e4m3fn) for n, w in weights.items()}
    return rest | codes, {name: code.float() for name, code in codes.items()}


def comfy_scaled(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
    """`umt5_xxl_fp8_e4m3fn_scaled` and its like, of 2024 and 2025."""
    rest, weights = _layers(state, names)
    file, numbers = rest | {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}, {}
    for name, weight in weights.items():
        codes, scale = _scaled(weight, torch.float8_e4m3fn, (0, 1))
        file |= {f"{name}.weight": codes, f"{name}.scale_weight": scale.view(1)}
        file[f"{name}.scale_input"] = torch.ones(1)
        numbers[f"{name}.weight"] = codes.float() * scale
    return file, numbers


def _comfy(state, names, settings: dict, encode: Callable[[Tensor], tuple[Tensor, ...]]):
    rest, weights = _layers(state, names)
    file, numbers = rest, {}
    for name, weight in weights.items():
        codes, scale, expected = encode(weight)
        said = torch.tensor(list(json.dumps(settings).encode()), dtype=torch.uint8)
        file |= {f"{name}.weight": codes, f"{name}.weight_scale": scale}
        file[f"{name}.comfy_quant"] = said
        numbers[f"{name}.weight"] = expected
    return file, numbers


def comfy_fp8(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
    """ComfyUI's `float8_e4m3fn` of 2026, with one scale for all and the unused input's."""

    def encode(weight: Tensor) -> tuple[Tensor, ...]:
        codes, scale = _scaled(weight, torch.float8_e4m3fn, (0, 1))
        return codes, scale.view(()), codes.float() * scale

    file, numbers = _comfy(state, names, {"format": "float8_e4m3fn"}, encode)
    return file | {f"{n.removesuffix('weight')}input_scale": torch.ones(()) for n in names}, numbers


def comfy_int8(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
    """ComfyUI's `int8_tensorwise`, which with scales by the row keeps its name."""

    def encode(weight: Tensor) -> tuple[Tensor, ...]:
        codes, scale = _scaled(weight, torch.int8, (1,))
        return codes, scale.view(-1), codes.float() * scale

    return _comfy(state, names, {"format": "int8_tensorwise"}, encode)


def comfy_rotated(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
    """ComfyUI's int8 ConvRot, in groups of 4: the matrix is written out here."""
    matrix = torch.tensor([[1, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1], [-1, 1, 1, 1]]) / 2
    settings = {"format": "int8_tensorwise", "convrot": True, "convrot_groupsize": 4}

    def encode(weight: Tensor) -> tuple[Tensor, ...]:
        rows = [torch.cat([matrix @ part for part in row.split(4)]) for row in weight]
        codes, scale = _scaled(torch.stack(rows), torch.int8, (1,))
        back = [torch.cat([matrix.T @ part for part in row.split(4)]) for row in codes * scale]
        return codes, scale, torch.stack(back)

    return _comfy(state, names, settings, encode)


def comfy_metadata(names: Iterable[str]) -> dict[str, str]:
    """What a file says in its metadata in place of the tensors `comfy_quant`."""
    layers = {n.removesuffix(".weight"): {"format": "float8_e4m3fn"} for n in names}
    return {"_quantization_metadata": json.dumps({"format_version": "1.0", "layers": layers})}


def lightx2v(dtype: torch.dtype) -> Quantise:
    """LightX2V's: a scale for each row, [out, 1]."""

    def quantise(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
        rest, weights = _layers(state, names)
        file, numbers = rest, {}
        for name, weight in weights.items():
            codes, scale = _scaled(weight, dtype, (1,))
            file |= {f"{name}.weight": codes, f"{name}.weight_scale": scale}
            numbers[f"{name}.weight"] = codes.float() * scale
        return file, numbers

    return quantise


def _linear(weight: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    linear.load_state_dict({"weight": weight})
    return linear


def _modules(make: Callable[[nn.Linear], tuple[nn.Module, Tensor]]) -> Quantise:
    """As the library's own module saves itself, beside the numbers that it computes with."""

    def quantise(state: Mapping[str, Tensor], names: Iterable[str]) -> Quantised:
        rest, weights = _layers(state, names)
        file, numbers = rest, {}
        for name, weight in weights.items():
            module, expected = make(_linear(weight))
            file |= {f"{name}.{key}": tensor for key, tensor in module.state_dict().items()}
            numbers[f"{name}.weight"] = expected.detach()
        return file, numbers

    return quantise


def _quanto(kind: qtype) -> Quantise:
    def make(linear: nn.Linear) -> tuple[nn.Module, Tensor]:
        module: Any = QLinear.from_module(linear, weights=kind)
        module.freeze()
        return module, module.weight.dequantize()

    return _modules(make)


def _bitsandbytes_4(kind: str, *, doubled: bool) -> Quantise:
    def make(linear: nn.Linear) -> tuple[nn.Module, Tensor]:
        module = Linear4bit(
            linear.in_features, linear.out_features, bias=False, quant_type=kind,
            compress_statistics=doubled,
        )  # fmt: skip
        module.load_state_dict(linear.state_dict())
        weight: Any = module.to("cpu").weight
        return module, _dequantize_4bit(weight.data, weight.quant_state).view(linear.weight.shape)

    return _modules(make)


def _dequantize_4bit(codes: Tensor, state: QuantState) -> Tensor:
    """What the codes of a matrix [out, in] stand for, as one long row.

    bitsandbytes 0.50's AVX-512 kernel misplaces the scales of rows that aren't whole blocks.
    """
    row = copy(state)
    row.shape = torch.Size((1, 2 * codes.numel()))
    return dequantize_4bit(codes, row)


def _bitsandbytes_8() -> Quantise:
    def make(linear: nn.Linear) -> tuple[nn.Module, Tensor]:
        module = Linear8bitLt(
            linear.in_features, linear.out_features, bias=False, has_fp16_weights=False
        )
        module.load_state_dict(linear.state_dict())
        module.to("cpu")
        weight: Any = module.weight
        return module, int8_vectorwise_dequant(weight.data, weight.SCB)

    return _modules(make)


# By name, with what `models inspect` calls it where most weights are like that.
LAYOUTS: dict[str, tuple[Quantise, str]] = {
    "plain-fp8": (plain_fp8, "fp8 e4m3 (without scales)"),
    "comfyui-scaled-fp8": (comfy_scaled, "ComfyUI's scaled fp8"),
    "comfyui-2026-fp8": (comfy_fp8, "fp8 e4m3 (ComfyUI's quantisation of 2026)"),
    "comfyui-2026-int8": (comfy_int8, "int8 (ComfyUI's quantisation of 2026)"),
    "comfyui-2026-rotated": (comfy_rotated, "int8 (ComfyUI's quantisation of 2026)"),
    "lightx2v-int8": (lightx2v(torch.int8), "int8 (LightX2V)"),
    "lightx2v-fp8": (lightx2v(torch.float8_e4m3fn), "fp8 e4m3 (LightX2V)"),
    "quanto-int8": (_quanto(qint8), "int8 (quanto)"),
    "quanto-fp8": (_quanto(qfloat8), "fp8 e4m3 (quanto)"),
    "bitsandbytes-nf4": (_bitsandbytes_4("nf4", doubled=False), "packed 4-bit (bitsandbytes)"),
    "bitsandbytes-nf4-doubled": (
        _bitsandbytes_4("nf4", doubled=True),
        "packed 4-bit (bitsandbytes)",
    ),
    "bitsandbytes-fp4": (_bitsandbytes_4("fp4", doubled=False), "packed 4-bit (bitsandbytes)"),
    "bitsandbytes-int8": (_bitsandbytes_8(), "int8 (bitsandbytes)"),
}
quanto_4_bit = _quanto(qint4)
