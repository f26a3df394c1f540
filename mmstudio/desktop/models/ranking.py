"""Asking the recommender for the cards of an audience; everything here runs in a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mmstudio.desktop.models.audiences import Part, Ranking, Recommended
from mmstudio.desktop.models.items import item_rows
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.records import Ranked
    from mmstudio.studio import Studio

CARDS = 12
METHODS = {
    "auto": mark("the best by test"),
    "blend": mark("the blend of all signals"),
    "ease": mark("what is chosen together (EASE)"),
    "als": mark("tastes found in the events (ALS)"),
    "knn": mark("items with the same people (kNN)"),
    "markov": mark("what came next"),
    "content": mark("likeness of pictures, sounds and texts"),
    "popular": mark("popularity"),
    "popularity": mark("popularity"),
    "random": mark("chance"),
    "ranker": mark("the trained ranker"),
    "together": mark("what is chosen together (EASE)"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants to see.

    Attributes:
        audience: as it stands in the window, which may be ahead of what is stored.
        relevance: 1 ranks by score alone, 0 by difference alone.
        novelty: 0…1, how much the unusual counts.
        explore: 0…1, how much chance the uncertain gets.
        without: liked items that are switched off for a try.
    """

    audience: Audience
    relevance: float = 0.8
    novelty: float = 0.0
    explore: float = 0.0
    without: frozenset[int] = frozenset()

    @property
    def draft(self) -> Audience:
        """The audience as it would be."""
        if not self.without:
            return self.audience
        return replace(self.audience, liked=[i for i in self.audience.liked if i not in self.without])


def ask(studio: Studio, wish: Wish, k: int = CARDS, *, save: bool = False) -> Ranked:
    """The recommender's answer to a wish; items that are only switched off for a try stay out of the list.

    With ``save`` the stored audience is ranked, and the list is kept with the library.
    """
    return studio.recommender.recommend(
        wish.audience.id,
        k=k,
        diversity=wish.relevance,
        exclude=sorted(wish.without),
        novelty=wish.novelty,
        explore=wish.explore,
        draft=None if save else wish.draft,
        save=save,
    )


def rank(
    studio: Studio,
    wish: Wish,
    before: Mapping[int, int] | None = None,
    titles: Mapping[int, str] | None = None,
) -> Ranking:
    """Cards for a wish.

    Args:
        before: item id → rank while no like was switched off; marks what moved.
        titles: titles of those items, to name the ones that are gone.
    """
    found = ask(studio, wish)
    marks = marks_of(studio.library, wish.audience)
    rows = cards(studio.library, found, marks, before)
    shown = {row.item.id for row in rows}
    gone = [(titles or {}).get(i, "") for i in (before or {}) if i not in shown]
    likes = item_rows(studio.library, wish.audience.liked)
    return Ranking(
        rows,
        found.note,
        method_text(getattr(found, "choice", None)),
        dict(found.removed),
        tuple(title for title in gone if title),
        fullest(rows),
        found.choice is not None and found.choice.waiting,
        tuple(likes[i] for i in dict.fromkeys(wish.audience.liked) if i in likes),
    )


def cards(
    library: Library,
    found: Iterable[Any],
    marks: Mapping[int, frozenset[str]],
    before: Mapping[int, int] | None = None,
) -> list[Recommended]:
    """Recommendations with what a card shows of the item; items that are gone are left out."""
    found = list(found)
    rows = item_rows(library, [r.item_id for r in found])
    return [
        Recommended(
            rows[r.item_id],
            r.rank,
            r.score,
            r.why,
            tuple(Part(p.label, p.value, p.kind) for p in r.parts),
            None if before is None else before.get(r.item_id, 0),
            marks.get(r.item_id, frozenset()),
        )
        for r in found
        if r.item_id in rows
    ]


def fullest(rows: Iterable[Recommended]) -> float:
    """What fills a bar: the largest sum of gains and losses of one card."""
    return max((sum(abs(p.value) for p in row.parts) for row in rows), default=1.0) or 1.0


def method_text(choice: Any) -> str:
    """Which method ranked and why, in one line; empty where the recommender does not say."""
    if choice is None or not getattr(choice, "method", ""):
        return ""
    from mmstudio.recommendation.choosing import label

    name = tr(METHODS[choice.method]) if choice.method in METHODS else label(choice.method)
    said = tr("Ranked by {method}.", method=name)
    return " ".join(part for part in (said, choice.why) if part)


def marks_of(library: Library, audience: Audience) -> dict[int, frozenset[str]]:
    """Item id → what was decided about it for this audience: pinned, approved, rejected."""
    out: dict[int, set[str]] = {}
    for item in audience.rules.get("pinned") or ():
        out.setdefault(int(item), set()).add("pinned")
    for item, value in library.audiences.decisions(audience.id).items():
        out.setdefault(item, set()).add("approved" if value > 0 else "rejected")
    return {item: frozenset(marks) for item, marks in out.items()}


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule does by itself: how many items it takes out, and what is wrong with it (or empty)."""

    removed: int
    problem: str = ""


def rule_counts(studio: Studio, audience: Audience) -> dict[str, RuleCount]:
    """Key of a rule (``price_under``, ``must``, …) → what it takes out of all items by itself."""
    import numpy as np

    from mmstudio.recommendation.lists.rules import filters

    catalogue = studio.recommender.catalogue()
    out: dict[str, RuleCount] = {}
    for key, value in audience.rules.items():
        found = filters(catalogue, {key: value})
        if found:
            passes = np.all([one.passes for one in found], axis=0)
            out[key] = RuleCount(
                int(np.count_nonzero(~passes)), " ".join(one.problem for one in found if one.problem)
            )
    return out
