"""Why this item, why not that one, and what would change: true by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import language, tr
from mmstudio.recommendation import reasons
from mmstudio.recommendation.lists.rules import filters, words_of
from mmstudio.recommendation.records import ScorePart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.generation.copywriting.service import Copywriter
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one item, split.

    Attributes:
        score: exactly the sum of the values of `parts`, in their order.
        parts: largest first; of each the `anchors` add up exactly to its value where it rests on items.
        sentence: one sentence in the person's language, made of the parts.
        words: (word of the brief, value): they add up exactly to the part of the brief; empty without one.
        tags: what it shares with the likes it rests on, and the tags that the rules ask for.
    """

    item_id: int
    score: float
    parts: list[ScorePart]
    sentence: str
    words: tuple[tuple[str, float], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why an item is not in the list.

    Attributes:
        rank: where its score puts it among the items that the rules leave, from 1; 0 where it is out.
        removed_by: rules in words, or what else keeps it out; empty where only its score does.
        missing: how much score it lacks to the k-th best; 0 where it lacks none.
        parts: its own score, as in :class:`Explanation`.
    """

    item_id: int
    sentence: str
    rank: int
    removed_by: list[str]
    missing: float
    parts: list[ScorePart] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """Where an item stood and where it would stand; None outside the list."""

    item_id: int
    before_rank: int | None
    after_rank: int | None


def explain(
    recommender: Recommender,
    audience_id: int,
    item_id: int,
    *,
    draft: Audience | None = None,
    method: str = "auto",
) -> Explanation:
    """The score of an item for an audience in its parts; ``draft`` stands in for the stored audience.

    Raises:
        NotFound: no such audience or item.
    """
    seen = _Seen(recommender, audience_id, item_id, draft, method)
    parts = seen.parts(seen.row)
    brief = sum(part.value for part in parts if part.kind == "brief")
    words = reasons.brief_words(seen.catalogue, seen.audience.brief, seen.row, brief)
    sentence = reasons.sentence(seen.catalogue, seen.profile, seen.scored.signals, seen.row)
    score = sum(part.value for part in parts)
    return Explanation(item_id, score, parts, sentence, tuple(words), tuple(_tags(seen, parts)))


def why_not(
    recommender: Recommender,
    audience_id: int,
    item_id: int,
    *,
    k: int = 10,
    diversity: float = 0.8,
    draft: Audience | None = None,
    method: str = "auto",
) -> WhyNot:
    """Why an item is not among the first k. Raises NotFound."""
    seen = _Seen(recommender, audience_id, item_id, draft, method)
    parts = seen.parts(seen.row)
    name = reasons.name_of(seen.catalogue, seen.row)
    out = seen.kept_out()
    if out:
        words = tr("; ").join(out)
        said = tr("{item} is left out: {reasons}.", item=name, reasons=words)
        return WhyNot(item_id, said, 0, out, 0.0, parts)
    keep = seen.keep()
    total = seen.scored.total
    rank = 1 + int(np.count_nonzero(keep & (total > total[seen.row])))
    best = np.flatnonzero(keep)
    best = best[np.argsort(-total[best], kind="stable")][:k]
    listed = recommender.recommend(audience_id, k, diversity, method=method, draft=seen.audience, save=False)
    place = next((one.rank for one in listed if one.item_id == item_id), 0)
    if place:
        said = tr("{item} is in the list: number {n}.", item=name, n=place)
        return WhyNot(item_id, said, rank, [], 0.0, parts)
    last = int(best[-1]) if len(best) else seen.row
    missing = max(0.0, float(total[last] - total[seen.row]))
    if rank <= k:
        said = tr(
            "{item} would be number {n} by its score alone; others stand there so that the list is varied.",
            item=name,
            n=rank,
        )
    else:
        said = tr(
            "{item} is number {n}: it lacks {missing} to {last}, the last of the first {k}",
            item=name, n=rank, missing=f"{missing:.3f}", last=reasons.name_of(seen.catalogue, last), k=k,
        )  # fmt: skip
        behind = _behind(parts, seen.parts(last))
        said += tr(", mostly in: {part}.", part=behind) if behind else tr(".")
    return WhyNot(item_id, said, rank, [], missing, parts)


def what_if(
    recommender: Recommender,
    audience_id: int,
    *,
    without: Sequence[int] = (),
    adding: Sequence[int] = (),
    k: int = 10,
    diversity: float = 0.8,
    draft: Audience | None = None,
    method: str = "auto",
) -> list[Change]:
    """What the list of k would be with some likes (item ids) taken away or added; every item of both lists.

    Items of the new list come in its order, those that drop out last.

    Raises:
        NotFound: no such audience. StudioError: an item of ``without`` is not among the likes.
    """
    audience = recommender.library.audiences.get(audience_id) if draft is None else draft
    strange = [item for item in without if item not in audience.liked]
    if strange:
        raise StudioError(
            "{item} is not among the items that {name} likes.",
            hint="Name one of its likes: mmstudio audiences LIB show NAME lists them.",
            item=recommender.library.items.get(strange[0]).sku,
            name=audience.name,
        )
    liked = [item for item in audience.liked if item not in set(without)]
    liked += [item for item in dict.fromkeys(adding) if item not in liked]
    other = replace(audience, liked=liked, disliked=[i for i in audience.disliked if i not in set(adding)])
    before, after = (
        {
            one.item_id: one.rank
            for one in recommender.recommend(audience_id, k, diversity, method=method, draft=who, save=False)
        }
        for who in (audience, other)
    )
    return [Change(item, before.get(item), after.get(item)) for item in dict.fromkeys([*after, *before])]


def worded(copywriter: Copywriter, found: Explanation, audience: Audience, engine: str) -> tuple[str, str]:
    """(sentence, who wrote it): by a local language model under the fact guard, else the template.

    The model is given the labels of the parts as reasons and the item's facts; a text in which the guard
    finds anything that these do not support is not shown. The second is the engine's name, or "template".

    Raises:
        NotFound: no such engine. StudioError: it cannot write.
    """
    from mmstudio.generation.copywriting.contract import Context, Reason

    reasons_given = [Reason(found.sentence, 1.0)]
    reasons_given += [Reason(part.label, part.value) for part in found.parts if part.value > 0]
    context = Context(reasons=tuple(reasons_given[:6]))
    brief = copywriter.brief(
        "explanation", found.item_id, audience.id, locale=language(), count=2, context=context
    )
    for variant in copywriter.variants(brief, engine):
        if variant.safe and variant.text:
            return variant.text, engine
    return found.sentence, "template"


class _Seen:
    """One item as one audience sees it."""

    def __init__(
        self, recommender: Recommender, audience_id: int, item_id: int, draft: Audience | None, method: str
    ) -> None:
        library = recommender.library
        self.audience = library.audiences.get(audience_id) if draft is None else draft
        self.catalogue: Catalogue = recommender.catalogue()
        row = self.catalogue.row.get(item_id)
        if row is None:
            raise NotFound("The library has no item with the number {id}.", id=item_id)
        self.row = row
        self.profile, self.scored = recommender.considered(self.audience, method)
        self._filters = filters(self.catalogue, self.audience.rules)

    def parts(self, row: int) -> list[ScorePart]:
        return reasons.split(self.catalogue, self.scored.signals, row, self.profile)

    def kept_out(self) -> list[str]:
        found = [one.words for one in self._filters if not one.passes[self.row]]
        if self.row in self.catalogue.rows(self.audience.liked):
            found.append(tr("it is liked already"))
        if self.row in self.catalogue.rows(self.audience.disliked):
            found.append(tr("it is disliked"))
        if self.profile.decisions.get(self.row, 0.0) < 0:
            found.append(tr("it was rejected"))
        return found

    def keep(self) -> NDArray[np.bool_]:
        keep = np.ones(len(self.catalogue.ids), bool)
        for one in self._filters:
            keep &= one.passes
        keep[self.catalogue.rows([*self.audience.liked, *self.audience.disliked])] = False
        keep[[row for row, weight in self.profile.decisions.items() if weight < 0]] = False
        return keep


def _tags(seen: _Seen, parts: Sequence[ScorePart]) -> list[str]:
    """Shared facts with the items that the score rests on, then the tags that rules ask for and it has."""
    anchors: dict[int, float] = {}
    for part in parts:
        for item_id, value in part.anchors:
            anchors[item_id] = anchors.get(item_id, 0.0) + value
    strongest = sorted((i for i in anchors if anchors[i] > 0), key=lambda i: -anchors[i])[:3]
    rows = seen.catalogue.rows(strongest)
    found = [word for row in rows for word in reasons.shared(seen.catalogue, row, seen.row)]
    own = seen.catalogue.tags[seen.row]
    found += [tag for tag in words_of(seen.audience.rules.get("must")) if tag in own]
    return list(dict.fromkeys(found))


def _behind(own: Sequence[ScorePart], other: Sequence[ScorePart]) -> str:
    """The part in which the other one is furthest ahead, as its label."""

    def by_kind(parts: Sequence[ScorePart]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for part in parts:
            sums[part.kind] = sums.get(part.kind, 0.0) + part.value
        return sums

    mine, theirs = by_kind(own), by_kind(other)
    ahead = {kind: theirs.get(kind, 0.0) - mine.get(kind, 0.0) for kind in {*mine, *theirs}}
    kind = max(ahead, key=lambda one: ahead[one], default="")
    if not kind or ahead[kind] <= 0:
        return ""
    labels = [part.label for part in other if part.kind == kind] or [p.label for p in own if p.kind == kind]
    return labels[0]
