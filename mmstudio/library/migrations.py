"""Numbered steps from one schema version to the next: each in one transaction, after a backup.

A version is ``major * 100 + minor``. A library of a newer minor version only has tables and columns that this
program does not know, and opens; a newer major version is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmstudio import __version__
from mmstudio.errors import NewerLibrary, StudioError
from mmstudio.library import schema
from mmstudio.library.database import copy_database, now
from mmstudio.library.sqlite import sqlite3

APPLICATION_ID = 0x4D4D5354  # "MMST" in the header of the file, for tools that look there


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: the version it leads to, a name for people, and what it does inside the transaction."""

    version: int
    name: str
    apply: Callable[[sqlite3.Connection], None]


def _first(connection: sqlite3.Connection) -> None:
    for statement in statements(schema.VERSION_1):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute("INSERT INTO root(id, path, watched, added_at) VALUES (1, '', 0, ?)", (now(),))


def _facts(connection: sqlite3.Connection) -> None:
    for statement in statements(schema.VERSION_101):
        connection.execute(statement)


def _brand(connection: sqlite3.Connection) -> None:
    for statement in statements(schema.VERSION_102):
        connection.execute(statement)


def _audiences(connection: sqlite3.Connection) -> None:
    for statement in statements(schema.VERSION_103):
        connection.execute(statement)


def _assets_out(connection: sqlite3.Connection) -> None:
    for statement in statements(schema.VERSION_104):
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (
    Migration(100, "first schema", _first),
    Migration(101, "measures, colours, scenes, ignored findings, saved searches", _facts),
    Migration(102, "rules of the brand, overrides of the fact guard", _brand),
    Migration(103, "segments, sealed members, decisions, variants and their results", _audiences),
    Migration(104, "brand kits, remarks, rights, clearances", _assets_out),
)


def newest(migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """The version that this program writes."""
    return migrations[-1].version


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of a database; 0 for an empty one.

    Raises:
        StudioError: where the file is a database of another program.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if "schema_version" in tables:
        return int(connection.execute("SELECT COALESCE(MAX(version), 0) FROM schema_version").fetchone()[0])
    if tables:
        raise StudioError(
            "The file library.db was not made by MM Studio.",
            hint="Choose the folder of a library, or create a new one elsewhere.",
        )
    return 0


def refuse_newer(version: int, name: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Raise :class:`NewerLibrary` for a library of a later major version."""
    if version // 100 > newest(migrations) // 100:
        raise NewerLibrary(
            "The library {name} was made by a newer MM Studio (format {theirs}, this program reads {ours}).",
            hint="Install the newest MM Studio to open it. Nothing was changed.",
            name=name,
            theirs=f"{version // 100}.{version % 100}",
            ours=f"{newest(migrations) // 100}.{newest(migrations) % 100}",
        )


def migrate(
    connection: sqlite3.Connection, backups: Path, name: str, migrations: Sequence[Migration] = MIGRATIONS
) -> list[int]:
    """Bring a database to the newest version and return the versions applied.

    Before each step of an existing library a copy goes to ``backups/library-<version>.db``. A step that fails
    leaves the database as it was before that step.

    Raises:
        NewerLibrary: where the database has a later major version.
    """
    version = version_of(connection)
    refuse_newer(version, name, migrations)
    new = version == 0
    applied = []
    for step in migrations:
        if step.version <= version:
            continue
        if not new:
            copy_database(connection, backups / f"library-{version}.db")
        _apply(connection, step)
        applied.append(step.version)
        version = step.version
    return applied


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    # Foreign keys cannot be switched inside a transaction; a step that rebuilds a table needs them off.
    connection.execute("PRAGMA foreign_keys=OFF")
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            step.apply(connection)
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StudioError(
                    "The library could not be brought to format {version}: rows would belong to nothing.",
                    hint="It was left as it was. Run: mmstudio check",
                    version=step.version,
                )
            connection.execute(
                "INSERT INTO schema_version(version, name, program, applied_at) VALUES (?, ?, ?, ?)",
                (step.version, step.name, __version__, now()),
            )
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    finally:
        connection.execute("PRAGMA foreign_keys=ON")


def statements(script: str) -> list[str]:
    """Split a script into statements; ``executescript`` would commit the transaction it runs in."""
    found: list[str] = []
    current = ""
    for line in script.splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            found.append(current.strip())
            current = ""
    if current.strip():
        found.append(current.strip())
    return found
