"""Which format the weights are in, where that is left to the plan: by what was measured, not by taste.

The clip is to be made soonest. What is as fast as that within `SAME` counts as fast, and of those the
first in the order of `WeightFormat` is taken, which begins with the most exact. nf4, the coarsest, is for
where nothing else fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from inference.api.device import DeviceInfo
from inference.api.experience import Experience, Speeds
from inference.api.operations import Operations
from inference.api.sentence import Sentence
from inference.api.spec import GenerationRequest, ModelSpec, WeightFormat

NATIVE, LAST = WeightFormat.NATIVE, WeightFormat.NF4
SAME = 1.05  # times as long
WIDE = 1024  # layers that are narrower were never measured, and gain nothing
# For devices that were never measured here, by their names. A card is measured before it makes a large clip.
SHIPPED = {
    "CPU": Speeds(  # docs/benchmarks.md, the layers of a block together
        rate=5.3e10,
        times_as_fast={
            WeightFormat.INT8: 1.00,
            WeightFormat.INT8_WEIGHT_ONLY: 0.94,
            WeightFormat.FP8: 0.95,
            WeightFormat.FP8_WEIGHT_ONLY: 0.86,
            WeightFormat.NF4: 0.97,
            WeightFormat.LLM_INT8: 0.15,
            WeightFormat.QUANTO_INT8: 0.96,
            WeightFormat.QUANTO_FP8: 0.81,
        },
        source=Sentence("measured on a processor without int8 units, not on this machine"),
    )
}


class Why(StrEnum):
    """What decided."""

    FASTEST = "nothing is faster"
    FASTER = "faster than the native format"
    NARROW = "the layers are too small to gain"
    WHOLE = "the native format fits whole on a card that was never measured"
    LESS = "less streams than of the native format on a card that was never measured"
    FITS = "the native format doesn't fit"
    LAST = "nothing better fits"


@dataclass(frozen=True, slots=True)
class Choice:
    """The format that was chosen and why. `times_as_fast` is a step's, over the `native` format, which
    `streams` or fits whole; 0 where that isn't known. `source` says in English where it is from."""

    form: WeightFormat
    why: Why
    native: str
    streams: bool = False
    times_as_fast: float = 0.0
    source: str = ""

    @property
    def name(self) -> str:
        """What the format is called."""
        return self.native if self.form is NATIVE else self.form.value

    def sentence(self) -> Sentence:
        """Format and reason."""
        return Sentence("{format}: {reason}", format=self.name, reason=self._reason())

    def _reason(self) -> Sentence:
        unmeasured = Sentence("this card was not measured yet: its first clip begins with that")
        native, source, times = self.native, self.source, f"{self.times_as_fast:.1f}"
        match self.why:
            case Why.FASTEST:
                return Sentence("nothing is faster ({source})", source=source)
            case Why.FASTER if self.streams:
                return Sentence(
                    "{times}x as fast as streaming {native} ({source})",
                    times=times,
                    native=native,
                    source=source,
                )
            case Why.FASTER:
                return Sentence(
                    "{times}x as fast as {native} ({source})",
                    times=times,
                    native=native,
                    source=source,
                )
            case Why.NARROW:
                return Sentence("the model's layers are too small to gain by fewer bits")
            case Why.WHOLE:
                return Sentence("it fits whole, and {unmeasured}", unmeasured=unmeasured)
            case Why.LESS:
                return Sentence(
                    "{native} does not fit whole, and {unmeasured}",
                    native=native,
                    unmeasured=unmeasured,
                )
            case Why.FITS:
                return Sentence("{native} does not fit", native=native)
            case Why.LAST:
                return Sentence("nothing better fits")


@dataclass(frozen=True, slots=True)
class Option:
    """How a format would be run: whether it fits, and the bytes that stream at each step."""

    fits: bool
    streamed_bytes: int


def speeds_of(device: DeviceInfo, experience: Experience) -> Speeds | None:
    """What was measured of the device, here or on another of its name; None if it never was."""
    return experience.speeds or SHIPPED.get(device.name)


def is_worth_measuring(spec: ModelSpec, request: GenerationRequest, experience: Experience) -> bool:
    """Whether a format is to be chosen that has to do with speed, on a device that was never measured here."""
    is_open = request.weights is WeightFormat.AUTO
    return is_open and spec.dit.dim >= WIDE and experience.speeds is None


def candidates(speeds: Speeds | None) -> tuple[WeightFormat, ...]:
    """The formats that are compared, the best first: those that were measured, else the plainest."""
    if speeds is None:
        return NATIVE, WeightFormat.INT8, LAST
    measured = [form for form in WeightFormat if form in speeds.times_as_fast and form is not LAST]
    return NATIVE, *measured, LAST


def step_seconds(
    form: WeightFormat, option: Option, operations: Operations, speeds: Speeds
) -> float:
    """Of a step, by the speed of layers alone: copying hides behind computing, or the other way round.

    Attention is taken to run at the rate of the plain layers.
    """
    times = 1.0 if form is NATIVE else speeds.times_as_fast.get(form, 1.0)
    computing = (operations.packed / times + operations.other + operations.attention) / speeds.rate
    if not option.streamed_bytes:
        return computing
    return max(computing, option.streamed_bytes / speeds.copy_rate if speeds.copy_rate else 0.0)


def choose(
    options: Mapping[WeightFormat, Option],
    width: int,
    operations: Operations,
    speeds: Speeds | None,
    native: str,
) -> Choice | None:
    """The choice among `candidates`, None if none fits. width: of the transformer; native: what that
    format is called."""
    fitting = [form for form, option in options.items() if option.fits]
    better = [form for form in fitting if form is not LAST]
    streams = options[NATIVE].streamed_bytes > 0
    if not better:
        return Choice(LAST, Why.LAST, native, streams) if fitting else None
    if better[0] is not NATIVE and speeds is None:
        return Choice(better[0], Why.FITS, native, streams)
    if width < WIDE and better[0] is NATIVE:
        return Choice(NATIVE, Why.NARROW, native, streams)
    if speeds is None:
        return _unmeasured(better, native, streams=streams)
    seconds = {form: step_seconds(form, options[form], operations, speeds) for form in better}
    fastest = min(seconds.values())
    chosen = next(form for form in better if seconds[form] <= SAME * fastest)
    if chosen is NATIVE:
        return Choice(NATIVE, Why.FASTEST, native, streams, 1.0, speeds.source)
    if NATIVE not in seconds:
        return Choice(chosen, Why.FITS, native, streams)
    times = seconds[NATIVE] / seconds[chosen]
    return Choice(chosen, Why.FASTER, native, streams, times, speeds.source)


def _unmeasured(better: list[WeightFormat], native: str, *, streams: bool) -> Choice:
    """Nothing is known of the device but that copying takes time."""
    if streams and len(better) > 1:
        return Choice(better[1], Why.LESS, native, streams)
    return Choice(NATIVE, Why.WHOLE, native, streams)
