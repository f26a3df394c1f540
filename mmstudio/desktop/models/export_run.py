"""Exports many ads: composes what is missing, then exports each for its channels, all as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from mmstudio.desktop.models.export_lines import ExportLine
from mmstudio.desktop.models.held import HeldBoard, read_held
from mmstudio.desktop.models.job_watch import JobWatch

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent


class ExportRun(QObject):
    """One press of the export button.

    Signals:
        composed: a line and the storyboard it got.
        progressed: (lines finished, lines in all).
        line_done: an exported line.
        held: a line whose texts may not leave, its storyboard and its channels; it is not exported.
        finished: nothing is left to do; the job notices have told what came of it.
    """

    composed = Signal(object, int)
    progressed = Signal(int, int)
    line_done = Signal(object)
    held = Signal(object, int, list)
    finished = Signal()

    def __init__(
        self,
        context: AppContext,
        wanted: list[tuple[ExportLine, list[str]]],
        folder: str,
        recipe: str,
        parent: QObject,
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._wanted, self._folder, self._recipe = context, wanted, folder, recipe
        self._options = options or {}
        self._watches: list[JobWatch] = []
        self._done = 0
        self._cancelled = False

    def start(self) -> None:
        """Queue everything; the runner does it in order."""
        self.progressed.emit(0, len(self._wanted))
        for line, channels in self._wanted:
            if line.storyboard is None:
                self._compose(line, channels)
            else:
                self._export(line, line.storyboard, channels)

    def cancel(self) -> None:
        """Stop what has not finished; files already written stay."""
        self._cancelled = True
        for watch in self._watches:
            watch.handle.cancel()

    def _compose(self, line: ExportLine, channels: list[str]) -> None:
        params = {"recipe": self._recipe, "item_id": line.item.id, "audience_id": line.audience}

        def done(result: dict[str, Any]) -> None:
            storyboard = int(result["storyboard"])
            self.composed.emit(line, storyboard)
            if self._cancelled:
                self._over()
            else:
                self._export(line, storyboard, channels)

        self._submit("compose", params, done)

    def _export(self, line: ExportLine, storyboard: int, channels: list[str]) -> None:
        """Ask the copy gate first, in a worker."""
        studio = self._context.studio
        if studio is None:
            self._over()
            return

        def answered(board: HeldBoard) -> None:
            if self._cancelled:
                self._over()
            elif board.texts:
                self.held.emit(line, storyboard, channels)
                self._over()
            else:
                self._export_now(line, storyboard, channels)

        def failed(error: Exception) -> None:
            self._context.report(error)
            self._over()

        self._context.background(lambda: read_held(studio.library, storyboard), answered, failed, owner=self)

    def _export_now(self, line: ExportLine, storyboard: int, channels: list[str]) -> None:
        params: dict[str, Any] = {"storyboard_id": storyboard, "channels": channels, "out": self._folder}
        if self._options:
            params["options"] = self._options

        def done(_result: dict[str, Any]) -> None:
            self.line_done.emit(line)
            self._over()

        self._submit("export", params, done)

    def _submit(self, kind: str, params: dict[str, Any], done: Any) -> None:
        handle = self._context.submit(kind, params)
        if handle is None:
            self._over()
            return

        def ended(_event: JobEvent) -> None:
            self._watches.remove(watch)
            self._over()

        def finished(result: dict[str, Any]) -> None:
            self._watches.remove(watch)
            done(result)

        watch = JobWatch(self._context, handle, self, on_done=finished, on_ended=ended)
        self._watches.append(watch)

    def _over(self) -> None:
        self._done += 1
        self.progressed.emit(self._done, len(self._wanted))
        if self._done == len(self._wanted):
            self.finished.emit()
            self.deleteLater()
