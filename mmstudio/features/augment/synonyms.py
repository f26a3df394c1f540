"""Words that mean the same: the project's own lists, and WordNet where a person has installed it with data.

Nothing is downloaded. A WordNet is looked for in the packages ``wn`` (with an English or Chinese lexicon
added) and ``nltk`` (with its corpus present).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mmstudio.i18n import mark, tr
from mmstudio.paths import resource

log = logging.getLogger(__name__)
Language = Literal["en", "zh"]
_MOST = 8  # words taken from one WordNet sense
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Group:
    """Words that can stand for each other. ``part``: "n" noun, "v" verb, "a" adjective, "r" adverb."""

    part: str
    words: tuple[str, ...]


@lru_cache(maxsize=2)
def own_groups(language: Language) -> tuple[Group, ...]:
    """The groups of ``resources/augment/synonyms-LANGUAGE.tsv``: part of speech, then two or more words."""
    groups = []
    text = resource("augment", f"synonyms-{language}.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            part, *words = line.split("\t")
            groups.append(Group(part, tuple(words)))
    return tuple(groups)


@lru_cache(maxsize=2)
def _table(language: Language) -> dict[str, Group]:
    return {word: group for group in own_groups(language) for word in group.words}


class Synonyms:
    """Looks words up; ``name`` says where."""

    def __init__(self, wordnet: WordNet | None = None) -> None:
        self._wordnet = wordnet

    @property
    def name(self) -> str:
        """Marked English: which source is used."""
        if self._wordnet is None:
            return mark("the program's own list")
        return mark("the program's own list and the installed WordNet")

    def alternatives(self, word: str, language: Language) -> tuple[str, ...]:
        """Other words for ``word`` (in small letters), in a fixed order; plural and third person are kept."""
        found = self._own(word, language)
        if not found and self._wordnet is not None:
            try:
                with _lock:
                    found = self._wordnet(word, language)
            except Exception as error:  # noqa: BLE001 - foreign and optional: a word then has no synonym
                log.info("WordNet did not answer for a word: %s", error)
        return found

    def _own(self, word: str, language: Language) -> tuple[str, ...]:
        table = _table(language)
        if word in table:
            return tuple(other for other in table[word].words if other != word)
        if language == "en" and word.endswith("s"):
            for stem in (word[:-3] + "y" if word.endswith("ies") else "", word[:-1], word[:-2]):
                group = table.get(stem)
                if group is not None and group.part in "nv" and _with_s(stem) == word:
                    return tuple(_with_s(other) for other in group.words if other != stem)
        return ()


WordNet = Callable[[str, Language], tuple[str, ...]]


def synonyms(source: Literal["auto", "own"] = "auto") -> Synonyms:
    """The own list, and WordNet behind it where ``source`` is "auto" and one is installed with data."""
    return Synonyms(_installed_wordnet() if source == "auto" else None)


def source_line(found: Synonyms) -> str:
    """A sentence for the person."""
    return tr("Synonyms come from {source}.", source=tr(found.name))


@lru_cache(maxsize=1)
def _installed_wordnet() -> WordNet | None:
    for attempt in (_from_wn, _from_nltk):
        try:
            found = attempt()
        except Exception as error:  # noqa: BLE001 - optional, foreign: whatever fails, the own list remains
            log.info("no WordNet through %s: %s", attempt.__name__, error)
            continue
        if found is not None:
            return found
    return None


def _from_wn() -> WordNet | None:
    try:
        import wn  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    wn.config.allow_multithreading = True  # before its first connection; _lock keeps one at a time
    lexicons: dict[Language, list[str]] = {
        "en": [f"{x.id}:{x.version}" for x in wn.lexicons() if x.language.startswith("en")],
        "zh": [f"{x.id}:{x.version}" for x in wn.lexicons() if x.language.startswith(("zh", "cmn"))],
    }
    if not any(lexicons.values()):
        return None

    def look_up(word: str, language: Language) -> tuple[str, ...]:
        if not lexicons[language]:
            return ()
        senses = wn.synsets(word, lexicon=" ".join(lexicons[language]))
        return _single(word, [str(lemma) for lemma in senses[0].lemmas()]) if senses else ()

    return look_up


def _from_nltk() -> WordNet | None:
    try:
        import nltk  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    try:
        nltk.data.find("corpora/wordnet")
    except LookupError:
        nltk.data.find("corpora/wordnet.zip")
    from nltk.corpus import wordnet  # type: ignore[import-not-found,unused-ignore]

    def look_up(word: str, language: Language) -> tuple[str, ...]:
        senses = wordnet.synsets(word) if language == "en" else []
        return _single(word, [str(name) for name in senses[0].lemma_names()]) if senses else ()

    return look_up


def _single(word: str, lemmas: list[str]) -> tuple[str, ...]:
    """Plain single words other than ``word``: no names, no phrases."""
    kept = [one for one in lemmas if one != word and one == one.lower() and one.isalpha()]
    return tuple(dict.fromkeys(kept[:_MOST]))


def _with_s(word: str) -> str:
    """Plural of a regular noun, third person of a regular verb."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
