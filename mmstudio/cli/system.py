"""Commands around the program: demo, doctor, jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import mmstudio.demo  # noqa: F401 - brings the kind of the sample's job
from mmstudio.cli.console import print_json, progress_bar, run_job, say, table, warn
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (demo, doctor, jobs):
        app.command()(command)


class JobAction(StrEnum):
    """What ``mmstudio jobs`` does."""

    LIST = "list"
    RESUME = "resume"
    CANCEL = "cancel"


def demo(
    out: Annotated[Path, typer.Option("--out", help="The folder to make it in.")] = Path("mmstudio-demo"),
    seed: Seed = 7,
    open_after: Annotated[
        bool, typer.Option("--open", help="Open the window on the result where there is a display.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the sample library and walk the whole way to exported assets; no screen needed."""
    from mmstudio.demo.walk import run_demo

    with progress_bar(tr("Demo")) as show:
        report = run_demo(out.resolve(), seed, show)
    if as_json:
        print_json(report)
    else:
        table(
            [tr("stage"), tr("seconds"), ""],
            [[tr(stage.name), round(stage.seconds, 1), stage.note] for stage in report.stages],
        )
        say(tr("The library is {path}", path=report.library))
        say(tr("The exported assets are in {path}", path=report.exports))
        say(tr("Open {path} in a browser to see all recommendations.", path=report.page))
    if not open_after:
        return
    if has_display():
        raise typer.Exit(_window_of_its_own(report.library))
    (warn if as_json else say)(  # a document stays a document
        tr(
            "There is no display, so the window stays closed. To open it later: mmstudio {path}",
            path=report.library,
        )
    )


def _window_of_its_own(library: Path) -> int:
    """Open the window in a new process: this one has drawn with Qt already, and holds what training took."""
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable, *([] if frozen else ["-m", "mmstudio"]), str(library)]
    return subprocess.call(command)


def open_window(path: Path | None) -> int:
    """Open the window, on a library or on the welcome page; returns the exit status."""
    from mmstudio.desktop.app import run as run_window

    return run_window(path)


def has_display() -> bool:
    """True where a window can be shown."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def doctor(as_json: Json = False) -> None:
    """Say what this machine offers and what is missing, with the command that mends it."""
    from mmstudio.doctor import examine

    checks = examine()
    if as_json:
        print_json({"ok": all(check.ok for check in checks if check.required), "checks": checks})
    else:
        marks = {True: tr("ok"), False: tr("missing")}
        table(
            ["", "", "", ""],
            [
                [check.name, marks[check.ok], check.found, "" if check.ok else check.remedy]
                for check in checks
            ],
        )
    if not all(check.ok for check in checks if check.required):
        raise typer.Exit(1)


def jobs(
    lib: Lib,
    action: Annotated[JobAction, typer.Argument()] = JobAction.LIST,
    number: Annotated[
        int | None, typer.Argument(help="The job's number; all paused jobs by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List jobs, go on with interrupted ones, or give them up."""
    with _for_jobs(lib, action) as opened:
        store = opened.library.jobs
        if action is JobAction.LIST:
            rows = store.list()
            if as_json:
                print_json({"jobs": rows})
            else:
                table(
                    ["id", "kind", "title", "state", "done", "total", "note"],
                    [[r.id, r.kind, tr(r.title), r.state, r.done, r.total, r.error or r.note] for r in rows],
                )
            return
        chosen = [store.get(number)] if number is not None else store.list(("paused",))
        results = {}
        for record in chosen:
            if action is JobAction.CANCEL:
                if record.state in {"done", "cancelled"}:
                    raise UsageError("Job {id} has ended already.", id=record.id)
                store.update(record.id, state="cancelled")
                results[record.id] = "cancelled"
            else:
                if record.state not in {"paused", "failed"}:
                    raise UsageError(
                        "Job {id} is {state} and cannot be resumed.", id=record.id, state=record.state
                    )
                results[record.id] = run_job(opened, record.kind, record.params, record.title)
    if as_json:
        print_json({"jobs": results})
    elif not results:
        say(tr("No job is waiting."))
    else:
        for job_id in results:
            say(tr("Job {id} done", id=job_id))


@contextmanager
def _for_jobs(lib: Path, action: JobAction) -> Iterator[Studio]:
    """The library for writing, which finds jobs that a killed program left behind; a list can do without."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(studio(lib, write=True))
        except StudioError:
            if action is not JobAction.LIST:
                raise
            opened = stack.enter_context(studio(lib))
        yield opened
