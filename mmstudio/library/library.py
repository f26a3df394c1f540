"""One library: a folder with a database, and the stores that read and write it."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import tr
from mmstudio.library import folder as folders
from mmstudio.library.assets import AssetStore
from mmstudio.library.audiences import AudienceStore
from mmstudio.library.brand import BrandStore, OverrideStore
from mmstudio.library.brand_kits import BrandKitStore
from mmstudio.library.changes import Changes
from mmstudio.library.check import check
from mmstudio.library.collections import CollectionStore
from mmstudio.library.database import Database, connect, copy_database
from mmstudio.library.facts import FactStore
from mmstudio.library.fresh import make_database
from mmstudio.library.ignored import IgnoredStore
from mmstudio.library.interactions import InteractionStore
from mmstudio.library.items import ItemStore
from mmstudio.library.job_store import SqlJobStore
from mmstudio.library.migrations import migrate, newest, refuse_newer, version_of
from mmstudio.library.models import GenerationStore, ModelStore
from mmstudio.library.pseudonyms import Pseudonyms
from mmstudio.library.records import CheckReport
from mmstudio.library.remarks import RemarkStore
from mmstudio.library.rights import AssetRightsStore, ClearanceStore
from mmstudio.library.roots import RootStore
from mmstudio.library.searches import SavedSearchStore
from mmstudio.library.storyboards import ExportStore, RecommendationStore, StoryboardStore
from mmstudio.library.trash import TrashCan
from mmstudio.library.undo import UndoLog
from mmstudio.library.variants import VariantStore
from mmstudio.library.vectors import FeatureStore

log = logging.getLogger(__name__)


class Library:
    """An open library. Make one with :meth:`create` or :meth:`open`; close it, or use ``with``.

    Attributes:
        path: the library folder. id: the library's own id, the same wherever it is moved.
        read_only: True where nothing can be written.
        notice: a sentence about the place of the library, empty where all is well.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = None if read_only else folders.lock(path)
        try:
            shared = folders.is_shared(path)
            self.notice = tr(folders.SHARED_NOTICE) if shared else ""
            self._copy = _bring_up_to_date(path, read_only)
            database = (
                path / folders.DATABASE if self._copy is None else Path(self._copy.name, path.name, "db")
            )
            try:
                self.db = Database(database, read_only=read_only, wal=not shared)
                try:
                    self._open_stores()
                except BaseException:
                    self.db.close()
                    raise
            except BaseException:
                if self._copy is not None:
                    self._copy.cleanup()
                raise
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def _open_stores(self) -> None:
        db = self.db
        self.trash = TrashCan(self.path, self.trash_dir)
        self.undo = UndoLog(db)
        self.roots = RootStore(db, self.path)
        self.assets = AssetStore(self.undo, db, self.roots, self.trash, self.thumbnails_dir)
        self.collections = CollectionStore(db, self.undo)
        self.items = ItemStore(db, self.undo)
        self.pseudonyms = Pseudonyms(db, self.path, lambda: self.id)
        self.interactions = InteractionStore(db, self.pseudonyms)
        self.audiences = AudienceStore(db, self.undo, self.pseudonyms)
        self.features = FeatureStore(db)
        self.facts = FactStore(db)
        self.searches = SavedSearchStore(db)
        self.ignored = IgnoredStore(db, self.undo)
        self.jobs = SqlJobStore(db)
        self.models = ModelStore(db)
        self.generations = GenerationStore(db)
        self.recommendations = RecommendationStore(db)
        self.storyboards = StoryboardStore(db)
        self.remarks = RemarkStore(db)
        self.exports = ExportStore(db)
        self.brand = BrandStore(db)
        self.brand_kits = BrandKitStore(db)
        self.overrides = OverrideStore(db)
        self.variants = VariantStore(db, self.undo)
        self.asset_rights = AssetRightsStore(db, self.undo)
        self.clearances = ClearanceStore(db)
        self.id = self._identify()
        if not self.read_only:
            self.jobs.pause_interrupted()

    @classmethod
    def create(cls, path: Path | str) -> Self:
        """Make a new library in a folder that does not exist or is empty.

        Raises:
            StudioError: where the path is a file, holds other things or a library, or cannot be written to.
        """
        folder = folders.resolve(path)
        if folder.exists() and not folder.is_dir():
            raise folders.cannot_use(folder, FileExistsError())
        try:
            taken = folder.is_dir() and any(folder.iterdir())
        except OSError as error:
            raise folders.cannot_use(folder, error) from error
        if taken:
            if (folder / folders.DATABASE).exists():
                raise StudioError(
                    "There is a library in {path} already.", hint="Open it instead.", path=str(folder)
                )
            raise StudioError(
                "The folder {path} is not empty.",
                hint="Choose a new folder for the library; media can stay where they are.",
                path=str(folder),
            )
        folders.make_parts(folder)
        try:
            make_database(folder / folders.DATABASE, folders.new_id(), wal=not folders.is_shared(folder))
        except OSError as error:
            raise folders.cannot_use(folder, error) from error
        return cls(folder)

    @classmethod
    def open(cls, path: Path | str, read_only: bool = False) -> Self:
        """Open a library by its folder or by the ``open.mmstudio`` file in it.

        Raises:
            NotFound: where there is none.
            LibraryBusy: where another program writes to it; open it with ``read_only`` then.
            NewerLibrary: where a newer program made it.
            StudioError: where it is damaged, or its folder cannot be read.
        """
        folder = folders.resolve(path)
        database = folder / folders.DATABASE
        try:
            is_library = database.is_file()
            if folder.is_dir():
                next(folder.iterdir(), None)
        except PermissionError as error:
            raise StudioError(
                "You may not read the folder {path}.",
                hint="Change its permissions, or ask the person it belongs to.",
                path=str(folder),
            ) from error
        if not is_library:
            what = NotFound if not folder.exists() else StudioError
            raise what(
                "There is no MM Studio library in {path}.",
                hint="Create one there, or choose the folder that holds library.db.",
                path=str(folder),
            )
        if not read_only:
            folders.make_parts(folder)
        return cls(folder, read_only=read_only)

    def close(self) -> None:
        """Close the database and let other programs write. Closing twice is fine."""
        if not self.read_only:
            try:
                self.db.optimize()
            except StudioError as error:
                log.info("statistics not refreshed: %s", error)
        self.db.close()
        if self._copy is not None:
            self._copy.cleanup()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- folders -----------------------------------------------------------------------------------------

    @property
    def thumbnails_dir(self) -> Path:
        """WebP thumbnails by content hash: a cache."""
        return self.path / "thumbnails"

    @property
    def generated_dir(self) -> Path:
        """What the studio made."""
        return self.path / "generated"

    @property
    def models_dir(self) -> Path:
        """Trained models, one folder each."""
        return self.path / "models"

    @property
    def index_dir(self) -> Path:
        """Vector index files: a cache."""
        return self.path / "index"

    @property
    def trash_dir(self) -> Path:
        """Deleted files that the studio owns."""
        return self.path / "trash"

    @property
    def backups_dir(self) -> Path:
        """Copies of the database made before migrations."""
        return self.path / "backups"

    @property
    def changes(self) -> Changes:
        """Who wants to know of changes subscribes here."""
        return self.db.changes

    def check(self, repair: bool = False) -> CheckReport:
        """Compare the database with the disk; with ``repair`` put right what can be."""
        return check(self, repair=repair)

    def empty_trash(self) -> int:
        """Delete for good what is in the trash; returns how many assets."""
        return self.assets.empty_trash()

    def _identify(self) -> str:
        row = self.db.read().execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
        known = str(row[0]) if row is not None else ""
        if self.read_only:
            return known
        if not known:
            known = folders.new_id()
            with self.db.write() as tx:
                tx.execute("INSERT INTO meta(key, value) VALUES ('id', ?)", (known,))
        marker = folders.Marker(known, version_of(self.db.read()))
        if folders.read_marker(self.path) != marker:
            folders.write_marker(self.path, marker)
        return known


def _bring_up_to_date(path: Path, read_only: bool) -> TemporaryDirectory[str] | None:
    """Migrate an older library, or refuse what this program cannot read.

    A library that may not be written is migrated in a copy of its database, which is returned; it is gone
    with the folder it lies in.
    """
    mode = "ro" if read_only else "rw"
    immutable = read_only and not folders.is_writable(path)
    connection = connect(path / folders.DATABASE, mode, immutable=immutable)
    try:
        if not read_only:
            migrate(connection, path / "backups", path.name)
            return None
        version = version_of(connection)
        refuse_newer(version, path.name)
        if version >= newest():
            return None
        copy = TemporaryDirectory(prefix="mmstudio-", ignore_cleanup_errors=True)
        try:
            # Below a folder of the library's own name: errors name the library by it.
            database = Path(copy.name, path.name, "db")
            copy_database(connection, database)
            copied = connect(database)
            try:
                migrate(copied, Path(copy.name, "backups"), path.name)
            finally:
                copied.close()
        except BaseException:
            copy.cleanup()
            raise
        return copy
    finally:
        connection.close()
