"""An untrained Wan model of a few kilobytes, in the official layout."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from torch import nn

from inference.api.spec import DiTParams, GenerationRequest, Solver, TextParams, VAEParams
from inference.wan.dit import DiT
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE
from tests.checkpoints import write_config, write_safetensors, write_torch

WORDS = ["a", "red", "blue", "circle", "square", "moves", "left", "right", "。", "红", "圆"]
PROMPT = "a red circle moves left"
TEXT_LEN = 8  # a prompt has room for seven words

DIT = DiTParams(
    dim=32, ffn_dim=64, num_layers=2, num_heads=2, text_dim=24, text_len=TEXT_LEN, freq_dim=16
)
TEXT = TextParams(
    vocab_size=32, dim=DIT.text_dim, dim_attn=16, dim_ffn=32, num_heads=2, num_layers=2
)
VAE_PARAMS = VAEParams(dim=4, dim_mult=(1, 1, 1, 1), num_res_blocks=1)


def write_tiny_model(folder: Path, dit: DiTParams = DIT, text: TextParams = TEXT) -> Path:
    """Write a model that `--model FOLDER` runs; its clips are noise, but each prompt's and seed's own."""
    torch.manual_seed(0)  # for the weights that networks draw when they are made
    config = {"num_heads": dit.num_heads, "text_len": dit.text_len, "eps": dit.eps}
    write_config(folder, {"_class_name": "WanModel", **config})
    write_safetensors(folder / "diffusion_pytorch_model.safetensors", _weights(DiT(dit)))
    write_torch(folder / "Wan2.1_VAE.pth", _weights(VAE(VAE_PARAMS)))
    write_torch(folder / "models_t5_umt5-xxl-enc-bf16.pth", _weights(TextEncoder(text)))
    write_tokenizer(folder / "google" / "umt5-xxl" / "tokenizer.json")
    return folder


def write_tokenizer(file: Path, extra: int = 0) -> None:
    """One token a word; the words that it does not know are `<unk>`. `extra` words are made up."""
    pieces = ["<pad>", "</s>", "<unk>", *WORDS, *(f"extra{i}" for i in range(extra))]
    tokenizer = Tokenizer(WordLevel({piece: i for i, piece in enumerate(pieces)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    file.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(file))


def make_request(model: Path | str, **changes: Any) -> GenerationRequest:
    """The smallest request with all there is: two frames of the latent, two steps, guidance."""
    fields: dict[str, Any] = {
        "prompt": PROMPT, "model": str(model), "width": 32, "height": 16, "frames": 5, "steps": 2,
        "guidance": 3.0, "shift": 2.0, "seed": 1, "solver": Solver.UNIPC, "fps": 8,
    }  # fmt: skip
    return GenerationRequest(**(fields | changes))


def _weights(network: nn.Module) -> dict[str, torch.Tensor]:
    """Random, also where an untrained network starts at zero, so that every part has a say."""
    generator = torch.Generator().manual_seed(1)
    state = network.state_dict()
    for tensor in state.values():
        tensor += 0.2 * torch.randn(tensor.shape, generator=generator)
    return state
