"""What items themselves say: likeness per modality, dislikes, the brief, the shop's links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation.signals import Profile, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.records import Kind

# How much each signal can add to a score where nothing was measured.
CONTENT = 0.45
MODALITY = {"image": 0.40, "text": 0.40, "audio": 0.10, "video": 0.10}
BRIEF = 0.30
LINK = 0.20
DISLIKED = 0.40
_LINK_KINDS = {"related": 1.0, "crosssell": 0.8, "upsell": 0.6}
_NEAREST, _MEAN = 0.7, 0.3  # the nearest anchor counts most, the mean of all a little
_MOST = 8  # items that members chose which stand in for likes


def anchors_of(profile: Profile, most: int = _MOST) -> list[int]:
    """The rows that likeness is measured to: the likes, else what members chose most."""
    if profile.liked:
        return list(profile.liked)
    return [row for row, _ in sorted(profile.taste.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]


def near(
    catalogue: Catalogue, modality: str, anchors: Sequence[int]
) -> tuple[list[int], NDArray[np.float64]]:
    """(anchors that have the modality, float64[N,A] likeness 0…1 of every item to each).

    Cosines of different extractors do not compare, so each anchor's are standardised over the items: 0 is the
    average item, 1 is three deviations nearer.
    """
    block, mask = catalogue.parts[modality]
    rows = [anchor for anchor in anchors if mask[anchor]]
    if not rows:
        return [], np.zeros((len(block), 0))
    cosine = (block @ block[rows].T).astype(np.float64)
    center = cosine[mask].mean(axis=0)
    spread = np.maximum(cosine[mask].std(axis=0), 1e-6)
    found = np.clip((cosine - center) / (3 * spread), 0, 1)
    found[~mask] = 0
    return rows, found


def alike(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """One signal per modality: how near items are to what is liked."""
    anchors = anchors_of(profile)
    if not anchors:
        return []
    weights = modality_weights(catalogue)
    out: list[Signal] = []
    for name in catalogue.parts:
        weight = CONTENT * weights[name]
        rows, found = near(catalogue, name, anchors) if weight else ([], np.zeros(0))
        if not rows:
            continue

        def split(
            row: int, rows: list[int] = rows, found: NDArray[np.float64] = found, weight: float = weight
        ) -> list[tuple[int, float]]:
            best = int(found[row].argmax())
            shares = [(a, weight * _MEAN * v / len(rows)) for a, v in zip(rows, found[row], strict=True)]
            return [(rows[best], weight * _NEAREST * float(found[row, best])), *shares]

        kind: Kind = name if name in ("image", "audio", "video") else "text"  # type: ignore[assignment]
        values = weight * (_NEAREST * found.max(axis=1) + _MEAN * found.mean(axis=1))
        out.append(Signal(kind, values, split))
    return out


def modality_weights(catalogue: Catalogue) -> dict[str, float]:
    """Weight of each modality in likeness, 1 in all: chosen on the shop's own links where there are
    enough, so that one that finds none gets 0; usual ones otherwise."""
    kept = catalogue.__dict__.get("modality_weights")
    if kept is None:
        from mmstudio.recommendation.evaluation.links import modality_weights as chosen

        found = chosen(catalogue)
        usual = {name: MODALITY.get(name, 0.1) for name in catalogue.parts}
        weights = {name: found.get(name, 0.0) for name in catalogue.parts} if found else usual
        if not sum(weights.values()):
            weights = usual
        total = sum(weights.values()) or 1.0
        kept = catalogue.__dict__["modality_weights"] = {name: w / total for name, w in weights.items()}
    return dict(kept)


def disliked(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """What is like something disliked or rejected: the nearest in any modality counts."""
    rejected = [row for row, weight in profile.decisions.items() if weight < 0]
    rows = [*dict.fromkeys([*profile.disliked, *rejected])]
    if not rows:
        return []
    against = np.zeros(len(catalogue.ids))
    source = np.full(len(catalogue.ids), -1, np.int64)
    for name in catalogue.parts:
        own, found = near(catalogue, name, rows)
        if own:
            best = found.argmax(axis=1)
            value = _NEAREST * found.max(axis=1) + _MEAN * found.mean(axis=1)
            source = np.where(value > against, np.array(own, np.int64)[best], source)
            against = np.maximum(against, value)
    return [Signal("disliked", -DISLIKED * against, lambda row: [(source[row], -DISLIKED * against[row])])]


def brief(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """How near the items' texts are to the brief."""
    if not profile.brief.strip():
        return []
    cosine = catalogue.brief(profile.brief).astype(np.float64)
    top = float(cosine.max(initial=0))
    return [Signal("brief", BRIEF * np.clip(cosine, 0, None) / top)] if top > 0 else []


def linked(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """What the shop itself links to a liked item."""
    value = np.zeros(len(catalogue.ids))
    source = np.full(len(catalogue.ids), -1, np.int64)
    for row in profile.liked:
        for target, kind in catalogue.links.get(row, ()):
            weight = LINK * _LINK_KINDS.get(kind, 0.8)
            if weight > value[target]:
                value[target], source[target] = weight, row
    return [Signal("link", value, lambda row: [(source[row], value[row])])]
