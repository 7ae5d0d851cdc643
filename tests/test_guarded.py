"""What goes wrong in a step is done again more plainly, and told."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from inference import attention, guarded
from inference.api.errors import UserError
from inference.api.spec import DiTParams
from inference.guarded import Guarded
from inference.wan.dit import Attention, Block, DiT
from inference.wan.kernel import Whole

CPU, F32 = torch.device("cpu"), torch.float32
PARAMS = DiTParams(32, 64, 2, 2, text_dim=16, text_len=8)

Given = tuple[Tensor, Tensor, list[Tensor]]


@pytest.fixture
def dit() -> DiT:
    dit = DiT(PARAMS).requires_grad_(False)
    torch.nn.init.normal_(dit.head.head.weight)
    return dit


@pytest.fixture
def given() -> Given:
    return torch.randn(1, 16, 1, 4, 4), torch.ones(1), [torch.randn(1, 8, 16) for _ in range(2)]


def whole(dit: DiT) -> Callable[[Tensor, Tensor, list[Tensor]], list[Tensor]]:
    return lambda latent, timestep, contexts: [dit(latent, timestep, c) for c in contexts]


def broken_at(call: int) -> Whole:
    calls: list[int] = []

    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        calls.append(1)
        return F.scaled_dot_product_attention(q, k, v) * (float("nan") if len(calls) == call else 1)

    return Whole("broken", run)


@torch.inference_mode()
@pytest.mark.parametrize("call", [1, 8])
def test_a_step_without_numbers_is_taken_again(
    call: int, dit: DiT, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = whole(dit)(*given)
    monkeypatch.setattr(attention, "fastest", lambda *_, **__: broken_at(call))
    run = Guarded(whole(dit), dit, CPU, F32)
    for actual, wanted in zip(run(*given), expected, strict=True):
        assert torch.equal(actual, wanted)
    (notice,) = run.notices
    assert notice.startswith("The attention gave something that isn't a number")
    used = {module.kernel for module in dit.modules() if isinstance(module, Attention)}
    assert used == {attention.safe(CPU)}
    run(*given)
    assert len(run.notices) == 1


def test_attention_in_fewer_bits_is_told_and_can_be_forgone(
    dit: DiT, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = Whole("8 bits", F.scaled_dot_product_attention, is_rounded=True)
    monkeypatch.setattr(attention, "candidates", lambda _: [rounds, attention.PLAIN])
    monkeypatch.setattr(attention, "_seconds", lambda kernel, *_: 1 if kernel is rounds else 2)
    attention.fastest.cache_clear()
    assert Guarded(whole(dit), dit, CPU, F32).notices == [
        "Attention in 8 bits, the fastest on this card."
    ]
    assert Guarded(whole(dit), dit, CPU, F32, exact=True).notices == []
    attention.fastest.cache_clear()


def test_kernels_that_cannot_be_had_are_told(dit: DiT, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "why_not", lambda *_: "no NVRTC here\nand more")
    (notice,) = Guarded(whole(dit), dit, CPU, F32).notices
    assert notice == (
        "Kinora's own kernels can't be used on this card (no NVRTC here): torch's take more time and "
        "memory."
    )


@torch.inference_mode()
def test_damaged_weights_are_told(dit: DiT, given: Given) -> None:
    dit.get_parameter("blocks.1.ffn.0.weight")[0, 0] = float("inf")
    with pytest.raises(UserError, match="isn't a number: its weights are damaged"):
        Guarded(whole(dit), dit, CPU, F32)(*given)


@torch.inference_mode()
def test_compiled_blocks_compute_the_same(
    dit: DiT, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, seen = whole(dit)(*given), list[object]()

    def compiled(call: Callable[..., object], **_: object) -> Callable[..., object]:
        def run(*args: object) -> object:
            seen.append(args)
            return call(*args)

        return run

    monkeypatch.setattr(torch, "compile", compiled)
    run = Guarded(whole(dit), dit, CPU, F32, compiles=True)
    for actual, wanted in zip(run(*given), expected, strict=True):
        assert torch.equal(actual, wanted)
    assert len(seen) == 2 * PARAMS.num_layers
    assert run.notices == []


@torch.inference_mode()
def test_where_compiling_fails_it_goes_on_without(
    dit: DiT, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, tries = whole(dit)(*given), list[int]()
    error = guarded._compiler_errors()[1](RuntimeError("no compiler\nmore"), None)

    def failing(_: object, **__: object) -> Callable[..., object]:
        def run(*_: object) -> object:
            tries.append(1)
            raise error

        return run

    monkeypatch.setattr(torch, "compile", failing)
    run = Guarded(whole(dit), dit, CPU, F32, compiles=True)
    for _ in range(2):
        for actual, wanted in zip(run(*given), expected, strict=True):
            assert torch.equal(actual, wanted)
    assert len(tries) == 1
    (notice,) = run.notices
    assert notice.startswith("torch.compile can't be used here (")
    assert "\n" not in notice


@torch.inference_mode()
def test_other_errors_are_not_the_compilers(
    dit: DiT, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Block, "forward", full)
    with pytest.raises(torch.OutOfMemoryError):
        Guarded(whole(dit), dit, CPU, F32)(*given)
