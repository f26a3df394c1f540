"""Which language a text is in, sentence by sentence where it mixes them.

Scripts settle Chinese, Japanese, Korean and the like; words of a Latin or Cyrillic script are told apart by
py3langid (Lui & Baldwin 2012: naive Bayes over byte n-grams), which is deterministic and works offline.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mmstudio.features.texts.pausing import between_steps
from mmstudio.features.texts.sentences import sentences
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import AssetFilter
from mmstudio.library.records import Facts, FileUpdate

if TYPE_CHECKING:
    from collections.abc import Generator

    from mmstudio.library import Library

SAMPLE = 20_000  # characters that are looked at: the beginning, the middle and the end
_PAGE = 500
_SHORT = 20  # letters below which a Latin text is judged by its commonest words alone
_SCRIPTS = {
    "kana": re.compile("[\u3041-\u30ff]"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "ko": re.compile("[\uac00-\ud7a3\u1100-\u11ff]"),
    "th": re.compile("[\u0e01-\u0e5b]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_COUNTED = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+(?:['’-][^\\W_]+)*"
)
_NOISE = re.compile(r"https?://\S{1,500}|www\.\S{1,500}|\S{1,64}@\S{1,200}|<[^>]{0,200}>")
# The commonest words decide about "Love it!", where n-grams guess.
_COMMON = {
    "en": """the and of to is in it for with this you that i my a was are have be on not but very so they we
    great good nice love loved perfect product will bag it's i'm don't can as at or from your easy best bad
    awesome excellent well worth really wow""",
    "de": "der die das und ist nicht mit für ein eine auf von ich sehr gut es zu den im auch",
    "fr": "le la les et est des une pour dans que pas avec je très bien ce sac un du en",
    "es": "el los las y es una para con por que del como muy bien lo me un en no bueno",
    "it": "il lo gli e è una per con che di non molto bene un mi la sono",
    "pt": "o os as e é uma para com por que do da muito bem não um me",
    "nl": "de het een en is niet met voor van ik zeer goed te op dat",
}
_COMMON_WORDS = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Detected:
    """``code``: BCP 47 of the main language, None where nothing tells; ``shares``: language → share of the
    letters, largest first, adding up to at most 1."""

    code: str | None
    shares: dict[str, float]

    @property
    def mixed(self) -> bool:
        """Whether a second language holds at least a tenth of the letters."""
        return sum(share >= 0.1 for share in self.shares.values()) > 1


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str | None:
    """BCP 47 tag of one sentence or short text, or None where it has no letters or nothing tells."""
    text = _NOISE.sub(" ", text)
    letters = sum(c.isalpha() for c in text)
    if not letters:
        return None
    found = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    if found["kana"] and found["kana"] + found["han"] > 0.4 * letters:
        return "ja"
    # A Han character says as much as a Latin word of two or three letters.
    if found["han"] and 3 * found["han"] > 0.5 * (letters + 2 * found["han"]):
        return "zh"
    for code in ("ko", "th", "el", "he"):
        if found[code] > 0.4 * letters:
            return code
    return _by_words(text, letters)


def _by_words(text: str, letters: int) -> str | None:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    counts = {code: sum(word in common for word in words) for code, common in _COMMON_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    second = max(count for code, count in counts.items() if code != best)
    if counts[best] >= max(1, 0.4 * len(words)) and counts[best] > second:
        return best
    if letters < _SHORT and sum("a" <= c.lower() <= "\u024f" for c in text) > 0.5 * letters:
        return best if counts[best] > second else None
    with _lock:  # the tables of the detector are shared
        code, sure = _identifier().classify(text)
    if sure >= 0.6:
        return str(code)
    return best if counts[best] > second else None


def detect(text: str) -> Detected:
    """The languages of a text of any length; sentences vote with their letters.

    Of a text above 20,000 characters the beginning, the middle and the end are read.
    """
    if len(text) > SAMPLE:
        part, middle = SAMPLE // 3, len(text) // 2
        text = "\n".join((text[:part], text[middle : middle + part], text[-part:]))
    votes: Counter[str] = Counter()
    letters = 0
    for sentence in sentences(text):
        weight = sum(c.isalpha() for c in sentence)
        letters += weight
        code = language_of(sentence)
        if code is not None:
            votes[code] += weight
    if not votes:
        return Detected(None, {})
    shares = {code: count / letters for code, count in sorted(votes.items(), key=lambda p: (-p[1], p[0]))}
    return Detected(next(iter(shares)), shares)


def describe_texts(library: Library, context: JobContext, done: int = 0) -> Generator[Progress, None, int]:
    """Measure ``words`` of every new text file, and write its language where it has none.

    Returns how many files were looked at. A language that the import or a person wrote stays.
    """
    note = tr("Telling languages apart")
    ids = library.facts.without("words", ("text",))
    for start in range(0, len(ids), _PAGE):
        updates, facts = [], []
        for asset in library.assets.get_many(ids[start : start + _PAGE]):
            text = library.assets.text_of(asset.id)
            facts.append(Facts(asset.id, measures={"words": float(count_words(text))}))
            code = None if asset.language else detect(f"{asset.title}\n{text}").code
            if code is not None:
                updates.append(FileUpdate(asset.id, language=code))
        if updates:
            library.assets.update_files(updates)
        library.facts.put_many(facts)
        between_steps(context)
        yield Progress(done, None, note)
    return len(ids)


def count_words(text: str) -> int:
    """Words of a text; a Chinese or Japanese character counts as one, as word processors count."""
    return len(_COUNTED.findall(text))


def languages(library: Library) -> dict[str, int]:
    """Language → number of usable text files, commonest first; "" counts those whose language is unknown."""
    counts: Counter[str] = Counter()
    ids = library.assets.ids(AssetFilter(kinds=("text",)))
    for start in range(0, len(ids), _PAGE):
        counts.update(asset.language or "" for asset in library.assets.get_many(ids[start : start + _PAGE]))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
