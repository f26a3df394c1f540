"""The frame: welcome, panes, menus, palette, notices, quick look, language, closing."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop import sample
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.previewers.film import FilmView
from mmstudio.desktop.previewers.page import PageView
from mmstudio.desktop.previewers.picture import PictureView
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.views.palette import ActionModel, matching
from mmstudio.desktop.window import PANES, MainWindow
from mmstudio.i18n import set_language
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter
from mmstudio.settings import load_settings
from mmstudio.studio import Studio
from support.media import make_image
from support.qt import settle, wait_until

MakeWindow = Callable[[AppContext], MainWindow]


@pytest.fixture
def window(open_context: AppContext, make_window: MakeWindow) -> MainWindow:
    return make_window(open_context)


def test_without_a_library_the_welcome_page_stands_in(context: AppContext, make_window: MakeWindow) -> None:
    window = make_window(context)
    assert window.stack.currentWidget() is window.welcome
    context.navigate("items")
    assert window.stack.currentWidget() is window.welcome
    context.navigate("preferences")
    assert window.current == "preferences"


def test_one_click_opens_the_sample_library(
    context: AppContext,
    make_window: MakeWindow,
    studio: Studio,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # The sample was made before: what counts here is the way of the click.
    path = studio.library.path
    studio.close()
    (tmp_path / "sample").mkdir()
    path.rename(tmp_path / "sample" / "Sample.mmlib")
    monkeypatch.setattr(sample, "data_dir", lambda: tmp_path)
    window = make_window(context)
    qtbot.mouseClick(window.welcome.sample, Qt.MouseButton.LeftButton)
    wait_until(lambda: window.current == "library" and len(window.panes["library"].model.ids) == 6)  # type: ignore[attr-defined]
    assert context.settings.recent_libraries[0].endswith("Sample.mmlib")


def test_every_pane_opens(window: MainWindow, notices: list[Notice]) -> None:
    for key, *_rest in PANES:
        window.context.navigate(key)
        settle(window.context)
        assert window.current == key
        assert window.stack.currentWidget() is window.panes[key]
    assert [n for n in notices if n.level == "error"] == []


def test_the_last_pane_is_remembered(window: MainWindow) -> None:
    window.context.navigate("jobs")
    settle(window.context)
    assert load_settings().last_pane == "jobs"


def test_every_action_has_words_and_a_tip(window: MainWindow) -> None:
    for action in window.actions():
        assert action.text()
        assert action.statusTip() or action.property("language")
    keys = [k.toString() for a in window.actions() for k in a.shortcuts()]
    assert len(keys) == len(set(keys))
    assert {"Ctrl+K", "Ctrl+F", "Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+1", "Ctrl+8"} <= set(keys)


def test_every_action_of_the_frame_is_in_a_menu(window: MainWindow) -> None:
    listed: set[QAction] = set()
    for menu in window.menuBar().findChildren(QMenu):
        listed.update(menu.actions())
    assert [a.text() for a in window.actions() if a not in listed] == []


def test_buttons_have_accessible_names(window: MainWindow) -> None:
    for key in ("library", "jobs", "preferences"):
        window.context.navigate(key)
        settle(window.context)
    nameless = [
        b.objectName() or type(b).__name__
        for b in window.findChildren(QAbstractButton)
        if not b.objectName().startswith("qt_")
        and not (b.accessibleName() or b.text())
        and b.isVisibleTo(window)
    ]
    assert nameless == []


def test_the_palette_finds_and_runs(window: MainWindow, qtbot: QtBot) -> None:
    palette = window.open_palette()
    qtbot.keyClicks(palette.field, "jobs")
    assert palette.model.rowCount() >= 1
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    settle(window.context)
    assert window.current == "jobs"


def test_the_palette_ranks_beginnings_first(window: MainWindow) -> None:
    found = matching(window.actions(), "li")
    assert found[0].text().lower().startswith("li")
    assert matching(window.actions(), "no such thing at all") == []


def test_search_goes_to_the_field(window: MainWindow) -> None:
    window.context.navigate("jobs")
    settle(window.context)
    window.focus_search()
    assert window.current == "library"


def test_a_change_of_language_reaches_everything(window: MainWindow) -> None:
    context = window.context
    context.navigate("jobs")
    settle(context)
    before = window.menus.find.text()
    context.change_setting("language", "zh_CN")
    settle(context)
    try:
        assert window.menus.find.text() != before
        assert window.heading.text() == "任务"
        assert window.welcome.sample.text() != "Open the sample library"
    finally:
        context.change_setting("language", "en")
        set_language("en")
    assert window.menus.find.text() == before


def test_notices_stack_and_errors_stay(window: MainWindow) -> None:
    context = window.context
    context.notify("One")
    context.notify("Two", level="error", hint="Do this.")
    context.notify("Three")
    context.notify("Four")
    assert [n.text for n in window.toasts.shown] == ["Two", "Three", "Four"]
    context.notify("Four")
    assert [n.text for n in window.toasts.shown] == ["Two", "Three", "Four"]
    assert len(window.toasts.past) == 5


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ("kind:picture", PictureView),
        ("kind:sound", SoundView),
        ("kind:video", FilmView),
        ("kind:text", PageView),
    ],
)
def test_quick_look_shows_each_kind(window: MainWindow, query: str, view: type, qtbot: QtBot) -> None:
    context = window.context
    context.navigate("library", query=query)
    settle(context)
    window.panes["library"].refresh()  # type: ignore[attr-defined]
    settle(context)
    context.quick_look(window.panes["library"].model.ids[:1])  # type: ignore[attr-defined]
    settle(context)
    assert window.quick.isVisible()
    assert isinstance(window.quick.preview.view, view)
    qtbot.keyClick(window.quick, Qt.Key.Key_Escape)
    assert not window.quick.isVisible()


def test_the_inspector_follows_and_edits(window: MainWindow, qtbot: QtBot) -> None:
    context = window.context
    context.navigate("library")
    settle(context)
    chosen = window.panes["library"].model.ids[0]  # type: ignore[attr-defined]
    context.select_assets([chosen])
    settle(context)
    inspector = window.inspector
    asset = context.library.assets.get(chosen)
    assert inspector.title.text() == asset.title
    inspector.title.setText("A better title")
    inspector.title.editingFinished.emit()
    inspector.new_tag.setText("sea, sky")
    qtbot.keyClick(inspector.new_tag, Qt.Key.Key_Return)
    inspector.stars.rated.emit(5)
    settle(context)
    asset = context.library.assets.get(chosen)
    assert (asset.title, asset.rating) == ("A better title", 5)
    assert {"sea", "sky"} <= set(context.library.assets.tags_of([chosen])[chosen])


def test_closing_pauses_jobs_and_the_next_start_offers_them(
    context: AppContext, make_window: MakeWindow, studio: Studio, notices: list[Notice]
) -> None:
    context.adopt(studio)
    window = make_window(context)

    def work(job: JobContext) -> Generator[Progress, None, None]:
        while not job.pause_requested():
            yield Progress(1, 2)
        job.save_checkpoint({"done": 1})
        job.paused()

    handle = studio.runner.submit("rescan", work, {}, title="Look for changes")
    wait_until(lambda: handle.state == "running" and bool(context.jobs.running))
    window.close()
    wait_until(lambda: not window.isVisible())
    again = Studio.open(studio.library.path)
    context.adopt(again)
    wait_until(lambda: any("interrupted" in n.text for n in notices))
    settle(context)


def test_the_engine_loads_behind_a_status_line(window: MainWindow) -> None:
    window.warm_up()
    assert window.strip.status.text() == "Loading the engine…"
    wait_until(lambda: not window.strip.status.text())


def test_files_that_come_are_taken_in(window: MainWindow, media: Path) -> None:
    wait_until(lambda: window.watch.watching)
    # A file that was there before the watch began is not a change: write until one is noticed.
    context, names = window.context, iter(range(1000))

    def arrived() -> bool:
        if not context.jobs.running and len(context.library.assets.ids(AssetFilter())) == 6:
            make_image(media / f"new_{next(names) % 3}.png", (64, 48), seed=next(names))
        return len(context.library.assets.ids(AssetFilter())) > 6

    wait_until(arrived)
    wait_until(lambda: not context.jobs.running)
    settle(context)


def test_a_busy_library_opens_read_only(
    context: AppContext, studio: Studio, make_window: MakeWindow, notices: list[Notice]
) -> None:
    window = make_window(context)
    context.open_library(studio.library.path)
    wait_until(lambda: context.studio is not None)
    settle(context)
    assert context.read_only
    assert window.read_only_note.isVisible()
    assert any("reading only" in n.text for n in notices)
    context.close_library()
    settle(context)
    studio.close()


def test_a_path_that_is_no_library_is_said(
    context: AppContext, make_window: MakeWindow, notices: list[Notice], tmp_path: Path
) -> None:
    make_window(context)
    (tmp_path / "plain.txt").write_text("no library")
    context.open_library(tmp_path / "plain.txt")
    wait_until(lambda: bool(notices))
    settle(context)
    assert notices[0].level == "error"
    assert not context.opening


def test_the_action_model_passes_the_model_test(window: MainWindow, qtmodeltester: ModelTester) -> None:
    model = ActionModel()
    model.set_rows(window.actions())
    qtmodeltester.check(model)


def test_a_pane_keeps_its_actions_and_keys(window: MainWindow, qtbot: QtBot) -> None:
    pane = window.panes["library"]
    names = [made.text() for made in pane.actions()]
    window.menus.refresh()
    window.context.navigate("jobs")
    window.context.navigate("library")
    window.menus.refresh()
    assert [made.text() for made in pane.actions()] == names
    in_menu: list[str] = []
    for made in window.menus.pane_menu.actions():
        below = made.menu()
        in_menu += [a.text() for a in below.actions()] if isinstance(below, QMenu) else [made.text()]
    assert sorted(in_menu) == sorted(names)
    ids = pane.model.ids  # type: ignore[attr-defined]
    pane.grid.select(ids[:1])  # type: ignore[attr-defined]
    settle(window.context)
    (rate,) = [made for made in pane.actions() if made.shortcut().toString() == "4"]
    rate.trigger()
    wait_until(lambda: window.context.library.assets.get(ids[0]).rating == 4)


def test_closing_quick_look_gives_the_focus_back(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    grid = window.panes["library"].grid  # type: ignore[attr-defined]
    grid.setFocus()
    before = window.focusWidget()
    window.context.quick_look(window.panes["library"].model.ids[:1])  # type: ignore[attr-defined]
    settle(window.context)
    qtbot.keyClick(window.quick, Qt.Key.Key_Escape)
    assert window.focusWidget() is before


def test_icons_of_the_pages_exist(window: MainWindow) -> None:
    from mmstudio.desktop.icons import names
    from mmstudio.desktop.panes import library
    from mmstudio.desktop.window import PAGES, PANES

    given = {entry[2] for entry in (*PANES, *PAGES)} | {page[2] for page in library._PAGES}
    assert given <= names()


def test_the_pages_are_near_what_is_selected(window: MainWindow, qtbot: QtBot) -> None:
    context = window.context
    context.navigate("library")
    settle(context)
    pane = window.panes["library"]
    asset_id = pane.model.ids[0]
    pane.grid.select([asset_id])
    settle(context)
    offered = {made.text() for made in pane.selection_actions()}
    assert {"Look inside…", "Teach a tag…", "Preview augmentation…"} <= offered
    window.inspector.inside.click()
    settle(context)
    assert (window.current, window.panes["inside"]._asset_id) == ("inside", asset_id)
    window.inspector.teach.click()
    settle(context)
    assert window.current == "teach"
    assert window.panes["teach"].example_model.ids == [asset_id]
