"""The buttons under the picture: they tell the player what to do, and the window what is wanted."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from app import theme
from app.fields import Choice, Panel, name_tool, tool
from app.player import SPEEDS, Loop, Player
from app.timeline import clock

_LOOPS = (Loop.ON, Loop.PING_PONG, Loop.OFF)


class Readout(QLabel):
    """The longest of some texts that there is room for; `reserve` says how long each can get."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: tuple[str, ...] = ("",)
        self._longest: tuple[str, ...] = ("",)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def reserve(self, *longest: str) -> None:
        """What takes the most room of each text, the longest first: nothing moves as they change."""
        if longest != self._longest:
            self._longest = longest
            self.updateGeometry()

    def show_texts(self, *texts: str) -> None:
        """The same, said in more words and in fewer."""
        self._texts = texts
        self._choose()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(self._room_for(self._longest[0]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        return QSize(self._room_for(self._longest[-1]), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self._choose()

    def _room_for(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 2 * theme.TIGHT if text else 0

    def _choose(self) -> None:
        for text, longest in zip(self._texts, self._longest, strict=False):
            if self._room_for(longest) <= self.width():
                self.setText(text)
                return
        self.setText(self._texts[-1])


class Transport(Panel):
    """What the buttons do to the picture and to the clip is told by signals.

    They stand in one row, or in two where that is too narrow.
    """

    compare_toggled = Signal(bool)
    fit_wanted = Signal()
    full_screen_wanted = Signal()
    frame_wanted = Signal()  # this frame is to be saved
    beginning_wanted = Signal()  # of the next clip, with this frame
    ending_wanted = Signal()
    editing_toggled = Signal(bool)  # a part of the clip is to be changed, or not any more
    going_on_wanted = Signal()  # the next clip is to go on with this one
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
        self.begin_with, self.end_with = tool("first-frame"), tool("last-frame")
        self.edit, self.go_on = tool("brush"), tool("go-on")
        self.save_frame, self.export = tool("camera"), tool("export")
        self.readout = Readout()
        self._has_compare, self._is_clip, self._is_painted = False, True, False
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
            *(self.compare, self.fit, self.full_screen, self.begin_with, self.end_with),
            *(self.edit, self.go_on, self.save_frame, self.export),
        )

    def set_comparable(self, there: bool) -> None:  # noqa: FBT001, there is nothing else to say
        """Is there a clip to compare with?"""
        self._has_compare = there
        if not there:
            self.compare.setChecked(False)
        self.show_player()

    def set_clip(self, is_clip: bool) -> None:  # noqa: FBT001, there is nothing else to say
        """Is it a clip that is shown, not the preview of one?"""
        self._is_clip = is_clip
        self.show_player()

    def set_painted(self, is_painted: bool) -> None:  # noqa: FBT001, there is nothing else to say
        """Is a mask painted over the clip?"""
        self._is_painted = is_painted
        self.edit.setChecked(is_painted)
        if is_painted:
            self.compare.setChecked(False)
        self.show_player()

    def show_player(self) -> None:
        """Takes everything from the player."""
        player, there = self._player, self._player.count > 0
        for button in self.buttons:
            button.setEnabled(there)
        self.compare.setEnabled(there and self._has_compare and not self._is_painted)
        for button in (self.begin_with, self.end_with, self.edit, self.go_on, self.export):
            button.setEnabled(there and self._is_clip)
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
        self.readout.reserve(*self._position_texts(player.count - 1) if there else ("",))
        self._arrange()
        self._show_position(player.position)

    def _lay_out(self) -> None:
        self.loop.setCheckable(True)
        self.compare.setCheckable(True)
        self.edit.setCheckable(True)
        self.speed.setMinimumContentsLength(4)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        theme.set_kind(self.readout, "dim")
        self.speed.setMinimumWidth(self.speed.sizeHint().width())
        self._play_row, self._picture_row = QHBoxLayout(), QHBoxLayout()
        for button in (*self.buttons[:7], self.speed):
            self._play_row.addWidget(button)
        for button in self.buttons[7:9]:
            self._picture_row.addWidget(button)
        self._picture_row.addStretch(1)
        self._picture_row.addWidget(self.readout)
        self._picture_row.addStretch(1)
        for button in self.buttons[9:]:
            self._picture_row.addWidget(button)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(theme.GAP, 2, theme.GAP, 2)
        for line, stretch in ((self._play_row, 0), (self._picture_row, 1)):
            line.setSpacing(2)
            self._rows.addLayout(line, stretch)
        self._rows.setSpacing(2)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """In one row, if there is room; the widget can always get narrower than that."""
        frame, direction = self._rows.contentsMargins(), QBoxLayout.Direction
        widths = [line.minimumSize().width() for line in (self._play_row, self._picture_row)]
        around = frame.left() + frame.right()
        fits = sum(widths) + self._rows.spacing() + around <= self.width()
        self._rows.setDirection(direction.LeftToRight if fits else direction.TopToBottom)
        self._play_row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(max(widths) + around)

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
        self.begin_with.clicked.connect(self.beginning_wanted)
        self.end_with.clicked.connect(self.ending_wanted)
        self.edit.clicked.connect(self.editing_toggled)
        self.go_on.clicked.connect(self.going_on_wanted)
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
            self.readout.show_texts("")
            return
        self.readout.show_texts(*self._position_texts(frame))

    def _position_texts(self, frame: int) -> tuple[str, str, str]:
        player = self._player
        frames, now = f"{frame + 1} / {player.count}", clock(frame / player.fps)
        return f"{frames}   {now} / {clock(player.count / player.fps)}", f"{frames}   {now}", frames

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
        name_tool(self.step_back, self.tr("One frame back"), "Left")
        name_tool(self.step_forward, self.tr("One frame on"), "Right")
        name_tool(self.to_end, self.tr("To the end"), "End")
        name_tool(self.mark_in, self.tr("Start the range here"), "I")
        name_tool(self.mark_out, self.tr("End the range here"), "O")
        name_tool(self.compare, self.tr("Compare two clips"), "C")
        name_tool(self.fit, self.tr("Fit the picture"), "0")
        name_tool(self.full_screen, self.tr("Full screen"), "F11")
        name_tool(self.begin_with, self.tr("Begin the next clip with this frame"), "B")
        name_tool(self.end_with, self.tr("End the next clip with this frame"), "N")
        name_tool(self.edit, self.tr("Change a part of this clip"), "M")
        name_tool(self.go_on, self.tr("Go on with this clip"), "G")
        name_tool(self.save_frame, self.tr("Save this frame"), "S")
        name_tool(self.export, self.tr("Export the range"), "E")
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed"))
        self.readout.setAccessibleName(self.tr("Position"))
        self._name_moving_ones()
