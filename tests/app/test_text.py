"""The language changes while the window is open."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import PySide6
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app import text
from app.settings import Language
from app.text import Texts, resolve, tip
from tests.app.sentences import for_lupdate

LRELEASE = Path(PySide6.__file__).parent / "lrelease"
LUPDATE = LRELEASE.with_name("lupdate")
SOURCE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS><TS version="2.1" language="zh_CN"><context><name>Page</name>
<message><source>Hello</source><translation>你好</translation></message></context></TS>"""


class Label(QLabel):
    """Says hello in the language of the moment."""

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.setText(QCoreApplication.translate("Page", "Hello"))


@pytest.fixture
def texts(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Texts]:
    source = tmp_path / "kinora_zh_CN.ts"
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run([LRELEASE, "-silent", source], check=True)
    monkeypatch.setattr(text, "FOLDER", tmp_path)
    before = QLocale()
    texts = Texts()
    yield texts
    texts.use(Language.ENGLISH)
    QLocale.setDefault(before)


def test_switch_reaches_open_widgets(qtbot: QtBot, texts: Texts) -> None:
    label = Label()
    qtbot.addWidget(label)
    texts.use(Language.CHINESE)
    qtbot.waitUntil(lambda: label.text() == "你好")
    assert QLocale().language() is QLocale.Language.Chinese
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"  # Qt's own
    texts.use(Language.ENGLISH)
    qtbot.waitUntil(lambda: label.text() == "Hello")


@pytest.mark.parametrize(
    ("spoken", "meant"), [("zh_TW", Language.CHINESE), ("de_DE", Language.ENGLISH)]
)
def test_system_language(monkeypatch: pytest.MonkeyPatch, spoken: str, meant: Language) -> None:
    monkeypatch.setattr(QLocale, "system", lambda: QLocale(spoken))
    assert resolve(Language.SYSTEM) is meant
    assert resolve(Language.CHINESE) is Language.CHINESE


def test_english_has_a_form_for_every_number(qtbot: QtBot) -> None:
    texts = Texts()
    texts.use(Language.ENGLISH)
    said = [QCoreApplication.translate("ForecastCard", "%n frame(s)", None, n) for n in (1, 17)]
    assert said == ["1 frame", "17 frames"]


def test_english_plurals_are_those_of_the_code(tmp_path: Path) -> None:
    kept = text.FOLDER / "kinora_en.ts"
    fresh = tmp_path / "kinora_en.ts"
    sources = sorted(Path(text.__file__).parent.glob("*.py"))
    options = ["-silent", "-pluralonly", "-no-obsolete", "-target-language", "en"]
    subprocess.run([LUPDATE, *options, *sources, "-ts", fresh], check=True)
    assert sources_in(fresh) == sources_in(kept)
    compiled = tmp_path / "kinora_en.qm"
    subprocess.run([LRELEASE, "-silent", kept, "-qm", compiled], check=True)
    assert compiled.read_bytes() == kept.with_suffix(".qm").read_bytes()


def sources_in(file: Path) -> list[str]:
    """The strings that a file translates."""
    return sorted(found.text or "" for found in ElementTree.parse(file).iter("source"))


def test_chinese_says_all_that_the_code_does(tmp_path: Path) -> None:
    kept = text.FOLDER / "kinora_zh_CN.ts"
    fresh, engine = tmp_path / "kinora_zh_CN.ts", tmp_path / "engine.py"
    engine.write_text(for_lupdate(), encoding="utf-8")
    sources = [*sorted(Path(text.__file__).parent.glob("*.py")), engine]
    options = ["-silent", "-no-obsolete", "-target-language", "zh_CN"]
    subprocess.run([LUPDATE, *options, *sources, "-ts", fresh], check=True)
    assert sources_in(fresh) == sources_in(kept)
    unfinished = [
        message.findtext("source")
        for message in ElementTree.parse(kept).iter("message")
        for translation in message.iter("translation")
        if translation.get("type") or not "".join(translation.itertext()).strip()
    ]
    assert unfinished == []
    compiled = tmp_path / "kinora_zh_CN.qm"
    subprocess.run([LRELEASE, "-silent", kept, "-qm", compiled], check=True)
    assert compiled.read_bytes() == kept.with_suffix(".qm").read_bytes()


def test_translations_keep_what_is_put_into_them() -> None:
    for message in ElementTree.parse(text.FOLDER / "kinora_zh_CN.ts").iter("message"):
        source = message.findtext("source") or ""
        translation = "".join(message.find("translation").itertext())  # type: ignore[union-attr]
        assert fields_in(source) == fields_in(translation), source


def fields_in(sentence: str) -> set[tuple[str, ...]]:
    """The places that are filled in at run time; how one is written may differ."""
    return set(re.findall(r"(\{\w*)(?:![rs])?\}|(%n)", sentence))


def test_tip_shows_a_text_as_it_was_typed_and_not_all_of_a_long_one() -> None:
    assert tip("a <b> & c") == "<qt>a &lt;b&gt; &amp; c</qt>"
    assert tip("") == ""
    assert len(tip("word " * 10_000)) < 700
