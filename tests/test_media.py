"""What is written is decoded again and compared; ffmpeg itself is the judge of what is in a file."""

import os
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.api.errors import UserError
from inference.media import Format, check_output, open_writer, read_frames, read_metadata

WIDTH, HEIGHT, FRAMES, FPS = 96, 64, 9, 16
RECIPE = {"prompt": "一只橘猫在垫子上睡觉。" * 1000, "seed": "9223372036854775807"}
AWKWARD = {"prompt": 'a="b"; #c \\d\\\\ \n\t[e] é😀 \u2028', "negative": "", "": "x"}
FORMATS = ["clip.mp4", "clip.webm", "clip.gif", "image.png", "frames/"]
SOURCE = ["-f", "lavfi", "-i", "color=#2060a0:s=32x16", "-frames:v", "1"]


def make_clip(frames: int = FRAMES) -> Tensor:
    """A smooth moving pattern [F, H, W, 3] uint8."""
    f, y, x = torch.meshgrid(
        torch.arange(frames), torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij"
    )
    waves = [torch.sin(x / 15 + f / 3), torch.cos(y / 11 - f / 4), torch.sin((x + y) / 20)]
    return (torch.stack(waves, -1) * 100 + 128).to(torch.uint8)


def write(path: str | Path, clip: Tensor, metadata: dict[str, str] | None = None) -> None:
    with open_writer(path, clip.shape[2], clip.shape[1], FPS, metadata or {}) as write_frame:
        for frame in clip:
            write_frame(frame)


def read(path: str | Path) -> Tensor:
    return torch.stack(list(read_frames(path)))


def frames_for(name: str) -> int:
    return 1 if name.endswith(".png") else FRAMES


def psnr(a: Tensor, b: Tensor) -> float:
    error = (a.double() - b.double()).square().mean()
    return (20 * torch.log10(255 / error.sqrt())).item()


def ffmpeg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg in `folder`, whose path it would take for a pattern."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True)


def describe(path: Path) -> str:
    """ffmpeg's own line about the video stream of a file."""
    lines = ffmpeg(path.parent, "-i", path.name, "-f", "null", "-").stderr.decode().splitlines()
    return next(line for line in lines if "Video:" in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose path holds what programs stumble over."""
    path = tmp_path / "我的 视频 %03d 'a' [b]; c=d"
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["frames/", "new folder", "image.png", "IMAGE.PNG"])
def test_png_is_exact(folder: Path, name: str) -> None:
    clip = torch.randint(0, 256, (frames_for(name.lower()), HEIGHT, WIDTH, 3), dtype=torch.uint8)
    write(f"{folder}/{name}", clip)
    assert torch.equal(read(folder / name), clip)


def test_folder_holds_numbered_frames_and_recipe(folder: Path) -> None:
    (folder / "frames.v1").mkdir()  # empty folders are taken, whatever their name
    write(folder / "frames.v1", make_clip(3))
    names = sorted(path.name for path in (folder / "frames.v1").iterdir())
    assert names == ["frame_00001.png", "frame_00002.png", "frame_00003.png", "recipe.json"]


@pytest.mark.parametrize(("name", "decibel"), [("a.mp4", 40), ("a.webm", 40), ("a.gif", 25)])
def test_lossy_formats_come_back_close(folder: Path, name: str, decibel: float) -> None:
    clip = make_clip()
    write(folder / name, clip)
    back = read(folder / name)
    assert back.shape == clip.shape
    assert psnr(back, clip) > decibel


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "h264 (High)"), ("a.webm", "vp9 (Profile 0)")],
    ids=["mp4", "webm"],
)
def test_streams_are_what_players_play(folder: Path, name: str, codec: str) -> None:
    write(folder / name, make_clip())
    line = describe(folder / name)
    assert codec in line
    assert "yuv420p(tv, bt709, progressive)" in line
    assert f"{WIDTH}x{HEIGHT}" in line
    assert f" {FPS} fps" in line


def test_mp4_starts_at_once(folder: Path) -> None:
    write(folder / "a.mp4", make_clip())
    data = (folder / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        # ITU-R BT.709-6, 8 bits: Y 16..235, Cb and Cr 16..240
        pytest.param((255, 0, 0), (63, 102, 240), id="red"),
        pytest.param((0, 255, 0), (173, 42, 26), id="green"),
        pytest.param((0, 0, 255), (32, 240, 118), id="blue"),
        pytest.param((255, 255, 255), (235, 128, 128), id="white"),
        pytest.param((0, 0, 0), (16, 128, 128), id="black"),
    ],
)
def test_colours_are_bt709(
    folder: Path, name: str, rgb: tuple[int, ...], yuv: tuple[int, ...]
) -> None:
    path = folder / name
    patch = torch.tensor(rgb, dtype=torch.uint8).expand(2, HEIGHT, WIDTH, 3)
    write(path, patch)
    raw = ffmpeg(
        folder, "-i", name, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"
    ).stdout
    luma, chroma = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    planes = np.split(np.frombuffer(raw, np.uint8), [luma, luma + chroma])
    assert np.abs([plane.mean() for plane in planes] - np.array(yuv)).max() <= 1.5
    assert (read(path).int() - patch.int()).abs().max() <= 4


def test_gif_loops_at_its_rate(folder: Path) -> None:
    write(folder / "a.gif", make_clip(17))
    data = (folder / "a.gif").read_bytes()
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in data  # repeat for ever
    delays = re.findall(rb"\x21\xf9\x04.(..).\x00\x2c", data, re.DOTALL)
    assert sum(int.from_bytes(delay, "little") for delay in delays) == round(100 * 17 / FPS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("metadata", [RECIPE, AWKWARD, {}], ids=["long", "awkward", "empty"])
def test_metadata_comes_back(folder: Path, name: str, metadata: dict[str, str]) -> None:
    write(f"{folder}/{name}", make_clip(frames_for(name)), metadata)
    assert read_metadata(folder / name) == metadata
    assert len(read(folder / name)) == frames_for(name)  # the comment has not broken the file


def test_each_png_of_a_folder_has_the_recipe(folder: Path) -> None:
    write(f"{folder}/frames/", make_clip(2), AWKWARD)
    assert read_metadata(folder / "frames/frame_00002.png") == AWKWARD


def test_metadata_of_others_is_none_of_ours(folder: Path) -> None:
    for name in ("a.png", "a.gif", "a.mp4"):
        ffmpeg(folder, *SOURCE, "-metadata", "comment=hi", name)
        assert read_metadata(folder / name) == {}


@pytest.mark.parametrize("name", FORMATS)
def test_abort_leaves_nothing(folder: Path, name: str) -> None:
    def interrupted() -> None:
        with open_writer(f"{folder}/{name}", WIDTH, HEIGHT, FPS, RECIPE) as write_frame:
            write_frame(make_clip(1)[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS[:4])
def test_abort_keeps_the_file_that_was_there(folder: Path, name: str) -> None:
    (folder / name).write_text("precious")
    with pytest.raises(ValueError, match="is not uint8"):
        write(folder / name, make_clip(1).float())
    assert [path.read_text() for path in folder.iterdir()] == ["precious"]


def test_writes_arrays_and_views(folder: Path) -> None:
    array: NDArray[np.uint8] = make_clip(1)[0].numpy()
    with open_writer(folder / "a.png", WIDTH, HEIGHT, FPS, {}) as write_frame:
        write_frame(array[:, ::-1].copy()[:, ::-1])
    assert torch.equal(read(folder / "a.png")[0], torch.from_numpy(array))


def test_second_frame_of_a_png_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="name a folder"):
        write(folder / "a.png", make_clip(2))
    with pytest.raises(UserError, match=r"a\.png can hold one image"):
        check_output(folder / "a.png", frames=2)
    assert list(folder.iterdir()) == []


def test_unknown_suffix_lists_the_known(folder: Path) -> None:
    with pytest.raises(
        UserError, match=r"can't be written as \.avi .*\.mp4.*\.webm.*\.gif.*\.png.*folder"
    ):
        check_output(folder / "a.avi", frames=5)


def test_folder_with_files_is_refused(folder: Path) -> None:
    (folder / "mine.txt").touch()
    with pytest.raises(UserError, match="not empty"):
        check_output(folder, frames=5)


def test_empty_folder_takes_frames_whatever_its_name(folder: Path) -> None:
    (folder / "a.mp4").mkdir()
    assert check_output(folder / "a.mp4", frames=2) is Format.FOLDER
    with open_writer(folder / "a.mp4", 32, 16, 8, {}) as write:
        write(torch.zeros(16, 32, 3, dtype=torch.uint8))
    assert (folder / "a.mp4" / "frame_00001.png").is_file()


def test_missing_folder_is_said(folder: Path) -> None:
    with pytest.raises(UserError, match=r"missing does not exist"):
        check_output(folder / "missing/a.mp4", frames=5)


def test_unwritable_folder_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(path: Path, mode: int) -> bool:  # the superuser may write anywhere
        return not (path == folder and mode == os.W_OK)

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(UserError, match="can't be written to"):
        check_output(folder / "a.mp4", frames=5)


@pytest.mark.posix
@pytest.mark.parametrize("name", FORMATS[:4])
def test_full_disk_is_said(folder: Path, name: str) -> None:
    path = folder / name
    partial = f".{path.stem}.partial-{os.getpid()}{path.suffix}"
    (folder / partial).symlink_to("/dev/full")  # writing there fails as on a full disk
    with pytest.raises(UserError, match=r"The disk is full: .* has \d+ MB left"):
        write(path, make_clip(frames_for(name)))
    assert list(folder.iterdir()) == []


@pytest.mark.posix
def test_ffmpeg_that_dies_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = folder / "ffmpeg"
    stub.write_text(
        "#!/bin/sh\nhead -c 100000 >/dev/null\necho out of luck >&2\necho so what >&2\nexit 3\n"
    )
    stub.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(stub))
    with pytest.raises(UserError) as caught:
        write(folder / "a.mp4", make_clip(200))
    assert str(caught.value) == "The video could not be encoded: try another format."
    assert caught.value.details == "ffmpeg ended with code 3\nout of luck\nso what"
    assert list(folder.iterdir()) == [stub]


@pytest.mark.parametrize("size", [0, 40, 1000], ids="{} bytes".format)
@pytest.mark.parametrize("name", ["a.mp4", "a.png", "a.txt"])
def test_foreign_file_is_refused(folder: Path, name: str, size: int) -> None:
    (folder / name).write_bytes(b"not a video " * (size // 12))
    with pytest.raises(UserError, match=f"{re.escape(name)} can't be read as an image") as caught:
        list(read_frames(folder / name))
    assert str(caught.value).endswith(" or a video: it is damaged, or of an unknown kind.")
    assert caught.value.details  # in ffmpeg's words


def test_cut_video_is_refused(folder: Path) -> None:
    write(folder / "a.mp4", make_clip())
    data = (folder / "a.mp4").read_bytes()
    (folder / "a.mp4").write_bytes(data[:600])
    with pytest.raises(UserError, match="can't be read as an image or a video"):
        list(read_frames(folder / "a.mp4"))


@pytest.mark.parametrize("function", [lambda path: list(read_frames(path)), read_metadata])
def test_missing_file_is_said(folder: Path, function) -> None:
    with pytest.raises(UserError, match=r"none\.mp4 can't be read: No such file"):
        function(folder / "none.mp4")


def test_empty_folder_has_no_frames(folder: Path) -> None:
    with pytest.raises(UserError, match="can't be read as an image or a video"):
        list(read_frames(folder))


@pytest.mark.parametrize("name", ["a.jpg", "a.bmp", "a.webp", "a.mkv", "end.mov"])
def test_reads_what_others_write(folder: Path, name: str) -> None:
    """Including a video whose index is at its end, so that the input must be seekable."""
    ffmpeg(folder, *SOURCE, name)
    (frame,) = read_frames(folder / name)
    assert frame.shape == (16, 32, 3)
    assert (frame.int() - torch.tensor([0x20, 0x60, 0xA0])).abs().max() <= 8


def test_reader_can_be_left_early(folder: Path) -> None:
    write(folder / "a.mp4", make_clip(40))
    frames = read_frames(folder / "a.mp4")
    next(frames)
    frames.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert next(iter(read_frames(folder / "a.mp4"))).shape == (HEIGHT, WIDTH, 3)


def test_stored_frames_are_not_evened_out(folder: Path) -> None:
    """A video with frames 1 and 9 ticks long has two frames, not ten."""
    times = ["-vf", "setpts='if(N,10,0)'", "-fps_mode", "vfr"]
    ffmpeg(folder, "-f", "lavfi", "-i", "testsrc=s=32x16:r=10", "-frames:v", "2", *times, "a.mkv")
    assert len(read(folder / "a.mkv")) == 2
