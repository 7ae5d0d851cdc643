"""From noise to the latent of a clip: one step of the solver at a time."""

from collections.abc import Callable, Generator
from dataclasses import replace

import torch
from torch import Tensor

from inference import sample
from inference.api.spec import GenerationRequest
from inference.sample import Schedule
from inference.unfinished import Unfinished

# The velocities [1, C, F, H, W] at a latent of that shape and a timestep [1], in each context [1, L, D].
Network = Callable[[Tensor, Tensor, list[Tensor]], list[Tensor]]


def schedule_of(request: GenerationRequest) -> Schedule:
    """The noise levels that the request is solved at."""
    return sample.make_schedule(request.solver, request.steps, request.shift, request.timesteps)


def take_steps(
    clip: Unfinished, request: GenerationRequest, network: Network
) -> Generator[Unfinished, None, None]:
    """The clip after each step that is left, from `clip` on.

    Who stops asking in between, for want of memory say, can go on from the last one.
    """
    schedule = schedule_of(request)
    while not clip.is_done(schedule.steps):
        velocity = _velocity(network, clip, request, schedule)
        x0 = sample.estimate_x0(schedule, clip.state, velocity)
        state = sample.advance(request.solver, schedule, clip.state, velocity)
        clip = replace(clip, state=state, x0=x0)
        yield clip


def _velocity(
    network: Network, clip: Unfinished, request: GenerationRequest, schedule: Schedule
) -> Tensor:
    """The guided velocity [1, C, F, H, W] at `clip`; without guidance one branch runs alone."""
    state = clip.state
    if request.cfg_zero_star and sample.is_zero_init(state.step, schedule.steps):
        return torch.zeros_like(state.latent)
    timestep = torch.tensor([schedule.timesteps[state.step]], device=state.latent.device)
    contexts = [context for context in clip.contexts if context is not None]
    cond, *uncond = network(state.latent, timestep, contexts)
    return sample.guide(
        cond,
        uncond[0] if uncond else None,
        request.guidance,
        cfg_zero_star=request.cfg_zero_star,
    )
