"""Schedules, solvers and guidance, judged by official vectors, diffusers and exact solutions."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
import torch
from diffusers.guiders.classifier_free_zero_star_guidance import ClassifierFreeZeroStarGuidance
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.schedulers.scheduling_flow_match_lcm import FlowMatchLCMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from safetensors.torch import load, save
from torch import Tensor

from inference.api.spec import Solver
from inference.sample import (
    SEED_STRIDE,
    Schedule,
    SolverState,
    advance,
    estimate_x0,
    guide,
    initial_noise,
    is_guided,
    is_zero_init,
    make_schedule,
    pack_state,
    start,
    unpack_state,
)

SHAPE = (2, 16, 3, 4, 5)
Velocity = Callable[[Tensor, float], Tensor]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    assert actual.shape == expected.shape
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def smooth_velocity(x: Tensor, timestep: float) -> Tensor:
    return torch.tanh(x.roll(1, dims=1)) * (0.3 + timestep / 1000) - 0.2 * x


def run(solver: Solver, schedule: Schedule, state: SolverState, model: Velocity) -> SolverState:
    while state.step < schedule.steps:
        velocity = model(state.latent, schedule.timesteps[state.step])
        state = advance(solver, schedule, state, velocity)
    return state


@pytest.mark.parametrize("name", ["unipc_50", "unipc_6", "unipc_1", "dpmpp_50", "dpmpp_6"])
def test_follows_official_trajectory(reference: Callable, name: str) -> None:
    tensors, config = reference(f"sched_{name}")
    solver = Solver(config["kind"])
    schedule = make_schedule(solver, config["steps"], config["shift"])
    assert schedule.timesteps == tuple(tensors["timesteps"].tolist())
    assert schedule.sigmas == pytest.approx(tensors["sigmas"].tolist(), rel=1e-7)
    state = start(tensors["x0"], seed=0)
    for timestep, expected in zip(schedule.timesteps, tensors["trajectory"][1:], strict=True):
        mixed = torch.einsum("dc,bcfhw->bdfhw", tensors["A"], state.latent)
        velocity = 0.5 * mixed + torch.tanh(state.latent) * timestep / 1000
        state = advance(solver, schedule, state, velocity)
        assert relative_error(state.latent[0], expected) <= 1e-5
    assert state.latent.dtype == torch.float32


# DPMSolverMultistepScheduler.set_timesteps hands numpy a tensor in a way numpy 2 warns about.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("steps", [1, 2, 3, 20])
@pytest.mark.parametrize(
    ("solver", "scheduler"),
    [
        pytest.param(
            Solver.UNIPC,
            UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True),
            id="unipc",
        ),
        pytest.param(
            Solver.DPMPP,
            DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True),
            id="dpm++",
        ),
        pytest.param(Solver.EULER, FlowMatchEulerDiscreteScheduler(), id="euler"),
        pytest.param(Solver.LCM, FlowMatchLCMScheduler(), id="lcm"),
    ],
)
def test_steps_as_diffusers_does(solver: Solver, scheduler, steps: int) -> None:
    # Their sigmas differ a little from the official ones, so theirs are replaced: the steps agree.
    schedule = make_schedule(solver, steps, shift=3.0)
    scheduler.set_timesteps(steps)
    scheduler.sigmas = torch.tensor(schedule.sigmas)
    scheduler.timesteps = torch.tensor(schedule.timesteps)
    state = start(initial_noise(SHAPE, seed=5), seed=5)
    latent = state.latent
    for step, timestep in enumerate(scheduler.timesteps):
        velocity = smooth_velocity(latent, timestep.item())
        extra = {}
        if solver is Solver.LCM:
            noise_seed = (5 + (step + 1) * SEED_STRIDE) % 2**63
            extra = {"generator": torch.Generator().manual_seed(noise_seed)}
        latent = scheduler.step(velocity, timestep, latent, return_dict=False, **extra)[0]
        velocity = smooth_velocity(state.latent, timestep.item())
        state = advance(solver, schedule, state, velocity)
        assert relative_error(state.latent, latent) <= 1e-5


def gaussian_velocity(x: Tensor, timestep: float) -> Tensor:
    """The exact velocity where clips are normal with mean 2 and deviation 1/2."""
    sigma = timestep / 1000
    variance = (1 - sigma) ** 2 * 0.25 + sigma**2
    x0 = 2 + (1 - sigma) * 0.25 / variance * (x - (1 - sigma) * 2)
    return (x - x0) / sigma


def gaussian_flow(score: Tensor, sigma: float) -> Tensor:
    """The exact solution: a point keeps its standard score."""
    return (1 - sigma) * 2 + math.sqrt((1 - sigma) ** 2 * 0.25 + sigma**2) * score


@pytest.mark.parametrize(
    ("solver", "low", "high"),
    [(Solver.EULER, 0.9, 1.2), (Solver.DPMPP, 1.8, 2.3), (Solver.UNIPC, 1.8, 3.2)],
    ids=["euler-1", "dpm++-2", "unipc-2"],
)
def test_order_of_convergence(solver: Solver, low: float, high: float) -> None:
    score = torch.linspace(-2, 2, 9, dtype=torch.float32).view(1, 1, 1, 3, 3)
    errors = []
    for steps in (10, 20, 40):
        sigmas = torch.linspace(0.9, 0.2, steps + 1).tolist()
        schedule = Schedule(tuple(sigmas), tuple(1000 * sigma for sigma in sigmas[:-1]))
        begin = start(gaussian_flow(score, sigmas[0]), seed=0)
        end = run(solver, schedule, begin, gaussian_velocity)
        errors.append((end.latent - gaussian_flow(score, sigmas[-1])).abs().max().item())
    orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert low < min(orders) <= max(orders) < high


@pytest.mark.parametrize(
    ("solver", "steps"),
    [(Solver.EULER, 200), (Solver.DPMPP, 50), (Solver.UNIPC, 50)],
    ids=["euler", "dpm++", "unipc"],
)
def test_noise_becomes_the_distribution(solver: Solver, steps: int) -> None:
    score = initial_noise((1, 1, 8, 16, 16), seed=1)
    schedule = make_schedule(solver, steps, shift=3.0)
    # The exact velocity at the exact sigma: the official timesteps are cut to whole numbers.
    exact = Schedule(schedule.sigmas, tuple(1000 * sigma for sigma in schedule.sigmas[:-1]))
    end = run(solver, exact, start(score, seed=1), gaussian_velocity)
    assert (end.latent - gaussian_flow(score, 0.0)).abs().max().item() <= 0.04


@pytest.mark.parametrize("solver", Solver)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_constant_velocity_is_solved_exactly(solver: Solver, steps: int) -> None:
    clip, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    schedule = make_schedule(solver, steps, shift=5.0)
    sigma = schedule.sigmas[0]
    state = start((1 - sigma) * clip + sigma * noise, seed=0)
    for _ in range(steps):
        # The velocity that points to the clip from wherever the state is.
        velocity = (state.latent - clip) / schedule.sigmas[state.step]
        assert relative_error(estimate_x0(schedule, state, velocity), clip) <= 1e-5
        state = advance(solver, schedule, state, velocity)
    assert relative_error(state.latent, clip) <= 1e-5


@pytest.mark.parametrize("solver", Solver)
def test_resumes_bit_for_bit_from_bytes(solver: Solver) -> None:
    schedule = make_schedule(solver, 8, shift=5.0)
    state = start(initial_noise(SHAPE, seed=2**63 - 1), seed=2**63 - 1)
    expected = run(solver, schedule, state, smooth_velocity).latent
    while state.step < schedule.steps:
        velocity = smooth_velocity(state.latent, schedule.timesteps[state.step])
        state = advance(solver, schedule, state, velocity)
        state = unpack_state(load(save(pack_state(state))))
    assert torch.equal(state.latent, expected)
    assert state.seed == 2**63 - 1


@pytest.mark.parametrize("solver", Solver)
def test_advance_leaves_its_arguments_alone(solver: Solver) -> None:
    schedule = make_schedule(solver, 4, shift=5.0)
    state = start(initial_noise(SHAPE, seed=0), seed=0)
    for _ in range(4):
        velocity = smooth_velocity(state.latent, 500.0)
        before = {name: tensor.clone() for name, tensor in pack_state(state).items()}
        later = advance(solver, schedule, state, velocity)
        after = pack_state(state)
        assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
        state = later


@pytest.mark.parametrize("solver", Solver)
@pytest.mark.parametrize("shift", [0.5, 1.0, 5.0, 100.0])
@pytest.mark.parametrize("steps", [1, 4, 1000])
def test_sigmas_fall_to_zero(solver: Solver, shift: float, steps: int) -> None:
    schedule = make_schedule(solver, steps, shift)
    assert len(schedule.sigmas) == steps + 1
    assert schedule.sigmas[-1] == 0.0
    assert all(earlier > later for earlier, later in pairwise(schedule.sigmas))
    assert schedule.sigmas[0] == 1.0 or solver is Solver.UNIPC
    assert len(schedule.timesteps) == steps
    assert max(schedule.timesteps) <= 1000


def test_many_steps_stay_finite() -> None:
    for solver in Solver:
        schedule = make_schedule(solver, 1000, shift=100.0)
        end = run(solver, schedule, start(initial_noise(SHAPE, 0), 0), smooth_velocity)
        assert end.latent.isfinite().all()


@pytest.mark.parametrize(
    ("timesteps", "shift", "sigmas"),
    [
        # FastWan was trained at these levels; Self-Forcing's are named before a shift of 5.
        ((1000, 757, 522), 1.0, (1.0, 0.757, 0.522, 0.0)),
        ((1000, 750, 500, 250), 5.0, (1.0, 0.9375, 0.8333333, 0.625, 0.0)),
        ((), 1.0, (1.0, 0.75, 0.5, 0.25, 0.0)),
    ],
    ids=["as-they-are", "shifted", "evenly"],
)
def test_distilled_timesteps(
    timesteps: Sequence[int], shift: float, sigmas: tuple[float, ...]
) -> None:
    schedule = make_schedule(Solver.LCM, 4, shift, timesteps)
    assert schedule.sigmas == pytest.approx(sigmas, rel=1e-6)
    assert schedule.timesteps == pytest.approx([1000 * sigma for sigma in sigmas[:-1]], rel=1e-6)


def test_renoising_is_fresh_each_step_and_repeats_by_seed() -> None:
    schedule = make_schedule(Solver.LCM, 3, shift=1.0)
    noises = []
    for seed in (1, 1, 2):
        state = start(initial_noise(SHAPE, seed), seed)
        for _ in range(2):
            state = advance(Solver.LCM, schedule, state, state.latent / schedule.sigmas[state.step])
            # The velocity pointed to a clip of zeros, so the latent is noise alone.
            noises.append(state.latent / schedule.sigmas[state.step])
    first, second, again_first, again_second, other_first, _ = noises
    assert torch.equal(first, again_first)
    assert torch.equal(second, again_second)
    for unrelated in (second, other_first, initial_noise(SHAPE, 1)):
        assert abs((first * unrelated).mean().item()) < 0.1
    assert first.std().item() == pytest.approx(1.0, abs=0.05)


def test_initial_noise_is_torch_noise_of_the_seed() -> None:
    expected = torch.randn(SHAPE, generator=torch.Generator("cpu").manual_seed(42))
    noise = initial_noise(SHAPE, 42)
    assert torch.equal(noise, expected)
    assert noise.dtype == torch.float32
    assert noise.device.type == "cpu"


def test_state_is_float32_for_half_precision_velocities() -> None:
    schedule = make_schedule(Solver.UNIPC, 3, shift=5.0)
    state = start(initial_noise(SHAPE, 0).bfloat16(), 0)
    for _ in range(3):
        state = advance(Solver.UNIPC, schedule, state, state.latent.bfloat16())
        assert {t.dtype for n, t in pack_state(state).items() if n != "counters"} == {torch.float32}


def test_guidance_of_one_is_the_conditional_branch() -> None:
    cond, uncond = torch.randn(SHAPE), torch.randn(SHAPE)
    assert not is_guided(1.0)
    assert is_guided(1.5)
    assert torch.equal(guide(cond, uncond, 1.0), cond)
    assert torch.equal(guide(cond, None, 1.0), cond)
    assert torch.equal(guide(cond, uncond, 1.0, cfg_zero_star=True), cond)


def test_guidance_extrapolates_from_uncond_through_cond() -> None:
    cond, uncond = torch.randn(SHAPE), torch.randn(SHAPE)
    assert torch.equal(guide(cond, uncond, 0.0), uncond)
    assert relative_error(guide(cond, cond, 7.0), cond) <= 1e-6
    assert relative_error(guide(cond, uncond, 5.0), 5 * cond - 4 * uncond) <= 1e-6
    assert guide(cond.bfloat16(), uncond.bfloat16(), 5.0).dtype == torch.float32


def test_cfg_zero_star_is_that_of_diffusers() -> None:
    cond = torch.randn(SHAPE)
    uncond = 0.5 * cond + torch.randn(SHAPE)
    judge = ClassifierFreeZeroStarGuidance(guidance_scale=5.0, zero_init_steps=0)
    judge.set_state(step=10, num_inference_steps=50, timestep=torch.LongTensor([500]))
    expected = judge.forward(cond, uncond).pred
    out = guide(cond, uncond, 5.0, cfg_zero_star=True)
    assert relative_error(out, expected) <= 1e-6
    assert relative_error(out, guide(cond, uncond, 5.0)) > 1e-2


def test_cfg_zero_star_ignores_the_length_of_uncond() -> None:
    cond, uncond = torch.randn(SHAPE), torch.randn(SHAPE)
    expected = guide(cond, uncond, 5.0, cfg_zero_star=True)
    assert relative_error(guide(cond, 3 * uncond, 5.0, cfg_zero_star=True), expected) <= 1e-5
    assert relative_error(guide(cond, cond / 2, 5.0, cfg_zero_star=True), cond) <= 1e-5
    nothing = guide(cond, torch.zeros(SHAPE), 5.0, cfg_zero_star=True)
    assert relative_error(nothing, 5 * cond) <= 1e-6


@pytest.mark.parametrize(("steps", "count"), [(4, 0), (24, 0), (25, 1), (50, 2), (100, 4)])
def test_cfg_zero_star_skips_four_percent_of_steps(steps: int, count: int) -> None:
    assert sum(is_zero_init(step, steps) for step in range(steps)) == count
    assert is_zero_init(0, steps) == (count > 0)
