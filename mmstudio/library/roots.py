"""The folders that assets live under. Root 1 is the library's own folder and moves with it."""

from __future__ import annotations

from pathlib import Path

from mmstudio.errors import NotFound, StudioError
from mmstudio.library.database import Database, now
from mmstudio.library.records import Root

OWN_ROOT = 1


class RootStore:
    """Folders the library refers to. A path of an asset is its root and a relative path."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder
        self._known: tuple[int, dict[int, Root]] | None = None

    @property
    def own(self) -> Root:
        """The library's own folder: what the studio made and what it copied in."""
        return self.get(OWN_ROOT)

    def add(self, path: Path | str, watched: bool = True) -> Root:
        """Refer to a folder; one that is known already is returned (and watched, where asked for)."""
        folder = str(Path(path).expanduser().resolve())
        with self._db.write() as tx:
            tx.execute(
                "INSERT INTO root(path, watched, added_at) VALUES (?, ?, ?)"
                " ON CONFLICT(path) DO UPDATE SET watched = MAX(watched, excluded.watched)",
                (folder, int(watched), now()),
            )
            root_id = tx.execute("SELECT id FROM root WHERE path = ?", (folder,)).fetchone()[0]
            self._db.note("roots", [root_id])
        return self.get(int(root_id))

    def list(self) -> list[Root]:
        """All folders; the library's own comes first."""
        return list(self._all().values())

    def get(self, root_id: int) -> Root:
        """One folder. Raises NotFound."""
        root = self._all().get(root_id)
        if root is None:
            raise NotFound("The library knows no folder with the number {id}.", id=root_id)
        return root

    def for_path(self, path: Path | str) -> Root | None:
        """The known folder that contains ``path`` (the deepest, where folders lie in each other), or None."""
        wanted = Path(path).expanduser().resolve()
        holding = [root for root in self.list() if wanted.is_relative_to(root.path)]
        return max(holding, key=lambda root: len(Path(root.path).parts), default=None)

    def relink(self, root_id: int, new_path: Path | str) -> None:
        """Say where a moved folder is now; every asset below it follows.

        Raises:
            StudioError: where another root is there already, or the root is the library's own folder.
        """
        folder = str(Path(new_path).expanduser().resolve())
        if self.get(root_id).own:
            raise StudioError("The library's own folder moves with the library and needs no relinking.")
        if any(root.path == folder and root.id != root_id for root in self.list()):
            raise StudioError(
                "The folder {path} belongs to the library already.",
                hint="Choose the folder where the moved files are now.",
                path=folder,
            )
        with self._db.write() as tx:
            tx.execute("UPDATE root SET path = ? WHERE id = ?", (folder, root_id))
            self._db.note("roots", [root_id])
            self._db.note("assets")

    def _all(self) -> dict[int, Root]:
        revision, kept = self._db.revision, self._known
        if kept is not None and kept[0] == revision:
            return kept[1]
        rows = self._db.read().execute("SELECT id, path, watched FROM root ORDER BY id")
        known = {
            row["id"]: Root(
                row["id"], row["path"] or str(self._folder), bool(row["watched"]), own=row["id"] == OWN_ROOT
            )
            for row in rows
        }
        if revision is not None:
            self._known = (revision, known)
        return known
