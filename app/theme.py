"""How Kinora looks: one table of tokens for dark and for light, and what is made of it.

Fusion draws the standard widgets in a palette made of the tokens; `assets/style/kinora.qss` shapes our
own; icons are recoloured when they are painted, so a change of theme needs no reloading.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

ASSETS = Path(__file__).resolve().parents[1] / "assets"

# Spacing, in pixels: multiples of four.
TIGHT, GAP, ROOM, WIDE = 4, 8, 12, 16
RADIUS = 6
FONT_PIXELS = 13


class Scheme(StrEnum):
    """The two tables there are."""

    DARK = "dark"
    LIGHT = "light"


class Tone(StrEnum):
    """What an icon's colour says."""

    PLAIN = "plain"  # as text; the accent where checked
    FAINT = "faint"
    ACCENT = "accent"
    ON_ACCENT = "on_accent"
    GOOD = "good"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of the window. Text keeps a contrast of at least 4.5 : 1 on window, panel and raised."""

    window: str  # behind everything
    panel: str  # docks and pages
    raised: str  # cards on a panel, menus
    field: str  # where one types
    hover: str
    pressed: str
    border: str
    border_strong: str
    text: str
    text_dim: str
    text_faint: str  # hints; the dimmest that is still to be read
    disabled: str  # not to be read
    accent: str  # fills, under `on_accent`
    accent_hover: str
    accent_text: str  # the accent as text or as a thin line
    accent_wash: str  # the accent behind text
    on_accent: str
    good: str
    warning: str
    problem: str
    canvas: str  # around the picture: no tint, so that colours are judged right


_DARK = Tokens(
    window="#131518",
    panel="#1a1d21",
    raised="#22262b",
    field="#14171a",
    hover="#2a2f35",
    pressed="#333940",
    border="#2b3036",
    border_strong="#414852",
    text="#e6e8eb",
    text_dim="#a9b0b9",
    text_faint="#88909b",
    disabled="#565e68",
    accent="#465dd8",
    accent_hover="#5167df",
    accent_text="#93a7ff",
    accent_wash="#262f52",
    on_accent="#ffffff",
    good="#4fc38d",
    warning="#e3aa45",
    problem="#f37f78",
    canvas="#0d0d0d",
)
_LIGHT = Tokens(
    window="#e6e8ec",
    panel="#f5f6f8",
    raised="#ffffff",
    field="#ffffff",
    hover="#e8ebef",
    pressed="#dbdfe5",
    border="#d5d9df",
    border_strong="#b3bac4",
    text="#1a1e23",
    text_dim="#4c545e",
    text_faint="#5f6873",
    disabled="#a3abb5",
    accent="#4159d6",
    accent_hover="#334bc8",
    accent_text="#3a51cc",
    accent_wash="#dfe4fb",
    on_accent="#ffffff",
    good="#19714a",
    warning="#855800",
    problem="#b92f2a",
    canvas="#d2d2d2",
)


def tokens(scheme: Scheme) -> Tokens:
    """The table of that scheme."""
    return _DARK if scheme is Scheme.DARK else _LIGHT


def current() -> Tokens:
    """The table that the application wears now."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return tokens(Scheme.DARK if window.lightness() < 128 else Scheme.LIGHT)


def color(token: str, alpha: float = 1.0) -> QColor:
    """A token's value for a painter, at that opacity."""
    made = QColor(token)
    made.setAlphaF(alpha)
    return made


def system_scheme() -> Scheme:
    """What the desktop asks for; dark where it doesn't say."""
    light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
    return Scheme.LIGHT if light else Scheme.DARK


def apply(app: QApplication, fixed: Scheme | None) -> None:
    """Dresses the application, now and again whenever the desktop's scheme changes and none is `fixed`."""
    hints = QGuiApplication.styleHints()
    app.setProperty("followsSystem", fixed is None)
    if fixed is None:
        hints.unsetColorScheme()
    else:
        hints.setColorScheme(_QT_SCHEMES[fixed])
    if not app.property("dressed"):
        app.setProperty("dressed", True)
        app.setStyle("Fusion")
        app.setFont(_font())
        hints.colorSchemeChanged.connect(lambda: _follow(app))
    _dress(app, fixed or system_scheme())


_QT_SCHEMES = {Scheme.DARK: Qt.ColorScheme.Dark, Scheme.LIGHT: Qt.ColorScheme.Light}


def _follow(app: QApplication) -> None:
    if app.property("followsSystem"):
        _dress(app, system_scheme())


def _dress(app: QApplication, scheme: Scheme) -> None:
    if app.property("scheme") == scheme.value:
        return
    app.setProperty("scheme", scheme.value)
    app.setPalette(palette(scheme))
    app.setStyleSheet(style_sheet(scheme))


def palette(scheme: Scheme) -> QPalette:
    """Qt's palette, made of the tokens."""
    table, role = tokens(scheme), QPalette.ColorRole
    roles = {
        role.Window: table.panel,
        role.WindowText: table.text,
        role.Base: table.field,
        role.AlternateBase: table.panel,
        role.Text: table.text,
        role.PlaceholderText: table.text_faint,
        role.Button: table.raised,
        role.ButtonText: table.text,
        role.BrightText: table.problem,
        role.ToolTipBase: table.raised,
        role.ToolTipText: table.text,
        role.Highlight: table.accent,
        role.HighlightedText: table.on_accent,
        role.Accent: table.accent,
        role.Link: table.accent_text,
        role.LinkVisited: table.accent_text,
        role.Light: table.hover,
        role.Midlight: table.hover,
        role.Mid: table.border,
        role.Dark: table.border_strong,
        role.Shadow: table.window,
    }
    made = QPalette()
    for name, value in roles.items():
        made.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, name, QColor(table.disabled))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(table.hover))
    return made


def style_sheet(scheme: Scheme) -> str:
    """The style of our own widgets, `$token` replaced by its value."""
    text = (ASSETS / "style/kinora.qss").read_text("utf-8")
    values = asdict(tokens(scheme)) | {"icons": (ASSETS / "icons").as_posix()}
    return Template(text).substitute(values)


def set_kind(widget: QWidget, kind: str) -> None:
    """Gives a widget one of the kinds of the style sheet (`[kind="primary"]`), live."""
    set_trait(widget, "kind", kind)


def set_trait(widget: QWidget, name: str, value: object) -> None:
    """Gives a widget a property that the style sheet looks at, live."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def icon(name: str, tone: Tone = Tone.PLAIN) -> QIcon:
    """`assets/icons/<name>.svg` in the colours of whatever theme is worn when it is painted."""
    return QIcon(_SvgEngine(_source(name), tone))


def app_icon() -> QIcon:
    """The program's own, in its own colours."""
    return QIcon(str(ASSETS / "icons/kinora.svg"))


def draw_icon(painter: QPainter, box: QRect | QRectF, name: str, ink: QColor) -> None:
    """For painters of their own, such as delegates: the icon in that colour, filling `box`."""
    _renderer(_source(name), ink.name()).render(painter, QRectF(box))


@cache
def _source(name: str) -> str:
    return (ASSETS / f"icons/{name}.svg").read_text("utf-8")


@lru_cache(maxsize=256)
def _renderer(source: str, ink: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(source.replace("currentColor", ink).encode()))


def _ink(tone: Tone, mode: QIcon.Mode, state: QIcon.State) -> str:
    table = current()
    if mode is QIcon.Mode.Disabled:
        return table.disabled
    match tone:
        case Tone.PLAIN if state is QIcon.State.On:
            return table.accent_text
        case Tone.PLAIN:
            return table.text_dim if mode is QIcon.Mode.Normal else table.text
        case Tone.FAINT:
            return table.text_faint
        case Tone.ACCENT:
            return table.accent_text
        case Tone.ON_ACCENT:
            return table.on_accent
        case Tone.GOOD:
            return table.good
        case Tone.WARNING:
            return table.warning
        case Tone.PROBLEM:
            return table.problem


class _SvgEngine(QIconEngine):
    """Paints an SVG whose strokes are `currentColor`, sharp at any device pixel ratio."""

    def __init__(self, source: str, tone: Tone) -> None:
        super().__init__()
        self._source = source
        self._tone = tone

    def clone(self) -> QIconEngine:
        return _SvgEngine(self._source, self._tone)

    def paint(
        self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State, /
    ) -> None:
        _renderer(self._source, _ink(self._tone, mode, state)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, /) -> QPixmap:
        made = QPixmap(size)
        if made.isNull():  # a button that has no room yet
            return made
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return made


def _font() -> QFont:
    """The desktop's own face at our size; Chinese in a simplified one, Latin letters first."""
    wanted = (
        "Inter",
        "Segoe UI Variable Text",
        "Segoe UI",
        "Cantarell",
        "Ubuntu",
        "Noto Sans",
        "Microsoft YaHei UI",
        "Noto Sans CJK SC",
        "Source Han Sans SC",
    )
    there = set(QFontDatabase.families())
    font = QApplication.font()
    # Without one of the Latin faces the desktop's own goes first, before any Chinese one.
    own = QFontInfo(font).family()  # its name may be one that Qt has no face of, as Sans Serif
    latin = [family for family in wanted[:6] if family in there] or [own]
    font.setFamilies([*latin, *(family for family in wanted[6:] if family in there)])
    font.setPixelSize(FONT_PIXELS)
    return font
