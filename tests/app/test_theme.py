"""The theme: both tables whole and readable, icons that follow it."""

from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QIcon
from PySide6.QtWidgets import QApplication

from app import theme
from app.theme import Scheme, Tone

ICONS = sorted(path.stem for path in (theme.ASSETS / "icons").glob("*.svg"))
SCHEMES = list(Scheme)


@pytest.fixture(autouse=True)
def _dark_after(qapp: QApplication) -> None:
    theme.apply(qapp, Scheme.DARK)


def luminance(token: str) -> float:
    """WCAG 2's relative luminance."""
    ink = QColor(token)
    parts = (ink.redF(), ink.greenF(), ink.blueF())
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *product(
            ["text", "text_dim", "text_faint", "accent_text", "good", "warning", "problem"],
            ["window", "panel", "raised", "field"],
        ),
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("text", "accent_wash"),
        ("text", "hover"),
        ("text_dim", "hover"),
    ],
)
def test_text_can_be_read_on_its_ground(scheme: Scheme, ink: str, ground: str) -> None:
    """4.5 : 1 is what WCAG 2 asks of text at level AA."""
    table = asdict(theme.tokens(scheme))

    assert contrast(table[ink], table[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_style_sheet_names_only_tokens_and_files_there_are(scheme: Scheme) -> None:
    text = theme.style_sheet(scheme)
    assert "$" not in text
    for part in text.split("url(")[1:]:
        assert Path(part.split(")")[0]).is_file()


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_draws_something(qapp: QApplication, name: str) -> None:
    image = theme.icon(name).pixmap(QSize(24, 24)).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))


def ink_of(icon: QIcon, mode: QIcon.Mode, state: QIcon.State) -> str:
    """The colour in the middle of a stroke."""
    image = icon.pixmap(QSize(96, 96), 1.0, mode, state).toImage()
    return image.pixelColor(48, 48).name()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("mode", "state", "token"),
    [
        (QIcon.Mode.Normal, QIcon.State.Off, "text_dim"),
        (QIcon.Mode.Active, QIcon.State.Off, "text"),
        (QIcon.Mode.Normal, QIcon.State.On, "accent_text"),
        (QIcon.Mode.Disabled, QIcon.State.On, "disabled"),
    ],
)
def test_icon_takes_its_colour_from_theme_and_state(
    qapp: QApplication, scheme: Scheme, mode: QIcon.Mode, state: QIcon.State, token: str
) -> None:
    icon = theme.icon("plus")  # made before the theme changes
    theme.apply(qapp, scheme)
    assert ink_of(icon, mode, state) == asdict(theme.tokens(scheme))[token]


def test_icon_is_sharp_on_a_fine_screen(qapp: QApplication) -> None:
    pixmap = theme.icon("plus", Tone.GOOD).pixmap(QSize(16, 16), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (32, 2.0)
    assert pixmap.toImage().pixelColor(16, 16).name() == theme.current().good


def test_live_switch_changes_palette_and_style_sheet(qapp: QApplication) -> None:
    theme.apply(qapp, Scheme.LIGHT)
    assert theme.current() == theme.tokens(Scheme.LIGHT)
    assert theme.tokens(Scheme.LIGHT).panel in qapp.styleSheet()
    theme.apply(qapp, Scheme.DARK)
    assert theme.current() == theme.tokens(Scheme.DARK)


def test_latin_letters_are_not_drawn_in_a_chinese_face(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt's name for a face may be that of none, as Sans Serif: the next in the list is taken."""
    there = QFontInfo(qapp.font()).family()
    monkeypatch.setattr(QApplication, "font", lambda: QFont("Sans Serif"))
    monkeypatch.setattr(QFontDatabase, "families", lambda: ["Noto Sans CJK SC"])
    theme.apply(qapp, theme.Scheme.DARK)
    assert theme._font().families() == [there, "Noto Sans CJK SC"]
