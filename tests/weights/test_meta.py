import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from torch import nn

from inference.api.models import DEMO
from inference.api.spec import ImageParams
from inference.wan.dit import DiT
from inference.wan.image import ImageEncoder
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE
from inference.weights.meta import shapes_only

SMALL_IMAGE = ImageParams(image_size=28, dim=16, mlp_dim=16, num_heads=2, num_layers=2, out_dim=8)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "dit": lambda: DiT(replace(DEMO.dit, num_layers=2, vace_layers=(0,), image_dim=16)),
    "text": lambda: TextEncoder(DEMO.text),
    "vae": lambda: VAE(DEMO.vae),
    "image": lambda: ImageEncoder(SMALL_IMAGE),
}
SLOW_IMPORT = """
import sys
from inference.api.models import DEMO
from inference.api.spec import ImageParams
from inference.wan.dit import DiT
from inference.wan.image import ImageEncoder
from inference.wan.text import TextEncoder
from inference.wan.vae import VAE
from inference.weights.meta import shapes_only

with shapes_only():
    DiT(DEMO.dit), TextEncoder(DEMO.text), VAE(DEMO.vae), ImageEncoder(ImageParams())
sys.exit(bool({"sympy", "torch._dynamo"} & sys.modules.keys()))
"""


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_shapes_are_those_of_the_network(build: Callable[[], nn.Module]) -> None:
    with shapes_only():
        network = build()
    tensors = network.state_dict()
    assert all(tensor.is_meta for tensor in tensors.values())
    whole = {name: (t.shape, t.dtype) for name, t in build().state_dict().items()}
    assert {name: (t.shape, t.dtype) for name, t in tensors.items()} == whole


def test_building_does_not_import_the_compiler() -> None:
    assert subprocess.run([sys.executable, "-c", SLOW_IMPORT], check=False).returncode == 0
