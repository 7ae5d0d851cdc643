"""Tensors that come to the device for as long as they are needed.

Two buffers take turns: while one is computed with, the other is filled. On a CUDA device the copies have
a stream of their own and go through two small pinned pieces, as a file's mapped pages can't be copied
while something else runs. Nobody has to ask ahead of time: kernels are only queued, so the program comes
to the next copy long before the device has done the computing before it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

ALIGNMENT = 256  # bytes; what CUDA gives its own allocations
PIECE_BYTES = 2**25

Tensors = Mapping[str, Tensor]


def room_for(tensors: Iterable[Tensor]) -> int:
    """Bytes that tensors of any shapes take in a buffer."""
    return sum(_aligned(tensor.nbytes) for tensor in tensors)


class Conveyor:
    """Brings sets of tensors, of up to `size` bytes in `room_for`'s count, to `device` by turns.

    What computes on the CPU takes them where they are.
    """

    def __init__(self, device: torch.device, size: int) -> None:
        count = 0 if device.type == "cpu" else 2
        self._buffers = [torch.empty(size, dtype=torch.uint8, device=device) for _ in range(count)]
        self._lane = _Lane(device, self._buffers) if device.type == "cuda" else None
        self._turn = 0

    @contextmanager
    def bring(self, tensors: Tensors) -> Iterator[Tensors]:
        """`tensors`, which lie in RAM, on the device: until the end of the `with`, and no longer."""
        if not self._buffers:
            yield tensors
            return
        turn, self._turn = self._turn, 1 - self._turn
        places = _lay_out(self._buffers[turn], tensors)
        if self._lane is None:  # on meta, where there is nothing to wait for
            for name, place in places.items():
                place.copy_(tensors[name])
        else:
            self._lane.fill(turn, [(tensors[name], place) for name, place in places.items()])
        del tensors  # and with them the file that they are mapped from
        try:
            yield places
        finally:
            if self._lane is not None:
                self._lane.release(turn)


class _Lane:
    """The stream of copies into two buffers, and the events that keep it and the computing apart."""

    def __init__(self, device: torch.device, buffers: list[Tensor]) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)
        self._pieces = [
            torch.empty(PIECE_BYTES, dtype=torch.uint8, pin_memory=True) for _ in range(2)
        ]
        self._copied = [torch.cuda.Event(blocking=True) for _ in self._pieces]
        self._free = [torch.cuda.Event() for _ in buffers]
        self._turn = 0
        for index, buffer in enumerate(buffers):
            buffer.record_stream(self._stream)  # its memory isn't another's while a copy runs
            self.release(index)

    def fill(self, index: int, pairs: list[tuple[Tensor, Tensor]]) -> None:
        """Copy to buffer `index`, from each source to its place there, of the same shape and dtype
        [...]; what is queued on the device after this waits for it."""
        self._stream.wait_event(self._free[index])
        for source, place in pairs:
            self._copy(source.reshape(-1), place.view(-1))
        torch.cuda.current_stream(self._device).wait_stream(self._stream)

    def release(self, index: int) -> None:
        """What was queued on the device until now is the last that needs buffer `index`."""
        self._free[index].record(torch.cuda.current_stream(self._device))

    def _copy(self, source: Tensor, place: Tensor) -> None:
        """Copy [N] to [N] piece by piece; each waits until its pinned memory is free again."""
        length = PIECE_BYTES // source.itemsize
        for part, target in zip(source.split(length), place.split(length), strict=True):
            self._copied[self._turn].synchronize()
            piece = self._pieces[self._turn][: part.nbytes].view(part.dtype)
            piece.copy_(part)
            with torch.cuda.stream(self._stream):
                target.copy_(piece, non_blocking=True)
            self._copied[self._turn].record(self._stream)
            self._turn = 1 - self._turn


def _lay_out(buffer: Tensor, tensors: Tensors) -> dict[str, Tensor]:
    """Places in `buffer` for each of `tensors`, one after the other."""
    places, start = {}, 0
    for name, tensor in tensors.items():
        place = buffer[start : start + tensor.nbytes]
        places[name] = place.view(tensor.dtype).view(tensor.shape)
        start += _aligned(tensor.nbytes)
    return places


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
