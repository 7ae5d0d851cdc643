"""Clips that are not finished yet: kept in one file each, so that pausing or a power cut costs a step.

The file is a safetensors with the solver's state, the last estimate of the clip and the prompt's
embeddings; what it belongs to is in its metadata. It is replaced as a whole, or not at all.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from inference import sample
from inference.api.codec import DecodeError, from_json, parse
from inference.api.errors import UserError
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest, WeightFormat
from inference.sample import SolverState

X0, CONTEXT = "x0", "context."
ASIDE = ".unusable"


class UnusableError(Exception):
    """A file that no clip can go on from, and why: a part of a sentence."""

    def __init__(self, cause: Sentence) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A clip between two steps.

    `contexts` are the embeddings [1, L, D] of the prompt and, under guidance, of the negative prompt;
    `x0` is the clip [1, C, F, H, W] as the last step guessed it, None before the first.
    `stop_after` is the number of steps after which that guess is taken for the clip, 0 for all.
    """

    state: SolverState
    contexts: tuple[Tensor, Tensor | None]
    x0: Tensor | None = None
    stop_after: int = 0

    def is_done(self, steps: int) -> bool:
        """Whether no more of `steps` steps are to be taken."""
        return self.state.step >= (self.stop_after or steps)

    def result(self, steps: int) -> Tensor:
        """The latent [1, C, F, H, W] to decode: after all steps what they led to, before a guess."""
        if self.state.step >= steps or self.x0 is None:
            return self.state.latent
        return self.x0


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the unfinished clip of a request, made by the model with this identity, at `path`."""

    path: Path
    request: GenerationRequest
    model_identity: str

    def write(self, clip: Unfinished, steps: int) -> None:
        """Put `clip` in the place of the one before. Raises `OSError` if it can't be written."""
        tensors = sample.pack_state(clip.state)
        tensors |= {f"{CONTEXT}{i}": c for i, c in enumerate(clip.contexts) if c is not None}
        tensors |= {} if clip.x0 is None else {X0: clip.x0}
        metadata = {
            "request": json.dumps(asdict(self.request)),
            "model": self.model_identity,
            "stop_after": str(clip.stop_after),
            "step": str(clip.state.step),
            "steps": str(steps),
        }
        partial = self.path.with_name(self.path.name + ".partial")
        try:
            on_cpu = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
            save_file(on_cpu, partial, metadata)
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(self.path)
        except SafetensorError as error:  # how it says that the disk is full
            raise OSError(str(error)) from error
        finally:
            partial.unlink(missing_ok=True)

    def read(self, device: torch.device) -> Unfinished:
        """The clip in the file. Raises `UnusableError` unless it is whole and of this request."""
        metadata, tensors = _read(self.path)
        if metadata.get("model") != self.model_identity:
            raise UnusableError(Sentence("it was begun with other weights"))
        try:
            request = from_json(GenerationRequest, parse(metadata["request"]))
            stop_after = int(metadata["stop_after"])
            state = sample.unpack_state(tensors)
        except (LookupError, ValueError, DecodeError, UserError) as error:
            raise UnusableError(Sentence("it is damaged")) from error
        if request != self.request:
            raise UnusableError(Sentence("it is of another request"))
        return _on(device, state, tensors, stop_after)

    def set_aside(self) -> Path:
        """Give the file another name, which is returned."""
        aside = self.path.with_name(self.path.name + ASIDE)
        self.path.replace(aside)
        return aside


def steps_kept(path: Path) -> tuple[int, int]:
    """How many steps of how many the unfinished clip at `path` has; (0, 0) if there is none."""
    try:
        metadata, _ = _read(path, names=())
        return int(metadata["step"]), int(metadata["steps"])
    except (UnusableError, LookupError, ValueError):
        return 0, 0


def in_kept_format(request: GenerationRequest, state: str) -> GenerationRequest:
    """The request; if its format is left open, in that in which the unfinished clip in the file `state` was
    begun. An empty `state` is none."""
    if request.weights is not WeightFormat.AUTO or not state:
        return request
    try:
        metadata, _ = _read(Path(state), names=())
        kept = from_json(GenerationRequest, parse(metadata["request"]))
    except (UnusableError, LookupError, DecodeError, UserError):
        return request
    return replace(request, weights=kept.weights)


def _read(
    path: Path, names: tuple[str, ...] | None = None
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and the named tensors, all by default."""
    try:
        with safe_open(path, framework="pt") as file:
            wanted = file.keys() if names is None else names
            # Not mapped any more: Windows replaces no file that is.
            return file.metadata() or {}, {name: file.get_tensor(name).clone() for name in wanted}
    except (OSError, SafetensorError) as error:
        raise UnusableError(Sentence("it is damaged")) from error


def _on(
    device: torch.device, state: SolverState, tensors: dict[str, Tensor], stop_after: int
) -> Unfinished:
    contexts = [tensors[name].to(device) for name in sorted(tensors) if name.startswith(CONTEXT)]
    if not contexts:
        raise UnusableError(Sentence("it is damaged"))
    x0 = tensors.get(X0)
    moved = replace(
        state,
        latent=state.latent.to(device),
        base=None if state.base is None else state.base.to(device),
        history=tuple(past.to(device) for past in state.history),
    )
    return Unfinished(
        state=moved,
        contexts=(contexts[0], contexts[1] if len(contexts) > 1 else None),
        x0=None if x0 is None else x0.to(device),
        stop_after=stop_after,
    )
