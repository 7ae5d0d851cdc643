"""Whether a clip fits, and how it is made where it does: what stays on the card, and what streams.

Pure arithmetic: the window shows it while the user types, and the worker obeys it. The rule by which a
plan is the fastest: a smaller chunk costs next to nothing, a block that streams costs its copy at each
step, and both cost less than a clip that isn't made. So all blocks stay as long as a chunk of
`CHUNKS` lets them; then as many as fit with the smallest chunk. The decoder's tile is the largest that
fits, and the encoder's where pictures are given. The format of the weights changes the clip: it is the
user's choice, or else that of `choice`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from inference.api.choice import Choice, Option, candidates, choose, speeds_of
from inference.api.decoding import Coding, decode_working
from inference.api.device import DeviceInfo, Stage
from inference.api.encoding import encode_working
from inference.api.experience import NOTHING, Experience
from inference.api.footprint import (
    BF16,
    FLOAT32,
    image_encoder,
    outside_blocks,
    text_block,
    unit,
    vae,
)
from inference.api.operations import step_operations
from inference.api.pace import Way, paces
from inference.api.placement import streamed_blocks
from inference.api.room import CONTEXT_BYTES, ROOM, budget_bytes
from inference.api.sizes import sampled_shape
from inference.api.spec import (
    SPATIAL_STRIDE,
    TEMPORAL_STRIDE,
    DiTParams,
    GenerationRequest,
    ImageParams,
    ModelSpec,
    WeightFormat,
    dit_for,
    latent_shape,
)
from inference.api.suggestion import suggestion
from inference.api.working import Flow, denoise_working, image_working, text_working

CARD_PROCESS_BYTES = 1_500_000_000  # RAM of a process with torch and CUDA in it
CPU_PROCESS_BYTES = 290_000_000  # and of one with torch alone
# What is lost between tensors in RAM while a clip is decoded: most are too small to be given back one by one, and
# no two layers want the same sizes. From 32 MiB on glibc gives each its own pages, and nothing is lost.
# Where something was encoded before, as much again is lost as is used.
LOST_SHARE, LOST_SHARE_AFTER, MOST_LOST_BYTES = 0.6, 1.0, 4 * 2**25
TEXT_BLOCKS = 2  # of the text encoder on a card at once: one computes while the next comes
# Between tensors, where the card's allocator finds no use for it. Of 3.38 GiB VACE-1.3B ran out of memory with 40 MB
# to spare by its forecast, T2V-1.3B did not with 84.
HOLES_BYTES = 2**26
# The VAE's convolutions want workspaces of many sizes. On a card with 4 GiB, 3.79 GiB forecast ran out of memory.
VAE_ROOM = 0.87
VAE_STAGES = (Stage.CONDITION, Stage.DECODE)
RUNG = 0.8  # what the next lighter plan may take of this one's peak, stage by stage
CHUNKS = (8192, 4096, 2048)  # tokens at a time, where they are independent
# Sides of what is encoded or decoded at a time, in latent pixels; 0 is the whole picture. The smaller they are, the
# more is computed twice: a tenth at 64, a third at 32.
SIDES = (80, 64, 52, 40, 32, 24)
LIGHTEST = (WeightFormat.INT8, WeightFormat.NF4)  # what fits in none of them fits in no format

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage of a plan: the most memory that it takes, and what it keeps on the device, in words.

    `seconds` is what it will take as `runs` runs that are like it say, None where there were none.
    """

    stage: Stage
    peak_vram_bytes: int
    peak_ram_bytes: int
    resident: str
    seconds: float | None = None
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the VAE goes about a picture: in tiles whose sides are `side` latent pixels, 0 for the whole picture
    at once; with `park` they wait in main memory for their turn."""

    side: int = 0
    park: bool = False


@dataclass(frozen=True, slots=True)
class VramPlan:
    """How a clip is made.

    `resident_blocks` of the trunk stay on the device, counted from the first; the others stream.
    `chunk_tokens` go at once through what works token by token. `encoding` is of the pictures that are given,
    `decoding` of the clip.
    `choice` says why the format is this one, where it was left to the plan. Where the clip doesn't fit,
    this is the lightest plan there is, and `suggestion` the request nearest to it that fits, None if there
    is none.
    """

    fits: bool
    weights: WeightFormat
    resident_blocks: int
    chunk_tokens: int
    encoding: Tiling
    decoding: Tiling
    stages: tuple[StagePlan, ...]
    suggestion: GenerationRequest | None = None
    choice: Choice | None = None

    @property
    def peak_vram_bytes(self) -> int:
        """On the card, with what CUDA itself takes; 0 where the processor computes."""
        return max(stage.peak_vram_bytes for stage in self.stages)

    @property
    def peak_ram_bytes(self) -> int:
        """Of the process."""
        return max(stage.peak_ram_bytes for stage in self.stages)

    @property
    def seconds(self) -> float | None:
        """Of the whole clip, None unless all of its stages are known."""
        known = [stage.seconds for stage in self.stages if stage.seconds is not None]
        return sum(known) if len(known) == len(self.stages) else None


def plan(
    spec: ModelSpec,
    request: GenerationRequest,
    device: DeviceInfo,
    experience: Experience = NOTHING,
) -> VramPlan:
    """The fastest plan that fits into what is free on `device`; else the lightest, and a suggestion.

    It says how long it will take, and chooses a format, by what is known of the device.
    """
    made = _planned(spec, request, device, experience)
    parks = made.encoding.park, made.decoding.park
    way = Way(device.total_bytes > 0, made.resident_blocks, *parks)
    known = paces(spec, replace(request, weights=made.weights), way, experience.runs)
    timed = (
        replace(stage, seconds=pace.seconds, runs=pace.runs)
        if (pace := known.get(stage.stage)) is not None
        else stage
        for stage in made.stages
    )
    return replace(made, stages=tuple(timed))


def ladder(
    spec: ModelSpec,
    request: GenerationRequest,
    device: DeviceInfo,
    experience: Experience = NOTHING,
) -> tuple[VramPlan, ...]:
    """The plan and ever lighter ones down to the lightest, to go on with when memory runs out."""
    rungs = [_planned(spec, request, device, experience)]
    job = _Job(spec, replace(request, weights=rungs[0].weights), device)
    while (lighter := job.plan(rungs[-1])).stages != rungs[-1].stages:
        rungs.append(lighter)
    return tuple(rungs)


def _planned(
    spec: ModelSpec, request: GenerationRequest, device: DeviceInfo, experience: Experience
) -> VramPlan:
    """The plan, without times."""
    speeds = speeds_of(device, experience)

    def plans(changed: GenerationRequest, forms: Iterable[WeightFormat]) -> Iterator[VramPlan]:
        is_open = changed.weights is WeightFormat.AUTO
        for form in forms if is_open else [changed.weights]:
            yield _Job(spec, replace(changed, weights=form), device).plan()

    made = {planned.weights: planned for planned in plans(request, candidates(speeds))}
    best = min(made.values(), key=lambda planned: planned.peak_vram_bytes or planned.peak_ram_bytes)
    if request.weights is WeightFormat.AUTO:
        dit = dit_for(spec.dit, request)
        options = {form: _option(dit, planned, device) for form, planned in made.items()}
        operations = step_operations(spec.dit, request)
        choice = choose(options, spec.dit.dim, operations, speeds, device.native)
        best = best if choice is None else replace(made[choice.form], choice=choice)
    if best.fits:
        return best

    def fits(changed: GenerationRequest) -> bool:
        return any(planned.fits for planned in plans(changed, LIGHTEST))

    return replace(best, suggestion=suggestion(request, fits))


def _option(dit: DiTParams, made: VramPlan, device: DeviceInfo) -> Option:
    element = _element(on_card=device.total_bytes > 0)
    streamed = streamed_blocks(dit.num_layers, made.resident_blocks)
    units = (unit(dit, index).bytes(made.weights, element) for index in streamed)
    return Option(made.fits, sum(units))


def _element(*, on_card: bool) -> int:
    """Bytes of a number in the transformer's dtype: 16 bits on a card, float32 on the processor."""
    return BF16 if on_card else FLOAT32


@dataclass(frozen=True, slots=True)
class _Way:
    """How the transformer runs."""

    resident_blocks: int
    chunk_tokens: int


@dataclass(frozen=True, slots=True)
class _Job:
    """A clip to be planned."""

    spec: ModelSpec
    request: GenerationRequest
    device: DeviceInfo

    def plan(self, heavier: VramPlan | None = None) -> VramPlan:
        """The fastest that fits, in each stage a rung below `heavier`; where none does, the lightest."""
        above = {} if heavier is None else {stage.stage: stage for stage in heavier.stages}
        way = self._choose(self._ways(), self._denoise, above.get(Stage.DENOISE))
        encoding = Tiling()
        stages = [self._text()]
        if self.request.given:
            encoding = self._choose(self._tiles(), self._condition, above.get(Stage.CONDITION))
            stages.append(self._condition(encoding))
        decoding = self._choose(self._tiles(), self._decode, above.get(Stage.DECODE))
        stages += [self._load(way), self._denoise(way), self._decode(decoding)]
        return VramPlan(
            fits=all(self._fits(stage) for stage in stages),
            weights=self.request.weights,
            resident_blocks=way.resident_blocks,
            chunk_tokens=way.chunk_tokens,
            encoding=encoding,
            decoding=decoding,
            stages=tuple(stages),
        )

    def _choose(
        self,
        options: Sequence[T],
        stage: Callable[[T], StagePlan],
        above: StagePlan | None,
    ) -> T:
        """The first option that fits and is a rung below the stage `above`, else the lightest."""
        for option in options:
            planned = stage(option)
            if self._fits(planned) and (above is None or self._is_below(planned, above)):
                return option
        return min(options, key=lambda option: self._peak(stage(option)))

    def _fits(self, stage: StagePlan) -> bool:
        ram_bytes, room = self.device.ram_bytes, budget_bytes(self.device)
        if stage.stage in VAE_STAGES:
            room = int(VAE_ROOM / ROOM * room)
        elif self._on_card:
            room -= HOLES_BYTES
        fits_card = stage.peak_vram_bytes <= room
        return fits_card and (not ram_bytes or stage.peak_ram_bytes <= ROOM * ram_bytes)

    def _is_below(self, stage: StagePlan, above: StagePlan) -> bool:
        return self._peak(stage) <= RUNG * self._peak(above)

    def _peak(self, stage: StagePlan) -> int:
        return stage.peak_vram_bytes if self._on_card else stage.peak_ram_bytes

    def _ways(self) -> Sequence[_Way]:
        """Fastest first. The processor has nothing to stream from that is not RAM itself."""
        blocks = self._dit.num_layers
        ways = [_Way(blocks, chunk) for chunk in CHUNKS]
        if self._on_card:
            ways += [_Way(resident, CHUNKS[-1]) for resident in reversed(range(blocks))]
        return ways

    def _tiles(self) -> Sequence[Tiling]:
        """Fastest first: tiles that wait on the card come before those that cross to it and back."""
        sides = [side for side in SIDES if side < max(self._latent[2:])]
        tiles = [Tiling(side) for side in (0, *sides)]
        if self._on_card:
            tiles += [Tiling(side, park=True) for side in sides]
        return tiles

    @property
    def _on_card(self) -> bool:
        return self.device.total_bytes > 0

    @property
    def _dit(self) -> DiTParams:
        return dit_for(self.spec.dit, self.request)

    @property
    def _element(self) -> int:
        return _element(on_card=self._on_card)

    @property
    def _branches(self) -> int:
        return 2 if self.request.guidance > 1.0 else 1

    @property
    def _latent(self) -> tuple[int, int, int, int]:
        request, channels = self.request, self.spec.vae.z_dim
        return latent_shape(request.width, request.height, request.frames, channels)

    def _text(self) -> StagePlan:
        params = self.spec.text
        weights = TEXT_BLOCKS * text_block(params).bytes(WeightFormat.NATIVE, self._element)
        mapped = text_block(params).bytes(WeightFormat.NATIVE, BF16)
        length = self._dit.text_len
        working = text_working(params, length, self._branches, self._element)
        words = f"{TEXT_BLOCKS} of the text encoder's {params.num_layers} blocks"
        return self._stage(Stage.TEXT, weights + working, mapped, words)

    def _load(self, way: _Way) -> StagePlan:
        weights, _, words = self._weights(way)
        return self._stage(Stage.LOAD, weights, self._mapped(), words)

    def _denoise(self, way: _Way) -> StagePlan:
        weights, buffers, words = self._weights(way)
        streams = way.resident_blocks < self._dit.num_layers
        branches = self._branches if streams else 1  # a block that streams is used by both at once
        flow = Flow(branches, way.chunk_tokens, self.request.weights)
        latent = sampled_shape(self.request, self.spec.vae.z_dim)
        working = denoise_working(self._dit, latent, flow, self._element)
        return self._stage(Stage.DENOISE, weights + buffers + working, self._mapped(), words)

    def _condition(self, tiling: Tiling) -> StagePlan:
        params, dit = self.spec.vae, self._dit
        taken = encode_working(params, self._latent, tiling.side, self._element, park=tiling.park)
        planned = self._vae(Stage.CONDITION, tiling, taken)
        if not dit.image_dim:
            return planned
        tower = self.spec.image or ImageParams()
        weights = image_encoder(tower).bytes(WeightFormat.NATIVE, self._element)
        working = image_working(tower, len(self.request.pictures), self._element)
        looking = self._stage(Stage.CONDITION, weights + working, 0, "the image encoder")
        return max(looking, planned, key=self._peak)

    def _decode(self, tiling: Tiling) -> StagePlan:
        side, park = tiling.side, tiling.park
        taken = decode_working(self.spec.vae, self._latent, side, self._element, park=park)
        return self._vae(Stage.DECODE, tiling, taken)

    def _vae(self, stage: Stage, tiling: Tiling, taken: Coding) -> StagePlan:
        weights = vae(self.spec.vae).bytes(WeightFormat.NATIVE, self._element)
        frames = self.request.width * self.request.height * TEMPORAL_STRIDE * 3 * FLOAT32
        words = "the VAE and the whole picture"
        if tiling.side:
            words = f"the VAE and a tile of {tiling.side * SPATIAL_STRIDE} pixels"
            words += "; the others wait in main memory" if tiling.park else ""
        working = taken.working + (0 if self._on_card else self._lost(taken.working))
        return self._stage(stage, weights + working, taken.parked + frames, words)

    def _lost(self, working: int) -> int:
        """Between the tensors of the VAE in RAM; a single frame takes less than was forecast anyway."""
        share = LOST_SHARE_AFTER if self.request.given else LOST_SHARE
        return 0 if self.request.frames == 1 else min(int(share * working), MOST_LOST_BYTES)

    def _stage(self, stage: Stage, device_bytes: int, host_bytes: int, resident: str) -> StagePlan:
        """`host_bytes` lie in RAM wherever the device is."""
        if self._on_card:
            vram_bytes, ram_bytes = CONTEXT_BYTES + device_bytes, CARD_PROCESS_BYTES + host_bytes
        else:
            vram_bytes, ram_bytes = 0, CPU_PROCESS_BYTES + device_bytes + host_bytes
        return StagePlan(stage, vram_bytes, ram_bytes, resident)

    def _weights(self, way: _Way) -> tuple[int, int, str]:
        """Of the transformer on the device: bytes that stay, bytes that others come to, and in words."""
        blocks, resident = self._dit.num_layers, way.resident_blocks
        weights = self.request.weights
        is_native = weights is WeightFormat.NATIVE
        form = self.device.native if is_native else weights.value
        words = f"{resident} of {blocks} blocks of the transformer in {form}; the others stream"
        if resident == blocks:
            words = f"all {blocks} blocks of the transformer in {form}"
        return *_transformer_bytes(self._dit, weights, resident, self._element), words

    def _mapped(self) -> int:
        """RAM for a block as it lies in a file of float32."""
        return unit(self._dit, 0).bytes(WeightFormat.NATIVE, FLOAT32)


@cache
def _transformer_bytes(
    params: DiTParams, weights: WeightFormat, resident: int, element: int
) -> tuple[int, int]:
    """Of what stays, and of two buffers where blocks stream."""
    units = [unit(params, index).bytes(weights, element) for index in range(params.num_layers)]
    streamed = [units[index] for index in streamed_blocks(params.num_layers, resident)]
    outside = outside_blocks(params).bytes(WeightFormat.NATIVE, element)
    return outside + sum(units) - sum(streamed), 2 * max(streamed, default=0)
