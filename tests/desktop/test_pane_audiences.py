"""The Audiences pane: recommendations with reasons, and the audience itself, edited in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.items import items_mime
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.panes.audiences import AudiencesPane
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, open_store, show_pane


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> AudiencesPane:
    open_store(context, tmp_path)
    made = show_pane(AudiencesPane, context, qtbot)
    wait_until(lambda: made.recommended.rowCount() > 0 and context.idle)
    return made


def test_audiences_are_listed_and_the_first_is_recommended_to(pane: AudiencesPane) -> None:
    assert [a.name for a in pane.model.rows] == ["City people", "安静的家"]
    liked = set(pane.model.rows[0].liked)
    shown = [row.item.id for row in pane.recommended.rows]
    assert shown
    assert not liked & set(shown)
    assert all(row.why for row in pane.recommended.rows)
    assert names_missing(pane) == []


def test_choosing_an_audience_ranks_for_it(pane: AudiencesPane, qtbot: QtBot) -> None:
    click_row(qtbot, pane.list, 1)
    wait_until(lambda: pane.editor.name_field.text() == "安静的家" and pane.recommended.rowCount() > 0)
    liked = set(pane.model.rows[1].liked)
    assert not liked & {row.item.id for row in pane.recommended.rows}


def test_more_variety_asks_again(pane: AudiencesPane) -> None:
    before = [row.item.id for row in pane.recommended.rows]
    pane.view.bar.diversity.setValue(100)
    wait_until(lambda: not pane.view._sliding.isActive() and pane.context.idle)
    assert sorted(before) == sorted(row.item.id for row in pane.recommended.rows)


def test_compose_takes_item_and_audience_along(pane: AudiencesPane, qtbot: QtBot) -> None:
    asked: list[tuple[str, Any]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    click_row(qtbot, pane.cards, 1)
    click(qtbot, pane.view.bar.compose_button)
    chosen = pane.cards.currentIndex().data(ROW_ROLE)
    assert asked == [("preview", {"item": chosen.item.id, "audience": pane.model.rows[0].id})]


def test_a_new_audience_can_be_named_at_once(pane: AudiencesPane, qtbot: QtBot) -> None:
    click(qtbot, pane.new_button)
    wait_until(lambda: pane.editor.name_field.text() == "New audience" and pane.context.idle)
    assert pane.tabs.currentIndex() == 1
    pane.editor.name_field.selectAll()
    qtbot.keyClicks(pane.editor.name_field, "Gardeners")
    qtbot.keyClick(pane.editor.name_field, Qt.Key.Key_Return)
    settle(pane.context)
    assert pane.context.library.audiences.by_name("Gardeners") is not None
    assert "Gardeners" in [a.name for a in pane.model.rows]


def test_likes_come_by_drop_and_go_by_a_press(pane: AudiencesPane, qtbot: QtBot) -> None:
    audiences = pane.context.library.audiences
    audience = pane.model.rows[0]
    new = next(row.item.id for row in pane.recommended.rows)
    pane.tabs.setCurrentIndex(1)
    pane.editor.liked.zone.dropped.emit(items_mime([new]))
    settle(pane.context)
    assert audiences.get(audience.id).liked == [*audience.liked, new]
    wait_until(lambda: new in pane.editor.liked.ids)
    pane.editor.liked.removed.emit(new)
    settle(pane.context)
    assert audiences.get(audience.id).liked == audience.liked


def test_rules_and_words_are_kept(pane: AudiencesPane) -> None:
    editor, audiences = pane.editor, pane.context.library.audiences
    id_ = pane.model.rows[0].id
    editor.brief.setPlainText("They like it warm.")
    editor.brief.left.emit()
    editor.rules.price_to.setValue(13.0)
    editor.rules.price_to.editingFinished.emit()
    settle(pane.context)
    editor.rules.never.setText("mug，bottle")
    editor.rules.never.editingFinished.emit()
    wait_until(lambda: not pane.view._sliding.isActive() and pane.context.idle)
    kept = audiences.get(id_)
    assert kept.brief == "They like it warm."
    assert kept.rules == {"price_under": 13.0, "must_not": ["mug", "bottle"]}
    wait_until(lambda: "left out" in pane.view.note.text())


def test_removing_can_be_undone(pane: AudiencesPane, qtbot: QtBot) -> None:
    pane.tabs.setCurrentIndex(1)
    pane.editor.remove_button.click()
    settle(pane.context)
    assert [a.name for a in pane.model.rows] == ["安静的家"]
    pane.context.undo()
    settle(pane.context)
    assert len(pane.model.rows) == 2


def test_the_page_is_written(pane: AudiencesPane, tmp_path: Path) -> None:
    pane.export_page(str(tmp_path / "page"))
    wait_until(lambda: pane.view.bar.page_link.isVisibleTo(pane))
    assert Path(pane._page).is_file()


def test_without_audiences_it_says_what_one_is(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(AudiencesPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message
    click(qtbot, pane.states.message.button)
    wait_until(lambda: pane.model.rowCount() == 1)


def test_a_library_that_is_read_only_shows_but_keeps(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(AudiencesPane, context, qtbot)
    wait_until(lambda: pane.recommended.rowCount() > 0)
    assert not pane.new_button.isEnabled()
    assert pane.editor.name_field.isReadOnly()


def test_the_models_keep_qts_rules(pane: AudiencesPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)
    qtmodeltester.check(pane.recommended)
