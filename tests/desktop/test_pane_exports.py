"""The Exports pane: choosing ads and channels, exporting, what came out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.models.export_lines import ExportLine, ExportMatrix
from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.panes.exports import ExportsPane
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> ExportsPane:
    path = make_store(tmp_path)
    with Library.open(path) as library:
        composer = Composer(library, None, None)
        for item in library.items.ids()[:2]:
            composer.compose("product-ad", item, library.audiences.list()[0].id)
    context.adopt(Studio.open(path))
    made = show_pane(ExportsPane, context, qtbot)
    made._set_folder(str(tmp_path / "out"))
    return made


def column_of(pane: ExportsPane, channel: str) -> int:
    return 1 + [c.name for c in pane.matrix.channels].index(channel)


def test_ads_stand_against_channels(pane: ExportsPane) -> None:
    assert pane.matrix.rowCount() == 2
    assert pane.matrix.columnCount() == 1 + len(pane.matrix.channels)
    assert not pane.export_button.isEnabled()
    assert names_missing(pane) == []


def test_ticking_exporting_and_finding_the_files(pane: ExportsPane, tmp_path: Path, qtbot: QtBot) -> None:
    for row in range(2):
        click_row(qtbot, pane.table, row, column_of(pane, "square-card"))
    click_row(qtbot, pane.table, 0, column_of(pane, "captions"))
    assert pane.export_button.text() == "Export 3 files"
    click(qtbot, pane.export_button)
    wait_until(lambda: pane._run is None and pane.finished.rowCount() == 3)
    assert not pane.export_button.isEnabled()  # what is exported is unticked
    pane.tabs.setCurrentWidget(pane.finished_page)
    settle(pane.context)
    files = [row.path for row in pane.finished.rows]
    assert all(Path(f).is_file() for f in files)
    click_row(qtbot, pane.files, 0)
    click(qtbot, pane.copy_button)
    assert QGuiApplication.clipboard().text() == files[0]
    dragged = pane.finished.mimeData([pane.finished.index(1)])
    assert [url.toLocalFile() for url in dragged.urls()] == [files[1]]


def test_a_heading_ticks_its_channel_for_every_ad(pane: ExportsPane, qtbot: QtBot) -> None:
    header = pane.table.horizontalHeader()
    column = column_of(pane, "tall-card")
    at = QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert pane.export_button.text() == "Export 2 files"
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert pane.matrix.wanted() == []


def test_space_ticks_by_keyboard(pane: ExportsPane, qtbot: QtBot) -> None:
    pane.table.setCurrentIndex(pane.matrix.index(1, 1))
    pane.table.setFocus()
    qtbot.keyClick(pane.table.viewport(), Qt.Key.Key_Space)
    assert [line.item.id for line, _channels in pane.matrix.wanted()] == [pane.matrix.lines[1].item.id]


def test_an_item_can_be_added_and_is_composed_on_the_way(pane: ExportsPane, qtbot: QtBot) -> None:
    click(qtbot, pane.add_button)
    wait_until(lambda: pane.picker.model.rowCount() == 6)
    pane.picker.search.setText("number 5")
    wait_until(lambda: pane.picker.model.rowCount() == 1)
    qtbot.keyClick(pane.picker.search, Qt.Key.Key_Return)
    wait_until(lambda: pane.matrix.rowCount() == 3)
    assert pane.matrix.lines[0].storyboard is None
    standard = [c.name for c in pane.matrix.channels if c.standard]
    assert pane.matrix.wanted() == [(pane.matrix.lines[0], standard)]


def test_recommended_items_are_added_for_their_audience(pane: ExportsPane) -> None:
    audience = pane.context.library.audiences.list()[1]
    pane.add_recommended(audience.id)
    wait_until(lambda: pane.matrix.rowCount() > 2)
    assert {line.audience_name for line, _channels in pane.matrix.wanted()} == {audience.name}


def test_without_items_it_says_what_exports_are(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(ExportsPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message


def test_nothing_is_exported_from_a_library_that_is_read_only(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(ExportsPane, context, qtbot)
    assert not pane.add_button.isEnabled()
    assert not pane.export_button.isEnabled()


def test_the_models_keep_qts_rules(pane: ExportsPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.matrix)
    qtmodeltester.check(pane.finished)


def line(item: int, storyboard: int | None = None) -> ExportLine:
    return ExportLine(ItemRow(item, f"Item {item}", "", "", None), None, "", storyboard)


def test_the_matrix_remembers_ticks_while_ads_are_composed() -> None:
    matrix = ExportMatrix()
    matrix.set_channels([ChannelRow("a", "A", "", standard=True), ChannelRow("b", "B", "")])
    matrix.add([line(1), line(2)])
    assert [(ad.item.id, channels) for ad, channels in matrix.wanted()] == [(1, ["a"]), (2, ["a"])]
    matrix.toggle_row(0)
    matrix.set_lines([line(1, storyboard=9)])
    assert [(ad.item.id, ad.storyboard, channels) for ad, channels in matrix.wanted()] == [
        (2, None, ["a"]),
        (1, 9, ["a", "b"]),
    ]
    matrix.untick(matrix.lines[1])
    assert [ad.item.id for ad, _channels in matrix.wanted()] == [2]


def test_the_ad_takes_the_room_that_channels_leave(pane: ExportsPane) -> None:
    pane.show_channels([c.name for c in pane._all][:3])
    pane.resize(1200, 700)
    settle(pane.context)
    wide = pane.table.columnWidth(0)
    pane.resize(420, 700)
    settle(pane.context)
    assert wide > pane.table.columnWidth(0) == 232
