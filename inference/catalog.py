"""From what a user calls a model to the model: a known name, or a path to files."""

from dataclasses import dataclass, replace
from pathlib import Path

from inference.api.errors import UserError
from inference.api.models import MODELS, folder_of
from inference.api.spec import DiTParams, ModelSpec
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.params import dit_params


@dataclass(frozen=True, slots=True)
class Model:
    """A model to run: what is known of it, and where its parts lie."""

    spec: ModelSpec
    files: ModelFiles


def find(name: str, *elsewhere: Path) -> Model:
    """The model called `name`, one of `MODELS` or a path; its missing parts may lie in `elsewhere`.

    A path's spec is that of the known model with the same transformer. Raises `UserError` if there is
    no such model, or it isn't on this machine.
    """
    spec = MODELS.get(name.lower())
    if spec is not None:
        folder = folder_of(spec)
        if not folder.is_dir():
            raise UserError(
                f"The model {spec.name} isn't on this machine: get it with ./kinora models download "
                f"{spec.name}, or give the path of a copy."
            )
        return Model(spec, find_model(folder, *elsewhere))
    if not Path(name).exists():
        raise UserError(
            f"There is no model {name!r}: give the path of a model's folder or file, or one of "
            f"{', '.join(MODELS)}."
        )
    files = find_model(Path(name), *elsewhere)
    return Model(_spec_of(files), files)


def _spec_of(files: ModelFiles) -> ModelSpec:
    files.require()
    assert files.dit is not None
    params = dit_params(files.dit)
    for spec in MODELS.values():
        if _same_network(spec.dit, params):
            return spec
    raise UserError(
        f"{files.path} holds a transformer of an unknown kind ({params.num_layers} blocks of width "
        f"{params.dim}): give one of Wan2.1's."
    )


def _same_network(a: DiTParams, b: DiTParams) -> bool:
    """Whether the shapes agree; what the tensors don't tell may differ."""
    return a == replace(b, text_len=a.text_len, eps=a.eps)
