"""Clips as Kinora writes them, with their recipe, or as others do."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from inference.api.spec import GenerationRequest
from inference.media import open_writer
from tests.tiny_model import make_request


def ask(prompt: str = "a fox", seed: int = 7, frames: int = 5) -> GenerationRequest:
    return make_request("demo", prompt=prompt, seed=seed, frames=frames)


def write_clip(path: Path, request: GenerationRequest | None = None, frames: int = 5) -> Path:
    """A grey clip as Kinora writes it, or without a recipe as others do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    recipe = {"request": asdict(request)} if request is not None else None
    tags = {"recipe": json.dumps(recipe, ensure_ascii=False)} if recipe else {}
    with open_writer(path, 32, 32, 16, tags) as write:
        for shade in range(frames):
            write(np.full((32, 32, 3), 8 * shade, np.uint8))
    return path
