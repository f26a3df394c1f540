"""Variants and tests: ads become variants, a test is planned, results come back and are judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.variants import VariantsPane
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, names_missing, open_store, show_pane


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> VariantsPane:
    library = open_store(context, tmp_path)
    audience = library.audiences.list()[0].id
    for number, item in enumerate(library.items.ids()[:2]):
        library.storyboards.save(f"Ad {number}", "card", item, audience, {"scenes": [], "seed": number})
    settle(context)
    made = show_pane(VariantsPane, context, qtbot)
    wait_until(lambda: made.list_states.currentWidget() is made.list_states.message and context.idle)
    return made


def test_from_ads_to_a_judged_test(
    pane: VariantsPane, tmp_path: Path, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    context = pane.context
    click(qtbot, pane.list_states.message.button)
    wait_until(lambda: pane.model.rowCount() == 2 and pane.plan is not None and context.idle)
    ids = pane.chosen
    assert len(ids) == 2
    assert all(one in pane.ids.text() for one in ids)
    assert not pane.model.measured
    assert names_missing(pane) == []
    qtmodeltester.check(pane.model)

    # Fleiss, Levin & Paik: 3 % against 4 %, alpha 5 %, power 80 %.
    assert pane.plan is not None
    assert pane.plan.each == 5301
    assert "5,301" in pane.form.answer.text()
    pane.form.daily.setValue(1000)
    wait_until(lambda: "11 days" in pane.form.answer.text())
    pane.form.name_field.setText("Spring")
    click(qtbot, pane.form.keep_button)
    wait_until(lambda: pane.plan_box.currentText() == "Spring" and context.idle)

    table = tmp_path / "results.csv"
    table.write_text(
        f"variant,day,shown,clicks\n{ids[0]},2026-03-01,6000,180\n{ids[1]},2026-03-01,6000,300\n"
        "v-aaaaaaaa,2026-03-01,10,1\n",
        encoding="utf-8",
    )
    pane.read_results(table)
    wait_until(lambda: pane.verdicts.rowCount() == 2 and context.idle)
    assert "line 4" in pane.report.text()
    assert pane.verdicts.verdict is not None
    assert pane.verdicts.verdict.winner == ids[1]
    assert "wins" in pane.verdict.text()
    assert pane.model.measured
    qtmodeltester.check(pane.verdicts)

    assert pane.plot.isVisible()
    spoken = pane.plot._plot.accessibleDescription()
    assert "3.00 %" in spoken  # the control, with its interval
    assert "5.00 %" in spoken
    band = next(one for one in pane.plot._plot.items() if hasattr(one, "getRegion"))
    low, high = band.getRegion()
    assert (round(low, 6), round(high, 6)) == (2.0, 4.0)  # one point about the control


def test_taking_in_is_one_step_of_undo(pane: VariantsPane, qtbot: QtBot) -> None:
    context = pane.context
    click(qtbot, pane.list_states.message.button)
    wait_until(lambda: pane.model.rowCount() == 2 and context.idle)
    before = {one.id: one for one in context.library.variants.list()}
    assert context.library.undo.labels[0] == "Take in variants: 2"
    context.library.undo.undo()
    wait_until(lambda: pane.model.rowCount() == 0 and context.idle)
    assert context.library.variants.list() == []
    context.library.undo.redo()
    wait_until(lambda: pane.model.rowCount() == 2 and context.idle)
    assert {one.id: one for one in context.library.variants.list()} == before


def test_chosen_ads_play_side_by_side(pane: VariantsPane, qtbot: QtBot) -> None:
    click(qtbot, pane.list_states.message.button)
    wait_until(lambda: pane.model.rowCount() == 2 and pane.beside_button.isEnabled() and pane.context.idle)
    asked: list[tuple[str, dict[str, list[int]]]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    click(qtbot, pane.beside_button)
    boards = [row.ranked.variant.source["storyboard_id"] for row in pane.model.rows]
    assert asked == [("preview", {"beside": boards})]


def test_the_proposed_name_follows_the_language(pane: VariantsPane, qtbot: QtBot) -> None:
    click(qtbot, pane.list_states.message.button)
    wait_until(lambda: pane.form.name_field.text() == "Test 1")
    pane.context.change_setting("language", "zh_CN")
    pane.retranslate()
    wait_until(lambda: pane.form.name_field.text() == "测试 1")
    pane.context.change_setting("language", "en")


def test_nothing_to_take_in_is_said(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    open_store(context, tmp_path)
    pane = show_pane(VariantsPane, context, qtbot)
    wait_until(lambda: pane.list_states.currentWidget() is pane.list_states.message and context.idle)
    told: list[str] = []
    context.notice.connect(lambda notice: told.append(notice.text))
    click(qtbot, pane.list_states.message.button)
    wait_until(lambda: bool(told))
    assert "compose" in told[0]
    assert not pane.form.keep_button.isEnabled()


def test_without_an_audience_it_leads_there(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(VariantsPane, context, qtbot)
    settle(context)
    assert pane.states.currentWidget() is pane.states.message
    assert "audience" in pane.states.message.text.text()
