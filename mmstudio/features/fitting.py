"""Mean and deviation of a feature set, fitted on a stated part of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import NotFound, UsageError
from mmstudio.features.gaps import with_gaps
from mmstudio.features.normalise import Fitter, Statistics
from mmstudio.library import parse_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.library import Library

_STATED = "search "  # what `fitted_on` begins with where a person stated the set


def keep_fitted(library: Library, info: ExtractorInfo, set_id: int, changed: bool) -> None:
    """Keep the statistics of a set up to date with its rows, unless they were fitted on a stated part of it.

    `changed`: rows were written since the last time. All rows are read, in pieces: that is exact whatever was
    added, replaced or removed, and takes a few milliseconds per thousand rows.
    """
    kept = library.features.stats(set_id)
    if kept is not None and is_stated(kept.fitted_on):
        return
    if changed or kept is None or kept.count != library.features.count(set_id):
        _fit(library, info, set_id, None)


def fit_on(library: Library, info: ExtractorInfo, set_id: int, query: str) -> int:
    """Fit the statistics of a set on the assets that a query line finds; "" is all of them. Returns how many.

    They stay as they are until they are fitted again, whatever is added to the library. Raises UsageError for
    texts, which are fitted as a whole, and NotFound where nothing that the query finds has vectors.
    """
    if info.modality == "text":
        raise UsageError(
            "{name} is fitted on all texts of the library.",
            hint="Choose an extractor of pictures, sounds or videos.",
            name=info.name,
        )
    return _fit(library, info, set_id, query.strip() or None)


def is_stated(fitted_on: str) -> bool:
    """Whether statistics were fitted on a part of the library that a person stated."""
    return fitted_on.startswith(_STATED)


def statistics_of(library: Library, info: ExtractorInfo, set_id: int) -> Statistics:
    """The statistics of a set: those that are stored, or those of all its rows."""
    kept = library.features.stats(set_id)
    if kept is not None:
        return Statistics(kept.mean, kept.std, kept.count)
    return _fitted(info, (rows for _, rows in library.features.chunks(set_id)))


def _fit(library: Library, info: ExtractorInfo, set_id: int, query: str | None) -> int:
    wanted = None if query is None else np.array(library.assets.ids(parse_query(query)), np.int64)
    chunks = library.features.chunks(set_id)
    found = _fitted(info, (rows if wanted is None else rows[np.isin(ids, wanted)] for ids, rows in chunks))
    if not found.count:
        if query is None:
            return 0
        raise NotFound(
            "Nothing that “{query}” finds has vectors of {name}.",
            hint="Try the query in the search box, and extract the features of what it finds.",
            query=query,
            name=info.name,
        )
    part = "library" if query is None else f"{_STATED}{query!r} in library"
    fitted_on = f"{part} {library.id}, {found.count} of kind {info.modality}"
    library.features.save_stats(set_id, found.mean, found.std, found.count, fitted_on)
    return found.count


def _fitted(info: ExtractorInfo, chunks: Iterator[NDArray[np.float32]]) -> Statistics:
    fitter = Fitter(info.dimension)
    for rows in chunks:
        fitter.add(with_gaps(info, rows))
    return fitter.done()
