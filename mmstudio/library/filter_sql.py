"""An :class:`AssetFilter` as SQL: a WHERE clause over table ``asset`` and its parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmstudio.library.database import IN_IDS, ids_json
from mmstudio.library.filters import AssetFilter
from mmstudio.library.records import Order
from mmstudio.library.words import fold, match_terms

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_ORDERS: dict[Order, str] = {
    "added": "id",
    "title": "title COLLATE NOCASE",
    "captured": "captured_at",
    "size": "size",
    "duration": "duration",
    "rating": "rating",
}
_FACETS = ("kind", "origin", "rating", "rights", "status")
_RELAXED: dict[str, dict[str, Any]] = {
    "kind": {"kinds": ()}, "origin": {"origin": None}, "rating": {"min_rating": 0},
}  # fmt: skip
# Words that an asset is found by although its own row does not hold them.
_ELSEWHERE = {
    "SELECT asset_id FROM asset_tag WHERE tag_id": "SELECT rowid FROM tag_search WHERE tag_search MATCH ?",
    "SELECT asset_id FROM item_asset WHERE item_id": (
        "SELECT rowid FROM item_search WHERE item_search MATCH 'title : ' || ?"
    ),
}
_TAGS_SHOWN = 200


class Where:
    """Conditions joined by AND."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.parameters: list[Any] = []

    def add(self, condition: str, *parameters: Any) -> None:
        """One more condition, with ``?`` for each parameter."""
        self.parts.append(condition)
        self.parameters += parameters

    def __str__(self) -> str:
        return " AND ".join(self.parts) or "1"


def where(connection: sqlite3.Connection, wanted: AssetFilter) -> Where:
    """The conditions of a filter; a tag, item or collection that does not exist matches nothing."""
    found = Where()
    _one_of(found, "status", wanted.statuses)
    _one_of(found, "kind", wanted.kinds)
    if wanted.origin is not None:
        found.add("origin = ?", wanted.origin)
    if wanted.min_rating:
        found.add("rating >= ?", wanted.min_rating)
    if wanted.root is not None:
        found.add("root_id = ?", wanted.root)
    for column, low, high in (
        ("width", wanted.min_width, wanted.max_width),
        ("duration", wanted.min_duration, wanted.max_duration),
    ):
        if low is not None:
            found.add(f"{column} >= ?", low)
        if high is not None:
            found.add(f"{column} <= ?", high)
    for tag in wanted.tags:
        found.add(
            "id IN (SELECT asset_id FROM asset_tag WHERE tag_id = (SELECT id FROM tag WHERE key = ?))",
            fold(tag),
        )
    _member_of(found, "collection_asset", "collection", "name", wanted.collection)
    _member_of(found, "item_asset", "item", "sku", wanted.item)
    _words(connection, found, wanted.text)
    return found


def ids_sql(conditions: Where, order: Order, descending: bool) -> str:
    """SELECT of the ids in order; unknown values come last, ties by when they were added."""
    direction = "DESC" if descending else "ASC"
    column = _ORDERS[order]
    if column == "id":
        return f"SELECT id FROM asset WHERE {conditions} ORDER BY id {direction}"
    # NULLs sort first in SQLite: harmless going down, wrong going up.
    last = "NULLS LAST" if not descending and order in ("captured", "duration") else ""
    return f"SELECT id FROM asset WHERE {conditions} ORDER BY {column} {direction} {last}, id {direction}"


def facets(connection: sqlite3.Connection, wanted: AssetFilter) -> dict[str, dict[str, int]]:
    """Counts by kind, origin, rating, rights, status and tag.

    A facet that the person can switch (kind, origin, rating) is counted as if it were not set, so that the
    other choices show what they would give.
    """
    conditions = where(connection, wanted)
    found: dict[str, dict[str, int]] = {column: {} for column in _FACETS}
    columns = ", ".join(_FACETS)
    for *values, count in connection.execute(
        f"SELECT {columns}, COUNT(*) FROM asset WHERE {conditions} GROUP BY {columns}", conditions.parameters
    ):
        for column, value in zip(_FACETS, values, strict=True):
            found[column][str(value)] = found[column].get(str(value), 0) + count
    for column, default in _RELAXED.items():
        open_filter = replace(wanted, **default)
        if open_filter != wanted:
            others = where(connection, open_filter)
            sql = f"SELECT {column}, COUNT(*) FROM asset WHERE {others} GROUP BY 1 ORDER BY 1"
            found[column] = {str(row[0]): row[1] for row in connection.execute(sql, others.parameters)}
    counts = _tag_counts(connection, wanted, conditions)
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_TAGS_SHOWN]
    names = dict(
        connection.execute(f"SELECT id, name FROM tag WHERE id {IN_IDS}", (ids_json(counts),)).fetchall()
    )
    found["tag"] = {names[tag_id]: count for tag_id, count in most if count > 0}
    return found


def _tag_counts(connection: sqlite3.Connection, wanted: AssetFilter, conditions: Where) -> dict[int, int]:
    by_tag = "SELECT tag_id, COUNT(*) FROM asset_tag"
    if wanted != AssetFilter():
        joined = (
            f"{by_tag} JOIN (SELECT id FROM asset WHERE {conditions}) AS hit ON hit.id = asset_id GROUP BY 1"
        )
        return dict(connection.execute(joined, conditions.parameters).fetchall())
    # Nearly every asset is usable: counting all and taking off the few others spares a look at each row.
    counts: dict[int, int] = dict(connection.execute(f"{by_tag} GROUP BY 1").fetchall())
    others = f"{by_tag} WHERE asset_id IN (SELECT id FROM asset WHERE status != 'ok') GROUP BY 1"
    for tag_id, count in connection.execute(others):
        counts[tag_id] -= count
    return counts


def _one_of(found: Where, column: str, values: tuple[str, ...]) -> None:
    if len(values) == 1:
        found.add(f"{column} = ?", values[0])
    elif values:
        found.add(f"{column} IN ({', '.join('?' * len(values))})", *values)


def _member_of(found: Where, link: str, table: str, name: str, value: int | str | None) -> None:
    if value is None:
        return
    wanted = "?" if isinstance(value, int) else f"(SELECT id FROM {table} WHERE {name} = ? COLLATE NOCASE)"
    found.add(f"id IN (SELECT asset_id FROM {link} WHERE {table}_id = {wanted})", value)


def _words(connection: sqlite3.Connection, found: Where, text: str) -> None:
    """Every word must be found: in the full text, a tag, or the title of an item that the asset shows."""
    plain = []
    for term in match_terms(text):
        sources = ["SELECT rowid FROM asset_search WHERE asset_search MATCH ?"]
        for source, search in _ELSEWHERE.items():
            if connection.execute(f"{search} LIMIT 1", (term,)).fetchone() is not None:
                sources.append(f"{source} IN ({search})")
        if len(sources) == 1:
            plain.append(term)
        else:
            found.add(f"id IN ({' UNION '.join(sources)})", *[term] * len(sources))
    if plain:
        found.add("id IN (SELECT rowid FROM asset_search WHERE asset_search MATCH ?)", " AND ".join(plain))
