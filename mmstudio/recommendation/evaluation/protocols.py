"""Protocols: which events are hidden, who is asked, which items are candidates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import NotFound
from mmstudio.recommendation import measuring
from mmstudio.recommendation.events import Events
from mmstudio.recommendation.measuring import Asked, Manner
from mmstudio.recommendation.signals import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = (1, 3, 5, 10)
_STRANGERS, _COLD, _REST = 0.3, 0.2, 10


@dataclass(frozen=True)
class Protocol:
    """A way to hide events.

    Attributes:
        threshold: its usual one: a rating from which on a hidden event is worth finding; None: every event
        is,
            and every event counts as a choice.
        manner: what methods hide in turn to choose their weights by; None: by whether times are known.
    """

    name: str
    threshold: float | None
    manner: Manner | None = "random"


PROTOCOLS = {
    one.name: one
    for one in (
        Protocol("random", 4.0),
        Protocol("ratio811", None),
        Protocol("leave-last", None, "last"),
        Protocol("cold-items", 4.0),
        Protocol("few-shot", 4.0),
        Protocol("links", None),
    )
}


@dataclass
class Split:
    """One split.

    Attributes:
        train: events that methods may see. asked: people, by how many of their choices are known (0: all).
        candidates: bool[N] or None for all items. hidden: (member, row, rating) of hidden ratings.
    """

    train: Events
    asked: dict[int, Asked]
    candidates: NDArray[np.bool_] | None = None
    hidden: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]] | None = None
    extra: dict[str, float] = field(default_factory=dict)


def protocol_of(name: str) -> Protocol:
    """A protocol by its name. Raises NotFound."""
    if name not in PROTOCOLS:
        raise NotFound(
            "There is no protocol called {name}.", hint="Choose one of: {names}.", name=name,
            names=", ".join(PROTOCOLS),
        )  # fmt: skip
    return PROTOCOLS[name]


def split(
    events: Events, protocol: str, threshold: float | None, seed: int, *, mask: str = "seen", most: int = 2000
) -> Split | None:
    """Hide events; None where nobody has enough.

    Args:
        mask: "seen" leaves out all that a person met; "cornac" only what they liked (Cornac's convention:
        train
            items rated below the threshold stay candidates).
        most: people asked at most.
    """
    rng = np.random.default_rng(seed)
    if threshold is None:
        events = _all_count(events)
    good = measuring.relevant(events, threshold)
    if protocol == "few-shot":
        return _few_shot(events, good, rng, most)
    if protocol == "cold-items":
        return _cold_items(events, good, rng, most)
    share = {"random": 0.2, "ratio811": 0.1}.get(protocol, 0.0)
    if protocol == "ratio811":
        held = measuring.held_out(events, "random", rng, 0.2)
        test = _half(events, held, rng)
    else:
        test = held = measuring.held_out(
            events, "last" if protocol == "leave-last" else "random", rng, share or 0.2
        )
    targets = measuring.targets_of(events, test & good)
    train = events.subset(~held)
    people = [one for one in _some(targets, rng, most) if train.index(one) >= 0]
    if not people:
        return None
    asked = measuring.asked(train, people, targets, events.subset(~test))
    if mask == "cornac":
        liked = train.subset(measuring.relevant(train, threshold))
        asked = Asked(asked.profiles, asked.targets, [liked.met(one) for one in people], people)
    rated = test & np.isfinite(events.rating) & np.isin(events.members[events.who], people)
    order = {one: u for u, one in enumerate(people)}
    who = np.array([order[int(m)] for m in events.members[events.who[rated]]], np.int64)
    return Split(train, {0: asked}, None, (who, events.col[rated], events.rating[rated]))


def _half(events: Events, held: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Half of the hidden pairs of every member (at least one): the test; the other half is validation."""
    at = np.flatnonzero(held)
    order = at[np.lexsort((rng.random(len(at)), events.who[at]))]
    who = events.who[order]
    place = np.arange(len(order)) - np.searchsorted(who, who)
    count = np.searchsorted(who, who, side="right") - np.searchsorted(who, who)
    test = np.zeros(len(held), bool)
    test[order[place < np.maximum(1, count // 2)]] = True
    return test


def _all_count(events: Events) -> Events:
    ones = np.ones(len(events.who), np.float32)
    return Events(
        events.members[events.who], events.col, ones, events.items, events.dense, when=events.when,
        rating=events.rating,
    )  # fmt: skip


def _some(targets: dict[int, NDArray[np.int64]], rng: np.random.Generator, most: int) -> list[int]:
    people = sorted(targets)
    if len(people) > most:
        people = sorted(int(one) for one in rng.choice(people, most, replace=False))
    return people


def _cold_items(events: Events, good: NDArray[np.bool_], rng: np.random.Generator, most: int) -> Split | None:
    """A fifth of the items plays new: no event of theirs is seen, and only they are ranked."""
    used = np.flatnonzero(np.bincount(events.col, minlength=events.items) > 0)
    new = np.zeros(events.items, bool)
    new[rng.permutation(used)[: max(1, int(_COLD * len(used)))]] = True
    targets = measuring.targets_of(events, new[events.col] & good)
    train = events.subset(~new[events.col])
    people = [one for one in _some(targets, rng, most) if train.index(one) >= 0]
    if not people:
        return None
    return Split(train, {0: measuring.asked(train, people, targets)}, new)


def _few_shot(events: Events, good: NDArray[np.bool_], rng: np.random.Generator, most: int) -> Split | None:
    """Three in ten members are strangers: 1, 3, 5 or 10 of their likes are told, the rest is sought."""
    strangers = np.zeros(len(events.members), bool)
    strangers[rng.permutation(len(strangers))[: max(1, int(_STRANGERS * len(strangers)))]] = True
    strange = strangers[events.who]
    liked = measuring.targets_of(events, strange & good & (events.value > 0))
    people = [one for one in _some(liked, rng, most) if len(liked[one]) > _REST]
    if not people:
        return None
    own = events.subset(strange & (events.value > 0))
    asked: dict[int, Asked] = {}
    orders = {one: rng.permutation(liked[one]) for one in people}
    for k in FEW:
        profiles, targets, seen = [], [], []
        for one in people:
            told = set(orders[one][:k].tolist())
            whole = measuring.profile_of_member(own, one)
            taste = {row: whole.taste[row] for row in sorted(told)}
            recent = [row for row in whole.recent if row in told]
            profiles.append(Profile({}, (), taste, "", float(len(taste)), recent))
            targets.append(orders[one][_REST:])
            # Places 1 to 10 are told, or neither sought nor shown: the candidates are the same for every k.
            seen.append(orders[one][:_REST])
        asked[k] = Asked(profiles, targets, seen)
    return Split(events.subset(~strange), asked)
