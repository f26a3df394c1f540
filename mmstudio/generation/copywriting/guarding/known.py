"""The facts of an item, read once with the same eyes as the text that is checked against them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.guarding.claims import claims, implied
from mmstudio.generation.copywriting.guarding.folding import HAN, fold, squeezed, stem
from mmstudio.generation.copywriting.guarding.quantities import Quantity, quantities
from mmstudio.generation.copywriting.guarding.vocabulary import is_kind_of, named

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.facts import Fact
    from mmstudio.generation.copywriting.guarding.vocabulary import Kind

_SAME_SIDES = {"l": "l", "w": "w", "h": "h", "d": "d", "i": "i", "r": "r"}


@dataclass(slots=True)
class Known:
    """What facts say, ready to be asked.

    Attributes:
        amounts: every quantity of a fact, with the fact's label.
        names: materials and colours → labels; claims: name → label.
        texts: (squeezed text, label) of facts; said: the same of reviews, which support only what is quoted.
    """

    amounts: list[tuple[Quantity, str]] = field(default_factory=list)
    materials: dict[str, str] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    languages: frozenset[bool] = frozenset()

    def verbatim(self, folded: str, start: int, end: int) -> str:
        """Label of a fact that holds these words with two more on either side that there are; "" if none.

        A figure or claim quoted together with its surroundings says what the fact says.
        """
        low, high = max(start - 60, 0), min(end + 60, len(folded))
        before, here, after = (
            squeezed(folded[low:start]),
            squeezed(folded[start:end]),
            squeezed(folded[end:high]),
        )
        if not here:
            return ""
        joined = (
            bool(folded[start - 1 : start].strip() and before),
            bool(folded[end : end + 1].strip() and after),
        )
        head = _last(before, joined[0])
        tail = _first(after, joined[1])
        wanted = [f"{head}{here}{tail}"]
        if len(head.split()) + len(tail.split()) < 2 and not HAN.search(head + tail):
            return ""
        for text, label in (*self.texts, *self.said):
            if any(piece in text for piece in wanted):
                return label
        return ""

    def named(self, name: str, kind: Kind) -> str:
        """Label of the fact that names a material or colour, or a kind of it."""
        table = self.materials if kind == "material" else self.colours
        return next((label for other, label in table.items() if is_kind_of(other, name, kind)), "")


def _last(before: str, joined: bool) -> str:
    words = before.split()[-2:]
    return (" ".join(words) + ("" if joined else " ")) if words else ""


def _first(after: str, joined: bool) -> str:
    words = after.split()[:2]
    return (("" if joined else " ") + " ".join(words)) if words else ""


@lru_cache(maxsize=64)
def known(facts: tuple[Fact, ...]) -> Known:
    """Read facts; the same facts are read once."""
    found = Known()
    languages: set[bool] = set()
    for fact in facts:
        folded, label = fold(fact.text[:5000]), fact.label
        if fact.kind == "review":
            found.said.append((squeezed(folded), label))
            continue
        found.texts.append((squeezed(folded), label))
        languages.add(HAN.search(folded) is not None)
        column = fact.key if fact.kind in ("attribute", "figure") else ""
        found.amounts += [(quantity, label) for quantity in quantities(folded, column)]
        for one in named(folded, "material"):
            found.materials.setdefault(one.name, label)
        for one in named(folded, "colour"):
            found.colours.setdefault(one.name, label)
        for claim in claims(folded if not column else f"{folded}\n{fold(column)}: {folded}"):
            for name in implied(claim.name):
                found.claims.setdefault(name, label)
        if fact.kind in ("attribute", "flag"):
            for word in folded.replace("-", " ").split():
                found.claims.setdefault(f"word:{stem(word)}", label)
    found.languages = frozenset(languages)
    return found
