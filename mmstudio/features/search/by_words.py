"""Rankings for the words of a query: full text, tags, titles of items, meaning, and media of found items."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.extractors import TEXT
from mmstudio.features.search.evidence import Evidence, evidence
from mmstudio.features.texts.extraction import asset_text, item_text
from mmstudio.features.texts.words import is_stop_word, tokens
from mmstudio.i18n import tr
from mmstudio.library.asset_rows import Matches
from mmstudio.library.relevance import positive_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mmstudio.features.texts.words import TextModel
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library
    from mmstudio.library.filters import AssetFilter

_NEAR = 50  # texts that are near in meaning
_FAINT = 0.12  # cosine of texts below which nothing is shared worth saying
_ITEMS = 200
_SHOWN_BY = 20  # items whose media are added
_WORD = re.compile(r"[^\W_]+")
_READ = 4000  # characters of a text that are looked at for a reason


def full_text(
    library: Library, wanted: AssetFilter, words: list[str], deep: int
) -> tuple[Matches, list[Evidence]]:
    """What matches in the library's full text, and its rankings. Endings are tried where nothing matches."""
    found = library.assets.matches(wanted, deep)
    if (
        not len(found.ids) and words and not wanted.either
    ):  # plural and other endings: stems match as prefixes
        found = library.assets.matches(replace(wanted, text=" ".join(words)), deep)
    rankings = []
    for name, (ids, scores) in found.rankings.items():
        why = _why_colour(library, wanted) if name == "colour" else _why_words(library, words, wanted)
        best = float(scores.max()) or 1.0
        rankings.append(evidence("asset", ids, scores / best if best > 0 else scores, why))
    if not rankings and len(found.ids):
        # Nothing orders them: the newest first.
        ids = found.ids[:deep]
        rankings.append(evidence("asset", ids, np.linspace(0.5, 0.4, len(ids)), _filters_only))
    return found, [replace(one, exact=True) for one in rankings]


def _only_endings(text: str, stems: list[str]) -> bool:
    """Whether stems stand for all the words of a text that say something, but for English endings."""
    said = [word for word in _WORD.findall(text.casefold()) if not is_stop_word(word)]

    def stands(word: str) -> bool:
        near = [stem for stem in stems if word.startswith(stem[:-1])]
        return any(word[len(stem) - 1 :].isascii() for stem in near)

    return bool(stems) and all(stands(word) for word in said)


def _filters_only(ids: list[int]) -> dict[int, str]:
    return dict.fromkeys(ids, tr("Matches the filters"))


def _why_colour(library: Library, wanted: AssetFilter) -> Callable[[list[int]], dict[int, str]]:
    def why(ids: list[int]) -> dict[int, str]:
        shares = library.facts.colours_of(ids)
        return {
            asset: tr(
                "{percent} % of it has the colour",
                percent=round(100 * sum(shares[asset].get(c, 0.0) for c in wanted.colours)),
            )
            for asset in ids
        }

    return why


def _why_words(
    library: Library, words: list[str], wanted: AssetFilter
) -> Callable[[list[int]], dict[int, str]]:
    typed = positive_text(wanted)

    def why(ids: list[int]) -> dict[int, str]:
        tags = library.assets.tags_of(ids)
        told = {}
        for asset in library.assets.get_many(ids):
            in_title = _shared(words, tokens(asset.title))
            in_tags = [tag for tag in tags[asset.id] if set(words) & set(tokens(tag))]
            if in_title:
                told[asset.id] = tr("Title says {words}", words=_listed(in_title))
            elif in_tags:
                told[asset.id] = tr("Tagged {words}", words=_listed(in_tags))
            elif title := _item_named(library, asset.id, words):
                told[asset.id] = tr("Belongs to {title}", title=title)
            else:
                told[asset.id] = tr("Its text or file name says {words}", words=typed)
        return told

    return why


def _item_named(library: Library, asset_id: int, words: list[str]) -> str:
    """The title of an item that uses an asset and says one of the words; empty where there is none."""
    for item in library.items.get_many(library.items.items_of_asset(asset_id)):
        if _shared(words, tokens(item.title)):
            return item.title
    return ""


def items_by_words(library: Library, line: str, wanted: AssetFilter, words: list[str]) -> Evidence:
    """Items by the library's full text, best match first. ``line`` is the query line without likeness."""
    ids = library.items.ids(text=line)
    if not ids and words:
        ids = library.items.ids(text=" ".join(words))
    ids = ids[:_ITEMS]
    typed = positive_text(wanted)

    def why(some: list[int]) -> dict[int, str]:
        told = {}
        for item in library.items.get_many(some):
            in_title = _shared(words, tokens(item.title))
            if in_title:
                told[item.id] = tr("Title says {words}", words=_listed(in_title))
            elif typed:
                told[item.id] = tr("Its description says {words}", words=typed)
            else:
                told[item.id] = tr("Matches the filters")
        return told

    scores = 1.0 - 0.5 * np.arange(len(ids)) / max(len(ids), 1)
    return evidence("item", ids, scores, why)


def by_meaning(library: Library, vectors: Vectors, words: list[str]) -> list[Evidence]:
    """Items and text files whose words point the same way as the query's."""
    model = vectors.text_model() if words else None
    if model is None or not model.knows(words):
        return []
    return near_text(library, vectors, model, model.vectors([words])[0], words)


def near_text(
    library: Library, vectors: Vectors, model: TextModel, query: NDArray[np.float32], words: list[str]
) -> list[Evidence]:
    """Items and text files nearest to a text vector, with the words they share."""
    found = []
    for target in ("item", "asset"):
        if not vectors.text_ready(model, target):
            continue
        ids, scores = vectors.space(TEXT, target).index.query(query, _NEAR)
        near = scores > _FAINT

        def why(some: list[int], target: str = target) -> dict[int, str]:
            told = {}
            for number, text in _texts_of(library, target, some).items():
                shared = model.shared_words(words, tokens(text[:_READ]))
                told[number] = (
                    tr("Speaks of {words}", words=_listed(shared))
                    if shared
                    else tr("Is about similar things")
                )
            return told

        found.append(evidence(target, ids[near], scores[near].astype(np.float64), why))
    return found


def _texts_of(library: Library, target: str, ids: list[int]) -> dict[int, str]:
    if target == "item":
        return {item.id: item_text(item) for item in library.items.get_many(ids)}
    tags = library.assets.tags_of(ids)
    return {
        a.id: asset_text(a, library.assets.text_of(a.id), tags[a.id]) for a in library.assets.get_many(ids)
    }


def media_of(library: Library, items: Evidence) -> Evidence:
    """The media of the first items of a ranking: words find pictures and sounds this way."""
    ids: list[int] = []
    scores: list[float] = []
    belongs: dict[int, int] = {}
    for item_id, score in zip(items.ids[:_SHOWN_BY], items.scores[:_SHOWN_BY], strict=True):
        for link in library.items.assets_of(int(item_id))[:6]:
            if link.asset_id not in belongs:
                belongs[link.asset_id] = int(item_id)
                ids.append(link.asset_id)
                scores.append(float(score))

    def why(some: list[int]) -> dict[int, str]:
        titles = {
            item.id: item.title or item.sku
            for item in library.items.get_many(sorted({belongs[i] for i in some if i in belongs}))
        }
        return {i: tr("Belongs to {title}", title=titles.get(belongs[i], "")) for i in some if i in belongs}

    return evidence("asset", ids, scores, why)


def _shared(words: list[str], others: list[str]) -> list[str]:
    known = set(others)
    return [word for word in dict.fromkeys(words) if word in known]


def _listed(words: Sequence[str]) -> str:
    return tr(", ").join(words)
