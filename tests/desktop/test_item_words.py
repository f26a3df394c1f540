"""What an item's words say, in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.items import ItemsPane
from mmstudio.library.records import NewReview
from support.qt import settle
from support.storefront import names_missing, open_store, show_pane


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> ItemsPane:
    open_store(context, tmp_path)
    return show_pane(ItemsPane, context, qtbot)


def words_shown(pane: ItemsPane) -> list[str]:
    settle(pane.context)
    return [found.text() for found in pane.detail._words_holder.findChildren(QLabel)]


def test_phrases_opinion_and_quotes_are_shown_with_how_sure_they_are(pane: ItemsPane) -> None:
    library = pane.context.library
    item = library.items.skus()["SKU-0"]
    said = "It is really comfortable and I love it!"
    library.items.add_reviews([NewReview(item, said, author="Ann Li", rating=5.0, created_at="2024-05-01")])
    settle(pane.context)
    pane.open_item(item)
    shown = words_shown(pane)
    assert {"Key phrases", "What customers think", "May be quoted"} <= set(shown)
    assert f"“{said}”" in shown
    assert "A. L., 2024-05-01" in shown
    assert any("word list" in text for text in shown)
    assert names_missing(pane) == []


def test_an_item_without_reviews_has_its_phrases_only(pane: ItemsPane) -> None:
    pane.open_item(pane.context.library.items.skus()["SKU-5"])
    shown = words_shown(pane)
    assert "Key phrases" in shown
    assert "What customers think" not in shown


def test_words_of_an_item_that_is_no_longer_shown_are_dropped(pane: ItemsPane) -> None:
    studio = pane.context.studio
    assert studio is not None
    first, other = (pane.context.library.items.skus()[sku] for sku in ("SKU-0", "SKU-5"))
    late = studio.features.texts.of_item(first)
    pane.open_item(other)
    before = words_shown(pane)
    pane.detail.show_words(late)
    assert words_shown(pane) == before
