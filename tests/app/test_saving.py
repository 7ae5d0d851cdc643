"""Saving, with the desktop's file dialog answered for the person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.export import Format
from app.message import MessageBar, MessageLevel, Remedy
from app.reveal import Reveal
from app.saving import Saving, named
from app.sources import open_source
from tests.app.numbered_clips import write_clip

Said = list[tuple[MessageLevel, str]]


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def remedies() -> list[Remedy]:
    return []


@pytest.fixture
def saving(qtbot: QtBot, said: Said, remedies: list[Remedy], tmp_path: Path) -> Iterator[Saving]:
    window = QWidget()
    qtbot.addWidget(window)

    def say(
        level: MessageLevel,
        text: str,
        remedy: Remedy | None = None,
        details: str = "",
        subject: str = "",
    ) -> None:
        assert details == ""
        said.append((level, text))
        remedies.extend(filter(None, [remedy]))

    yield Saving(window, say, store_in(tmp_path))
    window.close()


def store_in(folder: Path) -> QSettings:
    return QSettings(str(folder / "kept" / "window.ini"), QSettings.Format.IniFormat)


def answer(monkeypatch: pytest.MonkeyPatch, path: str, kind: str = "") -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, kind))


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("a.mp4", Format.WEBM, "a.webm"),
        ("a", Format.GIF, "a.gif"),
        ("v1.5", Format.MP4, "v1.5.mp4"),
        ("a.mp4", Format.FOLDER, "a"),
    ],
)
def test_file_has_the_suffix_of_its_kind(typed: str, kind: Format, name: str) -> None:
    assert named(Path(typed), kind) == Path(name)


def test_range_is_exported(
    qtbot: QtBot, saving: Saving, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_clip(tmp_path / "source.mp4", 9)
    answer(monkeypatch, str(tmp_path / "part"), "WebM video (*.webm)")
    saving.export(source, 2, 5)
    qtbot.waitUntil(lambda: bool(said))
    assert said == [(MessageLevel.GOOD, f"Saved as {tmp_path / 'part.webm'}.")]
    assert open_source(tmp_path / "part.webm").count == 4


def test_frame_is_saved(
    saving: Saving, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = QImage(16, 8, QImage.Format.Format_RGB888)
    image.fill(0)
    answer(monkeypatch, str(tmp_path / "frame"))
    saving.save_frame(image, "frame", tmp_path)
    assert QImage(str(tmp_path / "frame.png")).size() == image.size()
    assert [level for level, _ in said] == [MessageLevel.GOOD]


@pytest.mark.parametrize("kind", ["WebM video (*.webm)", "Folder of PNG pictures (*)"])
def test_what_was_not_asked_about_is_not_replaced(
    qtbot: QtBot,
    saving: Saving,
    said: Said,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    source = write_clip(tmp_path / "source.mp4", 9)
    (tmp_path / "part.webm").write_text("mine")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "mine.png").touch()
    answer(monkeypatch, str(tmp_path / "part.mp4"), kind)
    saving.export(source, 2, 5)
    qtbot.waitUntil(lambda: bool(said))
    assert [level for level, _ in said] == [MessageLevel.GOOD]
    written = tmp_path / ("part 2.webm" if "WebM" in kind else "part 2")
    assert open_source(written).count == 4
    assert (tmp_path / "part.webm").read_text() == "mine"


def test_export_is_offered_a_name_of_no_kind(
    saving: Saving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []

    def ask(_window: QWidget, _title: str, start: str, _kinds: str) -> tuple[str, str]:
        offered.append(start)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    saving.export(tmp_path / "source.mp4", 2, 5)
    (tmp_path / "source 3-6").mkdir()
    saving.export(tmp_path / "source.mp4", 2, 5)
    assert offered == [str(tmp_path / "source 3-6"), str(tmp_path / "source 3-6 2")]


def test_next_dialog_opens_where_something_was_saved_last_also_after_a_restart(
    qtbot: QtBot, saving: Saving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    answers = iter([(str(chosen / "frame"), ""), ("", ""), ("", "")])

    def ask(_window: QWidget, _title: str, start: str, _kinds: str) -> tuple[str, str]:
        offered.append(start)
        return next(answers)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    image = QImage(16, 8, QImage.Format.Format_RGB888)
    image.fill(0)
    saving.save_frame(image, "frame", tmp_path)
    saving.export(tmp_path / "source.mp4", 2, 5)
    window = QWidget()
    qtbot.addWidget(window)
    again = Saving(window, MessageBar().say, store_in(tmp_path))
    (chosen / "frame.png").unlink()
    chosen.rmdir()
    again.export(tmp_path / "source.mp4", 2, 5)
    assert offered == [
        str(tmp_path / "frame.png"),
        str(chosen / "source 3-6"),
        str(tmp_path / "source 3-6"),  # that folder is gone
    ]


def test_what_was_saved_is_shown_in_its_folder(
    saving: Saving,
    remedies: list[Remedy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(Reveal, "show", lambda _, path: shown.append(path))
    image = QImage(16, 8, QImage.Format.Format_RGB888)
    image.fill(0)
    answer(monkeypatch, str(tmp_path / "frame"))
    saving.save_frame(image, "frame", tmp_path)
    (show,) = remedies
    assert show.label == "Show in folder"
    show.act()
    assert shown == [tmp_path / "frame.png"]


def test_frame_keeps_its_name_and_replaces_nothing(
    saving: Saving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = QImage(16, 8, QImage.Format.Format_RGB888)
    image.fill(0)
    answer(monkeypatch, str(tmp_path / "shot 1.5"))
    saving.save_frame(image, "frame", tmp_path)
    saving.save_frame(image, "frame", tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "shot 1.5 2.png",
        "shot 1.5.png",
    ]


def test_nothing_is_done_when_no_name_is_given(
    saving: Saving, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "")
    saving.export(tmp_path / "source.mp4", 0, 1)
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_gone_is_told(
    saving: Saving, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = QImage(16, 8, QImage.Format.Format_RGB888)
    answer(monkeypatch, str(tmp_path / "gone" / "frame.png"))
    saving.save_frame(image, "frame", tmp_path)
    ((level, text),) = said
    assert level is MessageLevel.PROBLEM
    assert "gone" in text
