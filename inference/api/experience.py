"""What this machine is known to take: runs that are over, and how fast its layers are."""

from dataclasses import dataclass, replace

from inference.api.device import DeviceInfo, Stage, StageReport
from inference.api.sentence import Sentence
from inference.api.spec import (
    DiTParams,
    GenerationRequest,
    ModelSpec,
    TextParams,
    VAEParams,
)

NO_WORDS = "any"  # in the place of a prompt, which isn't kept
NO_PICTURE = "0" * 64  # in the place of one that was given


@dataclass(frozen=True, slots=True)
class Run:
    """A clip that was made: what was asked for, by which networks, on what, by which plan, and what each
    stage took. `park` is the decoder's; `file_bytes` is 0 where the file was gone by then."""

    request: GenerationRequest
    dit: DiTParams
    text: TextParams
    vae: VAEParams
    device: DeviceInfo
    resident_blocks: int
    park: bool
    stages: tuple[StageReport, ...]
    file_bytes: int = 0
    encode_park: bool = False

    def took(self, stage: Stage) -> StageReport | None:
        """How a stage went, None if it didn't run."""
        return next((report for report in self.stages if report.stage is stage), None)


@dataclass(frozen=True, slots=True)
class Speeds:
    """How fast a device is, as `kinora bench --layers` measures it.

    `rate` is operations a second of plain linear layers as large as Wan2.1 1.3B's; `times_as_fast` says
    it of the same layers in a format; `copy_rate` is bytes a second from main memory to the card, 0 on a
    processor. `source` says in English where the figures are from.
    """

    rate: float
    times_as_fast: dict[str, float]
    copy_rate: float = 0.0
    source: str = Sentence("measured on this machine")


@dataclass(frozen=True, slots=True, eq=False)  # equal only to itself: runs are many
class Experience:
    """All that is known of a device: its runs, newest first, and its speeds if they were measured."""

    runs: tuple[Run, ...] = ()
    speeds: Speeds | None = None

    def spec_of(self, model: str) -> ModelSpec | None:
        """What a model called so has been, None if it never ran."""
        run = next((run for run in self.runs if run.request.model == model), None)
        if run is None:
            return None
        return ModelSpec(model, model, frozenset(), run.dit, run.text, run.vae)


NOTHING = Experience()


def without_words(request: GenerationRequest) -> GenerationRequest:
    """A request, without what makes no difference to the time and nobody else needs to know."""
    return replace(
        request,
        prompt=NO_WORDS,
        negative_prompt="",
        seed=0,
        first_frame=NO_PICTURE if request.first_frame else "",
        last_frame=NO_PICTURE if request.last_frame else "",
        video=NO_PICTURE if request.video else "",
        video_start=0,
        mask=NO_PICTURE if request.mask else "",
        outpaint=False,
        references=(NO_PICTURE,) * len(request.references),
    )
