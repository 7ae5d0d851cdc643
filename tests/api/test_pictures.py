"""Pictures that are kept by what is in them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inference.api.errors import UserError
from inference.api.pictures import StoppedError, keep, path_of, pictures_folder, require


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_picture_is_there_under_the_name_of_its_content(tmp_path: Path) -> None:
    source = tmp_path / "画 1.png"
    source.write_bytes(b"some picture" * 200_000)
    name = keep(source)
    assert name == hashlib.sha256(source.read_bytes()).hexdigest()
    content = source.read_bytes()
    source.unlink()
    assert require(name).read_bytes() == content
    assert [path.name for path in pictures_folder().iterdir()] == [name]


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("a.png", "b.jpg", "c.png"))
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    other.write_bytes(b"other")
    assert keep(one) == keep(two) != keep(other)
    assert len(list(pictures_folder().iterdir())) == 2


def test_a_picture_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert path_of("0" * 64) is None
    with pytest.raises(UserError, match="isn't on this machine any more: choose it again"):
        require("0" * 64)
    with pytest.raises(UserError, match=r"gone\.png can't be read: No such file or directory"):
        keep(tmp_path / "gone.png")


def test_a_folder_that_refuses_is_told_and_nothing_is_left(data: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(b"a picture")
    data.write_bytes(b"a file in its place")
    with pytest.raises(UserError, match=r"a\.png can't be kept in .*pictures: "):
        keep(source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "data"]


def test_threads_keep_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 2**22)
    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(keep, paths * 2))
    for name, path in zip(names, paths * 2, strict=True):
        assert require(name).read_bytes() == path.read_bytes()
    assert len(list(pictures_folder().iterdir())) == 4


def test_keeping_is_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    source, asked = tmp_path / "long.mp4", iter([False] * 5 + [True])
    source.write_bytes(b"a" * 3 * 2**20)  # read once, and then copied
    with pytest.raises(StoppedError):
        keep(source, lambda: next(asked))
    assert [*pictures_folder().iterdir()] == []


def test_what_is_kept_is_not_copied_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(b"a picture")
    name = keep(source)
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("it was copied"))
    assert keep(source) == name
