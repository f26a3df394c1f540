"""Puts the sample shop into a library: media and catalogue, audiences, what their members did."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.demo.sample import SampleFiles, make_sample
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.library.importing import import_work

if TYPE_CHECKING:
    from mmstudio.library import Library


def fill_work(library: Library, folder: str | Path, seed: int = 7) -> Work:
    """A job that makes the sample in `folder` and takes all of it into the library.

    Its result is the import's report with `interactions` and `audiences` (ids). Running it again adds
    nothing twice and leaves edited audiences alone.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        yield Progress(0, None, tr("Drawing products and writing music"))
        sample = make_sample(folder, seed)
        context.raise_if_cancelled()
        report: dict[str, Any] = yield from import_work(
            library, [sample.media], catalog=sample.catalog, reviews=sample.reviews, links=sample.links
        )(context)
        audiences = add_audiences(library, sample)
        # Interactions name their audience, so they come after it.
        events: dict[str, Any] = yield from import_work(library, [], interactions=sample.interactions)(
            context
        )
        return report | {"interactions": events["interactions"], "audiences": audiences}

    return run


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
