"""The augmentation page: seen, heard and read before it is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.augment import AugmentPane
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.window import MainWindow
from mmstudio.features.augment import preset, read_recipe
from mmstudio.library import AssetFilter
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, show_pane


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> AugmentPane:
    made = show_pane(AugmentPane, open_context, qtbot)
    made.activated()
    computed(made)
    return made


def computed(pane: AugmentPane) -> None:
    wait_until(lambda: bool(pane.model.rows) and all(row.ready for row in pane.model.rows))
    settle(pane.context)


def show_tab(pane: AugmentPane, kind: str) -> None:
    pane.tabs.setCurrentIndex(list(pane.controls).index(kind))
    computed(pane)


def asset(pane: AugmentPane, kind: str) -> int:
    ids: list[int] = pane.context.library.assets.ids(AssetFilter(kinds=(kind,)))  # type: ignore[arg-type]
    return ids[0]


def test_the_original_stands_beside_its_copies(pane: AugmentPane) -> None:
    rows = pane.model.rows
    assert [row.index for row in rows] == list(range(-1, 11))
    assert rows[0].title == "Original"
    assert all(row.image is not None and not row.error for row in rows)
    assert any(row.done for row in rows[1:])
    assert "Sample 1 of 3" in pane.source_from.text()
    assert names_missing(pane) == []


def test_a_slider_changes_the_copies_and_the_same_seed_brings_them_back(pane: AugmentPane) -> None:
    def shown() -> list[tuple[str, ...]]:
        return [row.done for row in pane.model.rows]

    controls = pane.controls["image"]
    before = shown()
    controls.operations["flip"].often.setValue(100)
    wait_until(lambda: all("Mirror" in done for done in shown()[1:]))
    assert controls.presets.currentText() == "Custom"
    controls.operations["flip"].often.setValue(50)
    wait_until(lambda: shown() == before)
    controls.seed.setValue(77)
    wait_until(lambda: shown() != before)


def test_an_operation_that_is_off_shows_no_controls(pane: AugmentPane, qtbot: QtBot) -> None:
    hue = pane.controls["image"].operations["hue"]
    assert not hue.on.isChecked()
    assert not hue.more.isVisible()
    hue.on.setChecked(True)
    assert hue.more.isVisible()
    hue.low.setValue(40)  # beyond the other end: that one follows
    assert hue.high.value() == 40
    assert pane.recipe.step("hue").low == 40


def test_the_latest_question_wins(pane: AugmentPane) -> None:
    controls = pane.controls["image"]
    for seed in range(1, 8):
        controls.seed.setValue(seed)
        pane._compute(keep=True)
    computed(pane)
    medium = pane._medium
    assert medium is not None
    wanted = medium.vary(pane.recipe, 10)
    wait_until(lambda: pane.model.rows[11].done == tuple(done.words() for done in wanted.applied))


def test_sounds_are_heard_a_and_b(pane: AugmentPane, qtbot: QtBot) -> None:
    show_tab(pane, "audio")
    assert pane.player.isVisible()
    pane.grid.setCurrentIndex(pane.model.index(3))
    assert pane.player.b.text() == "B  Copy 3"
    click(qtbot, pane.player.b)
    assert pane.delegate.playing == 2
    assert pane.player.view.duration > 0
    pane.grid.setFocus()
    qtbot.keyClick(pane.grid, Qt.Key.Key_A)
    assert pane.delegate.playing == -1
    qtbot.keyClick(pane.grid, Qt.Key.Key_Space)
    settle(pane.context)
    wait_until(lambda: pane.player.view.playing)
    assert pane.delegate.playing == 2
    show_tab(pane, "image")
    assert not pane.player.view.playing
    assert not pane.player.isVisible()


def test_texts_show_what_changed_and_where_synonyms_come_from(pane: AugmentPane) -> None:
    show_tab(pane, "text")
    controls = pane.controls["text"]
    controls.presets.setCurrentIndex(controls.presets.findData("strong"))
    controls.presets.activated.emit(controls.presets.currentIndex())
    wait_until(lambda: any("<s " in row.html for row in pane.model.rows))
    assert "own list" in pane.synonym_line.text()
    assert all("Sea" in row.text for row in pane.model.rows)  # the title's words stay
    assert not pane.use_button.isVisible()
    assert "mmstudio augment" in pane.use_note.text()
    assert pane.model.spoken(pane.model.rows[0]).startswith("Original")


def test_the_selection_decides_what_is_tried(pane: AugmentPane) -> None:
    pane.context.select_assets([asset(pane, "audio")])
    pane.activated()
    computed(pane)
    assert pane.kind == "audio"
    assert pane.source_from.text() == "Selected: 1 of 1"


def test_files_can_be_dropped_from_outside(pane: AugmentPane, media: Path, notices: list[Notice]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(media / "loop.wav"))])
    pane._dropped(mime)
    computed(pane)
    assert (pane.kind, pane.source_name.text()) == ("audio", "loop.wav")
    mime.setUrls([QUrl.fromLocalFile(str(media / "clip.mp4"))])
    pane._dropped(mime)
    assert "Only pictures, sounds and texts" in notices[-1].text


def test_a_file_that_cannot_be_read_is_said_and_others_can_be_tried(pane: AugmentPane, media: Path) -> None:
    (media / "picture_0.png").unlink()
    while not pane.source_name.text().startswith("picture"):
        pane.step(1)
    pane._place = next(i for i, s in enumerate(pane._sources) if "0" in s.title)
    pane._show_source()
    settle(pane.context)
    assert pane.grid_states.currentWidget() is pane.grid_states.message
    assert pane.grid_states.message.title.text()
    pane.step(1)
    computed(pane)
    assert pane.grid_states.currentWidget() is pane.grid


def test_use_for_training_opens_the_form_with_the_recipe(
    open_context: AppContext, make_window: Callable[[AppContext], MainWindow], qtbot: QtBot
) -> None:
    window = make_window(open_context)
    open_context.navigate("models", train=True)
    models = window.panes["models"]
    assert isinstance(models, ModelsPane)
    wait_until(lambda: models.right.currentWidget() is models.form)
    settle(open_context)
    click(qtbot, models.form.next_button)
    click(qtbot, models.form.augment.preview)
    settle(open_context)
    page = window.panes["augment"]
    assert isinstance(page, AugmentPane)
    assert window.current == "augment"
    computed(page)
    page.controls["image"].operations["erase"].on.setChecked(True)
    page.controls["image"].seed.setValue(9)
    click(qtbot, page.use_button)
    wait_until(lambda: window.current == "models" and models.right.currentWidget() is models.form)
    settle(open_context)
    assert models.form.augment.choice.currentText() == "Previewed"
    sent: list[dict[str, Any]] = []
    models.form.started.disconnect()
    models.form.started.connect(lambda params, _ids: sent.append(params))
    click(qtbot, models.form.start_button)
    recipe = read_recipe(sent[0]["augment"])
    assert recipe == page.recipe
    assert recipe.seed == 9
    assert recipe.step("erase").on


def test_the_form_offers_presets_and_trains_without_by_default(
    open_context: AppContext, qtbot: QtBot
) -> None:
    pane = show_pane(ModelsPane, open_context, qtbot)
    pane.open_form()
    wait_until(lambda: pane.right.currentWidget() is pane.form)
    row = pane.form.augment
    assert [row.choice.itemText(i) for i in range(row.choice.count())] == [
        "Off",
        "Gentle",
        "Strong",
        "Custom…",
    ]
    assert row.params == {}
    row.choice.setCurrentIndex(2)
    assert read_recipe(row.params["augment"]) == preset("strong")
    asked: list[tuple[str, Any]] = []
    open_context.navigated.connect(lambda key, args: asked.append((key, args)))
    row.choice.setCurrentIndex(3)
    row.choice.activated.emit(3)
    assert asked[0][0] == "augment"
    assert asked[0][1]["recipe"]["name"] in ("gentle", "strong")


def test_presets_are_kept_and_removed(pane: AugmentPane, notices: list[Notice]) -> None:
    controls = pane.controls["image"]
    controls.operations["hue"].on.setChecked(True)
    pane.save_preset("Shop")
    assert controls.presets.currentText() == "Shop"
    assert read_recipe(json.loads(pane.context.settings.augment_recipes[0])).step("hue").on
    pane.save_preset("gentle")
    assert "name of its own" in notices[-1].text
    assert len(pane.context.settings.augment_recipes) == 1
    controls.remove_wanted.emit("Shop")
    assert controls.presets.findData("Shop") < 0
    assert notices[-1].action is not None
    notices[-1].action[1]()
    assert controls.presets.findData("Shop") >= 0
    computed(pane)


def test_a_library_without_media_says_what_to_do(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    pane = show_pane(AugmentPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message  # no library at all
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane.activated()
    settle(context)
    for kind in pane.controls:
        pane.tabs.setCurrentIndex(list(pane.controls).index(kind))
        settle(context)
        assert pane.grid_states.message.title.text().startswith("No ")


def test_read_only_libraries_can_be_looked_at(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.open(make_store(tmp_path, items=2), read_only=True))
    pane = show_pane(AugmentPane, context, qtbot)
    pane.activated()
    computed(pane)
    assert not pane.use_button.isEnabled()
    assert "reading only" in pane.use_note.text()
    show_tab(pane, "text")  # no texts here: the items' descriptions, their titles kept
    assert pane._sources[0].item is not None


def test_the_language_changes_while_it_is_shown(pane: AugmentPane) -> None:
    pane.context.change_setting("language", "zh_CN")
    pane.retranslate()
    computed(pane)
    assert pane.tabs.tabText(0) == "图片"
    assert pane.model.rows[0].title == "原件"
    assert pane.controls["image"].presets.itemText(1) == "轻微"


def test_the_model_keeps_qts_rules(pane: AugmentPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)
