"""Why an item is recommended: the score in its parts, and one sentence a marketer can repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.features.texts.extraction import item_text
from mmstudio.features.texts.words import tokens
from mmstudio.i18n import language, mark, tr
from mmstudio.recommendation.records import ScorePart

if TYPE_CHECKING:
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile, Signal

_LIKE = {
    "image": mark("looks like your {item}"),
    "audio": mark("sounds like your {item}"),
    "video": mark("moves like your {item}"),
    "text": mark("described like your {item}"),
    "disliked": mark("like {item}, which is disliked"),
    "link": mark("linked to {item}"),
}
_PLAIN = {
    "brief": mark("fits the brief"),
    "together": mark("chosen together"),
    "popular": mark("popular here"),
    "image": mark("looks right"),
    "audio": mark("sounds right"),
    "video": mark("moves right"),
    "text": mark("described like it"),
    "disliked": mark("like something disliked"),
    "link": mark("linked in the shop"),
}
_COMMON = frozenset(
    [
        "people",
        "between",
        "their",
        "they",
        "like",
        "buy",
        "dislike",
        "anything",
        "work",
        "city",
        "that",
        "with",
    ]
)


def split(catalogue: Catalogue, found: list[Signal], row: int) -> list[ScorePart]:
    """The parts of one item's score, largest first."""
    parts = []
    for signal in found:
        value = float(signal.values[row])
        if value == 0.0:
            continue
        source = int(signal.source[row])
        if source >= 0 and signal.kind in _LIKE:
            label = tr(_LIKE[signal.kind], item=name_of(catalogue, source))
        else:
            label = tr(_PLAIN[signal.kind])
        parts.append(ScorePart(label, value, signal.kind))
    return sorted(parts, key=lambda part: -part.value)


def sentence(catalogue: Catalogue, profile: Profile, found: list[Signal], row: int) -> str:
    """One sentence from the strongest signals, every word of it checkable in the library."""
    positive = sorted((s for s in found if s.values[row] > 1e-9), key=lambda s: -float(s.values[row]))
    clauses: list[str] = []
    content = next((s for s in positive if s.kind in ("image", "audio", "video", "text")), None)
    if content is not None and content.source[row] >= 0:
        clauses.append(_like(catalogue, int(content.source[row]), row, content.kind, bool(profile.liked)))
    for signal in positive:
        if len(clauses) >= 3:
            break
        clause = ""
        if signal.kind == "together":
            clause = _together(catalogue, profile, row)
        elif signal.kind == "link":
            clause = tr("the shop links it to {item}", item=name_of(catalogue, int(signal.source[row])))
        elif signal.kind == "brief":
            clause = _brief(catalogue, profile.brief, row)
        elif signal.kind == "popular" and len(clauses) < 2:
            people = int(catalogue.events.people[row])
            clause = tr("chosen by {n} people", n=people) if people > 1 else ""
        if clause and clause not in clauses:
            clauses.append(clause)
    if not clauses:
        return tr("No data yet: shown because it is in the library")
    return tr("; ").join(clauses)


def name_of(catalogue: Catalogue, row: int) -> str:
    """The item's name in the person's language, where the catalogue has it."""
    item = catalogue.items[row]
    return item.in_locale(language()).title or item.sku


def _like(catalogue: Catalogue, source: int, row: int, kind: str, own: bool) -> str:
    item = name_of(catalogue, source)
    shared = sorted(catalogue.rare_facts[source] & catalogue.rare_facts[row])[:3]
    if shared:
        facts = tr(", ").join(shared)
        if own:
            return tr("like your {item}: {facts}", item=item, facts=facts)
        return tr("like {item}, which members choose: {facts}", item=item, facts=facts)
    if catalogue.items[source].category and catalogue.items[source].category == catalogue.items[row].category:
        leaf = catalogue.items[row].category.split(">")[-1].strip()
        if own:
            return tr("like your {item}: {facts}", item=item, facts=leaf)
        return tr("like {item}, which members choose: {facts}", item=item, facts=leaf)
    return tr(_LIKE[kind] if own else mark("close to {item}, which members choose"), item=item)


def _together(catalogue: Catalogue, profile: Profile, row: int) -> str:
    """The liked item that most of its people chose together with this one."""
    best: tuple[float, int, int, int] | None = None
    for other in profile.liked or profile.taste:
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
    words: list[str] = []
    for word in tokens(brief):
        if (
            word in own
            and word not in words
            and word not in _COMMON
            and len(word) > (2 if word.isascii() else 1)
        ):
            words.append(word)
    if not words:
        return tr("close to the brief in meaning")
    return tr("fits the brief: {words}", words=tr(", ").join(words[:3]))
