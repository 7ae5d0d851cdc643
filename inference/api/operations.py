"""How much computing a clip is, counted from its networks' shapes.

Pure arithmetic, held to what the real networks multiply by `tests/api/test_operations.py`. What is small
beside the rest is left out: norms, the time's embedding, an image's tokens.
"""

from dataclasses import dataclass
from math import prod

from inference.api.sizes import sampled_shape
from inference.api.spec import DiTParams, GenerationRequest, dit_for


@dataclass(frozen=True, slots=True)
class Operations:
    """Of a step, in floating point operations: `packed` of the layers that quantisation packs, which
    grow with the number of tokens, as do those of `other` layers; `attention` grows by its square."""

    packed: int
    other: int
    attention: int

    @property
    def total(self) -> int:
        return self.packed + self.other + self.attention


def step_operations(params: DiTParams, request: GenerationRequest) -> Operations:
    """Of a step, both branches of guidance included where there are two."""
    params = dit_for(params, request)
    dim, text, layers = params.dim, params.text_len, params.num_layers
    patch = prod(params.patch_size)
    tokens = prod(sampled_shape(request)[1:]) // patch
    branches = 2 if request.guidance > 1.0 else 1
    block = tokens * (6 * dim * dim + 2 * dim * params.ffn_dim) + text * 2 * dim * dim
    ends = tokens * dim * patch * (params.in_dim + params.out_dim)
    ends += text * dim * (params.text_dim + dim)
    hints = len(params.vace_layers)
    projections = (hints + 1) * tokens * dim * dim if hints else 0
    attention = (layers + hints) * 2 * tokens * (tokens + text) * dim
    return Operations(
        packed=2 * branches * ((layers + hints) * block + projections),
        other=2 * branches * ends,
        attention=2 * branches * attention,
    )


def steps_of(request: GenerationRequest) -> int:
    """How many steps are taken of the request."""
    steps = len(request.timesteps) or request.steps
    return min(steps, request.stop_after) if request.stop_after else steps
