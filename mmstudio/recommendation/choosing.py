"""Which method ranks best here: weights and method are chosen on held-out events of the library, and kept."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.cores import one_core
from mmstudio.i18n import mark, tr
from mmstudio.recommendation import blend, few_known, measuring
from mmstudio.recommendation.blend import CONTENT, KNOWN, POPULAR, Weighting
from mmstudio.recommendation.carried import carried_many
from mmstudio.recommendation.methods import Method, known
from mmstudio.recommendation.voices import cold, voices

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.measuring import Asked, Manner

log = logging.getLogger(__name__)
_MEASURING = threading.RLock()  # two that ask at once are measured for once
VERSION = 3  # 3: few known choices are told by conditional popularity
EVERY = "*"
LEAST_PEOPLE, LEAST_PAIRS = (
    20,
    200,
)  # members with three choices, and choices, from which on anything is measured
_PEOPLE, _FEW, _FEW_PEOPLE = 600, 0.15, 120
_FRESH_PEOPLE, _CELLS = 200, 8_000_000  # asked where all items are scored, and their scores at most
_NEWEST = 3  # choices of each member that are hidden where the newest are
# Items that EASE covers while weights are chosen: its time grows with the cube.
_DENSE, _DENSE_NEW = 2500, 1500
_COLD, _CARRIED = (0.0, 0.3, 0.6, 1.0, 1.5), (0.0, 0.5, 1.0, 2.0)
_FRESH = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.025)
_CHANGED = 0.1  # share of events that may come and go before it is measured again
_CLEAR = 0.002  # NDCG by which one method must be ahead of the blend


@dataclass(frozen=True)
class Settled:
    """What was chosen.

    Attributes:
        method: "blend" or a method's name. weighting: of the blend.
        table: method → NDCG@10; the blend with weights that other people chose. members: how many were asked.
        hidden: their hidden events. events: pairs there were.
        failed: methods that could not be measured, because of an error; :data:`EVERY` where none could.
    """

    method: str
    weighting: Weighting
    table: dict[str, float]
    members: int
    hidden: int
    events: int
    failed: tuple[str, ...] = ()

    def why(self) -> str:
        """One sentence in the person's language, a second where a method could not be measured."""
        if EVERY in self.failed:
            return tr("An error kept methods from being measured: the usual blend ranks. The log says more.")
        left_out = ", ".join(label(name) for name in self.failed)
        more = tr("An error kept {methods} from being measured.", methods=left_out) if left_out else ""
        return " ".join(filter(None, [self._found(), more]))

    def _found(self) -> str:
        if not self.table:
            return tr("Too few events to measure methods by: likes, content and popularity count as usual.")
        table = {row["method"]: row["ndcg"] for row in self.rows()}  # the same figures as in the table
        best, score = self.method, table[self.method]
        others = [pair for pair in table.items() if pair[0] != best]
        plain = table.get(POPULAR, 0.0)
        values: dict[str, Any] = {"n": self.hidden, "m": self.members, "method": label(best)}
        values |= {"other": label(others[0][0]) if others else label(POPULAR)}
        if best == POPULAR or plain <= 0 or score < 1.005 * plain:
            return tr("On {n} hidden events of {m} members {method} finds most; next is {other}.", **values)
        return tr(
            "On {n} hidden events of {m} members {method} finds most, {percent} % better than showing"
            " everybody what is popular; next is {other}.",
            percent=f"{100 * (score / plain - 1):.0f}", **values,
        )  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """The table, best first."""
        ranked = sorted(self.table.items(), key=lambda pair: -pair[1])
        return [{"method": name, "ndcg": round(score, 4)} for name, score in ranked]


_LABELS = {
    "blend": mark("the blend of all signals"),
    "ease": mark("what goes together (EASE)"),
    "als": mark("taste factors (ALS)"),
    "knn": mark("neighbours of items"),
    "likelier": mark("what one choice makes likelier"),
    "beside": mark("what is taken around the same time"),
    "markov": mark("what is taken next"),
    "decayed": mark("what goes with the newest choices"),
    "content": mark("content"),
    "popular": mark("popularity"),
    "image": mark("pictures alone"),
    "text": mark("texts alone"),
    "audio": mark("sounds alone"),
    "video": mark("clips alone"),
    "ranker": mark("the trained ranker"),
    "random": mark("chance"),
}


def label(method: str) -> str:
    """A method in the person's words."""
    return tr(_LABELS[method]) if method in _LABELS else method


def measurable(catalogue: Catalogue) -> bool:
    """Whether there are events enough to choose by."""
    events = catalogue.events
    choosers = int(np.count_nonzero(np.diff(events.x.indptr) >= 3))
    return choosers >= LEAST_PEOPLE and events.count >= LEAST_PAIRS


def usual(catalogue: Catalogue) -> Settled:
    """Where nothing was measured."""
    return Settled("blend", blend.early(catalogue), {}, 0, 0, catalogue.events.count)


def settle(
    catalogue: Catalogue, manner: Manner | None = None, threshold: float | None = 4.0, seed: int = 0,
    *, others: bool = True,
) -> Settled:  # fmt: skip
    """Choose weights and method on a part of the events that is hidden from a fit on the rest.

    Args:
        manner: which events are hidden: "last", the newest of each member (the default where times are
        known),
            or a fifth at "random".
        threshold: a rating from which on a hidden event is worth finding; None: every one is.
        others: also measure registered methods (the trained ranker).

    One fit without the hidden events and without a seventh of the members, who stand for people of whom
    only a few choices are known; a second, of content alone, without a tenth of the items, for new ones.
    """
    if not measurable(catalogue):
        return usual(catalogue)
    with one_core():  # many small products: on two cores they cost a quarter more and end no sooner
        return _settle(catalogue, manner, threshold, seed, others)


def _settle(
    catalogue: Catalogue, manner: Manner | None, threshold: float | None, seed: int, others: bool
) -> Settled:
    events = catalogue.events
    _ = catalogue.content  # of the items alone: worked out once, for both fits
    rng = np.random.default_rng(seed)
    manner = manner or ("last" if events.timed else "random")
    strangers = rng.permutation(len(events.members))[
        : max(1, int(min(_FEW * len(events.members), _FEW_PEOPLE)))
    ]
    strange = np.isin(events.who, strangers)
    hidden = measuring.held_out(events, manner, rng, newest=_NEWEST) & ~strange
    train = events.subset(~hidden & ~strange, dense=min(events.dense, _DENSE))
    found = measuring.with_events(catalogue, train)
    good = measuring.relevant(events, threshold)
    targets = measuring.targets_of(events, hidden & good)
    people = [one for one in rng.permutation(sorted(targets)).tolist() if train.index(one) >= 0][:_PEOPLE]
    if len(people) < 10:
        return usual(catalogue)
    asked = measuring.asked(train, people, targets)
    full = blend.candidates(found, asked, voices(found))
    weights, score = _crossed(found, full)
    by_known = {KNOWN[-1]: weights}
    few = few_known.strangers(events, strange, good)
    small = np.array([len(one.taste) <= 2 * KNOWN[-2] for one in asked.profiles])
    for k in reversed(KNOWN[:-1]):
        own = full.of(small) if k == KNOWN[-2] and np.count_nonzero(small) >= 10 else None
        weights = by_known[k] = few_known.weights(found, few, k, weights, own, rng)
    by = {name: tuple(float(by_known[k][v]) for k in KNOWN) for v, name in enumerate(full.names)}
    popular, over = _for_new(catalogue, rng)
    weighting = Weighting(by, popular, carried=over)
    weighting = replace(weighting, fresh=_fresh(found, asked, weighting))
    if few is not None:
        one, _ = few_known.first_known(few, KNOWN[0], rng)
        weighting = replace(weighting, fresh_few=_fresh(found, one, weighting))
    table = {"blend": score}
    for v, name in enumerate(full.names):
        table[name] = full.ndcg(np.eye(len(full.names), dtype=np.float32)[v])
    failed: tuple[str, ...] = ()
    if others:
        measured, failed = _others(found, asked)
        table |= measured
    best = max(table, key=lambda name: table[name])
    method = best if table[best] > table["blend"] + _CLEAR else "blend"
    counted = sum(len(targets[one]) for one in people)
    return Settled(method, weighting, table, len(people), counted, events.count, failed)


def _crossed(found: Catalogue, full: blend.Candidates) -> tuple[NDArray[np.float32], float]:
    """(weights, NDCG@10): each half of the people chooses weights that the other half is measured with.

    The weights are the mean of both choices.
    """
    half = np.arange(len(full.counts)) < len(full.counts) // 2
    usual_ones = np.array([blend.early(found).at(name, KNOWN[-1]) for name in full.names], np.float32)
    chosen, scores = [], []
    for own, other in ((half, ~half), (~half, half)):
        part = full.of(own)
        start = max((usual_ones, *np.eye(len(full.names), dtype=np.float32)), key=part.ndcg)
        weights = blend.climb(part, start)
        chosen.append(weights / max(float(weights.sum()), 1e-9))
        scores.append(full.of(other).ndcg(weights))
    mean = (chosen[0] + chosen[1]) / 2
    return np.asarray(mean / mean.max(), np.float32), float(np.mean(scores))


def _for_new(catalogue: Catalogue, rng: np.random.Generator) -> tuple[float, float]:
    """How much expected popularity and what goes together count beside content for new items: a fifth of the
    items plays new."""
    usual_ones = Weighting({})
    events = catalogue.events
    used = np.flatnonzero(events.people > 0)
    new = np.zeros(events.items, bool)
    new[rng.permutation(used)[: max(1, len(used) // 5)]] = True
    good = measuring.relevant(events, 4.0) & (events.value > 0)
    targets = measuring.targets_of(events, new[events.col] & good)
    rest = events.subset(~new[events.col], dense=min(events.dense, _DENSE_NEW))
    found = measuring.with_events(catalogue, rest)
    people = [one for one in rng.permutation(sorted(targets)).tolist() if rest.index(one) >= 0]
    people = people[: max(LEAST_PEOPLE, min(_PEOPLE, _CELLS // max(events.items, 1)))]
    content = next((voice for voice in voices(found) if voice.name == CONTENT), None)
    if len(people) < 10 or content is None:
        return usual_ones.cold, usual_ones.carried
    rows = np.flatnonzero(new)
    asked = measuring.asked(found.events, people, targets)
    values = content.batch(found, asked.profiles)[:, rows]
    expected = blend.expected_popularity(found).astype(np.float32)[None, rows]
    over = carried_many(found, asked.profiles)[:, rows]
    hits = np.stack([np.isin(rows, own) for own in asked.targets])
    counts = np.array([len(own) for own in asked.targets], np.int64)

    def worth(pair: tuple[float, float]) -> float:
        scores = values + np.float32(pair[0]) * expected + np.float32(pair[1]) * over
        return measuring.ndcg_at(scores, hits, counts)

    best = max(product(_COLD, _CARRIED), key=worth)
    # One fifth of the items is a small sample: the usual stays unless something else is clearly better.
    usual_pair = (usual_ones.cold, usual_ones.carried)
    return best if worth(best) > worth(usual_pair) + _CLEAR else usual_pair


def _fresh(found: Catalogue, asked: Asked, weighting: Weighting) -> float:
    """How high items without events may stand: as high as costs a hundredth of NDCG at most."""
    if not cold(found.events).any() or not asked.profiles:
        return weighting.fresh
    most = max(LEAST_PEOPLE, min(_FRESH_PEOPLE, _CELLS // max(found.events.items, 1)))
    asked = measuring.Asked(asked.profiles[:most], asked.targets[:most], asked.seen[:most])
    known, new = blend.batch_parts(found, asked.profiles, weighting)
    hits = _hits(known.shape, asked)
    counts = np.array([len(own) for own in asked.targets], np.int64)
    for u, seen in enumerate(asked.seen):
        known[u, seen] = -np.inf
    least = 0.99 * measuring.ndcg_at(known, hits, counts)
    for share in _FRESH:
        if measuring.ndcg_at(known + np.float32(share) * new, hits, counts) >= least:
            return share
    return _FRESH[-1]


def _hits(shape: tuple[int, ...], asked: Asked) -> NDArray[np.bool_]:
    hits = np.zeros(shape, bool)
    for u, own in enumerate(asked.targets):
        hits[u, own] = True
    return hits


def _others(found: Catalogue, asked: Asked) -> tuple[dict[str, float], tuple[str, ...]]:
    """(registered methods on the same people, names of those that failed: the log says why)."""
    table, failed = {}, []
    for name, method in known().items():
        try:
            if method.ready(found):
                continue
            table[name] = _measure(found, asked, method)
        except Exception:
            log.exception("the method %s could not be measured", name)
            failed.append(name)
    return table, tuple(failed)


def _measure(found: Catalogue, asked: Asked, method: Method) -> float:
    scores = np.array(method.batch(found, asked.profiles), np.float32)
    for u, seen in enumerate(asked.seen):
        scores[u, seen] = -np.inf
    return measuring.ndcg_at(
        scores, _hits(scores.shape, asked), np.array([len(own) for own in asked.targets], np.int64)
    )


# -- kept with the library -----------------------------------------------------------------------------------


def settled(catalogue: Catalogue, *, wait: bool = True) -> Settled:
    """What was chosen for a library, kept in its index folder; measured again when a tenth of the events
    changed.

    With ``wait`` False nothing is measured: what was chosen last, or what is usual.
    """
    kept = catalogue.events.kept
    if "settled" not in kept:
        found = _load(_file(catalogue), catalogue)
        if found is None and measurable(catalogue):
            if not wait:
                return usual(catalogue)
            with _MEASURING:
                return _measured(catalogue)
        kept["settled"] = found or usual(catalogue)
    chosen: Settled = kept["settled"]
    return chosen


def is_settled(catalogue: Catalogue) -> bool:
    """Whether nothing is left to measure: what :func:`settled` gives holds."""
    settled(catalogue, wait=False)
    return "settled" in catalogue.events.kept


def give_up(catalogue: Catalogue, *, failed: bool = False) -> None:
    """Go by what is usual, because measuring was broken off, or failed."""
    found = replace(usual(catalogue), failed=(EVERY,) if failed else ())
    catalogue.events.kept.setdefault("settled", found)


def _measured(catalogue: Catalogue) -> Settled:
    """Measured, unless somebody else did while this one waited."""
    kept, path = catalogue.events.kept, _file(catalogue)
    if "settled" not in kept:
        found = _load(path, catalogue)
        if found is None:
            found = settle(catalogue)
            _save(path, found, catalogue)
        kept["settled"] = found
    chosen: Settled = kept["settled"]
    return chosen


def _file(catalogue: Catalogue) -> Path:
    return catalogue.library.index_dir / "recommender.json"


def _shape(catalogue: Catalogue) -> list[str]:
    return [*(voice.name for voice in voices(catalogue)), *sorted(known())]


def _load(path: Path, catalogue: Catalogue) -> Settled | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION or data["voices"] != _shape(catalogue):
            return None
        if abs(data["events"] - catalogue.events.count) > _CHANGED * max(data["events"], 1):
            return None
        table = {str(name): float(score) for name, score in data["table"].items()}
        return Settled(
            str(data["method"]), Weighting.of(data["weighting"]), table, int(data["members"]),
            int(data["hidden"]), int(data["events"]), tuple(map(str, data.get("failed", ()))),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(path: Path, found: Settled, catalogue: Catalogue) -> None:
    if catalogue.library.read_only or not catalogue.library.path.is_dir():
        return  # it may have been closed and moved while this was measured
    data = {
        "version": VERSION, "voices": _shape(catalogue), "method": found.method, "table": found.table,
        "weighting": found.weighting.to_json(), "members": found.members, "hidden": found.hidden,
        "events": found.events, "failed": found.failed,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(data), encoding="utf-8")
