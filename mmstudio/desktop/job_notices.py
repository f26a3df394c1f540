"""What the person hears when a job ends: numbers, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from mmstudio.desktop.models.held import is_held_back, read_held
from mmstudio.desktop.models.job_model import JobModel, JobRow
from mmstudio.desktop.views.files import open_path
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_QUIET = {
    "recommend",
    "certificate",
    "compose",
    "doctor",
    "clean",
    "relink",
    "project",
}  # their panes show the result at once


class JobNotices(QObject):
    """Turns the end of a job into a notice."""

    def __init__(self, context: AppContext, jobs: JobModel) -> None:
        super().__init__(context)
        self._context, self._jobs = context, jobs
        jobs.ended.connect(self._ended)
        context.library_opened.connect(self._look_for_interrupted)

    def _ended(self, row: JobRow) -> None:
        title = tr(row.title)
        if row.state == "failed" and row.kind == "export":
            self._export_failed(row, title)
        elif row.state == "failed":
            self._failed(row, title, (tr("Try again"), lambda: self._jobs.resume(row.id)))
        elif row.state == "cancelled":
            self._context.notify(tr("{job} was cancelled. What was finished stays.", job=title))
        elif row.state == "done" and row.kind not in _QUIET and not _found_nothing(row):
            text, hint, action = self._summary(row, title)
            self._context.notify(text, hint, action=action, level="success" if not hint else "warning")

    def _failed(self, row: JobRow, title: str, action: tuple[str, Callable[[], Any]]) -> None:
        self._context.notify(
            tr("{job} failed: {what}", job=title, what=row.error), row.hint, action=action, level="error"
        )

    def _export_failed(self, row: JobRow, title: str) -> None:
        """An export that the copy gate or a compliance check refused is shown; others can be tried again."""
        studio = self._context.studio
        again = (tr("Try again"), lambda: self._jobs.resume(row.id))
        if studio is None:
            return

        def read() -> tuple[str, dict[str, Any]]:
            params = studio.library.jobs.get(row.id).params
            number, options = int(params["storyboard_id"]), params.get("options") or {}
            if read_held(studio.library, number).texts:
                return "preview", {
                    "storyboard": number,
                    "held": True,
                    "channels": params.get("channels"),
                    "folder": params.get("out", ""),
                }
            if is_held_back(studio.library, number, options):
                asked = {key: options[key] for key in ("market", "label") if options.get(key)}
                return "compliance", {"storyboard": number, **asked}
            return "", {}

        def told(found: tuple[str, dict[str, Any]]) -> None:
            pane, args = found
            show = (tr("Show"), lambda: self._context.navigate(pane, **args))
            self._failed(row, title, show if pane else again)

        self._context.background(read, told, lambda _error: self._failed(row, title, again), owner=self)

    def _summary(self, row: JobRow, title: str) -> tuple[str, str, tuple[str, Callable[[], Any]] | None]:
        result = row.result
        if row.kind in ("import", "rescan"):
            return self._import_summary(result)
        if row.kind == "export":
            files = result.get("files", [])
            return (
                tr("Exported {n} files.", n=len(files)) if len(files) != 1 else tr("Exported one file."),
                "",
                (tr("Show"), lambda: self._context.navigate("exports")),
            )
        if row.kind == "matrix":
            folder = str(result.get("page", ""))
            done, failed = (
                _count(result.get("done")) + _count(result.get("same")),
                _count(result.get("failed")),
            )
            text = tr("{done} of {total} rows exported", done=done, total=_count(result.get("rows")))
            why = (
                mark("{n} rows failed; the page of the export says why.")
                if folder
                else mark("{n} rows failed; Exports says why beside each row.")
            )
            hint = tr(why, n=failed) if failed else ""
            return text, hint, (tr("Open summary"), lambda: open_path(folder)) if folder else None
        if row.kind == "generate":
            made = result.get("assets", [])
            show = (
                tr("Show"),
                lambda: self._context.navigate("library", query="origin:generated", select=made),
            )
            text = tr("{n} new assets were generated.", n=len(made))
            return text if len(made) != 1 else tr("One new asset was generated."), "", show if made else None
        if row.kind in ("draw", "speak") and result.get("assets"):
            kept = list(result["assets"])
            show_kept = (tr("Show"), lambda: self._context.navigate("library", select=kept))
            return tr("Saved to the library, with how it was made."), "", show_kept
        if row.kind == "film" and result.get("files"):
            film = str(result["files"][0])
            return (
                tr("The film is there: {name}", name=Path(film).name),
                "",
                (tr("Open"), lambda: open_path(film)),
            )
        if row.kind == "set" and result.get("assets"):
            parts = list(result["assets"])
            show_set = (tr("Show"), lambda: self._context.navigate("library", query="", select=parts))
            return tr("The set is in the library: {n} parts.", n=len(parts)), "", show_set
        if row.kind == "train":
            model = str(result.get("model") or "")
            text = (
                tr("The model {name} is trained.", name=model) if model else tr("The training is finished.")
            )
            show_model = (
                tr("Show"),
                lambda: self._context.navigate("models", **({"model": model} if model else {})),
            )
            return text, "", show_model
        if row.kind in ("download", "finetune"):
            return self._network_summary(row)
        return tr("{job}: done.", job=title), "", None

    def _network_summary(self, row: JobRow) -> tuple[str, str, tuple[str, Callable[[], Any]] | None]:
        result = row.result
        name = str(result.get("name", ""))
        show = (tr("Show"), lambda: self._context.navigate("catalogue", model=name))
        if row.kind == "download":
            return tr("The network {name} is installed.", name=name), "", show
        shares = {key: f"{100 * float(result.get(key) or 0.0):.0f} %" for key in ("before", "after")}
        if not result.get("kept"):
            text = tr(
                "Fine-tuning brought nothing: {before} of held-out pictures before, {after} after.", **shares
            )
            return text, tr("Nothing was kept. Try more steps or more pictures."), None
        text = tr("{name}: {before} of held-out pictures before, {after} after.", name=name, **shares)
        return text, "", show

    def _import_summary(
        self, result: dict[str, Any]
    ) -> tuple[str, str, tuple[str, Callable[[], Any]] | None]:
        added, updated, moved = (_count(result.get(key)) for key in ("added", "updated", "moved"))
        if not updated:  # those that could not be read are told apart
            added = max(0, added - _count(result.get("corrupt")))
        failed = result.get("failed") or []
        missing = _count(result.get("missing"))
        rows = result.get("row_errors") or []
        parts = [tr("{n} added", n=f"{added:,}")]
        parts += [tr("{n} updated", n=f"{updated:,}")] if updated else []
        parts += [tr("{n} moved", n=f"{moved:,}")] if moved else []
        parts += [tr("{n} items", n=f"{_count(result.get('items')):,}")] if result.get("items") else []
        if medical := _count(result.get("deidentified")):
            parts.append(tr("{n} DICOM pictures came in without the person they are of", n=medical))
        text = tr("Import finished: {what}.", what=", ".join(parts))
        problems = []
        if failed:
            unread = tr("{n} files could not be read.", n=len(failed))
            problems.append(unread if len(failed) != 1 else tr("One file could not be read."))
        if rows:
            unread = tr("{n} rows of the catalogue could not be read.", n=len(rows))
            problems.append(unread if len(rows) != 1 else tr("One row of the catalogue could not be read."))
        if missing:
            gone = tr("{n} files are missing.", n=missing)
            problems.append(gone if missing != 1 else tr("One file is missing."))
        problems += dict.fromkeys(str(said) for _path, said in (result.get("file_notes") or [])[:3])
        if not problems:
            return text, "", None
        query = "status:corrupt,missing"
        show = (tr("Show"), lambda: self._context.navigate("library", query=query))
        return (
            text,
            " ".join(problems),
            show
            if failed or missing
            else (
                tr("Show"),
                lambda: self._context.navigate("jobs"),
            ),
        )

    def _look_for_interrupted(self) -> None:
        self._jobs.reload(self._offer_resume)

    def _offer_resume(self, rows: list[JobRow]) -> None:
        studio = self._context.studio
        if studio is None or studio.library.read_only:
            return
        running = {handle.id for handle in studio.runner.active()}
        left = [row for row in rows if row.active and row.id not in running]
        if left:
            job = tr(left[0].title)
            self._context.notify(
                tr("An interrupted job can go on: {job}", job=job)
                if len(left) == 1
                else tr("{n} interrupted jobs can go on, first: {job}", n=len(left), job=job),
                tr("Nothing that was finished is lost."),
                action=(tr("Resume"), lambda: self._resume(left)),
            )

    def _resume(self, rows: list[JobRow]) -> None:
        for row in rows:
            self._jobs.resume(row.id)


def _found_nothing(row: JobRow) -> bool:
    """A look for changes that found none says nothing: it was the program's own idea."""
    keys = ("added", "updated", "moved", "missing", "failed")
    return row.kind == "rescan" and not any(_count(row.result.get(key)) for key in keys)


def _count(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple | dict) else int(value or 0)
