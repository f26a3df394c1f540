"""The job that exports a matrix: composes row by row, lets helpers draw and encode, keeps count on disk."""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.atomic import remove_leftovers, take
from mmstudio.composition import Storyboard
from mmstudio.errors import Cancelled, DiskFull, StudioError, UsageError
from mmstudio.export.matrix.bench import Bench, RowOutcome, RowTask, help_with, start_helper
from mmstudio.export.matrix.rows import MatrixRow, checked, matrix_of, read_matrix, refuse
from mmstudio.export.matrix.state import (
    RowState,
    add_state,
    digest_of,
    read_state,
    unchanged,
    write_state,
)
from mmstudio.export.matrix.summary import write_summaries
from mmstudio.export.options import ExportOptions
from mmstudio.export.writer import OutputFolder, slug
from mmstudio.i18n import language, tr, tr_error
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.composition import Composer
    from mmstudio.export.exporter import Exporter
    from mmstudio.library import Library

log = logging.getLogger(__name__)
LOCK = ".mmstudio-matrix.lock"
_CHUNK = 4  # rows that go to a helper at once
_FEW = 6  # rows for which starting helpers (a second or two) does not pay
_HELPERS = 4
_AHEAD = 6  # chunks under way for each helper: enough that none waits while another's item is long
_WAIT_S = 0.1
Ask = Callable[[str, Callable[[], Any]], Future[Any]]


def matrix_work(
    library: Library,
    composer: Composer,
    exporter: Exporter,
    *,
    out: str | Path,
    rows: Sequence[Mapping[str, Any]] | None = None,
    csv: str | Path | None = None,
    items: Sequence[int] | None = None,
    audiences: Sequence[int | None] | None = None,
    recipe: str = "",
    channels: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    keep: bool = False,
    helpers: int | None = None,
    ask: Ask | None = None,
) -> Work:
    """The job of kind "matrix": every row to files of its channels, in a folder of its own below ``out``.

    Give ``rows`` (:meth:`MatrixRow.to_dict`), ``csv`` or ``items`` (with ``audiences``); see
    :func:`read_matrix` and :func:`matrix_of`. The same job again does only what is missing, failed or
    changed. A row that fails does not stop the others; a full disk does. Cancelling keeps finished rows.

    Args:
        keep: also save each composed storyboard in the library (a saved one is exported as it stands anyway).
        helpers: processes that draw and encode; None for one a core, at most four; 0 for none.
        ask: :meth:`JobRunner.ask`; rows are composed there, between two steps of what the device does, since
            a recipe may let a model draw. Drawing and encoding need no device. None composes in this thread.

    Result: ``folder``, ``rows``, ``done``, ``failed``, ``same`` (counts), ``files`` (count), ``summary`` and
    ``page`` (paths), ``failures`` (number, label, message, hint).

    Raises (in the job): UsageError where a row is wrong (nothing is written); StudioError where another run
    writes to the folder or a helper ended; DiskFull; Cancelled.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        wishes = ExportOptions.from_dict(options)
        if rows is not None:
            wanted = checked(rows)
        elif csv is not None:
            found = read_matrix(library, csv, recipe=recipe, channels=channels or ())
            refuse(found.problems)
            wanted = list(found.rows)
        else:
            found = matrix_of(library, items or [], audiences or [], recipe=recipe, channels=channels or ())
            refuse(found.problems)
            wanted = list(found.rows)
        if not wanted:
            raise UsageError("There is no row to export.", hint="Choose items, or a table with rows.")
        folder = OutputFolder(out).folder
        with _alone(folder):
            run_ = _Run(library, composer, exporter, folder, wanted, wishes, keep, ask)
            return (yield from run_.go(context, helpers))

    return run


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = folder / LOCK
    try:
        taken = take(lock)
    except PermissionError as error:
        raise StudioError(
            "Nothing can be written to {path}.", hint="Choose another folder.", path=str(folder)
        ) from error
    if not taken:
        raise StudioError(
            "Another export is writing to {path}.",
            hint="Wait for it, or choose another folder.",
            path=str(folder),
        )
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


class _Run:
    """One run of a matrix."""

    def __init__(
        self,
        library: Library,
        composer: Composer,
        exporter: Exporter,
        folder: Path,
        rows: list[MatrixRow],
        options: ExportOptions,
        keep: bool,
        ask: Ask | None,
    ) -> None:
        self._library, self._composer, self._exporter = library, composer, exporter
        self._folder, self._rows, self._options = folder, rows, options
        self._keep = keep and not library.read_only
        self._ask = ask
        self._before = {row.folder: row for row in read_state(folder)}
        self._states = [RowState(row.number, row.folder, row.label) for row in rows]
        self._boards: dict[int, int] = {}  # row -> the storyboard it was saved as
        self._listed = {(row.path, row.sha256) for row in library.exports.list()}
        self._helped = False  # whether a helper has made a row
        self._beside = False  # helpers read the library only: what they made is listed here
        self._done = 0

    def go(self, context: JobContext, helpers: int | None) -> Generator[Progress, None, dict[str, Any]]:
        """Do what is to be done; the state on disk is true whenever this stops."""
        total = len(self._rows)
        yield Progress(0, total, tr("Looking for what is done already"))
        try:
            todo = yield from self._todo(context)
            chunks = self._composed(context, todo)
            count = _count(helpers, len(todo))
            if count:
                self._beside = True
                going = self._with_helpers(context, chunks, count)
            else:
                going = self._here(chunks)
            with contextlib.closing(going):
                for outcome in going:
                    self._helped = self._beside
                    self._note(outcome)
                    yield Progress(self._done, total, self._states[outcome.index].label)
                    context.raise_if_cancelled()
        finally:
            write_state(self._folder, self._states)
            write_summaries(self._folder, self._states)
        yield Progress(total, total)
        return self._result()

    def _todo(self, context: JobContext) -> Generator[Progress, None, list[int]]:
        """Rows that are not done, or have changed since."""
        todo = []
        for index, row in enumerate(self._rows):
            context.raise_if_cancelled()
            state = self._states[index]
            before = self._before.get(row.folder)
            state.digest = digest_of(self._library, row, self._options)
            if unchanged(self._folder, before, state.digest) and before is not None:
                state.state, state.files, state.notes = "same", before.files, before.notes
                state.reports = before.reports
                state.seconds, state.standing = before.seconds, self._standing_now(row, before)
                self._done += 1
                if self._done % 50 == 0:
                    yield Progress(self._done, len(self._rows), tr("Looking for what is done already"))
            else:
                todo.append(index)
        write_state(self._folder, self._states)
        return todo

    def _standing_now(self, row: MatrixRow, before: RowState) -> dict[str, Any]:
        """What was known of a row that did not change, with today's verdict on its storyboard."""
        if row.storyboard_id is None or not before.standing:
            return before.standing
        verdicts = self._library.storyboards.approvals(row.storyboard_id)
        return {**before.standing, "approval": verdicts[-1].verdict if verdicts else ""}

    def _composed(self, context: JobContext, todo: list[int]) -> Iterator[list[RowTask]]:
        """Rows ready to be drawn, those of one item together."""
        chunk: list[RowTask] = []
        item: int | None = None
        for index in todo:
            row = self._rows[index]
            if chunk and (row.item_id != item or len(chunk) == _CHUNK):
                yield chunk
                chunk = []
            item = row.item_id
            context.raise_if_cancelled()
            task = self._task(context, index, row)
            if task is not None:
                chunk.append(task)
        if chunk:
            yield chunk

    def _task(self, context: JobContext, index: int, row: MatrixRow) -> RowTask | None:
        """Compose a row; None where that fails, which is noted."""
        state = self._states[index]
        try:
            board = self._board(context, row)
            if row.storyboard_id is None and self._keep:
                board = self._composer.save(board)
        except Exception as error:
            if isinstance(error, DiskFull | Cancelled):
                raise
            if not isinstance(error, StudioError | OSError):
                log.exception("a row of a matrix could not be composed")
            message, hint = tr_error(error)
            self._note(RowOutcome(index, message=message, hint=hint))
            return None
        state.state = "running"
        if board.id is not None:
            self._boards[index] = board.id
        base = slug(row.label or board.name, 40)
        place = str(self._folder / row.folder)
        return RowTask(index, board.to_dict(), board.id, place, base, list(row.channels))

    def _board(self, context: JobContext, row: MatrixRow) -> Storyboard:
        if row.storyboard_id is not None:
            return self._composer.load(row.storyboard_id)

        def make() -> Storyboard:
            return self._composer.make(
                row.recipe, row.item_id, row.audience_id, seed=row.seed, overrides=row.overrides
            )

        if self._ask is None:
            return make()
        future = self._ask(f"matrix-{context.job_id}", make)
        while not wait([future], _WAIT_S).done:
            if context.cancelled():
                future.cancel()
                raise Cancelled
        try:
            board: Storyboard = future.result()
        except CancelledError:  # the program closes; the job stops at its next step and can go on later
            return make()
        return board

    def _here(self, chunks: Iterator[list[RowTask]]) -> Generator[RowOutcome, None, None]:
        bench = Bench(self._library, self._exporter, self._options)
        for chunk in chunks:
            for task in chunk:
                yield bench.row(task)

    def _with_helpers(
        self, context: JobContext, chunks: Iterator[list[RowTask]], count: int
    ) -> Generator[RowOutcome, None, None]:
        """What helper processes make of the chunks, as they finish; a few wait ready for each helper."""
        start = (str(self._library.path), self._options.to_dict(), language())
        spawn = multiprocessing.get_context("spawn")
        # a pool of one each: rows of an item go to the helper that has its pictures loaded
        pools = [
            ProcessPoolExecutor(1, mp_context=spawn, initializer=start_helper, initargs=start)
            for _ in range(count)
        ]
        load = [0] * count
        place, item = 0, -1
        waiting: deque[Future[list[RowOutcome]]] = deque()
        busy: dict[Future[list[RowOutcome]], tuple[int, list[RowTask]]] = {}
        try:
            for chunk in chunks:
                about = self._rows[chunk[0].index].item_id
                if about != item or item is None:
                    place, item = load.index(min(load)), about if about is not None else -1
                future = pools[place].submit(help_with, chunk)
                load[place] += len(chunk)
                busy[future] = place, chunk
                waiting.append(future)
                yield from _finished(context, waiting, _AHEAD * count)
            yield from _finished(context, waiting, 0)
        except BrokenProcessPool as error:
            if not self._helped:  # they cannot even start here: it goes on without them
                log.info("no helper process can be started", exc_info=error)
                self._beside = False
                left = [busy[future][1] for future in waiting]
                waiting.clear()
                yield from self._here(itertools.chain(left, chunks))
                return
            raise StudioError(
                "A helper process of the export ended by itself.",
                hint="The computer may be short of memory. The same export again goes on where it stopped.",
            ) from error
        finally:
            for pool in pools:
                for process in list((pool._processes or {}).values()) if waiting else []:
                    process.terminate()  # stopped in the middle: what it was writing has no final name
                pool.shutdown(cancel_futures=True)
            for future in waiting:
                for task in busy[future][1]:
                    remove_leftovers(Path(task.folder))

    def _note(self, outcome: RowOutcome) -> None:
        """Keep what came of a row. Raises DiskFull where the disk is."""
        state = self._states[outcome.index]
        state.files, state.notes, state.seconds = outcome.files, outcome.notes, outcome.seconds
        state.message, state.hint, state.reports = outcome.message, outcome.hint, outcome.reports
        state.state, state.standing = "failed" if outcome.message else "done", outcome.standing
        self._done += 1
        self._sweep(state)
        self._remember(outcome)
        if not outcome.full:
            add_state(self._folder, state)
        else:
            raise DiskFull(
                "There is no room left to write {name}.",
                hint="Free some space or choose another folder, then try again.",
                name=state.label or state.folder,
            )

    def _sweep(self, state: RowState) -> None:
        """Take away files of the run before that this one makes no more."""
        before = self._before.get(state.folder)
        if before is None or state.state != "done":
            return
        now = {*(file["name"] for file in state.files), *state.reports}
        for name in [*(str(file.get("name", "")) for file in before.files), *map(str, before.reports)]:
            name = Path(name).name
            if name and name not in now:
                (self._folder / state.folder / name).unlink(missing_ok=True)

    def _remember(self, outcome: RowOutcome) -> None:
        """List the files of a saved storyboard among the library's exports."""
        board = self._boards.get(outcome.index)
        if board is None or self._library.read_only or not self._beside:
            return
        place = self._folder / self._states[outcome.index].folder
        for file in outcome.files:
            path = str(place / file["name"])
            if (path, file["sha256"]) not in self._listed:
                self._library.exports.add(
                    board, file["channel"], path, file["sha256"], file["bytes"], outcome.seconds, file["kind"]
                )

    def _result(self) -> dict[str, Any]:
        counts = {word: sum(s.state == word for s in self._states) for word in ("done", "failed", "same")}
        return {
            "folder": str(self._folder),
            "rows": len(self._states),
            **counts,
            "files": sum(len(state.files) for state in self._states),
            "summary": str(self._folder / "summary.csv"),
            "page": str(self._folder / "summary.html"),
            "failures": [
                {"row": s.number, "label": s.label, "message": s.message, "hint": s.hint}
                for s in self._states
                if s.state == "failed"
            ],
        }


def _finished(
    context: JobContext, waiting: deque[Future[list[RowOutcome]]], most: int
) -> Iterator[RowOutcome]:
    """Outcomes until at most ``most`` chunks are under way; looks whether to stop meanwhile."""
    while len(waiting) > most or any(future.done() for future in waiting):
        context.raise_if_cancelled()
        done, _ = wait(waiting, _WAIT_S, FIRST_COMPLETED)
        for future in [one for one in waiting if one in done]:
            waiting.remove(future)
            yield from future.result()


def _count(helpers: int | None, rows: int) -> int:
    """How many helpers to start; 0 where rows are made in this process."""
    if helpers is not None:
        return min(helpers, rows)
    if rows <= _FEW:
        return 0
    return max(min(os.cpu_count() or 1, _HELPERS, rows // 2), 1)
