"""How much computing a clip is: floating point operations, counted on the real networks on meta."""

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from inference.api.sizes import sampled_shape
from inference.api.spec import DiTParams, GenerationRequest, ModelSpec, dit_for, latent_shape
from inference.measure import seconds_of
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE
from inference.weights.meta import shapes_only

META = "meta"
MATRIX = {"cuda": 8192, "cpu": 1024}  # sides of the matrices that a device's rate is measured with
REPEATS = 8

Size = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """Floating point operations of a prompt of `text_len` tokens, of a step, and of decoding the clip."""

    text: int
    step: int
    decode: int


@torch.inference_mode()
def work_of(spec: ModelSpec, request: GenerationRequest) -> Work:
    """What a clip takes, both branches of guidance included where there are two."""
    branches = 2 if request.guidance > 1.0 else 1
    shape = latent_shape(request.width, request.height, request.frames)
    frames = [_decode(spec, shape, count) for count in range(1, 1 + min(shape[1], 3))]
    last = frames[-1] - frames[-2] if len(frames) > 1 else 0  # of each frame after the second
    decoding = frames[-1] + max(0, shape[1] - 3) * last
    step = _step(dit_for(spec.dit, request), sampled_shape(request))
    return Work(_text(spec), branches * step, decoding)


@torch.inference_mode()
def matmul_rate(device: str, dtype: torch.dtype) -> float:
    """The most operations a second that the device multiplies large matrices with."""
    side = MATRIX[device]
    a, b = (torch.randn(side, side).to(device, dtype) for _ in range(2))
    seconds = min(seconds_of(lambda: a @ b, device) for _ in range(REPEATS))
    return 2 * side**3 / seconds


def _product(_bias: Size, x: Size, weight: Size, **_: object) -> int:
    return 2 * x[0] * weight[0] * weight[1]


# To torch's counter: a product with the activation in it.
UNKNOWN = {torch.ops.aten._addmm_activation: _product}


def _text(spec: ModelSpec) -> int:
    with shapes_only():
        encoder = TextEncoder(spec.text)
    with FlopCounterMode(display=False) as counter:
        encoder(torch.zeros(1, spec.dit.text_len, dtype=torch.int64, device=META))
    return counter.get_total_flops()


def _step(params: DiTParams, shape: tuple[int, ...]) -> int:
    with shapes_only():
        dit = DiT(params)
    dit.chunk_tokens = 2**30
    x = torch.empty(1, params.in_dim, *shape[1:], device=META)
    context = torch.empty(1, params.text_len, params.text_dim, device=META)
    control = None
    if params.vace_layers:
        control = torch.empty(1, params.vace_in_dim, *shape[1:], device=META)
    with FlopCounterMode(display=False, custom_mapping=UNKNOWN) as counter:
        dit(x, torch.empty(1, device=META), context, vace_context=control)
    return counter.get_total_flops()


def _decode(spec: ModelSpec, shape: tuple[int, ...], frames: int) -> int:
    with shapes_only():
        vae = VAE(spec.vae)
    with FlopCounterMode(display=False) as counter:
        for _ in vae.decode_stream(torch.empty(1, shape[0], frames, *shape[2:], device=META)):
            pass
    return counter.get_total_flops()
