"""The page Write: variants with the guard's marks, editing, answering, saving, the rules of the brand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCharFormat
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.write import WritePane
from mmstudio.desktop.views.guarded_text import GuardedText, span_words
from mmstudio.errors import StudioError
from mmstudio.generation.copywriting.contract import Brief, EngineStatus, Span
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, show_pane


class Dictated:
    """An engine that writes what a test says, word by word as a language model does."""

    name, label = "server", "Local server"

    def __init__(self, *texts: str, ready: bool = True) -> None:
        self.texts, self.ready = texts, ready
        self.briefs: list[Brief] = []
        self.error: StudioError | None = None

    def status(self) -> EngineStatus:
        return EngineStatus(self.ready, "A model is there." if self.ready else "No server answers.", "")

    def write(
        self,
        brief: Brief,
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        self.briefs.append(brief)
        if self.error is not None:
            raise self.error
        for text in self.texts:
            if heard is not None:
                heard(text)
            yield text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("write"), items=2)


def open_page(
    context: AppContext,
    library: Path,
    qtbot: QtBot,
    engine: Dictated | None = None,
    *,
    read_only: bool = False,
) -> WritePane:
    studio = Studio.open(library, read_only=read_only)
    if engine is not None:
        studio.copywriter.engines["server"] = engine
    context.adopt(studio)
    settle(context)
    pane = show_pane(WritePane, context, qtbot, (1180, 820))
    pane.activated(item=studio.library.items.ids()[0])
    settle(context)
    return pane


@pytest.fixture
def pane(context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot) -> WritePane:
    return open_page(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot)


def write(pane: WritePane, qtbot: QtBot) -> None:
    click(qtbot, pane.controls.write_button)
    wait_until(lambda: not pane.writing.busy)
    settle(pane.context)


def dictate(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot, *texts: str
) -> tuple[WritePane, Dictated]:
    engine = Dictated(*texts)
    pane = open_page(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot, engine)
    pane.controls.engine.setCurrentIndex(pane.controls.engine.findData("server"))
    write(pane, qtbot)
    return pane, engine


def test_several_texts_of_facts_are_written_best_first(pane: WritePane, qtbot: QtBot) -> None:
    pane.controls.choose(task="description")
    write(pane, qtbot)
    assert len(pane.cards) >= 2
    assert [card.rank.text() for card in pane.cards] == [str(n + 1) for n in range(len(pane.cards))]
    assert all(not card.draft.blocked for card in pane.cards)
    assert "best first" in pane.heading.text()
    assert names_missing(pane) == []


@pytest.mark.parametrize("task", ["headline", "bullets", "script", "character_sheet", "lesson_outline"])
def test_every_kind_of_text_can_be_asked_for(pane: WritePane, qtbot: QtBot, task: str) -> None:
    pane.controls.choose(task=task)
    write(pane, qtbot)
    assert pane.cards
    assert pane.cards[0].draft.text.strip()


def test_claims_are_marked_span_by_span(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    text = "A mug of cotton, now 90% off and waterproof."
    pane, _engine = dictate(context, shop, tmp_path, qtbot, text)
    card = pane.cards[0]
    status = {span.text: span.status for span in card.draft.spans}
    assert status["cotton"] == "supported"
    assert status["90%"] == "unsupported"
    styles = {
        look.cursor.selectedText(): look.format.underlineStyle() for look in card.text.field.extraSelections()
    }
    assert styles["cotton"] == QTextCharFormat.UnderlineStyle.SingleUnderline
    assert styles["90%"] == QTextCharFormat.UnderlineStyle.WaveUnderline
    spoken = [span_words(span) for span in card.draft.spans]
    assert any("cotton" in words and "material" in words for words in spoken)
    assert any("90%" in words and "no fact" in words for words in spoken)
    assert "must be settled" in card.state.text()
    assert "90%" in card.text.field.accessibleDescription()


def test_editing_checks_again(context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot) -> None:
    pane, _engine = dictate(context, shop, tmp_path, qtbot, "Now 90% off.")
    card = pane.cards[0]
    assert card.draft.blocked
    card.text.field.setPlainText("A mug of cotton.")
    assert card.draft.checking
    wait_until(lambda: not card.draft.checking)
    assert not card.draft.blocked
    assert card.state.text() == "Every claim rests on a fact"
    click(qtbot, card.revert_button)
    wait_until(lambda: not card.draft.checking)
    assert card.draft.text == "Now 90% off."
    assert card.draft.blocked


def test_an_override_names_who_and_why_and_is_recorded(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    pane, _engine = dictate(context, shop, tmp_path, qtbot, "Now 90% off.")
    card = pane.cards[0]
    click(qtbot, card.answer_button)
    assert not card.confirm.isEnabled()
    qtbot.keyClicks(card.who, "Kim")
    qtbot.keyClicks(card.reason, "The sale begins on Monday")
    click(qtbot, card.confirm)
    settle(context)
    kept = context.library.overrides.list()
    assert [(o.who, o.reason, o.text) for o in kept] == [("Kim", "The sale begins on Monday", "Now 90% off.")]
    assert kept[0].spans[0]["text"] == "90%"
    assert "Kim" in card.state.text()
    card.text.field.setPlainText("Now 95% off.")
    wait_until(lambda: not card.draft.checking)
    assert card.draft.answered == ""
    assert "must be settled" in card.state.text()


def test_a_text_is_copied_and_saved_with_how_it_was_written(pane: WritePane, qtbot: QtBot) -> None:
    write(pane, qtbot)
    card = pane.cards[0]
    click(qtbot, card.copy_button)
    assert QGuiApplication.clipboard().text() == card.draft.text
    click(qtbot, card.save_button)
    wait_until(lambda: card.draft.asset is not None)
    library: Library = pane.context.library
    assert card.draft.asset is not None
    asset = library.assets.get(card.draft.asset)
    how = library.generations.of_asset(asset.id)
    assert (asset.kind, asset.origin) == ("text", "generated")
    assert library.assets.text_of(asset.id).strip() == card.draft.text
    assert how is not None
    assert (how.model, how.params["task"]) == ("writer-facts", "headline")
    assert not card.save_button.isEnabled()


def test_texts_stream_and_the_engine_hears_what_is_wanted(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    engine = Dictated("A mug.", "A cotton mug.")
    pane = open_page(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot, engine)
    seen: list[str] = []
    pane.writing.heard.connect(lambda _piece: seen.append(pane.coming.text))
    pane.controls.engine.setCurrentIndex(pane.controls.engine.findData("server"))
    pane.controls.tone.setCurrentIndex(pane.controls.tone.findData("warm"))
    pane.controls.limit.setValue(40)
    pane.controls.words.setText("light, 夏天、 sea")
    pane.controls.choose(audience=context.library.audiences.list()[0].id, task="reply")
    assert not pane.controls.write_button.isEnabled()
    pane.controls.message.setPlainText("Is it warm?")
    write(pane, qtbot)
    brief = engine.briefs[0]
    assert (brief.task, brief.tone, brief.limit, brief.count) == ("reply", "warm", 40, 3)
    assert brief.words == ("light", "夏天", "sea")
    assert brief.context.message == "Is it warm?"
    assert brief.audience is not None
    assert seen[-1].endswith("A cotton mug.")
    assert not pane.coming.isVisible()


def test_a_writer_that_is_not_set_up_says_what_it_lacks(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    engine = Dictated(ready=False)
    pane = open_page(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot, engine)
    pane.controls.engine.setCurrentIndex(pane.controls.engine.findData("server"))
    assert pane.controls.engine_note.text() == "No server answers."
    assert pane.controls.setup_button.isVisible()
    assert not pane.controls.write_button.isEnabled()


def test_a_failure_says_what_to_do(context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot) -> None:
    engine = Dictated()
    engine.error = StudioError("The server hangs.", hint="Start it again.")
    pane = open_page(context, shutil.copytree(shop, tmp_path / "Shop.mmlib"), qtbot, engine)
    pane.controls.engine.setCurrentIndex(pane.controls.engine.findData("server"))
    write(pane, qtbot)
    assert pane.card_states.message.title.text() == "The server hangs."
    assert pane.card_states.message.text.text() == "Start it again."
    engine.error, engine.texts = None, ("A mug.",)
    click(qtbot, pane.card_states.message.button)
    wait_until(lambda: len(pane.cards) == 1)


def test_earlier_texts_come_back(pane: WritePane, qtbot: QtBot) -> None:
    write(pane, qtbot)
    first = pane.cards[0].draft
    pane.controls.choose(task="call_to_action")
    write(pane, qtbot)
    assert pane.cards[0].draft is not first
    click(qtbot, pane.older)
    assert pane.cards[0].draft is first
    assert not pane.older.isEnabled()
    click(qtbot, pane.newer)
    assert pane.cards[0].draft is not first


def test_rules_of_the_brand_are_kept_and_mark_what_is_there(
    context: AppContext, shop: Path, tmp_path: Path, qtbot: QtBot, notices: list[Notice]
) -> None:
    pane, _engine = dictate(context, shop, tmp_path, qtbot, "A cheap mug of cotton.")
    assert not pane.cards[0].draft.blocked
    click(qtbot, pane.controls.rules_button)
    qtbot.keyClicks(pane.rules.fields["ban"], "cheap")
    qtbot.keyClick(pane.rules.fields["ban"], Qt.Key.Key_Return)
    qtbot.keyClicks(pane.rules.fields["require"], "Made in Ghent.")
    qtbot.keyClick(pane.rules.fields["require"], Qt.Key.Key_Return)
    settle(context)
    assert {(r.kind, r.text) for r in context.library.brand.get().rules} == {
        ("ban", "cheap"), ("require", "Made in Ghent."),
    }  # fmt: skip
    assert names_missing(pane) == []
    wait_until(lambda: len(pane.cards[0].draft.blocked) == 2)
    words = [span_words(span) for span in pane.cards[0].draft.blocked]
    assert any("may not be said" in one for one in words)
    assert any("required and missing" in one for one in words)
    pane.rules.removed.emit(context.library.brand.get().rules[0])
    settle(context)
    assert len(context.library.brand.get().rules) == 1
    assert notices[-1].action is not None
    notices[-1].action[1]()
    settle(context)
    assert len(context.library.brand.get().rules) == 2


def test_nothing_is_kept_in_a_library_that_is_read_only(
    context: AppContext, shop: Path, qtbot: QtBot
) -> None:
    pane = open_page(context, shop, qtbot, read_only=True)
    assert "reading only" in pane.heading.text()
    write(pane, qtbot)
    assert pane.cards
    assert not pane.cards[0].save_button.isEnabled()
    assert pane.cards[0].copy_button.isEnabled()


def test_without_library_or_items_it_leads_to_them(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    pane = show_pane(WritePane, context, qtbot)
    assert "Open a library" in pane.states.message.text.text()
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    settle(context)
    assert pane.states.message.title.text() == "There is nothing to write about yet"


def test_marks_count_characters_as_people_do(qtbot: QtBot) -> None:
    text = GuardedText()
    qtbot.addWidget(text)
    said = "🎉🎉 100% cotton"
    text.set_text(said, (Span(3, 7, "100%", "percentage", "unsupported"),))
    assert [look.cursor.selectedText() for look in text.field.extraSelections()] == ["100%"]
    text.select(text.spans[0])
    assert text.field.textCursor().selectedText() == "100%"


def test_an_answer_to_an_older_text_marks_nothing(qtbot: QtBot) -> None:
    text = GuardedText()
    qtbot.addWidget(text)
    text.set_text("Only 5 left")
    text.show_spans("Only 6 left", (Span(5, 6, "6", "number", "unsupported"),))
    assert text.spans == ()
