"""Search: words, likeness to a file, asset or item, fused into one list with reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.extractors import TEXT
from mmstudio.features.records import Hit
from mmstudio.features.search.index import reciprocal_rank
from mmstudio.features.texts.extraction import asset_text, item_text
from mmstudio.features.texts.words import tokens
from mmstudio.i18n import mark, tr
from mmstudio.library import parse_query
from mmstudio.media.kinds import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mmstudio.features.records import ItemVectors
    from mmstudio.features.texts.words import TextModel
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library
    from mmstudio.library.filters import AssetFilter
    from mmstudio.library.records import Target

Key = tuple["Target", int]
_DEEP = 200  # candidates per ranking
_FAINT = 0.12  # cosine of texts below which nothing is shared worth saying
ALIKE = {
    "image": mark("Looks alike ({percent} %)"),
    "audio": mark("Sounds alike ({percent} %)"),
    "video": mark("Scenes alike ({percent} %)"),
    "text": mark("Texts alike ({percent} %)"),
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates of one kind of evidence, best first: (what, score 0…1, why)."""

    found: list[tuple[Key, float, str]]


def fuse(rankings: Sequence[Ranking], k: int) -> list[Hit]:
    """The k best over all rankings, by reciprocal rank; a single ranking keeps its scores."""
    used = [ranking for ranking in rankings if ranking.found]
    if not used:
        return []
    if len(used) == 1:
        scores = {key: score for key, score, _ in used[0].found}
    else:
        scores = reciprocal_rank([[key for key, _, _ in ranking.found] for ranking in used])
    reasons: dict[Key, list[str]] = {}
    for ranking in used:
        for key, _, why in ranking.found:
            told = reasons.setdefault(key, [])
            if why and why not in told:
                told.append(why)
    best = sorted(scores, key=lambda key: (-scores[key], key[0] == "asset", key[1]))[:k]
    return [hit(key, scores[key], reasons[key]) for key in best]


def hit(key: Key, score: float, reasons: Sequence[str]) -> Hit:
    """A result with its reasons as one line."""
    target, number = key
    why = tr("; ").join(reasons)
    asset_id, item_id = (number, None) if target == "asset" else (None, number)
    return Hit(asset_id, item_id, target, float(np.clip(score, 0.0, 1.0)), why)


def by_words(library: Library, vectors: Vectors, query: str, kind: str | None) -> list[Ranking]:
    """Rankings for a query line: full text over assets and items, meaning over texts, media of found
    items."""
    wanted = parse_query(query)
    if kind in SUFFIXES:
        wanted = replace(wanted, kinds=(kind,))
    words = tokens(wanted.text)
    allowed = _allowed(library, wanted)
    rankings = [_full_text_assets(library, wanted, words)]
    if not wanted.text.strip():
        return rankings
    plain = replace(wanted, text="") == type(wanted)(kinds=wanted.kinds)
    if kind in (None, "item") and not wanted.kinds and plain:
        rankings.append(_full_text_items(library, wanted.text, words))
    by_meaning = _meaning(library, vectors, words)
    items = [entry for entry in by_meaning if entry[0][0] == "item"]
    texts = [entry for entry in by_meaning if entry[0][0] == "asset" and allowed(entry[0][1])]
    if kind in (None, "item") and not wanted.kinds and plain:
        rankings.append(Ranking(items))
    rankings.append(Ranking(texts))
    if kind != "item":
        rankings.append(_media_of_items(library, items, allowed))
    if kind == "item":
        rankings = [Ranking([e for e in r.found if e[0][0] == "item"]) for r in rankings]
    return rankings


def _allowed(library: Library, wanted: AssetFilter) -> Callable[[int], bool]:
    """Whether an asset passes the filters of a query beside its words."""
    rest = replace(wanted, text="")
    if rest == type(wanted)():
        return lambda _asset_id: True
    ids = set(library.assets.ids(rest))
    return lambda asset_id: asset_id in ids


def _full_text_assets(library: Library, wanted: AssetFilter, words: list[str]) -> Ranking:
    ids = library.assets.ids(wanted)
    if not ids and words:  # plural and other endings: the stems match as prefixes
        ids = library.assets.ids(replace(wanted, text=" ".join(words)))
    ids = ids[:_DEEP]
    tags = library.assets.tags_of(ids)
    found: list[tuple[Key, float, str]] = []
    for asset in library.assets.get_many(ids):
        in_title = _shared(words, tokens(asset.title))
        in_tags = [tag for tag in tags[asset.id] if set(words) & set(tokens(tag))]
        if not words:
            why = tr("Matches the filters")
        elif in_title:
            why = tr("Title says {words}", words=_listed(in_title))
        elif in_tags:
            why = tr("Tagged {words}", words=_listed(in_tags))
        elif title := _item_named(library, asset.id, words):
            why = tr("Belongs to {title}", title=title)
        else:
            why = tr("Its text or file name says {words}", words=wanted.text)
        score = (len(in_title) * 2 + len(in_tags)) / (3 * max(len(words), 1))
        found.append((("asset", asset.id), min(1.0, 0.5 + score / 2), why))
    found.sort(key=lambda entry: (-entry[1], entry[0]))
    return Ranking(found)


def _item_named(library: Library, asset_id: int, words: list[str]) -> str:
    """The title of an item that uses an asset and says one of the words; empty where there is none."""
    for item in library.items.get_many(library.items.items_of_asset(asset_id)):
        if _shared(words, tokens(item.title)):
            return item.title
    return ""


def _full_text_items(library: Library, text: str, words: list[str]) -> Ranking:
    found: list[tuple[Key, float, str]] = []
    ids = library.items.ids(text=text) or (library.items.ids(text=" ".join(words)) if words else [])
    for item in library.items.get_many(ids[:_DEEP]):
        in_title = _shared(words, tokens(item.title))
        if in_title:
            why = tr("Title says {words}", words=_listed(in_title))
        else:
            why = tr("Its description says {words}", words=text)
        found.append((("item", item.id), 0.5 + 0.5 * len(in_title) / max(len(words), 1), why))
    found.sort(key=lambda entry: -entry[1])  # ties keep the library's order, best match first
    return Ranking(found)


def _meaning(library: Library, vectors: Vectors, words: list[str]) -> list[tuple[Key, float, str]]:
    """Items and text files whose words point the same way as the query's."""
    model = vectors.text_model()
    if model is None or not model.knows(words):
        return []
    query = model.vectors([words])[0]
    return by_text_vector(library, vectors, model, query, words)


def by_text_vector(
    library: Library, vectors: Vectors, model: TextModel, query: NDArray[np.float32], words: list[str]
) -> list[tuple[Key, float, str]]:
    """Nearest items and text files to a text vector, with the words they share."""
    found: list[tuple[Key, float, str]] = []
    targets: tuple[Target, ...] = ("item", "asset")
    for target in targets:
        if not vectors.text_ready(model, target):
            continue
        ids, scores = vectors.space(TEXT, target).index.query(query, 50)
        near = [(int(i), float(s)) for i, s in zip(ids, scores, strict=True) if s > _FAINT]
        texts = _texts_of(library, target, [i for i, _ in near])
        for number, score in near:
            shared = model.shared_words(words, tokens(texts.get(number, "")))
            why = tr("Speaks of {words}", words=_listed(shared)) if shared else tr("Is about similar things")
            found.append(((target, number), score, why))
    found.sort(key=lambda entry: (-entry[1], entry[0]))
    return found


def _texts_of(library: Library, target: Target, ids: list[int]) -> dict[int, str]:
    if target == "item":
        return {item.id: item_text(item) for item in library.items.get_many(ids)}
    tags = library.assets.tags_of(ids)
    return {
        a.id: asset_text(a, library.assets.text_of(a.id), tags[a.id]) for a in library.assets.get_many(ids)
    }


def _media_of_items(
    library: Library, items: list[tuple[Key, float, str]], allowed: Callable[[int], bool]
) -> Ranking:
    """The media of the items that were found: a text finds pictures and sounds this way."""
    found: list[tuple[Key, float, str]] = []
    titles = {
        item.id: item.title or item.sku for item in library.items.get_many([k[1] for k, _, _ in items[:20]])
    }
    for (_, item_id), score, _ in items[:20]:
        for link in library.items.assets_of(item_id)[:6]:
            if allowed(link.asset_id):
                why = tr("Belongs to {title}", title=titles.get(item_id, ""))
                found.append((("asset", link.asset_id), score, why))
    return Ranking(found)


def like_vector(
    vectors: Vectors, name: str, query: NDArray[np.float32], k: int, leave_out: int | None = None
) -> Ranking:
    """Assets nearest to a compared vector of one extractor."""
    space = vectors.space(name)
    ids, scores = space.index.query(query, k + 1)
    found: list[tuple[Key, float, str]] = []
    for asset_id, score in zip(ids, scores, strict=True):
        if int(asset_id) != leave_out:
            found.append((("asset", int(asset_id)), float(score), alike(space.info.modality, float(score))))
    return Ranking(found[:k])


def items_of(library: Library, ranking: Ranking) -> Ranking:
    """The items that use the assets of a ranking, in its order."""
    found: dict[Key, tuple[Key, float, str]] = {}
    for (_, asset_id), score, why in ranking.found:
        for item_id in library.items.items_of_asset(asset_id):
            found.setdefault(("item", item_id), (("item", item_id), score, why))
    return Ranking(list(found.values()))


def like_item(library: Library, vectors: Vectors, fused: ItemVectors, item_id: int, k: int) -> Ranking:
    """Items nearest to an item over the modalities that both have, with what makes them alike."""
    row = fused.row(item_id)
    if row is None:
        return Ranking([])
    scores = fused.similarity(row)
    scores[row] = -np.inf
    best = [int(i) for i in np.argsort(-scores, kind="stable")[:k] if np.isfinite(scores[i])]
    parts = fused.by_part(row)
    model = vectors.text_model()
    own = tokens(item_text(library.items.get(item_id)))
    found: list[tuple[Key, float, str]] = []
    for other in library.items.get_many([int(fused.ids[i]) for i in best]):
        at = fused.row(other.id)
        if at is None:
            continue
        reasons = [
            alike(modality, float(cosine[at]))
            for modality, cosine in parts.items()
            if modality != "text" and np.isfinite(cosine[at]) and cosine[at] > 0.3
        ]
        shared = model.shared_words(own, tokens(item_text(other))) if model else []
        if shared:
            reasons.append(tr("both: {words}", words=_listed(shared)))
        why = tr("; ").join(reasons or [tr("The nearest in this library")])
        found.append((("item", other.id), float(scores[at]), why))
    return Ranking(found)


def alike(modality: str, cosine: float) -> str:
    """A cosine in words."""
    return tr(ALIKE[modality], percent=round(100 * float(np.clip(cosine, 0.0, 1.0))))


def _shared(words: list[str], others: list[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word in set(others)]


def _listed(words: Sequence[str]) -> str:
    return tr(", ").join(words)
