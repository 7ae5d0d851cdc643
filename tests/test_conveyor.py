"""What is brought is what was there, two at a time, and no buffer is filled while it's in use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from inference import conveyor
from inference.conveyor import ALIGNMENT, Conveyor, _Lane, room_for

CPU, META = torch.device("cpu"), torch.device("meta")


def sample(seed: int) -> dict[str, Tensor]:
    """Tensors of every kind that a block may have."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "weight": torch.randn(7, 5, generator=generator),
        "codes": torch.randint(-128, 127, (33, 3), generator=generator).to(torch.int8),
        "scale": torch.randn((), generator=generator),
        "half": torch.randn(11, generator=generator).bfloat16(),
        "small": torch.randn(3, 2, generator=generator).to(torch.float8_e4m3fn),
        "turned": torch.randn(4, 6, generator=generator).T,
        "none": torch.empty(0, 4),
    }


def same(brought: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> bool:
    return brought.keys() == expected.keys() and all(
        tensor.dtype is expected[name].dtype and torch.equal(tensor.float(), expected[name].float())
        for name, tensor in brought.items()
    )


def test_each_set_is_whole_while_it_is_needed() -> None:
    sets = [sample(seed) for seed in range(5)]
    belt = Conveyor(CPU, room_for(sets[0].values()))
    for tensors in sets:
        with belt.bring(tensors) as brought:
            assert same(brought, tensors)


def test_two_buffers_take_turns() -> None:
    tensors = {name: tensor.to(META) for name, tensor in sample(0).items()}
    belt = Conveyor(META, room_for(tensors.values()))
    places = []
    for _ in range(4):
        with belt.bring(tensors) as brought:
            places.append(brought["weight"].untyped_storage()._cdata)
    assert places[0] == places[2] != places[1] == places[3]


def test_what_does_not_fit_is_an_error() -> None:
    tensors = {name: tensor.to(META) for name, tensor in sample(0).items()}
    belt = Conveyor(META, room_for(tensors.values()) - ALIGNMENT)
    with pytest.raises(RuntimeError), belt.bring(tensors):
        pass


def test_a_processor_takes_them_where_they_are() -> None:
    tensors = sample(0)
    with Conveyor(CPU, 0).bring(tensors) as brought:
        assert brought is tensors


def test_it_runs_where_nothing_is_computed() -> None:
    meta = {name: tensor.to("meta") for name, tensor in sample(0).items()}
    belt = Conveyor(torch.device("meta"), room_for(meta.values()))
    with belt.bring(meta) as brought:
        shapes = {name: (t.shape, t.dtype, t.device.type) for name, t in brought.items()}
    assert shapes == {name: (t.shape, t.dtype, "meta") for name, t in meta.items()}


class FakeCuda:
    """Streams and events that note what is asked of them, in order; copies are done at once."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []

    def stream(self, name: str) -> Any:
        fake = self

        class Stream:
            def wait_event(self, event: Any) -> None:
                fake.log.append((name, "waits for", event.mark))

            def wait_stream(self, other: Any) -> None:
                fake.log.append((name, "waits for stream", other.name))

        Stream.name = name  # pyright: ignore[reportAttributeAccessIssue]
        return Stream()

    def event(self, **_: Any) -> Any:
        fake = self

        class Event:
            mark: int | None = None

            def record(self, stream: Any) -> None:
                self.mark = len(fake.log)
                fake.log.append((stream.name, "records", self.mark))

            def synchronize(self) -> None:
                fake.log.append(("program", "waits for", self.mark))

        return Event()


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    fake = FakeCuda()
    computing, copying = fake.stream("computing"), fake.stream("copying")
    empty = torch.empty

    @contextmanager
    def entered(stream: Any) -> Iterator[None]:
        fake.log.append((stream.name, "copies"))
        yield

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: copying)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: computing)
    monkeypatch.setattr(torch.cuda, "stream", entered)
    monkeypatch.setattr(torch.cuda, "Event", fake.event)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: None)
    monkeypatch.setattr(conveyor, "PIECE_BYTES", 64)
    monkeypatch.setattr(torch, "empty", lambda *a, pin_memory=False, **k: empty(*a, **k))
    return fake


def test_a_buffer_is_filled_only_after_the_computing_that_used_it(cuda: FakeCuda) -> None:
    buffers = [torch.zeros(64, dtype=torch.uint8) for _ in range(2)]
    lane, released = _Lane(CPU, buffers), {}
    for turn in (0, 1, 0, 1, 0):
        start = len(cuda.log)
        lane.fill(turn, [(torch.full((8,), turn), buffers[turn].view(torch.int64))])
        steps = cuda.log[start:]
        if turn in released:
            assert steps[0] == ("copying", "waits for", released[turn])
        assert steps[0][:2] == ("copying", "waits for")
        assert steps[-1] == ("computing", "waits for stream", "copying")
        assert ("copying", "copies") in steps
        released[turn] = len(cuda.log)
        lane.release(turn)
        assert cuda.log[-1] == ("computing", "records", released[turn])


def test_a_pinned_piece_is_written_only_after_its_copy(cuda: FakeCuda) -> None:
    buffer = torch.zeros(320, dtype=torch.uint8)
    lane = _Lane(CPU, [buffer, buffer.clone()])
    source = torch.arange(40)  # five pieces of 64 bytes
    start = len(cuda.log)
    lane.fill(0, [(source, buffer.view(torch.int64))])
    assert torch.equal(buffer.view(torch.int64), source)
    steps = [step for step in cuda.log[start:] if "records" in step or step[0] == "program"]
    records = [step[2] for step in steps if step[0] == "copying"]
    waits = [step[2] for step in steps if step[0] == "program"]
    assert len(records) == len(waits) == 5
    assert waits == [None, None, *records[:3]]


@pytest.mark.gpu
def test_copies_never_overtake_the_computing() -> None:
    device = torch.device("cuda")
    sets = [{"x": torch.full((50_000_000,), float(i))} for i in range(6)]
    belt = Conveyor(device, room_for(sets[0].values()))
    sums = []
    for tensors in sets:
        with belt.bring(tensors) as brought:
            torch.cuda._sleep(100_000_000)  # the program runs far ahead of the device
            sums.append((brought["x"].min(), brought["x"].max()))
    assert [(low.item(), high.item()) for low, high in sums] == [(i, i) for i in range(6)]
