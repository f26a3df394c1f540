"""The voices of the blend: each gives every item a number for a profile, linear in what the profile holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from mmstudio.recommendation.methods import linear
from mmstudio.recommendation.methods.factors import factors
from mmstudio.recommendation.methods.likelier import likelier
from mmstudio.recommendation.methods.placing import placing
from mmstudio.recommendation.signals import Profile, Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.events import Events
    from mmstudio.recommendation.records import Kind

_LEAST = 20  # pairs of member and item before events say anything
_RECENT = 30  # of the newest items that count for what comes next
_NEXT, _DECAY = 4.0, 10.0  # items after which the newest choices count 1/e


class Engine(Protocol):
    """What is fitted behind a voice."""

    def one(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] scores, their exact shares by row of the profile)."""

    def batch(self, profiles: Any) -> NDArray[np.float32]:
        """float32[U,N] scores of profiles given as csr [U,N]."""


@dataclass(frozen=True)
class Voice:
    """One voice.

    Attributes:
        name: as in weights and tables. kind: of its part of a score.
        hears: what of a profile it takes: all that speaks for somebody, or the newest choices, decaying by
            ``tau`` items. scaled: brought to a deviation of 1 for each person; otherwise its own size says
            how much it knows.
        ready: whether it can speak for a catalogue. engine: what is fitted, kept with the events.
    """

    name: str
    kind: Kind
    hears: Literal["anchors", "recent"]
    ready: Callable[[Catalogue], bool]
    engine: Callable[[Catalogue], Engine]
    tau: float = 0.0
    scaled: bool = True

    def given(self, profile: Profile) -> dict[int, float]:
        """Row → weight of what it hears of a profile."""
        if self.hears == "anchors":
            return profile.anchors
        newest = list(profile.recent)[-_RECENT:]
        return {row: float(np.exp((k - len(newest) + 1) / self.tau)) for k, row in enumerate(newest)}

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        """float32[U,N] of many profiles, each row scaled to a deviation of 1."""
        out = self.engine(catalogue).batch(matrix([self.given(one) for one in profiles], len(catalogue.ids)))
        if self.scaled:
            out /= np.maximum(out.std(axis=1, keepdims=True), 1e-9)
        return out


class Likeness:
    """Cosine of one modality's vectors to what a profile holds."""

    def __init__(self, block: NDArray[np.float32]) -> None:
        self.block = block

    def one(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """See :class:`Engine`."""
        rows = list(profile)
        given = np.array(list(profile.values()), np.float32)
        own = self.block[rows]

        def split(row: int) -> list[tuple[int, float]]:
            return list(zip(rows, (given * (own @ self.block[row])).astype(np.float64).tolist(), strict=True))

        return np.asarray(self.block @ (own.T @ given), np.float64), split

    def batch(self, profiles: Any) -> NDArray[np.float32]:
        """See :class:`Engine`."""
        return np.asarray((profiles @ self.block) @ self.block.T, np.float32)


def voices(catalogue: Catalogue) -> list[Voice]:
    """The voices that can speak for a catalogue, popularity apart."""
    kept = catalogue.events.kept
    if "voices" not in kept:
        every = (*_EVENTS, *map(_modality, catalogue.parts))
        kept["voices"] = [voice for voice in every if voice.ready(catalogue)]
    found: list[Voice] = kept["voices"]
    return found


def matrix(given: Sequence[Mapping[int, float]], items: int) -> Any:
    """csr float32[U,N] of weighted rows."""
    from scipy import sparse

    ends = np.cumsum([0, *map(len, given)])
    columns = np.array([row for one in given for row in one], np.int64)
    values = np.array([value for one in given for value in one.values()], np.float32)
    return sparse.csr_matrix((values, columns, ends), shape=(len(given), items))


def popularity(catalogue: Catalogue) -> NDArray[np.float64]:
    """float64[N] log(1 + people who chose an item); for items without events what content makes expect,
    shrunk.

    Scaled to a deviation of 1.
    """
    kept = catalogue.events.kept
    if "popularity" not in kept:
        people = np.log1p(catalogue.events.people.astype(np.float64))
        kept["popularity"] = people / max(float(people.std()), 1e-9)
    found: NDArray[np.float64] = kept["popularity"]
    return found


def cold(events: Events) -> NDArray[np.bool_]:
    """bool[N]: items nobody chose yet."""
    return np.asarray(events.people == 0)


def _enough(catalogue: Catalogue) -> bool:
    return catalogue.events.count >= _LEAST


def _dense(catalogue: Catalogue) -> bool:
    used = int(np.count_nonzero(catalogue.events.people >= 2))
    return _enough(catalogue) and used <= max(linear.EASE_MOST, catalogue.events.dense)


def _timed(catalogue: Catalogue) -> bool:
    return _enough(catalogue) and catalogue.events.timed


def _timed_dense(catalogue: Catalogue) -> bool:
    return _timed(catalogue) and _dense(catalogue)


def _modality(name: str) -> Voice:
    kind: Kind = name if name in ("image", "audio", "video") else "text"  # type: ignore[assignment]
    return Voice(name, kind, "anchors", lambda _c: True, lambda c: Likeness(c.parts[name][0]))


_EVENTS = (
    Voice("ease", "together", "anchors", _dense, lambda c: linear.ease(c.events)),
    Voice("als", "together", "anchors", _enough, lambda c: factors(c.events)),
    Voice("knn", "together", "anchors", _enough, lambda c: linear.neighbours(c.events)),
    Voice("likelier", "together", "anchors", _enough, lambda c: likelier(c.events), scaled=False),
    Voice("beside", "together", "anchors", _timed, lambda c: linear.beside(c.events)),
    Voice("markov", "next", "recent", _timed, lambda c: linear.following(c.events), _NEXT),
    Voice(
        "decayed", "next", "recent", _timed_dense, lambda c: linear.ease_of_met(c.events), _DECAY
    ),
    Voice("content", "text", "anchors", _enough, placing),
)  # fmt: skip
VOICES = (*(voice.name for voice in _EVENTS), "image", "text", "audio", "video")  # all there may be
