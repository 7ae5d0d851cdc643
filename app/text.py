"""The language of the window, which can change while it is open."""

from html import escape

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from app.settings import Language
from inference.api.models import ROOT

FOLDER = ROOT / "assets" / "translations"
SOURCE_LANGUAGE = Language.ENGLISH  # of the strings in the code
TITLE_CHARACTERS, TIP_CHARACTERS = 48, 600


class Texts(QObject):
    """The translators that are installed. Widgets hear of a change by `QEvent.LanguageChange`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.language = SOURCE_LANGUAGE
        self._installed: list[QTranslator] = []

    def use(self, language: Language) -> None:
        """Speak that language from now on."""
        language = resolve(language)
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self._installed = []
        QLocale.setDefault(QLocale(language.value))
        self.language = language
        if language is not SOURCE_LANGUAGE:
            qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            self._install(f"qtbase_{language}", qt)  # buttons of Qt's own dialogs
        self._install(f"kinora_{language}", str(FOLDER))  # English has its plurals there

    def _install(self, name: str, folder: str) -> None:
        translator = QTranslator(self)
        if translator.load(name, folder):
            QCoreApplication.installTranslator(translator)
            self._installed.append(translator)


def shortened(text: str, characters: int = TITLE_CHARACTERS) -> str:
    """A text in one line, cut where it gets long, as a prompt in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[:characters].rstrip() + "…"


def tip(text: str, facts: str = "") -> str:
    """A user's own text for a tip: in lines, and no more of it than a tip can show; facts below it.

    Qt breaks the lines of rich text alone: plain, a long prompt would be as wide as the screen.
    """
    lines = (line for line in (shortened(text, TIP_CHARACTERS), facts) if line)
    words = "<br>".join(map(escape, lines))
    return f"<qt>{words}</qt>" if words else ""


def resolve(language: Language) -> Language:
    """The language that is meant: never SYSTEM."""
    if language is not Language.SYSTEM:
        return language
    spoken = QLocale.system().language()
    return Language.CHINESE if spoken is QLocale.Language.Chinese else Language.ENGLISH
