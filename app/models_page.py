"""The models: those on this machine, those that can be downloaded, and the user's own."""

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QVBoxLayout

from app import theme
from app.fields import Panel, name_tool, row, tool
from app.model_card import ModelCard
from app.models import Models
from app.page_frame import PageFrame, words
from inference.api.messages import ModelInfo

ENDINGS = "*.safetensors *.gguf *.pth *.pt *.ckpt *.bin"


class ModelsPage(Panel):
    """Shows the models and asks for what is to be done with them. `failed` gives one sentence."""

    mirror_wanted = Signal()  # the setting of it
    failed = Signal(str)

    def __init__(self, models: Models) -> None:
        super().__init__()
        self._models = models
        self.cards: dict[str, ModelCard] = {}
        self.add_file, self.add_folder = QPushButton(), QPushButton()
        self.refresh = tool("retry")
        self.source, self.change_source = QLabel(), QPushButton()
        self._page = PageFrame()
        self._here, self._elsewhere = QLabel(), QLabel()
        self._installed, self._others = QVBoxLayout(), QVBoxLayout()
        self._waiting = words("hint")
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self.show_source("")
        self.retranslate()
        self.show_models()

    def show_models(self) -> None:
        """Takes everything from the models there are."""
        models = self._models.models
        self._waiting.setVisible(not models)
        names = {model.name for model in models}
        for name in self.cards.keys() - names:
            card = self.cards.pop(name)
            if card.isAncestorOf(self.focusWidget()):
                self.add_file.setFocus()  # and not what Qt finds next
            card.deleteLater()
        for model in models:
            self._card(model).show_model(model, self._models.transfer(model.name))
        self._arrange(models)

    def show_source(self, mirror: str) -> None:
        """Where downloads come from; empty for the hub itself."""
        self._source = QUrl(mirror).host() or "huggingface.co"
        self.retranslate()

    def add(self, path: Path) -> None:
        """Puts a file or a folder on the list."""
        self._models.add(str(path))

    def _card(self, model: ModelInfo) -> ModelCard:
        if model.name not in self.cards:
            made = ModelCard(model)
            made.download_wanted.connect(self._models.download)
            made.pause_wanted.connect(self._models.pause)
            made.remove_wanted.connect(self._models.remove)
            made.folder_wanted.connect(self._on_folder)
            self.cards[model.name] = made
        return self.cards[model.name]

    def _arrange(self, models: tuple[ModelInfo, ...]) -> None:
        """Puts each card where it belongs, and leaves alone those that are there: one has the focus."""
        here = [model.name for model in models if model.installed or model.added]
        others = [model.name for model in models if model.name not in here]
        for layout, names in ((self._installed, here), (self._others, others)):
            for place, name in enumerate(names):
                item = layout.itemAt(place)
                if item is None or item.widget() is not self.cards[name]:
                    layout.insertWidget(place, self.cards[name])
        self._here.setVisible(bool(here))
        self._elsewhere.setVisible(bool(others))

    def _connect(self) -> None:
        self._models.changed.connect(self.show_models)
        self.add_file.clicked.connect(self._on_add_file)
        self.add_folder.clicked.connect(self._on_add_folder)
        self.refresh.clicked.connect(self._models.refresh)
        self.change_source.clicked.connect(self.mirror_wanted)

    def _on_add_file(self) -> None:
        kinds = self.tr("Model files ({0})").format(ENDINGS)
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Add a model's file"), "", kinds)
        if path:
            self.add(Path(path))

    def _on_add_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Add a model's folder"))
        if path:
            self.add(Path(path))

    def _on_folder(self, path: str) -> None:
        place = Path(path)
        folder = place if place.is_dir() else place.parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            text = self.tr("No file manager could be opened; the folder is {0}.")
            self.failed.emit(text.format(folder))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, Qt's name
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, Qt's name
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.add(Path(url.toLocalFile()))

    def _lay_out(self) -> None:
        for head in (self._here, self._elsewhere):
            theme.set_kind(head, "section")
        theme.set_kind(self.source, "hint")
        theme.set_kind(self.change_source, "link")
        for button in (self.add_file, self.add_folder, self.refresh):
            self._page.tools.addWidget(button)
        for button in (self.add_file, self.add_folder):
            button.setIcon(theme.icon("plus"))
        for layout in (self._installed, self._others):
            layout.setSpacing(theme.GAP)
        source = row(self.source, self.change_source)
        source.addStretch(1)
        body = self._page.body
        body.addWidget(self._waiting)
        body.addWidget(self._here)
        body.addLayout(self._installed)
        body.addWidget(self._elsewhere)
        body.addLayout(self._others)
        body.addLayout(source)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._page)

    def retranslate(self) -> None:
        self._page.title.setText(self.tr("Models"))
        self._page.purpose.setText(
            self.tr(
                "What you add stays where it is; nothing is copied. Removing deletes only what Kinora downloaded."
            )
        )
        self._waiting.setText(self.tr("The list comes as soon as the engine is ready."))
        self._here.setText(self.tr("On this machine"))
        self._elsewhere.setText(self.tr("To download"))
        self.add_file.setText(self.tr("Add a file…"))
        self.add_file.setAccessibleName(self.tr("Add a model's file"))
        self.add_folder.setText(self.tr("Add a folder…"))
        self.add_folder.setAccessibleName(self.tr("Add a model's folder"))
        name_tool(self.refresh, self.tr("Look again"))
        self.source.setText(self.tr("Downloads come from {0}.").format(self._source))
        self.change_source.setText(self.tr("Change"))
        self.change_source.setAccessibleName(self.tr("Change where downloads come from"))
