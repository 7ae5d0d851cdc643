"""One network's tensors wherever they lie, in official names."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from inference.api.errors import UserError
from inference.weights.coding import (
    Coded,
    decode,
    decode_rows,
    find_coded,
    is_packed_as,
    packed,
)
from inference.weights.files import Header, Stored, read_header, read_tensors
from inference.weights.names import SPIECE_MODEL, Dialect, Network, Recognised, recognise
from inference.weights.precision import Precision, find_precision
from quant.formats import Storage, is_quantised

INDEX_SUFFIX = ".index.json"
CONFIG = "config"  # in the metadata of files that Kinora writes
SAMPLE_BYTES = 65536
SAMPLES = 64

Inferred = TypeVar("Inferred")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a tensor comes from: `parts` joined along their first axis and seen in `shape`."""

    shape: tuple[int, ...]
    parts: tuple[Coded, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network in one file or in shards; `sources` is by official name.

    `config` is the `config.json` that lies beside it, {} without one. `spiece_model` is the
    tokenizer that ComfyUI keeps inside a text encoder's file.
    """

    network: Network
    dialect: Dialect
    precision: Precision
    sources: Mapping[str, Source]
    headers: tuple[Header, ...]
    config: Mapping[str, Any]
    spiece_model: Stored | None = None

    @property
    def path(self) -> Path:
        """The file, or the folder of the shards."""
        first = self.headers[0].file
        return first if len(self.headers) == 1 else first.parent

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that it lies in, for `identity`."""
        return tuple(header.file for header in self.headers)

    @property
    def parameters(self) -> int:
        """How many numbers the network is made of."""
        return sum(prod(source.shape) for source in self.sources.values())

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the tensor with this official name. Raises `UserError` if it isn't there."""
        if name not in self.sources:
            raise UserError(
                "{path} is an incomplete {network}: it has no tensor {name}; get the whole file, "
                "or "
                "all of its parts.",
                path=self.path,
                network=self.network.words,
                name=name,
            )
        return self.sources[name].shape

    def without_hints(self) -> "Checkpoint":
        """A transformer without VACE's part, which text alone doesn't run."""
        trunk = {n: source for n, source in self.sources.items() if not n.startswith("vace_")}
        return replace(self, sources=trunk)

    def require_readable(self) -> None:
        """Raise `UserError` if the precision is one that can't be read."""
        if not self.precision.readable:
            raise UserError(
                "{path} holds the {network} in {precision} and can't be used: {obstacle}; use the "
                "same model in bf16, fp16, fp8 or int8.",
                path=self.path,
                network=self.network.words,
                precision=self.precision.words,
                obstacle=self.precision.obstacle,
            )

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Tensors by official name: on the CPU, in their stored dtypes, mapped and not yet read.

        What is kept as codes is decoded to float32. Nothing is kept here, so once the tensors are
        dropped their memory is given back.
        """
        wanted = {name: self.sources[name] for name in names}
        stored = self.map(wanted)
        return {
            name: _join([_as_stored(part, stored) for part in source.parts]).view(source.shape)
            for name, source in wanted.items()
        }

    def read_as(self, dtypes: Mapping[str, torch.dtype], device: torch.device) -> dict[str, Tensor]:
        """Tensors by official name in `dtypes`, on `device`; mapped where the file has them like that.

        Codes are decoded one tensor at a time, on `device`.
        """
        stored = self.map(dtypes)
        return {
            name: _join(
                [_on_device(part, stored, dtype, device) for part in self.sources[name].parts]
            ).view(self.sources[name].shape)
            for name, dtype in dtypes.items()
        }

    def is_packed_as(self, storage: Storage) -> bool:
        """Whether all weights that are to be quantised have the codes of `storage` already."""
        weights = [source.parts for name, source in self.sources.items() if is_quantised(name)]
        joined = storage is not Storage.NF4  # whose codes don't end with a row
        return all(
            (joined or len(parts) == 1) and all(is_packed_as(part, storage) for part in parts)
            for parts in weights
        )

    def read_packed(
        self, names: Iterable[str], storage: Storage, device: torch.device
    ) -> dict[str, Tensor]:
        """What `quant.pack` makes of the weights with these official names, by names such as
        "blocks.0.ffn.0.weight_scale"; only where `is_packed_as(storage)`. Mapped on the CPU."""
        wanted = list(names)
        stored = self.map(wanted)
        tensors = {}
        for name in wanted:
            parts = [packed(part, stored, storage) for part in self.sources[name].parts]
            for key in parts[0]:
                own = name.removesuffix("weight") + key
                tensors[own] = _join([part[key] for part in parts]).to(device)
        return tensors

    def read_rows(self, name: str, rows: Tensor) -> Tensor:
        """Rows of a matrix that isn't in parts, [..., columns] for int64 `rows` [...]: in its stored
        dtype, or float32 where it is kept as codes; no other rows are read."""
        (part,) = self.sources[name].parts
        stored = self.map([name])
        return decode_rows(part, stored, rows)

    def map(self, names: Iterable[str]) -> dict[Stored, Tensor]:
        """Everything that the tensors with these official names are made of, mapped."""
        self.require_readable()
        parts = [part for name in names for part in self.sources[name].parts]
        return _map(self.headers, (stored for part in parts for stored in part.stored))

    def read_spiece_model(self) -> bytes:
        """The SentencePiece model kept beside the weights; only where `spiece_model` is set."""
        if self.spiece_model is None:
            raise ValueError(f"{self.path} holds no tokenizer")
        return _map(self.headers, [self.spiece_model])[self.spiece_model].numpy().tobytes()


def of_plausible_shapes(
    infer: Callable[[Checkpoint], Inferred],
) -> Callable[[Checkpoint], Inferred]:
    """Decorate what reads shapes: a tensor that has too few axes for it is a `UserError`."""

    @functools.wraps(infer)
    def checked(checkpoint: Checkpoint) -> Inferred:
        try:
            return infer(checkpoint)
        except (ValueError, IndexError, ZeroDivisionError) as error:
            raise UserError(
                "{path} has a {network}'s names but not its shapes: it's damaged, or of another "
                "model.",
                path=checkpoint.path,
                network=checkpoint.network.words,
            ) from error

    return checked


def open_checkpoints(file: Path) -> tuple[Checkpoint, ...]:
    """The networks in `file`: mostly one, several in an all-in-one file, none in any other file.

    A shard, or the index of the shards, opens the whole network. Raises `UserError` if the file can't
    be read.
    """
    headers = tuple(read_header(shard) for shard in shards(file))
    tensors = {name: stored for header in headers for name, stored in header.tensors.items()}
    coded = find_coded(tensors, headers[0].metadata, functools.partial(_map, headers))
    config = _read_config(file.parent / "config.json", headers[0])
    return tuple(_checkpoint(found, headers, coded, config) for found in recognise(coded))


def shards(file: Path) -> list[Path]:
    """All files of the network that `file` is a shard or the index of; else `file` alone."""
    if file.name.endswith(INDEX_SUFFIX):
        return _indexed(file)
    for index in sorted(file.parent.glob("*" + INDEX_SUFFIX)):
        if file.name in _names_in(index):
            return _indexed(index)
    return [file]


def identity(files: Iterable[Path]) -> str:
    """A name for the content of `files` (64 hexadecimal digits), whatever they are called.

    It is the SHA-256, for each file in turn, of its size and of 64 samples of 64 KiB: the first starts
    at the file's start, the last ends at its end, and the others lie evenly between. So the headers
    count in full, and of the weights 4 MiB; a file of up to 4 MiB counts whole. Two files that differ
    only between the samples get the same name.
    """
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with file.open("rb") as stream:
            if size <= SAMPLES * SAMPLE_BYTES:
                digest.update(stream.read())
                continue
            for sample in range(SAMPLES):
                stream.seek(sample * (size - SAMPLE_BYTES) // (SAMPLES - 1))
                digest.update(stream.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _checkpoint(
    found: Recognised,
    headers: tuple[Header, ...],
    tensors: Mapping[str, Coded],
    config: Mapping[str, Any],
) -> Checkpoint:
    own = {name: tensor for name, tensor in tensors.items() if name.startswith(found.prefix)}
    parts: dict[str, dict[int, Coded]] = {}
    leading: dict[str, int] = {}
    for name, tensor in own.items():
        target = found.target(name)
        if target is not None:
            parts.setdefault(target.name, {}).setdefault(target.part, tensor)
            leading[target.name] = target.leading_axes
    sources = {
        name: _source([coded for _, coded in sorted(numbered.items())], leading[name])
        for name, numbered in parts.items()
    }
    network = found.naming.network
    spiece_model = tensors.get(SPIECE_MODEL) if network is Network.TEXT else None
    return Checkpoint(
        network=network,
        dialect=found.naming.dialect,
        precision=find_precision(headers[0], own, config),
        sources=sources,
        headers=headers,
        config=config,
        spiece_model=None if spiece_model is None else spiece_model.data,
    )


def _source(parts: list[Coded], leading_axes: int) -> Source:
    shape = list(parts[0].shape)
    if len(parts) > 1:
        shape[:1] = [sum(sum(part.shape[:1]) for part in parts)]
    return Source((*[1] * leading_axes, *shape), tuple(parts))


def _join(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _as_stored(part: Coded, stored: Mapping[Stored, Tensor]) -> Tensor:
    return stored[part.data] if part.is_plain else decode(part, stored, torch.float32)


def _on_device(
    part: Coded, stored: Mapping[Stored, Tensor], dtype: torch.dtype, device: torch.device
) -> Tensor:
    if part.is_plain:
        return stored[part.data].to(device, dtype)
    return decode(part, {entry: stored[entry].to(device) for entry in part.stored}, dtype)


def _map(headers: Iterable[Header], stored: Iterable[Stored]) -> dict[Stored, Tensor]:
    """Map tensors that lie in the files of `headers`, each file once."""
    wanted = set(stored)
    mapped = {}
    for header in headers:
        here = {entry.name: entry for entry in wanted if entry.file == header.file}
        if here:
            tensors = read_tensors(header, list(here))
            mapped |= {entry: tensors[name] for name, entry in here.items()}
    return mapped


def _indexed(index: Path) -> list[Path]:
    """The files that an index of shards names, all of them there, in order."""
    files = [index.parent / name for name in _names_in(index)]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise UserError(
            "{folder} lacks {count} of the {total} files that {index} lists ({missing}): "
            "download them again.",
            folder=index.parent,
            count=len(missing),
            total=len(files),
            index=index.name,
            missing=", ".join(missing[:3]),
        )
    return files


def _names_in(index: Path) -> list[str]:
    weight_map = _read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise UserError("{index} isn't an index of shards: it has no weight_map.", index=index)
    return sorted({str(name) for name in weight_map.values()})


def _read_config(file: Path, header: Header) -> Mapping[str, Any]:
    """What the file itself says of its network, as those that Kinora writes do; else what lies beside."""
    if CONFIG in header.metadata:
        return _parse_json(header.metadata[CONFIG], header.file)
    return _read_json(file) if file.exists() else {}


def _read_json(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UserError(
            "{file} can't be read as JSON: download or copy it again.", file=file
        ) from error
    return _parse_json(text, file)


def _parse_json(text: str, file: Path) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UserError(
            "{file} can't be read as JSON: download or copy it again.", file=file
        ) from error
    if not isinstance(content, dict):
        raise UserError(
            "{file} can't be read as a configuration: it isn't a JSON object.", file=file
        )
    return content
