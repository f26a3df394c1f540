"""Segments: found in the events, chosen on the map or in the list, kept as an audience."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.audiences import is_found
from mmstudio.desktop.panes.segments import SegmentsPane
from mmstudio.desktop.views.events_import import import_events
from mmstudio.studio import Studio
from support.crowd import add_crowd
from support.qt import settle, wait_until
from support.storefront import click, click_row, names_missing, open_store, show_pane


def _pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> SegmentsPane:
    add_crowd(open_store(context, tmp_path, items=12))
    settle(context)
    pane = show_pane(SegmentsPane, context, qtbot)
    pane.activated()
    wait_until(lambda: pane.found is not None and context.idle)
    return pane


def test_segments_are_found_named_and_kept(
    context: AppContext, tmp_path: Path, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    pane = _pane(context, tmp_path, qtbot)
    assert pane.found is not None
    assert len(pane.found.segments) == pane.model.rowCount() >= 2
    assert pane.note.text()
    assert names_missing(pane) == []
    qtmodeltester.check(pane.model)

    click_row(qtbot, pane.list, 1)
    segment = pane.found.segments[1]
    assert pane.card.title.text() == segment.name
    marked = {int(i) for i in pane.plot.ids[pane.plot._chosen]}
    assert marked <= set(segment.members)
    pane.plot.setFocus()
    qtbot.keyClick(pane.plot, Qt.Key.Key_Up)  # arrows walk over people and choose their segment
    assert pane.list.currentIndex().isValid()

    click_row(qtbot, pane.list, 0)
    pane.card.name_field.setText("First half")
    click(qtbot, pane.card.keep_button)
    wait_until(pane.card.show_button.isVisible)
    kept = context.library.audiences.by_name("First half")
    assert kept is not None
    assert is_found(kept)
    assert context.library.audiences.member_count(kept.id) == pane.found.segments[0].size
    asked: list[tuple[str, dict[str, int]]] = []
    context.navigated.connect(lambda key, args: asked.append((key, args)))
    click(qtbot, pane.card.show_button)
    assert asked == [("audiences", {"audience": kept.id})]


def test_points_tell_a_segment_and_never_a_person(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    pane = _pane(context, tmp_path, qtbot)
    assert pane.found is not None
    told = {pane._title_of(int(member)) for member in pane.plot.ids}
    assert told <= {segment.name for segment in pane.found.segments}


def test_without_events_it_says_what_is_needed(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    library = open_store(context, tmp_path)
    pane = show_pane(SegmentsPane, context, qtbot)
    pane.activated()
    wait_until(lambda: pane.found is not None)
    message = pane.states.message
    assert pane.states.currentWidget() is message
    assert "a user, an item" in message.text.text()
    assert message.button.isVisible()
    table = tmp_path / "events.csv"
    lines = [f"p{n},SKU-{(n + k) % 6},5" for n in range(8) for k in range(3)]
    table.write_text("user,sku,rating\n" + "\n".join(lines) + "\n", encoding="utf-8")
    import_events(context, str(table))
    wait_until(lambda: len(library.audiences.interactions().member) == 24)
    assert context.studio is not None
    runner = context.studio.runner
    wait_until(lambda: not runner.active() and context.idle)


def test_an_empty_library_and_a_new_language(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(SegmentsPane, context, qtbot)
    pane.activated()
    wait_until(lambda: pane.found is not None and context.idle)
    context.change_setting("language", "zh_CN")
    pane.retranslate()
    wait_until(lambda: "人群" in pane.states.message.title.text())
    context.change_setting("language", "en")


def test_a_search_can_be_stopped(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    pane = _pane(context, tmp_path, qtbot)
    assert not pane.cancel_button.isVisible()
    before = pane.found
    click(qtbot, pane.find_button)
    assert pane.cancel_button.isVisible()
    assert not pane.find_button.isEnabled()
    click(qtbot, pane.cancel_button)
    assert not pane.cancel_button.isVisible()
    assert pane.find_button.isEnabled()
    settle(context)
    assert pane.found is before  # what was found stays, and no late answer replaces it
    assert pane.states.currentWidget() is pane.states.content
