"""Opens the sample library; the first time it is made by a job, and pictures appear as they are ready."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.paths import data_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.studio import Studio

_NAME = "Sample"


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


def _make_and_import(studio: Studio, files: Path) -> Any:
    def work(job: JobContext) -> Generator[Progress, None, Any]:
        from mmstudio.demo.sample import make_sample
        from mmstudio.library.importing import import_work

        yield Progress(0, None, tr("Drawing products and writing music"))
        sample = make_sample(files)
        job.raise_if_cancelled()
        return (
            yield from import_work(
                studio.library,
                [sample.media],
                catalog=sample.catalog,
                reviews=sample.reviews,
                links=sample.links,
                interactions=sample.interactions,
            )(job)
        )

    return work
