"""Changes without a refit: what was fitted moves to the new items and people; it is fitted anew behind,
when enough changed."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation import measuring
from mmstudio.recommendation.voices import voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.events import Events

log = logging.getLogger(__name__)
MEASURED = "methods"  # topic of the library's changes: what was worked out behind counts from now on
BEHIND = "behind"
_FITS = ("ease", "ease_met", "neighbours", "likelier", "following", "beside", "factors")
_SMALL = 5_000  # pairs below which fitting anew takes less than a blink
_ENOUGH, _MOST = (
    0.02,
    0.3,
)  # share of pairs that changed: from which on it is fitted anew behind; before it is used


def adopt(catalogue: Catalogue, before: Catalogue) -> threading.Thread | None:
    """Take along what was fitted to the catalogue as it was; a person with new events is one product with it.

    Returns the thread that fits anew where more than a fiftieth of the events changed since the last fit.
    Small libraries, and those of which a third changed, take nothing along.
    """
    old, new = before.events, catalogue.events
    fits = {name: old.kept[name] for name in _FITS if name in old.kept}
    if not fits or old.count < _SMALL:
        return None
    places = np.array([catalogue.row.get(int(item), -1) for item in before.ids], np.int64)
    drift = int(old.kept.get("drift", 0)) + _changed(old, new, places)
    share = drift / max(old.count, 1)
    if share > _MOST:
        return None
    same = len(catalogue.ids) == len(before.ids) and bool(np.array_equal(places, np.arange(len(places))))
    for name, fit in fits.items():
        new.kept[name] = fit if same else fit.moved(places, len(catalogue.ids))
    new.kept["drift"] = drift
    if share <= _ENOUGH:
        return None
    thread = threading.Thread(target=_refit, args=(catalogue,), name="fit-events", daemon=True)
    thread.start()
    return thread


def _changed(old: Events, new: Events, places: NDArray[np.int64]) -> int:
    """Pairs that came, went, or count differently."""

    def keys(events: Events, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        member = events.members[events.who]
        found = np.zeros(len(rows), [("m", np.int64), ("i", np.int64), ("v", np.float32)])
        found["m"], found["i"], found["v"] = member, rows, events.value
        return found

    here = keys(new, new.col)
    there = keys(old, places[old.col])
    return int(len(here) + len(there) - 2 * len(np.intersect1d(here, there)))


def _refit(catalogue: Catalogue) -> None:
    try:
        events = catalogue.events
        fresh = events.subset(np.ones(len(events.who), bool))
        behind = measuring.with_events(catalogue, fresh)
        for voice in voices(behind):
            voice.engine(behind)
        for name in _FITS:
            if name in fresh.kept:
                events.kept[name] = fresh.kept[name]
        events.kept["drift"] = 0
        events.kept.pop(BEHIND, None)
    except Exception:
        log.exception("events could not be fitted anew")
        catalogue.events.kept[BEHIND] = True
        catalogue.library.changes.publish({MEASURED: None})  # lists that are shown say so


def behind(catalogue: Catalogue) -> str:
    """One sentence where fitting anew failed: what was fitted before still ranks; else empty."""
    if not catalogue.events.kept.get(BEHIND):
        return ""
    return tr("The newest events could not be learned from: the list goes by what was learned before.")
