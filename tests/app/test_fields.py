"""The small widgets that panels are put together from."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.fields import Choice
from tests.app.conftest import bring_up, picture_of


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the offscreen display
@pytest.mark.parametrize("scheme", list(theme.Scheme))
def test_list_that_drops_down_has_an_edge_all_around(
    qtbot: QtBot, qapp: QApplication, scheme: theme.Scheme
) -> None:
    theme.apply(qapp, scheme)
    choice = Choice()
    choice.addItems(["one", "two"])
    qtbot.addWidget(choice)
    bring_up(qtbot, choice)
    choice.showPopup()
    picture = picture_of(choice.view().window())
    right, bottom = picture.width() - 1, picture.height() - 1
    middle = picture.rect().center()
    edges = [(0, middle.y()), (right, middle.y()), (middle.x(), 0), (middle.x(), bottom)]
    colours = {picture.pixelColor(x, y).name() for x, y in edges}
    assert colours == {QColor(theme.current().border_strong).name()}
    choice.hidePopup()
