"""Items as a list: ids at once, titles, prices and hero pictures by the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from mmstudio.desktop.models.rows import ID_ROLE, LazyListModel
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Item, ItemAsset, Review

ITEMS_MIME = "application/x-mmstudio-items"
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ItemRow:
    """What one row of the list shows."""

    id: int
    title: str
    category: str
    price: str
    hero: int | None


def price_text(price: float | None, currency: str) -> str:
    """A price as people write it, empty where there is none: ``24.50 EUR``."""
    if price is None:
        return ""
    number = f"{price:,.2f}"
    return f"{number} {currency}".strip()


def item_rows(library: Library, ids: list[int]) -> dict[int, ItemRow]:
    """Rows of these items; an item that is gone is left out. Reads the library: not for the GUI thread."""
    heroes = library.items.heroes_of(ids)
    return {
        item.id: ItemRow(
            item.id,
            item.title or item.sku,
            item.category,
            price_text(item.price, item.currency),
            heroes.get(item.id),
        )
        for item in library.items.get_many(ids)
    }


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """All that the detail of one item shows."""

    item: Item
    gallery: list[tuple[ItemAsset, str, str]]  # with the asset's kind and title
    missing: list[str]
    reviews: list[Review]
    links: list[tuple[str, ItemRow]]


def item_facts(library: Library, item_id: int) -> ItemFacts:
    """Read one item with everything that hangs on it: not for the GUI thread. Raises NotFound."""
    items = library.items
    assets = items.assets_of(item_id)
    named = {a.id: a for a in library.assets.get_many([a.asset_id for a in assets])}
    links = {link.linked_id: link.kind for link in items.links_of(item_id) if link.linked_id != item_id}
    rows = item_rows(library, list(links))
    return ItemFacts(
        items.get(item_id),
        [(a, named[a.asset_id].kind, named[a.asset_id].title) for a in assets if a.asset_id in named],
        items.missing_media(item_id),
        items.reviews_of(item_id),
        [(kind, rows[id_]) for id_, kind in links.items() if id_ in rows],
    )


class ItemListModel(LazyListModel[ItemRow]):
    """The item list; rows can be dragged to an audience or to Exports."""

    def __init__(
        self,
        fetch: Callable[[list[int], Callable[[dict[int, ItemRow]], None]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(fetch, parent)

    def text(self, row: ItemRow) -> str:
        return row.title

    def spoken(self, row: ItemRow) -> str:
        parts = [row.title, row.category, row.price or tr("no price")]
        return ", ".join(p for p in parts if p)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:
        return [ITEMS_MIME]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # type: ignore[override]  # Sequence in the stub
        return items_mime([int(self.data(i, ID_ROLE)) for i in indexes])


def items_mime(ids: list[int]) -> QMimeData:
    """Items on their way from one pane to another."""
    mime = QMimeData()
    mime.setData(ITEMS_MIME, ",".join(map(str, ids)).encode("ascii"))
    return mime


def mime_items(mime: QMimeData) -> list[int]:
    """The item ids carried, none where something else is dragged."""
    raw = bytes(mime.data(ITEMS_MIME).data()).decode("ascii", "ignore")
    return [int(part) for part in raw.split(",") if part.isdigit()]
