"""Files into assets: compare with what is known, examine on a few threads, commit in batches."""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.errors import DiskFull, is_disk_full
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library.database import BATCH
from mmstudio.library.importing.examine import Examined, examine, temporary_folder, unreadable
from mmstudio.library.importing.medical import DicomMemory, examine_dicom
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.scan import FoundFile, Unreadable
from mmstudio.library.records import FileState, FileUpdate, NewAsset
from mmstudio.library.roots import OWN_ROOT
from mmstudio.media.dicom import looks_like_dicom

if TYPE_CHECKING:
    from mmstudio.library.library import Library

_WORKERS = min(4, os.cpu_count() or 1)
_AHEAD = 4 * _WORKERS  # files examined or waiting for it: bounds the memory
_FIRST_BATCH = 24  # rows, so that a person sees the first pictures at once
_COMMIT_SECONDS = 2.0
_POLL_SECONDS = 0.1  # how long a cancel may go unnoticed
ORIGINALS = "originals"  # folder of the library that holds what --copy copied


@dataclass(frozen=True, slots=True)
class _Task:
    found: FoundFile
    state: FileState | None  # the asset that is known at this place


class Ingest:
    """One pass of files into a library."""

    def __init__(
        self,
        library: Library,
        report: ImportReport,
        *,
        tags: Sequence[str] = (),
        copy: bool = False,
        on_purpose: bool = True,
    ) -> None:
        """
        Args:
            library: open for writing.
            report: counts go there.
            tags: given to every new asset.
            copy: copy new files into the library instead of referring to them.
            on_purpose: a person asked for these files, so content that was deleted for good comes back; a
                rescan leaves it out.
        """
        self._library = library
        self._report = report
        self._tags = tuple(tags)
        self._copy = copy
        self._on_purpose = on_purpose
        self._known: dict[int, dict[str, FileState]] = {}
        self._stop = threading.Event()
        self._back: list[int] = []  # assets whose missing file is there again
        self._fresh: set[Path] = set()  # files written for assets that are not committed yet
        self._scratch = temporary_folder(library)
        self._medical = DicomMemory(library)

    def known(self, root_id: int) -> dict[str, FileState]:
        """What the library has below a root, by relative path."""
        if root_id not in self._known:
            self._known[root_id] = self._library.assets.locations(root_id)
        return self._known[root_id]

    def run(
        self, context: JobContext, files: Iterable[FoundFile | Unreadable]
    ) -> Generator[Progress, None, None]:
        """Take in ``files``. Committed batches stay when it is closed early; the batch in flight goes."""
        with self._library.db.write():
            pass  # a library open for reading only is told before anything is looked at
        shutil.rmtree(self._scratch, ignore_errors=True)
        tasks: deque[_Task] = deque()
        total = 0
        for found in files:
            total += 1
            if isinstance(found, Unreadable):
                self._report.fail(found.path, found.reason)
            elif (task := self._sort_out(found)) is not None:
                tasks.append(task)
            if total % 500 == 0:
                context.raise_if_cancelled()
                yield Progress(0, None, tr("Looking for media: {n} files", n=total))
        self._library.assets.update_files(FileUpdate(one, status="ok", status_note="") for one in self._back)
        self._report.updated += len(self._back)
        done = total - len(tasks)
        yield Progress(done, total, tr("Importing"))
        try:
            yield from self._examine_all(context, tasks, done, total)
            self._medical.save()
        finally:
            self._discard_in_flight()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _sort_out(self, found: FoundFile) -> _Task | None:
        """A task for a file that is new or changed; None for one that is known as it is."""
        state = self.known(found.root_id).get(found.rel_path)
        if state is None:
            if not self._on_purpose and looks_like_dicom(found.path) and self._medical.knows(found):
                self._report.unchanged += 1
                return None
            return _Task(found, None)
        if state.size == found.size and state.mtime_ns == found.mtime_ns:
            if state.status == "missing":
                self._back.append(state.id)
                return None
            if state.sha256:  # without a hash it could not be read then; perhaps it can now
                self._report.unchanged += 1
                return None
        return _Task(found, state)

    def _examine_all(
        self, context: JobContext, tasks: deque[_Task], done: int, total: int
    ) -> Generator[Progress, None, None]:
        batch: list[tuple[_Task, Examined]] = []
        limit, last_commit = _FIRST_BATCH, time.monotonic()
        with ThreadPoolExecutor(_WORKERS, "import") as pool:
            try:
                for step in self._in_order(pool, tasks):
                    if step is not None:
                        batch.append(step)
                        done += 1
                    if len(batch) >= limit or (batch and time.monotonic() - last_commit > _COMMIT_SECONDS):
                        self._commit(batch)
                        batch, limit, last_commit = [], BATCH, time.monotonic()
                    yield Progress(done, total, Path(step[0].found.path).name if step else tr("Importing"))
                    context.raise_if_cancelled()
                self._commit(batch)
            finally:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)

    def _in_order(
        self, pool: ThreadPoolExecutor, tasks: deque[_Task]
    ) -> Iterator[tuple[_Task, Examined] | None]:
        """Results in the order of the tasks; None while the next one is still being worked on."""
        waiting: deque[tuple[_Task, Future[Examined]]] = deque()
        while tasks or waiting:
            while tasks and len(waiting) < _AHEAD:
                task = tasks.popleft()
                waiting.append((task, pool.submit(self._examine, task.found)))
            task, future = waiting[0]
            if not wait([future], timeout=_POLL_SECONDS).done:
                yield None
                continue
            waiting.popleft()
            yield task, future.result()

    def _examine(self, found: FoundFile) -> Examined:
        try:
            medical = found.kind == "image" and looks_like_dicom(found.path)
            if medical:
                result, made = examine_dicom(self._library, found, self._stop)
                self._take(result, made)
            else:
                result = examine(self._library, found.path, found.kind, self._stop)
            if result.new_thumbnail:
                self._fresh.add(self._library.assets.thumbnail_path(result.sha256))
            if self._copy and not medical:
                self._copy_in(result)
        except OSError as error:
            if is_disk_full(error):
                raise DiskFull(
                    "There is no room left for the library {name}.",
                    hint="Free some space on its disk, then try again. What was saved before is safe.",
                    name=self._library.path.name,
                ) from error
            return unreadable(found.path, found.kind, found.size, found.mtime_ns, error)
        return result

    # -- writing -----------------------------------------------------------------------------------------

    def _commit(self, batch: list[tuple[_Task, Examined]]) -> None:
        """Write one batch in one transaction."""
        if not batch:
            return
        for task, result in batch:
            if result.refused:
                self._report.fail(result.path, result.note)
            if result.refused or result.kept:
                self._medical.note(task.found)
        batch = [one for one in batch if not one[1].refused]
        counts = replace(self._report)
        with self._library.db.write():
            new: list[NewAsset] = []
            updates: list[FileUpdate] = []
            taken: set[int] = set()
            for task, result in batch:
                self._place(task, result, new, updates, taken, counts)
            self._library.assets.add_many(new)
            self._library.assets.update_files(updates)
        for name in ("added", "updated", "moved", "unchanged", "corrupt", "deidentified"):
            setattr(self._report, name, getattr(counts, name))
        for _task, result in batch:
            if result.status == "corrupt":
                self._report.fail(result.path, result.note)
            if result.removed is not None:
                self._report.note_removed(result.removed)
                for warning in result.removed.warnings:
                    self._report.note_file(result.path, warning)
            self._fresh.discard(self._library.assets.thumbnail_path(result.sha256))
            self._fresh.discard(self._library.path / _own_place(result))

    def _place(
        self,
        task: _Task,
        result: Examined,
        new: list[NewAsset],
        updates: list[FileUpdate],
        taken: set[int],
        counts: ImportReport,
    ) -> None:
        """Decide what a file is: a changed asset, a moved one, or a new one."""
        root_id, rel_path = task.found.root_id, task.found.rel_path
        if task.state is not None:
            if task.state.sha256 == result.sha256:
                updates.append(FileUpdate(task.state.id, size=result.size, mtime_ns=result.mtime_ns))
                if task.state.status == "missing":
                    updates.append(FileUpdate(task.state.id, status=result.status, status_note=result.note))
                counts.unchanged += 1
                return
            updates.append(_update(task.state.id, result, None, None))
            counts.updated += 1
            counts.corrupt += result.status == "corrupt"
            return
        if (self._copy or result.kept) and result.sha256:
            root_id, rel_path = OWN_ROOT, _own_place(result)
            if any(one.rel_path == rel_path for one in new) or (
                self._library.assets.by_location(root_id, rel_path) is not None
            ):
                counts.unchanged += 1
                return
        if (moved := self._moved_from(result.sha256, taken)) is not None:
            taken.add(moved)
            updates.append(_update(moved, result, root_id, rel_path))
            counts.moved += 1
        else:
            if result.sha256 and self._library.assets.is_forgotten(result.sha256):
                if not self._on_purpose:
                    counts.unchanged += 1
                    return
                self._library.assets.remember(result.sha256)
            new.append(_new(result, root_id, rel_path, (*self._tags, *result.tags)))
            counts.added += 1
            counts.deidentified += bool(result.kept)
        counts.corrupt += result.status == "corrupt"

    def _moved_from(self, sha256: str, taken: set[int]) -> int | None:
        """The asset with this content whose own file is gone, if there is one."""
        if not sha256:
            return None
        for asset in self._library.assets.by_sha256(sha256):
            if asset.id not in taken and asset.root_id != OWN_ROOT:
                path = self._library.assets.path_of(asset)
                if is_gone(path):
                    return asset.id
        return None

    def _copy_in(self, result: Examined) -> None:
        target = self._library.path / _own_place(result)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self._scratch.mkdir(parents=True, exist_ok=True)
            temporary = self._scratch / f"{uuid.uuid4().hex}.part"
            shutil.copyfile(result.path, temporary)
            os.utime(temporary, ns=(result.mtime_ns, result.mtime_ns))
            self._fresh.add(target)
            temporary.replace(target)

    def _take(self, result: Examined, made: Path | None) -> None:
        """Move the library's own copy to its place."""
        if made is None:
            return
        target = self._library.path / result.kept
        if target.exists():
            made.unlink(missing_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        self._fresh.add(target)
        made.replace(target)

    def _discard_in_flight(self) -> None:
        """Remove thumbnails and copies that no committed asset uses."""
        for path in list(self._fresh):
            if not self._library.assets.by_sha256(path.stem):
                path.unlink(missing_ok=True)
        self._fresh.clear()


def _own_place(result: Examined) -> str:
    """Where the library keeps its copy of a file, relative to its folder: by its hash."""
    if result.kept:
        return result.kept
    return f"{ORIGINALS}/{result.sha256[:2]}/{result.sha256}{Path(result.path).suffix.lower()}"


def is_gone(path: Path) -> bool:
    """True where a file is certainly not there; False where it is, or where we may not look."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _new(result: Examined, root_id: int, rel_path: str, tags: tuple[str, ...]) -> NewAsset:
    info = result.info
    return NewAsset(
        result.kind,
        root_id,
        rel_path,
        result.sha256,
        result.size,
        result.mtime_ns,
        width=info.width,
        height=info.height,
        duration=info.duration,
        captured_at=info.captured_at,
        phash=result.phash,
        title=result.title,
        language=result.language,
        status=result.status,
        status_note=result.note,
        text=result.text,
        tags=tags,
    )


def _update(asset_id: int, result: Examined, root_id: int | None, rel_path: str | None) -> FileUpdate:
    info = result.info
    return FileUpdate(
        asset_id,
        root_id=root_id,
        rel_path=rel_path,
        sha256=result.sha256,
        size=result.size,
        mtime_ns=result.mtime_ns,
        width=info.width,
        height=info.height,
        duration=info.duration,
        captured_at=info.captured_at,
        phash=result.phash,
        status=result.status,
        status_note=result.note,
        text=result.text if result.kind == "text" else None,
        language=result.language,
    )
