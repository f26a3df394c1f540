"""A text outline read as a story: a title, and parts that each become a scene."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from mmstudio.composition.making.narration import weight
from mmstudio.composition.making.plain import clean, shortened

MOST_SCENES, LEAST_SCENES = 8, 3
LONGEST_TITLE = 90  # letters; a Han character counts double
_TITLE_LINE = 48  # letters of a first line that may be a title
_ENDS = ".!?…:;,。！？：；，"
_LONGEST_PART = 2_000  # characters of a part that are read
_LINE = re.compile(r"^\s*(?:(?:[-*•·▪●–]|\d{1,3}[.)])\s+|\d{1,3}、\s*)(?=\S)")
_HEAD = re.compile(r"^\s*(#{1,6})\s+(\S.*)$")
_LABEL = re.compile(r"^([^.!?:。！？：]{2,40})[:：]\s*(\S.*)$", re.DOTALL)
_PICTURE = re.compile(
    r"[\[【(（]\s*(?:picture|image|图片|图)\s*[:：]\s*([^\]】)）]{1,200})[\]】)）]", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][\"”’)])\s+|(?<=[。！？])(?![”’」』）])\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """What one scene tells: a heading or "", the text, and the picture it asks for by name or in words."""

    heading: str = ""
    text: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A title ("" where the text gives none) and its parts in order."""

    title: str
    parts: tuple[Part, ...]


def read_outline(text: str, most: int = MOST_SCENES, title: str = "") -> Outline:
    """Read an outline of any shape as at most ``most`` parts.

    Headings (``#``) part it, else bullets or numbers, else paragraphs, else lines, else sentences.
    ``[picture: harbour at night]`` asks for a picture. Too many parts are joined with their neighbours:
    nothing is left out but what exceeds 2,000 characters a part.
    """
    lines = _lines(text)
    given = title
    if not given:
        given, lines = _titled(lines)
    parts = [part for part in map(_part, _blocks(lines)) if part.picture or _says(part.heading + part.text)]
    if len(parts) == 1 and not parts[0].heading:
        parts = [
            replace(parts[0], picture="" if n else parts[0].picture, text=s)
            for n, s in enumerate(_sentences(parts[0].text))
        ]
    return Outline(short_title(given), tuple(_joined(parts, max(most, 1))))


def short_title(text: str) -> str:
    """A title of at most 90 letters, cut at a word, without control characters."""
    text = clean(text)
    cut = text
    while weight(cut) > LONGEST_TITLE:
        cut = cut[: max(len(cut) * LONGEST_TITLE // weight(cut), 1)]
        if weight(cut) <= LONGEST_TITLE:
            break
        cut = cut[:-1]
    return text if cut == text else shortened(text, max(len(cut), 2))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    return [one.strip() for one in _SENTENCE.split(text) if one.strip()]


def shown(text: str, most: int) -> str:
    """As many whole sentences as fit ``most`` letters (Han double), else the first one cut at a word."""
    kept = ""
    for sentence in sentences_of(text):
        joined = (
            f"{kept} {sentence}".strip() if kept.isascii() and sentence.isascii() else f"{kept}{sentence}"
        )
        if not kept.isascii() or not sentence.isascii():
            joined = f"{kept}{' ' if kept and not _han(kept[-1] + sentence[0]) else ''}{sentence}"
        if weight(joined) > most:
            break
        kept = joined
    if kept:
        return kept
    room = most if text.isascii() else max(most * len(text) // max(weight(text), 1), 2)
    return shortened(text, room)


def _says(text: str) -> bool:
    """Whether there is more than punctuation."""
    return any(char.isalnum() or char > "\u2190" for char in text)


def _han(text: str) -> bool:
    return any(unicodedata.east_asian_width(char) in "WF" for char in text)


def _lines(text: str) -> list[str]:
    kept = "".join(
        c
        for c in text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
        if c in "\n\t" or c >= " "
    )
    return kept.split("\n")


def _titled(lines: list[str]) -> tuple[str, list[str]]:
    """The one first-level heading, taken off."""
    heads = [(i, m) for i, line in enumerate(lines) if (m := _HEAD.match(line))]
    first = [(i, m) for i, m in heads if len(m.group(1)) == 1]
    if len(first) == 1 and all(not line.strip() for line in lines[: first[0][0]]):
        return first[0][1].group(2), lines[first[0][0] + 1 :]
    if not heads and (place := _title_line(lines)) is not None:
        return lines[place].strip(), lines[place + 1 :]
    return "", lines


def _title_line(lines: list[str]) -> int | None:
    """The first line's place where it reads like a title: short, no sentence, over sentences or a list."""
    told = [i for i, line in enumerate(lines) if line.strip()]
    if len(told) < 4:
        return None
    first, rest = lines[told[0]].strip(), [lines[i].strip() for i in told[1:]]
    if weight(first) > _TITLE_LINE or first[-1] in _ENDS or _LINE.match(first) or _PICTURE.search(first):
        return None
    told_as_text = sum(line[-1] in _ENDS or _LINE.match(line) is not None for line in rest)
    return told[0] if 2 * told_as_text > len(rest) else None


def _blocks(lines: list[str]) -> list[tuple[str, str]]:
    """(heading, text) of every part."""
    if any(_HEAD.match(line) for line in lines):
        return _by(lines, _HEAD)
    if sum(bool(_LINE.match(line)) for line in lines) >= 2:
        return _by(lines, _LINE)
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    paragraphs = [block for block in paragraphs if block]
    if len(paragraphs) == 1:
        paragraphs = [[line] for line in paragraphs[0]]
    return [("", " ".join(block)) for block in paragraphs]


def _by(lines: list[str], mark: re.Pattern[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if hit := mark.match(line):
            head = hit.group(2) if mark is _HEAD else ""
            found.append((head, [] if mark is _HEAD else [line[hit.end() :]]))
        elif line.strip():
            if not found:
                found.append(("", []))
            found[-1][1].append(_LINE.sub("", line))
    return [(head, " ".join(body)) for head, body in found]


def _part(block: tuple[str, str]) -> Part:
    heading, text = block
    text = text[:_LONGEST_PART]
    wish = _PICTURE.search(text)
    text = clean(_PICTURE.sub(" ", text))
    heading = clean(_PICTURE.sub(" ", heading), 80)
    label = _LABEL.match(text) if not heading else None
    if label is not None and weight(label.group(1)) <= 40:
        heading, text = label.group(1).strip(), label.group(2).strip()
    return Part(heading, text, clean(wish.group(1)) if wish else "")


def _sentences(text: str) -> list[str]:
    return sentences_of(text) or ([text] if text else [])


def _joined(parts: list[Part], most: int) -> list[Part]:
    """At most ``most`` parts: the neighbours that are shortest together become one."""
    parts = list(parts)
    if len(parts) > 64:  # a very long outline first in even runs
        size = -(-len(parts) // 64)
        parts = [_one(parts[i : i + size]) for i in range(0, len(parts), size)]
    while len(parts) > most:
        at = min(range(len(parts) - 1), key=lambda i: len(parts[i].text) + len(parts[i + 1].text))
        parts[at : at + 2] = [_one(parts[at : at + 2])]
    return parts


def _one(parts: list[Part]) -> Part:
    heading = next((part.heading for part in parts if part.heading), "")
    texts = [
        part.text if part.heading == heading or not part.heading else f"{part.heading}: {part.text}"
        for part in parts
    ]
    text = " ".join(text for text in texts if text)
    picture = next((part.picture for part in parts if part.picture), "")
    return Part(heading, text[:_LONGEST_PART], picture)
