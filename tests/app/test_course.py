"""How far a clip is: one measure over all of its stages, by their seconds, that never goes back."""

from dataclasses import replace
from itertools import pairwise

import pytest

from app.course import Course, expected
from inference.api.device import ALWAYS, DeviceInfo, Stage, StageReport
from inference.api.experience import NOTHING, Experience, Run
from inference.api.models import DEMO
from inference.api.spec import WeightFormat
from tests.app.kinora_clips import ask

SECONDS = {Stage.TEXT: 5.0, Stage.LOAD: 15.0, Stage.DENOISE: 60.0, Stage.DECODE: 20.0}
CPU = DeviceInfo("CPU")


def run(course: Course, *stages: tuple[Stage, int, int]) -> list[float]:
    """What it says at every step from the first of a stage to its last."""
    return [
        course.advance(stage, step, last)
        for stage, first, last in stages
        for step in range(first, last + 1)
    ]


def test_each_stage_takes_the_part_of_its_seconds() -> None:
    course = Course(SECONDS)
    assert course.advance(Stage.TEXT, 1, 2) == pytest.approx(0.025)
    assert course.advance(Stage.TEXT, 2, 2) == pytest.approx(0.05)
    assert course.advance(Stage.LOAD, 1, 1) == pytest.approx(0.2)
    assert course.advance(Stage.DENOISE, 1, 10) == pytest.approx(0.26)
    assert run(course, (Stage.DENOISE, 2, 10))[-1] == pytest.approx(0.8)
    assert run(course, (Stage.DECODE, 1, 3))[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("seconds", [{}, {Stage.DENOISE: 60.0}, SECONDS])
def test_it_goes_from_nothing_to_all_and_never_back(seconds: dict[Stage, float]) -> None:
    stages = [(Stage.TEXT, 1, 4), (Stage.QUANTIZE, 1, 9), (Stage.LOAD, 1, 3), (Stage.DENOISE, 1, 9)]
    said = run(Course(seconds), *stages, (Stage.DENOISE, 5, 9), (Stage.DECODE, 1, 5))
    assert said[0] < 0.1
    assert all(before <= after for before, after in pairwise(said))
    assert said[-1] == pytest.approx(1.0)


def test_what_goes_on_begins_where_it_stopped() -> None:
    course = Course(SECONDS, 0.5)
    said = run(course, (Stage.LOAD, 1, 1), (Stage.DENOISE, 6, 10), (Stage.DECODE, 1, 2))
    assert said[0] == pytest.approx(0.5 + 0.5 * 15 / 95)
    half = 60.0 * 5 / 10
    assert said[5] == pytest.approx(said[0] + (1 - said[0]) * half / (half + 20))
    assert said[-1] == pytest.approx(1.0)


def test_clip_that_is_finished_early_leaps_on() -> None:
    course = Course(SECONDS)
    run(course, (Stage.TEXT, 1, 1), (Stage.LOAD, 1, 1), (Stage.DENOISE, 1, 2))
    course.advance(Stage.DENOISE, 3, 50)
    assert run(course, (Stage.DECODE, 1, 4))[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(("step", "steps"), [(0, 0), (5, 4), (4, 4), (0, 4)])
def test_no_step_takes_it_beyond_its_ends(step: int, steps: int) -> None:
    course = Course(SECONDS)
    assert 0.0 <= course.advance(Stage.DECODE, step, steps) <= 1.0
    assert 0.0 <= course.advance(Stage.DECODE, step + 1, steps) <= 1.0


def test_time_that_is_left_is_that_of_all_stages_as_far_as_it_is_known() -> None:
    assert Course(SECONDS).seconds_left(Stage.TEXT, 2.0) == pytest.approx(97.0)
    assert Course(SECONDS).seconds_left(Stage.DECODE, 2.0) == pytest.approx(2.0)
    assert Course({}).seconds_left(Stage.DENOISE, 2.0) == pytest.approx(2.0)
    assert Course({}).seconds_left(Stage.LOAD, 2.0) is None  # the most is still to come
    assert Course(SECONDS).seconds_left(Stage.TEXT, None) is None


def test_what_is_expected_is_what_the_history_says() -> None:
    request = replace(ask(), weights=WeightFormat.NATIVE)
    stages = tuple(StageReport(stage, 3.0, 1, 0) for stage in ALWAYS)
    past = Run(request, DEMO.dit, DEMO.text, DEMO.vae, CPU, 6, False, stages)
    known = expected(request, CPU, Experience((past,)))
    assert known == pytest.approx(dict.fromkeys(ALWAYS, 3.0))
    assert expected(request, CPU, NOTHING) == expected(request, None, Experience((past,))) == {}
