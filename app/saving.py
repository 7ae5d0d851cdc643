"""Frames and ranges of clips out of the window: asks where to, writes, and says how it went."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.export import Export, Exporter, Format, save_frame
from app.message import MessageLevel, Remedy, Say
from app.reveal import Reveal
from app.words import said
from inference.api.errors import UserError

FOLDER = "export_folder"  # in the store


class Saving(QObject):
    """What the picture's two buttons, "save this frame" and "export", do. `store` keeps the folder that
    was chosen last, where the next dialog opens."""

    def __init__(self, parent: QWidget, say: Say, store: QSettings) -> None:
        super().__init__(parent)
        self._window, self._say, self._store = parent, say, store
        self._reveal = Reveal(self)
        self._reveal.failed.connect(partial(self._on_failed, details=""))
        self._exporter = Exporter(self)
        self._exporter.finished.connect(self._on_saved)
        self._exporter.failed.connect(self._on_failed)

    def save_frame(self, image: QImage, name: str, folder: Path) -> None:
        """Ask where to, and write one frame as a PNG."""
        filters = self.tr("Picture (*.png)")
        target, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save this frame"),
            str(self._folder(folder) / f"{name}.png"),
            filters,
        )
        if not target:
            return
        self._keep_folder(Path(target))
        path = free(Path(target), with_ending(Path(target), ".png", (".png",)))
        try:
            save_frame(image, path)
        except UserError as error:
            self._on_failed(said(error), error.details)
        else:
            self._on_saved(path)

    def export(self, source: Path, first: int, last: int) -> None:
        """Ask where to and as what, and write frames `first` to `last`, both included."""
        kinds = {
            self.tr("MP4 video (*.mp4)"): Format.MP4,
            self.tr("WebM video (*.webm)"): Format.WEBM,
            self.tr("GIF (*.gif)"): Format.GIF,
            self.tr("Folder of PNG pictures (*)"): Format.FOLDER,
        }
        # Without an ending: the dialog would ask about a file of the first kind when another is chosen.
        # A folder of that name it would open.
        folder = self._folder(source.parent)
        start = free(source, folder / f"{source.stem} {first + 1}-{last + 1}")
        target, chosen = QFileDialog.getSaveFileName(
            self._window, self.tr("Export"), str(start), ";;".join(kinds)
        )
        if target:
            self._keep_folder(Path(target))
            kind = kinds[chosen]
            path = free(Path(target), named(Path(target), kind))
            self._exporter.start(Export(source, path, kind, first, last))

    def stop(self) -> None:
        """End what is being written; nothing of it stays."""
        self._exporter.stop()

    def _folder(self, usual: Path) -> Path:
        """Where something was saved last, if that is still there."""
        last = self._store.value(FOLDER)
        return Path(last) if isinstance(last, str) and Path(last).is_dir() else usual

    def _keep_folder(self, target: Path) -> None:
        self._store.setValue(FOLDER, str(target.parent))

    def _on_saved(self, path: Path) -> None:
        show = Remedy(self.tr("Show in folder"), partial(self._reveal.show, path))
        self._say(MessageLevel.GOOD, self.tr("Saved as {path}.").format(path=path), show)

    def _on_failed(self, sentence: str, details: str) -> None:
        self._say(MessageLevel.PROBLEM, sentence, None, details)


def named(target: Path, kind: Format) -> Path:
    """With the suffix of its kind, whatever was typed."""
    return with_ending(target, kind.value, [form.value for form in Format if form.value])


def with_ending(target: Path, ending: str, known: Collection[str]) -> Path:
    """With that ending in place of a known one."""
    plain = target.with_suffix("") if target.suffix.lower() in known else target
    return plain.with_name(plain.name + ending)


def free(given: Path, path: Path) -> Path:
    """`path` as it is to be written: the dialog asked whether to replace `given`, and nothing else."""
    made, count = path, 1
    while made != given and made.exists():
        count += 1
        made = path.with_name(f"{path.stem} {count}{path.suffix}")
    return made
