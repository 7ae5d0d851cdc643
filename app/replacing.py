"""What replaces values in the create panel from elsewhere in the window: it is told, and can be undone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app import stills
from app.draft import Draft, Edit, Kept
from app.message import MessageBar, MessageLevel, Remedy
from app.text import shortened
from app.words import said
from inference.api.errors import UserError
from inference.api.spec import TEMPORAL_STRIDE, GenerationRequest

REPLACED, GIVEN = "replaced", "given picture"  # what messages are about


class Replacing(QObject):
    """Fills the draft. Signals:

    loaded: a request is in it, to be typed on.
    given: it has another picture, to be seen.
    """

    loaded = Signal()
    given = Signal()

    def __init__(self, draft: Draft, messages: MessageBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft, self.messages = draft, messages
        draft.changed.connect(messages.withdrawer(REPLACED))  # what is typed since stays
        draft.changed.connect(messages.withdrawer(GIVEN))

    def load(self, request: GenerationRequest, followers: tuple[str, ...] = ()) -> None:
        """Takes a request, to be made again or changed; if it was in the queue, it goes back before its
        followers there."""
        self._draft.load(request, followers)
        self.loaded.emit()
        if request.stop_after:
            self.messages.say(MessageLevel.INFO, self._early_text(request))

    def reuse(self, request: GenerationRequest, text: str) -> None:
        """Takes the request of a clip; `text` is what is to be said of it, empty for what is always said."""
        before = self._draft.kept()
        self.load(request)
        text = text or (self._early_text(request) if request.stop_after else "")
        if text or self._draft.kept() != before:
            usual = self.tr(
                "The settings are that clip's now, and the seed too: unlock it to make another one."
            )
            self._offer_undo(text or usual, before)

    def tell_preset(self, name: str, before: Kept) -> None:
        """The values are those of the preset of that name now."""
        text = self.tr("The settings are those of the preset “{0}” now.").format(shortened(name))
        self._offer_undo(text, before)

    def give_file(self, path: Path) -> None:
        """The next clip begins with the picture in that file."""
        text = self.tr("The next clip begins with {name}: describe what happens.")
        self._give(
            partial(stills.take_file, path), text.format(name=shortened(path.name)), first=True
        )

    def give_frame(self, image: QImage, *, first: bool) -> None:
        """The next clip begins, or ends, with that frame."""
        begins = self.tr("The next clip begins with this frame: describe what happens.")
        ends = self.tr("The next clip ends with this frame: describe what happens.")
        self._give(partial(stills.take_image, image), begins if first else ends, first=first)

    def give_edit(self, edit: Edit) -> None:
        """The next clip is that video with a part made anew."""
        before = self._draft.kept()
        self._draft.edit_video(edit)
        self.given.emit()
        text = self.tr(
            "The next clip is this one with a part made anew: describe what is to be there."
        )
        if edit.kept_frames:
            text = self.tr("The next clip goes on with this one: describe what happens.")
            self._offer_undo(text, before)
            return
        frames = self._draft.choices.frames
        if edit.frames - frames >= TEMPORAL_STRIDE:
            cut = self.tr("Of its {0} frames it has the first {1}: mark a range for others.")
            text += " " + cut.format(edit.frames, frames)
        self._offer_undo(text, before)

    def _give(self, take: Callable[[], str], text: str, *, first: bool) -> None:
        before = self._draft.kept()
        try:
            name = take()
        except UserError as error:
            problem = MessageLevel.PROBLEM
            self.messages.say(problem, said(error), None, error.details, GIVEN)
            return
        self._draft.give(**{"first" if first else "last": name})
        self.given.emit()
        self._offer_undo(text, before)

    def _offer_undo(self, text: str, before: Kept) -> None:
        """Says what has replaced the values in the create panel."""
        undo = Remedy(self.tr("Undo"), partial(self._draft.recall, before))
        self.messages.say(MessageLevel.INFO, text, undo, subject=REPLACED)

    def _early_text(self, request: GenerationRequest) -> str:
        text = self.tr(
            "That clip was finished early, after {0} of {1} steps, and so is the next, unless you choose "
            "the steps anew."
        )
        return text.format(request.stop_after, request.steps)
