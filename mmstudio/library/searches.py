"""Query lines that a person keeps under a name."""

from __future__ import annotations

from mmstudio.errors import StudioError
from mmstudio.library.database import Database, last_id, now
from mmstudio.library.records import SavedSearch


class SavedSearchStore:
    """All saved searches."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, name: str, query: str) -> int:
        """Keep a query line; one of the same name is replaced. Raises StudioError where either is empty."""
        name, query = " ".join(name.split()), query.strip()
        if not name or not query:
            raise StudioError("A saved search needs a name and a query.", hint="Type words or filters first.")
        with self._db.write() as tx:
            row = tx.execute("SELECT id FROM saved_search WHERE name = ?", (name,)).fetchone()
            if row is not None:
                tx.execute("UPDATE saved_search SET name = ?, query = ? WHERE id = ?", (name, query, row[0]))
                saved = int(row[0])
            else:
                saved = last_id(
                    tx.execute(
                        "INSERT INTO saved_search(name, query, created_at) VALUES (?, ?, ?)",
                        (name, query, now()),
                    )
                )
            self._db.note("searches", [saved])
        return saved

    def list(self) -> list[SavedSearch]:
        """All of them by name."""
        rows = self._db.read().execute("SELECT id, name, query FROM saved_search ORDER BY name")
        return [SavedSearch(*row) for row in rows]

    def remove(self, search_id: int) -> None:
        """Forget one."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM saved_search WHERE id = ?", (search_id,))
            self._db.note("searches", [search_id])
