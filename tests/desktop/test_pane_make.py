"""The Make page: recipes with pictures, their forms, composing, and the way to the Preview."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.make import MakePane
from support.media import make_png, make_text
from support.qt import settle, wait_until
from support.storefront import click, names_missing, open_store, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> MakePane:
    open_store(context, tmp_path)
    made = show_pane(MakePane, context, qtbot)
    wait_until(lambda: bool(made.picker.cards))
    return made


def test_recipes_ask_for_what_they_need(pane: MakePane, qtbot: QtBot) -> None:
    assert {"product-ad", "story", "music-video", "catalogue-page"} <= set(pane.picker.cards)
    assert pane.form_states.currentWidget() is pane.form_states.message
    form = pane.form
    for name, fields in {
        "story": {"text", "pictures", "track", "item", "character", "model"},
        "catalogue-page": {"items", "text"},
        "music-video": {"track", "pictures", "items", "model"},
        "product-card": {"item"},
    }.items():
        click(qtbot, pane.picker.cards[name])
        assert pane.form_states.currentWidget() is form
        assert {key for key, group in form.groups.items() if not group.isHidden()} == fields
        assert not form.compose_button.isEnabled()
        assert pane.picker.cards[name].isChecked()
        assert names_missing(pane) == []
    assert sum(card.isChecked() for card in pane.picker.cards.values()) == 1


def test_a_story_is_composed_and_shown(pane: MakePane, qtbot: QtBot) -> None:
    went: list[tuple[str, dict[str, Any]]] = []
    pane.context.navigated.connect(lambda key, args: went.append((key, args)))
    click(qtbot, pane.picker.cards["story"])
    form = pane.form
    form.text.setPlainText("Rain falls.\nThe sun comes.")
    assert form.compose_button.isEnabled()
    pictures = form.options["pictures"]
    assert isinstance(pictures, QComboBox)
    pictures.setCurrentIndex(pictures.findData("none"))
    form.name_field.setText("Weather")
    form.model.setCurrentIndex(form.model.findData("none"))
    assert form.inputs()["options"] == {"pictures": "none"}
    click(qtbot, form.compose_button)
    assert not form.compose_button.isEnabled()  # one at a time
    wait_until(lambda: bool(went))
    key, args = went[0]
    assert key == "preview"
    assert pane.context.studio is not None
    row = pane.context.studio.library.storyboards.get(args["storyboard"])
    assert row.name == "Weather"
    assert form.compose_button.isEnabled()


def test_a_failure_is_said_where_it_happened(pane: MakePane, qtbot: QtBot) -> None:
    click(qtbot, pane.picker.cards["story"])
    pane.form.text.setPlainText("...\n---")
    click(qtbot, pane.form.compose_button)
    wait_until(lambda: "nothing to tell" in pane.form.note.text())
    assert pane.form.bar.isHidden()


def test_files_and_items_come_in(pane: MakePane, qtbot: QtBot, tmp_path: Path) -> None:
    click(qtbot, pane.picker.cards["story"])
    pane.form.shelf.files_dropped.emit([str(make_png(tmp_path / "drop.png", (80, 60)))])
    wait_until(lambda: len(pane.form.shelf.ids) == 1)
    pane.form.shelf.items_dropped.emit(pane.context.studio.library.items.ids()[:1])  # type: ignore[union-attr]
    wait_until(lambda: len(pane.form.shelf.ids) > 1)
    pane.form.text_file.emit(str(make_text(tmp_path / "outline.txt", "One. Two. Three.")))
    wait_until(lambda: pane.form.text.words() == "One. Two. Three.")
    click(qtbot, pane.picker.cards["catalogue-page"])
    ids = pane.context.studio.library.items.ids()[:2]  # type: ignore[union-attr]
    pane.form.items.added.emit(ids)
    wait_until(lambda: pane.form.items.ids == ids)
    assert pane.form.compose_button.isEnabled()
    pane.form.items.removed.emit(ids[0])
    wait_until(lambda: pane.form.items.ids == ids[1:])


def test_it_opens_on_a_recipe_with_what_was_brought(pane: MakePane) -> None:
    item = pane.context.studio.library.items.ids()[0]  # type: ignore[union-attr]
    pane.activated(recipe="product-card", item=item)
    wait_until(lambda: pane.form.item.item_id == item)
    assert pane.form.recipe is not None
    assert pane.form.recipe.name == "product-card"
    wait_until(pane.form.compose_button.isEnabled)
    settle(pane.context)


def test_forms_speak_of_what_the_recipe_is(pane: MakePane, qtbot: QtBot) -> None:
    form = pane.form
    click(qtbot, pane.picker.cards["case-report"])
    assert not form.compose_button.isEnabled()  # notes or pictures: one of them has to be there
    assert form.needs.text() == "Still needed: Notes or Pictures and clips"
    assert form.optional["text"].isHidden()
    form.text.setPlainText("A cough for two weeks.")
    assert form.compose_button.isEnabled()
    window = form.options["window"]
    assert isinstance(window, QComboBox)
    assert "options" not in form.inputs()
    window.setCurrentIndex(window.findData("lung"))
    assert form.inputs()["options"] == {"window": "lung"}
    window.setEditText("40/400")
    assert form.inputs()["options"] == {"window": "40/400"}
    form.text.clear()
    click(qtbot, pane.picker.cards["character"])
    assert form.track_label.text() == "Recorded voice"
    assert form.needs.text() == "Still needed: About the character or Title"
    form.name_field.setText("Mira")
    assert form.compose_button.isEnabled()
    click(qtbot, pane.picker.cards["story"])
    assert form.track_label.text() == "Music"
    form.show_voices([("fake:ada", "Ada"), ("fake:ben", "Ben")])
    voice = form.options["voice"]
    assert isinstance(voice, QComboBox)
    assert [voice.itemText(n) for n in range(4)] == ["The usual voice", "No voice", "Ada", "Ben"]
    assert "voice" not in form.inputs().get("options", {})  # a story is silent unless a voice is chosen
    voice.setCurrentIndex(voice.findData("fake:ben"))
    form.show_voices([("fake:ben", "Ben")])
    assert form.inputs()["options"] == {"voice": "fake:ben"}
    assert names_missing(pane) == []
