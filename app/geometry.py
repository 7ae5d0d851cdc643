"""Where a picture lies in a view: fitted, or at a scale around a point that can be moved."""

from PySide6.QtCore import QPointF, QRectF, QSizeF

SMALLEST, LARGEST = 0.1, 32.0


class Geometry:
    """Sizes are in logical pixels, `zoom` in pixels of the screen for a pixel of the picture.

    `zoom` is None while the picture is fitted.
    """

    def __init__(self) -> None:
        self.view, self.picture = QSizeF(), QSizeF()
        self.pixel_ratio = 1.0
        self.margin = 0.0
        self.zoom: float | None = None
        self._offset = QPointF()  # of the picture's middle from the view's

    @property
    def scale(self) -> float:
        """Pixels of the screen for a pixel of the picture."""
        if self.zoom is not None:
            return self.zoom
        if self.picture.isEmpty():
            return 1.0
        across = (self.view.width() - 2 * self.margin) / self.picture.width()
        down = (self.view.height() - 2 * self.margin) / self.picture.height()
        return max(min(across, down) * self.pixel_ratio, 0.001)

    @property
    def box(self) -> QRectF:
        """Where the picture lies in the view."""
        size = self.picture * (self.scale / self.pixel_ratio)
        box = QRectF(QPointF(), size)
        middle = QPointF(self.view.width() / 2, self.view.height() / 2)
        box.moveCenter(middle + (QPointF() if self.zoom is None else self._offset))
        return box

    @property
    def is_larger(self) -> bool:
        """Is there something of the picture outside the view?"""
        box = self.box
        return box.width() > self.view.width() + 1 or box.height() > self.view.height() + 1

    def fit(self) -> None:
        self.zoom, self._offset = None, QPointF()

    def set_zoom(self, zoom: float, around: QPointF | None = None) -> None:
        """To that scale; the point of the picture that is at `around` stays there."""
        middle = QPointF(self.view.width() / 2, self.view.height() / 2)
        around = middle if around is None else around
        before = self.scale
        from_middle = self.box.center() - around
        self.zoom = min(max(zoom, SMALLEST), LARGEST)
        self._offset = around + from_middle * (self.zoom / before) - middle
        self._hold()

    def pan(self, by: QPointF) -> None:
        if self.zoom is not None:
            self._offset += by
            self._hold()

    def resize(self, view: QSizeF, pixel_ratio: float) -> None:
        self.view, self.pixel_ratio = view, pixel_ratio
        self._hold()

    def _hold(self) -> None:
        """Some of the picture is always in view; what fits is in the middle."""
        size = self.picture * (self.scale / self.pixel_ratio)
        across = max(0.0, (size.width() - self.view.width()) / 2)
        down = max(0.0, (size.height() - self.view.height()) / 2)
        self._offset = QPointF(
            min(max(self._offset.x(), -across), across), min(max(self._offset.y(), -down), down)
        )
