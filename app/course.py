"""How far a clip is, over all of its stages."""

from collections.abc import Mapping

from inference.api.device import ALWAYS, DeviceInfo, Stage
from inference.api.experience import Experience
from inference.api.plan import plan
from inference.api.spec import GenerationRequest

# Parts of the whole where nothing is known. Quantising, which happens once, takes as long as all else.
USUAL = {
    Stage.TEXT: 0.1,
    Stage.CONDITION: 0.1,
    Stage.QUANTIZE: 1.0,
    Stage.LOAD: 0.1,
    Stage.DENOISE: 0.65,
    Stage.DECODE: 0.15,
}


class Course:
    """`done` is from 0 to 1 and never goes back: each stage takes its part of what is left when it
    begins, by the seconds that it and those after it are expected to take.

    seconds: of the stages of which that is known. done: where a clip goes on that was stopped.
    """

    def __init__(self, seconds: Mapping[Stage, float], done: float = 0.0) -> None:
        usual = sum(USUAL[stage] for stage in seconds)
        scale = sum(seconds.values()) / usual if usual else 1.0
        self._known = dict(seconds)
        self._seconds = {stage: share * scale for stage, share in USUAL.items()} | self._known
        self.done = self._from = done
        self._stage: Stage | None = None
        self._skipped = 0  # steps of a stage that were done before

    def advance(self, stage: Stage, step: int, steps: int) -> float:
        """So many steps of a stage are done; how far the clip is by that."""
        steps = max(1, steps)
        step = min(step, steps)  # whatever a worker says
        if stage is not self._stage:
            self._stage, self._from, self._skipped = stage, self.done, max(0, step - 1)
        to_do = max(1, steps - self._skipped)
        here = self._seconds[stage] * to_do / steps
        part = here / (here + sum(self._seconds[later] for later in self._after(stage)))
        share = (step - self._skipped) / to_do
        self.done = max(self.done, self._from + (1.0 - self._from) * part * share)
        return self.done

    def seconds_left(self, stage: Stage, seconds: float | None) -> float | None:
        """Of the whole clip, when a stage has so many left; None while the most of it isn't known."""
        later = self._after(stage)
        if seconds is None or (Stage.DENOISE in later and Stage.DENOISE not in self._known):
            return None
        return seconds + sum(self._known.get(each, 0.0) for each in later)

    def _after(self, stage: Stage) -> list[Stage]:
        """Those that come in every clip, and those that are known to."""
        order = list(Stage)
        later = order[order.index(stage) + 1 :]
        return [each for each in later if each in ALWAYS or each in self._known]


def expected(
    request: GenerationRequest, device: DeviceInfo | None, experience: Experience
) -> dict[Stage, float]:
    """The seconds that the stages of a clip will take, of which that is known."""
    spec = experience.spec_of(request.model)
    if spec is None or device is None:
        return {}
    stages = plan(spec, request, device, experience).stages
    return {stage.stage: stage.seconds for stage in stages if stage.seconds}
