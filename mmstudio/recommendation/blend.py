"""The blend of all voices, its weights chosen on held-out events of the library itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.cores import one_core
from mmstudio.recommendation import measuring
from mmstudio.recommendation.carried import carried, carried_many, carrier
from mmstudio.recommendation.measuring import Asked
from mmstudio.recommendation.signals import Profile, Signal, Split
from mmstudio.recommendation.voices import Engine, Voice, cold, popularity, voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.records import Kind

# Choices of a person for which weights are chosen; between them they are interpolated.
KNOWN = (1, 3, 5, 10, 30)
_LOGS = np.log(KNOWN)
CONTENT = "content"  # places items without events; its weight for others is chosen like any
POPULAR = "popular"
_GRID = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0)
_GAIN, _UNSURE = 4e-4, 2e-3  # NDCG that a change of a weight must bring, with many and few hidden events
_SURE = 1000
_ROUNDS = 3
_TOP = 50  # candidates of each voice, about
_CELLS = 1_000_000  # scores of a voice that exist at a time while candidates are sought
_EVENTS = 0.9  # what the blend of events can add to a score: the rest is said by brief, links and dislikes
_EARLY = {"ease": 1.0, "als": 0.3, "knn": 0.3, "content": 0.2}


@dataclass(frozen=True)
class Weighting:
    """Weights of the voices by how much is known of somebody.

    Attributes:
        by: voice → weight at each of :data:`KNOWN`; "popular" among them.
        cold: weight of expected popularity beside content for items without events.
        carried: the same of what goes together, carried over by content.
        fresh: how high such items stand among those with events; fresh_few: the same for somebody of whom one
            choice is known, those between interpolated (None: as `fresh`).
    """

    by: dict[str, tuple[float, ...]]
    cold: float = 0.6
    fresh: float = 0.1
    carried: float = 1.0
    fresh_few: float | None = None

    def fresh_at(self, evidence: float) -> float:
        """How high items without events stand for somebody with so many choices."""
        few = self.fresh if self.fresh_few is None else self.fresh_few
        return float(np.interp(np.log(max(evidence, 1.0)), (_LOGS[0], _LOGS[-1]), (few, self.fresh)))

    def at(self, name: str, evidence: float) -> float:
        """Weight of a voice for somebody with so many choices."""
        own = self.by.get(name)
        if own is None:
            return 0.0
        return float(np.interp(np.log(max(evidence, 1.0)), _LOGS, own))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "by": {name: list(own) for name, own in self.by.items()},
            "cold": self.cold,
            "fresh": self.fresh,
            "fresh_few": self.fresh_few,
            "carried": self.carried,
        }

    @classmethod
    def of(cls, data: dict[str, Any]) -> Weighting:
        """Back from :meth:`to_json`."""
        by = {name: tuple(map(float, own)) for name, own in data["by"].items()}
        cold, fresh, carried = (float(data[name]) for name in ("cold", "fresh", "carried"))
        few = data["fresh_few"]
        return cls(by, cold, fresh, carried, None if few is None else float(few))


def early(catalogue: Catalogue) -> Weighting:
    """Weights that hold before anything was measured: popularity falls as 1/√(1 + choices)."""
    by = {voice.name: (_EARLY.get(voice.name, 0.0),) * len(KNOWN) for voice in voices(catalogue)}
    by[POPULAR] = tuple(1.5 / np.sqrt(1 + k) for k in KNOWN)
    return Weighting(by)


def signals(catalogue: Catalogue, profile: Profile, weighting: Weighting) -> list[Signal]:
    """The blend for one profile: signals whose sum is 0.9 for the best item."""
    new = cold(catalogue.events)
    any_new = bool(new.any())
    evidence = float(len(profile.anchors))
    speakers = []
    for voice in voices(catalogue):
        weight = weighting.at(voice.name, evidence)
        if weight > 0 or (voice.name == CONTENT and any_new):
            speakers.append((voice, weight, voice.engine(catalogue)))  # fitted on all cores, heard on one
    if any_new:
        expected_popularity(catalogue)
        if weighting.carried > 0 and (over := carrier(catalogue)) is not None:
            over.engine(catalogue)
    with one_core():
        return _signals(catalogue, profile, weighting, new, speakers)


def _signals(
    catalogue: Catalogue, profile: Profile, weighting: Weighting, new: NDArray[np.bool_],
    speakers: Sequence[tuple[Voice, float, Engine]],
) -> list[Signal]:  # fmt: skip
    any_new = bool(new.any())
    evidence = float(len(profile.anchors))
    found: list[tuple[Kind, NDArray[np.float64], Split | None, float | NDArray[np.float64]]] = []
    trust = 0.0
    content = None
    heard: dict[str, NDArray[np.float64]] = {}
    for voice, weight, engine in speakers:
        given = voice.given(profile)
        if not given:
            continue
        values, split = engine.one(given)
        heard[voice.name] = values
        scale = 1 / max(_deviation(values), 1e-9) if voice.scaled else 1.0
        if voice.name == CONTENT:
            content = (voice, weight * scale, scale, values, split)
        else:
            trust += weight
            found.append((voice.kind, values, split, weight * scale))
    beside = weighting.fresh_at(evidence) * placed(trust)
    if content is not None:
        voice, weight, scale, values, split = content
        found.append((voice.kind, values, split, np.where(new, beside * scale, weight)))
        if any_new and weighting.carried > 0 and (over := carried(catalogue, profile, heard)) is not None:
            values, split = over
            scale = 1 / max(_deviation(values), 1e-9)
            found.append((voice.kind, values, split, np.where(new, beside * weighting.carried * scale, 0.0)))
    if catalogue.events.count:
        known = weighting.at(POPULAR, evidence) * popularity(catalogue)
        expected = beside * weighting.cold * expected_popularity(catalogue) if any_new else known
        found.append(("popular", np.where(new, expected, known), None, 1.0))
    weighted = [weight * values for _kind, values, _split, weight in found]
    total = np.zeros(len(catalogue.ids))
    for values in weighted:
        total += values
    top = float(total.max(initial=0))
    if top <= 0:
        return []
    return [
        Signal(kind, _EVENTS / top * values, split and _times(split, weight, _EVENTS / top))
        for (kind, _values, split, weight), values in zip(found, weighted, strict=True)
    ]


def _deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation from sums, without the arrays in between that `std` makes."""
    mean = float(values.mean()) if len(values) else 0.0
    return float(np.sqrt(max(float(values @ values) / max(len(values), 1) - mean * mean, 0.0)))


def _times(split: Split, weight: float | NDArray[np.float64], scale: float) -> Split:
    """Shares times a weight, of all items or by item."""

    def shares(row: int) -> list[tuple[int, float]]:
        factor = scale * float(weight if isinstance(weight, float) else weight[row])
        return [(anchor, factor * value) for anchor, value in split(row)]

    return shares


def placed(trust: float) -> float:
    """Weight of content for an item without events, where voices of events weigh ``trust`` in all."""
    return trust or 1.0


def expected_popularity(catalogue: Catalogue) -> NDArray[np.float64]:
    """float64[N] popularity that an item's content makes expect, scaled to a deviation of 1."""
    from mmstudio.recommendation.methods.placing import placing

    kept = catalogue.events.kept
    if "expected" not in kept:
        values = placing(catalogue).expect(popularity(catalogue))
        kept["expected"] = values / max(float(values.std()), 1e-9)
    found: NDArray[np.float64] = kept["expected"]
    return found


def batch(catalogue: Catalogue, profiles: Sequence[Profile], weighting: Weighting) -> NDArray[np.float32]:
    """float32[U,N], each row ranked as :func:`signals` ranks it."""
    known, new = batch_parts(catalogue, profiles, weighting)
    known += np.array([weighting.fresh_at(len(p.anchors)) for p in profiles], np.float32)[:, None] * new
    return known


def batch_parts(
    catalogue: Catalogue, profiles: Sequence[Profile], weighting: Weighting
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(float32[U,N] scores of items with events, of items without before `fresh`), zeros elsewhere."""
    evidence = [float(len(one.anchors)) for one in profiles]
    known = np.zeros((len(profiles), len(catalogue.ids)), np.float32)
    fresh = np.zeros_like(known)
    trust = np.zeros(len(profiles), np.float32)
    new = cold(catalogue.events)
    for voice in voices(catalogue):
        weights = np.array([weighting.at(voice.name, k) for k in evidence], np.float32)
        if not weights.any() and not (voice.name == CONTENT and new.any()):
            continue
        values = voice.batch(catalogue, profiles)
        if voice.name == CONTENT:
            fresh[:, new] = values[:, new]
            values[:, new] = 0
        else:
            trust += weights * np.array([bool(voice.given(one)) for one in profiles])
        known += weights[:, None] * values
    if catalogue.events.count:
        weights = np.array([weighting.at(POPULAR, k) for k in evidence], np.float32)
        known += weights[:, None] * popularity(catalogue).astype(np.float32)[None, :]
        if new.any():
            fresh[:, new] += weighting.cold * expected_popularity(catalogue).astype(np.float32)[None, new]
        if new.any() and weighting.carried > 0:
            fresh[:, new] += np.float32(weighting.carried) * carried_many(catalogue, profiles)[:, new]
    fresh *= np.array([placed(float(t)) for t in trust], np.float32)[:, None]
    return known, fresh


# -- choosing ------------------------------------------------------------------------------------------------


@dataclass
class Candidates:
    """What every voice says about the items that could come first.

    Attributes:
        names: voices, "popular" last. values: float32[U,C,V]. hits: bool[U,C]. counts: int64[U].
    """

    names: list[str]
    values: NDArray[np.float32]
    hits: NDArray[np.bool_]
    counts: NDArray[np.int64]

    def ndcg(self, weights: NDArray[np.float32]) -> float:
        """NDCG@10 of the ranking by a weighted sum."""
        return float(self.ndcgs(weights).mean())

    def ndcgs(self, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """float64[U] of each person."""
        return measuring.ndcgs_at(self.values @ weights, self.hits, self.counts)

    def of(self, people: NDArray[np.bool_]) -> Candidates:
        """The same for a part of the people, bool[U]."""
        return Candidates(self.names, self.values[people], self.hits[people], self.counts[people])


def candidates(catalogue: Catalogue, people: Asked, speakers: Sequence[Voice]) -> Candidates:
    """The first items of every voice, alone and with popularity, and the hidden ones, for everybody asked."""
    n = len(catalogue.ids)
    popular = popularity(catalogue).astype(np.float32)
    often = np.argsort(-popular, kind="stable")
    found: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, len(people.profiles), step):
        part = slice(start, start + step)
        profiles = people.profiles[part]
        away, wanted = (_mask(own[part], n) for own in (people.seen, people.targets))
        first = wanted.copy()
        heard = [voice.batch(catalogue, profiles) for voice in speakers]
        for values in heard:
            values[away] = -np.inf
            first |= _highest(values, min(_TOP, n))
            # An item may be first by a sum without being first by any voice.
            first |= _highest(values + popular, min(_TOP, n))
        for u, own in enumerate(people.seen[part]):
            usual = often[: _TOP + len(own)]
            first[u, usual[~away[u, usual]][:_TOP]] = True
        first &= ~away
        cells = np.nonzero(first)
        given = np.stack([*(values[cells] for values in heard), popular[cells[1]]], 1)
        ends = np.cumsum(first.sum(axis=1))[:-1]
        found += zip(np.split(given, ends), np.split(wanted[cells], ends), strict=True)
    most = max(len(own) for own, _ in found)
    values = np.full((len(found), most, len(speakers) + 1), -1e6, np.float32)
    hits = np.zeros((len(found), most), bool)
    for u, (own_values, own_hits) in enumerate(found):
        values[u, : len(own_hits)] = own_values
        hits[u, : len(own_hits)] = own_hits
    counts = np.array([len(t) for t in people.targets], np.int64)
    return Candidates([*(voice.name for voice in speakers), POPULAR], values, hits, counts)


def _mask(rows: Sequence[NDArray[np.int64]], items: int) -> NDArray[np.bool_]:
    """bool[U,N] of item rows per person."""
    found = np.zeros((len(rows), items), bool)
    for u, own in enumerate(rows):
        found[u, own] = True
    return found


def _highest(values: NDArray[np.float32], most: int) -> NDArray[np.bool_]:
    """bool[U,N]: about the ``most`` highest of each row; of many, every eighth value says from where on."""
    if values.shape[1] < 16 * most:
        found = np.zeros(values.shape, bool)
        np.put_along_axis(found, np.argpartition(-values, most - 1, axis=1)[:, :most], True, axis=1)
        return found
    sample = values[:, ::8]
    at = sample.shape[1] - 1 - (most // 8 + 2)
    return values > np.partition(sample, at, axis=1)[:, at, None]


def climb(found: Candidates, start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights by coordinate ascent on NDCG@10; a voice earns its weight or gets 0."""
    best, score = start.copy(), found.ndcg(start)
    gain = _GAIN if int(found.counts.sum()) >= _SURE else _UNSURE
    known: dict[bytes, float] = {}  # a round that changes little asks for much of the last one again
    for _ in range(_ROUNDS):
        before = score
        for v in range(len(best)):
            for weight in _GRID:
                if weight == best[v]:
                    continue
                tried = best.copy()
                tried[v] = weight
                if not tried.any():
                    continue
                key = tried.tobytes()
                here = known[key] = known[key] if key in known else found.ndcg(tried)
                # Leaving a voice out needs no gain: the simpler blend wins a tie.
                if here > score + (0.0 if weight == 0 else gain):
                    best, score = tried, here
        if score < before + gain:
            break
    return best
