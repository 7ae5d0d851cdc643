"""What the engine says is said in the window's language."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from app.settings import Language
from app.text import Texts
from app.words import said, said_reason
from inference.api.errors import UserError
from inference.api.messages import Failed, FailureKind, decode_event, encode
from inference.api.sentence import Sentence
from inference.catalog import find
from tests.app.sentences import Said, UntranslatableError, engine_sources, sentences

NESTED = "{path} lacks {parts}: put what is missing beside it, or say where it lies."


@pytest.fixture
def chinese(qtbot: QtBot) -> Iterator[None]:
    before, texts = QLocale(), Texts()
    texts.use(Language.CHINESE)
    yield
    texts.use(Language.ENGLISH)
    QLocale.setDefault(before)


@pytest.mark.usefixtures("chinese")
def test_parts_of_a_sentence_are_said_too_after_the_way_from_the_worker() -> None:
    part = Sentence("the {part} ({place})", part=Sentence("text encoder"), place="x")
    event = Failed("a", FailureKind.INPUT, Sentence(NESTED, path="/a{b}", parts=part))
    heard = decode_event(encode(event))
    assert isinstance(heard, Failed)
    assert heard.message == event.message
    assert said(heard.message) == "/a{b} 缺少以下部分：文本编码器（x）。请把它们放到它旁边。"


@pytest.mark.usefixtures("chinese")
def test_an_error_of_the_real_engine(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        find(str(tmp_path / "gone"))
    assert said(caught.value).startswith(f"没有模型“{tmp_path / 'gone'}”：")
    assert "There is no model" in str(caught.value)


@pytest.mark.usefixtures("chinese")
def test_words_of_the_window_itself_stay_and_reasons_are_known() -> None:
    assert said("{x}") == said(UserError("{x}")) == "{x}"
    assert said_reason(PermissionError(errno.EACCES, "Zugriff verweigert")) == "权限不足"
    assert said_reason(OSError("odd")) == "odd"


@pytest.mark.parametrize("path", engine_sources(), ids=lambda path: path.stem)
def test_every_sentence_has_the_values_of_its_template(path: Path) -> None:
    for made in sentences(path.read_text("utf-8"), path.name):
        assert made.values == fields_of(made.template), made.where


def fields_of(template: str) -> frozenset[str]:
    """The names in it; a template is filled as `Sentence` does it, so that odd ones are refused."""
    names = Names()
    template.format_map(names)
    return frozenset(names.asked)


class Names(dict[str, str]):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __missing__(self, name: str) -> str:
        self.asked.add(name)
        return ""


@pytest.mark.parametrize(
    "source",
    [
        'raise UserError(f"There is no {x}.")',
        'Sentence("a" + b)',
        "raise UserError(template, x=1)",
        'raise UserError("There is no {}.".format(x))',
        'Failed(job, kind, "It broke.")',
        'Notice(job, f"It {x}.")',
    ],
)
def test_what_could_not_be_translated_is_found(source: str) -> None:
    with pytest.raises(UntranslatableError, match=r"x\.py:1"):
        list(sentences(source, "x.py"))


def test_templates_are_found() -> None:
    source = 'UserError("a {b} " "c", b=1, details=x)\nUserError(error.sentence)\n'
    source += "Failed(j, k, error.sentence)"
    assert list(sentences(source, "x")) == [Said("a {b} c", frozenset({"b"}), "x:1")]
