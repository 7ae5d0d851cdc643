"""Takes a picture of every page, dark and light, in English and in Chinese, into docs/screenshots:
`PYTHONPATH=. QT_QPA_PLATFORM=offscreen .venv/bin/python -m tests.app.screenshots`.

Chinese needs a font for it, such as Debian's fonts-noto-cjk. What is seen in the library is made first.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.__main__ import make_application, make_window
from app.journal import JobStatus
from app.settings import Language, SettingsStore, Theme
from app.text import Texts
from app.top_bar import Page
from app.window import Window
from inference.api.models import ROOT

FOLDER = ROOT / "docs" / "screenshots"
SIZE = QSize(1280, 720)
PATIENCE_S = 300.0
SETTLED_S = 0.6  # in which pictures arrive and pages are laid out anew
PROMPTS = (
    ("a red circle moves left at night", 3),
    ("棋盘上，紫色圆形向右移动", 5),
    ("a blue circle moves right on a chessboard", 5),
    ("夜空中，一个黄色的正方形升起", 8),
    ("an orange square sinks in the sky", 4),
    ("a green triangle stays still on the sand", 2),
)


def main() -> None:
    """Makes the clips, then takes the pictures."""
    with tempfile.TemporaryDirectory(prefix="kinora-") as name:
        folder = Path(name)
        os.environ["KINORA_DATA"] = str(folder / "data")  # nothing of the user's is seen
        app = make_application()
        settings = SettingsStore(folder / "settings.json")
        settings.update(output_folder=str(folder / "clips"), language=Language.ENGLISH)
        texts = Texts(app)
        texts.use(Language.ENGLISH)
        window = make_window(settings, texts, folder)
        window.resize(SIZE)
        window.show()
        window.start()
        _make_clips(window)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for language in (Language.ENGLISH, Language.CHINESE):
            for look in (Theme.DARK, Theme.LIGHT):
                settings.update(language=language, theme=look)
                _take_all(window, f"{look.value}-{language.value}")
        window.close()


def _make_clips(window: Window) -> None:
    panel, jobs = window.create_panel, window.services.jobs
    _wait(lambda: panel.model.count() > 0)
    for prompt, seed in PROMPTS:
        panel.prompt.editor.setPlainText(prompt)
        window.draft.set_seed(seed, locked=True)
        panel.submit()
    _wait(lambda: all(job.status is JobStatus.DONE for job in jobs.jobs))
    _wait(lambda: window.theatre.path is not None)
    window.theatre.player.pause()
    window.theatre.player.seek(8)


def _take_all(window: Window, suffix: str) -> None:
    for page in window.pages:
        window.show_page(page)
        _take(window, f"{page.value}-{suffix}")
    window.show_page(Page.CREATE)
    window.theatre.paint(_mask(window))
    _take(window, f"mask-{suffix}")
    window.theatre.stop_painting()


def _take(window: Window, name: str) -> None:
    _settle()
    path = FOLDER / f"{name}.png"
    window.grab().save(str(path))
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")


def _mask(window: Window) -> QImage:
    """A spot to the right of the middle."""
    image = window.theatre.canvas.shown_image()
    assert image is not None
    mask = QImage(image.size(), QImage.Format.Format_Grayscale8)
    mask.fill(Qt.GlobalColor.black)
    painter = QPainter(mask)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawEllipse(QPointF(0.7 * mask.width(), 0.5 * mask.height()), 24, 28)
    painter.end()
    return mask


def _settle() -> None:
    until = time.monotonic() + SETTLED_S
    _wait(lambda: time.monotonic() > until)


def _wait(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        QApplication.processEvents()
        time.sleep(0.005)
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError("the window was waited for in vain")


if __name__ == "__main__":
    main()
