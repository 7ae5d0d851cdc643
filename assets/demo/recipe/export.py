"""Writes the trained networks as a model folder in the official layout."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from assets.demo.recipe.captions import make_tokenizer
from assets.demo.recipe.train_dit import TRUNK, Painter
from inference.api.spec import DiTParams
from inference.wan.vae import VAE


def export(painter: Painter, vae: VAE, folder: Path) -> None:
    """The model of `painter` and `vae` in `folder`; weights are float16, which halves the files."""
    folder.mkdir(parents=True, exist_ok=True)
    make_tokenizer(folder / "tokenizer.json")
    save_network(painter.dit, folder / "diffusion_pytorch_model.safetensors")
    save_network(painter.text, folder / "models_t5_umt5-enc-fp16.safetensors")
    save_network(vae, folder / "Wan2.1_VAE.safetensors")
    write_config(TRUNK, "t2v", folder)


def write_config(dit: DiTParams, model_type: str, folder: Path) -> None:
    """The `config.json` that official folders have beside the transformer."""
    config = {
        "_class_name": "WanModel" if model_type == "t2v" else "VaceWanModel",
        "model_type": model_type, "dim": dit.dim, "ffn_dim": dit.ffn_dim, "freq_dim": dit.freq_dim,
        "in_dim": dit.in_dim, "out_dim": dit.out_dim, "num_heads": dit.num_heads,
        "num_layers": dit.num_layers, "text_len": dit.text_len, "eps": dit.eps,
    }  # fmt: skip
    if dit.vace_layers:
        config |= {"vace_layers": list(dit.vace_layers), "vace_in_dim": dit.vace_in_dim}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def save_network(network: nn.Module, file: Path) -> None:
    """The network's weights in `file`, as float16."""
    tensors = {name: t.detach().to(torch.float16) for name, t in network.state_dict().items()}
    partial = file.with_suffix(".partial")
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.replace(file)
