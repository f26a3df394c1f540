"""Opens the sample library; the first time it is made by a job, and pictures appear as they are ready."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.paths import data_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobRecord

_NAME = "Sample"


def open_sample(context: AppContext, folder: Path | None = None) -> None:
    """Open the sample library in the program's data folder (or ``folder``); make what is missing of it."""
    home = folder or data_dir() / "sample"
    library = home / f"{_NAME}.mmlib"
    exists = library.exists()

    def fill() -> None:
        studio = context.studio
        if studio is None or studio.library.read_only:
            return
        context.navigate("library")
        params = {"folder": str(home / "files")}

        def missing() -> JobRecord | bool:
            # A first run that was cut off leaves a library without its shop; its job goes on.
            if studio.library.items.count() > 0:
                return False
            return studio.unfinished("sample", params) or True

        def start(found: JobRecord | bool) -> None:
            if found is True:
                context.submit("sample", params)
            elif found:
                studio.resume(found)

        context.background(missing, start)

    context.open_library(library, create=not exists, then=fill)
