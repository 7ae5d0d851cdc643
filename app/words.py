"""What the engine says, in the language that is spoken now."""

from PySide6.QtCore import QCoreApplication

from inference.api.errors import UserError, reason
from inference.api.sentence import Sentence


def said(words: str | UserError) -> str:
    """The words for people; those that are no `Sentence` are in their language already."""
    if isinstance(words, UserError):
        return said(words.sentence)
    if not isinstance(words, Sentence):
        return words
    template = QCoreApplication.translate("engine", words.template)
    values = {name: said(value) for name, value in words.values.items()}
    return template.format(**values) if values else template


def said_reason(error: OSError) -> str:
    """Why the system refuses something."""
    return said(reason(error))
