"""What a clip will take, as far as it is known: never a guess without grounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.fields import Panel
from inference.api.choice import Choice, Why
from inference.api.device import DeviceInfo
from inference.api.experience import Experience, Run, without_words
from inference.api.plan import plan
from inference.api.spec import GenerationRequest, ModelSpec

LATEST = 5  # files that count; older ones were made with other versions


@dataclass(frozen=True, slots=True)
class Memory:
    """What the plan says; bytes are 0 where that memory isn't used or its size isn't known."""

    fits: bool
    vram_bytes: int
    vram_total_bytes: int
    ram_bytes: int
    suggestion: GenerationRequest | None = None
    choice: Choice | None = None  # of the weights' format, where it is left open


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of a request; None is not known."""

    memory: Memory | None = None
    seconds: float | None = None
    file_bytes: int | None = None


def forecast(
    spec: ModelSpec | None,
    request: GenerationRequest,
    device: DeviceInfo | None,
    experience: Experience,
) -> Forecast:
    """What the plan says of a request to a model like `spec`, None where the model isn't a known one;
    without a device, or a model that ever ran, nothing is known."""
    spec = spec or experience.spec_of(request.model)
    file_bytes = forecast_bytes(request, experience.runs)
    if spec is None or device is None:
        return Forecast(file_bytes=file_bytes)
    # Typing asks again at every key; the words and the seed make no difference.
    made = _planned(spec, without_words(request), device, experience)
    memory = Memory(
        fits=made.fits,
        vram_bytes=made.peak_vram_bytes,
        vram_total_bytes=device.total_bytes,
        ram_bytes=made.peak_ram_bytes,
        suggestion=made.suggestion,
        choice=made.choice,
    )
    return Forecast(memory, made.seconds, file_bytes)


_planned = lru_cache(maxsize=8)(plan)


def forecast_bytes(request: GenerationRequest, runs: Iterable[Run]) -> int | None:
    """From the latest files of the same model: bytes a pixel."""
    pixels = request.width * request.height * request.written_frames
    rates = [
        past.file_bytes / (past.request.width * past.request.height * past.request.written_frames)
        for past in runs
        if past.request.model == request.model and past.file_bytes
    ]
    return round(median(rates[:LATEST]) * pixels) if rates else None


class ForecastCard(Panel):
    """Shows a forecast for a clip, and what so many of it take.

    `suggestion_taken` is the request that the button stands for.
    """

    suggestion_taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request: GenerationRequest | None = None
        self._forecast = Forecast()
        self._clips = 1
        self._mark = QLabel()
        self.verdict = QLabel()
        self.details = QLabel()
        self.suggestion = QPushButton()
        self.suggestion.clicked.connect(self._take)
        self._lay_out()
        self.retranslate()

    def show_forecast(self, request: GenerationRequest | None, forecast: Forecast) -> None:
        """`request` is None while there is nothing to foretell."""
        self._request, self._forecast = request, forecast
        self.retranslate()

    def show_count(self, clips: int) -> None:
        """How many such clips, one after the other, time and files are told for."""
        self._clips = clips
        self.retranslate()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.retranslate()  # the mark is a picture in the old colours

    def _lay_out(self) -> None:
        frame = QFrame()
        theme.set_kind(frame, "card")
        theme.set_kind(self.details, "hint")
        self.verdict.setWordWrap(True)
        self.details.setWordWrap(True)
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.verdict, 1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(theme.ROOM, theme.GAP, theme.ROOM, theme.GAP)
        inside.setSpacing(theme.TIGHT)
        inside.addLayout(head)
        inside.addWidget(self.details)
        inside.addWidget(self.suggestion)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def _take(self) -> None:
        memory = self._forecast.memory
        if memory is not None and memory.suggestion is not None:
            self.suggestion_taken.emit(memory.suggestion)

    def retranslate(self) -> None:
        memory = self._forecast.memory
        fits = memory is None or memory.fits
        icon, tone = ("info", theme.Tone.FAINT) if memory is None else ("good", theme.Tone.GOOD)
        if not fits:
            icon, tone = "warning", theme.Tone.WARNING
        self._mark.setPixmap(theme.icon(icon, tone).pixmap(QSize(18, 18), self.devicePixelRatio()))
        self.verdict.setText(self._verdict_text())
        self.details.setText(self._details_text())
        self.details.setVisible(self._request is not None)
        suggestion = None if memory is None or fits else memory.suggestion
        self.suggestion.setVisible(suggestion is not None)
        self.suggestion.setAccessibleName(self.tr("Make it fit"))
        if suggestion is not None and self._request is not None:
            self.suggestion.setText(self._change_text(self._request, suggestion))
            self.suggestion.setAccessibleName(self.suggestion.text())

    def _verdict_text(self) -> str:
        memory = self._forecast.memory
        if self._request is None:
            return self.tr("The forecast appears here once the settings can be made.")
        if memory is None:
            return self._time_text()
        if not memory.fits:
            return self.tr("This doesn't fit into the memory there is.")
        return self.tr("Fits") + "  ·  " + self._time_text()

    def _time_text(self) -> str:
        seconds = self._forecast.seconds
        if seconds is None:
            return self.tr("Time: known after a first clip like this")
        text = self._seconds_text(seconds * self._clips)
        if self._clips == 1:
            return text
        return self.tr("{0} for {1} clips").format(text, self._clips)

    def _seconds_text(self, seconds: float) -> str:
        if seconds < 90:
            return self.tr("About {0} s").format(max(1, round(seconds)))
        minutes = round(seconds / 60)
        if minutes < 90:
            return self.tr("About {0} min").format(minutes)
        return self.tr("About {0} h").format(f"{seconds / 3600:.1f}")

    def _details_text(self) -> str:
        memory, parts = self._forecast.memory, list[str]()
        if memory is not None and memory.vram_bytes:
            peak, total = size_text(memory.vram_bytes), size_text(memory.vram_total_bytes)
            parts.append(self.tr("{0} of {1} on the card").format(peak, total))
        if memory is not None and memory.ram_bytes:
            parts.append(self.tr("{0} of RAM").format(size_text(memory.ram_bytes)))
        if self._forecast.file_bytes is not None:
            one, all_ = self.tr("file about {0}"), self.tr("files about {0} in all")
            size = size_text(self._forecast.file_bytes * self._clips)
            parts.append((one if self._clips == 1 else all_).format(size))
        if memory is not None and memory.choice is not None:
            parts.append(self._choice_text(memory.choice))
        request = self._request
        if request is not None:
            size = f"{request.width} × {request.height}"
            parts.append(self.tr("{0}, %n frame(s)", "", request.frames).format(size))
        return "  ·  ".join(parts)

    def _choice_text(self, choice: Choice) -> str:
        if choice.why is Why.FASTER:
            gain = f"{choice.times_as_fast:.1f}"
            return self.tr("weights in {0}, {1} times as fast").format(choice.name, gain)
        return self.tr("weights in {0}", "as they are").format(choice.name)

    def _change_text(self, now: GenerationRequest, then: GenerationRequest) -> str:
        changes: list[str] = []
        if then.weights is not now.weights:
            changes.append(self.tr("weights in {0}").format(then.weights.value))
        if then.frames != now.frames:
            changes.append(self.tr("%n frame(s)", "", then.frames))
        if (then.width, then.height) != (now.width, now.height):
            changes.append(f"{then.width} × {then.height}")
        return self.tr("Make it fit: {0}").format(", ".join(changes))


def size_text(size: int) -> str:
    """Bytes for people, in units of 1024 with two or three digits."""
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
