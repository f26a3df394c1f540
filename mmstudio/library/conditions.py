"""An :class:`AssetFilter` as a few kinds of conditions that SQL and the columns in memory both answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.library.colours import COLOURS
from mmstudio.library.filters import COLOUR_SHARE, AssetFilter, Measured
from mmstudio.library.words import fold, match_terms

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

# Names of columns → how SQL reads them from table asset; others are columns of that table.
EXPRESSIONS = {
    "language": "substr(language, 1, instr(language || '-', '-') - 1)",
    "orientation": (
        "CASE WHEN width IS NULL OR height IS NULL THEN NULL WHEN width > height * 1.05 THEN 'landscape'"
        " WHEN height > width * 1.05 THEN 'portrait' ELSE 'square' END"
    ),
    "tags": "(SELECT COUNT(*) FROM asset_tag WHERE asset_id = asset.id)",
}
_STATES = {
    "untitled": "SELECT id FROM asset WHERE title = ''",
    "used": "SELECT asset_id FROM item_asset",
    "duplicate": (
        "SELECT id FROM asset WHERE status = 'ok' AND sha256 IN"
        " (SELECT sha256 FROM asset WHERE status = 'ok' GROUP BY sha256 HAVING COUNT(*) > 1)"
    ),
}
# Words that an asset is found by although its own row does not hold them.
_ELSEWHERE = {
    "SELECT asset_id FROM asset_tag WHERE tag_id": "SELECT rowid FROM tag_search WHERE tag_search MATCH ?",
    "SELECT asset_id FROM item_asset WHERE item_id": (
        "SELECT rowid FROM item_search WHERE item_search MATCH 'title : ' || ?"
    ),
}


@dataclass(frozen=True, slots=True)
class Between:
    """A number between inclusive bounds; None is open, an unknown number never matches."""

    column: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text column that holds one of some values."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Among:
    """Assets whose id a SELECT gives."""

    select: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """Assets linked to something with a number between inclusive bounds: a colour's share, a measure.

    ``name`` is a key of the columns' links, ``to`` the code there; ``select`` says the same to SQL.
    """

    name: str
    to: int | None
    low: float | None
    high: float | None
    select: Among


@dataclass(frozen=True, slots=True)
class Not:
    """Assets that do not match all of these; unknown is no match, so they are in."""

    inner: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Assets that match all conditions of one group at least."""

    groups: tuple[tuple[Condition, ...], ...]


Condition = Between | OneOf | Among | Linked | Not | AnyOf


def conditions(connection: sqlite3.Connection, wanted: AssetFilter) -> tuple[Condition, ...]:
    """All must hold. A tag, item or collection that does not exist matches nothing."""
    found: list[Condition] = []
    for column, values in (
        ("status", wanted.statuses),
        ("kind", wanted.kinds),
        ("origin", (wanted.origin,) if wanted.origin else ()),
        ("rights", wanted.rights),
        ("language", wanted.languages),
        ("orientation", wanted.orientations),
    ):
        if values:
            found.append(OneOf(column, tuple(values)))
    for column, low, high in (
        ("rating", wanted.min_rating or None, wanted.max_rating),
        ("root_id", wanted.root, wanted.root),
        ("width", wanted.min_width, wanted.max_width),
        ("height", wanted.min_height, wanted.max_height),
        ("duration", wanted.min_duration, wanted.max_duration),
        ("size", wanted.min_size, wanted.max_size),
    ):
        if low is not None or high is not None:
            found.append(Between(column, low, high))
    for tag in wanted.tags:
        tagged = "SELECT asset_id FROM asset_tag WHERE tag_id = (SELECT id FROM tag WHERE key = ?)"
        found.append(Among(tagged, (fold(tag),)))
    for colour in wanted.colours:
        coloured = Among("SELECT asset_id FROM colour WHERE name = ? AND share >= ?", (colour, COLOUR_SHARE))
        known = list(COLOURS).index(colour) if colour in COLOURS else None
        found.append(coloured if known is None else Linked("colour", known, COLOUR_SHARE, None, coloured))
    found += _times("captured_at", wanted.taken_from, wanted.taken_before)
    found += _times("added_at", wanted.added_from, wanted.added_before)
    found += [_measured(measure) for measure in wanted.measures]
    found += _items(wanted)
    for state in wanted.states:
        found.append(Between("tags", None, 0) if state == "untagged" else Among(_STATES[state]))
    found += text_conditions(connection, wanted.text)
    found += [Not(conditions(connection, without)) for without in wanted.without]
    found += [AnyOf(tuple(conditions(connection, one) for one in group)) for group in wanted.either]
    return tuple(found)


def text_conditions(connection: sqlite3.Connection, text: str) -> list[Condition]:
    """Every word must be found: in the full text, a tag, or the title of an item that the asset shows."""
    found: list[Condition] = []
    plain = []
    for term in match_terms(text):
        sources = ["SELECT rowid FROM asset_search WHERE asset_search MATCH ?"]
        for source, search in _ELSEWHERE.items():
            if connection.execute(f"{search} LIMIT 1", (term,)).fetchone() is not None:
                sources.append(f"{source} IN ({search})")
        if len(sources) == 1:
            plain.append(term)
        else:
            found.append(Among(" UNION ".join(sources), (term,) * len(sources)))
    if plain:
        match = "SELECT rowid FROM asset_search WHERE asset_search MATCH ?"
        found.append(Among(match, (" AND ".join(plain),)))
    return found


def _times(column: str, start: str | None, before: str | None) -> list[Condition]:
    tests = [(f"{column} >= ?", start), (f"{column} < ?", before)]
    given = [(test, value) for test, value in tests if value is not None]
    if not given:
        return []
    select = f"SELECT id FROM asset WHERE {' AND '.join(test for test, _value in given)}"
    return [Among(select, tuple(value for _test, value in given))]


def _measured(measure: Measured) -> Condition:
    tests = [("value >= ?", measure.low), ("value <= ?", measure.high)]
    given = [(test, value) for test, value in tests if value is not None]
    select = " AND ".join(["SELECT asset_id FROM measure WHERE name = ?", *(test for test, _v in given)])
    among = Among(select, (measure.name, *(value for _test, value in given)))
    return Linked(f"measure:{measure.name}", None, measure.low, measure.high, among)


def _items(wanted: AssetFilter) -> list[Condition]:
    found: list[Condition] = []
    for link, table, name, value in (
        ("collection_asset", "collection", "name", wanted.collection),
        ("item_asset", "item", "sku", wanted.item),
    ):
        if value is not None:
            known = (
                "?" if isinstance(value, int) else f"(SELECT id FROM {table} WHERE {name} = ? COLLATE NOCASE)"
            )
            found.append(Among(f"SELECT asset_id FROM {link} WHERE {table}_id = {known}", (value,)))
    tests = item_tests(wanted)
    if tests:
        select = "SELECT asset_id FROM item CROSS JOIN item_asset ON item_id = item.id WHERE "
        found.append(
            Among(select + " AND ".join(test for test, _v in tests), tuple(value for _t, value in tests))
        )
    return found


def item_tests(wanted: AssetFilter) -> list[tuple[str, Any]]:
    """What a filter asks of an item itself: (SQL test over table item, value)."""
    tests: list[tuple[str, Any]] = [
        ("item.price >= ?", wanted.min_price),
        ("item.price <= ?", wanted.max_price),
        ("item.category = ? COLLATE NOCASE", wanted.category),
    ]
    return [(test, value) for test, value in tests if value is not None]


def as_sql(all_of: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    """(WHERE clause over table asset, parameters)."""
    parts: list[str] = []
    parameters: list[Any] = []
    for condition in all_of:
        part, given = _sql(condition)
        parts.append(part)
        parameters += given
    return " AND ".join(parts) or "1", parameters


def _sql(condition: Condition) -> tuple[str, list[Any]]:
    if isinstance(condition, Between):
        column = EXPRESSIONS.get(condition.column, condition.column)
        tests = [(f"{column} >= ?", condition.low), (f"{column} <= ?", condition.high)]
        given = [(test, value) for test, value in tests if value is not None]
        return " AND ".join(test for test, _value in given), [value for _test, value in given]
    if isinstance(condition, OneOf):
        column = EXPRESSIONS.get(condition.column, condition.column)
        if len(condition.values) == 1:
            return f"{column} = ?", [*condition.values]
        return f"{column} IN ({', '.join('?' * len(condition.values))})", [*condition.values]
    if isinstance(condition, Among):
        return f"id IN ({condition.select})", [*condition.parameters]
    if isinstance(condition, Linked):
        return _sql(condition.select)
    if isinstance(condition, Not):
        inner, parameters = as_sql(condition.inner)
        return f"({inner}) IS NOT TRUE", parameters
    groups = [as_sql(group) for group in condition.groups]
    alternatives = " OR ".join(f"({group})" for group, _given in groups)
    return f"({alternatives})", [value for _group, given in groups for value in given]
