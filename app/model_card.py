"""A model on its page: what it is, where it lies, and what can be done with it."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.fields import OneLine, Panel, name_tool, row, tool
from app.forecast import size_text
from app.models import Phase, Transfer
from app.page_frame import card, words
from app.words import said
from inference.api.messages import ModelInfo
from inference.api.sentence import series
from inference.api.spec import Task

BAR_STEPS = 1000


class ModelCard(Panel):
    """Shows a model and its download. Its signals give the model's name; `folder_wanted` its path."""

    download_wanted = Signal(str)
    pause_wanted = Signal(str)
    remove_wanted = Signal(str)
    folder_wanted = Signal(str)

    def __init__(self, model: ModelInfo) -> None:
        super().__init__()
        self.model, self.transfer = model, Transfer()
        self._is_loading = False
        self.title, self.state, self.facts = QLabel(), QLabel(), words("dim")
        self.path = OneLine()
        self.bar, self.progress = QProgressBar(), QLabel()
        self.missing, self.fault = words("hint"), words("problem")
        self.download, self.pause = QPushButton(), QPushButton()
        self.remove, self.folder = tool("trash"), tool("folder")
        self.question, self.delete, self.keep = QLabel(), QPushButton(), QPushButton()
        self._confirm = QWidget()
        self._lay_out()
        self._connect()
        self.retranslate()

    def show_model(self, model: ModelInfo, transfer: Transfer | None) -> None:
        self.model = model
        self.transfer, self._is_loading = transfer or Transfer(), transfer is not None
        self.retranslate()

    def _lay_out(self) -> None:
        theme.set_kind(self.title, "number")
        theme.set_kind(self.path, "hint")
        theme.set_kind(self.progress, "dim")
        theme.set_kind(self.delete, "danger")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, BAR_STEPS)
        confirm = QHBoxLayout(self._confirm)
        confirm.setContentsMargins(0, 0, 0, 0)
        confirm.addWidget(self.question, 1)
        confirm.addWidget(self.delete)
        confirm.addWidget(self.keep)
        self._confirm.hide()
        head = row(self.title, self.state)
        head.addStretch(1)
        for button in (self.download, self.pause, self.folder, self.remove):
            head.addWidget(button)
        rest = (self.facts, self.path, self.bar, self.progress, self.missing, self.fault)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(card(head, *rest, self._confirm))

    def _connect(self) -> None:
        self.download.clicked.connect(lambda: self.download_wanted.emit(self.model.name))
        self.pause.clicked.connect(lambda: self.pause_wanted.emit(self.model.name))
        self.folder.clicked.connect(lambda: self.folder_wanted.emit(self.model.path))
        self.remove.clicked.connect(self._on_remove)
        self.delete.clicked.connect(self._on_delete)
        self.keep.clicked.connect(partial(self._ask, on=False))

    def _on_remove(self) -> None:
        """What is on the list is taken off at once; what would be deleted is asked for first."""
        if self.model.added:
            self.remove_wanted.emit(self.model.name)
        else:
            self._ask(on=True)

    def _on_delete(self) -> None:
        self._ask(on=False)
        self.remove_wanted.emit(self.model.name)

    def _ask(self, *, on: bool) -> None:
        self._confirm.setVisible(on)
        (self.keep if on else self.remove).setFocus()

    def _show_what_can_be_done(self) -> None:
        model, phase = self.model, self.transfer.phase
        goes_on = self._is_loading and phase in (Phase.WAITING, Phase.RUNNING, Phase.STOPPING)
        shown: dict[QAbstractButton, bool] = {
            self.pause: goes_on,
            self.download: model.downloadable and not model.installed and not goes_on,
            self.remove: model.removable,
            self.folder: model.bytes > 0,
        }
        self.remove.setEnabled(not goes_on)
        self._keep_focus(shown)
        for button, is_shown in shown.items():
            button.setVisible(is_shown)
        if goes_on or not model.removable:
            self._confirm.hide()

    def _keep_focus(self, shown: dict[QAbstractButton, bool]) -> None:
        """From a button that goes to one that stays: the next is another model's, with its gigabytes."""
        staying = next((button for button, is_shown in shown.items() if is_shown), None)
        goes = any(button.hasFocus() and not is_shown for button, is_shown in shown.items())
        if goes and staying is not None:
            staying.show()
            staying.setFocus()

    def _show_transfer(self) -> None:
        transfer = self.transfer
        total = transfer.total_bytes
        self.bar.setVisible(self._is_loading and total > 0)
        self.bar.setValue(round(BAR_STEPS * transfer.done_bytes / total) if total else 0)
        text = self._transfer_text() if self._is_loading else ""
        self.progress.setText(text)
        self.progress.setVisible(bool(text))
        self.fault.setText(said(transfer.message))
        self.fault.setVisible(bool(transfer.message))

    def _transfer_text(self) -> str:
        transfer = self.transfer
        match transfer.phase:
            case Phase.WAITING:
                return self.tr("Waits for its turn")
            case Phase.RUNNING if not transfer.total_bytes:
                return self.tr("Asking what there is to download…")
            case Phase.STOPPING:
                return self.tr("Pausing…")
            case _:
                pass
        done, total = size_text(transfer.done_bytes), size_text(transfer.total_bytes)
        parts = [self.tr("{0} of {1}").format(done, total)] if transfer.total_bytes else []
        match transfer.phase:
            case Phase.PAUSED:
                parts.insert(0, self.tr("Paused"))
            case Phase.RUNNING if transfer.pace:
                parts.append(self.tr("{0} a second").format(size_text(round(transfer.pace))))
            case _:
                pass
        if (seconds := transfer.seconds_left) is not None:
            parts.append(self._time_text(seconds))
        return "  ·  ".join(parts)

    def _time_text(self, seconds: float) -> str:
        if seconds < 60:
            return self.tr("{0} s left").format(max(1, round(seconds)))
        if seconds < 90 * 60:
            return self.tr("{0} min left").format(round(seconds / 60))
        return self.tr("{0} h left").format(f"{seconds / 3600:.1f}")

    def _facts_text(self) -> str:
        tasks = {
            Task.T2V: self.tr("Video from text"),
            Task.I2V: self.tr("Video from a picture"),
            Task.FLF2V: self.tr("Video between two pictures"),
            Task.VACE: self.tr("Video from or between pictures"),
        }
        model = self.model
        parts = [name for task, name in tasks.items() if task.value in model.tasks]
        if size := model.bytes if model.installed else model.download_bytes or model.bytes:
            parts.append(size_text(size))
        if model.precision:
            parts.append(said(model.precision))
        parts.append(model.licence or self.tr("licence: ask who made it"))
        return "  ·  ".join(parts)

    def _state_text(self) -> tuple[str, str]:
        """In words, and the kind of text that is."""
        model = self.model
        if model.installed and model.added:
            return self.tr("Added, in place"), "good"
        if model.installed:
            comes_along = not model.downloadable
            return (self.tr("Comes with Kinora") if comes_along else self.tr("Installed")), "good"
        if model.added:
            return (
                self.tr("Not whole") if model.bytes else self.tr("Not there any more")
            ), "warning"
        if model.removable and not self._is_loading:
            return self.tr("Partly downloaded"), "warning"
        return "", ""

    def retranslate(self) -> None:
        model = self.model
        self.title.setText(said(model.title))
        text, kind = self._state_text()
        self.state.setText(text)
        theme.set_kind(self.state, kind)
        self.facts.setText(self._facts_text())
        self.path.setText(model.path)
        self.path.setVisible(model.bytes > 0 or model.added)
        missing = model.missing if model.added else ()
        parts = said(series(missing)) if missing else ""
        self.missing.setText(self.tr("It still needs {0}.").format(parts))
        self.missing.setVisible(bool(missing))
        self._show_transfer()
        self._show_what_can_be_done()
        self._name_buttons()

    def _name_buttons(self) -> None:
        model, title = self.model, said(self.model.title)
        goes_on = model.removable or self.transfer.done_bytes > 0
        self.download.setText(self.tr("Go on") if goes_on else self.tr("Download"))
        self.download.setAccessibleName(self.tr("Download {0}").format(title))
        self.pause.setText(self.tr("Pause"))
        self.pause.setAccessibleName(self.tr("Pause the download of {0}").format(title))
        if model.added:
            remove = self.tr("Take {0} off the list; its files stay")
        else:
            remove = self.tr("Delete what Kinora downloaded of {0}")
        name_tool(self.remove, remove.format(title))
        name_tool(self.folder, self.tr("Open the folder of {0}").format(title))
        self.question.setText(
            self.tr("Delete the {0} that Kinora downloaded?").format(size_text(model.bytes))
            if model.bytes
            else self.tr("Delete what Kinora downloaded so far?")
        )
        self.delete.setText(self.tr("Delete"))
        self.delete.setAccessibleName(remove.format(title))
        self.keep.setText(self.tr("Keep"))
        self.keep.setAccessibleName(self.tr("Keep {0}").format(title))
        self.bar.setAccessibleName(self.tr("Download of {0}").format(title))
