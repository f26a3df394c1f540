"""What a first walk through the window tripped over, each mended."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtWidgets import QLabel, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.menus import fill_menu
from mmstudio.desktop.models.channels import default_folder
from mmstudio.desktop.models.job_model import JobModel, JobRow, failed_words, state_text
from mmstudio.desktop.panes.exports import ExportsPane
from mmstudio.desktop.panes.library import LibraryPane
from mmstudio.desktop.panes.make import MakePane
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.window import MainWindow
from mmstudio.errors import NotFound
from mmstudio.i18n import mark
from mmstudio.jobs import JobContext, Progress
from mmstudio.jobs.runner import FAILED_WITH
from mmstudio.library import AssetFilter
from mmstudio.library.records import NewItem
from mmstudio.paths import data_dir
from mmstudio.studio import Studio
from support.qt import settle, wait_until

MakeWindow = Callable[[AppContext], MainWindow]


@pytest.fixture
def window(open_context: AppContext, make_window: MakeWindow) -> MainWindow:
    return make_window(open_context)


def ids_of(context: AppContext, kind: str = "image", status: str = "ok") -> list[int]:
    wanted = AssetFilter(kinds=(kind,), statuses=(status,))  # type: ignore[arg-type]
    return list(context.library.assets.ids(wanted))


def test_a_file_that_cannot_be_read_says_why_in_the_inspector(window: MainWindow, tmp_path: Path) -> None:
    context = window.context
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    context.submit("import", {"paths": [str(broken)]})
    wait_until(lambda: bool(ids_of(context, status="corrupt")))
    window.show_pane("library")
    context.select_assets(ids_of(context, status="corrupt"))
    settle(context)
    assert window.inspector.title.isVisible()
    assert window.inspector.title.text() == "broken"
    facts = window.inspector._facts_widget.findChildren(QLabel)
    assert any("broken.jpg is damaged" in fact.toolTip() for fact in facts)


def test_the_inspector_shows_no_selection_of_another_page(window: MainWindow) -> None:
    context = window.context
    window.show_pane("library")
    picture = ids_of(context)[0]
    context.select_assets([picture])
    settle(context)
    assert window.inspector.title.isVisible()
    window.show_pane("create")
    settle(context)
    assert not window.inspector.title.isVisible()
    assert context.selection == [picture]  # what Make a set and Play take up
    window.show_pane("map")
    settle(context)
    assert window.inspector.title.isVisible()
    window.show_pane("library")
    settle(context)
    assert window.inspector.title.isVisible()


def test_a_notice_covers_no_button_at_the_foot_of_a_page(window: MainWindow, notices: list[Notice]) -> None:
    window.show_pane("models")
    settle(window.context)
    window.context.notify("One", action=("Undo", lambda: None))
    card = window.toasts._cards[-1]
    foot = card.mapTo(window, card.rect().bottomLeft()).y()
    pane = window.panes["models"]
    assert foot < pane.mapTo(window, pane.rect().bottomLeft()).y() - 60


def test_the_menu_of_the_library_fits_a_small_screen(window: MainWindow) -> None:
    window.show_pane("library")
    menu = window.menus.pane_menu
    assert len(menu.actions()) <= 25
    assert menu.sizeHint().height() < 760
    rating = next(a.menu() for a in menu.actions() if a.text() == "Rating")
    assert isinstance(rating, QMenu)
    assert [a.shortcut().toString() for a in rating.actions()] == list("012345")
    again = QMenu()
    assert [m.title() for m in fill_menu(again, window.panes["library"].actions())] == [
        "Rating",
        "Find what is like it",
    ]


def test_what_is_selected_goes_into_a_recipe(window: MainWindow) -> None:
    context = window.context
    window.show_pane("library")
    library = window.panes["library"]
    assert isinstance(library, LibraryPane)
    settle(context)
    pictures = ids_of(context)[:2]
    library.grid.select(pictures)
    go = next(a for a in library.actions() if a.text() == "Make with these…")
    wait_until(go.isEnabled)
    go.trigger()
    wait_until(lambda: window.current == "make")
    make = window.panes["make"]
    assert isinstance(make, MakePane)
    wait_until(lambda: sorted(make.form.shelf.ids) == sorted(pictures))


def test_a_job_says_what_it_waits_for_and_when_it_ended(open_context: AppContext) -> None:
    studio, jobs = open_context.studio, open_context.jobs
    assert studio is not None
    gate = Event()

    def film(_job: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 2)
        gate.wait(240)
        yield Progress(2, 2)

    studio.runner.submit("film", film, title="Make a film", lane="device")
    wait_until(lambda: _states(jobs)[:1] == ["running"])
    studio.runner.submit("set", film, title="Make a set", lane="device")
    wait_until(lambda: bool(jobs.rows[0].waits_for))
    assert state_text(jobs.rows[0]) == "Waiting for: Make a film"
    gate.set()
    wait_until(lambda: _states(jobs) == ["done", "done"])
    assert state_text(jobs.rows[0]).startswith("Done · 2")
    assert jobs.rows[1].waits_for == ""


def test_a_failed_job_is_told_in_the_language_in_use(open_context: AppContext) -> None:
    studio, jobs = open_context.studio, open_context.jobs
    assert studio is not None

    def fails(_job: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 1)
        raise NotFound(mark("There is no item {name}."), name="x1", hint=mark("Open one from the File menu."))

    studio.runner.submit("export", fails, title="Export")
    wait_until(lambda: _states(jobs) == ["failed"])
    assert "There is no item x1." in state_text(jobs.rows[0])
    jobs.reload()  # as the next start reads it
    settle(open_context)
    open_context.change_setting("language", "zh_CN")
    sentence, hint = failed_words(jobs.rows[0])
    assert "x1" in sentence
    assert sentence != "There is no item x1."
    assert "File" not in hint


@pytest.mark.parametrize(
    "kept",
    [
        {"template": "{n:>999999999}", "hint": "", "values": {"n": 1}},
        {"template": "{n.__class__}", "hint": "", "values": {"n": 1}},
        {"template": "Said", "hint": 3, "values": {}},
        {"template": "Said", "values": ["n"]},
        "Said",
    ],
)
def test_what_another_program_wrote_of_a_failed_job_is_not_filled_in(kept: object) -> None:
    row = JobRow(1, "export", "Export", "failed", error="It failed.", result={FAILED_WITH: kept})
    assert failed_words(row) == ("It failed.", "")


def _states(jobs: JobModel) -> list[str]:
    return [row.state for row in jobs.rows]


def test_an_import_does_not_count_what_it_could_not_read(
    window: MainWindow, tmp_path: Path, notices: list[Notice]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "note.txt").write_text("A note about rain", encoding="utf-8")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    window.context.submit("import", {"paths": [str(folder)]})
    wait_until(lambda: any("Import finished" in one.text for one in notices))
    told = next(one for one in notices if "Import finished" in one.text)
    assert "1 added" in told.text
    assert told.hint == "One file could not be read."


def test_exports_of_a_library_in_a_hidden_folder_go_home(studio: Studio, context: AppContext) -> None:
    beside = Path(default_folder(studio.library))
    assert beside.parent == Path(studio.library.path).parent
    with Studio.create(data_dir() / "libraries" / "Holiday.mmlib") as own:
        assert Path(default_folder(own.library)) == Path.home() / "Holiday exports"


def test_a_search_that_was_read_is_shown_whole(window: MainWindow) -> None:
    window.context.navigate("library", query="status:corrupt,missing")
    settle(window.context)
    pane = window.panes["library"]
    assert isinstance(pane, LibraryPane)
    pane.refresh()
    (chip,) = [one for one in pane.chips.findChildren(QToolButton) if not one.isHidden()]
    assert chip.text() == pane.chips.texts[0]


def test_what_was_exported_without_any_item_is_listed(open_context: AppContext, qtbot: QtBot) -> None:
    library = open_context.library
    assert library.items.count() == 0
    picture = library.assets.get(ids_of(open_context)[0])
    path = library.assets.path_of(picture)
    library.exports.add(None, "square-card", str(path), picture.sha256, picture.size, 0.1, "png")
    pane = ExportsPane(open_context)
    qtbot.addWidget(pane)
    pane.show()
    settle(open_context)
    assert pane.states.currentWidget() is pane.states.content
    assert pane.finished.rowCount() == 1


def test_the_preview_asks_for_an_item_in_whole_words_in_a_small_window(
    open_context: AppContext, qtbot: QtBot
) -> None:
    open_context.library.items.upsert_many([NewItem(sku="1", title="Lamp")])
    pane = PreviewPane(open_context)
    qtbot.addWidget(pane)
    pane.show()
    settle(open_context)
    for width, lines in ((900, 1), (560, 2), (900, 1)):
        pane.resize(width, 560)
        settle(open_context)
        words = pane.item.fontMetrics().horizontalAdvance("Choose an item")
        assert pane.item.width() > words + 64  # its picture and its arrow
        assert (pane.audience.y() > pane.item.geometry().bottom()) == (lines == 2), width
        for part in (pane.audience, pane.recipe, pane.compose_button, pane.edit_button):
            assert part.geometry().right() <= width
            assert not part.geometry().intersects(pane.item.geometry())
