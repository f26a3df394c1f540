"""The Create pane: generating, keeping, varying, backgrounds in an item's colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.results import Batch, Recipe, Result, job_params, waveform
from mmstudio.desktop.panes.create import CreatePane
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, open_store, show_pane


def waveform_image() -> QImage:
    return waveform(np.zeros((2, 100), np.float32))


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> CreatePane:
    open_store(context, tmp_path)
    return show_pane(CreatePane, context, qtbot)


def made(pane: CreatePane) -> bool:
    assert not [r.error for r in pane.results.rows if r.error]
    return bool(pane.results.rows) and all(r.image is not None for r in pane.results.rows)


def generate(pane: CreatePane, qtbot: QtBot, model: str = "starter-image-vae", n: int = 2) -> None:
    pane.controls.choose_model(model)
    pane.controls.how_many.setValue(n)
    click(qtbot, pane.controls.generate_button)
    wait_until(lambda: made(pane))
    settle(pane.context)


def test_pictures_are_made_saved_and_varied(pane: CreatePane, qtbot: QtBot) -> None:
    generate(pane, qtbot)
    assert names_missing(pane) == []
    first = pane.results.rows[0]
    click_row(qtbot, pane.grid, 0)
    click(qtbot, pane.save_button)
    wait_until(lambda: first.asset is not None)
    assert first.asset is not None
    asset = pane.context.library.assets.get(first.asset)
    how = pane.context.library.generations.of_asset(first.asset)
    assert asset.origin == "generated"
    assert how is not None
    assert (how.model, how.seed) == ("starter-image-vae", first.recipe.seed)
    assert not pane.save_button.isEnabled()
    click(qtbot, pane.vary_button)
    wait_until(lambda: pane.results.rows[0] is not first and made(pane))
    assert {r.recipe.like for r in pane.results.rows} == {first.asset}
    assert pane.history.rowCount() == 2


def test_what_is_saved_is_what_was_shown(pane: CreatePane, qtbot: QtBot) -> None:
    generate(pane, qtbot, n=1)
    result = pane.results.rows[0]
    click(qtbot, pane.save_button)
    wait_until(lambda: result.asset is not None)
    assert result.asset is not None
    assets = pane.context.library.assets
    kept = QImage(str(assets.path_of(assets.get(result.asset))))
    assert result.image is not None
    assert kept.convertToFormat(QImage.Format.Format_RGB888) == result.image


def test_the_seed_changes_unless_it_is_locked(pane: CreatePane) -> None:
    seed = pane.controls.seed
    seed.value.setValue(41)
    assert seed.take(first=True) == 41
    seed.lock.click()
    assert seed.take(first=False) == 41
    seed.lock.click()
    assert seed.take(first=False) != 41


def test_a_past_batch_comes_back(pane: CreatePane, qtbot: QtBot) -> None:
    old, new = (Batch(name, [Result(Recipe("m", 1), waveform_image())]) for name in ("old", "new"))
    pane.history.set_rows([new, old])
    pane.strip.show()
    click_row(qtbot, pane.strip, 1)
    assert pane.results.rows == old.results
    assert pane.heading.text() == "old"


def test_backgrounds_wear_the_colours_of_an_item(pane: CreatePane, qtbot: QtBot) -> None:
    item = pane.context.library.items.by_sku("SKU-0")
    assert item is not None
    pane.activated(item=item.id)
    wait_until(lambda: len(pane.controls.palette_colours) == 4)
    pane.controls.background_count.setValue(1)
    click(qtbot, pane.controls.background_button)
    wait_until(lambda: made(pane))
    settle(pane.context)
    click(qtbot, pane.save_button)
    wait_until(lambda: pane.results.rows[0].asset is not None)


def test_a_sound_without_a_device_says_so(pane: CreatePane, notices: list[Notice], qtbot: QtBot) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 4410)).astype(np.float32)
    result = Result(Recipe("m", 1, "audio"), waveform(noise), noise)
    pane._show(Batch("sounds", [result]))
    pane.grid.setFocus()
    qtbot.keyClick(pane.grid, Qt.Key.Key_Space)
    wait_until(lambda: pane._sound is not None)
    assert pane._sound is not None
    assert not pane._sound.silent or "no sound device" in notices[-1].text


def test_without_a_library_it_leads_to_one(context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(CreatePane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message


def test_nothing_is_saved_to_a_library_that_is_read_only(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(CreatePane, context, qtbot)
    pane._show(Batch("one", [Result(Recipe("m", 1), waveform_image())]))
    assert not pane.save_button.isEnabled()


def test_the_models_keep_qts_rules(pane: CreatePane, qtmodeltester: ModelTester) -> None:
    pane._show(Batch("one", [Result(Recipe("m", 1), waveform_image())]))
    pane.history.set_rows([Batch("one", [])])
    qtmodeltester.check(pane.results)
    qtmodeltester.check(pane.history)


def test_a_recipe_names_all_that_its_job_needs() -> None:
    recipe = Recipe("bells", 3, "audio", like=9, seconds=4.0)
    assert job_params(recipe) == {
        "model": "bells", "n": 1, "seed": 3, "add_to_library": True, "like": 9, "seconds": 4.0,
    }  # fmt: skip


def test_a_model_asked_to_make_draws_at_once(pane: CreatePane) -> None:
    pane.controls.how_many.setValue(1)
    pane.activated(model="starter-image-vae", make=True)
    wait_until(lambda: made(pane))
