"""A read-only preview package: a client opens it from disk in a browser; remarks come back as a file.

The package is a folder (or a ZIP) with ``index.html``, the pictures or videos of each storyboard, and nothing
that asks the network for anything. See docs/adr/0187.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.library import Library


def package_work(
    library: Library,
    storyboard_ids: Sequence[int],
    out: str | Path,
    *,
    zipped: bool = True,
    watermark: bool = True,
    video: bool = True,
    note: str = "",
) -> Work:
    """Write a preview package of storyboards into the folder ``out``.

    The result holds ``package`` (id), ``path`` (the ZIP, or the folder with ``index.html``), ``files`` and
    ``notes`` (sentences for the person).

    Raises (in the job): NotFound, UsageError (none, or more than eight storyboards), DiskFull, StudioError
        (also where the compliance page is red and nobody answers for it).
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        from mmstudio.export.preview_package.writing import write_package

        return (
            yield from write_package(
                library, list(storyboard_ids), Path(out), context, zipped, watermark, video, note
            )
        )

    return run


def import_remarks(library: Library, file: str | Path) -> int:
    """Take the remarks and verdicts of a ``remarks-<package id>.json`` in; returns how many are new.

    What was imported before is not taken twice.

    Raises:
        StudioError: no such file, not one of ours, or its content is not what a package writes.
    """
    from mmstudio.export.preview_package.remarks import import_file

    return import_file(library, Path(file))
