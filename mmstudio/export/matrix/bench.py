"""Where rows of a matrix are made into files: in this process, or in helpers beside it."""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.atomic import remove_leftovers
from mmstudio.composition import Storyboard
from mmstudio.errors import DiskFull, StudioError
from mmstudio.export.options import ExportOptions
from mmstudio.export.record import Standing
from mmstudio.export.writer import OutputFolder
from mmstudio.i18n import set_language, tr_error

if TYPE_CHECKING:
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.export.exporter import Exporter
    from mmstudio.library import Library

log = logging.getLogger(__name__)
_SPRITES = 24 * 2**20  # bytes of layers made ready: those of three or four canvases of one item


@dataclass(slots=True)
class RowTask:
    """A composed row on its way to a helper: plain data."""

    index: int
    board: dict[str, Any]
    board_id: int | None
    folder: str
    base: str
    channels: list[str]


@dataclass(slots=True)
class RowOutcome:
    """What came of a row. ``message`` is "" where all of it is done; ``full``: the disk is.

    ``reports``: names of its manifest, in which the checks of the compliance page stand, and of its
    de-identification report where something was hidden. ``standing``: of :class:`Standing`, as plain data.
    """

    index: int
    files: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    message: str = ""
    hint: str = ""
    full: bool = False
    seconds: float = 0.0
    standing: dict[str, Any] = field(default_factory=dict)


class Bench:
    """Makes rows of one library into files; the pictures of an item are loaded once for its rows."""

    def __init__(self, library: Library, exporter: Exporter, options: ExportOptions) -> None:
        self._library, self._exporter, self._options = library, exporter, options
        self._pictures: Pictures | None = None
        self._used: frozenset[int] = frozenset()

    def rows(self, tasks: list[RowTask]) -> list[RowOutcome]:
        """Make rows, one after the other; what cannot be done is told, not raised."""
        return [self.row(task) for task in tasks]

    def row(self, task: RowTask) -> RowOutcome:
        """Make one row."""
        outcome = RowOutcome(task.index)
        started = time.monotonic()
        try:
            board = Storyboard.from_dict(task.board, task.board_id)
            folder = OutputFolder(task.folder)
            reports: list[Path] = []
            told: list[Standing] = []
            steps = self._exporter.board_files(
                board, task.channels, folder, self._options,
                base=task.base, pictures=self._shared(board), listed=reports, told=told,
            )  # fmt: skip
            try:
                while True:
                    next(steps)
            except StopIteration as end:
                outcome.notes = list(end.value or [])
            outcome.reports = [path.name for path in reports]
            outcome.standing = asdict(told[0])
            outcome.files = [{**file, "name": Path(file["path"]).name} for file in folder.files]
            for file in outcome.files:
                del file["path"]
        except Exception as error:
            if not isinstance(error, StudioError | OSError):
                log.exception("a row of a matrix failed")
            outcome.message, outcome.hint = tr_error(error)
            outcome.full = isinstance(error, DiskFull)
            remove_leftovers(Path(task.folder))
        outcome.seconds = round(time.monotonic() - started, 3)
        return outcome

    def _shared(self, board: Storyboard) -> Pictures | None:
        """Loaded pictures, kept while the next row shows some of the same."""
        if self._options.blur_faces:
            return None
        from mmstudio.composition.render.pictures import Pictures

        used = frozenset(board.asset_ids())
        if self._pictures is None or not used & self._used:
            self._pictures = Pictures(self._library, sprites=_SPRITES)
        self._used = used
        return self._pictures


_bench: Bench | None = None


def start_helper(library: str, options: dict[str, Any], language: str) -> None:
    """Make a helper process ready: its own library, open for reading only."""
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends its helpers
    set_language(language)
    from mmstudio.export.exporter import Exporter
    from mmstudio.library import Library

    opened = Library.open(Path(library), read_only=True)
    _bench = Bench(opened, Exporter(opened), ExportOptions.from_dict(options))


def help_with(tasks: list[RowTask]) -> list[RowOutcome]:
    """Make rows in a helper process."""
    assert _bench is not None
    return _bench.rows(tasks)
