"""The shop's own links between items, predicted from content alone: each modality must earn its place."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.recommendation.evaluation.measures import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

LEAST = 30  # items with links below which nothing is chosen
_GRID = (0.0, 0.1, 0.25, 0.5, 1.0)
_GAIN = 0.002  # recall that a modality must bring
FACTS = "facts"


def modality_weights(catalogue: Catalogue, rows: NDArray[np.int64] | None = None) -> dict[str, float]:
    """Weight of each modality for likeness between items, chosen on links that start at ``rows`` (all by
    default).

    Empty where there are too few links. Facts (category, tags, year, words) are among them.
    """
    linked = _linked(catalogue)
    own = sorted(linked) if rows is None else [int(row) for row in rows if int(row) in linked]
    if len(own) < LEAST:
        return {}
    blocks = _likenesses(catalogue, np.array(own, np.int64))
    return _choose(blocks, own, linked)


def evaluating(
    catalogue: Catalogue, *, k: int = 10, seeds: int = 3
) -> Generator[Progress, None, list[dict[str, Any]]]:
    """Recall@k, NDCG@k and Hit@k of the links of half of the items, by likeness of content.

    Rows: each modality, facts (category, tags, year, words), TF-IDF of the words alone, all fused with
    weights that were chosen on the links of the other half ("fused"), two of a category by chance
    ("category"), chance.
    """
    linked = _linked(catalogue)
    everybody = np.array(sorted(linked), np.int64)
    if len(everybody) < 4:
        return []
    found: dict[str, list[tuple[float, ...]]] = {}
    chosen: list[dict[str, float]] = []
    spent: dict[str, float] = {}
    for seed in range(seeds):
        yield Progress(seed, seeds, tr("Predicting links"))
        rng = np.random.default_rng(seed)
        order = rng.permutation(everybody)
        own, test = order[: len(order) // 2], np.sort(order[len(order) // 2 :])
        weights = modality_weights(catalogue, own)
        chosen.append(weights)
        started = time.perf_counter()
        blocks = _likenesses(catalogue, test)
        each = 1000 * (time.perf_counter() - started) / max(len(test), 1)
        ways: dict[str, NDArray[np.float32]] = dict(blocks)
        used = weights or dict.fromkeys(blocks, 1.0)
        ways["fused"] = np.sum([weight * blocks[name] for name, weight in used.items()], axis=0)
        ways["tfidf"] = _words(catalogue, test)
        chance = rng.random((len(test), len(catalogue.ids)), np.float32)
        ways["category"] = _same_category(catalogue, test) + 0.5 * chance
        ways["random"] = chance
        for name, values in ways.items():
            values = values.copy()
            values[np.arange(len(test)), test] = -np.inf
            rows = [_of_list(values[u], linked[int(row)], k) for u, row in enumerate(test)]
            found.setdefault(name, []).append(tuple(np.mean(rows, axis=0)))
            spent[name] = each
    out = []
    for name, per_seed in found.items():
        mean, spread = np.mean(per_seed, axis=0), np.std(per_seed, axis=0)
        row: dict[str, Any] = {
            "method": name, "label": _label(name), "protocol": "links", "k": k, "known": None, "seeds": seeds,
            "users": len(everybody) - len(everybody) // 2,
        }  # fmt: skip
        for position, metric in enumerate(("ndcg", "recall", "hit")):
            row[metric] = round(float(mean[position]), 4)
            row[f"{metric}_spread"] = round(float(spread[position]), 4)
        weight = [one.get(name, 0.0) for one in chosen if one]
        row["weight"] = round(float(np.mean(weight)), 3) if weight and name in (chosen[0] or {}) else None
        row["query_ms"] = round(spent[name], 3)
        out.append(row)
    return sorted(out, key=lambda row: -row["recall"])


def _label(name: str) -> str:
    labels = {
        "image": tr("pictures alone"), "text": tr("texts alone"), "audio": tr("sounds alone"),
        "video": tr("clips alone"), FACTS: tr("facts alone"), "fused": tr("all fused"),
        "tfidf": tr("words (TF-IDF)"), "category": tr("the same category by chance"), "random": tr("chance"),
    }  # fmt: skip
    return labels.get(name, name)


def _linked(catalogue: Catalogue) -> dict[int, set[int]]:
    found = {row: {there for there, _ in links if there != row} for row, links in catalogue.links.items()}
    return {row: own for row, own in found.items() if own}


def _likenesses(catalogue: Catalogue, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """Modality → float32[R,N] likeness of rows to all items, standardised per row; 0 where there is none."""
    found = {}
    for name, (block, mask) in catalogue.parts.items():
        values = block[rows] @ block.T
        known = mask[rows][:, None] & mask[None, :]
        found[name] = _standard(values, known)
    content = catalogue.facts
    norms = np.sqrt(np.asarray(content.power(2).sum(axis=1)).ravel())
    cosine = np.asarray((content[rows] @ content.T).todense(), np.float32)
    cosine /= np.maximum(norms[rows][:, None] * norms[None, :], 1e-9).astype(np.float32)
    found[FACTS] = _standard(cosine, np.ones(cosine.shape, bool))
    return found


def _standard(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0).sum(axis=1, keepdims=True) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0).sum(axis=1, keepdims=True) / count)
    return np.where(known, (values - mean) / np.maximum(spread, 1e-6), 0).astype(np.float32)


def _words(catalogue: Catalogue, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{item.title} {item.description}" for item in catalogue.items]
    try:
        found = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no words at all
        return np.zeros((len(rows), len(texts)), np.float32)
    return np.asarray((found[rows] @ found.T).todense(), np.float32)


def _same_category(catalogue: Catalogue, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    names = np.array([item.category for item in catalogue.items], object)
    return np.asarray(names[rows][:, None] == names[None, :], np.float32)


def _choose(
    blocks: dict[str, NDArray[np.float32]], own: list[int], linked: dict[int, set[int]]
) -> dict[str, float]:
    """Weights by coordinate ascent on Recall@10; what brings nothing gets 0."""

    def recall(weights: dict[str, float]) -> float:
        total = np.sum([weight * blocks[name] for name, weight in weights.items()], axis=0)
        total[np.arange(len(own)), own] = -np.inf
        return float(np.mean([_of_list(total[u], linked[row], 10)[1] for u, row in enumerate(own)]))

    first = max(blocks, key=lambda name: recall({name: 1.0}))
    best = {name: float(name == first) for name in blocks}
    score = recall(best)
    for _ in range(2):
        before = score
        for name in blocks:
            for weight in _GRID:
                tried = {**best, name: weight}
                if weight == best[name] or not any(tried.values()):
                    continue
                here = recall(tried)
                if here > score + (0.0 if weight == 0 else _GAIN):
                    best, score = tried, here
        if score <= before:
            break
    return best


def _of_list(values: NDArray[np.float32], linked: set[int], k: int) -> tuple[float, float, float]:
    k = min(k, len(values) - 1)
    top = np.argpartition(-values, k - 1)[:k]
    return metrics(top[np.argsort(-values[top], kind="stable")], linked, k)
