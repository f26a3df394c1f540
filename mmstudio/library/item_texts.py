"""What surrounds items: reviews, and links from one item to another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from mmstudio.library.database import IN_IDS, Database, ids_json, in_batches
from mmstudio.library.records import ItemLink, NewReview, Review


class ItemTexts:
    """Reviews and links; both come in once, however often they are imported."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def reviews_of(self, item_id: int) -> list[Review]:
        """Reviews of an item in the order they came in."""
        rows = self._db.read().execute(
            "SELECT id, item_id, author, rating, title, text, created_at, consent FROM review"
            " WHERE item_id = ? ORDER BY id",
            (item_id,),
        )
        fields: list[list[Any]] = [[*tuple(row)[:7], bool(row[7])] for row in rows]
        return [Review(*one) for one in fields]

    def set_consent(self, review_ids: Iterable[int], consent: bool) -> int:
        """Record that authors of reviews agreed to be named, or no longer do; returns how many changed."""
        with self._db.write() as tx:
            cursor = tx.execute(
                f"UPDATE review SET consent = ? WHERE consent <> ? AND id {IN_IDS}",
                (int(consent), int(consent), ids_json(review_ids)),
            )
            self._db.note("items")
        return int(cursor.rowcount)

    def add_reviews(self, reviews: Iterable[NewReview]) -> int:
        """Add reviews; returns how many were new."""
        new = 0
        for batch in in_batches(reviews):
            with self._db.write() as tx:
                cursor = tx.conn.executemany(
                    "INSERT OR IGNORE INTO review(item_id, author, rating, title, text, created_at, digest,"
                    " consent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (
                            review.item_id, review.author, review.rating, review.title, review.text,
                            review.created_at, _digest(review), int(bool(review.consent)),
                        )
                        for review in batch
                    ],
                )  # fmt: skip
                new += cursor.rowcount
                # A source that says so, either way, is right about consent even where the review is known.
                tx.conn.executemany(
                    "UPDATE review SET consent = ? WHERE digest = ? AND consent <> ?",
                    [
                        (int(review.consent), _digest(review), int(review.consent))
                        for review in batch
                        if review.consent is not None
                    ],
                )
                self._db.note("items", {review.item_id for review in batch})
        return new

    def links_of(self, item_id: int) -> list[ItemLink]:
        """Links that start at an item."""
        rows = self._db.read().execute(
            "SELECT item_id, linked_id, kind FROM item_link WHERE item_id = ? ORDER BY kind, linked_id",
            (item_id,),
        )
        return [ItemLink(*row) for row in rows]

    def links(self) -> list[ItemLink]:
        """All links."""
        rows = self._db.read().execute(
            "SELECT item_id, linked_id, kind FROM item_link ORDER BY item_id, kind, linked_id"
        )
        return [ItemLink(*row) for row in rows]

    def add_links(self, links: Iterable[ItemLink]) -> int:
        """Add links; returns how many were new."""
        new = 0
        for batch in in_batches(links):
            with self._db.write() as tx:
                cursor = tx.conn.executemany(
                    "INSERT OR IGNORE INTO item_link(item_id, linked_id, kind) VALUES (?, ?, ?)",
                    [(link.item_id, link.linked_id, link.kind) for link in batch],
                )
                new += cursor.rowcount
                self._db.note("items", {link.item_id for link in batch})
        return new


def _digest(review: NewReview) -> str:
    parts = (str(review.item_id), review.author, review.title, review.text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
