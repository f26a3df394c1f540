"""The copy gate in the window: what is held is shown in place, changed or answered for, then exported."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.held import ExportWish, read_held
from mmstudio.desktop.panes.exports import ExportsPane
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.window import MainWindow
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
CLAIM = "Clinically proven titanium mug"


@pytest.fixture(scope="module")
def held_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one ad whose headline no fact supports."""
    path = make_store(tmp_path_factory.mktemp("store"), items=3)
    with Library.open(path) as library:
        item = library.items.by_sku("SKU-0")
        assert item is not None
        audience = library.audiences.list()[0].id
        Composer(library, None, None).compose("product-ad", item.id, audience, headline=CLAIM)
    return path


@pytest.fixture
def store(held_store: Path, tmp_path: Path) -> Path:
    path = tmp_path / "Shop.mmlib"
    shutil.copytree(held_store, path)
    return path


def shown(context: AppContext, qtbot: QtBot) -> PreviewPane:
    pane = show_pane(PreviewPane, context, qtbot)
    wait_until(lambda: pane._facts is not None)
    settle(context)
    return pane


@pytest.fixture
def pane(context: AppContext, store: Path, qtbot: QtBot) -> PreviewPane:
    context.adopt(Studio.open(store))
    return shown(context, qtbot)


@pytest.fixture
def held(pane: PreviewPane, tmp_path: Path) -> PreviewPane:
    """The pane after an export that was held."""
    pane.export(["captions"], str(tmp_path / "out"))
    wait_until(lambda: pane.middle.currentWidget() is pane.gate)
    return pane


def exported(pane: PreviewPane | ExportsPane) -> list[str]:
    return [row.channel for row in pane.context.library.exports.list()]


def test_a_text_that_no_fact_supports_is_shown_instead_of_exported(held: PreviewPane, tmp_path: Path) -> None:
    gate = held.gate
    [card] = gate.cards
    assert gate.heading.text() == "1 text of Mug number 0 may not be exported yet"
    assert card.text.text == CLAIM
    assert [CLAIM[s.start : s.end] for s in card.text.spans] == ["Clinically proven", "titanium"]
    assert len(card.text.field.extraSelections()) == 2  # the marks of the Write page
    assert card.reasons == [
        "“Clinically proven” (claim): no fact says so",
        "“titanium” (material): no fact says so",
    ]
    assert all(why in card.accessibleName() for why in card.reasons)
    assert card.text.field.isReadOnly()
    assert names_missing(held) == []
    assert held.context.library.jobs.list() == []
    assert not (tmp_path / "out").exists()


def test_a_person_who_answers_exports(held: PreviewPane, qtbot: QtBot, tmp_path: Path) -> None:
    gate = held.gate
    assert not gate.answer_button.isEnabled()
    qtbot.keyClicks(gate.who, "Ida Berg")
    assert not gate.answer_button.isEnabled()  # a reason is required
    qtbot.keyClicks(gate.reason, "Study 12 of our lab")
    qtbot.keyClick(gate.reason, Qt.Key.Key_Return)
    wait_until(lambda: exported(held) == ["captions"])
    assert held.middle.currentWidget() is held.stage_states
    [override] = held.context.library.overrides.list()
    assert (override.who, override.reason, override.text) == ("Ida Berg", "Study 12 of our lab", CLAIM)
    assert held.context.settings.reviewer == "Ida Berg"  # asked for once
    held.export(["captions"], str(tmp_path / "again"))
    wait_until(lambda: len(exported(held)) == 2)  # answered for: not held again


def test_the_name_of_the_preferences_stands_there(pane: PreviewPane, tmp_path: Path) -> None:
    pane.context.change_setting("reviewer", "Kim Lee")
    pane.export(["captions"], str(tmp_path / "out"))
    wait_until(lambda: pane.middle.currentWidget() is pane.gate)
    assert pane.gate.who.text() == "Kim Lee"


def test_the_text_is_changed_in_its_field(held: PreviewPane, notices: list[Notice], qtbot: QtBot) -> None:
    held.context.change_setting("inspector_visible", False)
    field = held.panel.fields["headline"]
    click(qtbot, held.gate.cards[0].edit_button)
    assert held.context.settings.inspector_visible
    assert held.panel.window().focusWidget() is field
    qtbot.keyClicks(field, "Titanium mug")  # what was there is selected
    qtbot.keyClick(field, Qt.Key.Key_Return)
    wait_until(lambda: held.gate.cards[0].text.text == "Titanium mug")
    assert held.middle.currentWidget() is held.gate
    field.selectAll()
    qtbot.keyClicks(field, "A mug for every day")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    wait_until(lambda: held.middle.currentWidget() is held.stage_states)
    settle(held.context)
    assert exported(held) == []  # offered, not begun
    said = notices[-1]
    assert said.text == "Every text may be exported now."
    assert said.action is not None
    said.action[1]()
    wait_until(lambda: exported(held) == ["captions"])


def test_a_text_without_a_field_is_changed_on_the_write_page(held: PreviewPane, qtbot: QtBot) -> None:
    went: list[str] = []
    held.context.navigated.connect(lambda page, _args: went.append(page))
    held.panel.fields["headline"].hide()
    click(qtbot, held.gate.cards[0].edit_button)
    assert went == ["write"]


def test_escape_goes_back_to_the_ad(held: PreviewPane, qtbot: QtBot) -> None:
    qtbot.keyClick(held.gate.reason, Qt.Key.Key_Escape)
    assert held.middle.currentWidget() is held.stage_states
    settle(held.context)
    assert exported(held) == []
    assert held.context.library.overrides.list() == []


def test_nobody_answers_for_a_text_that_they_have_not_read(held: PreviewPane) -> None:
    gate, library = held.gate, held.context.library
    gate.who.setText("Ida")
    gate.reason.setText("study")
    library.brand.add("ban", "cotton")  # the window has not heard of it yet
    gate.answer()
    settle(held.context)
    assert library.overrides.list() == []
    assert held.middle.currentWidget() is gate
    assert any("cotton" in why for card in gate.cards for why in card.reasons)


def test_a_missing_sentence_can_be_put_into_the_line(pane: PreviewPane, tmp_path: Path, qtbot: QtBot) -> None:
    library = pane.context.library
    library.brand.add("require", "Terms apply.")
    wish = ExportWish(library.storyboards.list()[0].id, ("captions",), str(tmp_path))
    pane.gate.ask(wish)
    wait_until(lambda: len(pane.gate.cards) == 2)
    whole = pane.gate.cards[1]
    assert whole.place.text() == "All texts together"
    click(qtbot, whole.edit_button)
    assert pane.panel.window().focusWidget() is pane.panel.fields["line"]


def test_in_a_library_that_is_read_only_it_is_shown_and_nothing_can_be_done(
    context: AppContext, store: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(store, read_only=True))
    pane = shown(context, qtbot)
    pane.activated(storyboard=context.library.storyboards.list()[0].id, held=True)
    wait_until(lambda: pane.middle.currentWidget() is pane.gate)
    assert "reading only" in pane.gate.note.text()
    assert not pane.gate.cards[0].edit_button.isEnabled()
    assert not pane.gate.reason.isEnabled()
    pane.gate.who.setText("Ida")
    pane.gate.reason.setText("study")
    assert not pane.gate.answer_button.isEnabled()


def test_it_speaks_chinese(held: PreviewPane) -> None:
    held.context.language_changed.connect(held.retranslate)
    held.context.change_setting("language", "zh_CN")
    settle(held.context)
    assert held.gate.heading.text() == "Mug number 0 有 1 段文字还不能导出"
    assert held.gate.cards[0].edit_button.text() == "修改文字"
    held.context.change_setting("language", "en")


def test_ads_of_the_exports_page_wait_for_their_texts(
    context: AppContext, store: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(store))
    pane = show_pane(ExportsPane, context, qtbot)
    pane._set_folder(str(tmp_path / "out"))
    column = 1 + [c.name for c in pane.matrix.channels].index("captions")
    click_row(qtbot, pane.table, 0, column)
    click(qtbot, pane.export_button)
    wait_until(lambda: pane._run is None)
    assert exported(pane) == []
    assert pane.held_bar.words.text().startswith("1 ad was held back")
    went: list[tuple[str, dict[str, object]]] = []
    context.navigated.connect(lambda page, args: went.append((page, args)))
    click(qtbot, pane.held_bar.show_button)
    storyboard = context.library.storyboards.list()[0].id
    assert went == [
        (
            "preview",
            {
                "storyboard": storyboard,
                "held": True,
                "channels": ["captions"],
                "folder": str(tmp_path / "out"),
            },
        )
    ]
    context.studio.exporter.answer_for(storyboard, "Ida", "study")  # type: ignore[union-attr]
    wait_until(lambda: not pane.held_bar.isVisible())


def test_the_notice_of_a_refused_export_leads_to_the_texts(
    context: AppContext,
    store: Path,
    tmp_path: Path,
    notices: list[Notice],
    make_window: Callable[[AppContext], MainWindow],
) -> None:
    context.adopt(Studio.open(store))
    window = make_window(context)
    storyboard = context.library.storyboards.list()[0].id
    params = {"storyboard_id": storyboard, "channels": ["captions"], "out": str(tmp_path / "out")}
    context.submit("export", params)
    wait_until(lambda: any(n.level == "error" for n in notices))
    refused = next(n for n in notices if n.level == "error")
    assert "not supported" in refused.text
    assert refused.action is not None
    assert refused.action[0] == "Show"
    refused.action[1]()
    wait_until(lambda: "preview" in window.panes)
    preview = window.panes["preview"]
    assert isinstance(preview, PreviewPane)
    wait_until(lambda: preview.middle.currentWidget() is preview.gate)
    assert preview.gate.wish == ExportWish(storyboard, ("captions",), str(tmp_path / "out"), look_only=True)
    assert read_held(context.library, storyboard).texts == preview.gate.board.texts  # type: ignore[union-attr]


def test_another_failure_of_an_export_can_be_tried_again(
    context: AppContext,
    store: Path,
    tmp_path: Path,
    notices: list[Notice],
    make_window: Callable[[AppContext], MainWindow],
) -> None:
    context.adopt(Studio.open(store))
    make_window(context)
    storyboard = context.library.storyboards.list()[0].id
    context.studio.exporter.answer_for(storyboard, "Ida", "study")  # type: ignore[union-attr]
    (tmp_path / "file").write_text("in the way")
    params = {"storyboard_id": storyboard, "channels": ["captions"], "out": str(tmp_path / "file")}
    context.submit("export", params)
    wait_until(lambda: any(n.level == "error" for n in notices))
    refused = next(n for n in notices if n.level == "error")
    assert refused.action is not None
    assert refused.action[0] == "Try again"
