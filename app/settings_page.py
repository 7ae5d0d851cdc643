"""The settings: every change holds at once, and one that can't be used is said so beside its field."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.fields import Choice, Number, Panel, Segments, name_tool, row, section, tool
from app.names import FIELDS, Naming
from app.page_frame import PageFrame, card, fill, words
from app.settings import GB, MAX_BUDGET_GB, Language, SettingsStore, Theme, videos_folder
from app.words import said
from inference.api.device import DeviceInfo
from inference.api.errors import UserError
from inference.api.models import DEMO
from inference.api.spec import GenerationRequest, default_request

TITLE_WIDTH, FIELD_HEIGHT = 168, 30
HUB = "https://huggingface.co"


class Setting(QWidget):
    """A field with its title at the left; below it a hint and, if there is one, what is wrong."""

    def __init__(self, *fields: QWidget | QLayout, buddy: QWidget) -> None:
        super().__init__()
        self.title, self.hint, self.fault = section(buddy), words("hint"), words("problem")
        self.title.setFixedWidth(TITLE_WIDTH)
        self.fault.hide()
        self.hint.hide()
        right = QVBoxLayout()
        right.setSpacing(theme.TIGHT)
        fill(right, *fields, self.hint, self.fault)
        self.title.setFixedHeight(FIELD_HEIGHT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROOM)
        layout.addWidget(self.title, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(right, 1)

    def say(self, title: str, hint: str = "") -> None:
        self.title.setText(title)
        self.show_hint(hint)

    def show_hint(self, hint: str) -> None:
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def show_fault(self, sentence: str) -> None:
        self.fault.setText(sentence)
        self.fault.setVisible(bool(sentence))


class SettingsPage(Panel):
    """Shows the settings of a store and changes them."""

    def __init__(self, store: SettingsStore) -> None:
        super().__init__()
        self._store, self._device = store, DeviceInfo("")
        self.folder, self.choose = QLineEdit(), tool("folder")
        self.pattern = QLineEdit()
        self.parts = [QToolButton() for _ in FIELDS]
        self.budget = Number(0.0, MAX_BUDGET_GB, 0.5)
        self.theme = Segments([QToolButton() for _ in Theme])
        self.language = Choice()
        self.notifications = QCheckBox()
        self.mirror = QLineEdit()
        self._page = PageFrame()
        self.settings = {
            "output_folder": Setting(row(self.folder, self.choose, stretch=0), buddy=self.folder),
            "name_pattern": Setting(self.pattern, self._make_parts(), buddy=self.pattern),
            "memory_budget_gb": Setting(_short(self.budget), buddy=self.budget),
            "theme": Setting(_short(self.theme), buddy=self.theme),
            "language": Setting(_short(self.language), buddy=self.language),
            "notifications": Setting(self.notifications, buddy=self.notifications),
            "mirror": Setting(self.mirror, buddy=self.mirror),
        }
        self.promise = words("hint")
        self._heads = [QLabel() for _ in range(4)]
        self._lay_out()
        self._connect()
        self.show_values()
        self.retranslate()

    def show_device(self, device: DeviceInfo) -> None:
        """What the memory budget is a part of."""
        self._device = device
        self.retranslate()

    def show_values(self) -> None:
        """Takes every value from the store; what was refused stays in its field to be put right."""
        values = self._store.values
        lines = {
            "output_folder": (self.folder, values.output_folder),
            "name_pattern": (self.pattern, values.name_pattern),
            "mirror": (self.mirror, values.mirror),
        }
        fields = (self.folder, self.pattern, self.mirror, self.budget, self.language)
        blockers = [QSignalBlocker(field) for field in (*fields, self.notifications)]
        for name, (field, text) in lines.items():
            if not self.settings[name].fault.text():
                field.setText(text)
        self.budget.setValue(values.memory_budget_gb)
        self.theme.show_picked(list(Theme).index(values.theme))
        self.language.setCurrentIndex(list(Language).index(values.language))
        self.notifications.setChecked(values.notifications)
        del blockers
        self._show_example()

    def _set(self, name: str, value: Any) -> None:
        """Changes one setting, or says beside it why not; what was typed stays to be put right."""
        self.settings[name].show_fault("")
        try:
            self._store.update(**{name: value})
        except UserError as error:
            self.settings[name].show_fault(said(error))

    def _connect(self) -> None:
        self._store.changed.connect(self.show_values)
        self.folder.editingFinished.connect(self._on_folder)
        self.choose.clicked.connect(self._on_choose)
        self.pattern.textChanged.connect(self._show_example)
        self.pattern.editingFinished.connect(self._on_pattern)
        self.budget.valueChanged.connect(self._on_budget)
        self.theme.picked.connect(self._on_theme)
        self.language.activated.connect(self._on_language)
        self.notifications.toggled.connect(self._on_notifications)
        self.mirror.editingFinished.connect(self._on_mirror)
        for button, name in zip(self.parts, FIELDS, strict=True):
            button.clicked.connect(partial(self._insert, name))

    def _on_budget(self, gigabytes: float) -> None:
        self._set("memory_budget_gb", gigabytes)

    def _on_theme(self, number: int) -> None:
        self._set("theme", list(Theme)[number])

    def _on_language(self, number: int) -> None:
        self._set("language", list(Language)[number])

    def _on_notifications(self, on: bool) -> None:  # noqa: FBT001, a slot
        self._set("notifications", on)

    def _on_folder(self) -> None:
        self._set("output_folder", self.folder.text().strip())

    def _on_choose(self) -> None:
        now = str(self._store.values.naming.folder)
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder for clips"), now)
        if chosen:
            self._set("output_folder", str(Path(chosen)))

    def _on_pattern(self) -> None:
        self._set("name_pattern", self.pattern.text())

    def _on_mirror(self) -> None:
        self._set("mirror", self.mirror.text().strip())

    def _insert(self, name: str, _: object = None) -> None:
        self.pattern.insert(f"{{{name}}}")
        self.pattern.setFocus()
        self._on_pattern()

    def _show_example(self) -> None:
        """What a clip would be called by the pattern as it is typed, or what is wrong with it."""
        setting = self.settings["name_pattern"]
        naming = Naming(self._store.values.naming.folder, self.pattern.text())
        try:
            path = naming.free_path(self._example(), (), datetime.now())
        except UserError as error:
            setting.show_fault(said(error))
            setting.show_hint("")
            return
        setting.show_fault("")
        setting.show_hint(self.tr("For example: {0}").format(path.name))

    def _example(self) -> GenerationRequest:
        prompt = self.tr("A lighthouse in a storm")
        return default_request(prompt, DEMO.name, DEMO.defaults, 1234)

    def _make_parts(self) -> QHBoxLayout:
        for button in self.parts:
            theme.set_kind(button, "segment")
        parts = row(*self.parts)
        parts.setSpacing(theme.TIGHT)
        parts.addStretch(1)
        return parts

    def _lay_out(self) -> None:
        for language, name in zip(Language, ("", "English", "中文"), strict=True):
            self.language.addItem(name, language)
        self.budget.setSuffix(" GB")
        groups = (
            ("output_folder", "name_pattern"),
            ("theme", "language", "notifications"),
            ("memory_budget_gb",),
            ("mirror",),
        )
        for head, names in zip(self._heads, groups, strict=True):
            theme.set_kind(head, "number")
            self._page.add(card(head, *(self.settings[name] for name in names)))
        self._page.add(self.promise)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._page)

    def retranslate(self) -> None:
        self._page.title.setText(self.tr("Settings"))
        self._page.purpose.setText(self.tr("Every change holds at once and is kept."))
        heads = (self.tr("Clips"), self.tr("Window"), self.tr("Graphics card"), self.tr("Network"))
        for head, text in zip(self._heads, heads, strict=True):
            head.setText(text)
        self.promise.setText(
            self.tr(
                "Kinora tells nobody anything: no telemetry, no account. It uses the network when you "
                "download a model, and never else."
            )
        )
        self._retranslate_settings()
        self._retranslate_choices()
        self._show_example()

    def _retranslate_settings(self) -> None:
        said = {
            "output_folder": (self.tr("Folder"), self.tr("Empty for your folder of videos.")),
            "name_pattern": (self.tr("Names of files"), ""),
            "memory_budget_gb": (self.tr("Memory budget"), self._budget_hint()),
            "theme": (self.tr("Theme"), ""),
            "language": (self.tr("Language"), ""),
            "notifications": (
                self.tr("Notification"),
                self.tr("For work of half a minute and more, while another window is in front."),
            ),
            "mirror": (
                self.tr("Mirror for downloads"),
                self.tr("An address that serves what {0} does; empty for that itself.").format(HUB),
            ),
        }
        for name, (title, hint) in said.items():
            self.settings[name].say(title, hint)
        named = {"output_folder": self.folder, "name_pattern": self.pattern, "theme": self.theme}
        named |= {"memory_budget_gb": self.budget, "language": self.language, "mirror": self.mirror}
        for name, field in named.items():
            field.setAccessibleName(said[name][0])
            field.setAccessibleDescription(said[name][1])
        self.folder.setAccessibleName(self.tr("Folder for clips"))
        self.folder.setPlaceholderText(str(videos_folder()))
        self.mirror.setPlaceholderText(HUB)
        name_tool(self.choose, self.tr("Choose the folder for clips"))

    def _budget_hint(self) -> str:
        if self._device.total_bytes:
            hint = self.tr(
                "What a clip may take of the {0} GB of {1}. Less leaves room for others."
            )
            return hint.format(f"{self._device.total_bytes / GB:.1f}", self._device.name)
        return self.tr("What a clip may take of a graphics card; there is none in use now.")

    def _retranslate_choices(self) -> None:
        themes = {
            Theme.SYSTEM: self.tr("As the desktop"),
            Theme.DARK: self.tr("Dark"),
            Theme.LIGHT: self.tr("Light"),
        }
        for button, name in zip(self.theme.buttons, themes.values(), strict=True):
            button.setText(name)
            button.setAccessibleName(self.tr("Theme: {0}").format(name))
        self.language.setItemText(0, self.tr("As the desktop"))
        self.budget.setSpecialValueText(self.tr("All that is free"))
        self.notifications.setText(self.tr("Tell me when long work is done"))
        self.notifications.setAccessibleName(self.notifications.text())
        names = {
            "date": self.tr("date"),
            "time": self.tr("time"),
            "prompt": self.tr("prompt"),
            "seed": self.tr("seed"),
            "model": self.tr("model"),
            "size": self.tr("size"),
        }
        for button, field in zip(self.parts, FIELDS, strict=True):
            button.setText(f"+ {names[field]}")
            name_tool(button, self.tr("Put the {0} into the name").format(names[field]))


def _short(field: QWidget) -> QHBoxLayout:
    """A field that needs no more than half of the room."""
    layout = row(field)
    layout.setStretch(0, 1)
    layout.addStretch(1)
    return layout
