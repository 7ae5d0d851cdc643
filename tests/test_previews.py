"""Previews of a clip in the making, told from the clip that comes of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inference import previews as module
from inference.api.messages import Event, Finished, Generate, Notice, Preview
from inference.catalog import find
from inference.generate import generate
from inference.media import read_frames
from inference.previews import Previews, latent_to_rgb
from inference.wan import preview
from tests.tiny_model import make_request

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINORA_DATA", str(tmp_path / "data"))


def test_fit_finds_a_map_that_is_linear() -> None:
    latent = torch.randn(2, 16, 3, 4, 5)
    matrix = torch.randn(17, 3)
    colours = F.pad(latent.movedim(1, -1), (0, 1), value=1.0) @ matrix
    video = colours.movedim(-1, 1).repeat_interleave(8, 3).repeat_interleave(8, 4)
    video = torch.cat([video[:, :, :1], video[:, :, 1:].repeat_interleave(4, 2)], dim=2)
    torch.testing.assert_close(preview.fit(latent, video), matrix, rtol=1e-2, atol=1e-2)


def test_colours_are_those_of_the_map() -> None:
    matrix = torch.zeros(17, 3)
    matrix[0, 0], matrix[16, 2] = 1.0, -1.0
    latent = torch.zeros(1, 16, 2, 1, 3)
    latent[0, 0, 1] = torch.tensor([-2.0, 0.5, 2.0])
    rgb = preview.to_rgb(latent, matrix)
    assert rgb.dtype == torch.uint8
    assert rgb.tolist() == [[[[128, 128, 0]] * 3], [[[0, 128, 0], [191, 128, 0], [255, 128, 0]]]]


def test_previews_look_like_the_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARE", 1000.0)  # all of them, however slow this machine is
    folder, seen = tmp_path / "previews", []
    request = make_request(
        "demo", prompt="a red circle moves right on the sand", width=64, height=64, frames=9,
        steps=6, guidance=3.0,
    )  # fmt: skip
    command = Generate("j", request, str(tmp_path / "clip"), previews=str(folder))
    for event in generate(command, find("demo"), CPU):
        if isinstance(event, Preview):
            assert [event.path] == [str(path) for path in folder.iterdir()]  # the last one alone
            shape = event.frames, event.height, event.width, 3
            assert shape == (3, 8, 8, 3)
            pixels = np.frombuffer(Path(event.path).read_bytes(), np.uint8).reshape(shape)
            seen.append(torch.from_numpy(pixels.copy()).float())
    assert len(seen) == 6
    assert list(folder.iterdir()) == []
    clip = torch.stack(list(read_frames(tmp_path / "clip"))).float()
    small = F.avg_pool2d(clip[::4].movedim(-1, 1), 8).movedim(1, -1)
    pair = torch.stack([seen[-1].flatten(), small.flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.8


def test_map_is_fitted_once(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    vae = find(str(tiny_model)).vae
    first = latent_to_rgb(vae, CPU)
    monkeypatch.delattr(module, "fit_matrix")
    assert torch.equal(latent_to_rgb(vae, CPU), first)


def test_damaged_map_is_fitted_again(tiny_model: Path, tmp_path: Path) -> None:
    vae = find(str(tiny_model)).vae
    first = latent_to_rgb(vae, CPU)
    (file,) = (tmp_path / "data").rglob("*.safetensors")
    file.write_bytes(b"0" * 100)
    assert torch.equal(latent_to_rgb(vae, CPU), first)


def test_previews_take_a_twentieth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of our own: steps take 1 s, a preview takes 0.2 s."""
    now = 0.0
    monkeypatch.setattr(module.time, "perf_counter", lambda: now)
    to_rgb = preview.to_rgb

    def slow(latent: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        nonlocal now
        now += 0.2
        return to_rgb(latent, matrix)

    monkeypatch.setattr(preview, "to_rgb", slow)
    previews = Previews("j", tmp_path, torch.zeros(17, 3))
    shown = 0
    for step in range(100):
        now += 1.0
        shown += previews.show(torch.zeros(1, 16, 1, 2, 2), step, 100) is not None
    assert shown * 0.2 <= 0.05 * now + 0.2
    assert shown > 20


def test_clip_is_made_where_previews_cannot_be(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    request = make_request(tiny_model)
    command = Generate("j", request, str(tmp_path / "clip"), previews=str(tmp_path / "file" / "x"))
    events: list[Event] = list(generate(command, find(str(tiny_model)), CPU))
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert notice.message.startswith("No previews: ")
    assert isinstance(events[-1], Finished)
