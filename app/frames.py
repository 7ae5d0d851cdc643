"""A clip's frames in memory: all of a short one, of a long one those around where it is watched."""

import threading
from collections.abc import Generator
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QThread, Signal
from PySide6.QtGui import QImage

from app.sources import Source, open_source
from app.words import said
from inference.api.errors import UserError
from inference.api.messages import Preview
from inference.api.opening import open_shared

MEMORY_BYTES = 256 << 20
BLOCK = 12  # frames that are read at once where they are wanted in reverse
SAMPLES = 40  # thumbnails that are kept of a clip, however long
THUMBNAIL_HEIGHT = 96


class Film(QObject):
    """Frames to be shown: `count` of them, `fps` a second. A frame that isn't there yet is None."""

    opened = Signal()  # count, fps and size are known, and the first frame is there
    arrived = Signal(int)  # that frame is there now
    shortened = Signal()  # `count` turned out smaller
    completed = Signal()  # all that is to be in memory is there
    failed = Signal(str, str)  # one sentence, and the details; what came before stays

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.count = 0
        self.fps = 1.0
        self.size = QSize()

    def frame(self, index: int) -> QImage | None:
        raise NotImplementedError

    def thumbnail(self, index: int) -> QImage | None:
        """A small picture of that frame or of one near it."""
        raise NotImplementedError

    def want(self, index: int, ahead: int = 1) -> None:
        """What is watched: that frame, then those after it, or before it where `ahead` is -1."""

    def close(self) -> None:
        """Lets go of everything."""


class PreviewFilm(Film):
    """The pictures of a `Preview`, all there from the start; `count` is 0 if its file is gone."""

    def __init__(self, preview: Preview, seconds: float, parent: QObject | None = None) -> None:
        super().__init__(preview.job, parent)
        width, height = preview.width, preview.height
        stride, self._frames = width * height * 3, list[QImage]()
        try:
            with open_shared(Path(preview.path)) as file:
                data = file.read()
        except OSError:  # the next preview has taken its place
            return
        if len(data) != stride * preview.frames or not data:
            return
        for start in range(0, len(data), stride):
            pixels = data[start : start + stride]
            image = QImage(pixels, width, height, width * 3, QImage.Format.Format_RGB888)
            self._frames.append(image.copy())  # its own memory, not that of `pixels`
        self.count = preview.frames
        self.fps = preview.frames / seconds if seconds > 0 else 1.0
        self.size = QSize(width, height)

    def frame(self, index: int) -> QImage | None:
        return self._frames[index] if 0 <= index < self.count else None

    def thumbnail(self, index: int) -> QImage | None:
        return self.frame(index)


class Frames(Film):
    """A clip on disk, decoded in a thread of its own from `open` to `close`."""

    def __init__(
        self, path: Path, memory_bytes: int = MEMORY_BYTES, parent: QObject | None = None
    ) -> None:
        super().__init__(path.name, parent)
        self.path = path
        self._loader = _Loader(path, memory_bytes)
        self._loader.opened.connect(self._on_opened)
        self._loader.arrived.connect(self.arrived)
        self._loader.shortened.connect(self._on_shortened)
        self._loader.completed.connect(self.completed)
        self._loader.failed.connect(self.failed)

    def open(self) -> None:
        self._loader.start()

    def close(self) -> None:
        self._loader.stop()

    def frame(self, index: int) -> QImage | None:
        return self._loader.images.get(index)

    def thumbnail(self, index: int) -> QImage | None:
        thumbnails = dict(self._loader.thumbnails)  # the thread goes on adding
        nearest = min(thumbnails, key=lambda other: abs(other - index), default=None)
        return None if nearest is None else thumbnails[nearest]

    def want(self, index: int, ahead: int = 1) -> None:
        self._loader.want(index, ahead)

    def held_bytes(self) -> int:
        """What the frames in memory take."""
        return sum(image.sizeInBytes() for image in list(self._loader.images.values()))

    def _on_opened(self, count: int, fps: float, size: QSize) -> None:
        self.count, self.fps, self.size = count, fps, size
        self.opened.emit()

    def _on_shortened(self, count: int) -> None:
        self.count = count
        self.shortened.emit()


class _Loader(QThread):
    """Reads what is missing around the wanted frame, the nearest first, then the thumbnails."""

    opened = Signal(int, float, QSize)
    arrived = Signal(int)
    shortened = Signal(int)
    completed = Signal()
    failed = Signal(str, str)

    def __init__(self, path: Path, memory_bytes: int) -> None:
        super().__init__()
        self.images: dict[int, QImage] = {}
        self.thumbnails: dict[int, QImage] = {}
        self._path, self._memory_bytes = path, memory_bytes
        self._wanted, self._ahead, self._stopping = 0, 1, False
        self._change = threading.Condition()
        self._count = self._capacity = 0
        self._samples = frozenset[int]()
        self._reader: Generator[QImage, None, None] | None = None
        self._position = -1  # of the frame that the reader gives next

    def want(self, index: int, ahead: int) -> None:
        with self._change:
            self._wanted, self._ahead = index, ahead
            self._change.notify()

    def stop(self) -> None:
        with self._change:
            self._stopping = True
            self._change.notify()
        self.wait()
        self.images.clear()

    def run(self) -> None:
        try:
            source = open_source(self._path)
            self._begin(source)
            while not self._stopping:
                run = self._missing() or self._missing_sample()
                if run is None:
                    self._rest()
                else:
                    self._load(source, run)
        except UserError as error:
            self.failed.emit(said(error), error.details)
        finally:
            self._drop_reader()

    def _begin(self, source: Source) -> None:
        """The first frame says how large they are, and so how many can be held."""
        self._count = source.count
        self._reader, self._position = source.read(0), 0
        first = next(self._reader)
        self._position = 1
        self._capacity = max(2, self._memory_bytes // first.sizeInBytes())
        step = max(1.0, self._count / SAMPLES)
        self._samples = frozenset(int(step * n) for n in range(min(SAMPLES, self._count)))
        self._keep(0, first)
        self.opened.emit(self._count, source.fps, first.size())
        self.arrived.emit(0)

    def _window(self) -> range:
        """The frames to be held: more of them in the direction of play."""
        behind = self._capacity // 4
        low = self._wanted - (behind if self._ahead > 0 else self._capacity - 1 - behind)
        low = max(0, min(low, self._count - self._capacity))
        return range(low, min(low + self._capacity, self._count))

    def _missing(self) -> range | None:
        """The next frames to read, in the order of the clip; None if the window is full."""
        window = self._window()
        wanted = min(self._wanted, self._count - 1)
        after = next((i for i in range(wanted, window.stop) if i not in self.images), None)
        before = next(
            (i for i in range(wanted, window.start - 1, -1) if i not in self.images), None
        )
        if before is not None and (self._ahead < 0 or after is None):
            return range(max(window.start, before - BLOCK + 1), before + 1)
        return None if after is None else range(after, window.stop)

    def _missing_sample(self) -> range | None:
        index = min(self._samples - self.thumbnails.keys(), default=None)
        return None if index is None else range(index, index + 1)

    def _load(self, source: Source, run: range) -> None:
        """Reads that run until something else is wanted more."""
        if self._reader is None or self._position != run.start:
            self._drop_reader()
            self._reader, self._position = source.read(run.start), run.start
        for index in run:
            if (image := next(self._reader, None)) is None:
                self._end_at(index)
                return
            self._position = index + 1
            self._keep(index, image)
            self.arrived.emit(index)
            if self._stopping or self._is_elsewhere(run):
                return

    def _is_elsewhere(self, run: range) -> bool:
        wanted = self._wanted
        return wanted not in self.images and not self._position <= wanted < run.stop

    def _keep(self, index: int, image: QImage) -> None:
        if index in self._samples and index not in self.thumbnails:
            smooth = Qt.TransformationMode.SmoothTransformation
            self.thumbnails[index] = image.scaledToHeight(THUMBNAIL_HEIGHT, smooth)
        window = self._window()
        if index not in window:
            return
        self.images[index] = image
        if len(self.images) > self._capacity:
            middle = (window.start + window.stop) / 2
            del self.images[max(self.images, key=lambda held: abs(held - middle))]

    def _end_at(self, count: int) -> None:
        """Fewer frames came than the file promised."""
        self._drop_reader()
        self._count = max(1, count)
        self._samples = frozenset(index for index in self._samples if index < self._count)
        self.shortened.emit(self._count)

    def _rest(self) -> None:
        self._drop_reader()
        self.completed.emit()
        with self._change:
            self._change.wait_for(lambda: self._stopping or self._missing() is not None)

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._position = None, -1
