"""Opens the sample library; the first time it is made by a job, and pictures appear as they are ready."""

from __future__ import annotations

import time
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
_TELL_EVERY_S = 0.1
_TAKE_EVERY_S = 3.0


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
        from mmstudio.demo.sample import make_sample, sample_files

        note = tr("Drawing products and writing music")
        added = 0
        seen: list[tuple[int, int | None]] = [(0, None)]

        def on_progress(done: int, total: int) -> None:
            job.raise_if_cancelled()
            seen[0] = (done, total)

        # On a thread of its own, so that progress is told and a cancel is heard while it draws; what is drawn
        # already goes into the library meanwhile, so that the first pictures are there in seconds.
        media = sample_files(files).media
        with ThreadPoolExecutor(1, thread_name_prefix="sample") as pool:
            making = pool.submit(make_sample, files, on_progress=on_progress)
            while not making.done():
                until = time.monotonic() + _TAKE_EVERY_S
                while not making.done() and time.monotonic() < until:
                    yield Progress(*seen[0], note)
                    wait([making], timeout=_TELL_EVERY_S)
                added += yield from _take_in(studio, media, job, seen, note)
            making.result()
        report = yield from fill_work(studio.library, files)(job)
        return report | {"added": added + report["added"]}

    return work


def _take_in(
    studio: Studio, media: Path, job: JobContext, seen: list[tuple[int, int | None]], note: str
) -> Generator[Progress, None, int]:
    """Import what is there so far, telling the progress of the whole; returns how many were added."""
    from mmstudio.library.importing import import_work

    # A context of its own: the checkpoint of this job belongs to the import that ends it.
    taking = import_work(studio.library, [media])(JobContext(job.job_id, {}))
    while True:
        try:
            next(taking)
        except StopIteration as end:
            return int(end.value["added"])
        yield Progress(*seen[0], note)
