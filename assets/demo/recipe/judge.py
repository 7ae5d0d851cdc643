"""Says what a clip of the toy world shows, by looking at its pixels alone."""

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from assets.demo.recipe import world

FOREGROUND = 0.13  # how far from the background a pixel of a thing is, in the mean over RGB
MIN_AREA, MAX_AREA = 250, 6000  # pixels
MIN_MATCH = 0.75  # how much of a shape has to lie on the ideal one
MOVED, STOOD = 20.0, 10.0  # pixels from first to last frame, along the path that fits best
STRAYED = 12.0  # pixels off that path: half of what a thing measures from its centre


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen; "none" where it is nothing the world has."""

    shape: str
    colour: str
    background: str
    motion: str


def judge(video: Tensor) -> Verdict:
    """video [3, F, 128, 128] in [-1, 1], with one thing in it that may move in a straight line."""
    pixels = (video + 1) / 2
    background, empty = _background(pixels)
    masks = [_thing_mask(frame, empty) for frame in pixels.unbind(1)]
    seen = [index for index, mask in enumerate(masks) if mask is not None]
    if len(seen) < len(masks) - 2:
        return Verdict("none", "none", background, "none")
    shapes = Counter(_shape(masks[i]) for i in seen[:: max(1, len(seen) // 5)])
    colours = Counter(_colour(pixels[:, i], masks[i]) for i in seen)
    centres = torch.stack([_centre(masks[i]) for i in seen])
    return Verdict(_most(shapes), _most(colours), background, _motion(centres))


def _background(pixels: Tensor) -> tuple[str, Tensor]:
    """The nearest background, and it as an image [3, 128, 128]. Most pixels are background."""
    images = {name: world.background(name) for name in world.BACKGROUNDS}
    errors = {
        name: float((pixels - image[:, None]).abs().mean(0).median())
        for name, image in images.items()
    }
    nearest = min(errors, key=lambda name: errors[name])
    return (nearest if errors[nearest] < 0.06 else "none"), images[nearest]


def _thing_mask(frame: Tensor, empty: Tensor) -> Tensor | None:
    """Where the thing is, [128, 128] bool; None if nothing of a plausible size is there."""
    mask = (frame - empty).abs().mean(0) > FOREGROUND
    return mask if MIN_AREA <= int(mask.sum()) <= MAX_AREA else None


def _centre(mask: Tensor) -> Tensor:
    """x and y of the mask's centroid, in pixels."""
    row, column = mask.nonzero(as_tuple=True)
    return torch.stack([column.float().mean(), row.float().mean()]) + 0.5


def _shape(mask: Tensor) -> str:
    """The shape that fits best: the overlap over the union with the ideal one of the same area."""
    x, y = _centre(mask).tolist()
    radius = (float(mask.sum()) / torch.pi) ** 0.5
    matches = {}
    for shape in world.SHAPES:
        thing = world.Thing(shape, "red", "still", (x, y), (x, y), radius)
        ideal = world.coverage(thing, torch.zeros(1, 1, 1))[0] > 0.5
        matches[shape] = float((mask & ideal).sum() / (mask | ideal).sum())
    best = max(matches, key=lambda shape: matches[shape])
    return best if matches[best] >= MIN_MATCH else "none"


def _colour(frame: Tensor, mask: Tensor) -> str:
    median = frame[:, mask].median(dim=1).values
    distances = {n: float((median - torch.tensor(c)).norm()) for n, c in world.COLOURS.items()}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest if distances[nearest] < 0.25 else "none"


def _motion(centres: Tensor) -> str:
    """centres [F, 2] -> a direction, "still" or "none": of the straight and even path that fits best."""
    time = torch.linspace(-0.5, 0.5, len(centres))[:, None]
    moved = (time * centres).sum(0) / time.square().sum()  # [2], by least squares
    if (centres - centres.mean(0) - time * moved).norm(dim=1).max() > STRAYED:
        return "none"
    dx, dy = moved.tolist()
    longer, shorter = max(abs(dx), abs(dy)), min(abs(dx), abs(dy))
    if longer < STOOD:
        return "still"
    if longer < MOVED or shorter > longer / 2:
        return "none"
    if abs(dx) > abs(dy):
        return "left" if dx < 0 else "right"
    return "up" if dy < 0 else "down"


def _most(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0]
