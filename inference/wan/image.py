"""CLIP vision tower: the first image of I2V-14B to the tokens its transformer attends to.

The tower is OpenCLIP's ViT-H/14 (Radford et al. 2021, Cherti et al. 2022), read before its last
block, where the tokens still tell what is where in the picture.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.api.spec import ImageParams

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training images, RGB in [0, 1]
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class ImageEncoder(nn.Module):
    """Vision transformer with the parameter names of the official checkpoint's `visual`.

    Its last block, `post_norm` and `head` are there so that a checkpoint loads with strict keys;
    Wan2.1 doesn't use them.
    """

    def __init__(self, params: ImageParams) -> None:
        super().__init__()
        dim, patch = params.dim, params.patch_size
        positions = 1 + (params.image_size // patch) ** 2
        self.patch_embedding = nn.Conv2d(3, dim, kernel_size=patch, stride=patch, bias=False)
        self.cls_embedding = nn.Parameter(torch.randn(1, 1, dim) * dim**-0.5)
        self.pos_embedding = nn.Parameter(torch.randn(1, positions, dim) * dim**-0.5)
        self.pre_norm = nn.LayerNorm(dim, params.eps)
        self.transformer = nn.ModuleList(ImageBlock(params) for _ in range(params.num_layers))
        self.post_norm = nn.LayerNorm(dim, params.eps)
        self.head = nn.Parameter(torch.randn(dim, params.out_dim) * dim**-0.5)

    def forward(self, pixels: Tensor) -> Tensor:
        """Tokens of images, as the block before the last one leaves them.

        pixels:  [B, 3, 224, 224], normalised as `preprocess` does.
        returns: [B, 257, dim] in the dtype of the weights, unbounded: the class token, then one
                 for each 14x14 patch, row by row.
        """
        x = self.patch_embedding(pixels.to(self.patch_embedding.weight.dtype))
        x = x.flatten(2).transpose(1, 2)  # [B, 256, dim]
        x = torch.cat([self.cls_embedding.expand(x.shape[0], -1, -1), x], dim=1)
        x = self.pre_norm(x + self.pos_embedding)
        for block in self.transformer[:-1]:
            x = block(x)
        return x


class ImageBlock(nn.Module):
    """One pre-norm block: self-attention, then an MLP with the exact GELU."""

    def __init__(self, params: ImageParams) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(params.dim, params.eps)
        self.attn = SelfAttention(params.dim, params.num_heads)
        self.norm2 = nn.LayerNorm(params.dim, params.eps)
        self.mlp = nn.Sequential(
            nn.Linear(params.dim, params.mlp_dim),
            nn.GELU(),
            nn.Linear(params.mlp_dim, params.dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x [B, L, dim] to [B, L, dim]."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class SelfAttention(nn.Module):
    """Multi-head attention of all tokens with all."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, L, dim] to [B, L, dim]."""
        qkv = self.to_qkv(x).unflatten(-1, (3, self.num_heads, -1))  # [B, L, 3, heads, head_dim]
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, L, head_dim]
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).flatten(2))


def preprocess(image: Tensor, size: int = 224) -> Tensor:
    """An image to what the tower was trained on, in the way Wan2.1 was trained with it.

    The picture is squeezed to a square, not cropped, by a bicubic without antialiasing: both
    differ from CLIP's own preparation.

    image:   [3, H, W] RGB, float in [-1, 1].
    returns: [3, size, size] in the same dtype, each channel normalised by CLIP's mean and deviation.
    """
    square = F.interpolate(image[None], size=(size, size), mode="bicubic", align_corners=False)[0]
    mean = image.new_tensor(CLIP_MEAN)[:, None, None]
    std = image.new_tensor(CLIP_STD)[:, None, None]
    return (square * 0.5 + 0.5 - mean) / std
