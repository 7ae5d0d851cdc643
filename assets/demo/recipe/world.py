"""The toy world: flat shapes that move over four backgrounds, with captions in English and Chinese.

Colours are RGB in [0, 1]; positions and sizes are in pixels, x to the right and y down.
"""

import math
import random
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

SIZE = 128  # height and width of a clip
FRAMES = 17
FPS = 16

SHAPES = ("circle", "square", "triangle")
COLOURS = {
    "red": (0.86, 0.12, 0.16),
    "orange": (1.00, 0.52, 0.05),
    "yellow": (0.98, 0.88, 0.12),
    "green": (0.10, 0.62, 0.25),
    "blue": (0.10, 0.28, 0.88),
    "purple": (0.58, 0.16, 0.72),
}
BACKGROUNDS = ("sky", "night", "sand", "chessboard")
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
MOTIONS = (*DIRECTIONS, "still", "bounce", "rotate", "grow")
CORE_MOTIONS = (*DIRECTIONS, "still")

# The area of each shape over the square of its size, so that all look equally big.
_AREA = {"circle": math.pi, "square": 4 * 0.88**2, "triangle": 1.32**2 * math.sqrt(3)}


@dataclass(frozen=True, slots=True)
class Thing:
    """One shape: centre [x, y] in the first and last frame, `radius`, and how it moves."""

    shape: str
    colour: str
    motion: str
    start: tuple[float, float]
    end: tuple[float, float]
    radius: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip of the world: what lies on which background."""

    background: str
    things: tuple[Thing, ...]


def combinations(motions: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """Every (shape, colour, background, motion), in a fixed shuffled order."""
    every = list(product(SHAPES, COLOURS, BACKGROUNDS, motions))
    random.Random(20210).shuffle(every)
    return every


def held_out(motions: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """The sixth of all combinations that training never sees."""
    every = combinations(motions)
    return every[: len(every) // 6]


def training(motions: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """The combinations that training draws from."""
    every = combinations(motions)
    return every[len(every) // 6 :]


def random_scene(rng: random.Random, combination: tuple[str, str, str, str]) -> Scene:
    """A scene of that shape, colour, background and motion; place, size and speed are drawn."""
    shape, colour, background, motion = combination
    radius = rng.uniform(20.0, 24.0)
    start, end = _path(rng, motion, radius * 1.45)
    return Scene(background, (Thing(shape, colour, motion, start, end, radius),))


def second_thing(rng: random.Random, scene: Scene) -> Scene:
    """The scene with a second shape of another colour, in the other half, that moves alike."""
    first = scene.things[0]
    shape = rng.choice(SHAPES)
    colour = rng.choice([c for c in COLOURS if c != first.colour])
    half = SIZE / 2
    radius = min(first.radius, 16.0)
    upper = replace(
        first, radius=radius, start=_squeeze(first.start, 0), end=_squeeze(first.end, 0)
    )
    lower = replace(first, shape=shape, colour=colour, radius=radius)
    lower = replace(lower, start=_squeeze(first.start, half), end=_squeeze(first.end, half))
    return replace(scene, things=(upper, lower))


def clip_times() -> Tensor:
    """The moments of a whole clip's frames, [17] from 0 to 1."""
    return torch.linspace(0, 1, FRAMES)


def render(scene: Scene, times: Tensor) -> Tensor:
    """The clip at those moments [F], float32 [3, F, 128, 128] in [-1, 1]."""
    time = times.view(-1, 1, 1)
    video = background(scene.background)[:, None].expand(-1, len(times), -1, -1)
    for thing in scene.things:
        cover = coverage(thing, time)
        colour = torch.tensor(COLOURS[thing.colour]).view(3, 1, 1, 1)
        video = video * (1 - cover) + colour * cover
    return video * 2 - 1


def background(name: str) -> Tensor:
    """The empty background, float32 [3, 128, 128] in [0, 1]."""
    y = torch.linspace(0, 1, SIZE).view(1, -1, 1).expand(3, SIZE, SIZE)
    top, bottom = {
        "sky": ((0.62, 0.80, 0.96), (0.93, 0.96, 0.99)),
        "night": ((0.03, 0.04, 0.12), (0.14, 0.13, 0.26)),
        "sand": ((0.90, 0.82, 0.66), (0.78, 0.66, 0.48)),
        "chessboard": ((0.50, 0.50, 0.50), (0.50, 0.50, 0.50)),
    }[name]
    top, bottom = (torch.tensor(c).view(3, 1, 1) for c in (top, bottom))
    image = top * (1 - y) + bottom * y
    if name == "chessboard":
        row, column = torch.meshgrid(*[torch.arange(SIZE) // 16] * 2, indexing="ij")
        image = image + 0.08 * ((row + column) % 2 * 2 - 1)
    return image


def coverage(thing: Thing, time: Tensor) -> Tensor:
    """How much of each pixel the shape covers, [F, 128, 128] in [0, 1]; time [F, 1, 1] in [0, 1]."""
    x, y, radius, angle = _pose(thing, time)
    row, column = torch.meshgrid(*[torch.arange(SIZE) + 0.5] * 2, indexing="ij")
    dx, dy = column - x, row - y
    u = dx * torch.cos(angle) + dy * torch.sin(angle)
    v = dy * torch.cos(angle) - dx * torch.sin(angle)
    size = radius * (math.pi / _AREA[thing.shape]) ** 0.5
    return (0.5 - _distance(thing.shape, u, v, size)).clamp(0, 1)


def _distance(shape: str, u: Tensor, v: Tensor, size: Tensor) -> Tensor:
    """Signed distance in pixels to the edge, negative inside."""
    match shape:
        case "circle":
            return torch.hypot(u, v) - size
        case "square":
            return torch.maximum(u.abs(), v.abs()) - 0.88 * size
        case "triangle":  # upright, equilateral, its centroid at the origin
            side = 1.32 * size
            slant = (u.abs() * math.sqrt(3) - v) / 2 - side / math.sqrt(3)
            return torch.maximum(v - side / math.sqrt(3), slant)
    raise ValueError(f"unknown shape {shape}")


def centre(thing: Thing, time: Tensor) -> Tensor:
    """The centre at each time [F] in [0, 1]: x and y in pixels, [F, 2]."""
    x, y, _, _ = _pose(thing, time)
    return torch.stack([x, y], dim=1)


def _pose(thing: Thing, time: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Centre x and y, radius and angle (radians) at each time, all of the shape of `time`."""
    along = 1 - (2 * time - 1).abs() if thing.motion == "bounce" else time
    x = thing.start[0] + (thing.end[0] - thing.start[0]) * along
    y = thing.start[1] + (thing.end[1] - thing.start[1]) * along
    growth = 0.65 + 0.9 * time if thing.motion == "grow" else torch.ones_like(time)
    turned = time * math.pi if thing.motion == "rotate" else torch.zeros_like(time)
    return x, y, thing.radius * growth, turned


def _path(
    rng: random.Random, motion: str, margin: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    low, high = margin, SIZE - margin
    x, y = rng.uniform(low, high), rng.uniform(low, high)
    if motion == "bounce":  # falls to the ground and comes back
        return (x, low + rng.uniform(0, 10)), (x, high - rng.uniform(0, 5))
    if motion not in DIRECTIONS:
        middle = SIZE * 0.3, SIZE * 0.7
        x, y = (x, y) if motion == "still" else (rng.uniform(*middle), rng.uniform(*middle))
        return (x, y), (x, y)
    step = rng.uniform(40.0, 54.0)
    near = rng.uniform(low, high - step)
    first, last = (near, near + step) if sum(DIRECTIONS[motion]) > 0 else (near + step, near)
    return ((first, y), (last, y)) if DIRECTIONS[motion][0] else ((x, first), (x, last))


def _squeeze(point: tuple[float, float], offset: float) -> tuple[float, float]:
    return point[0], min(max(point[1] / 2, 20.0), SIZE / 2 - 20.0) + offset
