"""How large and how long a clip is, and best is by what it is made from."""

from math import sqrt

from inference.api.spec import (
    SIZE_MULTIPLE,
    TEMPORAL_STRIDE,
    GenerationRequest,
    SamplingDefaults,
    latent_shape,
    nearest_frames,
    nearest_size,
)


def size_like(width: int, height: int, defaults: SamplingDefaults) -> tuple[int, int]:
    """Width and height of a clip with the shape of a picture of `width` x `height`, and about as many pixels
    as a model with these defaults is best at."""
    scale = sqrt(defaults.width * defaults.height / (width * height))
    return nearest_size(round(width * scale)), nearest_size(round(height * scale))


def size_of_edit(width: int, height: int, defaults: SamplingDefaults) -> tuple[int, int]:
    """Width and height of an edit of a video of `width` x `height`: its own as far as they can be made, so that
    what stays is as sharp; of a larger one those that a model with these defaults is best at."""
    if width * height > defaults.width * defaults.height:
        return size_like(width, height, defaults)
    return _floor(width), _floor(height)  # scaled to more, no pixel would be the video's own


def frames_of_edit(there: int, defaults: SamplingDefaults) -> int:
    """The number of frames, 4n+1, of an edit of a video that has so many: all, or as many as a model with these
    defaults makes at once."""
    return 1 + (min(there, defaults.frames) - 1) // TEMPORAL_STRIDE * TEMPORAL_STRIDE


def frames_to_keep(frames: int) -> int:
    """How many frames, 4n+1, of a video a clip of `frames` best begins with to go on with it: a fifth, which shows
    how things move."""
    return max(1, nearest_frames(round(frames / 5)))


def sampled_shape(request: GenerationRequest, channels: int = 16) -> tuple[int, int, int, int]:
    """Shape [C, F, H, W] of the latent that is denoised: a frame of each reference comes before the clip's."""
    shape = latent_shape(request.width, request.height, request.frames, channels)
    return shape[0], shape[1] + len(request.references), *shape[2:]


def _floor(side: int) -> int:
    return max(side // SIZE_MULTIPLE, 1) * SIZE_MULTIPLE
