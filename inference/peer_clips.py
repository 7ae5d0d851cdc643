"""The same clip by diffusers and transformers, in the ways they have to save memory.

The loop over steps is that of `WanPipeline`; the weights are mapped from the files that we read. Like
`inference.peers` it is imported when it is needed.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers.hooks.group_offloading import apply_group_offloading
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from optimum.quanto import freeze, qfloat8, qint8, quantize
from torch import Tensor, nn

from inference.api.device import Stage
from inference.api.room import CONTEXT_BYTES
from inference.api.spec import WeightFormat, latent_shape
from inference.catalog import Model, find
from inference.memory import peak_ram_bytes, peak_reserved_bytes, peak_vram_bytes, reset_peaks
from inference.peers import share_weights, text_encoder_like, transformer_like, vae_like
from inference.precision import compute_dtype
from inference.trial import Taken, Trial, step_seconds
from inference.wan.vae import denormalise
from inference.weights.checkpoint import Checkpoint

CPU = torch.device("cpu")
QUANTO = {WeightFormat.INT8: qint8, WeightFormat.FP8: qfloat8}
TOKENS = 12  # of a prompt, without the padding that is encoded with it


class Recipe(StrEnum):
    """A way to keep networks off the card."""

    PLAIN = "diffusers"  # all of them stay there
    MODEL_OFFLOAD = "diffusers, model offload"
    GROUP_OFFLOAD = "diffusers, group offload"


def recipes(device: str, weights: WeightFormat) -> list[str]:
    """What there is for a device and a format; off the card needs a card."""
    if weights is not WeightFormat.NATIVE and weights not in QUANTO:
        return []
    return [Recipe.PLAIN] if device == "cpu" else [*Recipe]


@torch.inference_mode()
def run(trial: Trial) -> list[Taken]:
    """What the stages of a clip take, in tiles where the recipe saves memory."""
    device = torch.device(trial.device)
    if trial.cap_bytes:
        _, total = torch.cuda.mem_get_info(device)
        share = (trial.cap_bytes - CONTEXT_BYTES) / total
        torch.cuda.set_per_process_memory_fraction(min(1.0, share), device.index)
    stages = _Stages(device)
    clip = _Clip(trial, find(str(trial.folder)), Recipe(trial.program), device)
    embeddings = clip.encode()
    stages.end(Stage.TEXT)
    clip.load()
    stages.end(Stage.LOAD)
    latent, times = clip.denoise(embeddings)
    stages.end(Stage.DENOISE, step_seconds(times))
    clip.decode(latent)
    stages.end(Stage.DECODE)
    return stages.taken


@dataclass(slots=True)
class _Stages:
    """Clock and peaks of one stage after the other."""

    device: torch.device
    taken: list[Taken] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def end(self, stage: Stage, seconds: float | None = None) -> None:
        """What a stage took; `seconds` if not all of the time since the one before it."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        passed = time.perf_counter() - self.started
        vram_bytes = peak_vram_bytes(self.device)
        self.taken.append(
            Taken(
                stage,
                passed if seconds is None else seconds,
                vram_bytes + CONTEXT_BYTES if vram_bytes else 0,
                peak_reserved_bytes(self.device),
                peak_ram_bytes(),
            )
        )
        gc.collect()
        reset_peaks(self.device)
        self.started = time.perf_counter()


class _Clip:
    """The networks of a trial, built and placed when their stage comes; plain ones stay."""

    def __init__(self, trial: Trial, model: Model, recipe: Recipe, device: torch.device) -> None:
        self._trial, self._model, self._recipe, self._device = trial, model, recipe, device
        self._dtype = compute_dtype(device)
        self._transformer: Any = None
        self._kept: list[nn.Module] = []

    def encode(self) -> list[Tensor]:
        """Embeddings [1, L, D] of both prompts, with their padding, as the pipeline has them."""
        text, params = self._model.text, self._trial.spec.text
        encoder = self._place(
            _filled(lambda: text_encoder_like(params), text, self._dtype), "leaf_level"
        )
        length = self._trial.spec.dit.text_len
        ids = torch.zeros(1, length, dtype=torch.int64, device=self._device)
        ids[:, :TOKENS] = torch.arange(3, 3 + TOKENS)
        mask = (ids > 0).long()
        made = [
            encoder(ids, attention_mask=mask).last_hidden_state * mask[..., None] for _ in range(2)
        ]
        self._leave(encoder)
        return [embedding.to(self._dtype) for embedding in made]

    def load(self) -> None:
        """Build the transformer, in quanto's format where one is asked for."""
        params, weights = self._trial.spec.dit, self._trial.request.weights
        made = _filled(lambda: transformer_like(params), self._model.dit, self._dtype)
        if weights in QUANTO:
            quantize(made, weights=QUANTO[weights])
            freeze(made)
        self._transformer = self._place(made, "block_level")

    def denoise(self, embeddings: list[Tensor]) -> tuple[Tensor, list[float]]:
        """The latent [1, C, F, H, W] after the trial's steps, and when it began and each was done."""
        request, transformer = self._trial.request, self._transformer
        scheduler = UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=request.shift
        )
        scheduler.set_timesteps(request.steps, device=self._device)
        shape = latent_shape(request.width, request.height, request.frames)
        latent = torch.randn(1, *shape).to(self._device)
        times = [time.perf_counter()]
        for step in scheduler.timesteps:
            given = latent.to(self._dtype), step.expand(1)
            cond, uncond = (transformer(*given, e, return_dict=False)[0] for e in embeddings)
            velocity = uncond + request.guidance * (cond - uncond)
            latent = scheduler.step(velocity, step, latent, return_dict=False)[0]
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            times.append(time.perf_counter())
        self._leave(transformer)
        self._transformer = None
        return latent, times

    def decode(self, latent: Tensor) -> None:
        """The clip [1, 3, F, H, W], on the CPU."""
        made = _filled(lambda: vae_like(self._trial.spec.vae), self._model.vae, self._dtype)
        if self._recipe is not Recipe.PLAIN:
            made.enable_tiling()
        vae = made.to(self._device)  # small enough to be whole in every recipe
        vae.decode(denormalise(latent).to(self._dtype), return_dict=False)[0].cpu()

    def _place(self, network: Any, level: str) -> Any:
        """Where the recipe wants a network while it is used."""
        if self._recipe is not Recipe.GROUP_OFFLOAD:
            return network.to(self._device)
        apply_group_offloading(
            network,
            onload_device=self._device,
            offload_device=CPU,
            offload_type=level,
            num_blocks_per_group=1 if level == "block_level" else None,
            use_stream=True,
            low_cpu_mem_usage=True,
        )
        return network

    def _leave(self, network: nn.Module) -> None:
        """What the recipe does with a network after its stage."""
        match self._recipe:
            case Recipe.PLAIN:
                self._kept.append(network)
            case Recipe.MODEL_OFFLOAD:
                network.to(CPU)
            case Recipe.GROUP_OFFLOAD:
                pass  # it has gone back by itself


def _filled(build: Callable[[], Any], checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    """Their network with our weights, mapped if they are stored in `dtype`; what their own loading keeps in
    float32 is so."""
    with init_empty_weights(include_buffers=False):
        network = build()
    share_weights(checkpoint.read(checkpoint.sources), network)
    exact = set(getattr(network, "_keep_in_fp32_modules", None) or ())
    for name, parameter in network.named_parameters():
        is_exact = not exact.isdisjoint(name.split("."))
        parameter.data = parameter.data.to(torch.float32 if is_exact else dtype)
    return network.eval()
