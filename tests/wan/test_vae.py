"""The VAE, judged by the official implementation's vectors and by diffusers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from torch import Tensor

from inference.api.spec import VAEParams
from inference.meter import Meter
from inference.wan.vae import VAE, RMSNorm, States, denormalise, normalise
from inference.weights.meta import shapes_only
from inference.weights.names import recognise
from tests.checkpoints import reference_weights

TINY = VAEParams(dim=8)

# Chunks that five latent frames are cut into.
SPLITS = ([1, 1, 1, 1, 1], [1, 4], [4, 1], [2, 3], [3, 1, 1], [1, 2, 2], [2, 1, 2])

SHAPES = [
    pytest.param(TINY, (1, 9, 32, 32), id="clip"),
    pytest.param(TINY, (2, 5, 16, 40), id="two-wide-clips"),
    pytest.param(TINY, (1, 1, 40, 24), id="high-image"),
    pytest.param(TINY, (1, 17, 8, 8), id="one-latent-pixel"),
    pytest.param(replace(TINY, dim=12, dim_mult=(1, 1, 2, 2)), (1, 9, 24, 32), id="other-widths"),
    pytest.param(
        replace(TINY, temporal_downsample=(True, True, False)), (1, 9, 16, 24), id="early-in-time"
    ),
]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    assert actual.shape == expected.shape
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def mean_error(actual: Tensor, expected: Tensor) -> float:
    assert actual.shape == expected.shape
    return ((actual.float() - expected).norm() / expected.norm()).item()


def random_vae(params: VAEParams) -> VAE:
    """A VAE in which every parameter matters, and whose video mostly stays within [-1, 1]."""
    vae = VAE(params)
    with torch.no_grad():
        for name, parameter in vae.named_parameters():
            if name.endswith("gamma"):
                parameter.uniform_(0.5, 1.5)
            else:
                parameter.normal_(std=parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1)
        vae.decoder.get_parameter("head.2.weight").mul_(0.2)
    return vae


def diffusers_twin(vae: VAE) -> AutoencoderKLWan:
    """Diffusers' implementation with the weights of `vae`."""
    p = vae.params
    twin = AutoencoderKLWan(
        base_dim=p.dim,
        z_dim=p.z_dim,
        dim_mult=list(p.dim_mult),
        num_res_blocks=p.num_res_blocks,
        temperal_downsample=list(p.temporal_downsample),
    )
    twin.load_state_dict(in_diffusers_names(twin, vae.state_dict()), strict=True)
    return twin


def in_diffusers_names(twin: AutoencoderKLWan, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    names = list(twin.state_dict())
    (network,) = recognise(names)
    targets = {name: network.target(name) for name in names}
    return {name: tensors[target.name] for name, target in targets.items() if target}


def random_video(batch: int, frames: int, height: int, width: int) -> Tensor:
    return torch.rand(batch, 3, frames, height, width) * 2 - 1


def random_latent(frames: int = 5) -> Tensor:
    return torch.randn(1, 16, frames, 2, 3)


@pytest.fixture
def official(reference: Callable) -> tuple[VAE, dict[str, Tensor]]:
    tensors, config = reference("vae")
    params = VAEParams(
        dim=config["dim"],
        z_dim=config["z_dim"],
        dim_mult=tuple(config["dim_mult"]),
        num_res_blocks=config["num_res_blocks"],
        temporal_downsample=tuple(config["temperal_downsample"]),
    )
    vae = VAE(params).requires_grad_(False)
    vae.load_state_dict(reference_weights(tensors), strict=True)
    return vae, tensors


@pytest.mark.parametrize(
    ("pixels", "latent"), [("video", "latent"), ("image", "image_latent")], ids=["clip", "image"]
)
def test_encodes_as_the_official_vae(official, pixels: str, latent: str) -> None:
    vae, tensors = official
    assert relative_error(vae.encode(tensors[pixels]), tensors[latent]) <= 1e-5
    whole, _ = vae.posterior(tensors[pixels], States())
    assert relative_error(normalise(whole), tensors[latent]) <= 1e-5


@pytest.mark.parametrize(
    ("latent", "pixels"),
    [("latent", "decoded"), ("image_latent", "image_decoded")],
    ids=["clip", "image"],
)
def test_decodes_as_the_official_vae(official, latent: str, pixels: str) -> None:
    vae, tensors = official
    expected = tensors[pixels]
    assert expected.abs().max() > 1  # the vector shows whether the clamp is where it belongs
    assert relative_error(vae.reconstruct(denormalise(tensors[latent]), States()), expected) <= 1e-5
    assert relative_error(vae.decode(tensors[latent]), expected.clamp(-1, 1)) <= 1e-5


@pytest.mark.parametrize(("params", "shape"), SHAPES)
@torch.no_grad()
def test_matches_diffusers(params: VAEParams, shape: tuple[int, int, int, int]) -> None:
    vae = random_vae(params)
    twin = diffusers_twin(vae)
    video = random_video(*shape)
    (posterior,) = twin.encode(video, return_dict=False)
    mean, log_variance = vae.posterior(video, States())
    assert relative_error(mean, posterior.mean) <= 1e-5
    assert relative_error(log_variance, posterior.logvar) <= 1e-5
    assert relative_error(vae.encode(video), normalise(posterior.mode())) <= 1e-5
    decoded = twin.decode(posterior.mean, return_dict=False)[0]
    assert decoded.std() > 0.05  # it is not a constant
    assert relative_error(vae.decode(normalise(posterior.mean)), decoded) <= 1e-5


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: "+".join(map(str, split)))
@torch.no_grad()
def test_any_chunks_of_latents_decode_as_the_whole(split: list[int]) -> None:
    vae, z = random_vae(TINY), random_latent()
    state = States()
    chunks = [vae.reconstruct(chunk, state) for chunk in z.split(split, dim=2)]
    assert [c.shape[2] for c in chunks] == [4 * split[0] - 3, *(4 * n for n in split[1:])]
    assert relative_error(torch.cat(chunks, dim=2), vae.reconstruct(z, States())) <= 1e-5


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: "+".join(map(str, split)))
@torch.no_grad()
def test_any_chunks_of_frames_encode_as_the_whole(split: list[int]) -> None:
    vae, video = random_vae(TINY), random_video(1, 17, 16, 24)
    whole, _ = vae.posterior(video, States())
    state = States()
    frames = [4 * split[0] - 3, *(4 * n for n in split[1:])]
    chunks = [vae.posterior(chunk, state)[0] for chunk in video.split(frames, dim=2)]
    assert [c.shape[2] for c in chunks] == split
    assert relative_error(torch.cat(chunks, dim=2), whole) <= 1e-5


@pytest.mark.parametrize("tile", [1, 2, 3, 5, 100], ids="{}".format)
@pytest.mark.parametrize("size", [(7, 5), (9, 3)], ids="{0[0]}x{0[1]}".format)
@torch.no_grad()
def test_tiles_are_the_whole(size: tuple[int, int], tile: int) -> None:
    vae, latent = random_vae(TINY), torch.randn(1, 16, 3, *size)
    whole = vae.decode(latent)
    parked = torch.cat(list(vae.decode_stream(latent, tile, park=True)), dim=2)
    assert (parked - whole).abs().max() <= 1e-5
    assert (vae.encode(whole, tile) - vae.encode(whole)).abs().max() <= 1e-5


@pytest.mark.gpu
@torch.no_grad()
def test_tiles_that_wait_beside_a_card_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # or 5e-4 lie between tile sizes
    vae, latent = random_vae(TINY).cuda(), torch.randn(1, 16, 4, 9, 7, device="cuda")
    whole = vae.decode(latent)
    parked = torch.cat(list(vae.decode_stream(latent, 3, park=True)), dim=2)
    assert (parked - whole).abs().max() <= 1e-4


@torch.no_grad()
def test_tiles_of_other_networks_are_the_whole() -> None:
    params = replace(TINY, dim_mult=(1, 2, 2, 2), num_res_blocks=1)
    vae, latent = random_vae(params), torch.randn(1, 16, 2, 9, 7)
    whole = vae.decode(latent)
    assert (vae.decode(latent, 2) - whole).abs().max() <= 1e-5
    assert (vae.encode(whole, 2) - vae.encode(whole)).abs().max() <= 1e-5


def held_bytes(states: States) -> int:
    """What keeping `states` keeps alive: a view counts with all of its base."""
    parts = [states.whole, *(state for _, state in states.tiles)]
    return sum(tensor.untyped_storage().nbytes() for part in parts for tensor in part.values())


@torch.no_grad()
def test_state_does_not_grow_with_the_clip() -> None:
    vae = random_vae(TINY)
    decoding = States()
    encoding = States()
    vae.posterior(random_video(1, 1, 16, 24), encoding)
    sizes: list[tuple[int, int]] = []
    for frames in (2, 1, 1, 7, 1):
        vae.reconstruct(random_latent(frames), decoding)
        vae.posterior(random_video(1, 4 * frames, 16, 24), encoding)
        sizes.append((held_bytes(decoding), held_bytes(encoding)))
    assert min(sizes[0]) > 0
    assert set(sizes) == {sizes[0]}


@torch.no_grad()
def test_streams_give_the_clip_piece_by_piece() -> None:
    vae, latent = random_vae(TINY), random_latent(3)
    pieces = list(vae.decode_stream(latent))
    assert [piece.shape for piece in pieces] == [(1, 3, n, 16, 24) for n in (1, 4, 4)]
    assert torch.equal(torch.cat(pieces, dim=2), vae.decode(latent))
    codes = list(vae.encode_stream(pieces))
    assert torch.equal(torch.cat(codes, dim=2), vae.encode(vae.decode(latent)))


@pytest.mark.parametrize(("dtype", "error"), [(torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
@torch.no_grad()
def test_16_bits_stay_close_to_float32(dtype: torch.dtype, error: float) -> None:
    vae, video = random_vae(TINY), random_video(1, 9, 16, 24)
    latent = vae.encode(video)
    decoded = vae.decode(latent)
    vae.to(dtype)
    coarse = vae.encode(video.to(dtype))
    assert coarse.dtype == dtype
    assert 0 < mean_error(coarse, latent) <= error
    assert 0 < mean_error(vae.decode(latent.to(dtype)), decoded) <= error


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@torch.no_grad()
def test_pixels_of_zeros_stay_zeros(dtype: torch.dtype) -> None:
    norm = RMSNorm(4, 3).to(dtype)
    assert torch.equal(norm(torch.zeros(1, 4, 2, 2, 2, dtype=dtype)), torch.zeros(1, 4, 2, 2, 2))


def test_gradients_of_a_whole_clip_are_those_of_diffusers() -> None:
    vae = random_vae(TINY)
    twin = diffusers_twin(vae)
    video = random_video(1, 9, 16, 24)
    weigh = torch.randn_like(video) / video.numel()

    mean, log_variance = vae.posterior(video, States())
    z = mean + (0.5 * log_variance).exp()
    (vae.reconstruct(z, States()) * weigh).sum().backward()

    (peer,) = twin.encode(video, return_dict=False)
    decoded = twin.decode(peer.mean + peer.std, return_dict=False)[0]
    assert decoded.abs().max() < 1  # beyond it diffusers' clamp would stop the gradient
    (decoded * weigh).sum().backward()

    ours: dict[str, Any] = {name: p.grad for name, p in vae.named_parameters()}
    theirs: dict[str, Any] = {name: p.grad for name, p in twin.named_parameters()}
    for name, gradient in in_diffusers_names(twin, ours).items():
        assert gradient.any(), name
        assert relative_error(gradient, theirs[name]) <= 1e-4, name


def test_the_official_checkpoint_loads_by_name(manifest: Callable) -> None:
    with torch.device("meta"):
        vae = VAE(VAEParams())
        state = {name: torch.empty(shape) for name, shape in manifest("Wan2.1_VAE").items()}
    vae.load_state_dict(state, strict=True, assign=True)


def test_statistics_are_those_of_diffusers() -> None:
    config = AutoencoderKLWan(base_dim=4).config
    mean, std = (torch.tensor(config[k]) for k in ("latents_mean", "latents_std"))
    z = torch.randn(1, 16, 2, 3, 3)
    expected = (z.movedim(1, -1) - mean) / std
    assert relative_error(normalise(z).movedim(1, -1), expected) <= 1e-6
    assert relative_error(denormalise(normalise(z)), z) <= 1e-6


@pytest.mark.parametrize(
    ("size", "most"), [((832, 480), 1.5), ((1280, 720), 2.0)], ids=["480P", "720P"]
)
@torch.inference_mode()
def test_a_full_size_decoder_and_encoder_stay_small(size: tuple[int, int], most: float) -> None:
    """Most GiB that are held at once; a chunk after the second needs no more than it."""
    with shapes_only():
        vae = VAE(VAEParams()).bfloat16()
    width, height = size
    latent = torch.empty(1, 16, 3, height // 8, width // 8, device="meta", dtype=torch.bfloat16)
    video = torch.empty(1, 3, 9, height, width, device="meta", dtype=torch.bfloat16)
    chunks = (video[:, :, :1], *video[:, :, 1:].split(4, dim=2))
    with Meter("meta", vae) as meter:
        for _ in vae.decode_stream(latent, 52, park=True):
            pass
        for _ in vae.encode_stream(chunks, 52, park=True):
            pass
    assert meter.peak_bytes < most * 2**30
