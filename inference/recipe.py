"""How a clip was made, kept inside its file, so that it can be made again."""

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import torch

from inference.api.codec import DecodeError, from_json, parse
from inference.api.errors import UserError, reason
from inference.api.spec import GenerationRequest
from inference.api.version import VERSION
from inference.media import read_metadata
from inference.weights.checkpoint import identity
from inference.weights.model_files import ModelFiles

TAG = "recipe"


@dataclass(frozen=True, slots=True)
class Origin:
    """What computed a clip: on another, the same request may give slightly other pixels."""

    kinora_version: str
    torch_version: str
    machine: str
    device: str

    @classmethod
    def here(cls, device: torch.device) -> Self:
        """This program on `device` of this machine."""
        is_gpu = device.type == "cuda"
        return cls(
            kinora_version=VERSION,
            torch_version=torch.__version__,
            machine=f"{platform.system()} {platform.machine()}",
            device=torch.cuda.get_device_name(device) if is_gpu else device.type,
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """The request, the name of the model's content (see `weights.checkpoint.identity`), and what
    computed it."""

    request: GenerationRequest
    model_identity: str
    origin: Origin

    @classmethod
    def of(cls, request: GenerationRequest, files: ModelFiles, device: torch.device) -> Self:
        """The recipe of a clip that is about to be made."""
        return cls(request, identity_of(files), Origin.here(device))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recipe in a clip that this program made; `UserError` if there is none."""
        try:
            return from_json(cls, parse(read_metadata(path).get(TAG, "")))
        except DecodeError as error:
            raise UserError(
                "{path} holds no recipe that can be read: only a clip that Kinora made, as it made "
                "it, can be repeated.",
                path=path,
            ) from error

    def tags(self) -> dict[str, str]:
        """What is to be written into the clip's metadata."""
        return {TAG: json.dumps(asdict(self), ensure_ascii=False)}


def identity_of(files: ModelFiles) -> str:
    """A name for the content of all parts of a model, whatever they are called."""
    parts = [part for part in (files.dit, files.text, files.vae, files.image) if part is not None]
    paths = [path for part in parts for path in part.files]
    if files.tokenizer is not None:
        paths.append(files.tokenizer)
    try:
        return identity(paths)
    except OSError as error:
        raise UserError(
            "{path} can't be read ({reason}).", path=error.filename, reason=reason(error)
        ) from error
