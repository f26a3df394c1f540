"""The Models pane: the list, the form, a training from start to end, the card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.dataset import Source
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, open_store, show_pane


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> ModelsPane:
    open_store(context, tmp_path)
    return show_pane(ModelsPane, context, qtbot)


def open_form(pane: ModelsPane, qtbot: QtBot) -> None:
    click(qtbot, pane.train_button)
    wait_until(lambda: pane.right.currentWidget() is pane.form)


def begin(pane: ModelsPane, qtbot: QtBot, steps: int) -> None:
    """A small training from nothing, started by clicking."""
    open_form(pane, qtbot)
    form = pane.form
    form.families["image-vae"].setChecked(True)
    form.base.setCurrentIndex(0)
    form.size_box.setCurrentIndex(0)
    form.steps.setValue(steps)
    form.name_field.setText("mine")
    click(qtbot, form.start_button)
    wait_until(lambda: pane.right.currentWidget() is pane.live)


def test_the_starter_models_are_there_from_the_beginning(pane: ModelsPane) -> None:
    names = [line.name for line in pane.model.rows]
    assert "starter-image-vae" in names
    settle(pane.context)
    assert pane.card.title.text() == names[0]
    assert not pane.card.remove_button.isVisible()
    assert names_missing(pane) == []


def test_the_form_offers_sensible_defaults(pane: ModelsPane, qtbot: QtBot) -> None:
    open_form(pane, qtbot)
    form = pane.form
    assert set(form.families) == {"image-vae", "image-gan", "image-gan-plain", "sound-vae", "fused"}
    assert form.use_all.text() == "All 12 pictures"
    assert form.base.currentData() == "starter-image-vae"
    assert "Takes about" in form.estimate.text()
    form.families["sound-vae"].setChecked(True)
    assert form.use_all.text() == "All 1 sounds"
    form.show_step(1)
    assert not form.size_box.isVisible()
    assert form.steps.isVisible()
    form.families["fused"].setChecked(True)
    assert form.use_all.text().startswith("Everything that has features")
    assert not any(part.isVisible() for part in (form.size_box, form.base, form.query, form.augment))


def test_a_form_that_opens_with_the_pane_starts_from_the_starter(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    open_store(context, tmp_path)
    pane = ModelsPane(context)
    qtbot.addWidget(pane)
    pane.activated(train=True)  # before the list of models is read
    wait_until(lambda: pane.right.currentWidget() is pane.form)
    assert pane.form.base.currentData() == "starter-image-vae"
    settle(context)


def test_selected_pictures_are_learned_from(pane: ModelsPane, qtbot: QtBot) -> None:
    from mmstudio.library import AssetFilter

    chosen = pane.context.library.assets.ids(AssetFilter(kinds=("image",)))[:4]
    pane.context.select_assets(chosen)
    open_form(pane, qtbot)
    assert pane.form.use_selected.isChecked()
    sent: list[tuple[dict[str, Any], Source]] = []
    pane.form.started.disconnect()
    pane.form.started.connect(lambda params, source: sent.append((params, source)))
    click(qtbot, pane.form.start_button)
    assert sorted(sent[0][1].ids) == sorted(chosen)


def test_a_training_runs_to_its_end_and_leaves_a_card(pane: ModelsPane, qtbot: QtBot) -> None:
    begin(pane, qtbot, steps=2)
    wait_until(lambda: "mine" in [line.name for line in pane.model.rows] and pane._job is None, 90)
    wait_until(lambda: pane.card.title.text() == "mine")
    settle(pane.context)
    assert pane.right.currentWidget() is pane.card_states
    assert pane.card.use_button.isEnabled()
    assert not pane.card.samples.image.isNull()
    asked: list[tuple[str, Any]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    click(qtbot, pane.card.use_button)
    assert asked == [("create", {"model": "mine", "make": True})]


def test_a_training_pauses_resumes_and_stops(pane: ModelsPane, qtbot: QtBot) -> None:
    begin(pane, qtbot, steps=5000)
    wait_until(lambda: "Step" in pane.live.numbers.text(), 90)
    click(qtbot, pane.live.pause_button)
    wait_until(lambda: pane._job is None, 30)
    wait_until(lambda: pane.card.title.text() == "mine" and pane.context.idle)
    assert "not finished" in pane.card.facts_line.text()
    click(qtbot, pane.card.continue_button)
    wait_until(lambda: pane.right.currentWidget() is pane.live and "Step" in pane.live.numbers.text(), 60)
    click(qtbot, pane.live.stop_button)
    wait_until(lambda: pane._job is None, 30)
    wait_until(lambda: pane.card.title.text() == "mine" and pane.context.idle)
    assert pane.card.use_button.isEnabled()  # what was learned is kept
    assert [job.state for job in pane.context.library.jobs.list() if job.kind == "train"] == ["cancelled"]


def test_a_line_of_the_list_shows_its_card(pane: ModelsPane, qtbot: QtBot) -> None:
    open_form(pane, qtbot)
    click_row(qtbot, pane.list, 1)
    settle(pane.context)
    assert pane.right.currentWidget() is pane.card_states
    assert pane.card.title.text() == pane.model.rows[1].name


def test_nothing_is_trained_in_a_library_that_is_read_only(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(ModelsPane, context, qtbot)
    assert not pane.train_button.isEnabled()
    assert pane.model.rowCount() > 0


def test_the_model_keeps_qts_rules(pane: ModelsPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)


def test_curves_grow_in_order_and_can_be_read_out(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.show_history([{"step": 1, "losses": {"loss": 2.0}}, {"step": 2, "losses": {"loss": 1.0, "kl": 0.5}}])
    plot.add(2, {"loss": 9.0})  # an event that came twice
    plot.add(3, {"loss": 1.0})
    assert plot._points["loss"][0] == [1.0, 2.0, 3.0]
    assert plot.accessibleDescription().startswith("loss ")
    plot.add(4, {"loss": -1.0})  # some losses fall below nothing
    assert plot._points["loss"][0][-1] == 4.0
