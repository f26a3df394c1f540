"""What the parts of a storyboard are called in a person's language: the one place that names them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import Storyboard

NAMES: dict[str, str] = {
    "answer": mark("Answer"),
    "back": mark("Surface"),
    "background": mark("Background"),
    "badge": mark("Badge"),
    "band": mark("Band"),
    "banner": mark("Banner"),
    "bar": mark("Bar"),
    "body": mark("Text"),
    "bubble": mark("Speech bubble"),
    "button": mark("Button"),
    "caption": mark("Caption"),
    "card": mark("Card"),
    "cell": mark("Cell"),
    "choice": mark("Choice"),
    "cover": mark("Cover"),
    "cta": mark("Button"),
    "detail": mark("More pictures"),
    "disc": mark("Disc"),
    "disclaimer": mark("Disclaimer"),
    "dot": mark("Dot"),
    "effect": mark("Effect"),
    "end": mark("End"),
    "eyebrow": mark("Small line above"),
    "foot": mark("Footer"),
    "footer": mark("Footer"),
    "frame": mark("Picture frame"),
    "ground": mark("Ground"),
    "header": mark("Header"),
    "heading": mark("Heading"),
    "headline": mark("Headline"),
    "hero": mark("Main picture"),
    "initial": mark("First letter"),
    "line": mark("Line"),
    "logo": mark("Logo"),
    "look": mark("Shot"),
    "look_dark": mark("Shot"),
    "music": mark("Music"),
    "name": mark("Name"),
    "note": mark("Written note"),
    "notes": mark("Notes"),
    "number": mark("Number"),
    "opening": mark("Opening"),
    "page": mark("Page"),
    "panel": mark("Panel"),
    "photo": mark("Picture"),
    "picture": mark("Picture"),
    "point": mark("Point"),
    "portrait": mark("Portrait picture"),
    "price": mark("Price"),
    "privacy": mark("Privacy"),
    "question": mark("Question"),
    "quiz": mark("Quiz"),
    "quote": mark("Customer's words"),
    "quote_by": mark("Who said it"),
    "rating": mark("Rating"),
    "role": mark("What they do"),
    "rule": mark("Dividing line"),
    "scene": mark("Scene"),
    "scrim": mark("Shade"),
    "sequence": mark("Sequence"),
    "shape": mark("Shape"),
    "sheet": mark("Sheet"),
    "shot": mark("Shot"),
    "source": mark("Source"),
    "step": mark("Step"),
    "stripe": mark("Stripe"),
    "studies": mark("Pictures"),
    "study": mark("Picture"),
    "subtitle": mark("Subtitle"),
    "summary": mark("Summary"),
    "synthetic": mark("Mark of a made picture"),
    "table": mark("Table"),
    "text": mark("Text"),
    "texture": mark("Texture"),
    "title": mark("Title"),
    "track": mark("Music"),
    "trait": mark("Trait"),
    "veil": mark("Veil"),
    "voice": mark("Voice"),
    "words": mark("Words"),
}
_PLAIN = "_plain"  # a pattern of the same use without a picture
_CELL = re.compile(r"([a-f])_(.+)")  # a place of a catalogue page: "b_price" is the price of the second item
_NUMBER = re.compile(r"(.*?)[ _]?(\d+(?:-\d+)?)")


def shown_name(name: str) -> str:
    """A layer's, slot's or scene's name as a person reads it ("note2" is "Note 2"); a person's own stays."""
    stem, number = name.strip(), ""
    if stem not in NAMES and (found := _NUMBER.fullmatch(stem)):
        stem, number = found[1], found[2]
    if stem not in NAMES and (cell := _CELL.fullmatch(stem)):
        stem, number = cell[2], str("abcdef".index(cell[1]) + 1)
    known = NAMES.get(stem) or NAMES.get(stem.removesuffix(_PLAIN))
    if known:
        return f"{tr(known)} {number}".strip()
    return name[:1].upper() + name[1:]


def part_name(board: Storyboard, part: str) -> str:
    """A part of a storyboard in words: ``shot2.picture`` and ``shot2/picture`` are "Picture, scene 2"."""
    scene, sign, layer = part.rpartition("/" if "/" in part else ".")
    words = shown_name(layer)
    place = next((n for n, one in enumerate(board.scenes, 1) if one.name == scene), 0) if sign else 0
    return tr("{part}, scene {n}", part=words, n=place) if place and len(board.scenes) > 1 else words
