"""What rules ask of items, as columns: read once per catalogue, so that no call looks at items one by one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Item
    from mmstudio.recommendation.catalogue import Catalogue

# An asset whose rights nobody stated is not cleared; "no-training" only keeps it out of trainings.
CLEARED = frozenset({"own", "licensed", "no-training"})
_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d")
_NEVER, _EVER = date.max.toordinal(), date.min.toordinal()
_SPLIT = re.compile(r"[,;|\s]+")


@dataclass
class Facets:
    """Columns over the N items of a catalogue.

    Attributes:
        price: float64[N], NaN where unknown.
        cleared: bool[N], every usable asset may be shown (an item without assets has nothing to clear).
        since, until: int64[N], first and last day (proleptic ordinal) the item may be shown.
        dated: bool[N], False where a date of the item cannot be read: it passes no date rule.
        markets: per item the markets it is for, upper case; empty stands for all.
        category: int64[N] index into `categories`, −1 without one; every level of "a > b" is in `levels`.
        people: int64[N], how many people touched it.
    """

    price: NDArray[np.float64]
    cleared: NDArray[np.bool_]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    dated: NDArray[np.bool_]
    markets: list[frozenset[str]]
    category: NDArray[np.int64]
    categories: list[str]
    people: NDArray[np.int64]
    tags: list[frozenset[str]]
    _masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue) -> Facets:
        """The facets of a catalogue, read at the first call."""
        known = catalogue.__dict__.get(_KEPT)
        if isinstance(known, Facets):
            return known
        rights = catalogue.library.items.rights_by_item()
        items = catalogue.items
        days = [(_day(item, _SINCE, _EVER), _day(item, _UNTIL, _NEVER)) for item in items]
        names = sorted({item.category for item in items if item.category})
        place = {name: k for k, name in enumerate(names)}
        facets = cls(
            price=np.array([np.nan if i.price is None else i.price for i in items], np.float64),
            cleared=np.array([rights.get(i.id, CLEARED) <= CLEARED for i in items], bool),
            since=np.array([_EVER if a is None else a for a, _ in days], np.int64),
            until=np.array([_NEVER if b is None else b for _, b in days], np.int64),
            dated=np.array([a is not None and b is not None for a, b in days], bool),
            markets=[_markets(item) for item in items],
            category=np.array([place.get(i.category, -1) for i in items], np.int64),
            categories=names,
            people=np.asarray(catalogue.events.people, np.int64),
            tags=catalogue.tags,
        )
        catalogue.__dict__[_KEPT] = facets  # as a cached property would; it goes when the catalogue goes
        return facets

    def tagged(self, tag: str) -> NDArray[np.bool_]:
        """bool[N]: items with a tag (lower case)."""
        if tag not in self._masks:
            self._masks[tag] = np.array([tag in own for own in self.tags], bool)
        return self._masks[tag]

    def sold_in(self, market: str) -> NDArray[np.bool_]:
        """bool[N]: items for this market or for all."""
        key = f"market {market}"
        if key not in self._masks:
            self._masks[key] = np.array([not own or market in own for own in self.markets], bool)
        return self._masks[key]

    def within(self, category: str) -> NDArray[np.bool_]:
        """bool[N]: items of a category or of one below it ("Sport" holds "Sport > Yoga")."""
        key = f"category {category}"
        if key not in self._masks:
            wanted = [level.strip().lower() for level in category.split(">")]
            inside = np.array(
                [_has_levels([p.strip().lower() for p in n.split(">")], wanted) for n in self.categories],
                bool,
            )
            known = self.category >= 0
            mask = np.zeros(len(self.category), bool)
            if len(inside):
                mask[known] = inside[self.category[known]]
            self._masks[key] = mask
        return self._masks[key]


_KEPT = "_list_facets"
_SINCE = ("valid_from", "available_from", "from")
_UNTIL = ("valid_until", "available_until", "until")


def read_day(text: str) -> int | None:
    """The day of a text as a proleptic ordinal, None where it cannot be read.

    Takes ISO 8601 (a time is left out), 2026/03/31, 31.03.2026, 31/03/2026 (day first), seconds since 1970.
    """
    text = text.strip()
    try:
        return datetime.fromisoformat(text).date().toordinal()
    except ValueError:
        pass
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).date().toordinal()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    try:
        seconds = float(text)
    except ValueError:
        return None
    if math.isfinite(seconds) and 1e8 < seconds < 1e11:
        return date(1970, 1, 1).toordinal() + int(seconds // 86_400)
    return None


def _day(item: Item, names: tuple[str, ...], default: int) -> int | None:
    for name in names:
        text = item.attributes.get(name, "")
        if text.strip():
            return read_day(text)
    return default


def _markets(item: Item) -> frozenset[str]:
    text = item.attributes.get("markets", "") or item.attributes.get("market", "")
    return frozenset(word.upper() for word in _SPLIT.split(text) if word)


def _has_levels(own: list[str], wanted: list[str]) -> bool:
    """True where the wanted levels stand in a row anywhere in a category's own."""
    n = len(wanted)
    return any(own[k : k + n] == wanted for k in range(len(own) - n + 1))
