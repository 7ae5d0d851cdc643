"""Writes the trained networks as a model folder in the official layout."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from assets.demo.recipe.captions import make_tokenizer
from assets.demo.recipe.train_dit import Painter
from inference.api.models import DEMO
from inference.wan.vae import VAE


def export(painter: Painter, vae: VAE, folder: Path) -> None:
    """The model of `painter` and `vae` in `folder`; weights are float16, which halves the files."""
    folder.mkdir(parents=True, exist_ok=True)
    make_tokenizer(folder / "tokenizer.json")
    _save(painter.dit, folder / "diffusion_pytorch_model.safetensors")
    _save(painter.text, folder / "models_t5_umt5-enc-fp16.safetensors")
    _save(vae, folder / "Wan2.1_VAE.safetensors")
    dit = DEMO.dit
    config = {
        "_class_name": "WanModel", "model_type": "t2v", "dim": dit.dim, "ffn_dim": dit.ffn_dim,
        "freq_dim": dit.freq_dim, "in_dim": dit.in_dim, "out_dim": dit.out_dim,
        "num_heads": dit.num_heads, "num_layers": dit.num_layers, "text_len": dit.text_len,
        "eps": dit.eps,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _save(network: nn.Module, file: Path) -> None:
    tensors = {name: t.detach().to(torch.float16) for name, t in network.state_dict().items()}
    partial = file.with_suffix(".partial")
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.replace(file)
