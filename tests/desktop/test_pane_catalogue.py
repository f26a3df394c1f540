"""The catalogue page: rows and cards, a download with its ways to end, import, check, remove, fine-tuning."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.catalogue import CataloguePane
from mmstudio.desktop.views.catalogue_form import TuningForm
from mmstudio.learning.catalogue import Catalogue
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, open_store, show_pane
from support.weights import (
    Server,
    entry,
    serving,
    torchvision_state,
    write_backbone,
    write_catalogue,
    write_pth,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    data = write_pth(tmp_path / "small.pth", torchvision_state()).read_bytes()
    with serving(Server(data)) as running:
        yield running


@pytest.fixture
def pane(context: AppContext, server: Server, tmp_path: Path, qtbot: QtBot) -> CataloguePane:
    """The page over a catalogue whose one model the server has."""
    open_store(context, tmp_path)
    assert context.studio is not None
    file = write_catalogue(tmp_path / "catalogue.toml", entry(server.url, server.data))
    context.studio.__dict__["catalogue"] = Catalogue(None, file)
    return show_pane(CataloguePane, context, qtbot)


def rows(pane: CataloguePane) -> dict[str, str]:
    return {row.name: pane.model.state(row) for row in pane.model.rows}


def choose(pane: CataloguePane, qtbot: QtBot, network: str) -> None:
    click_row(qtbot, pane.list, pane.model.row_of(network))
    settle(pane.context)
    assert pane.card.title.isVisible()


def test_it_shows_what_is_here_and_what_can_be_fetched(
    pane: CataloguePane, server: Server, qtbot: QtBot
) -> None:
    assert rows(pane) == {"starter-backbone": "installed", "small": "available"}
    choose(pane, qtbot, "small")
    assert "BSD-3-Clause" in pane.card.facts.text()
    assert "576" in pane.card.facts.text()
    assert "127.0.0.1" in pane.card.note.text()
    assert not pane.card.remove_button.isVisible()
    choose(pane, qtbot, "starter-backbone")
    assert not pane.card.download_button.isVisible()
    assert not pane.card.remove_button.isVisible()
    assert pane.card.tune_button.isVisible()
    assert "Measured" in pane.card.card.text()
    assert server.asked == []
    assert names_missing(pane) == []


def test_the_model_keeps_qts_rules(pane: CataloguePane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)


def test_a_download_by_click_ends_installed(pane: CataloguePane, qtbot: QtBot) -> None:
    choose(pane, qtbot, "small")
    click(qtbot, pane.card.download_button)
    wait_until(lambda: rows(pane)["small"] == "installed")
    settle(pane.context)
    assert "Installed and checked" in pane.card.answer.text()
    assert pane.card.remove_button.isVisible()
    click(qtbot, pane.card.check_button)
    wait_until(lambda: "whole" in pane.card.answer.text())


def test_a_download_is_cancelled_and_resumed(pane: CataloguePane, server: Server, qtbot: QtBot) -> None:
    server.gate, server.gate_after = threading.Event(), 500_000
    choose(pane, qtbot, "small")
    click(qtbot, pane.card.download_button)
    wait_until(lambda: pane.card.bar.value() >= 400)
    assert rows(pane)["small"] == "running"
    assert "MB a second" in pane.card.note.text()
    click(qtbot, pane.card.cancel_button)
    wait_until(lambda: rows(pane)["small"] == "partial")
    settle(pane.context)
    assert pane.card.download_button.text() == "Resume download"
    server.gate.set()
    click(qtbot, pane.card.download_button)
    wait_until(lambda: rows(pane)["small"] == "installed")
    assert "Range" in server.asked[-1]


def test_what_arrived_can_be_discarded(pane: CataloguePane, server: Server, qtbot: QtBot) -> None:
    server.cut = [1000, 1000, 1000]
    choose(pane, qtbot, "small")
    click(qtbot, pane.card.download_button)
    wait_until(lambda: "broke off" in pane.card.answer.text())
    wait_until(lambda: rows(pane)["small"] == "partial")
    settle(pane.context)
    assert "kept" in pane.card.answer_hint.text()
    click(qtbot, pane.card.remove_button)
    wait_until(lambda: rows(pane)["small"] == "available")


def test_no_network_is_said_where_the_person_looks(
    pane: CataloguePane, server: Server, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    server.status = 503
    choose(pane, qtbot, "small")
    click(qtbot, pane.card.download_button)
    wait_until(lambda: "cannot be reached" in pane.card.answer.text())
    settle(pane.context)
    assert "import the model from a folder" in pane.card.answer_hint.text()
    assert pane.card.download_button.isVisible()
    caplog.clear()


def test_a_folder_comes_in_is_removed_and_undone(
    pane: CataloguePane, notices: list[Notice], tmp_path: Path, qtbot: QtBot
) -> None:
    pane.bring_in(write_backbone(tmp_path / "tiny"))
    wait_until(lambda: "tiny" in rows(pane))
    settle(pane.context)
    assert pane.card.title.text() == "Tiny"
    click(qtbot, pane.card.remove_button)
    wait_until(lambda: "tiny" not in rows(pane))
    undo = notices[-1].action
    assert undo is not None
    undo[1]()
    wait_until(lambda: "tiny" in rows(pane))


def test_a_folder_that_is_no_model_is_one_notice(
    pane: CataloguePane, notices: list[Notice], tmp_path: Path
) -> None:
    pane.bring_in(tmp_path)
    wait_until(lambda: bool(notices))
    assert "no config.json" in notices[-1].text
    assert notices[-1].hint
    assert pane.import_button.isEnabled()


def test_a_damaged_network_says_so(pane: CataloguePane, tmp_path: Path, qtbot: QtBot) -> None:
    pane.bring_in(write_backbone(tmp_path / "tiny"))
    wait_until(lambda: "tiny" in rows(pane))
    studio = pane.context.studio
    assert studio is not None
    (studio.catalogue.root / "tiny" / "weights.safetensors").write_bytes(b"cut")
    pane.activated()
    wait_until(lambda: rows(pane)["tiny"] == "damaged")
    settle(pane.context)
    assert "safetensors" in pane.card.answer.text()
    assert not pane.card.tune_button.isVisible()
    assert pane.card.remove_button.isVisible()


def test_fine_tuning_runs_from_its_form_to_a_new_network(
    pane: CataloguePane, tmp_path: Path, qtbot: QtBot, notices: list[Notice]
) -> None:
    studio = pane.context.studio
    assert studio is not None
    studio.catalogue.add(write_backbone(tmp_path / "tiny"))
    pane.activated(model="tiny")
    wait_until(lambda: pane.card.title.text() == "Tiny")
    click(qtbot, pane.card.tune_button)
    wait_until(lambda: pane.right.currentWidget() is pane.form)
    form = pane.form
    assert form.base.currentText() == "Tiny"
    assert form.choices["categories"].text() == "The categories of their items (12 pictures)"
    assert not form.choices["tags"].isEnabled()
    assert "Takes about" in form.estimate.text()
    assert names_missing(pane) == []
    form.steps.setValue(10)
    form.choices["self"].setChecked(True)
    form.name_field.setText("mine")
    click(qtbot, form.start_button)
    wait_until(lambda: pane.right.currentWidget() is pane.live)
    assert names_missing(pane) == []
    wait_until(lambda: pane._tuning is None)
    settle(pane.context)
    assert pane.right.currentWidget() is pane.card
    (job,) = studio.library.jobs.list()[:1]
    assert (job.kind, job.state) == ("finetune", "done")
    assert job.result is not None
    assert ("mine" in rows(pane)) == job.result["kept"]


def test_fine_tuning_pauses_and_goes_on(pane: CataloguePane, tmp_path: Path, qtbot: QtBot) -> None:
    studio = pane.context.studio
    assert studio is not None
    studio.catalogue.add(write_backbone(tmp_path / "tiny"))
    params = {"base": "tiny", "on": "categories", "steps": 2000, "name": "mine"}
    pane.start_tuning(params)
    wait_until(lambda: "Step" in pane.live.numbers.text())
    click(qtbot, pane.live.pause_button)
    wait_until(lambda: pane._tuning is None)
    pane.start_tuning(params)
    wait_until(lambda: pane._tuning is not None and "Step" in pane.live.numbers.text())
    assert int(pane.live.numbers.text().split()[1].replace(",", "")) > 1
    click(qtbot, pane.live.stop_button)
    wait_until(lambda: pane._tuning is None)
    settle(pane.context)
    assert [job.state for job in studio.library.jobs.list()][:1] == ["cancelled"]
    assert pane.right.currentWidget() is pane.card


def test_a_list_that_is_read_again_does_not_turn_away_from_the_form(
    pane: CataloguePane, tmp_path: Path, qtbot: QtBot
) -> None:
    pane.open_form("starter-backbone")
    wait_until(lambda: pane.right.currentWidget() is pane.form)
    studio = pane.context.studio
    assert studio is not None
    studio.catalogue.add(write_backbone(tmp_path / "tiny"))
    pane.activated()
    wait_until(lambda: "tiny" in rows(pane))
    settle(pane.context)
    assert pane.right.currentWidget() is pane.form


def test_a_library_that_is_read_only_can_look_but_not_learn(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(CataloguePane, context, qtbot)
    assert pane.model.rowCount() > 4
    assert not pane.card.tune_button.isEnabled()
    pane.open_form("")
    settle(context)
    assert pane.right.currentWidget() is pane.card


def test_without_a_library_it_says_what_to_do(context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(CataloguePane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message
    assert "Open a library" in pane.states.message.text.text()


def test_too_few_pictures_cannot_be_started(qtbot: QtBot) -> None:
    from mmstudio.desktop.models.catalogue import TuningOffer
    from mmstudio.learning.catalogue import Row

    base = Row("a", "A", "", "image-backbone", "starter-resnet", 8, "MIT", 1, "installed", "starter")
    form = TuningForm()
    qtbot.addWidget(form)
    form.offer(TuningOffer([base], {"categories": 3, "tags": 0, "self": 11}))
    assert not form.start_button.isEnabled()
    assert "At least 12" in form.estimate.text()
    form.offer(TuningOffer([base], {"categories": 3, "tags": 0, "self": 12}, frozenset({"a-tuned"})))
    assert form.start_button.isEnabled()
    assert form.name_field.text() == "a-tuned-2"
