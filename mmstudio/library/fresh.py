"""The database of a new library, written in one piece: whole and of the newest version, or not there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

from mmstudio.atomic import atomic_path
from mmstudio.library.database import now, plain_error
from mmstudio.library.migrations import migrate
from mmstudio.library.sqlite import sqlite3

_one_at_a_time = Lock()


@cache
def _pattern() -> sqlite3.Connection:
    """An empty library in memory, made by the very steps that bring an old one up to date."""
    made = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(made, Path(), "")  # no backups of a new one
    return made


def make_database(path: Path, library_id: str, *, wal: bool) -> None:
    """Make the empty database ``path`` of a new library with the id ``library_id``, with or without a WAL.

    Five migrations in a file are some twenty waits for the disk; a copy of one from memory is a single one.

    Raises:
        StudioError: where the disk is full or the file cannot be written.
    """
    with atomic_path(path) as temporary:
        try:
            file = sqlite3.connect(temporary, isolation_level=None)
            try:
                # Nobody else knows the file yet, and it is synchronised as a whole before it takes its name.
                file.execute("PRAGMA synchronous=OFF")
                with _one_at_a_time:
                    _pattern().backup(file)
                file.execute("PRAGMA journal_mode=MEMORY")
                file.execute("BEGIN")
                at = now()
                file.execute("UPDATE root SET added_at = ?", (at,))
                file.execute("UPDATE schema_version SET applied_at = ?", (at,))
                file.execute("INSERT INTO meta(key, value) VALUES ('id', ?)", (library_id,))
                file.execute("COMMIT")
                if wal:
                    file.execute("PRAGMA journal_mode=WAL")
            finally:
                file.close()
        except sqlite3.DatabaseError as error:
            plain = plain_error(error, path)
            if plain is None:
                raise
            raise plain from error
