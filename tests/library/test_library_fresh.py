"""The database of a new library: what the steps of migration make, its own id and day, whole or not there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmstudio.errors import DiskFull, StudioError
from mmstudio.library import Library
from mmstudio.library.fresh import make_database
from mmstudio.library.migrations import MIGRATIONS, migrate
from mmstudio.library.sqlite import sqlite3


def shape(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Every table, index and trigger with the statement that makes it."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
    return [(row[0], row[1], row[2]) for row in rows]


def test_it_is_what_the_migrations_make(tmp_path: Path) -> None:
    make_database(tmp_path / "new.db", "one", wal=True)
    stepwise = sqlite3.connect(tmp_path / "steps.db", isolation_level=None)
    for count in range(1, len(MIGRATIONS) + 1):
        migrate(stepwise, tmp_path / "backups", "a", MIGRATIONS[:count])
    made = sqlite3.connect(tmp_path / "new.db")
    try:
        assert shape(made) == shape(stepwise)
        for pragma in ("application_id", "page_size", "encoding", "auto_vacuum"):
            assert (
                made.execute(f"PRAGMA {pragma}").fetchall() == stepwise.execute(f"PRAGMA {pragma}").fetchall()
            )
        versions = "SELECT version, name, program FROM schema_version"
        assert made.execute(versions).fetchall() == stepwise.execute(versions).fetchall()
        assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        made.close()
        stepwise.close()


def test_each_has_its_own_id_and_day(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with Library.create(tmp_path / "a.mmlib") as a, Library.create(tmp_path / "b.mmlib") as b:
        assert a.id != b.id
        days = [row[0] for row in b.db.read().execute("SELECT applied_at FROM schema_version")]
        days.append(b.db.read().execute("SELECT added_at FROM root").fetchone()[0])
    for day in days:
        assert before.replace(microsecond=0) <= datetime.fromisoformat(day) <= datetime.now(UTC)


@pytest.mark.parametrize(("wal", "mode"), [(True, "wal"), (False, "delete")])
def test_a_shared_folder_gets_no_wal(tmp_path: Path, wal: bool, mode: str) -> None:
    make_database(tmp_path / "library.db", "one", wal=wal)
    made = sqlite3.connect(tmp_path / "library.db")
    assert made.execute("PRAGMA journal_mode").fetchone() == (mode,)
    made.close()
    assert [file.name for file in tmp_path.iterdir()] == ["library.db"]


def test_a_full_disk_is_one_line_and_leaves_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFull, match=r"no room left .*library\.db"):
        make_database(tmp_path / "library.db", "one", wal=True)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudioError, match="is a file"):
        Library.create(tmp_path / "file" / "a.mmlib")
