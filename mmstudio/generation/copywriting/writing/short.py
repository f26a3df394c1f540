"""Short texts from pieces: headlines, single lines, calls, descriptions, bullet points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.lines import HAN, weight
from mmstudio.generation.copywriting.writing.pieces import Piece, Pieces, Told, tidy

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief


def _bare(text: str) -> str:
    return text.rstrip(".。")


def headlines(p: Pieces, brief: Brief) -> Iterator[Told]:
    """Name, name and detail, a detail, name and price, words of a review: each as the tone puts it."""
    name = p.name or Piece("", "")
    short = [q for q in p.quotes if weight(q.text) <= brief.longest - 2]
    points = [q for q in p.points if weight(q.text) <= max(brief.longest - 8, 10)] or [Piece("", "")]
    values = {
        "name": name.text,
        "category": p.category.text if p.category and _fits(p, p.category.text) else "",
        "price": p.price.text if p.price else "",
        "attributes": (" · ").join(a.text for _, a in p.attributes[:1]),
        "quote": _bare(short[0].text) if short else "",
    }
    facts = {
        "name": name.fact,
        "category": p.category.fact if p.category else "",
        "price": p.price.fact if p.price else "",
        "attributes": p.attributes[0][1].fact if p.attributes else "",
        "quote": short[0].fact if short else "",
    }
    for point in points[:6]:
        filled = {**values, "point": _bare(point.text)}
        for text in p.every("headline", **filled):
            made = tidy(text)
            if weight(made) <= brief.longest:
                held = [
                    fact
                    for key, fact in {**facts, "point": point.fact}.items()
                    if filled[key] and filled[key] in text
                ]
                yield Told(made, held)


def one_liners(p: Pieces, brief: Brief) -> Iterator[Told]:
    """A detail or two, attributes, or a sentence of a review, led in as the tone has it."""
    singles: list[tuple[str, list[str]]] = [(point.text, [point.fact]) for point in p.points]
    pairs = [
        (p.join((a.text, b.text)), [a.fact, b.fact]) for a, b in zip(p.points, p.points[1:], strict=False)
    ]
    listed = [a for _, a in p.attributes[:3]]
    if listed:
        singles.append((" · ".join(a.text for a in listed), [a.fact for a in listed]))
    singles += [(f"“{q.text}”", [q.fact]) for q in p.quotes]
    if not singles and p.name is not None:
        singles.append((p.join((p.words("opening", name=p.name.text),)), [p.name.fact]))
    order = [entry for both in _zipped(singles, pairs) for entry in both]
    for text, facts in order:
        lead = p.words("line_lead", name=p.name.text if p.name else "x")
        made = tidy(lead + text)
        if weight(made) > brief.longest:
            made = tidy(text)
        yield Told(made, facts)


def _zipped(
    first: list[tuple[str, list[str]]], second: list[tuple[str, list[str]]]
) -> Iterator[list[tuple[str, list[str]]]]:
    for at in range(max(len(first), len(second))):
        yield [entry for entries in (first, second) for entry in entries[at : at + 1]]


def calls(p: Pieces, brief: Brief) -> Iterator[Told]:
    """What to do next; to buy only where there is a price."""
    slot = "call_to_action" if p.price else "call_without_price"
    facts = [p.price.fact] if p.price else []
    if p.price and p.category and _fits(p, p.category.text):
        text = f"选购{p.category.text}" if p.chinese else f"Shop {p.category.text.lower()}"
        if weight(text) <= brief.longest and (p.chinese or p.category.text.endswith("s")):
            yield Told(text, [*facts, p.category.fact])
    for text in p.every(slot):
        yield Told(text, facts)


def _fits(p: Pieces, text: str) -> bool:
    """Whether words are in the reader's language."""
    return (HAN.search(text) is not None) == p.chinese


def descriptions(p: Pieces, brief: Brief) -> Iterator[Told]:
    """An opening, details, attributes, a review, the price, a close: in the tone's order, as long as fits."""
    if p.name is None:
        return
    for turn in range(max(2 * brief.count, 6)):
        start = turn % max(len(p.points), 1)
        points = p.points[start:] + p.points[:start]
        yield _fitted(p, brief, _order(p, points, turn))


def _order(p: Pieces, points: list[Piece], turn: int) -> list[tuple[str, str]]:
    name = p.name or Piece("", "")
    opening = (p.words("opening", name=name.text), name.fact)
    details = [(point.text, point.fact) for point in points[: {"urgent": 2, "calm": 3}.get(p.tone, 5)]]
    listed = [
        (f"{key}{'：' if p.chinese else ': '}{a.text}{'。' if p.chinese else '.'}", a.fact)
        for key, a in p.attributes[:3]
    ]
    quote = (
        [(p.words("quote", quote=q.text), q.fact) for q in p.quotes[turn % len(p.quotes) :][:1]]
        if p.quotes
        else []
    )
    price = [(p.words("price", price=p.price.text), p.price.fact)] if p.price else []
    place = (
        [(p.words("category", category=p.category.text), p.category.fact)]
        if p.category and _fits(p, p.category.text)
        else []
    )
    close = [(p.words("close"), "")]
    match p.tone:
        case "formal":
            return [opening, *place, *listed, *details, *price, *close]
        case "urgent":
            return [opening, *price, *details, *listed[:1], *close]
        case "playful":
            return (
                [*quote, opening, *details, *price, *close]
                if turn % 2
                else [opening, *details, *quote, *price, *close]
            )
        case "warm":
            return [opening, *details[:3], *quote, *listed[:1], *price, *close]
        case "calm":
            return [opening, *details, *listed[:2], *close]
    return [opening, *details, *listed, *quote, *price] if turn % 2 else [opening, *listed, *details, *price]


def _fitted(p: Pieces, brief: Brief, entries: list[tuple[str, str]]) -> Told:
    """As many entries as fit; what is too long is left out whole, never cut."""
    kept: list[tuple[str, str]] = []
    used = 0
    for text, fact in entries:
        text = tidy(text)
        room = weight(text) + (0 if p.chinese else 1)
        if text and used + room <= brief.longest + 1:
            kept.append((text, fact))
            used += room
    return Told(p.join(text for text, _ in kept), [fact for _, fact in kept if fact])


def bullets(p: Pieces, brief: Brief) -> Iterator[Told]:
    """Three to six lines, each a detail, a column or the price."""
    for turn in range(max(2 * brief.count, 6)):
        start = turn % max(len(p.points), 1)
        points = (p.points[start:] + p.points[:start])[: 4 - turn % 2]
        lines = [(_bare(point.text), point.fact) for point in points]
        listed = [
            (f"{key}{'：' if p.chinese else ': '}{a.text}", a.fact) for key, a in p.attributes[: 3 + turn % 2]
        ]
        lines = listed + lines if p.tone == "formal" or turn % 3 == 2 else lines + listed
        if p.price:
            lines.append((_bare(p.words("price", price=p.price.text)), p.price.fact))
        if not lines and p.name:
            lines = [(p.name.text, p.name.fact)]
        if turn % 4 == 3:
            p.rng.shuffle(lines)
        kept: list[tuple[str, str]] = []
        for text, fact in lines[: 6 - turn % 3]:
            if sum(weight(t) + 3 for t, _ in kept) + weight(text) + 2 <= brief.longest:
                kept.append((text, fact))
        if kept:
            yield Told("\n".join(f"- {tidy(text)}" for text, _ in kept), [fact for _, fact in kept])
