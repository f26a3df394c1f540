"""The Items pane: finding, reading, editing, going on to an ad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.items import ItemListModel, items_mime, mime_items, price_text
from mmstudio.desktop.panes.items import ItemsPane, catalogue_import
from mmstudio.desktop.views.item_detail import parse_price
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import (
    click,
    click_row,
    make_store,
    make_store_files,
    names_missing,
    open_store,
    show_pane,
)


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> ItemsPane:
    open_store(context, tmp_path)
    return show_pane(ItemsPane, context, qtbot)


def test_every_item_is_listed_and_the_first_is_shown(pane: ItemsPane) -> None:
    assert pane.model.rowCount() == 6
    assert pane.count.text() == "6 items"
    assert pane.detail.item_id == pane.model.ids[0]
    assert pane.detail.title.text()
    assert names_missing(pane) == []


def test_words_and_categories_filter(pane: ItemsPane) -> None:
    pane.search.setText("scarf")
    wait_until(lambda: pane.model.rowCount() == 2)
    assert pane.count.text() == "2 of 6 items"
    pane.search.clear()
    pane.category.setCurrentIndex(pane.category.findData("mug"))
    pane.category.activated.emit(pane.category.currentIndex())
    settle(pane.context)
    assert pane.model.rowCount() == 2


def test_nothing_found_leads_back(pane: ItemsPane, qtbot: QtBot) -> None:
    pane.search.setText("zebra")
    wait_until(lambda: pane.list_states.currentWidget() is pane.list_states.message)
    click(qtbot, pane.list_states.message.button)
    settle(pane.context)
    assert pane.model.rowCount() == 6
    assert pane.search.text() == ""


def test_an_edit_is_kept_and_can_be_undone(pane: ItemsPane, qtbot: QtBot) -> None:
    item = pane.detail.item_id
    assert item is not None
    before = pane.context.library.items.get(item)
    pane.detail.title.selectAll()
    qtbot.keyClicks(pane.detail.title, "Better bottle")
    qtbot.keyClick(pane.detail.title, Qt.Key.Key_Return)
    pane.detail.price.setText("1.299,00")
    qtbot.keyClick(pane.detail.price, Qt.Key.Key_Return)
    settle(pane.context)
    kept = pane.context.library.items.get(item)
    assert (kept.title, kept.price) == ("Better bottle", 1299.0)
    for _ in range(2):
        pane.context.undo()
        settle(pane.context)
    assert pane.context.library.items.get(item) == before
    assert pane.detail.title.text() == before.title


def test_the_description_is_kept_when_it_is_left(pane: ItemsPane) -> None:
    item = pane.detail.item_id
    assert item is not None
    pane.detail.description.setPlainText("Washable wool.")
    pane.detail.description.left.emit()
    settle(pane.context)
    assert pane.context.library.items.get(item).description == "Washable wool."


def test_a_wrong_price_is_refused_in_words(pane: ItemsPane, notices: list[Notice], qtbot: QtBot) -> None:
    pane.detail.price.setText("cheap")
    qtbot.keyClick(pane.detail.price, Qt.Key.Key_Return)
    assert "cheap" in notices[-1].text
    assert pane.detail.price.text() != "cheap"


def test_the_detail_shows_pictures_facts_links_and_reviews(pane: ItemsPane) -> None:
    first = pane.context.library.items.by_sku("SKU-0")
    assert first is not None
    pane.open_item(first.id)
    settle(pane.context)
    facts = pane.detail._facts
    assert facts is not None
    assert [asset.role for asset, _kind, _title in facts.gallery] == ["hero", "detail"]
    assert len(facts.reviews) == 1
    assert [row.title for _kind, row in facts.links] == ["Scarf number 1"]
    assert len(pane.detail.findChildren(PictureTile)) >= 3


def test_a_linked_item_opens(pane: ItemsPane, qtbot: QtBot) -> None:
    first, second = (pane.context.library.items.by_sku(sku) for sku in ("SKU-0", "SKU-1"))
    assert first is not None
    assert second is not None
    pane.open_item(first.id)
    settle(pane.context)
    tile = next(t for t in pane.detail.findChildren(PictureTile) if t.accessibleName() == second.title)
    tile.click()
    settle(pane.context)
    assert pane.detail.item_id == second.id
    assert pane.list.currentIndex().row() == pane.model.row_of(second.id)


def test_similar_items_replace_the_list_until_one_goes_back(pane: ItemsPane, qtbot: QtBot) -> None:
    click(qtbot, pane.detail.similar_button)
    wait_until(lambda: "similar" in pane.count.text() and pane.context.idle)
    assert pane.detail.item_id is not None
    click(qtbot, pane.back)
    settle(pane.context)
    assert pane.model.rowCount() == 6


def test_make_an_ad_goes_to_the_preview(pane: ItemsPane, qtbot: QtBot) -> None:
    asked: list[tuple[str, Any]] = []
    pane.context.navigated.connect(lambda key, args: asked.append((key, args)))
    click_row(qtbot, pane.list, 2)
    settle(pane.context)
    click(qtbot, pane.detail.ad_button)
    assert asked == [("preview", {"item": pane.model.ids[2]})]


def test_an_empty_library_says_what_items_are(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(ItemsPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message
    assert "Items are" in pane.states.message.title.text()


def test_nothing_can_be_edited_in_a_library_that_is_read_only(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    context.adopt(Studio.open(make_store(tmp_path), read_only=True))
    pane = show_pane(ItemsPane, context, qtbot)
    assert pane.detail.title.isReadOnly()
    assert pane.detail.description.isReadOnly()


def test_the_model_keeps_qts_rules(pane: ItemsPane, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(pane.model)
    settle(pane.context)


def test_items_travel_between_panes(pane: ItemsPane) -> None:
    model: ItemListModel = pane.model
    assert mime_items(model.mimeData([model.index(0), model.index(1)])) == model.ids[:2]
    assert mime_items(items_mime([])) == []


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("24.50", 24.5),
        ("24,50", 24.5),
        ("1.299,00", 1299.0),
        ("1,299.00", 1299.0),
        ("1 299", 1299.0),
        ("", None),
    ],
)
def test_prices_are_read_as_people_write_them(text: str, price: float | None) -> None:
    assert parse_price(text) == price
    assert price_text(price, "EUR") == ("" if price is None else f"{price:,.2f} EUR")


def test_a_catalogue_brings_the_tables_beside_it(tmp_path: Path) -> None:
    catalogue = make_store_files(tmp_path)
    params = catalogue_import(catalogue)
    assert params["paths"] == [str(tmp_path)]
    assert {k: Path(v).name for k, v in params.items() if k != "paths"} == {
        "catalog": "catalogue.csv",
        "reviews": "reviews.csv",
        "links": "related.csv",
    }
