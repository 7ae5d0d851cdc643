"""How a clip is drawn out of noise: schedules, solvers and guidance, all pure functions.

The flow: x_sigma = (1 - sigma) * x0 + sigma * noise, for sigma from 1 (noise) to 0 (the clip), and
the network predicts the velocity v = noise - x0 = dx / dsigma (flow matching, arXiv:2210.02747).

A caller makes a `Schedule`, starts a `SolverState` and, until `state.step` is `schedule.steps`,
runs the network on `state.latent` at `schedule.timesteps[state.step]` and hands its velocity to
`advance`. A state holds all there is to know, so one written to disk goes on bit for bit.

Axis letters are those of `inference.api.spec`; a latent is [B, C, F, H, W] float32.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.api.spec import Solver

TRAIN_STEPS = 1000  # a timestep is this many times sigma
UNIPC_START = 0.999  # the official UniPC begins one training step below pure noise
SEED_STRIDE = 0x9E3779B97F4A7C15  # odd: the seeds of one clip's noises all differ


@dataclass(frozen=True, slots=True)
class Schedule:
    """Noise levels `sigmas`, n + 1 of them falling to 0.0, and the network's n `timesteps`.

    Sigmas are rounded to float32, as the official code's are.
    """

    sigmas: tuple[float, ...]
    timesteps: tuple[float, ...]

    @property
    def steps(self) -> int:
        return len(self.timesteps)


@dataclass(frozen=True, slots=True)
class SolverState:
    """Where the solver stands before step `step`; tensors are float32 on the latent's device.

    `latent` is what the network sees next. `history` holds the x0 estimates the solver looks back
    on, newest first; `base` is the latent UniPC took its last step from. LCM's noise is by `seed`.
    """

    step: int
    seed: int
    latent: Tensor
    base: Tensor | None = None
    history: tuple[Tensor, ...] = ()


def make_schedule(
    solver: Solver, steps: int, shift: float, timesteps: Sequence[float] = ()
) -> Schedule:
    """The schedule `solver` is run with; `shift` > 1 spends more of the steps at high noise.

    UniPC and DPM++ follow the official code, timesteps cut to whole numbers included. `timesteps`
    (0..1000, falling) are the ones a distilled model was trained at: they replace `steps` for LCM,
    are bent by `shift` as its training bent them, and a shift of 1 takes them as they are.
    """
    match solver:
        case Solver.UNIPC:
            sigmas, whole = torch.linspace(UNIPC_START, 0, steps + 1, dtype=torch.float64), True
        case Solver.DPMPP:
            sigmas, whole = torch.linspace(1, 0, steps + 1, dtype=torch.float64), True
        case Solver.EULER:
            sigmas, whole = torch.linspace(1, 0, steps + 1, dtype=torch.float64), False
        case Solver.LCM:
            levels = timesteps or [TRAIN_STEPS * (1 - i / steps) for i in range(steps)]
            sigmas, whole = torch.tensor([*levels, 0.0], dtype=torch.float64) / TRAIN_STEPS, False
    sigmas = shift * sigmas / (1 + (shift - 1) * sigmas)
    times = sigmas[:-1] * TRAIN_STEPS
    return Schedule(
        sigmas=tuple(sigmas.float().tolist()),
        timesteps=tuple((times.trunc() if whole else times.float()).tolist()),
    )


def initial_noise(shape: Sequence[int], seed: int, step: int = 0) -> Tensor:
    """Normal noise of `shape`, float32, drawn on the CPU: one seed gives one clip on every card.

    `step` counts the re-noisings of one clip; each has noise of its own, whatever was drawn before.
    """
    generator = torch.Generator().manual_seed((seed + step * SEED_STRIDE) % 2**63)
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32)


def start(latent: Tensor, seed: int) -> SolverState:
    """The state before the first step, from `latent` [B, C, F, H, W], which is noise at first."""
    return SolverState(step=0, seed=seed, latent=latent.float())


def estimate_x0(schedule: Schedule, state: SolverState, velocity: Tensor) -> Tensor:
    """The clip [B, C, F, H, W] that `velocity` at `state` points to: what a preview shows."""
    return state.latent - schedule.sigmas[state.step] * velocity.float()


def advance(
    solver: Solver, schedule: Schedule, state: SolverState, velocity: Tensor
) -> SolverState:
    """Take one step with `velocity` [B, C, F, H, W], the network's answer for `state.latent`."""
    x0 = estimate_x0(schedule, state, velocity)
    base, history = None, ()
    match solver:
        case Solver.UNIPC:
            base = _correct(schedule, state, x0)
            latent = _extrapolate(schedule, state, base, x0)
            history = (x0, *state.history[:1])
        case Solver.DPMPP:
            latent = _extrapolate(schedule, state, state.latent, x0)
            history = (x0,)
        case Solver.EULER:
            now, then = schedule.sigmas[state.step : state.step + 2]
            latent = state.latent + (then - now) * velocity.float()
        case Solver.LCM:
            latent = _renoise(schedule, state, x0)
    return SolverState(state.step + 1, state.seed, latent, base, history)


def pack_state(state: SolverState) -> dict[str, Tensor]:
    """`state` as named tensors, numbers as int64, for a safetensors file; see `unpack_state`."""
    tensors = {"latent": state.latent, "counters": torch.tensor([state.step, state.seed])}
    tensors |= {f"history.{age}": x0 for age, x0 in enumerate(state.history)}
    return tensors if state.base is None else tensors | {"base": state.base}


def unpack_state(tensors: dict[str, Tensor]) -> SolverState:
    """The state that `pack_state` turned into `tensors`."""
    step, seed = (int(number) for number in tensors["counters"])
    ages = sum(name.startswith("history.") for name in tensors)
    history = tuple(tensors[f"history.{age}"] for age in range(ages))
    return SolverState(step, seed, tensors["latent"], tensors.get("base"), history)


def is_guided(guidance: float) -> bool:
    """Whether `guidance` needs the unconditional branch: at 1.0 the conditional one is all."""
    return guidance != 1.0


def guide(
    cond: Tensor, uncond: Tensor | None, guidance: float, *, cfg_zero_star: bool = False
) -> Tensor:
    """Classifier-free guidance (arXiv:2207.12598) of velocities [B, C, F, H, W], in float32.

    CFG-Zero* (arXiv:2503.18886) first scales `uncond`, for each clip of the batch, to come as near
    to `cond` as it can.
    """
    cond = cond.float()
    if uncond is None or not is_guided(guidance):
        return cond
    uncond = uncond.float()
    if cfg_zero_star:
        uncond = uncond * _projection(cond, uncond)
    return uncond + guidance * (cond - uncond)


def is_zero_init(step: int, steps: int) -> bool:
    """Whether CFG-Zero* takes the velocity of `step` to be zero: in the first 4 % of the steps.

    So early an imperfect network does more harm than good (arXiv:2503.18886, section 4.2); it need
    not even run. Schedules under 25 steps, where one step is worth more, have no such step.
    """
    return step < int(0.04 * steps)


def _projection(cond: Tensor, uncond: Tensor) -> Tensor:
    """<cond, uncond> / |uncond|^2 for each clip -> [B, 1, 1, 1, 1]."""
    flat_cond, flat_uncond = cond.flatten(1), uncond.flatten(1)
    tiny = torch.finfo(torch.float32).tiny  # a zero velocity stays zero
    scale = (flat_cond * flat_uncond).sum(1) / flat_uncond.square().sum(1).clamp_min(tiny)
    return scale.view(-1, *[1] * (cond.ndim - 1))


def _half_log_snr(sigma: float) -> float:
    """ln((1 - sigma) / sigma): the time in which the multistep solvers are polynomial."""
    if sigma <= 0.0:
        return math.inf
    return math.log1p(-sigma) - math.log(sigma) if sigma < 1.0 else -math.inf


def _order(schedule: Schedule, step: int) -> int:
    """Second, but first at the ends: at one there is no history, the other is infinitely far."""
    return 1 if step in (0, schedule.steps - 1) else 2


def _slope(schedule: Schedule, step: int, newer: Tensor, older: Tensor) -> Tensor:
    """Change of x0 over step `step`, judged by its change over the step before."""
    last, now, then = map(_half_log_snr, schedule.sigmas[step - 1 : step + 2])
    return (newer - older) * ((then - now) / (now - last))


def _extrapolate(schedule: Schedule, state: SolverState, base: Tensor, x0: Tensor) -> Tensor:
    """DPM-Solver++ 2M (arXiv:2211.01095), which is also UniPC's predictor with B2(h), from `base`.

    Both solve for x0 exactly and take it to change by `_slope` over the step, half on average.
    """
    now, then = schedule.sigmas[state.step : state.step + 2]
    if _order(schedule, state.step) == 2:
        x0 = x0 + 0.5 * _slope(schedule, state.step, x0, state.history[0])
    return (then / now) * base + (1 - then / now) * x0


def _correct(schedule: Schedule, state: SolverState, x0: Tensor) -> Tensor:
    """UniPC's corrector (arXiv:2302.04867) with B2(h): retake the last step knowing where it led.

    `x0` is the estimate at `state.latent`, the step's end. The two weights solve the paper's system
    R rho = b for second order; with one estimate alone the weight is a half.
    """
    if state.base is None:
        return state.latent
    last = state.step - 1
    now, then = schedule.sigmas[last : last + 2]
    before = state.history[0]
    if _order(schedule, last) == 1:
        mean = before + 0.5 * (x0 - before)
    else:
        h = _half_log_snr(then) - _half_log_snr(now)
        b1 = -1 / h - 1 / math.expm1(-h)
        b2 = -2 / h * b1 - 1 / math.expm1(-h)
        ratio = (_half_log_snr(schedule.sigmas[last - 1]) - _half_log_snr(now)) / h
        rho1 = (b1 - b2) / (1 - ratio)
        slope = (state.history[1] - before) / ratio
        mean = before + rho1 * slope + (b1 - rho1) * (x0 - before)
    return (then / now) * state.base + (1 - then / now) * mean


def _renoise(schedule: Schedule, state: SolverState, x0: Tensor) -> Tensor:
    """Back from the clip `x0` to the next noise level: consistency sampling (arXiv:2303.01469)."""
    then = schedule.sigmas[state.step + 1]
    if then == 0.0:
        return x0
    noise = initial_noise(x0.shape, state.seed, state.step + 1).to(x0.device)
    return (1 - then) * x0 + then * noise
