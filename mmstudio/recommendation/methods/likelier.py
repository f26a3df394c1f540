"""How much likelier one choice makes another: conditional popularity, shrunk to what is popular with all.

After Dirichlet smoothing (Zhai & Lafferty 2004, here of people instead of words): of n_j people who chose j,
n_ij chose i too, so that P(i | j) = (n_ij + a·q_i) / (n_j + a) with the share q_i of all people. Its
logarithm is log q_i + log(1 + n_ij / (a·q_i)) up to what is the same for every i: popularity, a voice of its
own, plus one weight per pair. How many people's worth the prior a is comes from the events themselves,
by the largest likelihood of the beta-binomial (empirical Bayes), not from a search for good rankings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.recommendation.methods.linear import Weights, confirmed, shortened, top_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.events import Events

PRIORS = (2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)  # people
_MOST = 400  # pairs of each item that are kept: those that make the likeliest next choice
_MANY, _OF_MANY = 20_000, 100  # items from which on it is fewer
_SAMPLE, _COLUMNS = 60, 1500  # items that the prior is estimated from
_BLOCK = 2000


def likelier(events: Events) -> Weights:
    """Fitted to the events once; scores are in units of :func:`mmstudio.recommendation.voices.popularity`, so
    that equal weights of both are Bayes' rule for one known choice."""
    if "likelier" not in events.kept:
        events.kept["likelier"] = _fit(events)
    found: Weights = events.kept["likelier"]
    return found


def prior(events: Events) -> float:
    """People's worth of the prior that makes what people chose together most likely."""
    from scipy.special import gammaln

    x, people, share = _binary(events)
    often = np.flatnonzero(people >= 2)
    if len(often) < 2:
        return PRIORS[len(PRIORS) // 2]
    # Items in the middle of equal numbers of choices, and columns in even steps.
    ends = np.cumsum(people[often])
    wanted = (np.arange(_SAMPLE) + 0.5) / _SAMPLE * ends[-1]
    rows = np.unique(often[np.minimum(np.searchsorted(ends, wanted), len(often) - 1)])
    columns = often[:: max(1, len(often) // _COLUMNS)]
    both = np.asarray((x[:, rows].T @ x[:, columns]).todense(), np.float64)
    total = people[rows].astype(np.float64)[:, None]
    other = rows[:, None] != columns[None, :]

    def likelihood(worth: float) -> float:
        yes, no = worth * share[columns], worth * (1 - share[columns])
        each = gammaln(both + yes) - gammaln(yes) + gammaln(total - both + no) - gammaln(no)
        each += gammaln(worth) - gammaln(total + worth)
        return float(each[other].sum())

    return max(PRIORS, key=likelihood)


def _binary(events: Events) -> tuple[Any, NDArray[np.int64], NDArray[np.float64]]:
    """(csr float32[M,N] of ones, int64[N] people, float64[N] their share, below 1)."""
    x = confirmed(shortened(events)).copy()
    x.data = np.ones_like(x.data)
    people = np.bincount(x.indices, minlength=events.items)
    members = max(len(events.members), 1)
    return x, people, np.clip(people, 0.5, members - 0.5 if members > 1 else 0.5) / members


def _fit(events: Events) -> Weights:
    from scipy import sparse

    x, _people, share = _binary(events)
    worth = prior(events) * share
    spread = max(float(np.log1p(events.people.astype(np.float64)).std()), 1e-9)
    likely = np.log(share)
    turned = x.T.tocsr()
    most = _MOST if events.items <= _MANY else _OF_MANY
    blocks = []
    for start in range(0, events.items, _BLOCK):
        both = (turned[start : start + _BLOCK] @ x).tocsr()
        values = np.log1p(both.data / worth[both.indices])
        row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
        values[both.indices == row + start] = 0
        cells = sparse.csr_matrix(
            ((values / spread).astype(np.float32), both.indices, both.indptr), shape=both.shape
        )
        blocks.append(top_of(cells, most, (values + likely[both.indices]).astype(np.float32)))
    matrix = sparse.vstack(blocks).tocsr() if blocks else sparse.csr_matrix((events.items, events.items))
    return Weights(events.items, np.arange(events.items), matrix.astype(np.float32))
