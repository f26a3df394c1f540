"""Business rules of an audience as filters that say how many items they removed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation.lists.facets import Facets, read_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Filter:
    """One rule over all items.

    Attributes:
        words: the rule as a person reads it ("price under 25").
        passes: bool[N] the items it leaves.
        problem: a sentence where the rule cannot be followed as it stands (then it removes nothing).
    """

    words: str
    passes: NDArray[np.bool_]
    problem: str = ""


def filters(catalogue: Catalogue, rules: Mapping[str, Any], today: date | None = None) -> list[Filter]:
    """The rules of an audience, in the order they are applied.

    Rules: price_under, price_over (numbers; an item without a price passes neither), must, must_not (tags or
    lists of tags; every `must` is needed), rights ("cleared": every asset's rights allow its use), market
    (code; item attribute `markets`), on (date or "today"; item attributes `valid_from`, `valid_until`, both
    included), banned (item ids). With `rights`, the dates of an item count too: today where no `on` is given.
    """
    facets = Facets.of(catalogue)
    n = len(catalogue.ids)
    found: list[Filter] = []
    for key, words in (("price_under", "price under {limit}"), ("price_over", "price over {limit}")):
        if rules.get(key) in (None, ""):
            continue
        limit = number(rules[key])
        if limit is None:
            problem = tr("“{value}” is no price, so this rule was left out.", value=str(rules[key]))
            found.append(Filter(tr(words, limit=str(rules[key])), np.ones(n, bool), problem))
            continue
        passes = facets.price < limit if key == "price_under" else facets.price > limit
        found.append(Filter(tr(words, limit=f"{limit:g}"), passes))
    found += [
        Filter(tr("must have {tag}", tag=tag), facets.tagged(tag)) for tag in words_of(rules.get("must"))
    ]
    found += [
        Filter(tr("must not have {tag}", tag=tag), ~facets.tagged(tag))
        for tag in words_of(rules.get("must_not"))
    ]
    found += _rights(facets, rules, today)
    banned = catalogue.rows(ids_of(rules.get("banned")))
    if banned:
        passes = np.ones(n, bool)
        passes[banned] = False
        found.append(Filter(tr("banned by hand"), passes))
    return found


def _rights(facets: Facets, rules: Mapping[str, Any], today: date | None) -> list[Filter]:
    found: list[Filter] = []
    n = len(facets.price)
    cleared = str(rules.get("rights") or "").strip().lower() in ("cleared", "true", "1", "yes")
    if cleared:
        found.append(Filter(tr("rights cleared"), facets.cleared))
    market = str(rules.get("market") or "").strip().upper()
    if market:
        found.append(Filter(tr("for the market {market}", market=market), facets.sold_in(market)))
    on = str(rules.get("on") or ("today" if cleared else "")).strip()
    if on:
        now = today or datetime.now(UTC).astimezone().date()
        day = now.toordinal() if on.lower() == "today" else read_day(on)
        if day is None:
            problem = tr("“{value}” is no date, so this rule was left out.", value=on)
            return [*found, Filter(tr("valid on {day}", day=on), np.ones(n, bool), problem)]
        passes = facets.dated & (facets.since <= day) & (day <= facets.until)
        found.append(Filter(tr("valid on {day}", day=date.fromordinal(day).isoformat()), passes))
    return found


def apply(found: Iterable[Filter], n: int) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """(bool[N] items that pass every filter, words → how many it took of those the earlier ones left)."""
    keep = np.ones(n, bool)
    removed: dict[str, int] = {}
    for one in found:
        removed[one.words] = removed.get(one.words, 0) + int(np.count_nonzero(keep & ~one.passes))
        keep &= one.passes
    return keep, removed


def removing_all(found: Sequence[Filter]) -> list[str]:
    """The words of rules that leave nothing even by themselves."""
    return [one.words for one in found if len(one.passes) and not one.passes.any()]


def number(value: Any) -> float | None:
    """A finite number from a rule, None where it is none."""
    try:
        found = None if isinstance(value, bool) or value in (None, "") else float(value)
    except (TypeError, ValueError):
        return None
    return found if found is not None and math.isfinite(found) else None


def words_of(value: Any) -> list[str]:
    """Lower-case words of a rule: a list, or one text with commas."""
    words = value.split(",") if isinstance(value, str) else list(value or [])
    return list(dict.fromkeys(str(word).strip().lower() for word in words if str(word).strip()))


def ids_of(value: Any) -> list[int]:
    """Item ids of a rule; what is no whole number is left out."""
    out: list[int] = []
    for one in value if isinstance(value, list | tuple | set) else [value]:
        try:
            out.append(int(one))
        except (TypeError, ValueError):
            continue
    return list(dict.fromkeys(out))


def caps_of(value: Any) -> dict[str, int]:
    """Category → most items of it in a list; entries that are no count are left out."""
    out: dict[str, int] = {}
    for name, most in value.items() if isinstance(value, Mapping) else ():
        limit = number(most)
        if limit is not None and limit >= 0:
            out[str(name)] = int(limit)
    return out
