"""Which attention is chosen: one that runs, is right, and is the fastest of those."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend

from inference import attention
from inference.api.spec import DiTParams
from inference.attention import candidates, fastest, safe, use
from inference.wan.dit import Attention, DiT
from inference.wan.kernel import PLAIN, Whole

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(attention, "TOKENS", 120)
    monkeypatch.setattr(attention, "PART", 64)
    monkeypatch.setenv("KINORA_DATA", str(tmp_path))
    fastest.cache_clear()


def slow(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    time.sleep(0.05)
    return F.scaled_dot_product_attention(q, k, v)


def failing(*_: Tensor) -> Tensor:
    raise RuntimeError("No available kernel. Aborting execution.")


WRONG = {
    "fails": failing,
    "gives no numbers": lambda q, k, v: q * float("nan"),
    "gives others": lambda q, k, v: q * 2,
    "loses the last keys": lambda q, k, v: F.scaled_dot_product_attention(
        q, k[:, :, :64], v[:, :, :64]
    ),
    "is wrong in one query of two": lambda q, k, v: (
        F.scaled_dot_product_attention(q, k, v) * (1 + torch.arange(q.shape[2])[:, None] % 2)
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_fastest_that_is_right_is_chosen(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Whole(wrong, WRONG[wrong]), Whole("slow", slow), PLAIN]
    monkeypatch.setattr(attention, "candidates", lambda _: found)
    assert fastest(CPU, torch.float32, 64) is PLAIN
    fastest.cache_clear()
    monkeypatch.setattr(attention, "candidates", lambda _: found[:2])
    assert fastest(CPU, torch.float32, 64).name == "slow"


def test_where_none_is_right_there_is_the_plainest(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Whole(name, run) for name, run in WRONG.items()]
    monkeypatch.setattr(attention, "candidates", lambda _: found)
    assert fastest(CPU, torch.float32, 64) is safe(CPU)


def test_a_shortage_of_memory_chooses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(attention, "candidates", lambda _: [Whole("short", short), PLAIN])
    with pytest.raises(torch.OutOfMemoryError):
        fastest(CPU, torch.float32, 64)


def test_a_processor_has_what_torch_chooses() -> None:
    assert fastest(CPU, torch.float32, 64) is PLAIN
    assert safe(CPU) is PLAIN


@pytest.mark.parametrize(("seconds", "chosen"), [(0.02, "rounds"), (0.047, "exact")])
def test_what_rounds_has_to_be_worth_it(
    seconds: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v)

    kernels = [Whole("rounds", run, is_rounded=True), Whole("exact", run)]
    times = {"rounds": seconds, "exact": 0.05}
    monkeypatch.setattr(attention, "candidates", lambda _: kernels)
    monkeypatch.setattr(attention, "_seconds", lambda kernel, *_: times[kernel.name])
    assert fastest(CPU, torch.float32, 64).name == chosen
    assert fastest(CPU, torch.float32, 64, exact=True).name == "exact"


def test_what_was_chosen_once_stays_while_it_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a clip that is made again would be another one, where two ways are close."""
    first = Whole("first", F.scaled_dot_product_attention)
    second = Whole("second", F.scaled_dot_product_attention)
    seconds = {first: 1.0, second: 1.01}
    monkeypatch.setattr(attention, "candidates", lambda _: [first, second])
    monkeypatch.setattr(attention, "_seconds", lambda kernel, *_: seconds[kernel])
    assert fastest(CPU, torch.float32, 64) is first
    seconds[first] = 1.02
    fastest.cache_clear()
    assert fastest(CPU, torch.float32, 64) is first
    assert fastest(CPU, torch.float32, 128) is second
    seconds[first] = float("inf")
    fastest.cache_clear()
    assert fastest(CPU, torch.float32, 64) is second


@pytest.mark.parametrize(("capability", "own"), [((7, 5), []), ((8, 6), ["8 bits"])])
def test_a_card_has_torchs_backends(
    capability: tuple[int, int], own: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    names = [kernel.name for kernel in candidates(CUDA)]
    assert names == [*own, "CUDNN_ATTENTION", "FLASH_ATTENTION", "EFFICIENT_ATTENTION"]
    assert safe(CUDA).name == SDPBackend.EFFICIENT_ATTENTION.name


def test_a_backend_is_the_one_that_is_used() -> None:
    q = torch.randn(1, 2, 8, 16)
    plain = attention._of_torch(SDPBackend.MATH).run(q, q, q)
    torch.testing.assert_close(plain, F.scaled_dot_product_attention(q, q, q))
    with pytest.raises(RuntimeError, match="No viable backend"):
        attention._of_torch(SDPBackend.CUDNN_ATTENTION).run(q, q, q)


def sage(scale: float) -> Callable[..., Tensor]:
    def sageattn(q: Tensor, k: Tensor, v: Tensor, tensor_layout: str) -> Tensor:
        assert tensor_layout == "HND"
        return F.scaled_dot_product_attention(q, k, v) * scale

    return sageattn


@pytest.mark.parametrize(("scale", "chosen"), [(1.01, "SageAttention"), (1.5, "slow")])
def test_sage_attention_is_taken_where_it_is_installed_and_right(
    scale: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType(attention.SAGE)
    vars(module).update(sageattn=sage(scale), __spec__=object())
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    monkeypatch.setitem(sys.modules, attention.SAGE, module)
    first, *_ = candidates(CUDA)
    assert first.name == "SageAttention"
    monkeypatch.setattr(attention, "candidates", lambda _: [first, Whole("slow", slow)])
    assert fastest(CPU, torch.float32, 64).name == chosen


def test_all_of_a_transformer_uses_it() -> None:
    calls: list[int] = []

    def counted(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        calls.append(k.shape[2])
        return F.scaled_dot_product_attention(q, k, v)

    dit = DiT(DiTParams(32, 64, 2, 2, text_dim=16, text_len=8, in_dim=20, image_dim=24))
    use(dit, Whole("counted", counted))
    assert sum(isinstance(module, Attention) for module in dit.modules()) == 4
    with torch.inference_mode():
        image = torch.randn(1, 257, 24)
        dit(torch.randn(1, 20, 1, 4, 4), torch.ones(1), torch.randn(1, 8, 16), image_context=image)
    assert calls == [4, 8, 257] * 2


@pytest.mark.gpu
def test_a_cards_choice_is_right_at_full_length() -> None:
    q = torch.randn(1, 8192, 12, 128, device=CUDA, dtype=torch.bfloat16)
    chosen, plain = fastest(CUDA, torch.bfloat16, 128), safe(CUDA)
    made, expected = (kernel.attend(q, kernel.keeper()(q, q)) for kernel in (chosen, plain))
    assert torch.allclose(made, expected, atol=0.05)
