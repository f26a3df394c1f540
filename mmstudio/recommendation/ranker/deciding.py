"""Whether the ranker is used: held against what would rank otherwise, by weight and per kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import mark, tr
from mmstudio.recommendation.choosing import label
from mmstudio.recommendation.ranker.tasks import TASKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.ranker.tasks import Labels

WEAKEST = "view"  # may lose: the figure by weight has it already
ENOUGH = 30  # members with hidden events of a kind before a loss of it counts
_SURE = 2.0  # standard errors that a gain must exceed
_KINDS = {
    "view": mark("mere views"),
    "like": mark("likes"),
    "buy": mark("purchases"),
    "approve": mark("approvals"),
    "rating": mark("good ratings"),
}


def worth_of(part: Labels) -> NDArray[np.float64]:
    """float64[P] in 0…1: what finding each pair is worth; a purchase, an approval and a high rating 1, others
    by the weight of the event (:func:`mmstudio.recommendation.events.strength`)."""
    approved = np.where(part.known[:, 3] > 0, part.labels[:, 3], 0.0)
    return np.maximum(part.value, approved).astype(np.float64)


def kinds_of(part: Labels) -> dict[str, NDArray[np.bool_]]:
    """Kind of event → bool[P]. A pair may have been bought and rated well; it is liked or viewed only where
    nothing stronger happened."""
    happened = (part.labels >= 0.5) & (part.known > 0)
    wanted = worth_of(part) > 0
    found = {task: happened[:, TASKS.index(task)] & wanted for task in ("buy", "approve", "rating")}
    strong = found["buy"] | found["approve"] | found["rating"]
    found["like"] = happened[:, 1] & wanted & ~strong
    found["view"] = wanted & ~strong & ~found["like"]
    return {task: found[task] for task in TASKS}


def decide(weighted: NDArray[np.float64], kinds: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Whether the ranker is used, from figures of the same members.

    Args:
        weighted: float64[U,2] NDCG of each member (ranker, what would rank otherwise), events by weight.
        kinds: kind of event → the same by this kind alone, NaN where a member has none hidden.

    Keys: wins, gain and error (of the mean gain by weight; None for fewer than two members), kinds (kind →
    members, ranker, simple, gain, error), lost (kinds that speak against it).

    It is used where the gain by weight exceeds twice its standard error and no kind stronger than a view,
    hidden of :data:`ENOUGH` members or more, loses more than its standard error.
    """
    gain, error = _gain(weighted)
    table: dict[str, dict[str, Any]] = {}
    lost = []
    for kind, values in kinds.items():
        own = values[np.isfinite(values).all(1)]
        if not len(own):
            continue
        more, unsure = _gain(own)
        table[kind] = {
            "members": len(own),
            "ranker": round(float(own[:, 0].mean()), 4),
            "simple": round(float(own[:, 1].mean()), 4),
            "gain": round(more, 5),
            "error": _said(unsure),
        }
        if kind != WEAKEST and len(own) >= ENOUGH and more < -unsure:
            lost.append(kind)
    wins = bool(gain > _SURE * error and not lost)
    return {"wins": wins, "gain": round(gain, 5), "error": _said(error), "kinds": table, "lost": lost}


def used(report: Mapping[str, Any]) -> bool:
    """Whether a kept report speaks for the ranker; one of an earlier rule never does."""
    return bool(report.get("wins")) and "kinds" in report


def sentence(report: Mapping[str, Any]) -> str:
    """Whether the ranker is used, and why, per kind of event, in the person's language."""
    ndcg = report.get("ndcg") or {}
    if not ndcg:
        return tr("The learned ranker was not measured.")
    if "kinds" not in report:
        return tr("The learned ranker was chosen by an earlier rule and is not used: train it again.")
    rival = str(report["against"])
    values = {
        "other": label(rival),
        "members": report["members"],
        "all": _change(report["gain"], ndcg[rival], report["error"]),
        "kinds": ", ".join(
            tr("{kind} {change}", kind=tr(_KINDS[kind]), change=_change(own["gain"], own["simple"]))
            for kind, own in report["kinds"].items()
        ),
    }
    if report["wins"]:
        return tr(
            "The learned ranker is used: on hidden events of {members} members it ranks better than {other}"
            " (by weight {all}; {kinds}).",
            **values,
        )
    if report["lost"]:
        worse = ", ".join(tr(_KINDS[kind]) for kind in report["lost"])
        return tr(
            "The learned ranker is not used: on hidden events of {members} members it ranks {worse} worse"
            " than {other} (by weight {all}; {kinds}).",
            worse=worse,
            **values,
        )
    if ndcg[report["best"]] > ndcg["ranker"] and report["best"] != rival:
        return tr(
            "The learned ranker is not used: on hidden events of {members} members {best} ranks better"
            " (against {other} by weight {all}; {kinds}).",
            best=label(str(report["best"])),
            **values,
        )
    return tr(
        "The learned ranker is not used: on hidden events of {members} members it is not surely better than"
        " {other} (by weight {all}; {kinds}).",
        **values,
    )


def _gain(values: NDArray[np.float64]) -> tuple[float, float]:
    """(mean of first minus second, its standard error; infinite where one member says nothing of it)."""
    gain = values[:, 0] - values[:, 1]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return float(gain.mean()), error


def _said(error: float) -> float | None:
    return round(error, 5) if np.isfinite(error) else None


def _change(gain: float, simple: float, error: float | None = None) -> str:
    """A gain as a share of what it is compared with: "+2.5 % ± 0.6 %"."""
    if simple <= 0:
        return "±0 %" if gain <= 0 else "+"
    said = f"{100 * gain / simple:+.1f} %"
    return said if error is None else f"{said} ± {100 * error / simple:.1f} %"
