"""Which of the assets that match are the best: words by BM25 and by tags, colours by their share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmstudio.library.columns import COLOUR_NAMES, Columns, Mask, select_ids
from mmstudio.library.filters import AssetFilter
from mmstudio.library.words import match_terms

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
# Weights of title, caption, name and text in BM25: a title says what a thing is, a long text mentions much.
_WEIGHTS = (8.0, 4.0, 2.0, 1.0)
_SCORED = 4000  # matches that BM25 is computed for; it takes some microseconds each
RRF = 60  # constant of reciprocal rank fusion (Cormack, Clarke & Büttcher 2009)


def rankings(
    connection: sqlite3.Connection, columns: Columns, mask: Mask, wanted: AssetFilter, deep: int
) -> dict[str, Ranked]:
    """What is known about the order of the masked rows, each (ids int64[≤deep], scores falling).

    Keys: ``words`` (BM25, Robertson & Zaragoza 2009, as FTS5 computes it), ``tags`` (how many of the words a
    tag says), ``colour`` (the share of the colours asked for, where nothing else orders).
    """
    found: dict[str, Ranked] = {}
    terms = match_terms(positive_text(wanted))
    if terms:
        found["words"] = _by_words(connection, columns, mask, wanted, deep)
        found["tags"] = _by_tags(connection, columns, mask, terms, deep)
    elif wanted.colours:
        found["colour"] = _by_colour(connection, columns, mask, wanted.colours, deep)
    return {name: ranked for name, ranked in found.items() if len(ranked[0])}


def positive_text(wanted: AssetFilter) -> str:
    """All words that are looked for, alternatives too."""
    return " ".join([wanted.text, *(one.text for group in wanted.either for one in group)]).strip()


def fused(ranked: list[npt.NDArray[np.int64]], deep: int) -> npt.NDArray[np.int64]:
    """Ids of several rankings by reciprocal rank, best first; equal ones by the newer id."""
    if not ranked:
        return np.empty(0, np.int64)
    if len(ranked) == 1:
        return ranked[0][:deep]
    ids, where = np.unique(np.concatenate(ranked), return_inverse=True)
    scores = np.concatenate([1.0 / (RRF + 1 + np.arange(len(one))) for one in ranked])
    total = np.bincount(where, weights=scores)
    return ids[np.lexsort((-ids, -total))][:deep]


def _by_words(
    connection: sqlite3.Connection, columns: Columns, mask: Mask, wanted: AssetFilter, deep: int
) -> Ranked:
    alternatives = [
        " OR ".join(f"({' AND '.join(match_terms(one.text))})" for one in group if match_terms(one.text))
        for group in wanted.either
    ]
    expression = " AND ".join([*match_terms(wanted.text), *(f"({group})" for group in alternatives if group)])
    titles = f"{{title}} : ({expression})"
    if _count(connection, expression) <= _SCORED:
        return _scored(connection, columns, mask, expression, deep)
    if (in_title := _count(connection, titles)) and in_title <= _SCORED:
        return _scored(connection, columns, mask, titles, deep)
    # A word that common orders nothing by itself: those that say it in the title first, the newer ones first.
    match = "SELECT rowid FROM asset_search WHERE asset_search MATCH ?"
    rows = columns.rows_of(select_ids(connection, match, (titles if in_title else expression,)))
    rows = np.sort(rows[mask[rows]])[::-1][:deep]
    return columns.ids[rows], np.full(len(rows), 0.5)


def _count(connection: sqlite3.Connection, expression: str) -> int:
    """How many rows match, counted a little above the limit."""
    sql = "SELECT COUNT(*) FROM (SELECT 1 FROM asset_search WHERE asset_search MATCH ? LIMIT ?)"
    return int(connection.execute(sql, (expression, _SCORED + 1)).fetchone()[0])


def _scored(
    connection: sqlite3.Connection, columns: Columns, mask: Mask, expression: str, deep: int
) -> Ranked:
    cursor = connection.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        f"SELECT rowid, bm25(asset_search, {', '.join(map(str, _WEIGHTS))}) FROM asset_search"
        " WHERE asset_search MATCH ?",
        (expression,),
    ).fetchall()
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    scores = -np.fromiter((row[1] for row in rows), np.float64, len(rows))
    return _best(*_masked(columns, mask, ids, scores), deep)


def _by_tags(
    connection: sqlite3.Connection, columns: Columns, mask: Mask, terms: list[str], deep: int
) -> Ranked:
    said: dict[int, int] = {}
    for term in terms:
        for (tag,) in connection.execute("SELECT rowid FROM tag_search WHERE tag_search MATCH ?", (term,)):
            said[tag] = said.get(tag, 0) + 1
    if not said:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    tags = np.fromiter(said, np.int64, len(said))
    pairs = columns.linked(connection, "tag")
    weight = np.zeros(max(int(tags.max()), int(pairs.to.max(initial=0))) + 1)
    weight[tags] = np.fromiter(said.values(), np.float64, len(said)) / len(terms)
    here = (weight[pairs.to] > 0) & mask[pairs.rows]
    rows = pairs.rows[here]
    scores = np.bincount(rows, weights=weight[pairs.to[here]], minlength=1)
    hit = np.flatnonzero(scores)
    ids, points = columns.ids[hit], np.minimum(scores[hit], 1.0)
    return _best(ids, points + columns.numbers["rating"][hit] * 1e-3, deep)


def _by_colour(
    connection: sqlite3.Connection, columns: Columns, mask: Mask, colours: tuple[str, ...], deep: int
) -> Ranked:
    pairs = columns.linked(connection, "colour")
    codes = [COLOUR_NAMES.index(name) for name in colours if name in COLOUR_NAMES]
    here = np.isin(pairs.to, codes) & mask[pairs.rows]
    shares = np.bincount(pairs.rows[here], weights=pairs.value[here], minlength=1)
    hit = np.flatnonzero(shares)
    return _best(columns.ids[hit], shares[hit], deep)


def _masked(
    columns: Columns, mask: Mask, ids: npt.NDArray[np.int64], scores: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    at = np.searchsorted(columns.ids, ids)
    at[at == len(columns.ids)] = 0
    there = (columns.ids[at] == ids) & mask[at] if len(columns.ids) else np.zeros(len(ids), bool)
    return ids[there], scores[there]


def _best(ids: npt.NDArray[np.int64], scores: npt.NDArray[Any], deep: int) -> Ranked:
    """The ``deep`` highest, ties by the newer id."""
    if len(ids) > deep:
        kept = np.argpartition(-scores, deep - 1)[:deep]
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((-ids, -scores))
    return ids[order], scores[order]
