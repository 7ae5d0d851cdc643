"""From the pictures that a clip begins and ends with, or the video that it is an edit of, to what the transformer
is given of them."""

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
from inference.api.plan import Tiling
from inference.api.spec import TEMPORAL_STRIDE, GenerationRequest
from inference.catalog import Model
from inference.footage import cut, pieces_of_footage
from inference.load import load_image_encoder, load_vae
from inference.media import read_frames
from inference.wan.given import Piece, stream_image_condition, stream_vace_context
from inference.wan.image import preprocess
from inference.weights.params import dit_params

LOOKED = 0.2  # the share that is done once CLIP has seen the pictures
JPEG = b"\xff\xd8\xff"  # how such a file begins


class Condition(TypedDict, total=False):
    """What the transformer is given besides noise, time and text, as `DiT.forward` has it."""

    condition: Tensor
    image_context: Tensor
    vace_context: Tensor


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture cut to the clip's shape: `frame` [3, H, W] in [-1, 1] at the clip's size, and what is `seen`
    of it by CLIP, [3, 224, 224] normalised. Of a large photograph nothing else is held."""

    frame: Tensor
    seen: Tensor


@dataclass(frozen=True, slots=True)
class Way:
    """How the pictures are encoded: on what, as what numbers, and how the VAE goes about it."""

    device: torch.device
    dtype: torch.dtype
    tiling: Tiling


def stream_condition(
    model: Model, request: GenerationRequest, way: Way
) -> Generator[float, None, Condition]:
    """The condition that `request` asks for; yields the share that is done, up to 1.

    Raises `UserError` if a picture isn't there any more or can't be read.
    """
    params = dit_params(model.dit)
    shown = {number: read_picture(name, request) for number, name in request.pictures.items()}
    seen = None
    if params.image_dim:
        seen = _look_at(model, [picture.seen for picture in shown.values()], way)
        yield LOOKED

    def pieces() -> Iterator[Piece]:
        if request.video:
            return pieces_of_footage(request, way.dtype, way.device)
        return _pieces({number: picture.frame for number, picture in shown.items()}, request, way)

    vae = load_vae(model.vae, way.dtype, way.device)
    frames, side, park = request.frames, way.tiling.side, way.tiling.park
    if params.vace_layers:
        given = [read_reference(name, request) for name in request.references]
        references = [shown.to(way.device, way.dtype)[None, :, None] for shown in given]
        stream = stream_vace_context(vae, pieces, frames, side, park=park, references=references)
        return {"vace_context": (yield from stream)}
    stream = stream_image_condition(vae, pieces, frames, side, park=park)
    made: Condition = {"condition": (yield from _after(0.0 if seen is None else LOOKED, stream))}
    if seen is not None:
        made["image_context"] = seen
    return made


def _after(done: float, stream: Generator[float, None, Tensor]) -> Generator[float, None, Tensor]:
    """A stream whose shares are of what is left once `done` of all is."""
    while True:
        try:
            share = next(stream)
        except StopIteration as finished:
            return finished.value
        yield done + (1 - done) * share


def take_picture(path: Path) -> str:
    """The name of the picture in the file at `path`, which is kept. Raises `UserError` if it is none, or several.

    A JPEG is one, whatever lies behind it: phones put a second there, of how bright the first is.
    """
    count = len(list(islice(read_frames(path), 2)))
    if path.is_dir() or (count > 1 and not _is_jpeg(path)):
        raise UserError(
            "{path} isn't one picture: choose a file with a single one, such as a .png or .jpg.",
            path=path,
        )
    return pictures.keep(path)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the picture in the file at `path`."""
    height, width, _ = next(read_frames(path)).shape
    return width, height


def read_picture(name: str, request: GenerationRequest) -> Picture:
    """The kept picture of that name, cut in its middle to the shape of the clip."""
    pixels = next(read_frames(pictures.require(name))).permute(2, 0, 1)
    picture = cut(pixels, request.width / request.height).float().div_(127.5).sub_(1)
    size = request.height, request.width
    scaled = F.interpolate(picture[None], size, mode="bicubic", antialias=True)
    return Picture(scaled[0].clamp_(-1, 1), preprocess(picture))


def _is_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(JPEG)) == JPEG


def read_reference(name: str, request: GenerationRequest) -> Tensor:
    """The kept picture of that name as a frame [3, H, W] in [-1, 1]: all of it, as large as the clip's shape lets
    it be, on white."""
    picture = next(read_frames(pictures.require(name))).permute(2, 0, 1).float()
    room, own = (request.height, request.width), picture.shape[1:]
    scale = min(side / length for side, length in zip(room, own, strict=True))
    high, wide = (max(1, int(length * scale)) for length in own)
    scaled = F.interpolate(picture[None], (high, wide), mode="bicubic", antialias=True)[0]
    frame = torch.ones(3, *room)
    top, left = (room[0] - high) // 2, (room[1] - wide) // 2
    frame[:, top : top + high, left : left + wide] = (scaled / 127.5 - 1).clamp_(-1, 1)
    return frame


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
    """What CLIP sees in pictures [3, 224, 224]: tokens [1, 257 or 514, image_dim]."""
    # On a card in fp16, as the official code does: bf16 takes as much and is four times as far off.
    dtype = torch.float16 if way.device.type == "cuda" else way.dtype
    tower = load_image_encoder(model.image, dtype, way.device)
    return tower(torch.stack(given).to(way.device)).flatten(0, 1)[None].to(way.dtype)
