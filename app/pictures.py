"""What a clip is made from beside its prompt: wells for its first and last frame, or one for the clip that is edited."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout

from app import theme
from app.draft import Draft
from app.edit_well import EditWell
from app.fields import Panel, name_tool, row, tool
from app.keys import Binding
from app.picture_well import PictureWell


class Pictures(Panel):
    """Shows the draft's pictures, or its edit, and changes them. `failed` says why a picture wasn't taken."""

    failed = Signal(str)

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self.first, self.last = PictureWell("first-frame"), PictureWell("last-frame")
        self.edited = EditWell()
        self.swap = tool("swap")
        self.references, self.forget = QLabel(), tool("close", 14)
        theme.set_kind(self.references, "dim")
        inside = QVBoxLayout(self)
        for line in (
            row(self.first, self.swap, self.last, self.edited),
            row(self.references, self.forget, stretch=0),
        ):
            line.setSpacing(theme.TIGHT)
            inside.addLayout(line)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.TIGHT)
        self.forget.clicked.connect(draft.forget_references)
        self.first.taken.connect(self._on_first)
        self.first.removed.connect(partial(self._on_first, ""))
        self.last.taken.connect(self._on_last)
        self.last.removed.connect(partial(self._on_last, ""))
        self.edited.removed.connect(partial(draft.edit_video, None))
        self.swap.clicked.connect(self._on_swap)
        for well in (self.first, self.last):
            well.failed.connect(self.failed)
        draft.changed.connect(self.show_draft)
        self.retranslate()
        self.show_draft()

    def bindings(self) -> list[Binding]:
        """What keys do in the wells."""
        return [*self.first.bindings(), *self.edited.bindings()]

    def show_draft(self) -> None:
        """Takes the pictures from the draft; without any, the wells are no higher than a line."""
        draft = self._draft
        aspect = draft.choices.width / draft.choices.height
        given, edits = bool(draft.first_frame or draft.last_frame), draft.edit is not None
        had_focus = self._has_focus()
        self.edited.set_high(high=edits)
        self._name_edit()
        self.edited.show_edit(draft.edit, aspect)
        self.edited.setVisible(edits)
        for well, name in ((self.first, draft.first_frame), (self.last, draft.last_frame)):
            well.set_high(high=given)
            well.show_picture(name, aspect)
            well.setHidden(edits)
        self.swap.setVisible(given)
        for part in (self.references, self.forget):
            part.setVisible(bool(draft.references))
        self._name_references()
        if had_focus and not self._has_focus():
            (self.edited if edits else self.first).setFocus()

    def _name_edit(self) -> None:
        edit = self._draft.edit
        if edit is not None and edit.kept_frames:
            self.edited.set_title(
                self.tr("Clip that goes on"), self.tr("The clip that the next one goes on with")
            )
        else:
            self.edited.set_title(
                self.tr("Edited clip"), self.tr("The clip of which a part is made anew")
            )

    def _name_references(self) -> None:
        words = self.tr("Shows what is in %n picture(s)", "", len(self._draft.references))
        self.references.setText(words)

    def _has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and focused.isVisible() and self.isAncestorOf(focused)

    def _on_first(self, name: str) -> None:
        self._draft.give(first=name)

    def _on_last(self, name: str) -> None:
        self._draft.give(last=name)

    def _on_swap(self) -> None:
        self._draft.give(first=self._draft.last_frame, last=self._draft.first_frame)

    def retranslate(self) -> None:
        self.first.set_title(
            self.tr("First frame"), self.tr("The picture that the clip begins with")
        )
        self.last.set_title(self.tr("Last frame"), self.tr("The picture that the clip ends with"))
        self._name_edit()
        name_tool(self.swap, self.tr("Swap first and last frame"))
        name_tool(self.forget, self.tr("Show nothing of them"))
        self._name_references()
