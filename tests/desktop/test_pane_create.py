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
from mmstudio.generation.sets.personal import heard
from mmstudio.generation.sounding.wish import SoundWish
from mmstudio.generation.texts import TextWish
from mmstudio.library import AssetFilter
from mmstudio.media.audio import load_audio
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


def test_pictures_are_made_without_and_with_what_an_audience_likes(pane: CreatePane, qtbot: QtBot) -> None:
    controls = pane.controls
    controls.choose_model("starter-image-vae")
    controls.how_many.setValue(1)
    assert controls.both_button.isHidden()
    controls.audience.setCurrentIndex(controls.audience.findText("City people"))
    assert names_missing(pane) == []
    click(qtbot, controls.both_button)
    wait_until(lambda: made(pane))
    without, towards = pane.results.rows
    assert (without.recipe.strength, towards.recipe.strength) == (0.0, 1.0)
    assert without.recipe.seed == towards.recipe.seed
    assert without.image != towards.image
    assert "without taste" in pane.results.text(without)
    assert "100 %" in pane.results.text(towards)
    click_row(qtbot, pane.grid, 1)
    click(qtbot, pane.save_button)
    wait_until(lambda: towards.asset is not None)
    assert towards.asset is not None
    assets = pane.context.library.assets
    kept = QImage(str(assets.path_of(assets.get(towards.asset))))
    assert kept.convertToFormat(QImage.Format.Format_RGB888) == towards.image


def test_a_model_that_cannot_be_told_a_taste_says_so(pane: CreatePane) -> None:
    controls = pane.controls
    controls.choose_model("starter-image-gan")
    controls.audience.setCurrentIndex(1)
    assert not controls.untold.isHidden()
    assert controls.audience_id is None
    assert controls.taste.isHidden()
    assert controls.both_button.isHidden()


def test_sounds_take_on_tempo_and_key_of_a_taste() -> None:
    taste = {"tempo": 120.0, "key": 9}
    assert heard({"kind": "loop"}, taste, 0.0) == {"kind": "loop"}
    assert heard({"kind": "loop"}, taste, 0.4) == {"kind": "loop", "tempo": 120.0}
    assert heard({"tempo": 50.0, "key": "C"}, taste, 1.0) == {"tempo": 60.0, "key": "A"}
    assert heard({"tempo": 90.0}, taste, 0.5)["tempo"] == pytest.approx((90 * 120) ** 0.5, abs=0.1)


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
    wait_until(lambda: pane.detail.sound.playing or pane.detail.sound.position > 0)
    assert pane.detail.isVisible()
    assert not pane.detail.sound.play.silent or "No sound device" in notices[-1].text


def two_sounds() -> Batch:
    results = []
    for seed in (1, 2):
        noise = np.random.default_rng(seed).normal(0, 0.1, (2, 4410)).astype(np.float32)
        results.append(Result(Recipe("m", seed, "audio"), waveform(noise), noise))
    return Batch("sounds", results)


def test_two_chosen_sounds_are_compared(pane: CreatePane) -> None:
    pane._show(two_sounds())
    pane.grid.selectAll()
    wait_until(lambda: pane.detail.ab.ready)
    assert pane.detail.currentWidget() is pane.detail.ab
    assert "Seed 2" in pane.detail.ab.sides[1].text()


def test_a_text_is_shown_whole_with_what_it_copied(pane: CreatePane) -> None:
    result = Result(Recipe("m", 1, "text"), QImage(8, 8, QImage.Format.Format_ARGB32), text="A calm sea")
    result.copied, result.longest_copied = 0.25, 6
    pane._show(Batch("texts", [result]))
    assert pane.detail.text.text() == "A calm sea"
    assert "25%" in pane.detail.copied.text()
    assert "6 words" in pane.detail.copied.text()
    assert names_missing(pane) == []


def choose_sounds(pane: CreatePane) -> None:
    pane.controls.choose_model("starter-sound-vae")
    assert pane.controls.sound.isVisible()
    assert not pane.controls.text.isVisible()


def test_a_sound_is_asked_for_by_form_tempo_key_and_loudness(pane: CreatePane) -> None:
    choose_sounds(pane)
    sound = pane.controls.sound
    sound.kind.setCurrentIndex(sound.kind.findData("loop"))
    sound.seconds.setValue(6)
    sound.tempo.setValue(96)
    sound.key.setCurrentIndex(sound.key.findData("F#m"))
    sound.loudness.setValue(-14)
    sound.stereo.click()
    pane.controls.how_many.setValue(2)
    recipes = pane.controls.recipes(5)
    wish = SoundWish.of({"model": "m", "seed": 5} | (recipes[0].sound or {}))
    assert (wish.kind, wish.seconds, wish.tempo, wish.key) == ("loop", 6.0, 96.0, "F#m")
    assert (wish.loudness, wish.stereo) == (-14.0, False)
    assert [recipe.seed for recipe in recipes] == [5, 6]
    assert job_params(recipes[1])["sound"]["tempo"] == 96.0


def test_a_given_sound_is_varied_continued_coloured_or_one_of_two(pane: CreatePane) -> None:
    choose_sounds(pane)
    controls, sound = pane.controls, pane.controls.sound
    controls.how_many.setValue(3)
    assert not sound.use.isVisible()
    controls.set_like(7)
    assert sound.use.isVisible()

    def wish(place: int = 0) -> SoundWish:
        return SoundWish.of({"model": "m"} | (controls.recipes(1)[place].sound or {}))

    assert wish().like == 7
    sound.how.setCurrentIndex(sound.how.findData("continue"))
    assert (wish().continue_from, wish().kind) == (7, "bed")
    sound.how.setCurrentIndex(sound.how.findData("timbre"))
    sound.set_second(8)
    assert (wish().timbre_of, wish().like, wish().amount) == (7, 8, 0.7)
    sound.set_second(None)
    sound.how.setCurrentIndex(sound.how.findData("between"))
    assert not controls.generate_button.isEnabled()
    sound.set_second(8)
    assert controls.generate_button.isEnabled()
    assert [wish(place).at for place in range(3)] == [0.0, 0.5, 1.0]
    assert wish().between == (7, 8)


def test_a_variation_of_a_sound_is_made_shown_and_saved_as_heard(pane: CreatePane, qtbot: QtBot) -> None:
    choose_sounds(pane)
    library = pane.context.library
    given = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    pane.controls.set_like(given)
    generate(pane, qtbot, "starter-sound-vae", 1)
    result = pane.results.rows[0]
    assert result.samples is not None
    wait_until(lambda: pane.detail.sound.duration > 0)
    click(qtbot, pane.save_button)
    wait_until(lambda: result.asset is not None)
    assert result.asset is not None
    how = library.generations.of_asset(result.asset)
    assert how is not None
    assert how.model == "starter-sound-vae"
    kept, _rate = load_audio(library.assets.path_of(library.assets.get(result.asset)))
    assert kept.shape == result.samples.shape
    assert np.abs(kept - result.samples).max() < 1e-3


def test_texts_are_asked_for_as_the_model_can(pane: CreatePane) -> None:
    text = pane.controls.text
    text.prompt.setPlainText("The sea")
    text.temperature.setValue(10)
    wish = TextWish.of({"model": "m"} | text.fields)
    assert (wish.prompt, wish.temperature) == ("The sea", 0.5)
    text.set_family("text-vae")
    text.spread.setValue(20)
    assert TextWish.of({"model": "m"} | text.fields).spread == 1.0
    text.other.setPlainText("The mountains")
    assert TextWish.of({"model": "m"} | text.fields).between == ("The sea", "The mountains")


def test_pages_of_create_are_one_press_away(pane: CreatePane, qtbot: QtBot) -> None:
    seen: list[str] = []
    pane.context.navigated.connect(lambda key, _args: seen.append(key))
    click(qtbot, pane.controls.sets_button)
    click(qtbot, pane.controls.write_button)
    assert seen == ["sets", "write"]


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
