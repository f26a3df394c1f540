"""The fact guard: everything in a text that can be checked, held against what is known of the item.

A span is *supported* where a fact says the same, *unsupported* where none does, *banned* where a rule of
the brand forbids it; a sentence that the brand requires and the text lacks is *missing*. What the guard does
not recognise as a figure, material, colour or claim it leaves alone: a clean text is not proven, only not
refuted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.contract import Brand, Span, SpanKind, SpanStatus
from mmstudio.generation.copywriting.guarding.amounts import supporting
from mmstudio.generation.copywriting.guarding.claims import claims
from mmstudio.generation.copywriting.guarding.folding import fold, squeezed, tightened
from mmstudio.generation.copywriting.guarding.known import Known, known
from mmstudio.generation.copywriting.guarding.quantities import quantities
from mmstudio.generation.copywriting.guarding.vocabulary import Kind, is_kind_of, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mmstudio.generation.copywriting.facts import Fact

_SHORT = 2_000  # characters up to which a text is remembered with what was found
LONGEST = 20_000  # characters that are checked; what comes behind them is unsupported as a whole
_KINDS: tuple[Kind, ...] = ("material", "colour")
_PURE = re.compile(r"(?:\b(?:pure|all|entirely|nothing but|solid|completely|only)[ -]|纯|全)$")


def check(text: str, facts: Sequence[Fact], locale: str = "en", brand: Brand | None = None) -> list[Span]:
    """Every number, price, percentage, measure, date, size, material, colour and claim of a text, in order.

    Args:
        text: any text, English or Chinese or both; of other languages only what looks the same is found.
        facts: what is known of the item (``facts.known_of``); reviews support only what is quoted of them.
        locale: decides which rules of the brand hold.
        brand: banned, allowed and required words; None checks facts only.

    Spans do not overlap. A text beyond 20,000 characters is not checked there, so that part is unsupported.
    The last short ones are remembered: many rows say the same of one item.
    """
    looked = _looked if len(text) <= _SHORT else _look
    return list(looked(text, tuple(facts), locale, brand or Brand()))


def _look(text: str, facts: tuple[Fact, ...], locale: str, brand: Brand) -> list[Span]:
    folded, places = tightened(fold(text[:LONGEST]))
    facts_known = known(facts)
    found: list[Span] = []

    def add(start: int, end: int, kind: SpanKind, fact: str, status: SpanStatus = "supported") -> None:
        if not fact:
            fact = facts_known.verbatim(folded, start, end)
        found.append(Span(start, end, folded[start:end], kind, status if fact else "unsupported", fact))

    for one in quantities(folded):
        add(one.start, one.end, one.kind, supporting(one, facts_known))
    for name_kind in _KINDS:
        for mention in named(folded, name_kind):
            label = facts_known.named(mention.name, name_kind)
            if (
                name_kind == "material"
                and label
                and _PURE.search(folded[max(mention.start - 12, 0) : mention.start])
            ):
                label = _purely(mention.name, facts_known)
            add(mention.start, mention.end, name_kind, label)
    for claim in claims(folded):
        add(
            claim.start,
            claim.end,
            "claim",
            _claimed(claim.name, folded[claim.start : claim.end], facts_known),
        )
    found = [_placed(span, text, places) for span in _ruled(found, folded, brand, locale)]
    if len(text) > LONGEST:
        found.append(Span(LONGEST, len(text), text[LONGEST : LONGEST + 40] + "…", "claim", "unsupported"))
    for rule in brand.of("require", locale):
        if (not rule.when or fold(rule.when) in folded) and not _says(folded, rule.text):
            found.append(
                Span(len(text), len(text), rule.text, "disclaimer", "missing", f"brand: {rule.text}")
            )
    return found


_looked = lru_cache(maxsize=256)(_look)


def _placed(span: Span, text: str, places: list[int]) -> Span:
    """A span of the tightened text where it stands in the text itself."""
    start, end = places[span.start], places[span.end - 1] + 1
    return replace(span, start=start, end=end, text=text[start:end])


def _says(folded: str, sentence: str) -> bool:
    return squeezed(fold(sentence)).strip(" .") in squeezed(folded)


def blocking(spans: Iterable[Span]) -> list[Span]:
    """The spans that keep a text from being exported."""
    return [span for span in spans if span.blocks]


def _purely(name: str, facts: Known) -> str:
    """The fact that a thing is of one material only: 100 %, or the only one that is named."""
    for quantity, label in facts.amounts:
        whole = quantity.kind == "percentage" and quantity.values == ((100.0,),)
        if whole and is_kind_of(quantity.material, name, "material"):
            return label
    others = [other for other in facts.materials if not is_kind_of(other, name, "material")]
    return "" if others else facts.named(name, "material")


def _claimed(name: str, words: str, facts: Known) -> str:
    if name in facts.claims:
        return facts.claims[name]
    if name.startswith("mark:"):
        return next((label for text, label in facts.texts if name[5:] in text), "")
    return facts.claims.get(f"word:{words}", "") if words.isalpha() else ""


def _ruled(found: list[Span], folded: str, brand: Brand, locale: str) -> list[Span]:
    """Spans with the brand's rules on them, in order, none over another."""
    allowed = [(s, e, r) for r in brand.of("allow", locale) for s, e in _places(folded, r.text)]
    kept = []
    for span in found:
        cover = next((f"brand: {r.text}" for s, e, r in allowed if s <= span.start and span.end <= e), "")
        if cover and span.blocks:
            span = Span(span.start, span.end, span.text, span.kind, "supported", cover)
        kept.append(span)
    lifted = {squeezed(fold(rule.text)) for rule in brand.of("allow", locale)}
    for rule in brand.of("ban", locale):
        if squeezed(fold(rule.text)) not in lifted:
            for start, end in _places(folded, rule.text):
                kept.append(Span(start, end, folded[start:end], "banned", "banned", f"brand: {rule.text}"))
    # where two lie over each other the one that blocks stays, then the longer one
    kept.sort(key=lambda span: (span.status != "banned", not span.blocks, span.start - span.end, span.start))
    result: list[Span] = []
    taken = bytearray(len(folded) + 1)
    for span in kept:
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            result.append(span)
    return sorted(result, key=lambda span: span.start)


def _places(folded: str, words: str) -> list[tuple[int, int]]:
    """Where words stand in a folded text: whole words, with any white space between."""
    parts = [re.escape(part) for part in fold(words).split()]
    if not parts:
        return []
    pattern = r"\s+".join(parts)
    head = r"(?<![a-z0-9])" if words.strip()[0].isascii() and words.strip()[0].isalnum() else ""
    tail = r"(?![a-z0-9])" if words.strip()[-1].isascii() and words.strip()[-1].isalnum() else ""
    return [match.span() for match in re.finditer(head + pattern + tail, folded)]
