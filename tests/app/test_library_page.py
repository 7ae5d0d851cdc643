"""The library's page: clips are seen, found, watched, kept and thrown away, by mouse and by keys."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.clip_actions import ClipAction
from app.clips import Clips
from app.library_page import LibraryPage, Place
from tests.app.conftest import PATIENCE_MS, bring_up, hover, picture_of
from tests.app.kinora_clips import ask, write_clip

NO_MODIFIER = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def clips(qtbot: QtBot, tmp_path: Path) -> Iterator[Clips]:
    clips = Clips(tmp_path / "data")
    yield clips
    clips.close()


@pytest.fixture
def page(qtbot: QtBot, clips: Clips) -> Iterator[LibraryPage]:
    page = LibraryPage(clips)
    qtbot.addWidget(page)
    page.resize(900, 600)
    bring_up(qtbot, page)
    yield page
    page.close_pictures()


def put(clips: Clips, folder: Path, *prompts: str, frames: int = 5) -> list[int]:
    """Clips in the library, the last of them the newest; their ids."""
    paths = [write_clip(folder / f"{n}.mp4", frames=frames) for n in range(len(prompts))]
    return [
        clips.add(path, ask(prompt, seed=40 + n, frames=frames)).id
        for n, (path, prompt) in enumerate(zip(paths, prompts, strict=True))
    ]


def centre(page: LibraryPage, row: int) -> QPoint:
    return page.grid.visualRect(page.grid.model().index(row, 0)).center()


def shown(clips: Clips) -> list[str]:
    return [clip.request.prompt for clip in clips.clips]


def test_empty_library_says_so_and_shows_the_way(qtbot: QtBot, page: LibraryPage) -> None:
    assert "No clips yet" in page.empty.text()
    assert page.empty.isVisible()
    assert not page.grid.isVisible()
    with qtbot.waitSignal(page.making_wanted):
        page.way_out.click()


def test_new_clip_appears_first_and_what_was_selected_stays(
    page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    first, _ = put(clips, tmp_path / "a", "one", "two")
    assert page.grid.isVisible()
    assert page.clip is not None
    assert page.clip.id == first  # it was the newest when it came
    put(clips, tmp_path / "b", "three")
    assert shown(clips) == ["three", "two", "one"]
    assert page.clip.id == first
    assert page.count.text() == "3"


def test_typing_finds_by_prompt_seed_and_date(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    put(clips, tmp_path, "a red fox", "a dog", "a blue fox")
    qtbot.keyClicks(page.search, "FOX red")
    assert shown(clips) == ["a red fox"]
    assert page.count.text() == "1 of 3"
    page.search.clear()
    qtbot.keyClicks(page.search, "seed 41")
    assert shown(clips) == ["a dog"]
    assert page.clip is not None
    assert page.clip.request.prompt == "a dog"
    page.search.setText("2001-01")
    assert "Nothing is found for “2001-01”" in page.empty.text()
    assert not page.grid.isVisible()
    page.way_out.click()
    assert len(shown(clips)) == 3


def test_selected_clip_stays_selected_while_one_searches(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    put(clips, tmp_path, "a fox", "a dog", "a fox again")
    page.grid.select(2)
    page.search.setText("fox")
    assert page.clip is not None
    assert page.clip.request.prompt == "a fox"
    page.search.clear()
    assert page.clip.request.prompt == "a fox"


def test_places(page: LibraryPage, clips: Clips, tmp_path: Path) -> None:
    one, two = put(clips, tmp_path, "one", "two")
    page.places.buttons[list(Place).index(Place.FAVOURITES)].click()
    assert "No favourites yet" in page.empty.text()
    clips.set_favourite(one, favourite=True)
    assert shown(clips) == ["one"]
    page.places.buttons[list(Place).index(Place.TRASH)].click()
    assert page.empty.text() == "The trash is empty."
    assert not page.emptying.isEnabled()
    clips.trash([two])
    assert shown(clips) == ["two"]
    assert page.emptying.isEnabled()
    assert page.foot.buttons[ClipAction.RESTORE].isEnabled()
    assert not page.foot.buttons[ClipAction.DELETE].isVisible()


@pytest.mark.parametrize(
    ("key", "action"),
    [
        (Qt.Key.Key_Return, ClipAction.WATCH),
        (Qt.Key.Key_Enter, ClipAction.WATCH),
        (Qt.Key.Key_U, ClipAction.REUSE),
        (Qt.Key.Key_C, ClipAction.COMPARE),
        (Qt.Key.Key_S, ClipAction.FAVOURITE),
        (Qt.Key.Key_O, ClipAction.FOLDER),
        (Qt.Key.Key_Delete, ClipAction.DELETE),
    ],
    ids=lambda value: value.name,
)
def test_keys(
    qtbot: QtBot,
    page: LibraryPage,
    clips: Clips,
    tmp_path: Path,
    key: Qt.Key,
    action: ClipAction,
) -> None:
    _, two = put(clips, tmp_path, "one", "two")
    page.grid.select(0)
    with qtbot.waitSignal(page.act_wanted) as wanted:
        qtbot.keyClick(page.grid, key)
    assert wanted.args == [action, [two]]


def test_arrows_lead_from_search_over_the_rows(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    put(clips, tmp_path, *map(str, range(6)))
    page.grid.select(0)
    page.search.setFocus()
    qtbot.keyClick(page.search, Qt.Key.Key_Down)
    assert page.grid.hasFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_Right)
    qtbot.keyClick(page.grid, Qt.Key.Key_Down)
    assert page.grid.currentIndex().row() == 5  # four tiles to a row
    qtbot.keyClick(page.grid, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.search.hasFocus()


def test_several_are_deleted_at_once_but_one_is_watched(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    one, two, three = put(clips, tmp_path, "one", "two", "three")
    page.grid.select(0)
    qtbot.keyClick(page.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert page.foot.prompt.text() == "2 clips are selected"
    with qtbot.waitSignal(page.act_wanted) as wanted:
        page.foot.buttons[ClipAction.DELETE].click()
    assert wanted.args == [ClipAction.DELETE, [three, two]]
    with qtbot.waitSignal(page.act_wanted) as wanted:
        page.act(ClipAction.WATCH)
    assert wanted.args == [ClipAction.WATCH, [two]]
    clips.trash([three, two])
    assert page.clip is not None
    assert page.clip.id == one  # the next, so that the keys go on


def test_next_clip_is_selected_after_one_that_is_deleted(
    page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    one, two, three = put(clips, tmp_path, "one", "two", "three")
    page.grid.select(1)
    clips.trash([two])
    assert page.grid.ids == [one]
    assert page.count.text() == "2"  # and not 2 of 3
    clips.trash([one])
    assert page.grid.ids == [three]


def test_menu_offers_what_can_be_done(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "one")
    menu = page.menu()
    names = [entry.text() for entry in menu.actions()]
    assert names[:2] == ["Watch", "Use these settings"]
    assert "Show in folder" in names
    with qtbot.waitSignal(page.act_wanted) as wanted:
        menu.actions()[-1].trigger()
    assert wanted.args == [ClipAction.DELETE, [one]]


def test_clip_that_was_finished_early_tells_the_steps_it_took(
    page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    request = replace(ask("one"), steps=20, stop_after=17)
    clips.add(write_clip(tmp_path / "1.mp4"), request)
    page.grid.select(0)
    assert "17 of 20 steps" in page.foot.details.text()


def test_missing_file_is_shown_as_such_and_only_its_settings_are_of_use(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "one")
    Path(clips.clip(one).path).unlink()
    with qtbot.waitSignal(clips.missing_changed):
        clips.check_files()
    page.grid.grab()
    assert not page.foot.buttons[ClipAction.WATCH].isEnabled()
    assert not page.foot.buttons[ClipAction.FOLDER].isEnabled()
    assert page.foot.buttons[ClipAction.REUSE].isEnabled()
    assert page.foot.buttons[ClipAction.DELETE].isEnabled()
    assert "is missing" in page.foot.details.text()


def test_clip_plays_under_the_mouse_and_stops_where_it_is_not_seen(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "one", frames=25)
    qtbot.waitUntil(lambda: clips.clip(one).thumbnail_frames == 9, timeout=PATIENCE_MS)
    place = centre(page, 0) - QPoint(0, 40)
    tiles = page.grid.tiles
    shades: set[int] = set()

    def sees_frames() -> bool:
        image = picture_of(page.grid.viewport())
        shades.add(image.pixelColor(place).lightness())
        return len(shades) >= 5

    hover(qtbot, page.grid.viewport(), place, sees_frames)
    page.hide()
    assert tiles.playing == 0
    bring_up(qtbot, page)
    hover(qtbot, page.grid.viewport(), place, lambda: tiles.playing == one)
    QApplication.sendEvent(page.grid.viewport(), QEvent(QEvent.Type.Leave))
    assert tiles.playing == 0


def test_playing_clip_can_be_deleted(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    one, _ = put(clips, tmp_path, "one", "two")
    qtbot.waitUntil(lambda: clips.clip(one).thumbnail_frames > 1, timeout=PATIENCE_MS)
    tiles = page.grid.tiles
    hover(qtbot, page.grid.viewport(), centre(page, 1), lambda: tiles.playing == one)
    clips.trash([one])
    assert tiles.playing == 0


def test_star_is_clicked_without_opening_the_clip(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    (one,) = put(clips, tmp_path, "one")
    tile = page.grid.visualRect(page.grid.model().index(0, 0))
    star = QPoint(tile.right() - 22, tile.top() + 22)
    left = Qt.MouseButton.LeftButton
    with qtbot.waitSignal(page.act_wanted) as wanted:
        qtbot.mouseClick(page.grid.viewport(), left, NO_MODIFIER, star)
    assert wanted.args == [ClipAction.FAVOURITE, [one]]
    with qtbot.assertNotEmitted(page.grid.tiles.opened):
        qtbot.mouseDClick(page.grid.viewport(), left, NO_MODIFIER, star)
    with qtbot.waitSignal(page.act_wanted) as wanted:
        qtbot.mouseDClick(page.grid.viewport(), left, NO_MODIFIER, tile.center())
    assert wanted.args == [ClipAction.WATCH, [one]]


def test_tiles_share_out_the_width(page: LibraryPage, clips: Clips, tmp_path: Path) -> None:
    put(clips, tmp_path, *map(str, range(6)))
    page.grid.viewport().grab()
    rights = [page.grid.visualRect(page.grid.model().index(n, 0)).right() for n in range(6)]
    tops = {page.grid.visualRect(page.grid.model().index(n, 0)).top() for n in range(6)}
    assert page.grid.viewport().width() - max(rights) < 6
    assert len(tops) == 2


def test_everything_has_a_name_and_is_reached_by_tab(
    qtbot: QtBot, page: LibraryPage, clips: Clips, tmp_path: Path
) -> None:
    put(clips, tmp_path, "one")
    buttons = [*page.foot.buttons.values(), *page.places.buttons, page.emptying, page.way_out]
    for widget in [*buttons, page.search, page.grid]:
        assert widget.accessibleName()
    reached: list[QWidget] = []
    page.search.setFocus()
    for _ in range(13):
        focused = QApplication.focusWidget()
        assert focused is not None
        reached.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    seen = [page.search, *page.places.buttons[:1], page.grid, page.foot.buttons[ClipAction.WATCH]]
    places = [reached.index(widget) for widget in seen]
    assert places == sorted(places)
    for action in (ClipAction.REUSE, ClipAction.FAVOURITE, ClipAction.FOLDER, ClipAction.DELETE):
        assert page.foot.buttons[action] in reached


@pytest.mark.parametrize("scheme", list(theme.Scheme))
def test_selected_tile_is_drawn_in_the_theme(
    qapp: QApplication, page: LibraryPage, clips: Clips, tmp_path: Path, scheme: theme.Scheme
) -> None:
    put(clips, tmp_path, "one", "two")
    theme.apply(qapp, scheme)
    page.grid.select(0)
    image = picture_of(page.grid.viewport())
    tiles = [page.grid.visualRect(page.grid.model().index(n, 0)) for n in range(2)]
    washes = [image.pixelColor(tile.left() + 5, tile.center().y()).name() for tile in tiles]
    theme.apply(qapp, theme.Scheme.DARK)
    assert washes[0] == theme.tokens(scheme).accent_wash
    assert washes[1] != washes[0]
