"""A score per item for somebody, in its signals, by the method that validation chose."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.cores import one_core
from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import tr
from mmstudio.recommendation import baseline, blend, choosing, likeness
from mmstudio.recommendation.methods import NAMES, Method, known
from mmstudio.recommendation.refitting import MEASURED
from mmstudio.recommendation.signals import Profile, Signal
from mmstudio.recommendation.voices import VOICES, Voice, popularity, voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

log = logging.getLogger(__name__)
_AT_ONCE = 20_000  # events up to which methods are measured at the first question; above, in the background
ASIDE = "aside"  # kept with the events where nobody shall wait for that, however few they are
_TOP = 0.9  # score of the best item by one method
_DOUBT = 0.25  # spread of the score of an item that nobody chose


@dataclass(frozen=True)
class Choice:
    """Which method was chosen.

    Attributes:
        method: its name ("blend", "ease", …).
        why: one sentence in the person's language.
        table: what was measured on held-out events: one row per method with "method" and "ndcg"; empty where
            there was too little to measure.
        waiting: methods are being measured in the background; the same question may soon have another answer.
    """

    method: str
    why: str
    table: list[dict[str, Any]] = field(default_factory=list)
    waiting: bool = False


@dataclass(frozen=True)
class Scored:
    """Scores of all items.

    Attributes:
        total: float64[N], exactly the sum of the signals' values.
        signals: what it is made of.
        spread: float64[N], uncertainty per item as a standard deviation in units of the score.
        choice: by which method and why.
    """

    total: NDArray[np.float64]
    signals: list[Signal]
    spread: NDArray[np.float64]
    choice: Choice


class Scoring:
    """Scores by the chosen method."""

    @staticmethod
    def of(catalogue: Catalogue, profile: Profile, method: str = "auto") -> Scored:
        """Score every item of the catalogue.

        Args:
            catalogue: items and events.
            profile: whom for.
            method: "auto" takes the one that validation chose for this library; otherwise a name out of
                :data:`mmstudio.recommendation.methods.NAMES` or a registered one.

        Raises:
            StudioError: where there is no method of that name, or it cannot score here.
        """
        wanted = _resolve(catalogue, method)
        main = _main(catalogue, profile, wanted)
        with one_core():
            found = [*main, *_intent(catalogue, profile)]
        found = [signal for signal in found if np.any(signal.values)]
        total = np.zeros(len(catalogue.ids))
        for signal in found:
            total += signal.values
        spread = (
            doubt(catalogue)
            if wanted.method == "blend"
            else method_of(wanted.method).spread(catalogue, profile)
        )
        return Scored(total, found, spread, wanted)


def choice_of(catalogue: Catalogue, method: str = "auto", *, wait: bool = True) -> Choice:
    """What :meth:`Scoring.of` goes by; with ``wait`` it is measured first where it was not yet.

    Raises:
        StudioError: as :meth:`Scoring.of`.
    """
    return _resolve(catalogue, method, wait=wait)


def scores(catalogue: Catalogue, profiles: Sequence[Profile], choice: Choice) -> NDArray[np.float32]:
    """float32[U,N] of many profiles, for a choice of :func:`choice_of`; briefs and dislikes do not count."""
    if choice.method == "blend":
        return blend.batch(catalogue, profiles, choosing.settled(catalogue, wait=False).weighting)
    return method_of(choice.method).batch(catalogue, profiles)


def doubt(catalogue: Catalogue) -> NDArray[np.float64]:
    """float64[N]: a score rests on the people who chose an item; its spread falls with the root of their
    number."""
    return np.asarray(_DOUBT / np.sqrt(1.0 + catalogue.events.people), np.float64)


def _resolve(catalogue: Catalogue, method: str, *, wait: bool | None = None) -> Choice:
    if method not in NAMES and method not in known():
        raise NotFound(
            "There is no method called {name}.", hint="Choose one of: {names}.", name=method,
            names=", ".join(sorted({*NAMES, *known()})),
        )  # fmt: skip
    if method in ("auto", "blend"):
        events = catalogue.events
        at_once = events.count <= _AT_ONCE and not events.kept.get(ASIDE) if wait is None else wait
        if not at_once and not choosing.is_settled(catalogue):
            _measure_aside(catalogue)
            why = tr("Methods are being measured on hidden events; until then the usual blend ranks.")
            return Choice("blend", why, waiting=True)
        if method == "auto" and (ranker := _ranker(catalogue)) is not None:
            return ranker
        settled = choosing.settled(catalogue, wait=at_once)
        chosen = settled.method if method == "auto" else "blend"
        return Choice(chosen, settled.why(), settled.rows())
    why_not = method_of(method).ready(catalogue)
    if why_not:
        raise StudioError(
            "{method} cannot rank here: {why}", hint="Use the method “auto”.", method=method, why=why_not
        )
    return Choice(method, tr("Chosen by hand: {method}.", method=choosing.label(method)))


def _ranker(catalogue: Catalogue) -> Choice | None:
    """The trained ranker, where there is one that beat all simple methods on events it had not seen."""
    from mmstudio.recommendation.ranker.method import chosen

    return chosen(catalogue)


def _measure_aside(catalogue: Catalogue) -> None:
    """Measure in a thread; the next question has the result, and listeners of the library hear of it."""
    kept = catalogue.events.kept
    if kept.setdefault("measuring", threading.current_thread()) is not threading.current_thread():
        return

    def work() -> None:
        try:
            choosing.settled(catalogue)
        except StudioError as error:  # the library was closed meanwhile
            log.info("methods are not measured: %s", error)
            choosing.give_up(catalogue)
        except Exception:
            log.exception("methods could not be measured")
            choosing.give_up(catalogue, failed=True)
        catalogue.library.changes.publish({MEASURED: None})

    thread = threading.Thread(target=work, name="measure-methods", daemon=True)
    kept["measuring"] = thread
    thread.start()


def _main(catalogue: Catalogue, profile: Profile, choice: Choice) -> list[Signal]:
    if choice.method != "blend":
        return method_of(choice.method).signals(catalogue, profile)
    settled = choosing.settled(catalogue, wait=False)
    if not settled.table and not choosing.measurable(catalogue):
        return [*likeness.alike(catalogue, profile), *baseline.together(catalogue, profile),
                *baseline.popular(catalogue, profile)]  # fmt: skip
    found = blend.signals(catalogue, profile, settled.weighting)
    # Likes by hand say what a thing should be like; the events of members have chosen their own weights.
    return [*found, *likeness.alike(catalogue, profile)] if profile.liked else found


def _intent(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    return [
        *likeness.disliked(catalogue, profile),
        *likeness.brief(catalogue, profile),
        *likeness.linked(catalogue, profile),
    ]


class _Single:
    """One voice, or popularity, as a method of its own."""

    def __init__(self, name: str, voice: Callable[[Catalogue], Voice | None]) -> None:
        self.name = name
        self._voice = voice

    def ready(self, catalogue: Catalogue) -> str:
        if self._voice(catalogue) is not None:
            return ""
        if self.name == "ease" and catalogue.events.count:
            return tr("there are too many items or too few events for it.")
        if self.name == "markov" and catalogue.events.count:
            return tr("the events have no times.")
        return tr("there are too few events.")

    def signals(self, catalogue: Catalogue, profile: Profile) -> list[Signal]:
        voice = self._voice(catalogue)
        given = {} if voice is None else voice.given(profile)
        if voice is None or not given:
            return baseline.popular(catalogue, profile)
        values, split = voice.engine(catalogue).one(given)
        top = float(values.max(initial=0))
        return [Signal(voice.kind, values, split).times(_TOP / top)] if top > 0 else []

    def spread(self, catalogue: Catalogue, profile: Profile) -> NDArray[np.float64]:
        return doubt(catalogue)

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        voice = self._voice(catalogue)
        assert voice is not None
        return voice.batch(catalogue, profiles)


class _Popular(_Single):
    def __init__(self) -> None:
        super().__init__("popular", lambda _catalogue: None)

    def ready(self, catalogue: Catalogue) -> str:
        return "" if catalogue.events.count else tr("there are too few events.")

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        return np.tile(popularity(catalogue).astype(np.float32), (len(profiles), 1))


def _finder(name: str) -> Callable[[Catalogue], Voice | None]:
    return lambda catalogue: next((voice for voice in voices(catalogue) if voice.name == name), None)


_SINGLES: dict[str, _Single] = {
    "popular": _Popular(),
    **{name: _Single(name, _finder(name)) for name in VOICES},
}


def method_of(name: str) -> Method:
    """The method of a name, registered or a single voice; KeyError for "auto" and "blend"."""
    return _SINGLES[name] if name in _SINGLES else known()[name]
