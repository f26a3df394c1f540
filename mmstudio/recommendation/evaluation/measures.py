"""Measures of ranked lists: how well they find, how varied and how new they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = (
    "ndcg", "recall", "precision", "hit", "mrr", "map", "auc", "rmse", "ild", "coverage", "gini", "novelty",
)  # fmt: skip


def metrics(ranked: NDArray[np.int64], relevant: set[int], k: int) -> tuple[float, float, float]:
    """(NDCG@k, Recall@k, Hit@k) with binary relevance (Järvelin & Kekäläinen 2002)."""
    hits = np.array([int(row) in relevant for row in ranked[:k]], np.float64)
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = discount[: min(k, len(relevant))].sum()
    dcg = float((hits * discount[: len(hits)]).sum())
    return dcg / float(ideal), float(hits.sum()) / len(relevant), float(hits.any())


def of_person(
    scores: NDArray[np.float32], targets: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], dict[str, float]]:
    """(the first k rows, measures of one person); ``scores``: −inf where an item is left out.

    Precision@k, MRR@k, MAP over the whole ranking and AUC count every candidate, as Cornac does.
    """
    k = min(k, len(scores))
    top = np.argpartition(-scores, k - 1)[:k]
    top = top[np.argsort(-scores[top], kind="stable")]
    top = top[np.isfinite(scores[top])]
    hit = np.isin(top, targets)
    ndcg, recall, found = metrics(top, set(targets.tolist()), k)
    candidates = scores[np.isfinite(scores)]
    own = np.sort(scores[targets])[::-1]
    own = own[np.isfinite(own)]
    ascending = np.sort(candidates)
    below = np.searchsorted(ascending, own, side="left")
    equal = np.searchsorted(ascending, own, side="right") - below
    ranks = len(candidates) - below - equal + 1  # the best place among equals, 1-based
    places = np.maximum(ranks + (equal - 1) / 2, np.arange(1, len(own) + 1))
    others = len(candidates) - len(own)
    worse = below + (equal - 1) / 2 - np.arange(len(own) - 1, -1, -1)
    return top, {
        "ndcg": ndcg,
        "recall": recall,
        "precision": float(hit.sum()) / k,
        "hit": found,
        "mrr": 1 / (int(hit.argmax()) + 1) if hit.any() else 0.0,
        "map": float((np.arange(1, len(own) + 1) / places).sum() / len(targets)),
        "auc": float(worse.mean() / others) if len(own) and others > 0 else 1.0,
    }


def of_lists(
    lists: list[NDArray[np.int64]], content: Any, people: NDArray[np.int64], members: int, candidates: int
) -> dict[str, float]:
    """ILD, coverage, Gini and novelty of all lists.

    ILD is the mean 1 − cosine of content between two items of a list; coverage the share of the candidates
    that stand in any list; Gini the inequality of how often they do (0 equal, 1 one item); novelty the mean
    −log₂ of the share of members who know an item (Vargas & Castells 2011).
    """
    norms = np.sqrt(np.asarray(content.power(2).sum(axis=1)).ravel())
    apart = []
    for rows in lists[:200]:
        if len(rows) > 1:
            block = content[rows].toarray() / np.maximum(norms[rows], 1e-9)[:, None]
            n = len(rows)
            apart.append(1 - float(((block @ block.T).sum() - n) / (n * (n - 1))))
    shown = np.bincount(np.concatenate(lists), minlength=content.shape[0]) if lists else np.zeros(1)
    counts = np.sort(np.r_[shown[shown > 0], np.zeros(max(0, candidates - int((shown > 0).sum())))])
    n = len(counts)
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * max(counts.sum(), 1)))
    known = np.maximum(people, 0.5) / max(members, 1)
    return {
        "ild": float(np.mean(apart)) if apart else 0.0,
        "coverage": float((shown > 0).sum() / max(candidates, 1)),
        "gini": gini,
        "novelty": float((-np.log2(np.minimum(known, 1)) * shown[: len(known)]).sum() / max(shown.sum(), 1)),
    }
