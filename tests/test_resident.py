"""A transformer that streams computes, bit for bit, what the whole one computes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.api.placement import streamed_blocks
from inference.api.spec import DiTParams
from inference.conveyor import room_for
from inference.load import ReadBlock, block_reader, load_dit, stream_dit
from inference.meter import Meter
from inference.quantize import stream_copy
from inference.resident import StreamingNetwork
from inference.wan.dit import DiT, block_prefixes
from inference.weights.checkpoint import Checkpoint, open_checkpoints
from inference.weights.meta import shapes_only
from quant.formats import FORMATS, QFormat
from tests.checkpoints import finish, reference_weights, write_config, write_safetensors

CPU, META = torch.device("cpu"), torch.device("meta")


@pytest.fixture(params=["dit_t2v", "dit_vace"])
def vectors(request, reference) -> dict[str, Tensor]:
    return reference(request.param)[0]


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["as stored", "converted"])
def checkpoint(request, vectors: dict[str, Tensor], tmp_path: Path) -> Checkpoint:
    state = {n: t.to(request.param) for n, t in reference_weights(vectors).items()}
    write_config(tmp_path, {"num_heads": 4, "text_len": 24})
    (found,) = open_checkpoints(write_safetensors(tmp_path / "model.safetensors", state))
    return found


def load_streaming(
    checkpoint: Checkpoint, resident: int, read: ReadBlock, form: QFormat | None
) -> StreamingNetwork:
    streamed = streamed_of(checkpoint, resident)
    _, network = finish(stream_dit(checkpoint, torch.float32, CPU, streamed, form))
    return StreamingNetwork(network, streamed, read, CPU)


def streamed_of(checkpoint: Checkpoint, resident: int) -> tuple[int, ...]:
    blocks = {name.split(".")[1] for name in checkpoint.sources if name.startswith("blocks.")}
    return streamed_blocks(len(blocks), resident)


@torch.inference_mode()
@pytest.mark.parametrize("resident", [0, 1])
@pytest.mark.parametrize("form", [None, FORMATS["int8"], FORMATS["nf4"]], ids=str)
def test_streaming_changes_nothing(
    checkpoint: Checkpoint, vectors: dict[str, Tensor], resident: int, form: QFormat | None
) -> None:
    reads: list[int] = []
    if form is not None:
        _, checkpoint = finish(stream_copy(checkpoint, form.storage, CPU))
    read_block = block_reader(checkpoint, torch.float32, form)

    def read(index: int, device: torch.device) -> dict[str, Tensor]:
        if device == CPU:
            reads.append(index)
        return read_block(index, device)

    network = load_streaming(checkpoint, resident, read, form)
    whole = load_dit(checkpoint, torch.float32, CPU, form)
    contexts = [vectors["context"][None], vectors["context"][None, :3] * 0.5]
    control: dict[str, Any] = {}
    if "vace_context" in vectors:
        control = {"vace_context": vectors["vace_context"][None], "vace_scale": 0.6}
    for time in (vectors["t"], vectors["t"] / 2):
        given = vectors["x"][None], time
        expected = [whole(*given, context, **control) for context in contexts]
        for actual, wanted in zip(network(*given, contexts, **control), expected, strict=True):
            assert torch.equal(actual, wanted)
    assert reads == [*streamed_of(checkpoint, resident)] * 2  # once a step for both contexts
    assert not torch.equal(*expected)


LARGE = DiTParams(5120, 13824, 40, 40, vace_layers=tuple(range(0, 40, 5)))


@torch.inference_mode()
def test_no_more_than_two_blocks_are_on_the_device() -> None:
    """At 14 B parameters, on meta, in bf16."""
    with shapes_only():
        dit = DiT(LARGE).bfloat16()
    streamed = range(LARGE.num_layers)
    state = dit.state_dict()

    def read(index: int, _: torch.device) -> dict[str, Tensor]:
        own = block_prefixes(LARGE, index)
        return {name: tensor for name, tensor in state.items() if name.startswith(own)}

    largest = max(room_for(read(index, META).values()) for index in streamed)
    latent, time = torch.empty(1, 16, 2, 32, 32, device=META), torch.empty(1, device=META)
    contexts = [torch.empty(1, 9, 4096, dtype=torch.bfloat16, device=META)] * 2
    control = torch.empty(1, 96, 2, 32, 32, device=META)
    with Meter("meta", *state.values()) as meter:
        before = meter.live_bytes
        network = StreamingNetwork(dit, streamed, read, META)
        assert meter.live_bytes - before == 2 * largest
        out = network(latent, time, contexts, vace_context=control)
        assert [velocity.shape for velocity in out] == [latent.shape] * 2
        assert meter.live_bytes - before < 2 * largest + 1e6
