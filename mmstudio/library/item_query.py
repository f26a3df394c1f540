"""A query line as a search for items: words, price and category of items, filters of their media."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmstudio.library.conditions import as_sql, conditions, item_tests
from mmstudio.library.filters import AssetFilter
from mmstudio.library.query import parse_query
from mmstudio.library.words import match_terms

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_FOUND = "SELECT rowid FROM item_search WHERE item_search MATCH ?"
# bm25 is smaller for a better match; the weights are those of title, description and the rest.
_SCORED = "SELECT rowid AS hit, bm25(item_search, 8.0, 2.0, 1.0) AS score FROM item_search"


def item_query(
    connection: sqlite3.Connection, text: str, category: str | None
) -> tuple[str, str, list[Any], str]:
    """(source, conditions, parameters, order) of a search for items.

    Filters that speak of media (``color:teal``, ``kind:video``) keep the items that have such media.
    """
    wanted = parse_query(text)
    if category is not None:
        wanted = replace(wanted, category=category)
    tests: list[str] = []
    parameters: list[Any] = []

    def add(test: str, *values: Any) -> None:
        tests.append(test)
        parameters.extend(values)

    for test, value in item_tests(wanted):
        add(test, value)
    if wanted.item is not None:
        column = "item.id = ?" if isinstance(wanted.item, int) else "item.sku = ? COLLATE NOCASE"
        add(column, wanted.item)
    for without in wanted.without:
        inner, values = _one(connection, without)
        add(f"({inner}) IS NOT TRUE", *values)
    for group in wanted.either:
        alternatives = [_one(connection, one) for one in group]
        add(
            "(" + " OR ".join(f"({inner})" for inner, _values in alternatives) + ")",
            *(value for _inner, values in alternatives for value in values),
        )
    if media := _media(connection, wanted):
        add(media[0], *media[1])
    source, order = "item", "title COLLATE NOCASE, id"
    terms = match_terms(wanted.text)
    if terms:
        source = f"({_SCORED} WHERE item_search MATCH ?) JOIN item ON item.id = hit"
        order = f"score, {order}"
        parameters.insert(0, " AND ".join(terms))
    return source, " AND ".join(tests) or "1", parameters, order


def _one(connection: sqlite3.Connection, wanted: AssetFilter) -> tuple[str, list[Any]]:
    """One alternative or exclusion as a test over table item."""
    tests = [test for test, _value in item_tests(wanted)]
    parameters = [value for _test, value in item_tests(wanted)]
    terms = match_terms(wanted.text)
    if terms:
        tests.append(f"item.id IN ({_FOUND})")
        parameters.append(" AND ".join(terms))
    for without in wanted.without:
        inner, values = _one(connection, without)
        tests.append(f"({inner}) IS NOT TRUE")
        parameters += values
    if media := _media(connection, wanted):
        tests.append(media[0])
        parameters += media[1]
    return " AND ".join(tests) or "1", parameters


def _media(connection: sqlite3.Connection, wanted: AssetFilter) -> tuple[str, list[Any]] | None:
    """A test that an item has media of a kind, or None where a filter does not speak of media."""
    plain = AssetFilter()
    rest = replace(
        wanted, text="", item=None, category=None, min_price=None, max_price=None, without=(), either=(),
        like=None,
    )  # fmt: skip
    if rest in (plain, replace(plain, statuses=())):
        return None
    inner, values = as_sql(conditions(connection, rest))
    return (
        f"item.id IN (SELECT item_id FROM item_asset WHERE asset_id IN (SELECT id FROM asset WHERE {inner}))",
        values,
    )
