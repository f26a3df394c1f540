"""Creating, opening, locking and closing a library, and every way that can fail."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmstudio.errors import DiskFull, LibraryBusy, NewerLibrary, NotFound, ReadOnly, StudioError
from mmstudio.library import Library, folder
from mmstudio.library.migrations import newest
from mmstudio.library.sqlite import sqlite3


def test_a_new_library_has_its_parts_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "Фото 图片.mmlib"
    with Library.create(path) as library:
        kept = library.id
        assert {part.name for part in path.iterdir()} >= {"open.mmstudio", "library.db", *folder.PARTS}
        assert library.notice == ""
    with Library.open(path) as library:
        assert library.id == kept
        assert library.assets.ids() == []


def test_a_double_click_opens_the_library(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library:
        kept = library.id
    marker = json.loads((tmp_path / "a.mmlib" / "open.mmstudio").read_text(encoding="utf-8"))
    assert marker == {"program": "MM Studio", "id": kept, "format": newest()}
    with Library.open(tmp_path / "a.mmlib" / "open.mmstudio") as library:
        assert library.path == tmp_path / "a.mmlib"


def test_a_lost_marker_and_lost_folders_come_back(tmp_path: Path) -> None:
    Library.create(tmp_path / "a.mmlib").close()
    (tmp_path / "a.mmlib" / "open.mmstudio").unlink()
    shutil.rmtree(tmp_path / "a.mmlib" / "thumbnails")
    with Library.open(tmp_path / "a.mmlib") as library:
        assert library.thumbnails_dir.is_dir()
        assert (library.path / "open.mmstudio").is_file()


def test_a_moved_library_works(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library:
        kept = library.id
    (tmp_path / "a.mmlib").rename(tmp_path / "b.mmlib")
    with Library.open(tmp_path / "b.mmlib") as library:
        assert library.id == kept
        assert library.roots.own.path == str(tmp_path / "b.mmlib")


def test_the_pragmas_are_those_of_the_design(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library:
        with library.db.write() as tx:
            assert tx.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert tx.execute("PRAGMA synchronous").fetchone()[0] == 1
            assert tx.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        tables = library.db.read().execute("PRAGMA table_list").fetchall()
        own = [row for row in tables if row["type"] == "table" and not row["name"].startswith("sqlite_")]
        assert [row["name"] for row in own if not row["strict"]] == []


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library:
        with pytest.raises(LibraryBusy, match="open in another window"):
            Library.open(tmp_path / "a.mmlib")
        with Library.open(tmp_path / "a.mmlib", read_only=True) as reader:
            library.roots.add(tmp_path)
            assert len(reader.roots.list()) == 2
            with pytest.raises(ReadOnly):
                reader.roots.add(tmp_path / "x")
    Library.open(tmp_path / "a.mmlib").close()


def test_another_process_holds_the_lock(tmp_path: Path) -> None:
    Library.create(tmp_path / "a.mmlib").close()
    script = (
        "import sys; from mmstudio.library import Library\n"
        "library = Library.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.mmlib")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(LibraryBusy):
            Library.open(tmp_path / "a.mmlib")
        other.kill()
    Library.open(tmp_path / "a.mmlib").close()


def test_a_path_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StudioError, match="is a file") as caught:
        Library.create(tmp_path / "file")
    assert caught.value.hint
    with pytest.raises(StudioError, match="no MM Studio library"):
        Library.open(tmp_path / "file")
    with pytest.raises(StudioError, match="is a file"):
        Library.create(tmp_path / "file" / "below")


def test_a_folder_that_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no MM Studio library"):
        Library.open(tmp_path / "nowhere")
    with pytest.raises(StudioError, match="no MM Studio library"):
        Library.open(tmp_path)
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(StudioError, match="is not empty"):
        Library.create(tmp_path)


def test_creating_twice(tmp_path: Path) -> None:
    Library.create(tmp_path / "a.mmlib").close()
    with pytest.raises(StudioError, match="already"):
        Library.create(tmp_path / "a.mmlib")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(StudioError, match="may not write"):
        Library.create(closed / "a.mmlib")


def test_the_words_for_a_folder_without_permission(tmp_path: Path) -> None:
    error = folder.cannot_use(tmp_path, PermissionError(13, "Permission denied"))
    assert "may not write" in error.message
    assert error.hint
    other = folder.cannot_use(tmp_path, OSError(5, "Input/output error"))
    assert "Input/output error" in other.message
    assert isinstance(folder.cannot_use(tmp_path, OSError(errno.ENOSPC, "No space left")), DiskFull)


def test_a_damaged_database(tmp_path: Path) -> None:
    Library.create(tmp_path / "a.mmlib").close()
    (tmp_path / "a.mmlib" / "library.db").write_bytes(b"this was a database" * 1000)
    with pytest.raises(StudioError, match="damaged") as caught:
        Library.open(tmp_path / "a.mmlib")
    assert "your own copy" in caught.value.hint
    (tmp_path / "a.mmlib" / "backups" / "library-100.db").write_bytes(b"")
    with pytest.raises(StudioError, match="damaged") as caught:
        Library.open(tmp_path / "a.mmlib", read_only=True)
    assert "backups/library-100.db" in caught.value.hint
    # The failed attempt holds no lock.
    (tmp_path / "a.mmlib" / "library.db").unlink()
    sqlite3.connect(tmp_path / "a.mmlib" / "library.db").close()
    Library.open(tmp_path / "a.mmlib").close()


def test_a_database_of_another_program(tmp_path: Path) -> None:
    Library.create(tmp_path / "a.mmlib").close()
    (tmp_path / "a.mmlib" / "library.db").unlink()
    other = sqlite3.connect(tmp_path / "a.mmlib" / "library.db")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(StudioError, match="not made by MM Studio"):
        Library.open(tmp_path / "a.mmlib")


def test_a_newer_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library, library.db.write() as tx:
        tx.execute("INSERT INTO schema_version VALUES (200, 'the future', '9.9', '2099-01-01')")
    before = (tmp_path / "a.mmlib" / "library.db").read_bytes()
    for read_only in (False, True):
        with pytest.raises(NewerLibrary, match=r"format 2\.0, this program reads 1\.") as caught:
            Library.open(tmp_path / "a.mmlib", read_only=read_only)
        assert "newest MM Studio" in caught.value.hint
    assert (tmp_path / "a.mmlib" / "library.db").read_bytes() == before


def test_a_newer_minor_version_opens(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library, library.db.write() as tx:
        tx.execute("INSERT INTO schema_version VALUES (199, 'one more table', '1.1', '2099-01-01')")
        tx.execute("CREATE TABLE novelty (id INTEGER PRIMARY KEY) STRICT")
    Library.open(tmp_path / "a.mmlib").close()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with Library.create(tmp_path / "a.mmlib") as library:
        library.audiences.add("Cooks")
        with library.db.write() as tx:
            pages = tx.execute("PRAGMA page_count").fetchone()[0]
            tx.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(DiskFull, match="no room left") as caught:
            library.storyboards.save("big", "product-ad", None, None, {"x": "y" * 100_000})
        assert "safe" in caught.value.hint
        with library.db.write() as tx:
            tx.execute("PRAGMA max_page_count=1000000")
        assert library.storyboards.list() == []
        library.storyboards.save("small", "product-ad", None, None, {})
        assert [audience.name for audience in library.audiences.list()] == ["Cooks"]


def test_a_closed_library_says_so(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "a.mmlib")
    library.close()
    library.close()
    with pytest.raises(StudioError, match="is closed"):
        library.assets.ids()
    with pytest.raises(StudioError, match="is closed"):
        library.audiences.add("Late")


@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - Office", "iCloud Drive", "坚果云"])
def test_a_cloud_folder_is_opened_without_wal(tmp_path: Path, name: str) -> None:
    with Library.create(tmp_path / name / "a.mmlib") as library:
        assert "one computer" in library.notice
        with library.db.write() as tx:
            assert tx.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        library.roots.add(tmp_path)
        assert len(library.roots.list()) == 2
    assert not (tmp_path / name / "a.mmlib" / "library.db-wal").exists()


def test_a_plain_folder_is_not_taken_for_a_network_disk(tmp_path: Path) -> None:
    assert not folder.is_shared(tmp_path)


def test_a_folder_without_permission_is_a_case_of_reading_only(tmp_path: Path) -> None:
    told = folder.cannot_use(tmp_path, PermissionError(13, "Permission denied"))
    assert isinstance(told, ReadOnly)  # what only reads goes on without writing
    assert "may not write" in str(told)
