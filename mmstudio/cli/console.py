"""What the shell shows: progress bars on a terminal, JSON on request, errors as one line and a hint."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from mmstudio.errors import StudioError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import Progress, run_inline
from mmstudio.studio import KINDS, Studio

# Piped output has no width of its own; tables should not be squeezed into 80 columns for it.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, soft_wrap=True, highlight=False)
log = logging.getLogger(__name__)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def make_streams_safe() -> None:
    """What a terminal or pipe cannot encode is written as an escape instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def show_error(error: BaseException) -> None:
    """One sentence and a hint on standard error; the traceback goes to the log file."""
    if isinstance(error, OSError):
        log.info("the file system refused", exc_info=error)
    elif not isinstance(error, StudioError):
        log.error("unexpected error", exc_info=error)
    sentence, hint = tr_error(error)
    err.print(f"[bold red]{_literal(sentence)}[/]")
    if hint:
        err.print(_literal(hint))


def say(text: str) -> None:
    """A line for the person; markup in it is shown as it is."""
    out.print(_literal(text))


def say_text(text: str) -> None:
    """A text of several lines for the person, its line breaks kept; else as :func:`say`."""
    for line in text.splitlines() or [""]:
        say(line)


def wrote(n: int, path: Path | None) -> str:
    """The line after files were written."""
    if n == 1:
        return tr("Wrote one file to {path}", path=path)
    return tr("Wrote {n} files to {path}", n=n, path=path)


def warn(text: str) -> None:
    """A line on standard error: what could not be done while the rest was."""
    err.print(_literal(text))


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=ascii_only, indent=2, default=_plain) + "\n")


def table(headers: list[str], rows: list[list[Any]]) -> None:
    """A small table; columns of numbers are right-aligned."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        grid.add_column(header, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_literal(_cell(value)) for value in row))
    out.print(grid)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, nothing when piped."""
    if not err.is_terminal:
        yield lambda _progress: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Bars(*columns, console=err, transient=False) as bars:
        task = bars.add_task(_literal(title), total=None, note="")

        def show(progress: Progress) -> None:
            bars.update(
                task, completed=progress.done, total=progress.total, note=_literal(progress.note[:60])
            )

        yield show


def run_job(studio: Studio, kind: str, params: dict[str, Any], title: str = "") -> Any:
    """Run a job with a bar; an interrupted run of the same command is continued. Returns its result."""
    title = title or KINDS[kind][1]
    store = None if studio.library.read_only else studio.library.jobs
    earlier = studio.unfinished(kind, params) if store is not None else None
    if earlier is not None:
        warn(tr("Going on with the job that was interrupted."))
        if kind == "train":
            params = {**params, "resume": True}
    with progress_bar(tr(title)) as show:
        return run_inline(
            studio.work(kind, params),
            earlier.params if earlier is not None else params,
            store=store,
            kind=kind,
            title=title,
            job_id=earlier.id if earlier is not None else None,
            on_progress=show,
        )


def _literal(text: str) -> str:
    """Text as it stands: no markup, and control characters (a file name may hold any) as escapes."""
    return escape(_CONTROL.sub(lambda found: repr(found[0])[1:-1], text))


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)
