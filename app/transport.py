"""The buttons under the picture: they tell the player what to do, and the window what is wanted."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton

from app import theme
from app.fields import Choice, Panel, name_tool, tool
from app.player import SPEEDS, Loop, Player
from app.timeline import clock

_LOOPS = (Loop.ON, Loop.PING_PONG, Loop.OFF)


class Transport(Panel):
    """What the buttons do to the picture and to the clip is told by signals."""

    compare_toggled = Signal(bool)
    fit_wanted = Signal()
    full_screen_wanted = Signal()
    frame_wanted = Signal()  # this frame is to be saved
    export_wanted = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._player = player
        self.to_start, self.step_back = tool("to-start"), tool("step-back")
        self.play_reverse, self.play = tool("play-reverse"), tool("play", 22)
        self.step_forward, self.to_end = tool("step-forward"), tool("to-end")
        self.loop, self.speed = tool("loop"), Choice()
        self.mark_in, self.mark_out = tool("mark-in"), tool("mark-out")
        self.compare, self.fit, self.full_screen = tool("compare"), tool("fit"), tool("fullscreen")
        self.save_frame, self.export = tool("camera"), tool("export")
        self.readout = QLabel()
        self._has_compare = False
        self._lay_out()
        self._connect()
        self.retranslate()
        self.show_player()

    @property
    def buttons(self) -> tuple[QToolButton, ...]:
        """From left to right, which is the order of focus."""
        return (
            *(self.to_start, self.step_back, self.play_reverse, self.play, self.step_forward),
            *(self.to_end, self.loop, self.mark_in, self.mark_out),
            *(self.compare, self.fit, self.full_screen, self.save_frame, self.export),
        )

    def set_comparable(self, there: bool) -> None:  # noqa: FBT001, there is nothing else to say
        """Is there a clip to compare with?"""
        self._has_compare = there
        if not there:
            self.compare.setChecked(False)
        self.show_player()

    def show_player(self) -> None:
        """Takes everything from the player."""
        player, there = self._player, self._player.count > 0
        for button in self.buttons:
            button.setEnabled(there)
        self.compare.setEnabled(there and self._has_compare)
        self.speed.setEnabled(there)
        forwards = player.playing and not player.reverse
        self.play.setIcon(theme.icon("pause" if forwards else "play"))
        backwards = player.playing and player.reverse
        self.play_reverse.setIcon(theme.icon("pause" if backwards else "play-reverse"))
        self.loop.setChecked(player.loop is not Loop.OFF)
        blocker = QSignalBlocker(self.speed)
        self.speed.setCurrentIndex(self.speed.findData(player.speed))
        del blocker
        self._name_moving_ones()
        self._show_position(player.position)

    def _lay_out(self) -> None:
        self.loop.setCheckable(True)
        self.compare.setCheckable(True)
        self.speed.setMinimumContentsLength(4)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        theme.set_kind(self.readout, "dim")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP, 2, theme.GAP, 2)
        layout.setSpacing(2)
        for button in (*self.buttons[:7],):
            layout.addWidget(button)
        layout.addWidget(self.speed)
        for button in self.buttons[7:9]:
            layout.addWidget(button)
        layout.addStretch(1)
        layout.addWidget(self.readout)
        layout.addStretch(1)
        for button in self.buttons[9:]:
            layout.addWidget(button)

    def _connect(self) -> None:
        player = self._player
        self.to_start.clicked.connect(lambda: player.seek(player.first))
        self.to_end.clicked.connect(lambda: player.seek(player.last))
        self.step_back.clicked.connect(lambda: player.step(-1))
        self.step_forward.clicked.connect(lambda: player.step(1))
        self.play.clicked.connect(lambda: player.play_in(reverse=False))
        self.play_reverse.clicked.connect(lambda: player.play_in(reverse=True))
        self.loop.clicked.connect(self._on_loop)
        self.speed.activated.connect(lambda: player.set_speed(self.speed.currentData()))
        self.mark_in.clicked.connect(player.mark_in)
        self.mark_out.clicked.connect(player.mark_out)
        self.compare.toggled.connect(self.compare_toggled)
        self.fit.clicked.connect(self.fit_wanted)
        self.full_screen.clicked.connect(self.full_screen_wanted)
        self.save_frame.clicked.connect(self.frame_wanted)
        self.export.clicked.connect(self.export_wanted)
        player.changed.connect(self.show_player)
        player.moved.connect(self._show_position)

    def _on_loop(self) -> None:
        """Again, there and back, once."""
        place = _LOOPS.index(self._player.loop)
        self._player.set_loop(_LOOPS[(place + 1) % len(_LOOPS)])

    def _show_position(self, frame: int) -> None:
        player = self._player
        if not player.count:
            self.readout.setText("")
            return
        self.readout.setText(
            f"{frame + 1} / {player.count}   {clock(frame / player.fps)}"
            f" / {clock(player.count / player.fps)}"
        )

    def _name_moving_ones(self) -> None:
        """Those whose names follow what they would do."""
        player = self._player
        forwards = player.playing and not player.reverse
        backwards = player.playing and player.reverse
        name_tool(self.play, self.tr("Pause") if forwards else self.tr("Play"), "Space")
        pause = self.tr("Pause")
        name_tool(self.play_reverse, pause if backwards else self.tr("Play in reverse"), "J")
        match player.loop:
            case Loop.ON:
                name = self.tr("Loop: again from the start")
            case Loop.PING_PONG:
                name = self.tr("Loop: there and back")
            case Loop.OFF:
                name = self.tr("Loop: off")
        name_tool(self.loop, name)

    def retranslate(self) -> None:
        name_tool(self.to_start, self.tr("To the start"), "Home")
        name_tool(self.step_back, self.tr("One frame back"), "←")
        name_tool(self.step_forward, self.tr("One frame on"), "→")
        name_tool(self.to_end, self.tr("To the end"), "End")
        name_tool(self.mark_in, self.tr("Start the range here"), "I")
        name_tool(self.mark_out, self.tr("End the range here"), "O")
        name_tool(self.compare, self.tr("Compare two clips"))
        name_tool(self.fit, self.tr("Fit the picture"), "0")
        name_tool(self.full_screen, self.tr("Full screen"), "F11")
        name_tool(self.save_frame, self.tr("Save this frame"))
        name_tool(self.export, self.tr("Export the range"))
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed"))
        self.readout.setAccessibleName(self.tr("Position"))
        self._name_moving_ones()
