"""How a clip was made, kept inside its file, so that it can be made again."""

import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import torch

from inference.api.errors import UserError
from inference.api.messages import ProtocolError, build
from inference.api.spec import GenerationRequest
from inference.media import read_metadata
from inference.weights.checkpoint import identity
from inference.weights.model_files import ModelFiles

TAG = "recipe"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The request, the name of the model's content (see `weights.checkpoint.identity`), and what
    computed it."""

    request: GenerationRequest
    model_identity: str
    kinora: str
    torch: str
    platform: str

    @classmethod
    def of(cls, request: GenerationRequest, files: ModelFiles) -> Self:
        """The recipe of a clip that is about to be made."""
        return cls(
            request=request,
            model_identity=identity_of(files),
            kinora=_own_version(),
            torch=torch.__version__,
            platform=f"{platform.system()} {platform.machine()}",
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recipe in a clip that this program made; `UserError` if there is none."""
        try:
            return build(cls, json.loads(read_metadata(path).get(TAG, "")))
        except (ValueError, ProtocolError) as error:
            raise UserError(
                f"{path} holds no recipe: only a clip that Kinora made, as it made it, can be repeated."
            ) from error

    def tags(self) -> dict[str, str]:
        """What is to be written into the clip's metadata."""
        return {TAG: json.dumps(asdict(self), ensure_ascii=False)}


def identity_of(files: ModelFiles) -> str:
    """A name for the content of all parts of a model, whatever they are called."""
    parts = [part for part in (files.dit, files.text, files.vae, files.image) if part is not None]
    paths = [path for part in parts for path in part.files]
    return identity([*paths, *([files.tokenizer] if files.tokenizer else [])])


def _own_version() -> str:
    try:
        return version("kinora")
    except PackageNotFoundError:  # run from a checkout
        return "source"
