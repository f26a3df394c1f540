"""The ranker and the simple methods on the same held-out events."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation.choosing import label
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
_MOST = 600  # people; more would only narrow an already narrow spread


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

    Keys: members, k, ndcg (method → mean NDCG@10, what is known masked), best (simple method), against
    (`otherwise`, or the blend), gain (ranker minus that, per member), error (its standard error), wins.
    """
    known, wanted = histories_of(past), histories_of(held)
    everything = _seen(past)
    people = [member for member in wanted if member in known][:_MOST]
    names = [*methods, "ranker"]
    against = otherwise if otherwise in methods else "blend"
    found: list[list[float]] = []
    yield _report(names, found, against)
    for start, block in scored(catalogue, methods, people):
        for k, cells in enumerate(block):
            member = people[start + k]
            worth, _, _ = ranker.score(catalogue, known[member], list(cells.T))
            columns = [*cells.T.astype(np.float64), worth]
            found.append([_ndcg(one, everything[member], set(wanted[member])) for one in columns])
        yield _report(names, found, against)


def mix(
    ranker: Ranker, catalogue: Catalogue, methods: Mapping[str, Base], past: Labels, held: Labels
) -> Generator[None, None, None]:
    """Choose what share of the ranker and of which simple method finds most of what is held out here.

    A closed formula steadies what was learned from few (stacking, Wolpert 1992). Yields between persons.
    """
    known, wanted = histories_of(past), histories_of(held)
    seen = _seen(past)
    people = [member for member in wanted if member in known][:_MOST]
    sums = np.zeros((len(SHARES), len(methods)))
    ranker.facts["share"] = 1.0
    for start, block in scored(catalogue, methods, people):
        for k, cells in enumerate(block):
            member = people[start + k]
            relevant = set(wanted[member])
            worth = standard(ranker.score(catalogue, known[member], list(cells.T))[0])
            simple = [standard(one) for one in cells.T]
            for i, share in enumerate(SHARES):
                # Alone it is the same beside every method: the earlier entry wins the tie.
                for j, one in enumerate(simple if share < 1 else simple[:1]):
                    sums[i, j] += _ndcg(share * worth + (1 - share) * one, seen[member], relevant)
            yield
    best = np.unravel_index(int(sums.argmax()), sums.shape)
    ranker.facts |= {"share": SHARES[int(best[0])], "beside": int(best[1])}


def sentence(report: Mapping[str, Any]) -> str:
    """Whether the ranker is used, and why, in the person's language."""
    ndcg = report.get("ndcg") or {}
    if not ndcg:
        return tr("The learned ranker was not measured.")
    rival = str(report["against"])
    if not report["wins"] and ndcg[report["best"]] > ndcg["ranker"]:
        rival = str(report["best"])
    values = {
        "ranker": f"{ndcg['ranker']:.3f}",
        "best": label(rival),
        "simple": f"{ndcg[rival]:.3f}",
        "members": report["members"],
    }
    if report["wins"]:
        return tr(
            "The learned ranker is used: NDCG@10 {ranker} against {simple} of {best} for {members} members"
            " on events it had not seen.",
            **values,
        )
    return tr(
        "The learned ranker is not used: NDCG@10 {ranker} against {simple} of {best} for {members} members"
        " is no sure gain.",
        **values,
    )


def _seen(past: Labels) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for member, row in zip(past.member.tolist(), past.row.tolist(), strict=True):
        found.setdefault(member, set()).add(row)
    return found


def _report(names: list[str], found: list[list[float]], against: str) -> dict[str, Any]:
    if not found:
        return {"members": 0, "k": K, "ndcg": {}, "wins": False}
    values = np.array(found)
    mean = values.mean(0)
    best = int(mean[:-1].argmax())
    gain = values[:, -1] - values[:, names.index(against)]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return {
        "members": len(found),
        "k": K,
        "ndcg": {name: round(float(one), 4) for name, one in zip(names, mean, strict=True)},
        "best": names[best],
        "against": against,
        "gain": round(float(gain.mean()), 5),
        "error": round(error, 5) if np.isfinite(error) else None,
        # A gain that chance alone would show once in twenty (one-sided), and no simple method ahead.
        "wins": bool(gain.mean() > 1.645 * error and mean[-1] >= mean[best]),
    }


def _ndcg(values: NDArray[np.float64], known: set[int], relevant: set[int]) -> float:
    values = values.copy()
    values[list(known)] = -np.inf
    top = np.argpartition(-values, min(K, len(values) - 1))[:K]
    top = top[np.argsort(-values[top], kind="stable")]
    hits = np.array([int(row) in relevant for row in top], np.float64)
    discount = 1 / np.log2(np.arange(2, K + 2))
    ideal = float(discount[: min(K, len(relevant))].sum())
    return float((hits * discount[: len(hits)]).sum()) / ideal
