"""Materials and colours by name, in English and Chinese, and the few nouns that both languages count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mmstudio.generation.copywriting.tables import table

# Names of colours that mean something else more often: read as one only where a colour is spoken of.
_OFTEN_ELSE = {
    "rose", "mint", "peach", "coral", "olive", "tan", "cream", "orange", "lavender", "mustard", "charcoal",
    "gold",
    "silver", "ivory", "violet", "emerald", "indigo", "aqua", "golden", "lilac",
}  # fmt: skip
_NOT_COLOUR = re.compile(
    r"\b(?:black friday|red[- ]eye|green (?:light|tea|thumb)|blue(?:tooth|print|s\b)|white (?:noise"
    r"|water|label)"
    r"|red tape|out of the blue|golden (?:hour|rule)|silver lining|gold standard|black belt|white "
    r"board|grey area"
    r"|caught red|in the (?:black|red)|red carpet|red hot|cream of|cork board|think pink)\b"
    r"|红包|红茶|绿茶|黑科技|黑夜|白天|明白|空白|网红|黑马|分红|红利|灰心|红枣|蓝牙|红外|绿植|黑暗|黑五|口红|白领|蓝图|绿道"
)
_COLOUR_SPOKEN = re.compile(
    r"(?:\b(?:in|in a|colou?rs?|shades? of|tones? of|hues? of|and|or|with|,|/|dyed|painted|deep"
    r"|bright|light|dark|pale"
    r"|soft|dusty)\s?)$"
)
_COLOUR_GOES_ON = re.compile(r"\s?(?:/|-?colou?r|-?tone|\band\b (?:black|white|blue|red|gr[ae]y|pink|green))")

Kind = Literal["material", "colour"]


@dataclass(frozen=True, slots=True)
class Named:
    """A material or colour named at ``start:end``."""

    start: int
    end: int
    name: str


def _names(kind: Kind) -> dict[str, list[str]]:
    """name → (wider name or "", words): what is a kind of another supports it, not the reverse."""
    names: dict[str, list[str]] = table("vocabulary")["materials" if kind == "material" else "colours"]
    return names


def counted_nouns() -> dict[str, str]:
    """Nouns counted in both languages, so that "three colours" meets 三种颜色."""
    nouns: dict[str, str] = table("vocabulary")["nouns"]
    return nouns


def _compiled(names: dict[str, list[str]]) -> tuple[re.Pattern[str], dict[str, str]]:
    groups: dict[str, str] = {}
    parts: list[tuple[int, str]] = []
    for number, (name, (_, words)) in enumerate(names.items()):
        group = f"g{number}"
        groups[group] = name
        longest = max(map(len, re.sub(r"\(\?[^)]*\)|[\\?]", "", words).split("|")))
        han = [w for w in words.split("|") if re.search("[\u3400-\u9fff]", w)] if "(" not in words else []
        latin = [w for w in words.split("|") if w not in han] if "(" not in words else [words]
        pieces = [rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])"] if latin and "(" not in words else []
        if "(" in words:
            pieces = [rf"(?<![a-z])(?:{words})(?![a-z])"]
        if han:
            pieces.append("|".join(sorted(han, key=len, reverse=True)))
        parts.append((longest + (8 if " " in name else 0), f"(?P<{group}>{'|'.join(pieces)})"))
    parts.sort(key=lambda part: -part[0])
    return re.compile("|".join(part for _, part in parts)), groups


@cache
def _patterns(kind: Kind) -> tuple[re.Pattern[str], dict[str, str]]:
    return _compiled(_names(kind))


def named(folded: str, kind: Kind) -> list[Named]:
    """Every material or colour a folded text names; what it is free of ("leather-free") is none."""
    pattern, groups = _patterns(kind)
    found: list[Named] = []
    for match in pattern.finditer(folded):
        name = groups[match.lastgroup or ""]
        if kind == "colour" and not _is_colour(folded, match):
            continue
        if re.match(r"[\s-]free\b", folded[match.end() : match.end() + 6]) or _without(folded, match.start()):
            continue
        found.append(Named(match.start(), match.end(), name))
    return found


def _without(folded: str, start: int) -> bool:
    return (
        re.search(
            r"(?:\bno|\bwithout(?: any)?|\bfree (?:of|from)|不含|无)\s?$", folded[max(start - 16, 0) : start]
        )
        is not None
    )


def _is_colour(folded: str, match: re.Match[str]) -> bool:
    around = folded[max(match.start() - 14, 0) : match.end() + 12]
    if any(match.group() in elsewhere.group() for elsewhere in _NOT_COLOUR.finditer(around)):
        return False
    if match.group() not in _OFTEN_ELSE:
        return True
    before = folded[max(match.start() - 16, 0) : match.start()]
    return bool(_COLOUR_SPOKEN.search(before) or _COLOUR_GOES_ON.match(folded, match.end()))


def is_kind_of(name: str, other: str, kind: Kind) -> bool:
    """Whether ``name`` is ``other`` or a kind of it: merino wool is wool, wool is not merino."""
    names = _names(kind)
    while name:
        if name == other:
            return True
        name = names[name][0] if name in names else ""
    return False
