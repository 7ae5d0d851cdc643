"""From the pictures that a clip begins and ends with to what the transformer is given of them."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.api import pictures
from inference.api.errors import UserError
from inference.api.spec import TEMPORAL_STRIDE, GenerationRequest
from inference.catalog import Model
from inference.load import load_image_encoder, load_vae
from inference.media import read_frames
from inference.wan.given import Piece, stream_image_condition, stream_vace_context
from inference.wan.image import preprocess
from inference.weights.params import dit_params


class Condition(TypedDict, total=False):
    """What the transformer is given besides noise, time and text, as `DiT.forward` has it."""

    condition: Tensor
    image_context: Tensor
    vace_context: Tensor


@dataclass(frozen=True, slots=True)
class Way:
    """How the pictures are encoded: on what, as what numbers, and how the VAE goes about it."""

    device: torch.device
    dtype: torch.dtype
    tile: int = 0
    park: bool = False


def stream_condition(
    model: Model, request: GenerationRequest, way: Way
) -> Generator[float, None, Condition]:
    """The condition that `request` asks for; yields the share that is done, up to 1.

    Raises `UserError` if a picture isn't there any more or can't be read.
    """
    shown = {n: read_picture(name, request) for n, name in request.pictures.items()}
    params, size = dit_params(model.dit), (request.height, request.width)

    def pieces() -> Iterator[Piece]:
        return _pieces({n: _fit(p, size) for n, p in shown.items()}, request, way)

    seen = _look_at(model, list(shown.values()), way) if params.image_dim else None
    vae = load_vae(model.vae, way.dtype, way.device)
    if params.vace_layers:
        stream = stream_vace_context(vae, pieces, request.frames, way.tile, park=way.park)
        return {"vace_context": (yield from stream)}
    stream = stream_image_condition(vae, pieces, request.frames, way.tile, park=way.park)
    given: Condition = {"condition": (yield from stream)}
    if seen is not None:
        given["image_context"] = seen
    return given


def take_picture(path: Path) -> str:
    """The name of the picture in the file at `path`, which is kept. Raises `UserError` if it is none, or several."""
    count = len(list(islice(read_frames(path), 2)))
    if path.is_dir() or count > 1:
        raise UserError(
            "{path} has several frames: choose a picture, such as a .png or .jpg.", path=path
        )
    return pictures.keep(path)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the picture in the file at `path`."""
    height, width, _ = next(read_frames(path)).shape
    return width, height


def read_picture(name: str, request: GenerationRequest) -> Tensor:
    """The kept picture of that name, cut in its middle to the shape of the clip: float32 [3, H, W] in [-1, 1]."""
    frame = next(read_frames(pictures.require(name)))
    return cut(frame.permute(2, 0, 1).float() / 127.5 - 1, request.width / request.height)


def cut(picture: Tensor, aspect: float) -> Tensor:
    """The largest part from the middle of a picture [3, H, W] that is `aspect` times as wide as high."""
    height, width = picture.shape[1:]
    wanted = min(width, max(1, round(height * aspect)))
    high = min(height, max(1, round(width / aspect)))
    top, left = (height - high) // 2, (width - wanted) // 2
    return picture[:, top : top + high, left : left + wanted]


def _fit(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture [3, H, W] at another size, in [-1, 1]."""
    scaled = F.interpolate(picture[None], size, mode="bicubic", antialias=True)
    return scaled[0].clamp(-1, 1)


def _pieces(given: Mapping[int, Tensor], request: GenerationRequest, way: Way) -> Iterator[Piece]:
    """The clip of which some frames [3, H, W] are given by their numbers, and the others are grey."""
    first = 0
    while first < request.frames:
        count = TEMPORAL_STRIDE if first else 1
        shape = (1, 3, count, request.height, request.width)
        video = torch.zeros(shape, dtype=way.dtype, device=way.device)
        mask = torch.ones_like(video[:, :1])
        for number in range(first, first + count):
            if number in given:
                video[0, :, number - first] = given[number].to(video)
                mask[:, :, number - first] = 0
        yield video, mask
        first += count


def _look_at(model: Model, given: list[Tensor], way: Way) -> Tensor:
    """What CLIP sees in pictures [3, H, W]: tokens [1, 257 or 514, image_dim]."""
    tower = load_image_encoder(model.image, way.dtype, way.device)
    seen = torch.stack([preprocess(picture) for picture in given])
    return tower(seen.to(way.device)).flatten(0, 1)[None]
