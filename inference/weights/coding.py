"""How a file keeps each weight: as numbers, or as codes beside what turns them back into numbers.

Conventions found in the wild, for a layer `X`, told by the tensors that stand beside `X.weight`:

    ComfyUI      X.scale_weight, maybe X.scale_input; a tensor `scaled_fp8` marks the file
    ComfyUI 2026 X.weight_scale, and as JSON in X.comfy_quant or the file's metadata the format
    LightX2V     X.weight_scale [out, 1]
    quanto       X.weight._data, X.weight._scale, X.input_scale, X.output_scale
    bitsandbytes X.weight.absmax, X.weight.quant_map, X.weight.quant_state... (4 bits), X.SCB (8 bits)

What rescales a layer's input (`scale_input`, ...) has no part in its weight and is left out.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import prod
from typing import Any

import torch
from torch import Tensor

from inference.api.sentence import Sentence
from inference.weights.files import DTYPES, Stored
from quant.convert import (
    NESTED_BLOCK,
    is_rotation,
    rescale,
    scale_fits,
    unnest,
    unpack_4_bit,
    unrotate,
)
from quant.formats import Storage
from quant.pack import BLOCK
from quant.pack import DTYPES as PACKED_DTYPES

COMFY_FORMATS = {"float8_e4m3fn", "float8_e5m2", "int8_tensorwise", "int8_blockwise"}
CODES = {"I8", "F8_E4M3", "F8_E5M2"}
ROUNDED = CODES | {"U8"}
SCALES = {"F32", "F16", "BF16", "F64"}

Read = Callable[[Iterable[Stored]], Mapping[Stored, Tensor]]
Settings = Mapping[str, Any]


class Convention(Enum):
    """How quantised weights and their scales are laid out; the value says it to people."""

    PLAIN = ""
    UNSCALED = "without scales"
    COMFY_SCALED = "ComfyUI's scaled fp8"
    COMFY_QUANT = "ComfyUI's quantisation of 2026"
    QUANTO = "quanto"
    WEIGHT_SCALE = "LightX2V"
    BITSANDBYTES = "bitsandbytes"
    DIFFUSERS = "diffusers' quantization_config"
    GGUF = "GGUF"


@dataclass(frozen=True, slots=True)
class Coded:
    """A weight of shape `shape`: `data`, and in `aids`, by what they are, the tensors it is read with.

    `settings` is what a JSON beside the weight says. `obstacle` is empty where the weight can be read,
    else it finishes "it can't be used: ...".
    """

    shape: tuple[int, ...]
    data: Stored
    convention: Convention = Convention.PLAIN
    aids: Mapping[str, Stored] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    obstacle: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether what is stored are the numbers themselves, in whatever dtype."""
        return self.convention in (Convention.PLAIN, Convention.UNSCALED)

    @property
    def stored(self) -> tuple[Stored, ...]:
        """All that has to be read for it."""
        return (self.data, *self.aids.values())


# What a tensor beside a weight is, by the end of its name.
_ROLES = {
    "weight._data": "data",
    "weight._data._data": "data",
    "weight._scale": "scale",
    "weight._shift": "shift",
    "weight_scale": "scale",
    "scale_weight": "scale",
    "weight_scale_2": "second scale",
    "weight_global_scale": "second scale",
    "comfy_quant": "settings",
    "weight.absmax": "absmax",
    "weight.quant_map": "quant_map",
    "weight.nested_absmax": "nested_absmax",
    "weight.nested_quant_map": "nested_quant_map",
    "weight.quant_state.bitsandbytes__nf4": "settings",
    "weight.quant_state.bitsandbytes__fp4": "settings",
    "SCB": "scb",
    "scale_input": "unused",
    "input_scale": "unused",
    "output_scale": "unused",
    "input_global_scale": "unused",
    "weight_format": "unused",
}
_BESIDE = re.compile(rf"(.+?)\.({'|'.join(map(re.escape, _ROLES))})")
_MARK = re.compile(r"(?:.+\.)?scaled_fp8")


def find_coded(
    tensors: Mapping[str, Stored], metadata: Mapping[str, str], read: Read
) -> dict[str, Coded]:
    """The weights among `tensors`, by name; what stands beside a weight is a part of it.

    metadata: that of the file, or of its first shard.
    read:     gives the small tensors that say how a weight is kept.
    """
    plain, layers = _sort(tensors)
    settings = _settings(layers, metadata, read)
    coded = {name: _plain(name, stored) for name, stored in plain.items()}
    for layer, aids in layers.items():
        data = aids.pop("data")
        coded[f"{layer}.weight"] = _coded(data, aids, settings.get(layer, {}))
    return coded


def decode(coded: Coded, tensors: Mapping[Stored, Tensor], dtype: torch.dtype) -> Tensor:
    """The numbers of a weight, in `dtype`, from the tensors that `coded.stored` names."""
    data = tensors[coded.data]
    aids = {name: tensors[stored] for name, stored in coded.aids.items()}
    match coded.convention:
        case Convention.PLAIN | Convention.UNSCALED:
            return data.to(dtype)
        case Convention.BITSANDBYTES if "absmax" in aids:
            return _decode_4_bit(data, aids, coded).to(dtype)
        case Convention.BITSANDBYTES:  # LLM.int8 keeps the largest number of each row
            return rescale(data, aids["scb"].float() / 127).to(dtype)
        case _:
            numbers = rescale(data, aids["scale"])
            if rotation := _rotation(coded.settings):
                numbers = unrotate(numbers, rotation)
            return numbers.to(dtype)


def is_packed_as(coded: Coded, storage: Storage) -> bool:
    """Whether its codes are those of `storage`, so that they can be computed with as they are."""
    if coded.obstacle or len(coded.shape) != 2:
        return False
    if storage is Storage.NF4:
        wanted = {"quant_type": "nf4", "blocksize": BLOCK}
        return (
            coded.aids.keys() == {"absmax", "quant_map"}
            and wanted.items() <= coded.settings.items()
        )
    if DTYPES.get(coded.data.dtype) is not PACKED_DTYPES[storage] or _rotation(coded.settings):
        return False
    scales = [prod(stored.shape) for stored in coded.aids.values()]
    return scales in ([], [1], [coded.shape[0]])


def packed(coded: Coded, tensors: Mapping[Stored, Tensor], storage: Storage) -> dict[str, Tensor]:
    """What `quant.pack` would give, had it made these codes, of which `is_packed_as` is true."""
    data = tensors[coded.data]
    if storage is Storage.NF4:
        return {"weight": data.view(-1, 1), "absmax": tensors[coded.aids["absmax"]].float()}
    scale = torch.ones(1, device=data.device)
    for role, stored in coded.aids.items():
        scale = tensors[stored].float() / (127 if role == "scb" else 1)
    rows = scale.reshape(-1, 1).expand(len(data), 1).contiguous()
    return {"weight": data, "weight_scale": rows}


def decode_rows(coded: Coded, tensors: Mapping[Stored, Tensor], rows: Tensor) -> Tensor:
    """Rows of a matrix, [..., columns] for int64 `rows` [...]: in the stored dtype, or from codes in
    float32. Where each row is coded for itself, no other is read."""
    data = tensors[coded.data]
    if coded.is_plain:
        return data[rows]
    scales = [stored for role, stored in coded.aids.items() if role in ("scale", "scb")]
    if len(scales) != 1 or scales[0].shape[:1] not in ((), (1,), data.shape[:1]):
        return decode(coded, tensors, torch.float32)[rows]
    scale, flat = tensors[scales[0]], rows.flatten()
    own = scale[flat] if scale.shape[:1] == data.shape[:1] else scale
    numbers = decode(coded, {coded.data: data[flat], scales[0]: own}, torch.float32)
    return numbers.unflatten(0, rows.shape)


def _sort(
    tensors: Mapping[str, Stored],
) -> tuple[dict[str, Stored], dict[str, dict[str, Stored]]]:
    """What stands alone, by name, and the rest by layer and role; each layer has its "data"."""
    plain: dict[str, Stored] = {}
    layers: dict[str, dict[str, Stored]] = {}
    for name, stored in tensors.items():
        beside = _BESIDE.fullmatch(name)
        if beside is not None:
            layers.setdefault(beside[1], {})[_ROLES[beside[2]]] = stored
        elif not _MARK.fullmatch(name):
            plain[name] = stored
    for layer, aids in list(layers.items()):
        if "data" not in aids and f"{layer}.weight" in plain:
            aids["data"] = plain.pop(f"{layer}.weight")
        if "data" not in aids:  # nothing to go with: the strict load names them
            plain |= {stored.name: stored for stored in layers.pop(layer).values()}
    return plain, layers


def _settings(
    layers: Mapping[str, Mapping[str, Stored]], metadata: Mapping[str, str], read: Read
) -> dict[str, Settings]:
    """What JSON says of each layer's weight: in a tensor beside it, or in the file's metadata."""
    said = _parse(metadata.get("_quantization_metadata", "{}")).get("layers")
    said = said if isinstance(said, dict) else {}
    settings: dict[str, Settings] = {n: said[n] for n in said if isinstance(said[n], dict)}
    tensors = {name: aids["settings"] for name, aids in layers.items() if "settings" in aids}
    found = read(tensors.values()) if tensors else {}
    for layer, stored in tensors.items():
        settings[layer] = _parse(found[stored].contiguous().view(torch.uint8).numpy().tobytes())
    return settings


def _parse(text: str | bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else, which then lacks what is needed."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _plain(name: str, stored: Stored) -> Coded:
    """A tensor with nothing beside it."""
    convention, obstacle = Convention.PLAIN, ""
    if stored.dtype.startswith("F8"):
        convention = Convention.UNSCALED
    elif stored.dtype in ROUNDED and name.endswith(".weight"):
        convention = Convention.UNSCALED
        obstacle = Sentence(
            "its weights are {dtype} codes without the scales to read them by", dtype=stored.dtype
        )
    return Coded(stored.shape, stored, convention, obstacle=obstacle)


def _coded(data: Stored, aids: Mapping[str, Stored], settings: Settings) -> Coded:
    """A weight with `aids` beside it, by their roles."""
    used = {role: stored for role, stored in aids.items() if role not in ("unused", "settings")}
    if not used and "settings" not in aids:
        return _plain(data.name, data)
    shape, convention = data.shape, _convention(aids, settings)
    if convention is Convention.BITSANDBYTES and "absmax" in used:
        shape = tuple(int(size) for size in settings.get("shape", ()))
    obstacle = _obstacle(data, used, convention, settings)
    return Coded(shape, data, convention, used, settings, obstacle=obstacle)


def _convention(aids: Mapping[str, Stored], settings: Settings) -> Convention:
    if aids.keys() & {"absmax", "quant_map", "scb"}:
        return Convention.BITSANDBYTES
    if "format" in settings or "settings" in aids:
        return Convention.COMFY_QUANT
    scale = aids["scale"].name if "scale" in aids else ""
    if scale.endswith(".scale_weight"):
        return Convention.COMFY_SCALED
    return Convention.WEIGHT_SCALE if scale.endswith(".weight_scale") else Convention.QUANTO


def _obstacle(
    data: Stored, aids: Mapping[str, Stored], convention: Convention, settings: Settings
) -> str:
    """Why a weight with these aids can't be read; empty if it can."""
    if convention is Convention.BITSANDBYTES:
        return _obstacle_of_bitsandbytes(data, aids, settings)
    kind = settings.get("format", Sentence("no named format"))
    if convention is Convention.COMFY_QUANT and kind not in COMFY_FORMATS:
        return Sentence("it has layers in {kind}, a precision that can't be read yet", kind=kind)
    if "shift" in aids or (convention is Convention.QUANTO and data.dtype == "U8"):
        return Sentence("it has layers in quanto's 4 or 2 bits, a precision that can't be read yet")
    if aids.keys() != {"scale"} or data.dtype not in CODES or aids["scale"].dtype not in SCALES:
        found = ", ".join(f"{role} {stored.dtype}" for role, stored in aids.items()) or Sentence(
            "no scale"
        )
        return Sentence(
            "it has layers of {dtype} codes with {found}, a precision that can't be read yet",
            dtype=data.dtype,
            found=found,
        )
    if not scale_fits(aids["scale"].shape, data.shape):
        return _misfit(data)
    rotation = _rotation(settings)
    if rotation and not (len(data.shape) == 2 and is_rotation(rotation, data.shape[1])):
        return Sentence(
            "{name} is rotated in groups of {rotation}, a precision that can't be read yet",
            name=data.name,
            rotation=rotation,
        )
    return ""


def _obstacle_of_bitsandbytes(data: Stored, aids: Mapping[str, Stored], settings: Settings) -> str:
    if "scb" in aids:
        fits = data.dtype == "I8" and scale_fits(aids["scb"].shape, data.shape)
        return "" if fits else _misfit(data)
    known = {"shape", "blocksize"} <= settings.keys() and {"absmax", "quant_map"} <= aids.keys()
    doubled = "nested_absmax" in aids
    if not known or (doubled and settings.get("nested_blocksize") != NESTED_BLOCK):
        return Sentence(
            "{name} lacks what bitsandbytes keeps beside it: it's incomplete", name=data.name
        )
    if data.dtype == "U8":
        return ""
    return Sentence(
        "it has {dtype} codes of bitsandbytes, a precision that can't be read yet", dtype=data.dtype
    )


def _misfit(data: Stored) -> Sentence:
    return Sentence("the scales of {name} don't fit it: it's damaged", name=data.name)


def _rotation(settings: Settings) -> int:
    """The width of the groups of inputs that were rotated before rounding; 0 for none."""
    return int(settings.get("convrot_groupsize", 256)) if settings.get("convrot") else 0


def _decode_4_bit(data: Tensor, aids: Mapping[str, Tensor], coded: Coded) -> Tensor:
    absmax = aids["absmax"]
    if "nested_absmax" in aids:
        offset = float(coded.settings["nested_offset"])
        absmax = unnest(absmax, aids["nested_absmax"], aids["nested_quant_map"], offset)
    return unpack_4_bit(
        data, absmax, aids["quant_map"], int(coded.settings["blocksize"]), coded.shape
    )
