"""Why an item is recommended: the score in its parts, and one sentence a marketer can repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.extractors import TEXT
from mmstudio.features.texts.extraction import item_text
from mmstudio.features.texts.words import is_stop_word, tokens
from mmstudio.i18n import language, mark, tr
from mmstudio.recommendation.records import ScorePart
from mmstudio.recommendation.signals import exact

if TYPE_CHECKING:
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile, Signal

# What rests on an item: on one the person named, on one that members choose, and against.
_OWN = {
    "image": mark("looks like your {item}"),
    "audio": mark("sounds like your {item}"),
    "video": mark("moves like your {item}"),
    "text": mark("described like your {item}"),
    "together": mark("chosen together with {item}"),
    "next": mark("often chosen after {item}"),
    "recent": mark("goes with {item}, chosen lately"),
    "link": mark("linked to {item}"),
    "disliked": mark("like {item}, which is disliked"),
    "decided": mark("close to {item}, which was approved"),
}
_MEMBERS = {
    "image": mark("looks like {item}, which members choose"),
    "audio": mark("sounds like {item}, which members choose"),
    "video": mark("moves like {item}, which members choose"),
    "text": mark("described like {item}, which members choose"),
}
_AGAINST = {
    "together": mark("seldom chosen with {item}"),
    "next": mark("seldom chosen after {item}"),
    "recent": mark("seldom goes with {item}, chosen lately"),
    "decided": mark("close to {item}, which was rejected"),
}
_PLAIN = {
    "brief": mark("fits the brief"),
    "together": mark("chosen together"),
    "next": mark("often chosen next"),
    "recent": mark("goes with what was chosen lately"),
    "popular": mark("popular here"),
    "image": mark("looks right"),
    "audio": mark("sounds right"),
    "video": mark("moves right"),
    "text": mark("described like it"),
    "disliked": mark("like something disliked"),
    "link": mark("linked in the shop"),
    "decided": mark("decided in the studio"),
    "learned": mark("learned from what members do"),
}
_MODALITIES = ("image", "audio", "video", "text")
_COMMON = frozenset({"people", "between", "like", "buy", "dislike", "anything", "work", "city"})


def split(
    catalogue: Catalogue, found: list[Signal], row: int, profile: Profile | None = None
) -> list[ScorePart]:
    """The parts of one item's score, largest first; they add up exactly to the sum of the signals.

    A signal of which one share rests on items and another on none gives two parts, so that the anchors of a
    part always add up to it.
    """
    parts = []
    for signal in found:
        shares = signal.split(row)
        anchored = [(anchor, value) for anchor, value in shares if anchor >= 0]
        rest = sum(value for anchor, value in shares if anchor < 0)
        if anchored:
            value = sum(value for _, value in anchored)
            items = [(int(catalogue.ids[anchor]), share) for anchor, share in anchored]
            label = _label(catalogue, profile, signal, anchored, value)
            parts.append(ScorePart(label, value, signal.kind, items))
        if rest:
            parts.append(ScorePart(tr(_PLAIN[signal.kind]), rest, signal.kind))
    return sorted(parts, key=lambda part: -part.value)


def _label(
    catalogue: Catalogue,
    profile: Profile | None,
    signal: Signal,
    anchored: list[tuple[int, float]],
    value: float,
) -> str:
    """Named after the item that the part rests on most."""
    side = [pair for pair in anchored if (pair[1] > 0) == (value > 0)] or anchored
    main = max(side, key=lambda pair: abs(pair[1]))[0]
    own = profile is None or main in profile.liked
    words = _OWN
    if value < 0 and signal.kind in _AGAINST:
        words = _AGAINST
    elif not own and signal.kind in _MEMBERS:
        words = _MEMBERS
    if signal.kind not in words:
        return tr(_PLAIN[signal.kind])
    return tr(words[signal.kind], item=name_of(catalogue, main))


def sentence(catalogue: Catalogue, profile: Profile, found: list[Signal], row: int) -> str:
    """One sentence from the strongest signals, every word of it checkable in the library."""
    positive = sorted((s for s in found if s.values[row] > 1e-9), key=lambda s: -float(s.values[row]))
    clauses: list[str] = []
    content = next((s for s in positive if s.kind in _MODALITIES), None)
    if content is not None and content.source[row] >= 0:
        source = int(content.source[row])
        clauses.append(_like(catalogue, source, row, content.kind, source in profile.liked))
    for signal in positive:
        if len(clauses) >= 3:
            break
        clause = _clause(catalogue, profile, signal, row, len(clauses))
        if clause and clause not in clauses:
            clauses.append(clause)
    if not clauses:
        return tr("No data yet: shown because it is in the library")
    return tr("; ").join(clauses)


def _clause(catalogue: Catalogue, profile: Profile, signal: Signal, row: int, told: int) -> str:
    source = int(signal.source[row]) if signal.kind in ("link", "next", "recent", "decided") else -1
    match signal.kind:
        case "together":
            return _together(catalogue, profile, row)
        case "link" if source >= 0:
            return tr("the shop links it to {item}", item=name_of(catalogue, source))
        case "next" | "recent" if source >= 0:
            return tr(_OWN[signal.kind], item=name_of(catalogue, source))
        case "decided":
            if profile.decisions.get(row, 0) > 0:
                return tr("approved for this audience")
            return tr(_OWN["decided"], item=name_of(catalogue, source)) if source >= 0 else ""
        case "brief":
            return _brief(catalogue, profile.brief, row)
        case "popular" if told < 2:
            people = int(catalogue.events.people[row])
            return tr("chosen by {n} people", n=people) if people > 1 else ""
    return ""


def name_of(catalogue: Catalogue, row: int) -> str:
    """The item's name in the person's language, where the catalogue has it."""
    names: dict[tuple[int, str], str] = catalogue.__dict__.setdefault("_names", {})  # asked for many times
    key = row, language()
    if key not in names:
        item = catalogue.items[row]
        names[key] = item.in_locale(key[1]).title or item.sku
    return names[key]


def brief_words(catalogue: Catalogue, brief: str, row: int, value: float) -> list[tuple[str, float]]:
    """How the words of a brief share its part of a score: (word, value), the largest first.

    The vector of a brief is a weighted sum over its words, so each word's share of the cosine is exact; the
    shares add up to ``value`` exactly. [] where the texts were not read with this model.
    """
    vectors = catalogue.features.vectors
    model = vectors.text_model()
    if model is None or not value or not vectors.text_ready(model, "item"):
        return []
    counts: dict[str, int] = {}
    for word in tokens(brief):
        if word in model.vocabulary:
            counts[word] = counts.get(word, 0) + 1
    space = vectors.space(TEXT, "item")
    place = np.flatnonzero(np.asarray(space.ids) == catalogue.ids[row])
    if not counts or not len(place):
        return []
    words = list(counts)
    columns = [model.vocabulary[word] for word in words]
    weight = (1.0 + np.log(list(counts.values()))) * model.idf[columns]
    share = weight * (model.components[columns] @ space.raw[place[0]]).astype(np.float64)
    whole = float(share.sum())
    if abs(whole) < 1e-9:
        return []
    share[np.abs(share) < 1e-6 * abs(whole)] = 0  # what only rounding left says nothing
    whole = float(share.sum())
    pairs = exact([(k, value * float(one) / whole) for k, one in enumerate(share) if one], value)
    return sorted(((words[k], part) for k, part in pairs if k >= 0), key=lambda pair: -pair[1])


def shared(catalogue: Catalogue, one: int, other: int, most: int = 3) -> list[str]:
    """Facts that both items have and few others do, else their common category; at most ``most``."""
    facts = sorted(catalogue.rare_facts[one] & catalogue.rare_facts[other])[:most]
    category = catalogue.items[one].category
    if not facts and category and category == catalogue.items[other].category:
        return [category.split(">")[-1].strip()]
    return facts


def _like(catalogue: Catalogue, source: int, row: int, kind: str, own: bool) -> str:
    item = name_of(catalogue, source)
    facts = tr(", ").join(shared(catalogue, source, row))
    if not facts:
        return tr(_OWN[kind] if own else mark("close to {item}, which members choose"), item=item)
    if own:
        return tr("like your {item}: {facts}", item=item, facts=facts)
    return tr("like {item}, which members choose: {facts}", item=item, facts=facts)


def _together(catalogue: Catalogue, profile: Profile, row: int) -> str:
    """The liked item that most of its people chose together with this one."""
    best: tuple[float, int, int, int] | None = None
    strongest = sorted(profile.taste.items(), key=lambda pair: (-pair[1], pair[0]))[:50]
    for other in profile.liked or [chosen for chosen, _ in strongest]:
        both, people = catalogue.events.together(row, other)
        if people >= 3 and both >= 2 and (best is None or both / people > best[0]):
            best = (both / people, both, people, other)
    if best is None:
        return ""
    _, both, people, other = best
    if len(profile.liked) == 1:
        return tr("chosen together by {both} of {people}", both=both, people=people)
    return tr(
        "chosen together with {item} by {both} of {people}",
        item=name_of(catalogue, other),
        both=both,
        people=people,
    )


def _brief(catalogue: Catalogue, brief: str, row: int) -> str:
    own = set(tokens(item_text(catalogue.items[row])))
    words = [
        word
        for word in dict.fromkeys(tokens(brief))
        if word in own
        and word not in _COMMON
        and not is_stop_word(word)
        and len(word) > (2 if word.isascii() else 1)
    ]
    if not words:
        return tr("close to the brief in meaning")
    return tr("fits the brief: {words}", words=tr(", ").join(words[:3]))
