"""A checkpoint to a network that runs: built on meta, then given its tensors, with strict keys."""

import re
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from itertools import groupby
from typing import TypeVar

import torch
from torch import Tensor, nn

from inference.api.errors import UserError
from inference.api.sentence import series
from inference.api.spec import ImageParams
from inference.wan.dit import DiT, block_prefixes
from inference.wan.image import ImageEncoder
from inference.wan.text import Tokenizer
from inference.wan.vae import VAE
from inference.weights.assign import fill, read_as, require_fit
from inference.weights.checkpoint import Checkpoint
from inference.weights.files import DTYPES
from inference.weights.meta import shapes_only
from inference.weights.model_files import ModelFiles
from inference.weights.params import dit_params, image_params, vae_params
from quant.formats import QFormat, is_quantised
from quant.linear import quantise_layers

# What the official transformer computes in float32, whatever the dtype of the rest.
_FLOAT32 = re.compile(r"(?:time_embedding|time_projection|head)\..+|.+\.(?:modulation|norm3\..+)")
_BLOCK = re.compile(r"(?:\w+\.)*?\d+\.")  # "blocks.3.", "encoder.downsamples.3."

Network = TypeVar("Network", bound=nn.Module)
# The tensors of a block of the trunk, and of the block of VACE that hints at it, by their names in the DiT,
# on a device: on the CPU mapped where the file has them as they are needed.
ReadBlock = Callable[[int, torch.device], dict[str, Tensor]]


def load_dit(
    checkpoint: Checkpoint,
    dtype: torch.dtype,
    device: torch.device | str,
    form: QFormat | None = None,
) -> DiT:
    """The transformer on `device`; linear layers compute in `dtype`, but for a few in float32.

    With `form` its layers are quantised, and `checkpoint` has the codes: see `quantize.stream_copy`.
    """
    return _last(stream_dit(checkpoint, dtype, device, form=form))


def stream_dit(
    checkpoint: Checkpoint,
    dtype: torch.dtype,
    device: torch.device | str,
    streamed: Collection[int] = (),
    form: QFormat | None = None,
) -> Generator[float, None, DiT]:
    """`load_dit` a portion at a time; yields the share that is loaded, in (0, 1].

    The blocks in `streamed` are left on meta, for a `StreamingNetwork` that reads them by `block_reader`.
    """
    params, dtypes = dit_params(checkpoint), _dit_dtypes(checkpoint, dtype)
    later = tuple(prefix for index in streamed for prefix in block_prefixes(params, index))
    return (
        yield from _stream(
            checkpoint, lambda: DiT(params), dtypes, torch.device(device), later, form
        )
    )


def block_reader(
    checkpoint: Checkpoint, dtype: torch.dtype, form: QFormat | None = None
) -> ReadBlock:
    """Reads the blocks that `stream_dit` left out, to be computed with in `dtype`."""
    params, dtypes = dit_params(checkpoint), _dit_dtypes(checkpoint, dtype)

    def read(index: int, device: torch.device) -> dict[str, Tensor]:
        own = {n: d for n, d in dtypes.items() if n.startswith(block_prefixes(params, index))}
        return _read(checkpoint, own, device, form)

    return read


def _read(
    checkpoint: Checkpoint,
    dtypes: Mapping[str, torch.dtype],
    device: torch.device,
    form: QFormat | None,
) -> dict[str, Tensor]:
    """The tensors of those names in those dtypes, or what they are packed as."""
    if form is None:
        return read_as(checkpoint, dtypes, device)
    codes = [name for name in dtypes if is_quantised(name)]
    rest = {name: dtype for name, dtype in dtypes.items() if not is_quantised(name)}
    return checkpoint.read_packed(codes, form.storage, device) | read_as(checkpoint, rest, device)


def _shapes(
    checkpoint: Checkpoint, dtypes: Mapping[str, torch.dtype], form: QFormat | None
) -> dict[str, Tensor]:
    """What `_read` gives, without numbers."""
    return _read(checkpoint, dtypes, torch.device("meta"), form) if dtypes else {}


def _dit_dtypes(checkpoint: Checkpoint, dtype: torch.dtype) -> dict[str, torch.dtype]:
    """The dtype that each tensor is computed with."""
    return {
        name: torch.float32 if _FLOAT32.fullmatch(name) else dtype for name in checkpoint.sources
    }


def load_vae(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str) -> VAE:
    """The VAE on `device`, in `dtype`."""
    params = vae_params(checkpoint)
    dtypes = dict.fromkeys(checkpoint.sources, dtype)
    vae = _load(checkpoint, lambda: VAE(params), dtypes, torch.device(device))
    return vae.to_channels_last()


def load_image_encoder(
    checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str
) -> ImageEncoder:
    """CLIP's vision tower on `device`, in `dtype`."""
    params = image_params(checkpoint)
    dtypes = dict.fromkeys(checkpoint.sources, dtype)
    return _load(checkpoint, lambda: _image_encoder(params), dtypes, torch.device(device))


def load_tokenizer(files: ModelFiles, text_len: int) -> Tokenizer:
    """The tokenizer of a model's text encoder, cutting prompts to `text_len` tokens."""
    if files.text is not None and files.text.spiece_model is not None:
        data = files.text.read_spiece_model()
        return Tokenizer.from_spiece(data, str(files.text.path), text_len)
    if files.tokenizer is None:
        raise UserError("{path} lacks {parts}.", path=files.path, parts=series(files.missing))
    return Tokenizer.from_file(files.tokenizer, text_len)


def _image_encoder(params: ImageParams) -> ImageEncoder:
    """CLIP's tower without its end, which Wan2.1 doesn't use and transformers' files don't have."""
    tower = ImageEncoder(params)
    del tower.post_norm, tower.head
    return tower


def _load(
    checkpoint: Checkpoint,
    build: Callable[[], Network],
    dtypes: Mapping[str, torch.dtype],
    device: torch.device,
) -> Network:
    return _last(_stream(checkpoint, build, dtypes, device))


def _stream(
    checkpoint: Checkpoint,
    build: Callable[[], Network],
    dtypes: Mapping[str, torch.dtype],
    device: torch.device,
    later: tuple[str, ...] = (),
    form: QFormat | None = None,
) -> Generator[float, None, Network]:
    """Tensors whose names start with one of `later` are left on meta."""
    with shapes_only():
        network = build()
        require_fit(checkpoint, network)
        if form is not None:
            quantise_layers(network, form)
    left_out = {name: dtype for name, dtype in dtypes.items() if name.startswith(later)}
    now = {name: dtype for name, dtype in dtypes.items() if name not in left_out}
    tensors = _shapes(checkpoint, left_out, form)
    done = 0
    for names in _portions(checkpoint, now, device):
        tensors |= _read(checkpoint, {name: now[name] for name in names}, device, form)
        done += len(names)
        yield done / len(now)
    return fill(network, tensors)


def _last(stream: Generator[float, None, Network]) -> Network:
    """What a generator returns in the end."""
    while True:
        try:
            next(stream)
        except StopIteration as finished:
            return finished.value


def _portions(
    checkpoint: Checkpoint, dtypes: Mapping[str, torch.dtype], device: torch.device
) -> Iterable[list[str]]:
    """Names to read at a time.

    What has to be converted is read block by block, so that no more than a block is held twice; what
    can be used as it is mapped is read at once, so that each file is mapped once.
    """
    as_stored = all(
        part.is_plain and DTYPES.get(part.data.dtype) is dtypes[name]
        for name in dtypes
        for part in checkpoint.sources[name].parts
    )
    if device.type == "cpu" and as_stored:
        return [list(dtypes)]
    by_block = sorted(dtypes, key=_block)
    return [list(names) for _, names in groupby(by_block, key=_block)]


def _block(name: str) -> str:
    match = _BLOCK.match(name)
    return match[0] if match else ""
