"""The picture with its timeline and its buttons, put together: open a clip, watch it, compare it."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from app import theme
from app.canvas import Canvas
from app.fields import Panel
from app.footage import Painted
from app.frames import Film, Frames, PreviewFilm
from app.journal import JobStatus
from app.keys import Binding, press
from app.mask import Mask
from app.paint_bar import PaintBar
from app.painter import Painter
from app.player import Player
from app.sources import Colour, open_source
from app.timeline import Timeline
from app.transport import Transport
from app.words import said, said_reason
from inference.api.errors import UserError
from inference.api.messages import Preview

_OF_BUTTONS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Theatre(Panel):
    """Owns the films that it shows: `close_films` before the program ends."""

    dropped = Signal(list)  # paths
    full_screen_wanted = Signal()
    escaped = Signal()
    frame_wanted = Signal(QImage, str)  # to be saved; the clip's name and the frame's number
    beginning_wanted = Signal(QImage)  # of the next clip, with this frame
    ending_wanted = Signal(QImage)
    export_wanted = Signal(Path, int, int)  # of that clip, the frames from first to last
    painted = Signal(object)  # `Painted`: what of a clip is to be made anew
    going_on = Signal(object)  # `Painted`: all of a clip until where the next goes on with it
    opened = Signal()  # the clip that was asked for is shown
    failed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.player = Player(parent=self)
        self.canvas = Canvas(self.player)
        self.timeline = Timeline(self.player)
        self.transport = Transport(self.player)
        self.painter = Painter(self.canvas, self.canvas.geometry_of_picture)
        self.paint_bar = PaintBar(self.painter)
        self._masks: dict[Path, Mask] = {}  # of the clip that was painted on last, until another is
        self._film: Film | None = None
        self._opening: Frames | None = None  # the clip asked for last, shown or not yet
        self._plays = False
        self._other: Frames | None = None
        self._preview: Preview | None = None
        self._status = JobStatus.RUNNING  # of the job whose preview it is
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.paint_bar)
        layout.addWidget(self.transport)
        layout.addWidget(self.timeline)
        layout.setContentsMargins(0, 0, 0, theme.TIGHT)
        self._connect()

    @property
    def path(self) -> Path | None:
        """Of the clip that is shown; None for a preview and for nothing."""
        return self._film.path if isinstance(self._film, Frames) else None

    @property
    def previewed(self) -> str:
        """The id of the job whose preview is shown; empty for a clip and for nothing."""
        return self._preview.job if self._preview is not None else ""

    def open(self, path: Path, *, play: bool = True, name: str = "") -> None:
        """Show that clip, under a name of its own or its file's; what was shown stays until its first frame is
        there."""
        if self._opening is not None:
            _silence(self._opening)
            if self._opening is not self._film:
                self._opening.close()
        frames = Frames(path)
        frames.name = name or frames.name
        frames.opened.connect(self._on_opened)
        frames.failed.connect(self._on_failed)
        frames.shortened.connect(self._on_shortened)
        self._opening, self._plays = frames, play
        frames.open()

    def show_preview(self, preview: Preview, seconds: float) -> None:
        """Play the clip as it is guessed so far; `seconds` is how long the whole one is."""
        film = PreviewFilm(preview, seconds)
        if film.count == 0:
            return
        is_paused = self._preview is not None and not self.player.playing
        self._preview, self._status = preview, JobStatus.RUNNING
        self._take(film, self._badge())
        if not is_paused or film.count != self.player.count:
            self.player.load(film.count, film.fps, play=True)

    def show_status(self, status: JobStatus) -> None:
        """What has become of the job whose preview is shown: it may be all that there will be."""
        if self._preview is not None and status is not self._status:
            self._status = status
            self._say_status()

    def compare_with(self, path: Path | None) -> None:
        """That clip beside the one shown, frame by frame; None ends it."""
        if self._other is not None:
            self.canvas.compare(None)
            _silence(self._other)
            self._other.close()
            self._other = None
        if path is not None:
            self._other = Frames(path)
            self._other.opened.connect(self._on_other_opened)
            self._other.failed.connect(self._on_other_failed)
            self._other.shortened.connect(self.canvas.update)
            self._other.open()
        self.transport.set_comparable(path is not None)
        if path is not None:
            self.transport.compare.setChecked(True)

    def paint(self, mask: QImage | None = None) -> None:
        """A mask is painted over the clip that is shown: that one, or else what was painted there before."""
        film = self._editable()
        if film is None:
            self.transport.set_painted(False)
            return
        before = self._masks.get(film.path)
        if before is None or before.image.size() != film.size:  # another file may lie there now
            before = Mask(film.size)
        wanted = before if mask is None else Mask.of(mask, film.size)
        self._masks = {film.path: before if before.image == wanted.image else wanted}
        self.player.pause()
        self.transport.set_painted(True)
        self.painter.begin(self._masks[film.path])
        self.paint_bar.show()
        self.canvas.setFocus()

    def _editable(self) -> Frames | None:
        """The clip that is shown, if its video can be edited; else it is said why not."""
        film = self._film
        if not isinstance(film, Frames):
            return None
        if film.path.is_dir():
            self.failed.emit(
                self.tr(
                    "A folder of pictures can't be edited: export it as a video, and open that."
                ),
                "",
            )
            return None
        return film

    def stop_painting(self) -> None:
        """What was painted is there again when one goes on."""
        self.painter.end()
        self.paint_bar.hide()
        self.transport.set_painted(False)

    def clear(self) -> None:
        """Nothing to see."""
        self.close_films()
        self.player.load(0, 1.0)

    def bindings(self) -> list[Binding]:
        """What keys do to the picture and to what plays."""
        return [*self.player.bindings(), *self.canvas.bindings()]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        """On the buttons too, keys are for the picture: Qt would move on from one to the next. Those of a mask
        that is painted come before the picture's own."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if watched is self.canvas:
                return self.painter.is_on and press(self.painter.bindings(), event)
            return event.key() not in _OF_BUTTONS and self._press(event)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        """What the part with the focus has left over."""
        if not self._press(event):
            super().keyPressEvent(event)

    def _press(self, event: QKeyEvent) -> bool:
        painting = self.painter.bindings() if self.painter.is_on else []
        playing = self.player.bindings() if self.player.count else []
        return press([*painting, *playing, *self.canvas.bindings()], event)

    def close_films(self) -> None:
        """Ends the threads that read."""
        self.compare_with(None)
        if self._opening is not None:
            _silence(self._opening)
            self._opening.close()
            self._opening = None
        self._preview = None
        self._take(None)

    def _connect(self) -> None:
        self.canvas.dropped.connect(self.dropped)
        self.canvas.full_screen_wanted.connect(self.full_screen_wanted)
        self.canvas.escaped.connect(self.escaped)
        self.canvas.compare_wanted.connect(self.transport.compare.click)
        self.canvas.frame_wanted.connect(self.transport.save_frame.click)
        self.canvas.beginning_wanted.connect(self.transport.begin_with.click)
        self.canvas.ending_wanted.connect(self.transport.end_with.click)
        self.canvas.editing_wanted.connect(self.transport.edit.click)
        self.canvas.going_on_wanted.connect(self.transport.go_on.click)
        self.canvas.export_wanted.connect(self.transport.export.click)
        self.transport.full_screen_wanted.connect(self.full_screen_wanted)
        self.transport.fit_wanted.connect(self.canvas.fit)
        self.transport.compare_toggled.connect(self._on_compare)
        self.transport.frame_wanted.connect(self._on_frame_wanted)
        self.transport.export_wanted.connect(self._on_export_wanted)
        self.transport.beginning_wanted.connect(lambda: self._give(self.beginning_wanted))
        self.transport.ending_wanted.connect(lambda: self._give(self.ending_wanted))
        self.transport.editing_toggled.connect(self._on_editing)
        self.transport.going_on_wanted.connect(self._on_going_on)
        self.painter.used.connect(self._on_mask_used)
        self.painter.left.connect(self.stop_painting)
        self.paint_bar.cancelled.connect(self.stop_painting)
        for part in (self.canvas, *self.transport.buttons, *self.paint_bar.buttons):
            part.installEventFilter(self)

    def _take(self, film: Film | None, badge: str = "") -> None:
        """Show that film, and let go of the one before it."""
        old, self._film = self._film, film
        if self.painter.is_on and film is not old:
            self.stop_painting()
        self.canvas.show_film(film, badge)
        self.timeline.show_film(film)
        self.transport.set_clip(not isinstance(film, PreviewFilm))
        if old is not None and old is not film:
            old.close()

    def _badge(self) -> str:
        if self._preview is None:
            return ""
        match self._status:
            case JobStatus.WAITING:
                text = self.tr("Waiting to go on after step {step} of {steps}")
            case JobStatus.PAUSED:
                text = self.tr("Paused at step {step} of {steps}")
            case JobStatus.INTERRUPTED:
                text = self.tr("Interrupted at step {step} of {steps}")
            case JobStatus.CANCELLED:
                text = self.tr("Cancelled at step {step} of {steps}: no clip was made")
            case JobStatus.FAILED:
                text = self.tr("Failed after step {step} of {steps}: no clip was made")
            case _:
                text = self.tr("Preview, step {step} of {steps}")
        return text.format(step=self._preview.step, steps=self._preview.steps)

    def _say_status(self) -> None:
        is_over = self._status in (JobStatus.CANCELLED, JobStatus.FAILED)
        self.canvas.set_badge(self._badge(), dimmed=is_over)

    def _on_opened(self) -> None:
        frames = self._opening
        if frames is None:
            return
        self._preview = None
        self._take(frames)
        self.player.load(frames.count, frames.fps)
        if self._plays:
            self.player.play()
        self.opened.emit()

    def _on_failed(self, sentence: str, details: str) -> None:
        if self._opening is not None and self._opening is not self._film:
            self._opening.close()
            self._opening = None
            if self._film is None:
                self.canvas.say(sentence)
        self.failed.emit(sentence, details)

    def _on_shortened(self) -> None:
        if self._film is not None:
            self.player.shorten(self._film.count)

    def _on_other_opened(self) -> None:
        self._on_compare(self.transport.compare.isChecked())

    def _on_other_failed(self, sentence: str, details: str) -> None:
        self.compare_with(None)
        self.failed.emit(sentence, details)

    def _on_compare(self, on: bool) -> None:  # noqa: FBT001, a slot
        there = on and self._other is not None and self._other.count > 0
        self.canvas.compare(self._other if there else None)

    def _on_frame_wanted(self) -> None:
        image = self._exact_image()
        if image is not None and self._film is not None:
            name = f"{Path(self._film.name).stem}-{self.player.position + 1:05}"
            self.frame_wanted.emit(image, name)

    def _give(self, wanted: SignalInstance) -> None:
        """The frame that is shown, of a clip."""
        image = self._exact_image() if self.path is not None else None
        if image is not None:
            wanted.emit(image)

    def _exact_image(self) -> QImage | None:
        """The frame that is shown, its colours made as exactly as can be: for watching they are quick ones, which
        grow darker when a clip is made from a clip. None where it can't be read, which is told."""
        if self.path is None:
            return self.canvas.shown_image()
        try:
            with closing(open_source(self.path).read(self.player.position, Colour.EXACT)) as frames:
                return next(frames)
        except UserError as error:
            self.failed.emit(said(error), error.details)
        except OSError as error:
            self.failed.emit(said_reason(error), "")
        return None

    def _on_editing(self, on: bool) -> None:  # noqa: FBT001, a slot
        if on:
            self.paint()
        else:
            self.stop_painting()

    def _on_mask_used(self) -> None:
        player, mask = self.player, self.painter.painted
        if self.path is not None and mask is not None:
            count = player.last - player.first + 1
            size = mask.image.size()
            painted = Painted(self.path, mask.image, player.first, count, player.fps, size)
            self.stop_painting()
            self.painted.emit(painted)

    def _on_going_on(self) -> None:
        """From the end of the range, or of the clip."""
        player, film = self.player, self._editable()
        if film is not None:
            self.stop_painting()
            self.going_on.emit(Painted(film.path, None, 0, player.last + 1, player.fps, film.size))

    def _on_export_wanted(self) -> None:
        if self.path is not None:
            self.export_wanted.emit(self.path, self.player.first, self.player.last)

    def retranslate(self) -> None:
        if isinstance(self._film, PreviewFilm):
            self._say_status()


def _silence(film: Frames) -> None:
    """What it has still to say is of no interest any more."""
    for signal in (film.opened, film.failed, film.shortened):
        signal.disconnect()
