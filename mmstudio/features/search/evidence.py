"""What speaks for a result, and the fusion of several such rankings into one list.

A ranking is two arrays and a function that can say why; reasons are made for what is shown, not for all the
thousands that are ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.records import Hit
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Target

RRF = 60  # constant of reciprocal rank fusion
Why = Callable[[list[int]], dict[int, str]]
ALIKE = {
    "image": mark("Looks alike ({percent} %)"),
    "audio": mark("Sounds alike ({percent} %)"),
    "video": mark("Scenes alike ({percent} %)"),
    "text": mark("Texts alike ({percent} %)"),
    "fused": mark("Goes together ({percent} %)"),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One ranking of assets or items, best first: int64[N] ids, scores 0…1, and why for some of the ids.

    Assets and items of the same ``source`` are one ranking together, by their scores. ``exact`` rankings hold
    only what passes the filters of the query already.
    """

    target: Target
    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    why: Why
    source: str = ""
    exact: bool = False

    def only(self, allowed: NDArray[np.int64]) -> Evidence:
        """The ranking without what is not allowed (int64, any order)."""
        keep = np.isin(self.ids, allowed)
        return replace(self, ids=self.ids[keep], scores=self.scores[keep])

    def without(self, number: int | None) -> Evidence:
        """The ranking without one id."""
        keep = self.ids != (-1 if number is None else number)
        return replace(self, ids=self.ids[keep], scores=self.scores[keep])

    def first(self, k: int) -> Evidence:
        """The k best of it."""
        return replace(self, ids=self.ids[:k], scores=self.scores[:k])


def evidence(
    target: Target,
    ids: Sequence[int] | NDArray[np.int64],
    scores: Sequence[float] | NDArray[np.float64],
    why: Why,
) -> Evidence:
    """A ranking out of sequences; scores are brought into 0…1."""
    return Evidence(target, np.asarray(ids, np.int64), np.clip(np.asarray(scores, np.float64), 0.0, 1.0), why)


def alike(modality: str) -> Callable[[dict[int, float]], Why]:
    """Why of a ranking by cosine: how much alike, in words."""

    def of(scores: dict[int, float]) -> Why:
        def why(ids: list[int]) -> dict[int, str]:
            return {i: alike_text(modality, scores[i]) for i in ids if i in scores}

        return why

    return of


def alike_text(modality: str, cosine: float) -> str:
    """A cosine in words."""
    return tr(ALIKE[modality], percent=round(100 * float(np.clip(cosine, 0.0, 1.0))))


@dataclass(frozen=True, slots=True)
class Fused:
    """All rankings as one: keys int64[N] (2·id, plus 1 for an item), scores 0…1, best first."""

    keys: NDArray[np.int64]
    scores: NDArray[np.float64]
    rankings: list[Evidence]

    @property
    def assets(self) -> NDArray[np.int64]:
        """int64[M]: the assets in it, best first."""
        return np.asarray(self.keys[self.keys % 2 == 0] // 2, np.int64)

    def hits(self, k: int) -> list[Hit]:
        """The k best with their reasons."""
        keys = self.keys[:k]
        told: dict[int, list[str]] = {int(key): [] for key in keys}
        for ranking in self.rankings:
            item = int(ranking.target == "item")
            shown = np.intersect1d(ranking.ids, keys[keys % 2 == item] // 2)
            for number, why in ranking.why([int(i) for i in shown]).items():
                reasons = told[2 * number + item]
                if why and why not in reasons:
                    reasons.append(why)
        return [
            _hit(int(key), float(score), told[int(key)])
            for key, score in zip(keys, self.scores[:k], strict=True)
        ]

    def reasons(self, asset_ids: Sequence[int]) -> dict[int, str]:
        """Why some assets are in it, as one line each; assets without a reason are left out."""
        told: dict[int, list[str]] = {}
        for ranking in self.rankings:
            if ranking.target == "asset":
                shown = np.intersect1d(ranking.ids, np.asarray(asset_ids, np.int64))
                for number, why in ranking.why([int(i) for i in shown]).items():
                    if why and why not in told.setdefault(number, []):
                        told[number].append(why)
        return {number: tr("; ").join(reasons) for number, reasons in told.items() if reasons}


def fuse(rankings: Sequence[Evidence], deep: int | None = None) -> Fused:
    """One list by reciprocal rank (Cormack, Clarke & Büttcher 2009); a single ranking keeps its scores.

    Equal scores: items before assets, then the smaller number.
    """
    used = [ranking for ranking in rankings if len(ranking.ids)]
    if not used:
        return Fused(np.empty(0, np.int64), np.empty(0), [])
    groups: dict[str, list[Evidence]] = {}
    for place, ranking in enumerate(used):
        groups.setdefault(ranking.source or f"#{place}", []).append(ranking)
    keys, points = [], []
    for group in groups.values():
        own = np.concatenate([2 * one.ids + (one.target == "item") for one in group])
        scores = np.concatenate([one.scores for one in group])
        order = np.argsort(-scores, kind="stable")
        keys.append(own[order])
        points.append(scores[order] if len(groups) == 1 else (RRF + 1) / (RRF + 1 + np.arange(len(own))))
    unique, where = np.unique(np.concatenate(keys), return_inverse=True)
    total = np.minimum(np.bincount(where, weights=np.concatenate(points)) / len(groups), 1.0)
    order = np.lexsort((unique, unique % 2 == 0, -total))[:deep]
    return Fused(unique[order], total[order], used)


def _hit(key: int, score: float, reasons: Sequence[str]) -> Hit:
    number, item = divmod(key, 2)
    target: Target = "item" if item else "asset"
    asset_id, item_id = (None, number) if item else (number, None)
    return Hit(asset_id, item_id, target, float(np.clip(score, 0.0, 1.0)), tr("; ").join(reasons))
