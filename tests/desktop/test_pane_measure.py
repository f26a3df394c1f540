"""Measuring the recommender: a job, a table with the best in bold, a plot, both exported."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.measured import best_of, metrics_in, to_csv
from mmstudio.desktop.panes.measure import MeasurePane
from support.crowd import add_crowd
from support.qt import settle, wait_until
from support.storefront import click, names_missing, open_store, show_pane

ROWS = [
    {"method": "ease", "k": 10, "seeds": 3, "users": 40, "known": 0, "ndcg": 0.31, "ndcg_spread": 0.02,
     "gini": 0.5, "gini_spread": 0.0, "query_ms": 1.5},
    {"method": "popular", "k": 10, "seeds": 3, "users": 40, "known": 0, "ndcg": 0.2, "ndcg_spread": 0.01,
     "gini": 0.9, "gini_spread": 0.0, "query_ms": 0.1},
    {"method": "random", "k": 10, "seeds": 3, "users": 40, "known": 0, "ndcg": 0.05, "ndcg_spread": 0.01,
     "gini": 0.1, "gini_spread": 0.0, "query_ms": 0.1},
]  # fmt: skip


def test_the_best_of_a_figure() -> None:
    assert metrics_in(ROWS) == ["ndcg", "gini", "query_ms"]
    assert best_of(ROWS, "ndcg") == {0}
    assert best_of(ROWS, "gini") == {2}  # lower is better
    assert best_of(ROWS, "query_ms") == set()  # times are no contest
    few = [{**row, "known": known} for known in (1, 3) for row in ROWS]
    assert best_of(few, "ndcg") == {0, 3}  # each number of known choices by itself
    text = to_csv(ROWS).decode("utf-8-sig").splitlines()
    assert text[0].startswith("method,k,seeds")
    assert len(text) == 4


def test_a_measurement_is_shown_and_exported(
    context: AppContext, tmp_path: Path, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    open_store(context, tmp_path)
    pane = show_pane(MeasurePane, context, qtbot)
    assert pane.results.currentWidget() is pane.results.message
    pane.show_rows(ROWS)
    assert "EASE" in pane.verdict.text()
    assert pane.model.is_best(0, "ndcg")
    pane.table.setCurrentIndex(pane.model.index(0, 2))
    assert "Lower is better" in pane.meaning.text()
    assert pane.model.data(pane.model.index(0, 1)) == "0.310 ± 0.020"
    assert "best" in pane.model.data(pane.model.index(0, 1), int(Qt.ItemDataRole.AccessibleTextRole))
    qtmodeltester.check(pane.model)
    pane.figure.setCurrentIndex(1)
    pane.figure.activated.emit(1)
    assert names_missing(pane) == []
    pane.export(tmp_path / "table.csv", to_csv(pane.model.rows))
    pane.export(tmp_path / "plot.png", pane.plot.png())
    settle(context)
    assert (tmp_path / "table.csv").read_text("utf-8-sig").startswith("method")
    assert not QImage(str(tmp_path / "plot.png")).isNull()


def test_it_runs_as_a_job_beside_popularity_and_chance(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    add_crowd(open_store(context, tmp_path, items=12))
    settle(context)
    pane = show_pane(MeasurePane, context, qtbot)
    for key, box in pane.form.methods.items():
        box.setChecked(key == "ease")
    pane.form.seeds.setValue(1)
    click(qtbot, pane.form.run_button)
    assert not pane.form.run_button.isEnabled()
    assert pane.form.cancel_button.isVisible()
    wait_until(lambda: pane.model.rowCount() > 0 and context.idle)
    assert {row["method"] for row in pane.model.rows} == {"ease", "popular", "random"}
    assert pane.form.run_button.isEnabled()
    assert not pane.measuring.isVisible()


def test_without_events_it_says_what_is_missing(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    open_store(context, tmp_path)
    pane = show_pane(MeasurePane, context, qtbot)
    pane.form.seeds.setValue(1)
    click(qtbot, pane.form.run_button)
    wait_until(lambda: "events" in pane.results.message.text.text() and pane.form.run_button.isEnabled())
    assert pane.results.message.button.text() == "Import events…"
