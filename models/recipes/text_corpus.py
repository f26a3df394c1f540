"""What the starter models of texts learn from, and how it is split.

Nobody's words but those of the project, and of sets whose licence lets weights be trained on them.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from product_words import BLAME, BULLETS, CALLS, CLAIMS, COLOURS, KINDS, LOOKS, PRAISE
from texts import texts

from mmstudio.learning.texts.passages import Passage, clean, held_out

ROOT = Path(__file__).resolve().parents[2]
SEED, MADE = 2026, 12_000
PRODUCTS, OWN, EMOJI, POEMS = (
    "made product texts",
    "the project's own sentences",
    "emoji names and tags (MIT)",
    "Tang poems (MIT)",
)
SHARES = {PRODUCTS: 4, OWN: 1, EMOJI: 2, POEMS: 6}  # one text in so many makes the vocabulary
_NO_PROSE = re.compile(r"^(\s*[|#>`]|\s{4}|!\[|-{3})")
_MARKUP = re.compile(r"`[^`]*`|\[([^\]]*)\]\([^)]*\)|\*\*|\{[a-z_.:,]*\}")

Split = dict[str, tuple[list[str], list[str]]]  # name → texts to learn from, texts held out


def corpus(data: Path | None, root: Path = ROOT) -> Split:
    """Made texts, the project's own sentences (of the checkout in ``root``), and what ``data`` has of names
    of emoji and Tang poems."""
    found = {PRODUCTS: texts(MADE, SEED), OWN: _own(root)}
    if data is not None and (data / "emoji" / "items.csv").is_file():
        found[EMOJI] = list(_emoji(data / "emoji" / "items.csv"))
    if data is not None and (data / "poetry" / "tang.tsv").is_file():
        lines = (data / "poetry" / "tang.tsv").read_text(encoding="utf-8").splitlines()[1:]
        found[POEMS] = [line.split("\t")[2] for line in lines]
    return {name: _split(some) for name, some in found.items()}


def learned(split: Split, family: str) -> list[str]:
    """What a family learns from."""
    shares = {EMOJI: 2, POEMS: 4} if family == "text-vae" else {}  # few short sentences of use are among them
    return [text for name, (train, _) in split.items() for text in train[:: shares.get(name, 1)]]


def for_vocabulary(split: Split) -> list[str]:
    """What the vocabulary is learned from: each phrase of the grammar a few times rather than hundreds of
    times, so that it knows words and characters, not our phrases."""
    tables: list[dict[str, str]] = [COLOURS, LOOKS, PRAISE, BLAME, CLAIMS, CALLS, BULLETS]
    tables += [table for kind in KINDS.values() for table in kind]
    phrases = [f" {word}" for table in tables for pair in table.items() for word in pair]
    found = 3 * phrases + [phrase.strip().capitalize() for phrase in phrases]
    for name, share in SHARES.items():
        found += split[name][0][::share] if name in split else []
    return found


def _split(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """As bench_text_models.py splits a set: what it holds out of the poems the starters never saw."""
    kept = [text for text in dict.fromkeys(clean(text) for text in texts) if text]
    held = held_out([Passage(text, "review", place) for place, text in enumerate(kept)], 0)
    return [text for i, text in enumerate(kept) if i not in held], [
        text for i, text in enumerate(kept) if i in held
    ]


def _own(root: Path) -> list[str]:
    """Sentences of the window in both languages, and paragraphs of the documents."""
    found: list[str] = []
    for file in sorted((root / "resources" / "translations" / "zh_CN").glob("*.json")):
        for english, chinese in json.loads(file.read_text(encoding="utf-8")).items():
            both = (english, chinese if isinstance(chinese, str) else "")
            found += [_MARKUP.sub(r"\1", text) for text in both if len(text) >= 12]
    for file in sorted([*(root / "docs").glob("*.md"), *(root / "docs" / "adr").glob("*.md")]):
        paragraphs: list[list[str]] = [[]]
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.strip() or _NO_PROSE.match(line):
                paragraphs.append([])
            else:
                paragraphs[-1].append(line.strip().removeprefix("- "))
        found += [_MARKUP.sub(r"\1", " ".join(lines)) for lines in paragraphs if len(" ".join(lines)) > 40]
    return found


def _emoji(file: Path) -> Iterable[str]:
    draw = random.Random(SEED)
    with file.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            for title, tags, comma in (
                (row["title_en"], row["tags_en"], ", "),
                (row["title_zh"], row["tags_zh"], "、"),
            ):
                words = [word for word in tags.split("|") if word]
                draw.shuffle(words)
                if title:
                    yield f"{title}: {comma.join(words[:6])}" if words else title
