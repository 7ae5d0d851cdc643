"""The image encoder against transformers and the shapes of the real checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from inference.api.spec import ImageParams
from inference.wan.image import ImageEncoder, preprocess

TINY = ImageParams(
    image_size=28, patch_size=7, dim=48, mlp_dim=96, num_heads=4, num_layers=3, out_dim=16
)


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected).norm() / expected.norm())


def transformers_names(layers: int) -> dict[str, str]:
    """Our module names to those of transformers; the fused q, k, v are left out."""
    modules = {"pre_norm": "pre_layrnorm", "post_norm": "post_layernorm"}
    for index in range(layers):
        block, layer = f"transformer.{index}", f"encoder.layers.{index}"
        modules |= {
            f"{block}.norm1": f"{layer}.layer_norm1",
            f"{block}.attn.proj": f"{layer}.self_attn.out_proj",
            f"{block}.norm2": f"{layer}.layer_norm2",
            f"{block}.mlp.0": f"{layer}.mlp.fc1",
            f"{block}.mlp.2": f"{layer}.mlp.fc2",
        }
    return modules


def transformers_twin(encoder: ImageEncoder, params: ImageParams) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=params.dim,
        intermediate_size=params.mlp_dim,
        projection_dim=params.out_dim,
        num_hidden_layers=params.num_layers,
        num_attention_heads=params.num_heads,
        image_size=params.image_size,
        patch_size=params.patch_size,
        layer_norm_eps=params.eps,
        hidden_act="gelu",
    )
    weights = encoder.state_dict()
    renamed = {
        "vision_model.embeddings.class_embedding": weights["cls_embedding"][0, 0],
        "vision_model.embeddings.patch_embedding.weight": weights["patch_embedding.weight"],
        "vision_model.embeddings.position_embedding.weight": weights["pos_embedding"][0],
        "visual_projection.weight": weights["head"].T,
    }
    for kind in ("weight", "bias"):
        for ours, theirs in transformers_names(params.num_layers).items():
            renamed[f"vision_model.{theirs}.{kind}"] = weights[f"{ours}.{kind}"]
        for index in range(params.num_layers):
            parts = weights[f"transformer.{index}.attn.to_qkv.{kind}"].chunk(3)
            for name, part in zip("qkv", parts, strict=True):
                layer = f"vision_model.encoder.layers.{index}.self_attn"
                renamed[f"{layer}.{name}_proj.{kind}"] = part
    twin = CLIPVisionModelWithProjection(config).eval()
    twin.load_state_dict(renamed, strict=True)
    return twin


def random_encoder(params: ImageParams) -> ImageEncoder:
    encoder = ImageEncoder(params).requires_grad_(requires_grad=False)
    for name, parameter in encoder.named_parameters():
        if "norm" in name:
            parameter.uniform_(0.5, 1.5)
    return encoder


@torch.no_grad()
@pytest.mark.parametrize(
    "params",
    [
        pytest.param(TINY, id="three-layers"),
        pytest.param(replace(TINY, num_layers=6, num_heads=3, mlp_dim=64), id="six-layers"),
        pytest.param(replace(TINY, image_size=30, eps=1e-3), id="size-no-multiple-of-the-patch"),
    ],
)
def test_transformers_has_the_same_penultimate_tokens(params: ImageParams) -> None:
    encoder = random_encoder(params)
    pixels = torch.randn(2, 3, params.image_size, params.image_size)
    twin = transformers_twin(encoder, params)
    expected = twin(pixels, output_hidden_states=True).hidden_states[-2]
    assert relative_error(encoder(pixels), expected) < 1e-5


@torch.no_grad()
def test_bfloat16_stays_near_float32() -> None:
    encoder = random_encoder(TINY)
    pixels = torch.randn(2, 3, TINY.image_size, TINY.image_size)
    expected = encoder(pixels)
    out = encoder.bfloat16()(pixels)
    assert out.dtype == torch.bfloat16
    assert relative_error(out, expected) < 2e-2


def test_parameters_are_those_of_the_official_checkpoint(manifest) -> None:
    with torch.device("meta"):
        encoder = ImageEncoder(ImageParams())
    shapes = {name: list(tensor.shape) for name, tensor in encoder.state_dict().items()}
    official = manifest("models_clip_open-clip-xlm-roberta-large-vit-huge-14")
    visual = {k.removeprefix("visual."): v for k, v in official.items() if k.startswith("visual.")}
    assert shapes == visual


def test_full_size_gives_257_tokens() -> None:
    with torch.device("meta"):
        tokens = ImageEncoder(ImageParams())(torch.empty(2, 3, 224, 224))
    assert tokens.shape == (2, 257, 1280)


def bicubic_matrix(source: int, target: int) -> np.ndarray:
    """Weights [target, source] of Keys' cubic convolution (1981), a = -0.75, edges repeated."""
    a, weights = -0.75, np.zeros((target, source))
    for row in range(target):
        centre = (row + 0.5) * source / target - 0.5
        for tap in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
            d = abs(centre - tap)
            near = (a + 2) * d**3 - (a + 3) * d**2 + 1
            far = a * (d**3 - 5 * d**2 + 8 * d - 4)
            weights[row, min(max(tap, 0), source - 1)] += near if d <= 1 else far
    return weights


@pytest.mark.parametrize("shape", [(480, 832), (832, 480), (100, 60), (224, 224)], ids=str)
def test_preprocess_squeezes_by_bicubic_and_normalises(shape: tuple[int, int]) -> None:
    height, width = shape
    # In float64: float32 rounds where a sample lies, which white noise turns into errors of 2e-4.
    image = torch.rand(3, height, width, dtype=torch.float64) * 2 - 1
    rows, columns = bicubic_matrix(height, 224), bicubic_matrix(width, 224)
    square = rows @ image.numpy() @ columns.T
    mean = np.array([0.48145466, 0.4578275, 0.40821073]).reshape(3, 1, 1)
    std = np.array([0.26862954, 0.26130258, 0.27577711]).reshape(3, 1, 1)
    expected = ((square + 1) / 2 - mean) / std
    before = image.clone()
    np.testing.assert_allclose(preprocess(image).numpy(), expected, atol=1e-10)
    assert torch.equal(image, before)  # the caller makes the latents from it too
