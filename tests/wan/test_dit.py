"""The transformer, judged by the official implementation's vectors and by diffusers."""

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel
from torch import Tensor, nn

from inference.api.spec import DiTParams
from inference.wan.dit import DiT

MANIFESTS = Path(__file__).parents[1] / "reference" / "wan21_manifests.json"

SMALL = DiTParams(
    dim=96, ffn_dim=160, num_layers=3, num_heads=2, text_dim=40, text_len=20, freq_dim=32
)
VACE = dataclasses.replace(SMALL, vace_layers=(0, 2), vace_in_dim=24)
IMAGE = dataclasses.replace(SMALL, in_dim=36, image_dim=28, text_len=512)  # diffusers fixes 512

# Official name -> diffusers' name. The last word of each key is followed by .weight or .bias.
TO_DIFFUSERS = [
    (r"^text_embedding\.0\b", "condition_embedder.text_embedder.linear_1"),
    (r"^text_embedding\.2\b", "condition_embedder.text_embedder.linear_2"),
    (r"^time_embedding\.0\b", "condition_embedder.time_embedder.linear_1"),
    (r"^time_embedding\.2\b", "condition_embedder.time_embedder.linear_2"),
    (r"^time_projection\.1\b", "condition_embedder.time_proj"),
    (r"^img_emb\.proj\.0\b", "condition_embedder.image_embedder.norm1"),
    (r"^img_emb\.proj\.1\b", "condition_embedder.image_embedder.ff.net.0.proj"),
    (r"^img_emb\.proj\.3\b", "condition_embedder.image_embedder.ff.net.2"),
    (r"^img_emb\.proj\.4\b", "condition_embedder.image_embedder.norm2"),
    (r"^img_emb\.emb_pos$", "condition_embedder.image_embedder.pos_embed"),
    (r"^head\.head\b", "proj_out"),
    (r"^head\.modulation$", "scale_shift_table"),
    (r"\bmodulation$", "scale_shift_table"),
    (r"\bself_attn\b", "attn1"),
    (r"\bcross_attn\b", "attn2"),
    (r"\.([qkv])\.", r".to_\1."),
    (r"\.o\.", ".to_out.0."),
    (r"\.([kv])_img\.", r".add_\1_proj."),
    (r"\bnorm_k_img\b", "norm_added_k"),
    (r"\bffn\.0\b", "ffn.net.0.proj"),
    (r"\bffn\.2\b", "ffn.net.2"),
    (r"\.norm3\.", ".norm2."),
    (r"\bbefore_proj\b", "proj_in"),
    (r"\bafter_proj\b", "proj_out"),
]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    assert actual.shape == expected.shape
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def randomise(model: nn.Module) -> None:
    """Give every parameter a size that matters; the zeros of a fresh model would hide mistakes."""
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5 * parameter.shape[-1] ** -0.5)


def random_model(params: DiTParams) -> DiT:
    model = DiT(params).requires_grad_(False)
    randomise(model)
    return model


def random_inputs(params: DiTParams, batch: int = 2) -> dict[str, Any]:
    size = (3, 6, 10)
    inputs: dict[str, Any] = {
        "x": torch.randn(batch, 16, *size),
        "timestep": torch.tensor([637.0, 12.0])[:batch],
        "context": torch.randn(batch, 13, params.text_dim),
    }
    if params.in_dim > 16:
        inputs["condition"] = torch.randn(batch, params.in_dim - 16, *size)
        image_tokens = params.image_positions or 257
        inputs["image_context"] = torch.randn(batch, image_tokens, params.image_dim)
    if params.vace_layers:
        inputs["vace_context"] = torch.randn(batch, params.vace_in_dim, *size)
        inputs["vace_scale"] = 0.7
    return inputs


def diffusers_twin(model: DiT) -> nn.Module:
    """Diffusers' implementation with the weights of `model`."""
    p = model.params
    config: dict[str, Any] = {
        "num_attention_heads": p.num_heads,
        "attention_head_dim": p.dim // p.num_heads,
        "in_channels": p.in_dim,
        "out_channels": p.out_dim,
        "text_dim": p.text_dim,
        "freq_dim": p.freq_dim,
        "ffn_dim": p.ffn_dim,
        "num_layers": p.num_layers,
        "rope_max_seq_len": 32,
    }
    if p.image_dim:
        config |= {"image_dim": p.image_dim, "added_kv_proj_dim": p.dim}
        config |= {"pos_embed_seq_len": p.image_positions or None}
    if p.vace_layers:
        config |= {"vace_layers": list(p.vace_layers), "vace_in_channels": p.vace_in_dim}
        twin = WanVACETransformer3DModel(**config)
    else:
        twin = WanTransformer3DModel(**config)
    state = {}
    for name, tensor in model.state_dict().items():
        for pattern, replacement in TO_DIFFUSERS:
            name = re.sub(pattern, replacement, name)
        state[name] = tensor
    twin.load_state_dict(state, strict=True)
    return twin


def run_diffusers(twin: nn.Module, params: DiTParams, inputs: dict[str, Any]) -> Tensor:
    x, context = inputs["x"], inputs["context"]
    if "condition" in inputs:
        x = torch.cat([x, inputs["condition"]], dim=1)
    padding = context.new_zeros(len(context), params.text_len - context.shape[1], params.text_dim)
    image = inputs.get("image_context")
    if image is not None and params.image_positions:
        image = image.unflatten(1, (2, -1)).flatten(0, 1)  # one image a row
    extra: dict[str, Any] = {}
    if params.vace_layers:
        scale = torch.full((len(params.vace_layers),), inputs["vace_scale"])
        extra = {"control_hidden_states": inputs["vace_context"]}
        extra |= {"control_hidden_states_scale": scale}
    return twin(
        hidden_states=x,
        timestep=inputs["timestep"],
        encoder_hidden_states=torch.cat([context, padding], dim=1),
        encoder_hidden_states_image=image,
        return_dict=False,
        **extra,
    )[0]


@pytest.mark.parametrize("with_grad", [True, False], ids=["grad", "no-grad"])
@pytest.mark.parametrize(
    ("name", "output", "scale"),
    [("dit_t2v", "out", 1.0), ("dit_vace", "out", 1.0), ("dit_vace", "out_scale06", 0.6)],
    ids=["t2v", "vace", "vace-scale-0.6"],
)
def test_matches_official_vectors(
    reference: Callable, name: str, output: str, scale: float, *, with_grad: bool
) -> None:
    tensors, config = reference(name)
    del config["model_type"]
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
    model = DiT(DiTParams(**fields))
    weights = {k.removeprefix("w."): v for k, v in tensors.items() if k.startswith("w.")}
    model.load_state_dict(weights, strict=True)
    control = {}
    if model.params.vace_layers:
        control = {"vace_context": tensors["vace_context"][None], "vace_scale": scale}
    with torch.set_grad_enabled(with_grad):
        out = model(tensors["x"][None], tensors["t"], tensors["context"][None], **control)
    assert relative_error(out[0], tensors[output]) <= 1e-5


@pytest.mark.parametrize(
    "params",
    [
        pytest.param(SMALL, id="t2v-head48"),
        pytest.param(dataclasses.replace(SMALL, num_heads=3), id="t2v-head32"),
        pytest.param(dataclasses.replace(SMALL, dim=128), id="t2v-head64"),
        pytest.param(dataclasses.replace(SMALL, dim=128, num_heads=1), id="t2v-head128"),
        pytest.param(IMAGE, id="i2v"),
        pytest.param(dataclasses.replace(IMAGE, image_positions=514), id="flf2v"),
        pytest.param(VACE, id="vace"),
    ],
)
@torch.no_grad()
def test_matches_diffusers(params: DiTParams) -> None:
    model = random_model(params)
    inputs = random_inputs(params)
    expected = run_diffusers(diffusers_twin(model), params, inputs)
    assert relative_error(model(**inputs), expected) <= 1e-5


@pytest.mark.parametrize(("dtype", "error"), [(torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
@pytest.mark.parametrize("params", [SMALL, IMAGE, VACE], ids=["t2v", "i2v", "vace"])
@torch.no_grad()
def test_weights_of_16_bits_stay_close_to_float32(
    params: DiTParams, dtype: torch.dtype, error: float
) -> None:
    model, inputs = random_model(params), random_inputs(params)
    expected = model(**inputs)
    out = model.to(dtype)(**inputs)
    assert out.dtype == torch.float32
    assert 0 < relative_error(out, expected) <= error


@torch.no_grad()
def test_precisions_may_be_mixed() -> None:
    model, inputs = random_model(VACE), random_inputs(VACE)
    expected = model(**inputs)
    for block in [*model.blocks, *model.vace_blocks]:
        block.self_attn.bfloat16()
        block.ffn.bfloat16()
        block.norm3.bfloat16()
    model.head.bfloat16()
    assert 0 < relative_error(model(**inputs), expected) <= 2e-2


@pytest.mark.parametrize("chunk", [1, 7, 44, 45], ids=lambda n: f"{n}-of-45-tokens")
@torch.no_grad()
def test_chunks_of_tokens_change_nothing(chunk: int) -> None:
    model, inputs = random_model(VACE), random_inputs(VACE)
    whole = model(**inputs)
    model.chunk_tokens = chunk
    seen: Counter[int] = Counter()
    model.get_submodule("blocks.0.ffn").register_forward_hook(
        lambda _m, _i, out: seen.update([out.shape[1]])
    )
    assert relative_error(model(**inputs), whole) <= 1e-6
    assert max(seen) == chunk
    assert seen.total() == -(-45 // chunk)


@torch.no_grad()
def test_batch_entries_are_independent() -> None:
    model, inputs = random_model(VACE), random_inputs(VACE)
    both = model(**inputs)
    for row in range(2):
        alone = {k: v[row : row + 1] if isinstance(v, Tensor) else v for k, v in inputs.items()}
        assert relative_error(model(**alone), both[row : row + 1]) <= 1e-5


@torch.no_grad()
def test_forward_is_embed_then_blocks_then_unembed() -> None:
    model, inputs = random_model(VACE), random_inputs(VACE)
    expected = model(**inputs)
    control = model.embed_control(inputs["vace_context"])
    tokens, cond = model.embed(inputs["x"], inputs["timestep"], inputs["context"])
    for index in range(VACE.num_layers):
        tokens, control = model.run_block(index, tokens, control, cond, inputs["vace_scale"])
    assert torch.equal(model.unembed(tokens, cond), expected)


@torch.no_grad()
def test_vace_without_control_is_the_base_model() -> None:
    model, inputs = random_model(VACE), random_inputs(VACE)
    base = DiT(SMALL)
    base.load_state_dict({k: v for k, v in model.state_dict().items() if k in base.state_dict()})
    expected = base(inputs["x"], inputs["timestep"], inputs["context"])
    assert torch.equal(model(inputs["x"], inputs["timestep"], inputs["context"]), expected)
    assert torch.equal(model(**inputs | {"vace_scale": 0.0}), expected)


@pytest.mark.parametrize("params", [SMALL, IMAGE, VACE], ids=["t2v", "i2v", "vace"])
def test_gradients_reach_every_parameter(params: DiTParams) -> None:
    model = DiT(params)
    randomise(model)
    inputs = random_inputs(params)
    before = inputs["x"].clone()
    model(**inputs).square().mean().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert torch.equal(inputs["x"], before)


def test_gradients_are_those_of_finite_differences() -> None:
    model, inputs = random_model(SMALL).double(), random_inputs(SMALL, batch=1)
    x = inputs["x"].requires_grad_()
    direction = torch.randn_like(x)
    loss = lambda x: model(**inputs | {"x": x}).square().mean()  # noqa: E731
    (grad,) = torch.autograd.grad(loss(x), x)
    with torch.no_grad():
        step = 1e-2
        slope = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    assert slope.item() == pytest.approx((grad * direction).sum().item(), rel=1e-2)


def test_fresh_model_predicts_zero_velocity() -> None:
    model, inputs = DiT(VACE), random_inputs(VACE)
    assert not model(**inputs).any()
    assert not model.get_parameter("vace_blocks.0.before_proj.weight").any()
    text_weight = model.get_parameter("text_embedding.0.weight")
    assert text_weight.std().item() == pytest.approx(0.02, rel=0.1)
    bound = (6 / (SMALL.dim + SMALL.ffn_dim)) ** 0.5  # of Xavier's uniform distribution
    largest = model.get_parameter("blocks.0.ffn.0.weight").abs().max().item()
    assert 0.98 * bound < largest <= bound


FULL_SIZE = {
    "Wan2.1-T2V-1.3B": DiTParams(1536, 8960, 30, 12),
    "Wan2.1-T2V-14B": DiTParams(5120, 13824, 40, 40),
    "Wan2.1-I2V-14B": DiTParams(5120, 13824, 40, 40, in_dim=36, image_dim=1280),
    "Wan2.1-FLF2V-14B": DiTParams(
        5120, 13824, 40, 40, in_dim=36, image_dim=1280, image_positions=514
    ),
    "Wan2.1-VACE-1.3B": DiTParams(1536, 8960, 30, 12, vace_layers=tuple(range(0, 30, 2))),
    "Wan2.1-VACE-14B": DiTParams(5120, 13824, 40, 40, vace_layers=tuple(range(0, 40, 5))),
}


@pytest.mark.parametrize("name", FULL_SIZE)
def test_official_checkpoints_load_by_name(name: str) -> None:
    manifest = json.loads(MANIFESTS.read_text())[f"{name}/diffusion_pytorch_model"]
    with torch.device("meta"):
        model = DiT(FULL_SIZE[name])
        state = {key: torch.empty(shape) for key, shape in manifest.items()}
    model.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": torch.zeros(1, 16, 3, 5, 4)}, "latent"),
        ({"x": torch.zeros(1, 15, 3, 6, 4)}, "latent"),
        ({"context": torch.zeros(1, 21, 40)}, "context"),
    ],
    ids=["odd-height", "channels", "long-text"],
)
def test_refuses_inputs_that_do_not_fit(change: dict[str, Tensor], words: str) -> None:
    inputs = random_inputs(SMALL, batch=1) | change
    with pytest.raises(ValueError, match=words):
        DiT(SMALL)(**inputs)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"num_heads": 5}, "heads"), ({"vace_layers": (1, 2)}, "VACE")],
    ids=["heads", "first-hint"],
)
def test_refuses_shapes_that_make_no_model(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DiT(dataclasses.replace(SMALL, **change))
