"""What can be done with a clip of the library."""

from enum import StrEnum

from app.library import Clip


class ClipAction(StrEnum):
    """What can be done with clips; the value is the name of its icon."""

    WATCH = "play"
    REUSE = "create"
    COMPARE = "compare"
    FAVOURITE = "star"
    FOLDER = "folder"
    DELETE = "trash"
    RESTORE = "undo"


KEYS = {
    ClipAction.WATCH: "Enter",
    ClipAction.REUSE: "U",
    ClipAction.COMPARE: "C",
    ClipAction.FAVOURITE: "S",
    ClipAction.FOLDER: "O",
    ClipAction.DELETE: "Del",
    ClipAction.RESTORE: "R",
}
NOT_IN_TRASH = (ClipAction.COMPARE, ClipAction.FAVOURITE, ClipAction.FOLDER, ClipAction.DELETE)


def actions_for(clip: Clip, *, missing: bool) -> tuple[ClipAction, ...]:
    """What can be done with a clip: without its file, only what needs none."""
    watch = () if missing else (ClipAction.WATCH,)
    if clip.trashed_from:
        return (*watch, ClipAction.REUSE, ClipAction.RESTORE)
    compare = () if missing else (ClipAction.COMPARE,)
    folder = () if missing else (ClipAction.FOLDER,)
    return (*watch, ClipAction.REUSE, *compare, ClipAction.FAVOURITE, *folder, ClipAction.DELETE)
