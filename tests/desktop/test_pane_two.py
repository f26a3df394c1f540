"""Two audiences side by side."""

from __future__ import annotations

from pathlib import Path

from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.two import TwoPane
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, names_missing, open_store, show_pane


def test_both_lists_say_where_the_same_item_stands(
    context: AppContext, tmp_path: Path, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    library = open_store(context, tmp_path, items=8)
    first, second = (audience.id for audience in library.audiences.list())
    pane = show_pane(TwoPane, context, qtbot)
    pane.activated(a=second)
    wait_until(lambda: pane.lists is not None and context.idle)
    assert pane.a.combo.currentData() == second
    assert pane.b.combo.currentData() == first
    assert pane.lists is not None
    ranks = {line.row.item.id: line.row.rank for line in pane.lists.b}
    assert [line.other for line in pane.lists.a] == [ranks.get(line.row.item.id, 0) for line in pane.lists.a]
    assert f"{pane.lists.shared} of" in pane.summary.text()
    assert names_missing(pane) == []
    qtmodeltester.check(pane.a.model)

    before = [line.row.item.id for line in pane.a.model.rows]
    click(qtbot, pane.swap_button)
    wait_until(lambda: [line.row.item.id for line in pane.b.model.rows] == before)

    told: list[str] = []
    asked: list[tuple[str, dict[str, list[int]]]] = []
    context.notice.connect(lambda notice: told.append(notice.text))
    context.navigated.connect(lambda key, args: asked.append((key, args)))
    click(qtbot, pane.beside_button)
    wait_until(lambda: bool(told))
    assert "each of the two" in told[0]
    ids = library.items.ids()
    boards = {
        (one, item): library.storyboards.save(f"{one} {item}", "card", item, one, {})
        for one, item in ((first, ids[0]), (second, ids[1]), (second, ids[0]))
    }
    settle(context)
    click(qtbot, pane.beside_button)
    wait_until(lambda: bool(asked))
    left, right = pane.a.combo.currentData(), pane.b.combo.currentData()
    assert asked == [
        ("preview", {"beside": [boards[left, ids[0]], boards[right, ids[0]]]})
    ]  # one item for both

    pane.a.combo.setCurrentIndex(pane.b.combo.currentIndex())
    pane.a.combo.activated.emit(pane.a.combo.currentIndex())
    assert "different" in pane.summary.text()


def test_one_audience_is_not_enough(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    studio = Studio.create(tmp_path / "Empty.mmlib")
    studio.library.audiences.add("Only one")
    context.adopt(studio)
    pane = show_pane(TwoPane, context, qtbot)
    settle(context)
    assert pane.states.currentWidget() is pane.states.message
    asked: list[str] = []
    context.navigated.connect(lambda key, _args: asked.append(key))
    click(qtbot, pane.states.message.button)
    assert asked == ["audiences"]
