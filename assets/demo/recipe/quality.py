"""What each format of weights costs: `python -m assets.demo.recipe.quality --clips 40`, on any machine.

The demo's clips in a format against those in float32 from the same noise, and a random transformer in which a
few channels are much louder than the rest, as they are in large ones. Products of codes are worked out as a
card's 8-bit units do it, whatever this machine has.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

from assets.demo.recipe import world
from assets.demo.recipe.captions import caption
from assets.demo.recipe.judge import Verdict, judge
from inference import sample
from inference.api.models import DEMO, ROOT
from inference.api.spec import DiTParams, latent_shape
from inference.attention import use
from inference.eight_bits import reference
from inference.load import load_dit, load_tokenizer, load_vae
from inference.offload import encode_text
from inference.quantize import stream_quantized
from inference.wan.dit import DiT
from inference.wan.kernel import Whole
from inference.weights.checkpoint import open_checkpoints
from inference.weights.model_files import ModelFiles, find_model
from inference.weights.params import text_params
from quant import linear
from quant.formats import FORMATS, QFormat, is_quantised

BATCH = 10
LOUD, LOUD_SHARE = 30.0, 0.01  # how much louder a channel is, and how many are
IN_8_BITS = Whole(
    "attention in 8 bits",
    lambda q, k, v: reference(*(t.transpose(1, 2) for t in (q, k, v))).transpose(1, 2),
    is_rounded=True,
)
RANDOM = DiTParams(512, 2048, num_layers=6, num_heads=4, text_dim=256, text_len=32)


@dataclass(frozen=True, slots=True)
class Row:
    """One format, or attention in 8 bits: the clip's peak signal-to-noise ratio against float32 in dB; the relative error of the
    demo's velocities and of the random transformer's; the share of what prompts ask for that is seen."""

    form: str
    psnr_mean: float
    psnr_worst: float
    error: float
    error_with_outliers: float
    adherence: float


@dataclass(frozen=True, slots=True)
class Clips:
    """What prompts ask for, their embeddings [2B, L, D] with the unconditional ones after them, and seeds."""

    wanted: list[Verdict]
    contexts: Tensor
    seeds: list[int]


@torch.inference_mode()
def measure(folder: Path, clips: int) -> Iterator[Row]:
    """A row for float32, then one for each format, of the model in `folder`."""
    files = find_model(folder)
    assert files.vae is not None
    assert files.dit is not None
    vae, exact = (
        load_vae(files.vae, torch.float32, "cpu"),
        load_dit(files.dit, torch.float32, "cpu"),
    )
    batches = list(_batches(files, clips))
    told = [_denoise(exact, batch) for batch in batches]
    expected = [vae.decode(latent) for latent, _ in told]
    right = _adherence(batches, expected)
    yield Row("float32", float("inf"), float("inf"), 0.0, 0.0, right)

    def row(name: str, dit: DiT, outliers: float) -> Row:
        pairs = zip(batches, told, strict=True)
        errors = [_error(dit, batch, trace) for batch, (_, trace) in pairs]
        made = [vae.decode(_denoise(dit, batch)[0]) for batch in batches]
        ratios = _ratios(made, expected)
        worst, mean = float(ratios.min()), float(ratios.mean())
        error = sum(errors) / len(errors)
        return Row(name, mean, worst, error, outliers, _adherence(batches, made))

    for form in FORMATS.values():
        with _as_on_a_card():
            yield row(form.name, _quantised(files, form), _outlier_error(form))
    use(exact, IN_8_BITS)
    yield row(IN_8_BITS.name, exact, _outlier_error(None))


def _batches(files: ModelFiles, clips: int) -> Iterator[Clips]:
    assert files.text is not None
    params, tokenizer = text_params(files.text), load_tokenizer(files, DEMO.dit.text_len)

    def embed(text: str) -> Tensor:
        assert files.text is not None
        rows = encode_text(files.text, params, tokenizer.encode(text), "cpu", torch.float32)
        return nn.functional.pad(rows, (0, 0, 0, DEMO.dit.text_len - len(rows)))

    combinations, empty = world.held_out(world.CORE_MOTIONS), embed("")
    for start in range(0, clips, BATCH):
        seeds = list(range(start, min(start + BATCH, clips)))
        chosen = [combinations[seed % len(combinations)] for seed in seeds]
        texts = [_caption(one, seed) for one, seed in zip(chosen, seeds, strict=True)]
        contexts = torch.stack([*map(embed, texts), *[empty] * len(seeds)])
        yield Clips([Verdict(*one) for one in chosen], contexts, seeds)


def _caption(combination: tuple[str, str, str, str], seed: int) -> str:
    rng = random.Random(seed)
    return caption(rng, world.random_scene(rng, combination), "en")


def _denoise(dit: DiT, clips: Clips) -> tuple[Tensor, list[tuple[Tensor, Tensor, Tensor]]]:
    """Latents [B, 16, F, H, W] with the model's defaults; and of each step latent, time and velocities."""
    d, trace = DEMO.defaults, []
    schedule = sample.make_schedule(d.solver, d.steps, d.shift)
    shape = latent_shape(d.width, d.height, d.frames)
    noise = torch.stack([sample.initial_noise(shape, seed) for seed in clips.seeds])
    state = sample.start(noise, seed=0)
    while state.step < schedule.steps:
        x = state.latent.repeat(2, 1, 1, 1, 1)
        time = torch.full((len(x),), schedule.timesteps[state.step])
        velocities = dit(x, time, clips.contexts)
        trace.append((x, time, velocities))
        cond, uncond = velocities.chunk(2)
        velocity = sample.guide(cond, uncond, d.guidance)
        state = sample.advance(d.solver, schedule, state, velocity)
    return state.latent, trace


def _error(dit: DiT, clips: Clips, trace: list[tuple[Tensor, Tensor, Tensor]]) -> float:
    """Of the velocities, relative, at the latents that float32 went through."""
    errors = [
        float((dit(x, time, clips.contexts) - exact).norm() / exact.norm())
        for x, time, exact in trace
    ]
    return sum(errors) / len(errors)


def _outlier_error(form: QFormat | None) -> float:
    """That of a random transformer's velocity, with channels that are loud before each layer of a block; of
    attention in 8 bits without a format."""
    torch.manual_seed(0)
    dit = DiT(RANDOM).requires_grad_(False)
    nn.init.normal_(dit.head.head.weight, std=RANDOM.dim**-0.5)  # it starts at zero
    for name, weight in dit.named_parameters():
        if is_quantised(name) and not name.endswith("ffn.2.weight"):
            loud = torch.rand(len(weight)) < LOUD_SHARE
            weight[loud] *= LOUD
    x = torch.randn(1, RANDOM.in_dim, 3, 24, 24)
    given = x, torch.tensor([500.0]), torch.randn(1, RANDOM.text_len, RANDOM.text_dim)
    exact = dit(*given)
    if form is None:
        use(dit, IN_8_BITS)
    for name, module in list(dit.named_modules()):
        if form is not None and is_quantised(f"{name}.weight"):
            parent, _, own = name.rpartition(".")
            assert isinstance(module, nn.Linear)
            setattr(dit.get_submodule(parent), own, linear.quantised(module, form.name))
    return float((dit(*given) - exact).norm() / exact.norm())


def _quantised(files: ModelFiles, form: QFormat) -> DiT:
    assert files.dit is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "copy.safetensors"
        for _ in stream_quantized(files.dit, form.storage, file, torch.device("cpu")):
            pass
        (copy,) = open_checkpoints(file)
        dit = load_dit(copy, torch.float32, "cpu", form)
        kept = {name: tensor.clone() for name, tensor in dit.state_dict().items()}
        dit.load_state_dict(kept, assign=True)  # not mapped any more: the file may go
    return dit


def _ratios(made: list[Tensor], expected: list[Tensor]) -> Tensor:
    """Of each clip, in dB; videos are in [-1, 1]."""
    error = (torch.cat(made) - torch.cat(expected)).square().flatten(1).mean(1)
    return 10 * torch.log10(4 / error)


def _adherence(batches: list[Clips], videos: list[Tensor]) -> float:
    """Of shape, colour, background and motion of all clips, the share that is as the prompts have it."""
    seen = [astuple(judge(video)) for batch in videos for video in batch]
    wanted = [astuple(verdict) for batch in batches for verdict in batch.wanted]
    right = [a == b for pair in zip(seen, wanted, strict=True) for a, b in zip(*pair, strict=True)]
    return sum(right) / len(right)


@contextmanager
def _as_on_a_card() -> Iterator[None]:
    """Has layers of 8 bits round their inputs, as on a card with units for both kinds of 8 bits."""

    def int_mm(a: Tensor, b: Tensor) -> Tensor:
        return (a.double() @ b.double()).int()

    def scaled_mm(
        a: Tensor, b: Tensor, *scales: Tensor, bias: Tensor, out_dtype: torch.dtype, **_: bool
    ) -> Tensor:
        return ((a.float() @ b.float()) * scales[0] * scales[1] + bias).to(out_dtype)

    with ExitStack() as stack:
        for name, instead in {
            "_int_mm": int_mm,
            "_scaled_mm": scaled_mm,
            "multiplies_int8": lambda _: True,
            "multiplies_fp8": lambda _: True,
        }.items():
            stack.enter_context(mock.patch.object(linear, name, instead))
        yield


def table(rows: Iterator[Row]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as its row is measured."""
    yield (
        "| format | PSNR, mean | PSNR, worst clip | error of the transformer | the same with loud channels "
        "| adherence |"
    )
    yield "|---|--:|--:|--:|--:|--:|"
    for row in rows:
        yield (
            f"| {row.form} | {row.psnr_mean:.1f} dB | {row.psnr_worst:.1f} dB | {row.error:.2%} "
            f"| {row.error_with_outliers:.2%} | {row.adherence:.1%} |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What each format of weights costs.")
    parser.add_argument("--clips", type=int, default=40, metavar="N")
    parser.add_argument("--model", type=Path, default=ROOT / DEMO.folder, metavar="FOLDER")
    options = parser.parse_args()
    for line in table(measure(options.model, options.clips)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
