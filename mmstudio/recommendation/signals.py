"""What speaks for and against each item, one vector per signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.records import Kind

# How much each signal can add to a score.
CONTENT = 0.45
MODALITY = {"image": 0.40, "text": 0.40, "audio": 0.10, "video": 0.10}
BRIEF = 0.30
TOGETHER = 0.60
LINK = 0.20
POPULAR = 0.30
DISLIKED = 0.40
_LINK_KINDS = {"related": 1.0, "crosssell": 0.8, "upsell": 0.6}


@dataclass(frozen=True)
class Signal:
    """A weighted signal.

    Attributes:
        values: float64[N], what it adds to each score.
        source: int64[N], the row of the liked or disliked item it rests on most, or −1.
    """

    kind: Kind
    values: NDArray[np.float64]
    source: NDArray[np.int64]


@dataclass(frozen=True)
class Profile:
    """What is known about somebody: weighted item rows, rows they dislike, the brief, shop links from likes.

    Attributes:
        liked: rows named as liked → weight.
        taste: rows that members chose → mean strength.
        evidence: number of likes and member choices behind it.
    """

    liked: Mapping[int, float]
    disliked: Sequence[int]
    taste: Mapping[int, float]
    brief: str
    evidence: float


def signals(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """All signals that have something to say."""
    found = [*_content(catalogue, profile), *_words(catalogue, profile), *_events(catalogue, profile)]
    return [signal for signal in found if np.any(signal.values)]


def _anchors(profile: Profile, most: int = 8) -> dict[int, float]:
    """The rows that likeness is measured to: the likes, else what members chose most."""
    if profile.liked:
        return dict(profile.liked)
    chosen = sorted(profile.taste.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return dict(chosen)


def _alike(
    catalogue: Catalogue, modality: str, anchors: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(likeness 0…1, anchor it comes from) per item.

    Cosines of different extractors do not compare, so each anchor's are standardised over the items: 0 is the
    average item, 1 is three deviations nearer. The nearest anchor counts most, the mean of all a little.
    """
    block, mask = catalogue.parts[modality]
    rows = [a for a in anchors if mask[a]]
    if not rows:
        return np.zeros(len(block)), np.full(len(block), -1, np.int64)
    cosine = (block @ block[rows].T).astype(np.float64)
    center = cosine[mask].mean(axis=0)
    spread = np.maximum(cosine[mask].std(axis=0), 1e-6)
    near = np.clip((cosine - center) / (3 * spread), 0, 1)
    near[~mask] = 0
    best = near.argmax(axis=1)
    value = 0.7 * near.max(axis=1) + 0.3 * near.mean(axis=1)
    return value, np.where(value > 0, np.array(rows, np.int64)[best], -1)


def _content(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    anchors = list(_anchors(profile))
    out: list[Signal] = []
    if anchors:
        total = sum(MODALITY.get(name, 0.1) for name in catalogue.parts) or 1.0
        for name in catalogue.parts:
            value, source = _alike(catalogue, name, anchors)
            kind: Kind = name if name in ("image", "audio", "video") else "text"  # type: ignore[assignment]
            out.append(Signal(kind, CONTENT * MODALITY.get(name, 0.1) / total * value, source))
    if profile.disliked:
        against = np.zeros(len(catalogue.ids))
        source = np.full(len(catalogue.ids), -1, np.int64)
        for name in catalogue.parts:
            value, near = _alike(catalogue, name, list(profile.disliked))
            source = np.where(value > against, near, source)
            against = np.maximum(against, value)
        out.append(Signal("disliked", -DISLIKED * against, source))
    return out


def _words(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    if not profile.brief.strip():
        return []
    cosine = catalogue.brief(profile.brief).astype(np.float64)
    top = float(cosine.max(initial=0))
    if top <= 0:
        return []
    nowhere = np.full(len(catalogue.ids), -1, np.int64)
    return [Signal("brief", BRIEF * np.clip(cosine, 0, None) / top, nowhere)]


def _events(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    n, events = len(catalogue.ids), catalogue.events
    nowhere = np.full(n, -1, np.int64)
    out: list[Signal] = []
    anchors = dict(profile.taste)
    for row, weight in profile.liked.items():
        anchors[row] = max(weight, anchors.get(row, 0.0))
    if anchors and events.count:
        # Few events mean little: their weight grows with how many there are.
        trust = events.count / (events.count + 100.0)
        source = nowhere
        if profile.liked:
            source = np.full(n, next(iter(profile.liked)), np.int64)
        out.append(Signal("together", TOGETHER * trust * events.score(anchors).astype(np.float64), source))
    if profile.liked:
        value, source = np.zeros(n), nowhere.copy()
        for row in profile.liked:
            for link in catalogue.library.items.links_of(int(catalogue.ids[row])):
                target = catalogue.row.get(link.linked_id)
                weight = _LINK_KINDS.get(link.kind, 0.8)
                if target is not None and weight > value[target]:
                    value[target], source[target] = weight, row
        out.append(Signal("link", LINK * value, source))
    if events.count:
        people = np.log1p(events.people.astype(np.float64))
        out.append(
            Signal("popular", POPULAR / np.sqrt(1 + profile.evidence) * people / people.max(), nowhere)
        )
    return out
