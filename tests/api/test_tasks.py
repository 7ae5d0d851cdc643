"""Which models make what of given frames."""

from dataclasses import replace

import pytest

from inference.api.models import MODELS
from inference.api.spec import default_request
from inference.api.tasks import can_make, refusal

PICTURE = "0" * 64


@pytest.mark.parametrize(
    ("model", "able"),
    [
        ("t2v-1.3b", [""]),
        ("vace-1.3b", ["", "first", "first last", "last"]),
        ("i2v-14b-480p", ["first"]),
        ("flf2v-14b", ["first last"]),
    ],
)
def test_what_a_model_can_make(model: str, able: list[str]) -> None:
    spec = MODELS[model]
    plain = default_request("a fox", model, spec.defaults, seed=1)
    for given in ("", "first", "first last", "last"):
        can = can_make(spec.tasks, first="first" in given, last="last" in given)
        pictures = {f"{which}_frame": PICTURE for which in given.split()}
        refused = refusal(spec.title, spec.tasks, replace(plain, **pictures))
        assert can == (refused is None) == (given in able)


def test_a_video_is_edited_by_vace() -> None:
    for name, spec in MODELS.items():
        plain = default_request("a fox", name, spec.defaults, seed=1)
        request = replace(plain, video=PICTURE)
        shows = refusal(spec.title, spec.tasks, replace(plain, references=(PICTURE,)))
        refused = refusal(spec.title, spec.tasks, request)
        assert (refused is None) == ("vace" in name or name == "demo")
        assert can_make(spec.tasks, first=False, last=False, edits=True) == (refused is None)
        assert (refused is None) == (shows is None)
        if refused is not None and shows is not None:
            assert "take the references away, or choose vace-1.3b or" in shows
            assert "edits no video: take the video away, or choose vace-1.3b or" in refused


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        (
            "t2v-1.3b",
            ["first_frame"],
            "makes video from text alone: take the pictures away, or choose vace-1.3b or",
        ),
        (
            "i2v-14b-480p",
            [],
            "from the clip's first frame alone: give that one, or choose t2v-1.3b or",
        ),
        (
            "i2v-14b-480p",
            ["last_frame"],
            "first frame alone: give that one, or choose vace-1.3b or",
        ),
        ("flf2v-14b", ["first_frame"], "first and last frames: give both, or choose vace-1.3b or"),
    ],
)
def test_what_it_cannot_is_told_with_those_that_can(
    model: str, given: list[str], says: str
) -> None:
    spec = MODELS[model]
    request = default_request("a fox", model, spec.defaults, seed=1)
    refused = refusal(spec.title, spec.tasks, replace(request, **dict.fromkeys(given, PICTURE)))
    assert refused is not None
    assert refused.startswith(f"{spec.title} makes video")
    assert says in refused
