"""Puts the sample shop into a library: media and catalogue, audiences, what their members did."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.demo.sample import SampleFiles, make_sample
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.library.importing import import_work

if TYPE_CHECKING:
    from mmstudio.library import Library

_EVERY_S = 0.1


def fill_work(library: Library, folder: str | Path, seed: int = 7) -> Work:
    """A job that makes the sample in `folder` and takes all of it into the library.

    Its result is the import's report with `interactions` and `audiences` (ids). Running it again adds
    nothing twice and leaves edited audiences alone.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        sample = yield from _drawn(context, folder, seed)
        report: dict[str, Any] = yield from import_work(
            library, media_folders(sample), catalog=sample.catalog, reviews=sample.reviews, links=sample.links
        )(context)
        audiences = add_audiences(library, sample)
        # Interactions name their audience, so they come after it.
        events: dict[str, Any] = yield from import_work(library, [], interactions=sample.interactions)(
            context
        )
        return report | {"interactions": events["interactions"], "audiences": audiences}

    return run


def _drawn(context: JobContext, folder: str | Path, seed: int) -> Generator[Progress, None, SampleFiles]:
    """Make the files on a thread of its own, so that progress is told and a cancel is heard meanwhile."""
    note = tr("Drawing products and writing music")
    seen = [(0, 0)]

    def on_progress(done: int, total: int) -> None:
        context.raise_if_cancelled()
        seen[0] = (done, total)

    with ThreadPoolExecutor(1, thread_name_prefix="sample") as pool:
        making = pool.submit(make_sample, folder, seed, on_progress)
        while not making.done():
            done, total = seen[0]
            yield Progress(done, total or None, note)
            wait([making], timeout=_EVERY_S)
        return making.result()


def media_folders(sample: SampleFiles) -> list[Path]:
    """The folders of media, pictures last: the library shows the newest first, and pictures invite most."""
    folders = [path for path in sorted(sample.media.iterdir()) if path.is_dir()]
    return sorted(folders, key=lambda path: path.name == "pictures")


def add_audiences(library: Library, sample: SampleFiles) -> list[int]:
    """Add the sample's audiences that the library does not have; returns all their ids."""
    skus = library.items.skus()
    ids = []
    for row in json.loads(sample.audiences.read_text(encoding="utf-8")):
        known = library.audiences.by_name(row["name"])
        if known is not None:
            ids.append(known.id)
            continue
        ids.append(
            library.audiences.add(
                row["name"],
                row["brief"],
                locale=row["locale"],
                tone=row["tone"],
                traits=row["traits"],
                liked=[skus[sku] for sku in row["liked"] if sku in skus],
                disliked=[skus[sku] for sku in row["disliked"] if sku in skus],
                rules=row["rules"],
            )
        )
    return ids
