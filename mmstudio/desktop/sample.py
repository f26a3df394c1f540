"""Opens the sample library; the first time it is made by a job, and pictures appear as they are ready."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.paths import data_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.studio import Studio

_NAME = "Sample"
_EVERY_S = 0.1


def open_sample(context: AppContext, folder: Path | None = None) -> None:
    """Open the sample library in the program's data folder (or ``folder``); make it where it is missing."""
    home = folder or data_dir() / "sample"
    library = home / f"{_NAME}.mmlib"
    exists = library.exists()

    def fill() -> None:
        studio = context.studio
        if studio is None or studio.library.read_only:
            return
        context.navigate("library")
        if not exists:
            studio.runner.submit(
                "import", _make_and_import(studio, home / "files"), {}, title=mark("Make the sample library")
            )

    context.open_library(library, create=not exists, then=fill)


def _make_and_import(studio: Studio, files: Path) -> Work:
    def work(job: JobContext) -> Generator[Progress, None, Any]:
        from mmstudio.demo.fill import fill_work
        from mmstudio.demo.sample import make_sample

        note = tr("Drawing products and writing music")
        seen: list[tuple[int, int]] = [(0, 0)]

        def on_progress(done: int, total: int) -> None:
            job.raise_if_cancelled()
            seen[0] = (done, total)

        # On a thread of its own, so that progress is told and a cancel is heard while it draws.
        with ThreadPoolExecutor(1, thread_name_prefix="sample") as pool:
            making = pool.submit(make_sample, files, on_progress=on_progress)
            while not making.done():
                done, total = seen[0]
                yield Progress(done, total or None, note)
                wait([making], timeout=_EVERY_S)
            making.result()
        return (yield from fill_work(studio.library, files)(job))

    return work
