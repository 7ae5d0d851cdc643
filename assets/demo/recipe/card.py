"""The model card, with the figures as they were measured."""

from pathlib import Path

from assets.demo.recipe import train_vace, world
from assets.demo.recipe.evaluate import Evaluation, table
from inference.api.models import DEMO

_CARD = """\
# The demo model

A Wan2.1 VACE model, small enough to ship: from text, and from a clip of which a part is given, such as its first
and its last frame. It has the same architecture and the same code as the real ones, trained from nothing on a toy
world that the recipe renders. It is what runs right after installation, what the tests run, and what quantization is
judged on.

It knows {world}. Captions are English or Chinese. Words it never saw are passed over, so any prompt gives
a clip, but one of this world.

| Part | Shape |
|---|---|
| Transformer | {layers} blocks of width {dim}, {heads} heads; {vace_layers} of VACE's blocks, which run where a part is given |
| Text encoder | UMT5, {text_layers} blocks of width {text_dim}, a vocabulary of words and bytes |
| VAE | 8x8x4, 16 channels, base width {vae_dim} |
| Clip | {width}x{height}, {frames} frames, {fps} frames a second |

## Measured

Each attribute is read off the decoded frames by code (`recipe/judge.py`) that knows nothing of the prompt.
The combinations of shape, colour, background and motion that are asked for were never in training (one in
six of all {combinations}). {steps} steps of {solver}, guidance {guidance:g}, shift {shift:g}, seeds from 0.

{table}

Of a clip of which a part is given, how near the given part comes out to what it was, and how many clips show what the
prompt asks for:

{edits}

## Making it again

    python -m assets.demo.recipe --work FOLDER

It goes on where it was stopped, on a CPU or a GPU machine. The weights are under the project's licence,
Apache-2.0; there is no data but what the recipe draws.
"""


def write_card(evaluation: Evaluation, edits: str, folder: Path) -> None:
    """Writes `MODEL_CARD.md` beside the model; `edits` is the table of `train_vace.measure`."""
    d = DEMO.defaults
    text = _CARD.format(
        world=DEMO.world, layers=DEMO.dit.num_layers, dim=DEMO.dit.dim, heads=DEMO.dit.num_heads,
        text_layers=DEMO.text.num_layers, text_dim=DEMO.text.dim, vae_dim=DEMO.vae.dim,
        width=d.width, height=d.height, frames=d.frames, fps=d.fps, steps=d.steps, solver=d.solver,
        guidance=d.guidance, shift=d.shift, table=table(evaluation), edits=edits,
        vace_layers=len(train_vace.PARAMS.vace_layers),
        combinations=len(world.combinations(world.CORE_MOTIONS)),
    )  # fmt: skip
    (folder / "MODEL_CARD.md").write_text(text, "utf-8")
