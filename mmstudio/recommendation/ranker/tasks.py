"""What the ranker predicts, and the labels of it in a log of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation.events import strength

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Interactions
    from mmstudio.recommendation.catalogue import Catalogue

TASKS = ("view", "like", "buy", "approve", "rating")
REGRESSION = (False, False, False, False, True)
# What one event of a task is worth; the last two are known of decided and rated pairs only, so they count as
# factors (see :func:`worth`).
_VALUE = (0.2, 0.6, 1.0)
_LIKE = frozenset(("like", "favourite", "favorite", "love", "save", "share", "click", "wishlist"))
_BUY = frozenset(("buy", "purchase", "order", "cart", "checkout", "sale"))
_APPROVE = {"approve": 1.0, "approved": 1.0, "reject": 0.0, "rejected": 0.0}
FEWEST = 50  # labels of both sorts before a task is learned


@dataclass(frozen=True, slots=True)
class Labels:
    """Everything known of each member–item pair; T as in :data:`TASKS`.

    Attributes:
        member: int64[P]; audiences whose decisions count are negative. row: int64[P] item rows.
        labels, known: float32[P,T], labels in 0…1 and whether they are known.
        value: float32[P], strength of the pair as the simple methods see it, 0 for what does not count there.
        time: float64[P], seconds since 1970 of the last event, NaN where not known.
    """

    member: NDArray[np.int64]
    row: NDArray[np.int64]
    labels: NDArray[np.float32]
    known: NDArray[np.float32]
    value: NDArray[np.float32]
    time: NDArray[np.float64]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Labels:
        """Some of the pairs."""
        return Labels(
            self.member[chosen], self.row[chosen], self.labels[chosen], self.known[chosen],
            self.value[chosen], self.time[chosen],
        )  # fmt: skip

    def present(self) -> NDArray[np.bool_]:
        """bool[T]: tasks with enough labels; those known of every pair need positives only."""
        positive = ((self.labels >= 0.5) & (self.known > 0)).sum(0)
        negative = ((self.labels < 0.5) & (self.known > 0)).sum(0)
        negative[:3] = FEWEST
        found: NDArray[np.bool_] = (positive >= FEWEST) & (negative >= FEWEST)
        return found


def labels_of(catalogue: Catalogue, log: Interactions) -> Labels:
    """The labels of a library: interactions of members and decisions in the studio."""
    codes = np.asarray(log.code, np.int64)
    names = [name.strip().lower() for name in log.names]
    row = np.array([catalogue.row.get(int(i), -1) for i in log.item], np.int64)
    extra = _decisions(catalogue)
    member = np.concatenate([log.member, np.array([m for m, _, _ in extra], np.int64)])
    row = np.concatenate([row, np.array([r for _, r, _ in extra], np.int64)])
    kind = np.concatenate([codes, np.full(len(extra), len(names))])
    names = [*names, "approve"]
    weight = np.concatenate([log.weight, np.array([w for _, _, w in extra], np.float32)]).astype(np.float64)
    time = np.concatenate([log.time, np.full(len(extra), np.nan)])
    keep = row >= 0
    member, row, kind, weight, time = member[keep], row[keep], kind[keep], weight[keep], time[keep]
    people, person = np.unique(member, return_inverse=True)
    _, first, place = np.unique(person * len(catalogue.ids) + row, return_index=True, return_inverse=True)
    pairs = len(first)
    labels, known = np.zeros((pairs, len(TASKS)), np.float32), np.zeros((pairs, len(TASKS)), np.float32)
    value, last = np.zeros(pairs, np.float32), np.full(pairs, -np.inf)
    np.maximum.at(last, place, np.nan_to_num(time, nan=-np.inf))
    seen = np.array([name not in _APPROVE for name in names])[kind]
    known[place[seen], :3] = 1
    labels[place[seen], 0] = 1
    for code, name in enumerate(names):
        mine = kind == code
        where, of = place[mine], weight[mine]
        if not len(where):
            continue
        if name in _APPROVE:
            good = of > 0 if name == "approve" else np.full(len(of), _APPROVE[name] > 0)
            labels[where, 3], known[where, 3] = good, 1
            continue
        # Weights of one sort of event are few: what they are worth is asked once for each.
        unique, back = np.unique(of, return_inverse=True)
        np.maximum.at(value, where, np.array([strength(name, float(w)) for w in unique], np.float32)[back])
        if name == "rating":
            low, high = float(of.min()), float(of.max())
            labels[where, 4] = (of - low) / max(high - low, 1e-9)
            known[where, 4] = high > low
            np.maximum.at(labels[:, 1], where, (value[where] >= 0.8).astype(np.float32))
        elif name in _LIKE:
            labels[where, 1] = 1
        elif name in _BUY:
            labels[where, 1:3] = 1
    return Labels(
        people[person][first], row[first], labels, known, value, np.where(np.isfinite(last), last, np.nan)
    )


def worth(chances: NDArray[np.float64], present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """float64[…] what showing an item is worth, from chances float64[…,T].

    (0.2 view + 0.6 like + 1.0 buy) × (½ + approval) × (½ + rating), over the tasks that are present.
    """
    values = np.where(present[:3], np.array(_VALUE), 0.0)
    total: NDArray[np.float64] = chances[..., :3] @ values
    for task in (3, 4):
        if present[task]:
            total = total * (0.5 + chances[..., task])
    return total


def _decisions(catalogue: Catalogue) -> list[tuple[int, int, float]]:
    store = catalogue.library.audiences
    return [
        (-audience.id, catalogue.row[item], weight)
        for audience in store.list()
        for item, weight in store.decisions(audience.id).items()
        if item in catalogue.row and weight
    ]
