"""The tiles of the library: they share out the width, and the one under the mouse plays."""

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QPoint,
    Qt,
    QTimer,
)
from PySide6.QtGui import QCursor, QHideEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app import theme
from app.clip_delegate import EDGE, LEAST_WIDTH, ClipDelegate
from app.clips import CLIP_ROLE, Clips
from app.library import Clip
from app.strips import Strips

LEAST_MS, MOST_MS = 60, 160  # that a frame is shown: long clips go faster than they are
WHEEL_STEP = 60  # pixels, of which the wheel does three at a notch


class ClipGrid(QListView):
    """Shows the clips of a model. Nothing plays or is read while it is hidden."""

    def __init__(self, clips: Clips) -> None:
        super().__init__()
        self._clips = clips
        self._strips = Strips(self)
        self.tiles = ClipDelegate(self, self._strips, clips.is_missing)
        self._tick = QTimer(self)
        self._tick.timeout.connect(self._on_tick)
        self._look()
        self.setModel(clips)
        self.setItemDelegate(self.tiles)
        self._strips.arrived.connect(self._repaint)
        self._strips.lacking.connect(clips.order_strip, Qt.ConnectionType.QueuedConnection)
        clips.pictured.connect(self._strips.renew)
        clips.modelReset.connect(self.stop_playing)
        clips.rowsRemoved.connect(self.stop_playing)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def ids(self) -> list[int]:
        """Of the clips that are selected, as they lie."""
        clips = self._clips.clips
        return [clips[row].id for row in sorted(index.row() for index in self.selectedIndexes())]

    @property
    def chosen(self) -> int:
        """How many are selected."""
        return len(self.selectedIndexes())

    @property
    def clip(self) -> Clip | None:
        """The one that is selected, of several the one with the focus."""
        current = self.currentIndex()
        if self.selectionModel().isSelected(current):
            return current.data(CLIP_ROLE)
        return next((index.data(CLIP_ROLE) for index in self.selectedIndexes()), None)

    def select(self, row: int) -> None:
        """Select one alone, whatever keys are held down."""
        alone = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(self._clips.index(row), alone)

    def stop_playing(self) -> None:
        self._play(None)

    def close_pictures(self) -> None:
        """Before the program ends."""
        self.stop_playing()
        self._strips.stop()

    def _look(self) -> None:
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setViewportMargins(theme.ROOM - EDGE, 0, 0, 0)  # pictures begin where all else does
        self.verticalScrollBar().setSingleStep(WHEEL_STEP)

    def resizeEvent(self, e: QResizeEvent) -> None:  # noqa: N802, Qt's name
        width = self.viewport().width()
        self.tiles.width = (width - 1) // max(1, width // LEAST_WIDTH)  # it wraps at a full width
        self._strips.size = self.tiles.picture_size() * self.devicePixelRatio()
        super().resizeEvent(e)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802, Qt's name
        if isinstance(event, QMouseEvent) and event.type() is QEvent.Type.MouseMove:
            self._play_at(event.position().toPoint())
        elif event.type() is QEvent.Type.Leave:
            self.stop_playing()
        return super().viewportEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802, Qt's name
        self.stop_playing()
        self._strips.rest()
        super().hideEvent(event)

    def _on_scrolled(self) -> None:
        """Another tile has come under the mouse."""
        if self.viewport().underMouse():
            self._play_at(self.viewport().mapFromGlobal(QCursor.pos()))

    def _play_at(self, place: QPoint) -> None:
        clip = self.indexAt(place).data(CLIP_ROLE)
        moves = isinstance(clip, Clip) and clip.thumbnail_frames > 1
        self._play(clip if moves and not self._clips.is_missing(clip.id) else None)

    def _play(self, clip: Clip | None) -> None:
        before = self.tiles.playing
        if clip is None:
            self._tick.stop()
            self.tiles.playing = 0
            self._strips.pause()
        elif clip.id != before:
            self.tiles.playing, self.tiles.frame = clip.id, 0
            self._strips.play(clip)
            request = clip.request
            frame_ms = 1000 * request.written_frames / request.fps / clip.thumbnail_frames
            self._tick.start(round(min(max(frame_ms, LEAST_MS), MOST_MS)))
        if before != self.tiles.playing:
            self._repaint(before)

    def _on_tick(self) -> None:
        clip = self._clips.clip(self.tiles.playing)
        if self._strips.frame(clip, 0) is not None:
            self.tiles.frame = (self.tiles.frame + 1) % clip.thumbnail_frames
            self._repaint(clip.id)

    def _repaint(self, id_: int) -> None:
        row = self._clips.row(id_)
        if row >= 0:
            self.update(self._clips.index(row))
