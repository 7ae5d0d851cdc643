"""bitsandbytes and optimum-quanto, loaded when a format needs one: they take seconds to start."""

import logging
from functools import cache
from importlib import import_module
from typing import Any


@cache
def bitsandbytes() -> Any:
    """The module. It says on stderr what it would do with packages that nobody asked for."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    return import_module("bitsandbytes")


@cache
def quanto() -> Any:
    """The module; its kernels are in `torch.ops.quanto` from then on."""
    return import_module("optimum.quanto")
