"""What in an audience cannot hold together: said before it leaves every list empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmstudio.i18n import tr
from mmstudio.recommendation.lists.facets import read_day
from mmstudio.recommendation.lists.rules import number, words_of


def contradictions(
    rules: Mapping[str, Any], liked: Sequence[int] = (), disliked: Sequence[int] = ()
) -> list[str]:
    """One sentence per contradiction between rules, likes and dislikes; [] where all is well."""
    limits = {key: number(rules.get(key)) for key in ("price_over", "price_under")}
    found: list[str] = []
    strange = [key for key in limits if rules.get(key) not in (None, "") and limits[key] is None]
    found += [tr("“{value}” is no price.", value=str(rules[key])) for key in strange]
    low, high = limits["price_over"], limits["price_under"]
    if high is not None and high <= 0:
        found.append(tr("No item has a price under {limit}.", limit=f"{high:g}"))
    elif low is not None and high is not None and low >= high:
        found.append(tr("No price is over {low} and under {high}.", low=f"{low:g}", high=f"{high:g}"))
    both = [tag for tag in words_of(rules.get("must")) if tag in words_of(rules.get("must_not"))]
    found += [tr("“{tag}” is asked for and ruled out.", tag=tag) for tag in both]
    on = str(rules.get("on") or "").strip()
    if on and on.lower() != "today" and read_day(on) is None:
        found.append(tr("“{value}” is no date: write it like 2025-12-24.", value=on))
    twice = set(liked) & set(disliked)
    if twice:
        found.append(tr("{n} items are liked and disliked.", n=len(twice)))
    return found
