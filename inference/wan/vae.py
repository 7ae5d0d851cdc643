"""The causal 3D VAE of Wan2.1: 8x8 smaller in space, 4x in time after the first frame, 16 channels.

After "Wan: Open and Advanced Large-Scale Video Generative Models" (arXiv 2503.20314, section 4.1).
Every layer that looks at time looks only backwards, so a clip is coded chunk by chunk: each such layer
keeps its last input frames in a `State` that the caller passes along: an empty dict is the start of a clip,
and a layer replaces its own entry, so that old and new states are never alive together. Any split of a
clip into chunks gives the same result, and memory does not grow with its length.

But for the attention at an eighth of the size, every layer looks at a few pixels around each: the layers
on its side of the picture can be run tile by tile, with the same result.

Parameter names are those of the official `Wan2.1_VAE.pth`.

B batch, C channels, F frames, H height, W width; video is [B, 3, F, H, W] in [-1, 1].
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.api.spec import SPATIAL_STRIDE, TEMPORAL_STRIDE, VAEParams
from inference.wan.convolution import convolve
from inference.wan.fused import norm_pixels
from inference.wan.tiles import Chain, State, Step, Tile, split

# Statistics of the official latents, channel by channel: the transformer sees (z - mean) / std.
LATENT_MEAN = (
    -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
    0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921,
)  # fmt: skip
LATENT_STD = (
    2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
    3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160,
)  # fmt: skip
TINY = 1e-24  # keeps a pixel of zeros from being divided by zero


class CausalConv3d(nn.Conv3d):
    """A convolution that sees this frame and the two before it; before the first frame there are zeros."""

    def __init__(self, in_dim: int, out_dim: int, kernel: tuple[int, int, int] = (3, 3, 3)) -> None:
        super().__init__(in_dim, out_dim, kernel, padding=(0, kernel[1] // 2, kernel[2] // 2))

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride], it takes the state too
        self, x: Tensor, state: State
    ) -> Tensor:
        """x [B, C, F, H, W] -> [B, C', F, H, W]."""
        starts = self not in state
        x = x.contiguous(memory_format=torch.channels_last_3d)  # as matrix units read it
        if starts and x.shape[2] == 1:  # zeros before it: only the last tap counts
            state[self] = _join(torch.zeros_like(x), x)
            tap = self.weight[:, :, -1]
            return F.conv2d(x[:, :, 0], tap, self.bias, padding=self.padding[1:]).unsqueeze(2)
        x = _join(x.new_zeros(*x.shape[:2], 2, *x.shape[3:]) if starts else state[self], x)
        state[self] = x[:, :, -2:].clone()  # a view would keep all of x alive
        return convolve(self, x)


class RMSNorm(nn.Module):
    """Root-mean-square norm over channels, with a gain."""

    def __init__(self, dim: int, spatial_dims: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim, *[1] * spatial_dims))

    def forward(self, x: Tensor, *, activated: bool = False) -> Tensor:
        """x [B, C, ...] -> the same, after SiLU if `activated`; the statistics are float32."""
        return norm_pixels(x, self.gamma.flatten(), TINY, activated=activated)


class ResidualBlock(nn.Module):
    """Two norm-SiLU-convolution steps beside a shortcut."""

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.residual = nn.ModuleDict(  # the official file numbers a Sequential with dropout
            {
                "0": RMSNorm(in_dim, 3),
                "2": CausalConv3d(in_dim, out_dim),
                "3": RMSNorm(out_dim, 3),
                "6": CausalConv3d(out_dim, out_dim),
            }
        )
        self.shortcut = nn.Conv3d(in_dim, out_dim, 1) if in_dim != out_dim else nn.Identity()

    def forward(self, x: Tensor, state: State) -> Tensor:
        """x [B, C, F, H, W] -> [B, C', F, H, W]."""
        h = self._convolve("2", [self.residual["0"](x, activated=True)], state)
        h = [self.residual["3"](h, activated=True)]
        return self._convolve("6", h, state).add_(self.shortcut(x))

    def _convolve(self, name: str, given: list[Tensor], state: State) -> Tensor:
        """One tensor, which nobody holds any more once the convolution has joined it to its state."""
        return self.residual[name].forward(given.pop(), state)


class AttentionBlock(nn.Module):
    """Self-attention with one head over the pixels of each frame."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = RMSNorm(dim, 2)
        self.to_qkv = nn.Conv2d(dim, 3 * dim, 1)
        self.proj = nn.Conv2d(dim, dim, 1)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor, state: State) -> Tensor:
        """x [B, C, F, H, W] -> the same. It has no view of time, so `state` stays as it is."""
        frames = _to_images(x)
        h, w = frames.shape[2:]
        qkv = self.to_qkv(self.norm(frames)).flatten(2).mT.unsqueeze(1)  # [B*F, 1, H*W, 3C]
        q, k, v = (part.contiguous() for part in qkv.chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v).squeeze(1).mT.unflatten(2, (h, w))
        return x + _to_video(self.proj(y), x.shape[0])


class Downsample(nn.Module):
    """Halves height and width and, if `temporal`, the number of frames after the first."""

    def __init__(self, dim: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.ModuleDict({"1": nn.Conv2d(dim, dim, 3, stride=2)})
        self.time_conv = nn.Conv3d(dim, dim, (3, 1, 1), stride=(2, 1, 1)) if temporal else None

    def forward(self, x: Tensor, state: State) -> Tensor:
        """x [B, C, F, H, W] -> [B, C, F or 1 + (F-1)/2 (first chunk) or F/2, H/2, W/2]."""
        y = self.resample["1"](F.pad(_to_images(x), (0, 1, 0, 1)))
        y = _to_video(y, x.shape[0])
        if self.time_conv is None:
            return y
        past = state.get(self)
        state[self] = y[:, :, -1:].clone()
        if past is not None:
            return self.time_conv(_join(past, y))
        first = y[:, :, :1]  # the first frame stays as it is
        return first if y.shape[2] == 1 else torch.cat([first, self.time_conv(y)], dim=2)


class Upsample(nn.Module):
    """Doubles height and width, halves channels and, if `temporal`, doubles the frames after the first."""

    def __init__(self, dim: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.ModuleDict({"1": nn.Conv2d(dim, dim // 2, 3, padding=1)})
        self.time_conv = CausalConv3d(dim, 2 * dim, (3, 1, 1)) if temporal else None

    def forward(self, x: Tensor, state: State) -> Tensor:
        """x [B, C, F, H, W] -> [B, C/2, F or 1 + 2(F-1) (first chunk) or 2F, 2H, 2W]."""
        if self.time_conv is not None:
            if self in state:
                x = self._double_frames(x, state)
            else:
                state[self] = x.new_empty(0)  # the first frame of the clip has gone by, undoubled
                if x.shape[2] > 1:
                    x = torch.cat([x[:, :, :1], self._double_frames(x[:, :, 1:], state)], dim=2)
        images = _to_images(x).contiguous(memory_format=torch.channels_last)
        y = F.interpolate(images, scale_factor=2.0, mode="nearest-exact")
        return _to_video(self.resample["1"](y), x.shape[0])

    def _double_frames(self, x: Tensor, state: State) -> Tensor:
        assert self.time_conv is not None
        pairs = self.time_conv(x, state).movedim(1, -1).unflatten(-1, (2, -1))  # [B, F, H, W, 2, C]
        return pairs.permute(0, 1, 4, 2, 3, 5).flatten(1, 2).movedim(-1, 1)


class Encoder(nn.Module):
    """Video to the mean and log variance of its latent."""

    def __init__(self, params: VAEParams) -> None:
        super().__init__()
        dims = [params.dim * m for m in (1, *params.dim_mult)]
        self.conv1 = CausalConv3d(3, dims[0])
        layers: list[nn.Module] = []
        for i, (dim, out_dim) in enumerate(pairwise(dims)):
            layers += _residual_blocks(dim, out_dim, params.num_res_blocks)
            if i < len(params.temporal_downsample):
                layers.append(Downsample(out_dim, temporal=params.temporal_downsample[i]))
        self.downsamples = nn.ModuleList(layers)
        self.middle = _middle(dims[-1])
        self.head = _head(dims[-1], 2 * params.z_dim)
        self.front = Chain([Step(self.conv1, reach=1), *map(_step, layers)])

    def finish(self, x: Tensor, state: State) -> Tensor:
        """What `front` made, [B, C, F', H/8, W/8] -> [B, 2 z_dim, F', H/8, W/8]."""
        for layer in self.middle:
            x = layer(x, state)
        return _apply_head(self.head, x, state)


class Decoder(nn.Module):
    """Latent to video."""

    def __init__(self, params: VAEParams) -> None:
        super().__init__()
        dims = [params.dim * m for m in (params.dim_mult[-1], *reversed(params.dim_mult))]
        temporal_upsample = params.temporal_downsample[::-1]
        self.conv1 = CausalConv3d(params.z_dim, dims[0])
        self.middle = _middle(dims[0])
        layers: list[nn.Module] = []
        for i, (dim, out_dim) in enumerate(pairwise(dims)):
            in_dim = dim // 2 if i else dim  # an Upsample before it has halved the channels
            layers += _residual_blocks(in_dim, out_dim, params.num_res_blocks + 1)
            if i < len(temporal_upsample):
                layers.append(Upsample(out_dim, temporal=temporal_upsample[i]))
        self.upsamples = nn.ModuleList(layers)
        self.head = _head(dims[-1], 3)
        head = Step(partial(_apply_head, self.head), reach=1)
        self.back = Chain([*map(_step, layers), head])

    def begin(self, z: Tensor, state: State) -> Tensor:
        """z [B, z_dim, F', H/8, W/8] -> what `back` goes on with, [B, C, F', H/8, W/8]."""
        x = self.conv1(z, state)
        for layer in self.middle:
            x = layer(x, state)
        return x


class VAE(nn.Module):
    """The Wan2.1 VAE. `encode` and `decode` speak the transformer's normalised latents."""

    def __init__(self, params: VAEParams) -> None:
        super().__init__()
        self.params = params
        self.encoder = Encoder(params)
        self.conv1 = nn.Conv3d(2 * params.z_dim, 2 * params.z_dim, 1)
        self.conv2 = nn.Conv3d(params.z_dim, params.z_dim, 1)
        self.decoder = Decoder(params)

    def to_channels_last(self) -> "VAE":
        """Lay its weights as matrix units read them, or each call does so anew; returns itself."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                weight = module.weight.data
                is_flat = weight.ndim == 4
                layout = torch.channels_last if is_flat else torch.channels_last_3d
                module.weight.data = weight.contiguous(memory_format=layout)
        return self

    def posterior(self, frames: Tensor, states: "States") -> tuple[Tensor, Tensor]:
        """Mean and log variance, not normalised, of a chunk's latent.

        frames [B, 3, F, H, W] in [-1, 1]; F is 4n+1 in a clip's first chunk and 4n after it.
        Returns two tensors [B, z_dim, F', H/8, W/8]. `states` are fresh at the start and are updated.
        """
        height, width = (size // SPATIAL_STRIDE for size in frames.shape[-2:])
        x = states.run(self.encoder.front, frames, (height, width), 1)
        mean, log_variance = self.conv1(self.encoder.finish(x, states.whole)).chunk(2, dim=1)
        return mean, log_variance

    def reconstruct(self, z: Tensor, states: "States") -> Tensor:
        """The video of a chunk of latents that are not normalised.

        z [B, z_dim, F', H/8, W/8] -> [B, 3, F, H, W], not clamped; F is 4F'-3 in the first chunk and
        4F' after it. `states` are fresh at the start and are updated.
        """
        height, width = z.shape[-2:]
        x = self.decoder.begin(self.conv2(z), states.whole)
        return states.run(self.decoder.back, x, (height, width), SPATIAL_STRIDE)

    def encode_stream(
        self, chunks: Iterable[Tensor], tile: int = 0, *, park: bool = False
    ) -> Iterator[Tensor]:
        """Latents of a clip that comes in pieces: the first frame alone, then four at a time.

        Each chunk [B, 3, 1 or 4, H, W] in [-1, 1] gives one normalised latent frame
        [B, z_dim, 1, H/8, W/8]. For `tile` and `park` see `decode_stream`.
        """
        states = States(tile, park=park)
        for frames in chunks:
            mean, _ = self.posterior(frames, states)
            yield normalise(mean)

    def encode(self, video: Tensor, tile: int = 0) -> Tensor:
        """video [B, 3, 4n+1, H, W] in [-1, 1] -> normalised latent [B, z_dim, n+1, H/8, W/8]."""
        chunks = (video[:, :, :1], *video[:, :, 1:].split(TEMPORAL_STRIDE, dim=2))
        return torch.cat(list(self.encode_stream((c for c in chunks if c.shape[2]), tile)), dim=2)

    def decode_stream(
        self, latent: Tensor, tile: int = 0, *, park: bool = False
    ) -> Iterator[Tensor]:
        """Frames of a clip, as they are made: [B, 3, 1, H, W], then [B, 3, 4, H, W], in [-1, 1].

        latent [B, z_dim, F', H/8, W/8], normalised; `tile`: the longest side, in latent pixels, of the
        tiles that the large layers run in, 0 for the whole picture at once; `park`: whether the states
        of the tiles that have to wait do so in main memory. Neither changes the frames.
        """
        states = States(tile, park=park)
        for frame in latent.split(1, dim=2):
            yield self.reconstruct(denormalise(frame), states).clamp_(-1.0, 1.0)

    def decode(self, latent: Tensor, tile: int = 0) -> Tensor:
        """latent [B, z_dim, F', H/8, W/8], normalised -> video [B, 3, 4F'-3, H, W] in [-1, 1]."""
        return torch.cat(list(self.decode_stream(latent, tile)), dim=2)


class States:
    """What the layers remember of a clip: `whole` of those that see all of the picture, and a state for
    each tile of the others, which with `park` is in main memory but for the one in use."""

    def __init__(self, tile: int = 0, *, park: bool = False) -> None:
        self.whole: State = {}
        self._side, self._park = tile, park
        self.tiles: list[tuple[Tile, State]] = []

    def run(self, chain: Chain, x: Tensor, size: tuple[int, int], scale: int) -> Tensor:
        """`chain` on x [B, C, F, H, W], tile by tile; `size` is the latent's and `scale` counts the
        pixels of the result to one of the latent's."""
        if not self.tiles:
            self.tiles = [(tile, {}) for tile in split(*size, self._side)]
        if len(self.tiles) == 1:
            return chain.run(x, *self.tiles[0])
        result = None
        for tile, state in self.tiles:
            part = (
                self._run_parked(chain, x, tile, state) if self._park else chain.run(x, tile, state)
            )
            if result is None:
                result = part.new_empty(*part.shape[:3], *(side * scale for side in size))
            rows, columns = (span.times(scale) for span in tile)
            result[..., rows.slice_from(0), columns.slice_from(0)] = part
            del part
        assert result is not None
        return result

    def _run_parked(self, chain: Chain, x: Tensor, tile: Tile, parked: State) -> Tensor:
        """`chain` on one tile, whose state comes from main memory and goes back to its place there.

        A card copies while the program goes on, but in the order of its own work, so that a place is
        read before it is written.
        """
        state = {layer: kept.to(x.device, non_blocking=True) for layer, kept in parked.items()}
        part = chain.run(x, tile, state)
        for layer, kept in state.items():
            if layer not in parked or parked[layer].shape != kept.shape:
                parked[layer] = torch.empty_like(kept, device="cpu", pin_memory=kept.is_cuda)
            parked[layer].copy_(kept, non_blocking=True)
        return part


def normalise(z: Tensor) -> Tensor:
    """z [B, 16, F, H, W] -> (z - mean) / std with the official statistics."""
    mean, std = _statistics(z)
    return (z - mean) / std


def denormalise(z: Tensor) -> Tensor:
    """z [B, 16, F, H, W] -> z * std + mean, the inverse of `normalise`."""
    mean, std = _statistics(z)
    return z * std + mean


def _statistics(like: Tensor) -> tuple[Tensor, Tensor]:
    mean, std = (like.new_tensor(v).view(1, -1, 1, 1, 1) for v in (LATENT_MEAN, LATENT_STD))
    return mean, std


def _residual_blocks(in_dim: int, out_dim: int, count: int) -> list[ResidualBlock]:
    return [ResidualBlock(out_dim if i else in_dim, out_dim) for i in range(count)]


def _step(layer: nn.Module) -> Step:
    match layer:
        case Upsample():
            return Step(layer, reach=1, zoom=2)
        case Downsample():
            return Step(layer, reach=1, zoom=-2)
        case _:
            return Step(layer, reach=2)  # a residual block


def _middle(dim: int) -> nn.ModuleList:
    return nn.ModuleList([ResidualBlock(dim, dim), AttentionBlock(dim), ResidualBlock(dim, dim)])


def _head(dim: int, out_dim: int) -> nn.ModuleDict:
    return nn.ModuleDict({"0": RMSNorm(dim, 3), "2": CausalConv3d(dim, out_dim)})


def _apply_head(head: nn.ModuleDict, x: Tensor, state: State) -> Tensor:
    return head["2"](head["0"](x, activated=True), state)


def _join(before: Tensor, after: Tensor) -> Tensor:
    """Frames [B, C, F, H, W] after others, with channels last, as torch joins them fastest."""
    return torch.cat([before.movedim(1, -1), after.movedim(1, -1)], dim=1).movedim(-1, 1)


def _to_images(x: Tensor) -> Tensor:
    """[B, C, F, H, W] -> [B*F, C, H, W]."""
    return x.transpose(1, 2).flatten(0, 1)


def _to_video(x: Tensor, batch: int) -> Tensor:
    """[B*F, C, H, W] -> [B, C, F, H, W]."""
    return x.unflatten(0, (batch, -1)).transpose(1, 2)
