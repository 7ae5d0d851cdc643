"""The table of what formats cost: its rows are the formats', and codes are multiplied as a card does."""

from unittest import mock

import pytest
import torch
from torch import nn

from assets.demo.recipe import quality
from inference.api.models import DEMO, ROOT
from quant import linear
from quant.formats import FORMATS
from quant.linear import quantised

SHIPPED = ROOT / DEMO.folder


@pytest.mark.skipif(not any(SHIPPED.glob("*.safetensors")), reason="the demo isn't made yet")
def test_a_format_is_held_against_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "FORMATS", {"int8": FORMATS["int8"]})
    exact, rounded, attention = quality.measure(SHIPPED, 1)
    assert (exact.form, exact.error, exact.psnr_worst) == ("float32", 0.0, float("inf"))
    assert (rounded.form, attention.form) == ("int8", "attention in 8 bits")
    for row in (rounded, attention):
        assert 0 < row.error < 0.05
        assert 0 < row.error_with_outliers < 0.1
        assert 20 < row.psnr_worst == pytest.approx(row.psnr_mean)
        assert row.adherence in (0, 0.25, 0.5, 0.75, 1)
    lines = list(quality.table(iter([exact, rounded])))
    assert [line.split()[1] for line in lines[2:]] == ["float32", "int8"]


@torch.inference_mode()
@pytest.mark.parametrize("name", ["int8", "fp8"])
def test_codes_are_multiplied_as_a_card_does(name: str) -> None:
    """Inputs are rounded too, which costs about as much again as rounding the weights."""
    plain, x = nn.Linear(64, 48), torch.randn(5, 64)
    errors = {}
    with quality._as_on_a_card():
        for form in (name, f"{name}-weight-only"):
            errors[form] = float((quantised(plain, form)(x) - plain(x)).norm() / plain(x).norm())
    assert errors[f"{name}-weight-only"] < errors[name] < 3 * errors[f"{name}-weight-only"]


def test_the_units_are_given_back() -> None:
    kept = {n: getattr(linear, n) for n in ("_int_mm", "_scaled_mm", "multiplies_int8")}
    with quality._as_on_a_card():
        assert all(getattr(linear, name) is not own for name, own in kept.items())
    assert all(getattr(linear, name) is own for name, own in kept.items())


@torch.inference_mode()
def test_loud_channels_are_loud() -> None:
    plain = quality._outlier_error(FORMATS["int8-weight-only"])
    with quality._as_on_a_card():
        loud = quality._outlier_error(FORMATS["int8"])
        with mock.patch.object(quality, "LOUD", 1.0):
            quiet = quality._outlier_error(FORMATS["int8"])
    assert loud > 2 * plain  # one scale for a token with loud inputs leaves the others few codes
    assert loud > 2 * quiet
