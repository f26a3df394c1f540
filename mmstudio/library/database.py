"""One writer connection behind a lock, one reader connection per thread, SQLite's errors in plain words."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils

from mmstudio.errors import DiskFull, LibraryBusy, ReadOnly, StudioError
from mmstudio.library.changes import Changes
from mmstudio.library.sqlite import sqlite3

_Row = TypeVar("_Row")
BATCH = 1000  # rows per transaction of bulk work
IN_IDS = "IN (SELECT value FROM json_each(?))"  # takes ids_json(): no limit on their number
_BUSY_SECONDS = 10.0
_IDS_NAMED = 10_000  # a change of more rows than this is announced as "many"

# Primary result codes of SQLite (https://sqlite.org/rescode.html).
_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26


def plain_error(error: BaseException, path: Path) -> StudioError | None:
    """What a person can do about an error of SQLite; None where the mistake is ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = path.parent.name
    if code == _FULL or (code in (_IOERR, _CANTOPEN) and _no_room(path.parent)):
        return DiskFull(
            "There is no room left for the library {name}.",
            hint="Free some space on its disk, then try again. What was saved before is safe.",
            name=name,
        )
    if code in (_CORRUPT, _NOTADB):
        return _damaged(path)
    if code in (_BUSY, _LOCKED):
        return LibraryBusy(
            "Another program is writing to the library {name}.",
            hint="Close the other program, or open the library for reading only.",
            name=name,
        )
    if code == _READONLY:
        return ReadOnly(
            "The library {name} cannot be written to.",
            hint="Check the permissions of its folder.",
            name=name,
        )
    if code in (_IOERR, _CANTOPEN):
        return StudioError(
            "The database of the library {name} cannot be read from its disk.",
            hint="Check that the disk is connected and that you may open the folder.",
            name=name,
        )
    return None


def _no_room(folder: Path) -> bool:
    """True where the disk is so full that SQLite cannot make the small files it needs to open a database."""
    try:
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free < 65_536
    except OSError:
        return False


def _damaged(path: Path) -> StudioError:
    backups = (path.parent / "backups").glob("library-*.db")
    backup = max(backups, key=lambda file: file.stat().st_mtime, default=None)
    if backup is None:
        return StudioError(
            "The database of the library {name} is damaged.",
            hint="Put back your own copy of library.db, or import the media into a new library.",
            name=path.parent.name,
        )
    return StudioError(
        "The database of the library {name} is damaged.",
        hint="Keep it aside and copy {backup} in its place; what was added since then is imported again.",
        name=path.parent.name,
        backup=f"backups/{backup.name}",
    )


class _Connection(sqlite3.Connection):
    """A connection that raises :class:`StudioError` for what a person can act on."""

    library_path = Path("library.db")

    def execute(self, *arguments: Any) -> Any:
        try:
            return super().execute(*arguments)
        except sqlite3.DatabaseError as error:
            plain = plain_error(error, self.library_path)
            if plain is None:
                raise
            raise plain from error

    def executemany(self, *arguments: Any) -> Any:
        try:
            return super().executemany(*arguments)
        except sqlite3.DatabaseError as error:
            plain = plain_error(error, self.library_path)
            if plain is None:
                raise
            raise plain from error


def connect(path: Path, mode: str = "rw", *, immutable: bool = False) -> sqlite3.Connection:
    """A bare connection in ``mode`` ro, rw or rwc: foreign keys on, rows by name, explicit transactions."""
    uri = f"{path.resolve().as_uri()}?mode={mode}" + ("&immutable=1" if immutable else "")
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False,
            factory=_Connection,
        )  # fmt: skip
    except sqlite3.DatabaseError as error:
        plain = plain_error(error, path)
        if plain is None:
            raise
        raise plain from error
    connection.library_path = path
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA temp_store=MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


class Database:
    """The database of one library.

    Reading: ``db.read().execute(...)`` on a connection of the calling thread. Writing: ``with db.write() as
    tx``, one thread at a time, nested blocks as savepoints. A thread inside ``write`` reads what it wrote.
    """

    def __init__(self, path: Path, *, read_only: bool = False, wal: bool = True) -> None:
        self.path = path
        self.read_only = read_only
        self.changes = Changes()
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._readers_lock = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._pending: dict[str, set[int] | None] = {}
        self._closed = False
        self._revision = 0
        # A WAL database in a folder that cannot be written has nowhere to put its shared memory.
        self._immutable = read_only and not os.access(path.parent, os.W_OK)
        self._writer: sqlite_utils.Database | None = None
        if not read_only:
            connection = connect(path)
            try:
                mode = connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}").fetchone()[0]
                connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
                self._writer = sqlite_utils.Database(connection, execute_plugins=False, strict=True)
            except BaseException:
                connection.close()
                raise

    def read(self) -> sqlite3.Connection:
        """The connection that the calling thread reads with; rows are ``sqlite3.Row``. Never write to it."""
        if self._owner == threading.get_ident() and self._writer is not None:
            return self._writer.conn
        connection = getattr(self._local, "connection", None)
        if self._closed and connection is not None:
            connection.close()
        self._raise_if_closed()
        if connection is None:
            connection = connect(self.path, "ro", immutable=self._immutable)
            self._local.connection = connection
            with self._readers_lock:
                for thread, old in self._readers:
                    if not thread.is_alive():
                        old.close()
                self._readers = [pair for pair in self._readers if pair[0].is_alive()]
                self._readers.append((threading.current_thread(), connection))
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite_utils.Database]:
        """One transaction: committed at the end of the block, rolled back on any error.

        Raises:
            ReadOnly: where the library was opened for reading.
            LibraryBusy: where another program writes for more than ten seconds.
            DiskFull: where the disk is full; nothing of the block stays.
        """
        if self._writer is None:
            raise ReadOnly(
                "The library {name} is open for reading only.",
                hint="Close the other window or program that uses it, then open it again.",
                name=self.path.parent.name,
            )
        with self._lock:
            self._raise_if_closed()
            if self._depth:
                with self._savepoint(self._writer):
                    yield self._writer
                return
            with self._transaction(self._writer):
                yield self._writer
            self._revision += 1
            announced, self._pending = self._pending, {}
        self.changes.publish(
            {
                topic: None if ids is None or len(ids) > _IDS_NAMED else sorted(ids)
                for topic, ids in announced.items()
            }
        )

    @property
    def revision(self) -> int | None:
        """Changes with every commit, so that a small cache knows when it is old.

        None where nothing may be kept: inside ``write``, which may yet be rolled back, and where another
        program writes the library.
        """
        return None if self.read_only or self._owner == threading.get_ident() else self._revision

    def note(self, topic: str, ids: Iterable[int] | None = None) -> None:
        """Inside ``write``: announce after the commit that rows changed; None for "many or all"."""
        known = self._pending.setdefault(topic, set())
        if ids is None or known is None:
            self._pending[topic] = None
        else:
            known.update(ids)

    def optimize(self) -> None:
        """Refresh the statistics that the query planner uses; cheap when little changed."""
        if self._writer is not None:
            with self.write() as tx:
                tx.execute("PRAGMA analysis_limit=1000")
                tx.execute("PRAGMA optimize")

    def vacuum(self) -> None:
        """Write the file anew without freed pages, so that nothing deleted can be read in it."""
        with self._lock:
            if self._writer is not None and not self._depth:
                self._writer.conn.execute("VACUUM")
                self._writer.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, target: Path) -> None:
        """Copy the database to ``target`` through SQLite's backup API, while it is in use."""
        source = connect(self.path, "ro", immutable=self._immutable)
        try:
            copy_database(source, target)
        finally:
            source.close()

    def close(self) -> None:
        """Refuse further work and close what is not in use.

        A thread that is reading finishes and closes its own connection: closing it from here would pull it
        away under a running query. What is committed is safe either way.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with self._readers_lock:
                for thread, connection in self._readers:
                    if thread is threading.current_thread() or not thread.is_alive():
                        connection.close()
                self._readers.clear()
            if self._writer is not None:
                self._writer.conn.close()

    @contextmanager
    def _transaction(self, writer: sqlite_utils.Database) -> Iterator[None]:
        # BEGIN IMMEDIATE: a deferred transaction that turns into a writer fails at once where another writes.
        writer.conn.execute("BEGIN IMMEDIATE")
        self._owner, self._depth = threading.get_ident(), 1
        try:
            yield
            writer.conn.execute("COMMIT")
        except BaseException:
            self._pending = {}
            if writer.conn.in_transaction:  # SQLite itself rolls back when the disk is full
                writer.conn.execute("ROLLBACK")
            raise
        finally:
            self._owner, self._depth = None, 0

    @contextmanager
    def _savepoint(self, writer: sqlite_utils.Database) -> Iterator[None]:
        name = f"level_{self._depth}"
        writer.conn.execute(f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            if writer.conn.in_transaction:
                writer.conn.execute(f"ROLLBACK TO {name}")
                writer.conn.execute(f"RELEASE {name}")
            raise
        else:
            writer.conn.execute(f"RELEASE {name}")
        finally:
            self._depth -= 1

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise StudioError("The library {name} is closed.", name=self.path.parent.name)


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Copy through the backup API into a new file ``target``, which appears only when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    copy = sqlite3.connect(temporary)
    try:
        source.backup(copy)
    except sqlite3.DatabaseError as error:
        plain = plain_error(error, target)
        if plain is None:
            raise
        raise plain from error
    finally:
        copy.close()
    temporary.replace(target)


def in_batches(rows: Iterable[_Row], size: int = BATCH) -> Iterator[list[_Row]]:
    """Lists of at most ``size`` rows."""
    batch: list[_Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def ids_json(ids: Iterable[int]) -> str:
    """Ids as the one parameter of :data:`IN_IDS`."""
    return json.dumps([int(value) for value in ids])


def to_json(value: Any) -> str:
    """Compact JSON that keeps Chinese readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def last_id(cursor: sqlite3.Cursor) -> int:
    """The id of the row that an INSERT made."""
    return int(cursor.lastrowid or 0)


def now() -> str:
    """This moment, ISO 8601 UTC with microseconds."""
    return datetime.now(UTC).isoformat()
