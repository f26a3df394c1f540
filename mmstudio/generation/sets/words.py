"""The words of a set: an item's own facts through the copywriter, else a line that claims nothing.

Without an item a line names what is there to be seen and heard: the colours, the mood, what the given thing
is called. So it is true of the set by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.generation.copywriting.contract import Context, Span
from mmstudio.generation.sets import colours
from mmstudio.generation.sets.colours import colour_names
from mmstudio.generation.sets.contract import MadePart
from mmstudio.generation.sets.source import plain
from mmstudio.generation.steering import palette_of
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.generation.sets.contract import SetWish
    from mmstudio.generation.sets.source import Given

LINE, TITLE = 110, 48  # longest, a Han character counts double
VARIANTS = 5
_SHORTEST = 10  # of a line: a single word of a catalogue is none
_OTHER = 0.16  # OKLab distance from which a named colour is not one of the set's
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_EN = (
    "{C1} and {c2}, {m1} and {m2}.",
    "{M1} and {m2}, in {c1} and {c2}.",
    "{M1} {c1}, {m2} {c2}.",
    "{C1} meets {c2}: {m1} and {m2}.",
    "From {c1} to {c2}: {m1}, {m2}.",
)
_EN_NAMED = (
    "{N}, in {c1} and {c2}.",
    "{N}: {m1} and {m2}.",
    "{N}. {M1} {c1}, {m2} {c2}.",
    "{N}: {m1}, in {c1}.",
)
_ZH = (
    "{c1}与{c2}，{m1}而{m2}。",
    "{m1}的{c1}，{m2}的{c2}。",
    "{c1}之间，{m1}、{m2}。",
    "{m1}，{m2}，{c1}。",
    "{c1}，{c2}，{m1}。",
)
_ZH_NAMED = ("{N}：{c1}与{c2}。", "{N}，{m1}而{m2}。", "{N}，{m1}的{c1}。", "{N}：{m1}，{c2}与{c1}。")


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a line, others that would do, and what they rest on."""

    title: str
    text: str
    variants: tuple[str, ...]
    facts: tuple[str, ...]
    made: MadePart
    spans: tuple[Span, ...] = ()


def writing(
    generation: Generation, given: Given, wish: SetWish, seed: int
) -> Generator[Progress, None, Words]:
    """Write for the aim; the seed chooses among the lines that fit, 0 takes the best.

    Raises:
        NotFound: no such engine. StudioError: the engine cannot write.
    """
    yield Progress(0, 1, tr("Writing a line"))
    found = _about_item(generation, given, wish, seed) if given.item is not None else None
    if found is None or not found.text:
        found = _plain_line(given, wish, seed)
    yield Progress(1, 1, tr("Writing a line"))
    return found


def _about_item(generation: Generation, given: Given, wish: SetWish, seed: int) -> Words | None:
    from mmstudio.generation.sets.writers import copywriter_of

    item = given.item
    assert item is not None
    writer = copywriter_of(generation)
    common: dict[str, Any] = {"locale": given.locale, "seed": seed, "context": Context(mood=given.mood.words)}
    audience = given.audience.id if given.audience is not None else None
    wanted = (*given.mood.words, *given.favourites)
    brief = writer.brief("one_liner", item.id, audience, count=VARIANTS, limit=LINE, words=wanted, **common)
    written = writer.variants(brief, wish.engine)
    variants = [one for one in written if one.safe and weight(one.text) >= _SHORTEST]
    if not variants:
        return None
    # A line of a set is read beside a picture: lines of measurements come after those in words.
    variants = sorted(variants, key=lambda one: (_foreign(one.text, given), _figures(one.text)))
    chosen = variants[seed % len(variants)]
    head = writer.variants(writer.brief("headline", item.id, audience, count=1, limit=TITLE, **common))
    title = next((variant.text for variant in head if variant.safe and variant.text), item.title or item.sku)
    recipe: dict[str, Any] = {"by": "text", "engine": chosen.engine, "title": title, "text": chosen.text}
    recipe["item"] = item.sku
    if chosen.tone:
        recipe |= {"tone": chosen.tone, "tone_from": chosen.tone_from}
    recipe["spans"] = [span.as_json() for span in chosen.spans]
    order = [chosen, *(variant for variant in variants if variant is not chosen)]
    return Words(
        title, chosen.text, tuple(v.text for v in order), chosen.facts,
        MadePart("text", chosen.engine, seed, 1.0, recipe), chosen.spans,
    )  # fmt: skip


def _foreign(text: str, given: Given) -> bool:
    """Whether a line names a colour that the set does not have: the item has other variants."""
    return any(colours.distance([named], given.palette[:3]) > _OTHER for named in palette_of(text))


def _figures(text: str) -> bool:
    """Whether a line is mostly measurements: three figures or more."""
    return len(re.findall(r"\d+(?:[.,]\d+)?", text)) > 2


def _plain_line(given: Given, wish: SetWish, seed: int) -> Words:
    title, lines = lines_for(given)
    chosen = lines[seed % len(lines)]
    recipe = {"by": "text", "engine": "plain", "title": title, "text": chosen}
    facts = tuple(f"{tr('Colours')}: {', '.join(colour_names(given.palette, given.chinese))}".splitlines())
    facts += (f"{tr('Mood')}: {', '.join(given.mood.words)}",)
    order = (chosen, *(line for line in lines if line != chosen))
    return Words(title, chosen, order[:VARIANTS], facts, MadePart("text", "plain", seed, 1.0, recipe))


def lines_for(given: Given) -> tuple[str, tuple[str, ...]]:
    """(title, lines, best first) made of names of colours, mood words, and the name of what was given."""
    chinese = given.chinese
    first, second = _two(colour_names(given.palette, chinese), "彩色" if chinese else "colour")
    one, two = _two(given.mood.words, "平和" if chinese else "even")
    name = name_of(given)
    parts = {"c1": first, "c2": second, "m1": one, "m2": two, "N": name}
    parts |= {"C1": _upper(first), "M1": _upper(one)}
    plain_ones = _ZH if chinese else _EN
    named = (_ZH_NAMED if chinese else _EN_NAMED) if name else ()
    order = np.random.default_rng(sum(map(ord, name + first + one))).permutation(len(plain_ones))
    made = [pattern.format(**parts) for pattern in named]
    made += [plain_ones[place].format(**parts) for place in order]
    sentence = _own_sentence(given)
    lines = [sentence, *made] if sentence else made
    fitting = [line for line in dict.fromkeys(lines) if weight(line) <= LINE]
    title = f"{one}的{first}" if chinese else f"{_upper(one)} {first}"
    return title, tuple(fitting)


def name_of(given: Given) -> str:
    """What the given thing is called, short and in the set's language; "" where it has no name to show."""
    if given.kind == "text":
        short = given.text.rstrip(" .。!！?？")
        return _upper(short) if weight(short) <= 24 else ""
    if given.kind not in ("picture", "sound"):
        return ""
    own = given.tags[0] if given.tags else given.words.split(". ")[0].rstrip(" .")
    # A camera's or a program's name for a file says nothing to a reader.
    letters = re.sub(r"[\W\d_]+", " ", own).strip()
    if (
        weight(letters) < 4
        or weight(own) > 28
        or re.search(r"\d{3,}|^(img|dsc|dscn|pxl|untitled)\b", own.lower())
    ):
        return ""
    if given.chinese != bool(_HAN.search(own)):
        return ""
    return _upper(plain(own.replace("_", " ")))


def weight(text: str) -> int:
    """Length for limits: a Han character takes the room of two Latin ones."""
    return len(text) + len(_HAN.findall(text))


def _own_sentence(given: Given) -> str:
    """The given sentence itself where it is short enough to be a line, else its first sentence."""
    if given.kind != "text" or given.chinese != bool(_HAN.search(given.text)):
        return ""
    for text in (given.text, _SENTENCE.split(given.text)[0]):
        if 8 <= weight(text) <= LINE:
            ends = unicodedata.category(text[-1])[0] in "PS"
            return _upper(text) + ("" if ends else "。" if given.chinese else ".")
    return ""


def _two(words: Sequence[str], other: str) -> tuple[str, str]:
    found = [*words, other, other]
    return found[0], found[1]


def _upper(text: str) -> str:
    first = text[:1].upper()
    return (first if len(first) == 1 else text[:1]) + text[1:]
