"""The ranker and the simple methods on the same held-out events."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.recommendation.ranker.deciding import decide, kinds_of, worth_of
from mmstudio.recommendation.ranker.model import standard
from mmstudio.recommendation.ranker.pairs import histories_of, scored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.ranker.model import Ranker
    from mmstudio.recommendation.ranker.pairs import Base
    from mmstudio.recommendation.ranker.tasks import Labels

K = 10
SHARES = (1.0, 0.75, 0.5, 0.25)  # of the ranker beside a simple method
_MOST = 1500  # people measured; a loss of a rare event shows in many only
_MIXED = 600  # people who choose the shares


def measure(
    ranker: Ranker,
    catalogue: Catalogue,
    methods: Mapping[str, Base],
    past: Labels,
    held: Labels,
    otherwise: str = "blend",
) -> Generator[dict[str, Any], None, None]:
    """Reports over the people so far; the last is the whole.

    Args:
        otherwise: the method that ranks here without the ranker.

    Keys: members, k, ndcg (method → mean NDCG@10 by the weights of events, what is known masked), best
    (simple method), against (`otherwise`, or the blend), and those of
    :func:`mmstudio.recommendation.ranker.deciding.decide`, gains per member; no simple method may be ahead.
    """
    known, wanted = histories_of(past), _wanted(held)
    everything = _seen(past)
    people = [member for member in wanted if member in known][:_MOST]
    names = [*methods, "ranker"]
    against = otherwise if otherwise in methods else "blend"
    found: list[list[float]] = []
    kinds: dict[str, list[list[float]]] = {kind: [] for kind in kinds_of(held)}
    yield _report(names, found, kinds, against)
    for start, block in scored(catalogue, methods, people):
        for k, cells in enumerate(block):
            member = people[start + k]
            worth, _, _ = ranker.score(catalogue, known[member], list(cells.T))
            columns = [*cells.T.astype(np.float64), worth]
            lists = [_first(one, everything[member]) for one in columns]
            own = wanted[member]
            found.append([_ndcg(one, own.worth) for one in lists])
            for kind, rows in kinds.items():
                only = own.kinds.get(kind)
                both = (lists[-1], lists[names.index(against)])
                rows.append([_ndcg(one, only) if only else np.nan for one in both])
        yield _report(names, found, kinds, against)


def mix(
    ranker: Ranker, catalogue: Catalogue, methods: Mapping[str, Base], past: Labels, held: Labels
) -> Generator[None, None, None]:
    """Choose what share of the ranker and of which simple method finds most of what is held out, by weight.

    A closed formula steadies what was learned from few (stacking, Wolpert 1992). Yields between persons.
    """
    known, wanted = histories_of(past), _wanted(held)
    seen = _seen(past)
    people = [member for member in wanted if member in known][:_MIXED]
    sums = np.zeros((len(SHARES), len(methods)))
    ranker.facts["share"] = 1.0
    for start, block in scored(catalogue, methods, people):
        for k, cells in enumerate(block):
            member = people[start + k]
            worth = standard(ranker.score(catalogue, known[member], list(cells.T))[0])
            simple = [standard(one) for one in cells.T]
            for i, share in enumerate(SHARES):
                # Alone it is the same beside every method: the earlier entry wins the tie.
                for j, one in enumerate(simple if share < 1 else simple[:1]):
                    mixed = _first(share * worth + (1 - share) * one, seen[member])
                    sums[i, j] += _ndcg(mixed, wanted[member].worth)
            yield
    best = np.unravel_index(int(sums.argmax()), sums.shape)
    ranker.facts |= {"share": SHARES[int(best[0])], "beside": int(best[1])}


@dataclass(slots=True)
class _Wanted:
    """What was hidden of one member: row → worth; kind of event → row → 1."""

    worth: dict[int, float] = field(default_factory=dict)
    kinds: dict[str, dict[int, float]] = field(default_factory=dict)


def _wanted(held: Labels) -> dict[int, _Wanted]:
    worth = worth_of(held)
    found: dict[int, _Wanted] = {}
    for at in np.flatnonzero(worth > 0).tolist():
        own = found.setdefault(int(held.member[at]), _Wanted())
        own.worth[int(held.row[at])] = float(worth[at])
    for kind, mask in kinds_of(held).items():
        for at in np.flatnonzero(mask).tolist():
            found[int(held.member[at])].kinds.setdefault(kind, {})[int(held.row[at])] = 1.0
    return found


def _seen(past: Labels) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for member, row in zip(past.member.tolist(), past.row.tolist(), strict=True):
        found.setdefault(member, set()).add(row)
    return found


def _report(
    names: list[str], found: list[list[float]], kinds: Mapping[str, list[list[float]]], against: str
) -> dict[str, Any]:
    if not found:
        return {"members": 0, "k": K, "ndcg": {}, "wins": False}
    values = np.array(found)
    mean = values.mean(0)
    best = int(mean[:-1].argmax())
    pair = [len(names) - 1, names.index(against)]
    decided = decide(values[:, pair], {kind: np.array(rows) for kind, rows in kinds.items()})
    decided["wins"] = decided["wins"] and bool(mean[-1] >= mean[best])
    return {
        "members": len(found),
        "k": K,
        "ndcg": {name: round(float(one), 4) for name, one in zip(names, mean, strict=True)},
        "best": names[best],
        "against": against,
        **decided,
    }


def _first(values: NDArray[np.float64], known: set[int]) -> list[int]:
    """The K rows that stand first, what is known left out."""
    values = values.copy()
    values[list(known)] = -np.inf
    top = np.argpartition(-values, min(K, len(values) - 1))[:K]
    rows: list[int] = top[np.argsort(-values[top], kind="stable")].tolist()
    return rows


def _ndcg(rows: list[int], wanted: Mapping[int, float]) -> float:
    """NDCG@10 with a gain for each wanted row (Järvelin & Kekäläinen 2002), in 0…1."""
    discount = 1 / np.log2(np.arange(2, K + 2))
    ideal = np.sort(list(wanted.values()))[::-1][:K]
    got = np.array([wanted.get(row, 0.0) for row in rows])
    return float(got @ discount[: len(got)]) / float(ideal @ discount[: len(ideal)])
