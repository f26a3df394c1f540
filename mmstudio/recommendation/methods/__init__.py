"""Ways to score items for somebody, by name; a room of its own brings another with :func:`register`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile, Signal

# What `--method` may name, besides what is registered.
NAMES = ("auto", "blend", "ease", "als", "knn", "markov", "content", "popular")


class Method(Protocol):
    """A way to score items.

    A method that has to be fitted keeps what it fitted in ``catalogue.events.kept[name]``: an evaluation
    hands it catalogues with a part of the events, each with a ``kept`` of its own.

    Attributes:
        name: as on the command line.
    """

    name: str

    def ready(self, catalogue: Catalogue) -> str:
        """Empty where it can score; otherwise one sentence why not (too few events, …)."""

    def signals(self, catalogue: Catalogue, profile: Profile) -> list[Signal]:
        """What adds up to its score; empty where it has nothing to say about this profile."""

    def spread(self, catalogue: Catalogue, profile: Profile) -> NDArray[np.float64]:
        """float64[N] how uncertain each score is, as a standard deviation in units of the score."""

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        """float32[U,N] scores of many profiles at once; row u is the sum of ``signals`` up to rounding."""


_METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Make a method known by its name; the last of a name counts."""
    _METHODS[method.name] = method


def known() -> dict[str, Method]:
    """Every method by name, without ``auto``."""
    return dict(_METHODS)
