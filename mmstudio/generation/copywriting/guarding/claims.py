"""Claims: what a text promises beyond figures, each under a name that is the same in both languages.

A claim is supported where a fact makes the same one. Names with a colon carry what is claimed
(``free:bpa``, ``origin:italy``, ``most:light``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from mmstudio.generation.copywriting.tables import table

_GOODS = (
    r"(?:made|craft\w*|design\w*|leather|wool|cotton|silk|linen|steel|oak|quality|engineer\w*|fabric|manufactur\w*"
    r"|style|ceramic\w*|glass|wood|watch\w*|shoes?)"
)
_MAKING = (
    r"(?:(?:made|manufactured|produced|crafted|sewn|woven|designed|assembled|handmade|born|grown|built|spun|imported"
    r"|sourced)(?: by hand)? (?:in|from) (?:the )?|(?:a )?product of (?:the )?|from the (?:heart"
    r"|hills|workshops?) of "
    r"|产自|产于|原产(?:地为?|于)?|来自|进口自)"
)
_IMPORTED = re.compile(
    r"\bimported\b|进口|\bmade (?:locally|here)\b|locally (?:made|sourced|grown)|home-?grown|国产|本地制造"
)
_MADE_IN = re.compile(
    r"\b(?:made|manufactured|assembled) in (?!(?:a|an|the|one|two|three|our|your|small|minutes)\b)([a-z]{3,})"
)
_FREE_OF = re.compile(
    r"(?<![a-z])([a-z]{2,})[- ]free(?![a-z])|\bfree (?:of|from) ([a-z]{3,})|(?:不含|零添加"
    r"|无添加)([\u3400-\u9fff]{1,4})"
)
_SUPERLATIVE = re.compile(
    r"(?<![a-z])(?:([a-z]{3,}?)(i?est)(?![a-z])|(?:the|our|its) (most|least) ([a-z]+)|最([\u3400-\u9fff]))"
)
_NOT_EST = re.compile(
    r"^(?:forest|guest|interest|request|test|west|vest|chest|nest|quest|honest|modest|earnest|harvest|invest|suggest"
    r"|protest|contest|digest|arrest|manifest|priest|crest|pest|zest|jest|lest|breast|fest|everest|budapest|midwest"
    r"|northwest|southwest|tempest|conquest|rest|unrest|dishonest|divest|behest|attest|detest|ingest|infest|ernest"
    r"|bequest|best|backrest|headrest|armrest|footrest|amethyst|blest|least|est)$"
)
_HAN_MOST = re.compile(
    r"最(?:[长高多少大低快](?=[约可达\d一二两三四五六七八九十])|好|佳|棒|优|后|近|终|初|多可|多|少|长可|高可|爱|喜欢)"
)
_MARKED = re.compile(r"([a-z][\w-]{2,24})\s?[®™]")
_FREE_THING = re.compile(r" (?:shipping|delivery|returns?|gifts?|trial|samples?|time|postage|hand)")
_NOT_FREE_OF = frozenset(
    [
        "for",
        "care",
        "hands",
        "set",
        "all",
        "feel",
        "get",
        "be",
        "break",
        "is",
        "are",
        "the",
        "with",
        "and",
        "our",
        "your",
        "a",
        "an",
        "of",
        "now",
        "plus",
        "this",
        "that",
        "it",
        "you",
        "to",
        "in",
        "on",
        "or",
        "as",
        "by",
        "from",
        "has",
        "have",
        "enjoy",
    ]
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim at ``start:end`` under its name."""

    start: int
    end: int
    name: str


@cache
def _claims() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """All forms of all claims as one pattern, and the name of each of its groups."""
    forms: dict[str, str] = table("claims")["claims"]
    pattern = "|".join(f"(?P<c{n}>(?<![a-z])(?:{words})(?![a-z]))" for n, words in enumerate(forms.values()))
    return re.compile(pattern), tuple(forms)


@cache
def _origins() -> tuple[tuple[re.Pattern[str], ...], tuple[str, ...]]:
    """Patterns of where a thing is from, and the place of each of their groups."""
    places: dict[str, str] = table("claims")["places"]
    place = "|".join(f"(?P<p{n}>{words})" for n, words in enumerate(places.values()))
    han = place.replace("(?P<p", "(?P<q")
    return (
        re.compile(rf"{_MAKING}(?:{place})(?![a-z])"),
        re.compile(rf"(?<![a-z])(?:{place})[- ]{_GOODS}(?![a-z])|(?:{han})(?:制造|原装|进口|工艺|生产|产)"),
    ), tuple(places)


def claims(folded: str) -> list[Claim]:
    """Every claim of a folded text, in order; a longer one hides those within it."""
    pattern, names = _claims()
    found = [
        Claim(m.start(), m.end(), names[int((m.lastgroup or "c0")[1:])]) for m in pattern.finditer(folded)
    ]
    origins, places = _origins()
    for origin in origins:
        for match in origin.finditer(folded):
            place = next(k for k, v in match.groupdict().items() if v)
            found.append(Claim(match.start(), match.end(), f"origin:{places[int(place[1:])]}"))
    found += [Claim(m.start(), m.end(), f"origin:{m[1]}") for m in _MADE_IN.finditer(folded)]
    found += [Claim(m.start(), m.end(), "origin:abroad") for m in _IMPORTED.finditer(folded)]
    for match in _FREE_OF.finditer(folded):
        what = next(group for group in match.groups() if group)
        if what not in _NOT_FREE_OF and not _FREE_THING.match(folded, match.end()):
            found.append(Claim(match.start(), match.end(), f"free:{what}"))
    found += _superlatives(folded)
    found += [Claim(m.start(), m.end(), f"mark:{m[1]}") for m in _MARKED.finditer(folded)]
    found.sort(key=lambda claim: (claim.start, -claim.end))
    kept: list[Claim] = []
    for claim in found:
        if kept and claim.start < kept[-1].end:
            if claim.end <= kept[-1].end:
                continue
            claim = Claim(kept[-1].end, claim.end, claim.name)
        kept.append(claim)
    return kept


def _superlatives(folded: str) -> list[Claim]:
    found = []
    for match in _SUPERLATIVE.finditer(folded):
        if match[1]:
            if _NOT_EST.match(match.group()):
                continue
            root = match[1] + ("y" if match[2] == "iest" else "")
            found.append(Claim(match.start(), match.end(), f"most:{root}"))
        elif match[3]:
            if match[4] != "of":
                found.append(Claim(match.start(), match.end(), f"{match[3]}:{match[4]}"))
        elif not _HAN_MOST.match(folded, match.start()):
            found.append(Claim(match.start(), match.end(), f"most:{match[5]}"))
    return found


def implied(name: str) -> tuple[str, ...]:
    """Claims that whoever makes this one has made as well, itself first."""
    return (name, *table("claims")["implies"].get(name, ()))
