"""The well of a clip that is edited: its frame with the mask over it, and a way out of the edit."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from app import overlay, stills
from app.draft import Edit
from app.fields import name_tool
from app.keys import Binding
from app.obstacle import missing_of
from app.picture_well import LARGEST, PictureWell


class EditWell(PictureWell):
    """Shows the edit that it is given. Signals:

    opened: its mask is to be painted on.
    removed: it is to end.
    look_wanted: the name of a kept video, of which that frame is to be shown.
    """

    opened = Signal()
    look_wanted = Signal(str, int)

    _edit: Edit | None = None
    _problem = ""  # that its files are missing

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("film", parent)
        self._frame = QImage()
        self.setAcceptDrops(False)  # a clip that is dropped is for the window to open

    def show_edit(self, edit: Edit | None, aspect: float = 1.0) -> None:
        """That one, or that its files are missing; None for none."""
        before, missing = self._edit, missing_of(edit) or ""
        looked = (before, self._problem) if before else None
        self._edit, self._problem, self._aspect = edit, missing, aspect
        self.name, self.missing = "" if edit is None else edit.video, bool(missing)
        self.remove.setVisible(edit is not None)
        if (edit, missing) != looked:
            is_same = edit and before and _seen_of(edit) == _seen_of(before)
            if not is_same or self._frame.isNull():
                self._frame = QImage()
                self.look()
            self._image = self._composed()
        self.retranslate()
        self.update()

    def look(self) -> None:
        """Asks for the frame."""
        if self._edit is not None and not self.missing:
            self.look_wanted.emit(*_seen_of(self._edit))

    def show_frame(self, video: str, frame: int, image: QImage) -> None:
        """That is what it looks like, if it is still the one."""
        if self._edit is not None and (video, frame) == _seen_of(self._edit):
            self._frame = image
            self._image = self._composed()
            self.update()

    def choose(self) -> None:
        """A click goes on with the mask."""
        if self._edit is not None:
            self.opened.emit()

    def bindings(self) -> list[Binding]:
        """What keys do here."""
        return [Binding(("Del", "Backspace"), self.tr("End the edit"), self._on_remove)]

    def _composed(self) -> QImage:
        """The frame with the mask; before it has come, the mask alone; nothing where a file is missing."""
        if self._edit is None or self.missing:
            return QImage()
        mask = stills.look_at(self._edit.mask, LARGEST)
        made = self._frame.convertToFormat(QImage.Format.Format_RGB32)
        if made.isNull():
            made = QImage(mask.size(), QImage.Format.Format_RGB32)
            made.fill(Qt.GlobalColor.black)
        if not mask.isNull() and not made.isNull():
            gray = mask.convertToFormat(QImage.Format.Format_Grayscale8)
            whole = QRect(0, 0, made.width(), made.height())
            painter = QPainter(made)
            painter.drawImage(0, 0, overlay.mask_layer(gray, whole.toRectF(), whole))
            painter.end()
        return made

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(240, self.maximumHeight())

    def retranslate(self) -> None:
        """Says what is here, and what can be done about it."""
        state = self._problem or self._state()
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(state)
        self.setToolTip(f"{self._tip}\n{state}" if self.text() else "")
        name_tool(self.remove, self.tr("End the edit"))

    def _state(self) -> str:
        edit = self._edit
        if edit is not None and edit.kept_frames:
            return self.tr(
                "The clip goes on after this frame: click to see it, or press Delete to end the edit."
            )
        if edit is not None and edit.outpaint:
            return self.tr("What is around this clip is made anew: press Delete to end the edit.")
        if edit is not None and not edit.mask:
            return self.tr(
                "All of it is made anew, as this clip guides it: press Delete to end the edit."
            )
        return self.tr(
            "Where it is tinted the clip is made anew: click to paint on, or press Delete to end the edit."
        )


def _seen_of(edit: Edit) -> tuple[str, int]:
    """The video, and the number of the frame that is shown of it."""
    return edit.video, edit.shown_frame
