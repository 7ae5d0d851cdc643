"""Which models can make what a request gives them pictures for."""

from collections.abc import Collection

from inference.api.models import DEMO, MODELS
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest, Task

# What can be done with the frames that are given: the first, the last.
_TASKS = {
    (False, False): frozenset({Task.T2V}),
    (True, False): frozenset({Task.I2V, Task.VACE}),
    (True, True): frozenset({Task.FLF2V, Task.VACE}),
    (False, True): frozenset({Task.VACE}),
}


def can_make(tasks: Collection[str], *, first: bool, last: bool, edits: bool = False) -> bool:
    """Whether a model that can do `tasks` makes clips whose first and last frames are given, or aren't, or that
    are edits of a video or show what is in other pictures."""
    if edits:
        return Task.VACE in tasks
    return any(task in tasks for task in _TASKS[first, last])


def refusal(title: str, tasks: Collection[str], request: GenerationRequest) -> Sentence | None:
    """Why a model called `title` that can do `tasks` can't make the clip, and what to do; None if it can."""
    first, last = bool(request.first_frame), bool(request.last_frame)
    edits = bool(request.video or request.references)
    if can_make(tasks, first=first, last=last, edits=edits):
        return None
    others = _others(first=first, last=last, edits=edits)
    if request.references:
        return Sentence(
            "{title} shows nothing of other pictures: take the references away, or choose {others}.",
            title=title,
            others=others,
        )
    if request.video:
        return Sentence(
            "{title} edits no video: take the video away, or choose {others}.",
            title=title,
            others=others,
        )
    if can_make(tasks, first=True, last=False):
        return Sentence(
            "{title} makes video from the clip's first frame alone: give that one, or choose {others}.",
            title=title,
            others=others,
        )
    if can_make(tasks, first=True, last=True):
        return Sentence(
            "{title} makes video from the clip's first and last frames: give both, or choose {others}.",
            title=title,
            others=others,
        )
    return Sentence(
        "{title} makes video from text alone: take the pictures away, or choose {others}.",
        title=title,
        others=others,
    )


def _others(*, first: bool, last: bool, edits: bool) -> Sentence:
    """Known models that can."""
    known = [spec for spec in MODELS.values() if spec is not DEMO]
    able = [
        spec.name for spec in known if can_make(spec.tasks, first=first, last=last, edits=edits)
    ]
    return Sentence("{first} or {second}", first=able[0], second=able[1])
