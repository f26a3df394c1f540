"""The page Make a set: slots, locks, dice, what is dropped, history, states."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.items import items_mime
from mmstudio.desktop.models.sets import SetHistory, SetStep, Shown, shown_of
from mmstudio.desktop.panes.sets import SetsPane
from mmstudio.desktop.views.set_shared import fit_text, key_text, tempo_text
from mmstudio.desktop.views.set_slots import Slot
from mmstudio.errors import StudioError
from mmstudio.generation.sets.contract import MadeSet
from mmstudio.jobs import Progress
from mmstudio.library import AssetFilter
from mmstudio.studio import Studio
from support.made_sets import made_set, making
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, show_pane


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("sets"), items=2)


@pytest.fixture
def pane(context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot) -> SetsPane:
    import shutil

    copy = shutil.copytree(shop, tmp_path / "Shop.mmlib")
    context.adopt(Studio.open(copy))
    settle(context)
    return show_pane(SetsPane, context, qtbot, (1180, 820))


def begin(pane: SetsPane, seed: int = 0, *, show: bool = True) -> None:
    """Make a set from work that is at hand, and wait for it."""
    pane._begin(making(made_set(seed)), "Set, seed {seed}", {"seed": seed}, show=show)
    wait_until(lambda: not pane.maker.busy)
    settle(pane.context)


def drop(slot: Slot, mime: QMimeData) -> None:
    at, none = QPoint(20, 20), Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none)
    QApplication.sendEvent(slot, enter)
    assert enter.isAccepted()
    let_go = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none)
    QApplication.sendEvent(slot, let_go)


def assets_mime(*ids: int) -> QMimeData:
    mime = QMimeData()
    mime.setData("application/x-mmstudio-assets", json.dumps(ids).encode())
    return mime


def test_an_empty_page_says_what_each_slot_is_for(pane: SetsPane) -> None:
    assert all(not slot.there and slot.message.text() for slot in pane.slots.values())
    assert names_missing(pane) == []
    assert not pane.save_button.isEnabled()
    assert not pane.vary_button.isEnabled()


def test_a_made_set_is_shown_with_what_it_shares(pane: SetsPane) -> None:
    begin(pane, 3)
    assert all(slot.there for slot in pane.slots.values())
    assert pane.text.text.text() == "A quiet morning, number 3"
    assert "Light on the water" in pane.text.others.text()
    assert pane.sound.view.duration == pytest.approx(1.0)
    assert pane.shared.tempo.text() == "84 beats a minute, unhurried"
    assert pane.shared.key.text() == "A minor"
    assert pane.shared.mood.text() == "calm, cool"
    assert pane.shared.colours.colours[0] == (40, 90, 120)
    assert pane.shared.fit.text() == "go together very well"
    assert "Colours of picture and set: 80%" in pane.shared.fit.toolTip()
    assert names_missing(pane) == []


def test_parts_come_in_one_by_one(pane: SetsPane) -> None:
    seen: list[tuple[bool, bool, bool]] = []

    pane.maker.progressed.connect(
        lambda _p, _s: seen.append((pane.picture.there, pane.sound.there, pane.text.there))
    )
    pane._begin(making(made_set(1)), "Set", {})
    assert pane.picture.bar.isVisible()
    assert pane.stop_button.isVisible()
    wait_until(lambda: not pane.maker.busy)
    assert seen == [(False, False, False), (True, False, False), (True, True, False)]
    assert pane.text.there


def test_what_is_dropped_is_kept_and_the_rest_is_made(pane: SetsPane) -> None:
    picture = pane.context.library.assets.ids(AssetFilter(kinds=("image",)))[0]
    drop(pane.picture, assets_mime(picture))
    wish = pane.controls.wish(first=True, locks=pane.locks)
    assert (wish.asset_id, wish.locks) == (picture, ("picture",))
    assert pane.controls.make_button.isEnabled()


def test_items_files_and_sentences_can_be_dropped(pane: SetsPane, tmp_path: Path) -> None:
    item = pane.context.library.items.ids()[0]
    drop(pane.text, items_mime([item]))
    settle(pane.context)
    assert pane.controls.wish(first=True).item_id == item
    file = tmp_path / "waves.wav"
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(file))])
    drop(pane.sound, files)
    assert pane.controls.wish(first=True).file == str(file)
    words = QMimeData()
    words.setText("Rain on a tin roof")
    drop(pane.text, words)
    assert pane.controls.wish(first=True).text == "Rain on a tin roof"
    assert pane.controls.wish(first=True).file == ""


def test_every_kind_of_source_says_what_it_lacks(pane: SetsPane) -> None:
    for kind in ("item", "media", "text", "audience"):
        pane.controls.set_kind(kind)
        assert pane.controls.problem
        assert not pane.controls.make_button.isEnabled()
    pane.controls.set_kind("nothing")
    assert pane.controls.problem == ""
    assert pane.controls.make_button.isEnabled()


def test_an_audience_is_a_source_and_goes_along_with_a_sentence(pane: SetsPane) -> None:
    audience = pane.context.library.audiences.list()[0]
    pane.activated(audience=audience.id)
    assert pane.controls.wish(first=True).audience_id == audience.id
    pane.controls.use_text("Calm and warm")
    wish = pane.controls.wish(first=True)
    assert (wish.text, wish.audience_id) == ("Calm and warm", audience.id)


def test_undo_and_redo_move_between_sets(pane: SetsPane, qtbot: QtBot) -> None:
    begin(pane, 1)
    begin(pane, 2)
    assert pane.strip.isVisible()
    pane.strip.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pane.text.text.text().endswith("1")
    qtbot.keyClick(
        pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert pane.text.text.text().endswith("2")
    click_row(qtbot, pane.strip, 0)
    assert pane.text.text.text().endswith("1")
    pane._undo.trigger()
    assert pane.text.text.text().endswith("2")


def test_variations_join_the_strip_and_do_not_take_the_place(pane: SetsPane) -> None:
    begin(pane, 1)
    begin(pane, 2, show=False)
    assert pane.history.model.rowCount() == 2
    assert pane.text.text.text().endswith("1")


def test_a_kept_part_is_not_made_again(pane: SetsPane, qtbot: QtBot, notices: list[Notice]) -> None:
    begin(pane, 1)
    assert pane.picture.dice.isEnabled()
    click(qtbot, pane.picture.lock)
    assert not pane.picture.dice.isEnabled()
    assert pane.picture.lock.accessibleDescription() == "kept"
    pane.reroll("picture")
    assert not pane.maker.busy
    assert "kept" in notices[-1].text


def test_stopping_brings_back_what_was_there(pane: SetsPane, qtbot: QtBot) -> None:
    begin(pane, 1)
    pane._begin(making(made_set(2)), "Set", {})
    assert not pane.text.there
    click(qtbot, pane.stop_button)
    assert not pane.maker.busy
    assert pane.text.there
    assert pane.text.text.text().endswith("1")


def test_a_failure_is_said_in_the_slots_and_a_notice(pane: SetsPane, notices: list[Notice]) -> None:
    def start(_studio: Studio) -> Generator[Progress, None, MadeSet]:
        yield Progress(0, 1)
        raise StudioError("The sound model is gone.", hint="Choose another one.")

    pane._begin(start, "Set", {})
    wait_until(lambda: not pane.maker.busy)
    assert pane.picture.message.text() == "The sound model is gone."
    assert notices[-1].hint == "Choose another one."
    assert pane.controls.kind == "item"


def test_two_sounds_can_be_compared(pane: SetsPane) -> None:
    begin(pane, 1)
    assert not pane._compare.isEnabled()
    begin(pane, 2)
    pane._compare.trigger()
    wait_until(lambda: pane.hearing.ab.ready)
    assert pane.hearing.ab.isVisible()
    assert "Set, seed 2" in pane.hearing.ab.sides[0].text()


def test_without_and_with_a_taste_are_shown_beside_each_other(pane: SetsPane, qtbot: QtBot) -> None:
    controls = pane.controls
    controls.set_kind("text")
    controls.sentence.setPlainText("A quiet morning by the sea")
    assert controls.audience_id is None
    assert not controls.taste.isVisible()
    controls.audience.setCurrentIndex(1)
    audience = controls.audience_id
    assert audience is not None
    assert controls.taste.isVisible()
    library = pane.context.library
    library.audiences.update(audience, liked=library.items.ids()[:2])
    controls.strength.setValue(60)
    controls.seconds.setValue(1)
    controls.seed.value.setValue(5)
    click(qtbot, controls.both_button)
    wait_until(lambda: not pane.maker.busy, 60_000)
    assert pane.views.currentWidget() is pane.pair
    without, told = pane.pair.without.step, pane.pair.with_taste.step
    assert without is not None
    assert told is not None
    assert (without.made.wish.strength, told.made.wish.strength) == (0.0, 0.6)
    assert without.made.wish.seed == told.made.wish.seed == 5
    assert not without.made.wish.taste
    assert told.made.wish.taste["palette"]
    assert without.made.palette != told.made.palette
    click(qtbot, pane.pair.back_button)
    assert pane.views.currentWidget() is not pane.pair
    assert len(pane.history.model.rows) == 2


def test_a_taste_that_nobody_knows_is_said(pane: SetsPane, notices: list[Notice]) -> None:
    pane.context.library.audiences.add(name="Strangers")
    settle(pane.context)
    pane.controls.use_audience(pane.context.library.audiences.by_name("Strangers").id)
    pane.controls.strength.setValue(50)
    pane.make()
    wait_until(lambda: not pane.maker.busy)
    assert "Nothing is known yet" in pane.picture.message.text()
    assert "taste" in notices[-1].hint


def test_nothing_is_saved_to_a_library_that_is_read_only(
    context: AppContext, shop: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(shop, read_only=True))
    pane = show_pane(SetsPane, context, qtbot)
    assert "reading only" in pane.note.text()
    begin(pane, 1)
    assert pane.text.there
    assert not pane.save_button.isEnabled()


def test_without_a_library_it_leads_to_one(context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(SetsPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message


def test_it_speaks_chinese_at_once(pane: SetsPane) -> None:
    begin(pane, 1)
    pane.context.change_setting("language", "zh_CN")
    pane.retranslate()
    assert pane.shared.tempo.text() != "84 beats a minute, unhurried"
    assert "84" in pane.shared.tempo.text()
    pane.context.change_setting("language", "en")


def test_plain_words_for_numbers() -> None:
    assert tempo_text(60) == "60 beats a minute, slow"
    assert tempo_text(180.4) == "180 beats a minute, fast"
    assert (key_text(0), key_text(22), key_text(13)) == ("C major", "B♭ minor", "C♯ minor")
    assert (fit_text(0.9), fit_text(0.0)) == ("very well", "hardly")


def test_the_strip_keeps_qts_rules(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    history = SetHistory()
    for seed in range(3):
        made = made_set(seed)
        history.add(SetStep(made, shown_of(made), "Set, seed {seed}", {"seed": seed}))
    qtmodeltester.check(history.model)
    spoken = history.model.data(history.model.index(1), int(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken == "Set, seed 1, A quiet morning, number 1"


def test_what_arrives_later_does_not_wipe_what_is_there() -> None:
    shown = Shown(title="A", text="B")
    shown.take(Shown())
    assert (shown.title, shown.text) == ("A", "B")
