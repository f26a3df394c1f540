"""Transactions, threads, changes, jobs and migrations."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmstudio.errors import NotFound, StudioError
from mmstudio.jobs import JobContext, JobStore, Progress, run_inline
from mmstudio.library import Library, NewItem
from mmstudio.library.database import connect, in_batches
from mmstudio.library.migrations import MIGRATIONS, Migration, migrate, newest, statements, version_of
from mmstudio.library.sqlite import sqlite3


def test_a_failed_block_leaves_nothing(library: Library) -> None:
    heard: list[str] = []
    library.changes.subscribe(lambda topic, _ids: heard.append(topic))

    def fail() -> None:
        with library.db.write():
            library.items.upsert_many([NewItem("A")])
            assert library.items.count() == 1  # inside, a thread reads what it wrote
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert library.items.count() == 0
    assert heard == []


def test_an_inner_block_can_fail_alone(library: Library) -> None:
    with library.db.write():
        library.items.upsert_many([NewItem("A")])
        with pytest.raises(sqlite3.IntegrityError), library.db.write() as tx:
            library.items.upsert_many([NewItem("B")])
            tx.execute("INSERT INTO item(sku, created_at, updated_at) VALUES ('A', '', '')")
        library.items.upsert_many([NewItem("C")])
    assert sorted(library.items.skus()) == ["A", "C"]


def test_others_see_a_transaction_only_when_it_is_done(library: Library) -> None:
    with ThreadPoolExecutor(1) as other:
        with library.db.write():
            library.items.upsert_many([NewItem("A")])
            assert other.submit(library.items.count).result() == 0
        assert other.submit(library.items.count).result() == 1


def test_many_threads_write_and_read(library: Library) -> None:
    def work(number: int) -> None:
        for step in range(25):
            library.items.upsert_many([NewItem(f"{number}-{step}", f"Thing {step}")])
            assert library.items.ids(f"thing {step}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert library.items.count() == 200
    assert library.check().ok


def test_a_library_closed_under_a_reading_thread(library: Library) -> None:
    library.items.upsert_many(NewItem(f"{n}", "Thing") for n in range(500))
    started = threading.Event()

    def read() -> str:
        try:
            while True:
                library.items.get_many(library.items.ids("thing"))
                started.set()
        except StudioError as error:
            return error.message

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        assert started.wait(240)
        library.close()
        assert {reader.result(240) for reader in readers} == {"The library Test.mmlib is closed."}


def test_a_root_added_in_a_failed_block_is_forgotten(library: Library, tmp_path: Path) -> None:
    def fail() -> None:
        with library.db.write():
            library.roots.add(tmp_path)
            assert len(library.roots.list()) == 2
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert len(library.roots.list()) == 1


def test_connections_of_ended_threads_are_closed(library: Library) -> None:
    for _ in range(20):
        thread = threading.Thread(target=library.items.count)
        thread.start()
        thread.join()
    assert len(library.db._readers) <= 3


def test_changes_are_told_once_after_the_commit(library: Library) -> None:
    heard: list[tuple[str, list[int] | None]] = []
    unsubscribe = library.changes.subscribe(lambda topic, ids: heard.append((topic, ids)))
    with library.db.write():
        library.items.upsert_many([NewItem("A")])
        library.items.upsert_many([NewItem("B")])
        library.audiences.add("Cooks")
        assert heard == []
    assert heard == [("items", [1, 2]), ("audiences", [1])]
    unsubscribe()
    unsubscribe()
    library.audiences.add("Runners")
    assert len(heard) == 2


def test_who_reads_again_hears_after_those_who_forget(library: Library) -> None:
    heard: list[tuple[str, str]] = []
    unsubscribe = library.changes.subscribe(lambda topic, _ids: heard.append(("reads", topic)), last=True)
    library.changes.subscribe(lambda topic, _ids: heard.append(("forgets", topic)))
    with library.db.write():
        library.items.upsert_many([NewItem("A")])
        library.audiences.add("Cooks")
    assert [who for who, _topic in heard] == ["forgets", "forgets", "reads", "reads"]
    unsubscribe()
    library.audiences.add("Runners")
    assert heard[4:] == [("forgets", "audiences")]


def test_a_listener_may_read_and_write(library: Library) -> None:
    counts: list[int] = []

    def listen(topic: str, _ids: list[int] | None) -> None:
        if topic == "items":
            counts.append(library.items.count())
            library.audiences.add("Heard")

    library.changes.subscribe(listen)
    library.items.upsert_many([NewItem("A")])
    assert counts == [1]
    assert [audience.name for audience in library.audiences.list()] == ["Heard"]


def test_a_failing_listener_stops_nobody(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_topic: str, _ids: list[int] | None) -> None:
        raise RuntimeError("broken listener")

    library.changes.subscribe(broken)
    library.changes.subscribe(lambda topic, _ids: heard.append(topic))
    library.items.upsert_many([NewItem("A")])
    assert heard == ["items"]
    assert "broken listener" in caplog.text


def test_many_changed_rows_are_told_as_many(library: Library) -> None:
    heard: list[list[int] | None] = []
    library.changes.subscribe(lambda _topic, ids: heard.append(ids))
    with library.db.write():
        library.db.note("assets", range(20_000))
        library.db.note("items", [1])
        library.db.note("items")
        library.db.note("items", [2])
    assert heard == [None, None]


def test_batches() -> None:
    assert [len(batch) for batch in in_batches(range(2001))] == [1000, 1000, 1]
    assert list(in_batches([])) == []


# -- jobs ----------------------------------------------------------------------------------------------------


def test_jobs_are_kept(library: Library) -> None:
    store: JobStore = library.jobs
    job = store.create("import", {"paths": ["/图片"]}, "Import")
    assert store.get(job).state == "queued"
    store.update(job, state="running", done=3, total=10, note="three")
    running = store.get(job)
    assert (running.done, running.total, running.note, running.params) == (
        3,
        10,
        "three",
        {"paths": ["/图片"]},
    )
    assert running.started_at is not None
    assert running.pid is not None
    store.update(job, checkpoint={"next": 4})
    store.update(job, state="failed", error="It broke.", hint="Try again.")
    failed = store.get(job)
    assert (failed.error, failed.hint, failed.checkpoint, failed.pid) == (
        "It broke.",
        "Try again.",
        {"next": 4},
        None,
    )
    assert failed.ended_at is not None
    store.update(job, state="queued", error="", hint="")
    assert store.get(job).error == ""
    store.update(job)
    other = store.create("train", {}, "Train")
    assert [one.id for one in store.list()] == [other, job]
    assert store.list(("done", "failed")) == []
    with pytest.raises(NotFound):
        store.get(99)


def test_a_job_runs_against_the_store(library: Library) -> None:
    def work(context: JobContext):  # type: ignore[no-untyped-def]
        context.save_checkpoint({"step": 1})
        yield Progress(1, 2)
        return {"made": 2}

    assert run_inline(work, {"a": 1}, store=library.jobs) == {"made": 2}
    [job] = library.jobs.list()
    assert (job.state, job.result, job.checkpoint) == ("done", {"made": 2}, {"step": 1})


def test_a_killed_program_leaves_a_whole_library_and_paused_jobs(tmp_path: Path) -> None:
    path = tmp_path / "a.mmlib"
    Library.create(path).close()
    script = """
import sys
from mmstudio.library import Library, NewItem
library = Library.open(sys.argv[1])
running, queued, done = (library.jobs.create(kind, {"n": 1}, kind) for kind in ("import", "train", "export"))
library.jobs.update(running, state="running", done=1000, checkpoint={"next": 1000})
library.jobs.update(done, state="done")
library.items.upsert_many(NewItem(f"{n}", "whole") for n in range(1000))
with library.db.write():
    library.items.upsert_many(NewItem(f"lost {n}", "half") for n in range(1000))
    print("ready", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        program.kill()
    with Library.open(path) as library:
        assert [(job.kind, job.state) for job in library.jobs.list()] == [
            ("export", "done"),
            ("train", "paused"),
            ("import", "paused"),
        ]
        assert library.jobs.list(("paused",))[1].checkpoint == {"next": 1000}
        assert library.jobs.get(1).pid is None
        assert library.items.count() == 1000
        assert library.items.ids("half") == []
        assert library.check().ok


# -- migrations ----------------------------------------------------------------------------------------------


def _opened(path: Path) -> sqlite3.Connection:
    return connect(path / "library.db")


def _add_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE item ADD COLUMN brand TEXT")


def _fail_half_way(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (id INTEGER) STRICT")
    raise RuntimeError("half way")


def _orphan(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO item_link VALUES (98, 99, 'related')")


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A closed library with one item."""
    with Library.create(tmp_path / "a.mmlib") as library:
        library.items.upsert_many([NewItem("A", "Ball")])
    return library.path


def test_a_step_is_backed_up_and_applied_once(closed: Path) -> None:
    last = newest()
    steps = (*MIGRATIONS, Migration(last + 1, "brands", _add_column))
    connection = _opened(closed)
    assert migrate(connection, closed / "backups", "a", steps) == [last + 1]
    assert migrate(connection, closed / "backups", "a", steps) == []
    assert version_of(connection) == last + 1
    assert connection.execute("SELECT sku, brand FROM item").fetchone()["brand"] is None
    connection.close()
    backup = sqlite3.connect(closed / "backups" / f"library-{last}.db")
    assert backup.execute("SELECT title FROM item").fetchone() == ("Ball",)
    assert [row[1] for row in backup.execute("PRAGMA table_info(item)")][-1] == "updated_at"
    backup.close()
    assert [file.name for file in (closed / "backups").iterdir()] == [f"library-{last}.db"]


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [(_fail_half_way, RuntimeError, "half way"), (_orphan, StudioError, "belong to nothing")],
)
def test_a_step_that_fails_leaves_the_library_as_it_was(
    closed: Path, step: Callable[[sqlite3.Connection], None], error: type[Exception], words: str
) -> None:
    connection = _opened(closed)
    last = newest()
    steps = (
        *MIGRATIONS, Migration(last + 1, "brands", _add_column), Migration(last + 2, "broken", step)
    )  # fmt: skip
    with pytest.raises(error, match=words):
        migrate(connection, closed / "backups", "a", steps)
    assert version_of(connection) == last + 1
    assert connection.execute("SELECT name FROM sqlite_schema WHERE name = 'half'").fetchone() is None
    assert connection.execute("SELECT COUNT(*) FROM item_link").fetchone()[0] == 0
    assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    connection.close()
    assert {file.name for file in (closed / "backups").iterdir()} == {
        f"library-{last}.db",
        f"library-{last + 1}.db",
    }


def test_a_script_is_split_at_its_statements() -> None:
    trigger = "CREATE TRIGGER t AFTER DELETE ON a BEGIN\nSELECT 1;\nSELECT 2;\nEND;\n"
    script = "CREATE TABLE a (x); -- one; two\n" + trigger
    assert len(statements(script)) == 2


def test_a_backup_of_an_open_library(library: Library, tmp_path: Path) -> None:
    library.items.upsert_many([NewItem("A", "Ball")])
    library.db.backup(tmp_path / "copy" / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy" / "copy.db")
    assert copy.execute("SELECT sku FROM item").fetchone() == ("A",)
    copy.close()
