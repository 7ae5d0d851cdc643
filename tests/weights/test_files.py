"""Reading files: what is told about good ones, and that no bad one does harm or raises a riddle."""

import errno
import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inference.api.errors import UserError
from inference.weights.files import Container, read_header, read_tensors
from inference.weights.inspect import inspect
from tests.checkpoints import is_mapped, write_safetensors, write_torch

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}


class TouchFile:
    """Unpickling this runs code: it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.file),)


@pytest.fixture(params=["safetensors", "torch"])
def write(request) -> Callable[[Path, dict[str, torch.Tensor]], Path]:
    return {"safetensors": write_safetensors, "torch": write_torch}[request.param]


@pytest.mark.parametrize("name", ["x.pth", "x", "模型 文件 (1).bin"])
def test_content_counts_and_not_the_name(tmp_path: Path, write, name: str) -> None:
    header = read_header(write(tmp_path / "a folder 文件夹" / name, STATE))
    found = {n: (t.shape, t.dtype) for n, t in header.tensors.items()}
    assert found == {"a.weight": ((2, 3), "F32"), "b": ((4,), "BF16")}
    tensors = read_tensors(header, ["a.weight"])
    assert list(tensors) == ["a.weight"]
    assert torch.equal(tensors["a.weight"], STATE["a.weight"])


def test_a_pytorch_file_under_the_name_of_safetensors_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"rename it to end in \.pth"):
        read_header(write_torch(tmp_path / "x.safetensors", STATE))


@pytest.mark.posix  # Windows doesn't say what is mapped
def test_a_file_stays_mapped_no_longer_than_its_tensors(tmp_path: Path, write) -> None:
    header = read_header(write(tmp_path / "x", STATE))
    assert not is_mapped(header.file)
    tensors = read_tensors(header, ["b"])
    assert is_mapped(header.file)
    del tensors
    assert not is_mapped(header.file)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.99])
def test_a_file_cut_short_is_told(tmp_path: Path, write, share: float) -> None:
    state = {f"layer.{index}.weight": torch.ones(16, 8) for index in range(40)}
    file = write(tmp_path / "x", state)
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=r"cut short.*again"):
        read_header(file)


def test_a_safetensors_file_that_lacks_its_last_byte_says_how_much_it_lacks(tmp_path: Path) -> None:
    file = write_safetensors(tmp_path / "x", STATE)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"should have {size:,} bytes and has {size - 1:,}"):
        read_header(file)


def safetensors_bytes(header: object, data: bytes = b"\0" * 64) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: object, start: int, end: int, dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


BEGINS_OTHERWISE = "damaged or wasn't downloaded whole, as it doesn't begin.*: download or copy it"
FOREIGN = {
    "empty": (b"", "is empty"),
    "html": (b"<!DOCTYPE html><html>404</html>", "web page"),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
    "text": (b"hello", BEGINS_OTHERWISE),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, BEGINS_OTHERWISE),
    "zeros": (b"\0" * 100, BEGINS_OTHERWISE),
    "zip": (b"PK\x05\x06" + b"\0" * 18, BEGINS_OTHERWISE),
    "not-json": (safetensors_bytes(b"{not json}"), "damaged"),
    "no-object": (safetensors_bytes(b"{}[]"), "damaged"),
    "deep-json": (safetensors_bytes(b'{"a":' * 60_000), "damaged"),
    "no-shape": (safetensors_bytes({"a": {"dtype": "F32"}}), "damaged"),
    "odd-entry": (safetensors_bytes({"a": 5}), "damaged"),
    "odd-shape": (safetensors_bytes({"a": entry("xy", 0, 64)}), "damaged"),
    "odd-dtype": (safetensors_bytes({"a": entry([16], 0, 64, "F99")}), "damaged"),
    "wrong-size": (safetensors_bytes({"a": entry([15], 0, 64)}), "damaged"),
    "overlap": (safetensors_bytes({"a": entry([8], 0, 32), "b": entry([8], 16, 48)}), "damaged"),
    "beyond-end": (safetensors_bytes({"a": entry([999], 0, 3996)}), "cut short"),
    "gguf-cut": (b"GGUF" + struct.pack("<IQQ", 3, 5, 0), "damaged GGUF"),
    "gguf-huge": (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60), "damaged GGUF"),
    "gguf-old": (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "damaged GGUF"),
}


@pytest.mark.parametrize(("content", "message"), FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("name", ["x.safetensors", "x.pth"])
def test_a_file_that_is_no_weights_is_told(
    tmp_path: Path, content: bytes, message: str, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UserError, match=message) as raised:
        inspect(file)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_of_any_name_need_not_be_weights(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"hello")
    with pytest.raises(UserError, match=r"isn't a file of weights: Kinora reads \.safetensors"):
        inspect(tmp_path / "x.bin")


def test_what_a_library_says_of_damage_is_in_the_details(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(safetensors_bytes(b"{not json}"))
    with pytest.raises(UserError, match=r"whole: download or copy it again\.$") as raised:
        inspect(tmp_path / "x.safetensors")
    assert "line 1 column 2" in raised.value.details


def test_a_disk_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "as the system has it")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(UserError, match=r"can't be read \(Input/output error\): download or copy"):
        read_header(tmp_path / "x.safetensors")


def zip_pickle(payload: object) -> bytes:
    stream = io.BytesIO()
    torch.save(payload, stream)
    return stream.getvalue()


def old_torch_pickle(payload: object) -> bytes:
    stream = io.BytesIO()
    torch.save(payload, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


@pytest.mark.parametrize("form", [zip_pickle, old_torch_pickle, pickle.dumps])
@pytest.mark.parametrize("place", ["alone", "among-tensors"])
@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
def test_code_in_a_file_is_never_run(tmp_path: Path, form, place: str, name: str) -> None:
    mark, file = tmp_path / "the code ran", tmp_path / name
    payload = TouchFile(mark)
    file.write_bytes(form(payload if place == "alone" else {**STATE, "c": payload}))
    with pytest.raises(UserError, match=r"never run here|never opened here|ever run or read"):
        inspect(file)
    assert not mark.exists()
    pickle.loads(pickle.dumps(payload))  # the payload is a real one
    assert mark.exists()


@pytest.mark.parametrize(
    "content", [[torch.ones(2)], torch.ones(2), 5], ids=["list", "tensor", "int"]
)
def test_a_pytorch_file_without_names_is_told(tmp_path: Path, content: object) -> None:
    with pytest.raises(UserError, match="no tensors by name"):
        read_header(write_torch(tmp_path / "x.pth", content))


def test_a_zip_that_is_not_pytorchs_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.pth"
    file.write_bytes(zip_pickle(STATE).replace(b"data.pkl", b"date.pkl"))
    with pytest.raises(UserError, match="damaged"):
        read_header(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*nothing\.pth"):
        read_header(tmp_path / "nothing.pth")


def test_a_file_one_may_not_read_is_told(tmp_path: Path, monkeypatch) -> None:
    file = write_safetensors(tmp_path / "x", STATE)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match="aren't allowed to read"):
        read_header(file)


NO_ROOM = {
    "linux": RuntimeError("unable to mmap 9 bytes from file <x>: Cannot allocate memory (12)"),
    "windows": RuntimeError("Couldn't open file mapping: <x>, error code: <1455>"),
    "safetensors": MemoryError("Cannot allocate memory (os error 12)"),
}


@pytest.mark.parametrize("error", NO_ROOM.values(), ids=NO_ROOM)
def test_a_system_without_room_for_a_mapping_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch, error: Exception
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    file = write_torch(tmp_path / "x.pth", STATE)
    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(UserError, match="no room left"):
        read_header(file)


def gguf_bytes() -> bytes:
    """Two metadata entries, one of them a list, and two tensors."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    entries = text("general.architecture") + struct.pack("<I", 8) + text("wan")
    entries += text("tokenizer.scores") + struct.pack("<IIQ3f", 9, 6, 3, 1.0, 2.0, 3.0)
    tensors = text("head.modulation") + struct.pack("<I3QIQ", 3, 1536, 2, 1, 0, 0)
    tensors += text("blocks.0.ffn.0.weight") + struct.pack("<I2QIQ", 2, 1536, 8960, 12, 4096)
    return b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + entries + tensors


def test_a_gguf_header_lists_its_tensors_in_pytorchs_order(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(gguf_bytes())
    header = read_header(file)
    assert header.container is Container.GGUF
    assert header.metadata == {"general.architecture": "wan"}
    assert {n: (t.shape, t.dtype) for n, t in header.tensors.items()} == {
        "head.modulation": ((1, 2, 1536), "F32"),
        "blocks.0.ffn.0.weight": ((8960, 1536), "Q4_K"),
    }
    with pytest.raises(UserError, match="GGUF"):
        read_tensors(header, ["head.modulation"])


@pytest.mark.parametrize("length", [10, 30, 60, 100])
def test_a_gguf_header_cut_short_is_told(tmp_path: Path, length: int) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(gguf_bytes()[:length])
    with pytest.raises(UserError, match="damaged GGUF"):
        read_header(file)


def test_metadata_of_safetensors_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    save_file(STATE, file, metadata={"format": "pt"})
    assert read_header(file).metadata == {"format": "pt"}
