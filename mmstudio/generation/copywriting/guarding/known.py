"""The facts of an item, read once with the same eyes as the text that is checked against them."""

from __future__ import annotations

import re
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

_EDGE = re.compile(r"\n|(?<!\d)\"")  # where a line or a quotation ends: what is beyond is not of it
_BOUND = re.compile(r"(?:up to|at most|as (?:much|many|long) as|最多|最长|最高|可达)\s?$")


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
        """Label of a fact that holds these words together with those around them; "" if none does.

        Of an item's own facts two words on either side must agree, as far as the line goes; a review supports
        only what stands within one of its sentences that is quoted whole.
        """
        low, high = max(start - 60, 0), min(end + 60, len(folded))
        low += max((found.end() for found in _EDGE.finditer(folded, low, start)), default=low) - low
        edge = _EDGE.search(folded, end, high)
        high = edge.start() if edge else high
        here = squeezed(folded[start:end])
        if not here:
            return ""
        glued = bool(folded[start - 1 : start].strip()), bool(folded[end : end + 1].strip())
        before, after = squeezed(folded[low:start]), squeezed(folded[end:high])
        head, tail = _last(before, glued[0] and before != ""), _first(after, glued[1] and after != "")
        if len(head.split()) + len(tail.split()) >= 2 or HAN.search(head + tail):
            wanted = f"{head}{here}{tail}".strip(" .,")
            for text, label in self.texts:
                at = text.find(wanted)
                if at >= 0 and not (not head and _BOUND.search(text[:at])):
                    return label
        return self._quoted(squeezed(folded[max(start - 300, 0) : end + 300]), here)

    def _quoted(self, around: str, here: str) -> str:
        for text, label in self.said:
            bare = text.strip(" .,")
            whole = len(bare.split()) >= 3 or len(HAN.findall(bare)) >= 6
            if whole and here in bare and bare in around:
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
