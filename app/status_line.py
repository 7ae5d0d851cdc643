"""The line at the bottom: what the engine is up to, what it computes on, and a promise."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from app import theme
from app.engine import EngineState
from app.fields import Panel
from app.forecast import size_text
from inference.api.messages import DeviceInfo


class StatusLine(Panel):
    """Shows the state of the engine and its device."""

    def __init__(self) -> None:
        super().__init__()
        self._state, self._device = EngineState.STOPPED, DeviceInfo("")
        self._mark, self.engine, self.device, self.promise = (QLabel() for _ in range(4))
        self._shield = QLabel()
        frame = QFrame()
        frame.setObjectName("statusLine")
        inside = QHBoxLayout(frame)
        inside.setContentsMargins(theme.ROOM, 3, theme.ROOM, 3)
        inside.setSpacing(6)
        inside.addWidget(self._mark)
        inside.addWidget(self.engine)
        inside.addSpacing(theme.ROOM)
        inside.addWidget(self.device)
        inside.addStretch(1)
        inside.addWidget(self._shield)
        inside.addWidget(self.promise)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)
        self.retranslate()

    def show_state(self, state: EngineState) -> None:
        self._state = state
        self.retranslate()

    def show_device(self, device: DeviceInfo) -> None:
        self._device = device
        self.retranslate()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.retranslate()

    def retranslate(self) -> None:
        match self._state:
            case EngineState.READY:
                text, mark, tone = self.tr("Engine ready"), "good", theme.Tone.GOOD
            case EngineState.STARTING:
                text, mark, tone = self.tr("Engine starting…"), "retry", theme.Tone.FAINT
            case EngineState.RESTARTING:
                text, mark, tone = self.tr("Engine restarting…"), "retry", theme.Tone.WARNING
            case EngineState.FAILED:
                text, mark, tone = self.tr("Engine stopped"), "problem", theme.Tone.PROBLEM
            case EngineState.STOPPED:
                text, mark, tone = self.tr("Engine off"), "info", theme.Tone.FAINT
        self.engine.setText(text)
        ratio, size = self.devicePixelRatio(), QSize(14, 14)
        self._mark.setPixmap(theme.icon(mark, tone).pixmap(size, ratio))
        self._shield.setPixmap(theme.icon("shield", theme.Tone.FAINT).pixmap(size, ratio))
        self.device.setText(self._device_text())
        self.promise.setText(self.tr("Nothing leaves this PC"))

    def _device_text(self) -> str:
        device = self._device
        if not device.total_bytes:
            return device.name
        free, total = size_text(device.free_bytes), size_text(device.total_bytes)
        return self.tr("{0}, {1} of {2} free").format(device.name, free, total)
