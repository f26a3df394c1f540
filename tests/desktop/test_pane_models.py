"""The Models pane: the list, the form, a training from start to end, the card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.dataset import Source
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.paths import starter_models
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
    wait_until(lambda: all(line.picture for line in pane.model.rows if line.modality == "image"))
    assert not pane.pictures.get(pane.model.rows[0].picture).isNull()  # type: ignore[union-attr]


def test_a_model_of_the_same_name_gets_a_picture_of_its_own(pane: ModelsPane) -> None:
    library = pane.context.library
    mine = library.models_dir / "mine"

    def drawn(starter: str) -> QImage:
        shutil.copytree(starter_models() / starter, mine)
        library.changes.publish({"models": None})
        wait_until(lambda: any(row.name == "mine" and row.picture for row in pane.model.rows))
        image = pane.pictures.get("drawn:mine")
        assert image is not None
        return image.toImage()

    first = drawn("starter-image-gan")
    shutil.rmtree(mine)
    library.changes.publish({"models": None})
    wait_until(lambda: all(row.name != "mine" for row in pane.model.rows))
    assert drawn("starter-image-vae") != first


def test_no_card_without_a_model_on_it(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    open_store(context, tmp_path)
    pane = ModelsPane(context)
    qtbot.addWidget(pane)
    pane.show()
    wait_until(lambda: bool(pane.model.rows))
    shown = pane.card_states.currentWidget()
    assert shown is pane.card_states.message or pane.card.title.text()
    wait_until(lambda: pane.card_states.currentWidget() is pane.card)
    assert pane.card.title.text() == pane.model.rows[0].name


def test_the_form_offers_sensible_defaults(pane: ModelsPane, qtbot: QtBot) -> None:
    open_form(pane, qtbot)
    form = pane.form
    pictures = {"image-vae", "image-gan", "image-gan-plain"}
    others = {"sound-vae", "sound-gan", "text-lm", "text-vae", "joint", "fused"}
    assert set(form.families) == pictures | others
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
    wait_until(lambda: "mine" in [line.name for line in pane.model.rows] and pane._job is None)
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
    wait_until(lambda: "Step" in pane.live.numbers.text())
    click(qtbot, pane.live.pause_button)
    wait_until(lambda: pane._job is None)
    wait_until(lambda: pane.card.title.text() == "mine" and pane.context.idle)
    assert "not finished" in pane.card.facts_line.text()
    click(qtbot, pane.card.continue_button)
    wait_until(lambda: pane.right.currentWidget() is pane.live and "Step" in pane.live.numbers.text())
    click(qtbot, pane.live.stop_button)
    wait_until(lambda: pane._job is None)
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


def test_a_plot_is_made_when_it_is_looked_at_and_shows_all_that_came(qtbot: QtBot) -> None:
    plot = LossPlot(line=0.9)
    qtbot.addWidget(plot)
    plot.add(1, {"loss": 2.0})
    plot.add(2, {"loss": 1.0})
    assert plot._plot is None  # ten empty plots must not hold a page up
    plot.restyle()
    plot.show()
    steps, _values = plot._curves["loss"].getOriginalDataset()
    assert list(steps) == [1.0, 2.0]
    plot.hide()
    plot.add(3, {"loss": 1.0})
    plot.show()
    assert len(plot._curves["loss"].getOriginalDataset()[0]) == 3
    plot.clear()
    assert plot._curves == {}


def test_the_list_follows_the_training_that_is_shown(pane: ModelsPane) -> None:
    other = pane.model.rows[-1].name
    assert pane.list.currentIndex().data() != other
    pane._training = other
    pane._show_live()
    pane.model.set_rows([])  # a model more, or one less: the list starts afresh
    pane._read()
    settle(pane.context)
    assert pane.list.currentIndex().data() == other
    assert pane.right.currentWidget() is pane.live


def small_model(pane: ModelsPane, learned_from: list[int]) -> None:
    """A model of the library that says it learned from these assets."""
    from support.learning import drive, make_trainer, tiny_config

    library = pane.context.library
    folder = library.models_dir / "tiny"
    config = tiny_config("image-vae", "tiny", steps=2)
    drive(make_trainer(folder, config))
    config.trained = {"steps": 2, "assets": learned_from, "examples": len(learned_from)}
    config.save(folder)
    library.models.add("tiny", config.family, "models/tiny", steps=2, status="ready")
    wait_until(lambda: "tiny" in [line.name for line in pane.model.rows])
    pane._select("tiny")
    wait_until(lambda: pane.card.title.text() == "tiny")
    settle(pane.context)


def test_the_doctor_looks_before_a_training_and_shows_the_crops(pane: ModelsPane, qtbot: QtBot) -> None:
    from mmstudio.library import AssetFilter

    library = pane.context.library
    chosen = library.assets.ids(AssetFilter(kinds=("image",)))
    library.assets.set_rights(chosen[:2], "no-training")
    open_form(pane, qtbot)
    settle(pane.context)
    source = pane.form.source
    assert source.report is not None
    assert source.report.usable == 10
    assert len(source.crops.images) == 10
    asked: list[tuple[str, Any]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    shows = [part for part in source.findings.findChildren(QPushButton) if part.text() == "Show"]
    forbidden = next(finding for finding in source.report.findings if finding.key == "rights-forbid")
    click(qtbot, next(part for part in shows if forbidden.text in part.accessibleName()))
    assert [(key, args["query"], set(args["select"])) for key, args in asked] == [
        ("library", "", set(chosen[:2]))
    ]
    source.shape.setCurrentIndex(source.shape.findText("16:9"))
    source.shape.activated.emit(0)
    settle(pane.context)
    assert source.crops.images[0].width() > source.crops.images[0].height()
    assert names_missing(pane) == []


def test_a_selection_is_looked_over_without_making_a_collection(pane: ModelsPane, qtbot: QtBot) -> None:
    from mmstudio.library import AssetFilter

    library = pane.context.library
    pane.context.select_assets(library.assets.ids(AssetFilter(kinds=("image",)))[:5])
    before = library.collections.list()
    open_form(pane, qtbot)
    settle(pane.context)
    report = pane.form.source.report
    assert report is not None
    assert (report.found, report.usable) == (5, 5)
    assert "left-out" not in [finding.key for finding in report.findings]
    assert library.collections.list() == before


def test_a_forgotten_picture_marks_the_model_that_saw_it(pane: ModelsPane, qtbot: QtBot) -> None:
    from mmstudio.desktop.views.learned_from import LearnedFrom
    from mmstudio.library import AssetFilter

    pictures = pane.context.library.assets.ids(AssetFilter(kinds=("image",)))
    small_model(pane, pictures[:4])
    assert pane.card.seen_words.text() == "It learned from 4."
    assert not pane.card.forgotten.isVisible()
    part = LearnedFrom(pane.context)
    qtbot.addWidget(part)
    part.show_for([pictures[5]])
    settle(pane.context)
    assert part.isHidden()  # no model saw that one
    part.show_for([pictures[0]])
    settle(pane.context)
    assert "tiny learned from it" in [link.text() for link in part.findChildren(QPushButton)]
    part.forget()
    settle(pane.context)
    assert pane.context.library.assets.get(pictures[0]).rights == "no-training"
    pane._show_line(pane.list.currentIndex())
    settle(pane.context)
    assert pane.card.forgotten.isVisible()
    assert pane.card.forgotten_words.text().startswith("1 of what it saw")
    pane.context.undo()
    settle(pane.context)
    assert pane.context.library.assets.get(pictures[0]).rights != "no-training"


def test_an_evaluation_runs_as_a_job_and_shows_copies(pane: ModelsPane, qtbot: QtBot) -> None:
    from mmstudio.library import AssetFilter

    small_model(pane, pane.context.library.assets.ids(AssetFilter(kinds=("image",))))
    click(qtbot, pane.card.evaluate_button)
    assert not pane.card.evaluate_button.isEnabled()
    wait_until(lambda: pane.card.evaluate_button.isEnabled())
    settle(pane.context)
    assert any(line.startswith("Kernel distance: ") for line in pane.card.figures.texts)
    assert pane.card.copies.pairs.rowCount() > 0
    assert names_missing(pane) == []
