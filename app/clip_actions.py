"""What can be done with a clip of the library."""

from enum import StrEnum

from app.library import Clip


class ClipAction(StrEnum):
    """What can be done with clips; the value is the name of its icon."""

    WATCH = "play"
    REUSE = "create"
    FAVOURITE = "star"
    FOLDER = "folder"
    DELETE = "trash"
    RESTORE = "undo"


KEYS = {
    ClipAction.WATCH: "Enter",
    ClipAction.REUSE: "U",
    ClipAction.FAVOURITE: "S",
    ClipAction.FOLDER: "O",
    ClipAction.DELETE: "Del",
    ClipAction.RESTORE: "R",
}


def actions_for(clip: Clip, *, missing: bool) -> tuple[ClipAction, ...]:
    """What can be done with a clip: without its file, only what needs none."""
    watch = () if missing else (ClipAction.WATCH,)
    if clip.trashed_from:
        return (*watch, ClipAction.REUSE, ClipAction.RESTORE)
    folder = () if missing else (ClipAction.FOLDER,)
    return (*watch, ClipAction.REUSE, ClipAction.FAVOURITE, *folder, ClipAction.DELETE)
