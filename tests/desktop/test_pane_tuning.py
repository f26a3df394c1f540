"""The page that searches for settings: the table, what is the best, and training with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.trials import TrialsModel
from mmstudio.desktop.panes.tuning import TuningPane
from mmstudio.learning.tuning.report import Trial, Tuned, store
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, names_missing, open_store, show_pane

SETTINGS = {"rate": 0.001, "batch": 16.0}


def found(trials: int = 3, **more: Any) -> Tuned:
    values = [30.0, 12.0, None, 44.0][:trials]
    states: list[Any] = ["done", "done", "running", "stopped"]
    rows = [
        Trial(n, states[n], {**SETTINGS, "rate": 0.001 * (n + 1)}, value, seconds=3.0)
        for n, value in enumerate(values)
    ]
    wish = {"family": "image-vae", "size": 32, "batch": 16, "options": {"rate": 0.002}}
    made = Tuned("first", "image-vae", trials=rows, best=1, wish=wish, features="net@1")
    for key, value in more.items():
        setattr(made, key, value)
    return made


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> TuningPane:
    store(open_context.library, found())
    return show_pane(TuningPane, open_context, qtbot)


def test_the_table_keeps_qts_rules_and_grows(qtmodeltester: ModelTester, context: AppContext) -> None:
    model = TrialsModel()
    model.show(found(2))
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.show(found(4))
    assert inserted == [(2, 3)]
    words = [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(4)]
    assert words[0][:3] == ["1 (as usual)", "done", "30"]
    assert words[1][:3] == ["2", "best", "12"]
    assert words[3][1] == "stopped early"
    qtmodeltester.check(model)
    model.show(None)
    assert model.rowCount() == 0


def test_the_newest_search_is_shown_and_its_best_trained_with(pane: TuningPane, qtbot: QtBot) -> None:
    assert pane.model.rowCount() == 3
    assert "distance 12, 30 with the usual settings" in pane.best.text()
    assert "net@1" in pane.measured.text()
    assert names_missing(pane) == []
    asked: list[tuple[str, Any]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    click(qtbot, pane.train_button)
    assert asked == [("models", {"train": True, "wish": found().wish})]


def test_a_trial_that_was_cut_off_is_not_said_to_run(pane: TuningPane) -> None:
    assert pane.model.index(2, 1).data() == "not finished"
    pane._job = 7
    pane._show(found())
    assert pane.model.index(2, 1).data() == "running"
    pane._job = None


def test_a_search_that_found_nothing_better_says_so(pane: TuningPane) -> None:
    pane._show(found(best=0))
    assert pane.best.text() == "So far nothing is better than the usual settings."


def test_points_are_drawn_over_each_setting(pane: TuningPane) -> None:
    plot = pane.plot
    assert [plot.tabs.tabText(n) for n in range(plot.tabs.count())] == [
        "Trials",
        "Learning rate",
        "Pictures per step",
    ]
    plot.tabs.setCurrentIndex(1)
    assert plot._plot.accessibleDescription() == "Learning rate 0.001: 30, Learning rate 0.002: 12"
    plot.show_search(found(importance={"rate": 0.8}))
    assert plot.hint.text() == "Learning rate explains 80 % of the differences."


def test_what_was_asked_for_fills_the_form_under_a_free_name(pane: TuningPane) -> None:
    pane.activated(search={"family": "image-vae", "query": "tag:sea", "size": 64, "name": "first"})
    assert (pane.family.currentData(), pane.side.currentData(), pane.query.text()) == (
        "image-vae",
        64,
        "tag:sea",
    )
    assert pane.name_field.text() == "first-2"


def test_a_search_shows_its_trials_as_they_run_and_is_kept_when_stopped(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    open_store(context, tmp_path, items=3)
    pane = show_pane(TuningPane, context, qtbot)
    assert pane.results.message.title.text() == "No search yet"
    pane.family.setCurrentIndex(pane.family.findData("image-vae"))
    pane.trials.setValue(2)
    pane.name_field.setText("second")
    click(qtbot, pane.start_button)
    assert not pane.start_button.isEnabled()
    wait_until(lambda: pane.stop_button.isVisible() and pane.model.rowCount() == 1)
    click(qtbot, pane.stop_button)
    wait_until(lambda: pane.start_button.isEnabled())
    settle(context)
    assert not pane.stop_button.isVisible()
    assert [trial.settings["batch"] for trial in pane.model.trials] == [16.0]
    assert pane.searches.currentText() == "second"
    assert pane.best.text() == "Nothing measured yet."


def test_a_search_that_fails_says_why(open_context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(TuningPane, open_context, qtbot)  # three pictures are too few to compare settings on
    click(qtbot, pane.start_button)
    wait_until(lambda: pane.start_button.isEnabled())
    assert "Settings cannot be compared on" in pane.results.message.title.text()
    assert "four" in pane.results.message.text.text()


def test_without_searches_the_page_says_what_it_is_for(open_context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(TuningPane, open_context, qtbot)
    assert pane.results.message.title.text() == "No search yet"
    assert not pane._searches_row.isVisible()


def test_a_library_that_is_read_only_can_be_looked_at(
    context: AppContext, studio: Studio, qtbot: QtBot
) -> None:
    path = Path(studio.library.path)
    store(studio.library, found())
    studio.close()
    context.adopt(Studio.open(path, read_only=True))
    pane = show_pane(TuningPane, context, qtbot)
    wait_until(lambda: pane.model.rowCount() == 3)
    assert not pane.start_button.isEnabled()
    assert not pane.train_button.isEnabled()
