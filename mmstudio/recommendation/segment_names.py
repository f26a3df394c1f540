"""What sets a segment apart, in words a person reads: "Hiking, wool, under 40"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation.catalogue import facts
from mmstudio.recommendation.reasons import name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

_WORDS, _ITEMS = 8, 20
_LIFT = 1.3  # a word that is not at least so much more usual here than elsewhere says nothing
_KEPT = "_segment_words"
_MOST_SHARE = 0.6  # a word that more of all choices carry than this sets nothing apart


@dataclass(frozen=True, slots=True)
class Described:
    """A segment in words: `name`, `words` and item ids, strongest first."""

    name: str
    words: tuple[str, ...]
    items: tuple[int, ...]


def describe(catalogue: Catalogue, chosen: NDArray[np.float64]) -> list[Described]:
    """Names for segments.

    Args:
        chosen: float64[S,N], how much the members of each segment choose each item.
    """
    kept = catalogue.__dict__.get(_KEPT)
    if kept is None:
        prices = np.array([np.nan if item.price is None else item.price for item in catalogue.items])
        kept = catalogue.__dict__[_KEPT] = *_words(catalogue), prices  # the same for whoever asks
    vocabulary, carries, above, prices = kept
    words = _telling(np.asarray(chosen @ carries), chosen.sum(axis=1)) if vocabulary else [[] for _ in chosen]
    items = _telling(chosen, chosen.sum(axis=1))
    found: list[Described] = []
    taken: set[str] = set()
    for number, row in enumerate(chosen):
        told = [vocabulary[column] for column in words[number]][:_WORDS]
        titles = [name_of(catalogue, column) for column in items[number][:2]]
        told = _apart(told, above)
        parts = [*told[:2], _price(prices, chosen, row)] if told else titles
        name = _free(tr(", ").join(part for part in parts if part), [*told[2:], *titles], taken, number)
        taken.add(name)
        ids = tuple(int(catalogue.ids[column]) for column in items[number][:_ITEMS])
        found.append(Described(name, tuple(told), ids))
    return found


def _words(catalogue: Catalogue) -> tuple[list[str], Any, dict[str, set[str]]]:
    """(words, sparse float32[N,W] which items carry them, category → those above it)."""
    from scipy import sparse

    place: dict[str, int] = {}
    above: dict[str, set[str]] = {}
    rows, columns = [], []
    for row, item in enumerate(catalogue.items):
        path = [part.strip() for part in item.category.split(">") if part.strip()]
        for level, part in enumerate(path):
            above.setdefault(part.casefold(), set()).update(one.casefold() for one in path[:level])
        seen: set[str] = set()
        for word in (*reversed(path), *facts(item)):  # of equals the narrower comes first
            key = word.casefold()
            if key not in seen and len(word) <= 30:
                seen.add(key)
                rows.append(row)
                columns.append(place.setdefault(key, len(place)))
    names = [""] * len(place)
    for key, column in place.items():
        names[column] = key[:1].upper() + key[1:]
    ones = np.ones(len(rows), np.float32)
    shape = (len(catalogue.items), max(1, len(place)))
    return names, sparse.csr_matrix((ones, (rows, columns)), shape=shape), above


def _telling(counts: NDArray[np.float64], size: NDArray[np.float64]) -> list[list[int]]:
    """Columns that are more usual in a segment than elsewhere, most telling first.

    Ranked by the excess share times the root of the lift, both smoothed: what is telling must be common here
    and uncommon there.
    """
    whole = counts.sum(axis=0)
    out = []
    for number, own in enumerate(counts):
        inside = own / max(float(size[number]), 1e-9)
        rest = (whole - own) / max(float(size.sum() - size[number]), 1e-9)
        smooth = 2.0 / max(float(size[number]), 1.0)
        lift = (inside + smooth) / (rest + smooth)
        usual = whole / max(float(size.sum()), 1e-9)
        value = np.where((lift >= _LIFT) & (usual <= _MOST_SHARE), (inside - rest) * np.sqrt(lift), 0)
        order = np.argsort(-value, kind="stable")[:50]
        out.append([int(column) for column in order if value[column] > 0])
    return out


def _apart(words: Sequence[str], above: Mapping[str, set[str]]) -> list[str]:
    """Words without those that repeat another one: "Hiking boots" beside "Hiking", "Sport" above it."""
    over = {one for word in words for one in above.get(word.casefold(), ())}
    kept: list[str] = []
    for word in words:
        own = word.casefold()
        if own not in over and not any(own in one.casefold() or one.casefold() in own for one in kept):
            kept.append(word)
    return kept


def _price(prices: NDArray[np.float64], chosen: NDArray[np.float64], row: NDArray[np.float64]) -> str:
    """ "under 40" or "over 80" where nearly all that is chosen lies on one side of what others choose."""
    priced = ~np.isnan(prices)
    own, every = row * priced, chosen.sum(axis=0) * priced
    if own.sum() < 0.5 * row.sum() or not own.sum():
        return ""
    low, high = _quantile(prices, own, 0.2), _quantile(prices, own, 0.8)
    if high <= 0.8 * _quantile(prices, every, 0.6):
        return tr("under {limit}", limit=f"{_round_up(high):g}")
    if low >= 1.25 * _quantile(prices, every, 0.6):
        return tr("over {limit}", limit=f"{_round_down(low):g}")
    return ""


def _quantile(values: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    known = np.flatnonzero(weight > 0)
    order = known[np.argsort(values[known], kind="stable")]
    reach = np.cumsum(weight[order])
    return float(values[order[min(int(np.searchsorted(reach, share * reach[-1])), len(order) - 1)]])


def _step(value: float) -> float:
    return float(10 ** np.floor(np.log10(value)) / 2) if value > 0 else 1.0


def _round_up(value: float) -> float:
    step = _step(value)
    return float((np.floor(value / step + 1e-9) + 1) * step)


def _round_down(value: float) -> float:
    step = _step(value)
    return float(np.ceil(value / step - 1e-9) * step - step)


def _free(name: str, more: Sequence[str], taken: set[str], number: int) -> str:
    """A name that no other segment has."""
    if not name:
        name = tr("Segment {n}", n=number + 1)
    for word in more:
        if name not in taken:
            break
        if word not in name:
            name = tr("{name}, {word}", name=name, word=word)
    wanted, n = name, 2
    while name in taken:
        name, n = f"{wanted} {n}", n + 1
    return name
