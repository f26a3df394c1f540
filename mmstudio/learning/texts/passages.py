"""What a person's texts are to a training: clean passages, which of them are alike, which are held out."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mmstudio.cleaning.texts import ALIKE_MIN, runs
from mmstudio.features.texts.sentences import sentences

Origin = Literal["file", "caption", "item", "review"]

LONGEST = 1500  # characters of a passage; longer texts are cut where a paragraph or a sentence ends
HELD_SHARE, MOST_HELD = 0.1, 1000
LEAST = 20  # passages, below which none is held out
_SKETCH = 8  # smallest hashes of a passage that find what is like it
_MOST_IN_BUCKET = 64
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffd]")
_SPACES = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r" ?\n[ \n]*\n ?| ?\n ?")


@dataclass(frozen=True)
class Passage:
    """One text to learn from.

    Attributes:
        text: clean, not empty. origin: where it stands.
        source: the asset's id ("file", "caption"), or the item's ("item", "review").
    """

    text: str
    origin: Origin
    source: int

    @property
    def asset(self) -> int:
        """The asset it belongs to, 0 for the words of an item."""
        return self.source if self.origin in ("file", "caption") else 0

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of what it says."""
        return hashlib.sha256(self.text.encode("utf-8", "ignore")).hexdigest()[:16]


def clean(text: str) -> str:
    """Without control characters, half characters, runs of spaces and of more than one empty line."""
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _SPACES.sub(" ", text)
    return _LINES.sub(lambda found: "\n\n" if found.group().count("\n") > 1 else "\n", text).strip()


def cut(text: str, longest: int = LONGEST) -> Iterator[str]:
    """A clean text in passages of at most ``longest`` characters: whole paragraphs while they fit, else whole
    sentences, else a hard cut (a line of a megabyte is such)."""
    held = ""
    for paragraph in text.split("\n\n"):
        if len(held) + len(paragraph) + 2 <= longest:
            held = f"{held}\n\n{paragraph}" if held else paragraph
            continue
        if held:
            yield held
        held = ""
        if len(paragraph) <= longest:
            held = paragraph
            continue
        for piece in _pieces(paragraph, longest):
            if held and len(held) + len(piece) + 1 > longest:
                yield held
                held = ""
            held = f"{held} {piece}" if held and not _is_cjk(piece[0]) else held + piece
    if held:
        yield held


def sentences_of(text: str, longest: int = 400) -> Iterator[str]:
    """The sentences of a passage; longer ones are cut."""
    for sentence in sentences(text):
        for first in range(0, len(sentence), longest):
            if piece := sentence[first : first + longest].strip():
                yield piece


def alike(passages: Sequence[Passage], *, whole_files: bool = False) -> list[list[int]]:
    """Places of the passages in groups that are nearly the same (most are of one); chains are followed.

    Two are alike where at least 65 % of the runs of three words of the shorter one stand in the other. Found
    through the smallest hashes of each (Broder's sketches, 1997). ``whole_files``: passages of one file are
    one group.
    """
    parent = list(range(len(passages)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    if whole_files:
        first: dict[int, int] = {}
        for i, passage in enumerate(passages):
            if passage.asset:
                parent[root(i)] = root(first.setdefault(passage.asset, i))
    prints = [runs(passage.text) for passage in passages]
    buckets: defaultdict[int, list[int]] = defaultdict(list)
    for i, hashes in enumerate(prints):
        for value in hashes[:_SKETCH].tolist():
            buckets[value].append(i)
    for bucket in buckets.values():
        for at, i in enumerate(bucket[:_MOST_IN_BUCKET]):
            for j in bucket[at + 1 :]:
                if root(i) == root(j):
                    continue
                both = len(np.intersect1d(prints[i], prints[j], assume_unique=True))
                if both >= ALIKE_MIN * min(len(prints[i]), len(prints[j])):
                    parent[root(j)] = root(i)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i in range(len(passages)):
        groups[root(i)].append(i)
    return list(groups.values())


def held_out(passages: Sequence[Passage], seed: int) -> set[int]:
    """Places of the passages to hold out: about a tenth, at most 1,000; none of fewer than 20.

    Depends on the seed and on what the texts say, not on ids. What is alike goes to the same side, and
    whole files where there are enough of them.
    """
    if len(passages) < LEAST:
        return set()
    sources = {(passage.origin, passage.source) for passage in passages}
    groups = alike(passages, whole_files=len(sources) >= LEAST)
    wanted = min(MOST_HELD, max(1, round(HELD_SHARE * len(passages))))
    chosen: set[int] = set()
    for group in sorted(groups, key=lambda group: _lot(seed, min(passages[i].digest for i in group))):
        if len(chosen) + len(group) <= wanted:
            chosen |= set(group)
    return chosen


def _pieces(paragraph: str, longest: int) -> Iterator[str]:
    for piece in sentences(paragraph) or [paragraph]:
        for first in range(0, len(piece), longest):
            yield piece[first : first + longest]


def _is_cjk(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef"


def _lot(seed: int, digest: str) -> bytes:
    return hashlib.sha256(f"{seed} {digest}".encode()).digest()
