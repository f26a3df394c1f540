"""The Library pane: finding, selecting, editing, bringing in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.asset_model import AssetModel, dropped_assets
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.tags import TagModel
from mmstudio.desktop.panes.library import LibraryPane
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.desktop.window import MainWindow
from mmstudio.studio import Studio
from support.media import make_image
from support.qt import settle, wait_until, watched_event_loop

MakeWindow = Callable[[AppContext], MainWindow]


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> LibraryPane:
    made = LibraryPane(open_context)
    open_context.changed.connect(made.data_changed)
    made.resize(1000, 700)
    qtbot.addWidget(made)
    qtbot.addWidget(made.search)
    made.show()
    settle(open_context)
    return made


def look_for(pane: LibraryPane, query: str) -> list[int]:
    pane.search.setText(query)
    pane.refresh()
    settle(pane.context)
    return list(pane.model.ids)


def test_it_shows_what_the_library_has(pane: LibraryPane) -> None:
    assert len(pane.model.ids) == 6
    assert pane.stack.currentWidget() is pane.grid
    assert pane.bar.count.text() == "6 assets"


def test_words_kinds_and_tags_filter(pane: LibraryPane) -> None:
    assert len(look_for(pane, "kind:picture")) == 3
    assert len(look_for(pane, "beach")) == 1
    assert len(look_for(pane, "tag:summer")) == 6
    pane.search.clear()
    pane.bar._kinds["audio"].click()
    settle(pane.context)
    assert len(pane.model.ids) == 1
    assert pane.search.text() == "kind:sound"
    pane.facets.choose("tag", "summer")
    settle(pane.context)
    assert len(pane.model.ids) == 1
    assert pane.search.text() == "kind:sound tag:summer"
    assert pane.chips.texts == ["Kind: Sounds", "Tag: summer"]
    pane.bar._kinds["audio"].click()
    settle(pane.context)
    assert pane.search.text() == "tag:summer"
    assert not pane.bar._kinds["audio"].isChecked()


def test_nothing_found_leads_back(pane: LibraryPane, qtbot: QtBot) -> None:
    assert look_for(pane, "zebra") == []
    assert pane.stack.currentWidget() is pane.stack.message
    assert pane.stack.message.title.text() == "Nothing matches."
    qtbot.mouseClick(pane.stack.message.button, Qt.MouseButton.LeftButton)
    settle(pane.context)
    assert len(pane.model.ids) == 6


def test_an_empty_library_says_what_to_do(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = LibraryPane(context)
    qtbot.addWidget(pane)
    qtbot.addWidget(pane.search)
    settle(context)
    assert pane.stack.message.title.text() == "This library is empty."
    assert pane.stack.message.button.text() == "Add a folder…"


def test_edits_reach_the_library_and_are_undone(pane: LibraryPane) -> None:
    context, library = pane.context, pane.context.library
    chosen = look_for(pane, "kind:picture")[:2]
    pane.grid.select(chosen)
    settle(context)
    assert set(context.selection) == set(chosen)
    pane.rate(4)
    settle(context)
    assert [a.rating for a in library.assets.get_many(chosen)] == [4, 4]
    context.undo()
    settle(context)
    assert [a.rating for a in library.assets.get_many(chosen)] == [0, 0]


def test_renaming_and_tagging_by_keyboard(pane: LibraryPane, qtbot: QtBot) -> None:
    context, library = pane.context, pane.context.library
    chosen = look_for(pane, "kind:sound")
    pane.grid.select(chosen)
    settle(context)
    pane.rename()
    field = pane.window().findChild(AskPanel).findChild(QLineEdit)
    field.setText("Drum loop")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(context)
    assert library.assets.get(chosen[0]).title == "Drum loop"
    pane.tag()
    field = next(panel for panel in pane.window().findChildren(AskPanel) if panel.isVisible()).findChild(
        QLineEdit
    )
    field.setText("drums, fast")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(context)
    assert {"drums", "fast"} <= set(library.assets.tags_of(chosen)[chosen[0]])


def test_trash_is_announced_with_an_undo(pane: LibraryPane, notices: list[Notice]) -> None:
    context = pane.context
    other = look_for(pane, "kind:picture")[0]
    chosen = look_for(pane, "kind:text")
    pane.grid.select(chosen)
    settle(context)
    pane.trash()
    settle(context)
    assert context.library.assets.get(chosen[0]).status == "trashed"
    assert notices[-1].action is not None
    context.library.assets.set_title([other], "Edited since")
    notices[-1].action[1]()
    settle(context)
    assert context.library.assets.get(chosen[0]).status == "ok"


def test_keys_without_a_selection_do_nothing(pane: LibraryPane) -> None:
    named = {a.text(): a for a in pane.actions()}
    assert not named["Move to the trash"].isEnabled()
    assert named["Add a folder…"].isEnabled()


def test_dropped_folders_are_imported_while_the_window_stays_awake(
    context: AppContext, make_window: MakeWindow, notices: list[Notice], tmp_path: Path
) -> None:
    context.adopt(Studio.create(tmp_path / "Drop.mmlib"))
    window = make_window(context)
    context.navigate("library")
    folder = tmp_path / "new"
    for n in range(40):
        make_image(folder / f"{n}.png", (200, 150), seed=n)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    pane = window.panes["library"]
    assert isinstance(pane, LibraryPane)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    drop = QDropEvent(
        QPointF(QPoint(50, 50)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with watched_event_loop(window) as gaps:
        pane.dropEvent(drop)
        wait_until(lambda: bool(notices) and len(pane.model.ids) == 40)
    assert notices[-1].text.startswith("Import finished: 4")
    assert "could not be read" in notices[-1].hint
    # Other programs share the machine, so the clock gets slack; the thread's own time does not.
    assert gaps.longest_own < 0.25
    settle(context)


def test_read_only_leaves_finding_and_takes_editing(
    studio: Studio, context: AppContext, qtbot: QtBot
) -> None:
    path = studio.library.path
    studio.close()
    context.adopt(Studio.open(path, read_only=True))
    pane = LibraryPane(context)
    qtbot.addWidget(pane)
    qtbot.addWidget(pane.search)
    settle(context)
    pane.grid.select(pane.model.ids[:1])
    settle(context)
    named = {a.text(): a for a in pane.actions()}
    assert not named["Rename…"].isEnabled()
    assert not named["Add a folder…"].isEnabled()
    assert named["Quick look"].isEnabled()


def test_the_models_pass_the_model_test(pane: LibraryPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)
    tags = TagModel()
    tags.set_rows([("summer", 6), ("sea", 2)])
    qtmodeltester.check(tags)


def test_rows_come_by_the_page(open_context: AppContext) -> None:
    model = AssetModel(open_context)
    ids = open_context.library.assets.ids(pane_filter())
    model.set_ids(ids)
    assert model.data(model.index(0), ROW_ROLE) is None
    settle(open_context)
    assert model.data(model.index(0), ROW_ROLE).id == ids[0]
    assert dropped_assets(model.mimeData([model.index(0), model.index(1)])) == ids[:2]


def pane_filter() -> object:
    from mmstudio.library import AssetFilter

    return AssetFilter()
