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

from mmstudio.recommendation.methods.linear import Weights, confirmed, nearest, shortened, top_of

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
        both(events)
    found: Weights = events.kept["likelier"]
    return found


def prior(events: Events) -> float:
    """People's worth of the prior that makes what people chose together most likely."""
    from scipy.special import gammaln

    x = confirmed(shortened(events)).copy()
    x.data = np.ones_like(x.data)
    people, share = np.bincount(x.indices, minlength=events.items), _share(events, x)
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


def both(events: Events) -> tuple[Weights, Weights]:
    """(neighbours, what one choice makes likelier): how many people chose both of two items is counted once
    for the two of them, block by block, because the whole product may not fit into memory."""
    from scipy import sparse

    x = confirmed(shortened(events))
    unit, ones = x.copy(), x.copy()
    norms = np.sqrt(np.asarray(x.power(2).sum(axis=0)).ravel())  # sorts x as it goes, not its copies
    unit.data *= (1 / np.maximum(norms, 1e-9)).astype(np.float32)[unit.indices]
    ones.data = np.ones_like(ones.data)
    unit_t, ones_t = unit.T.tocsr(), ones.T.tocsr()
    worth = prior(events) * _share(events, x)
    spread = max(float(np.log1p(events.people.astype(np.float64)).std()), 1e-9)
    likely = np.log(_share(events, x))
    most = _MOST if events.items <= _MANY else _OF_MANY
    near, more = [], []
    for start in range(0, events.items, _BLOCK):
        # The same cells in the same order: so are those of their products.
        cosine = (unit_t[start : start + _BLOCK] @ unit).tocsr()
        together = (ones_t[start : start + _BLOCK] @ ones).tocsr()
        same = together.indices == start + np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
        values = np.log1p(together.data / worth[together.indices])
        values[same] = 0
        cosine.data[same] = 0
        cells = sparse.csr_matrix(
            ((values / spread).astype(np.float32), together.indices, together.indptr), shape=together.shape
        )
        more.append(top_of(cells, most, (values + likely[together.indices]).astype(np.float32)))
        near.append(nearest(cosine, together.data))
    n = events.items
    empty = sparse.csr_matrix((n, n))
    found = [(sparse.vstack(own).tocsr() if own else empty).astype(np.float32) for own in (near, more)]
    for name, matrix in zip(("neighbours", "likelier"), found, strict=True):
        events.kept.setdefault(name, Weights(n, np.arange(n), matrix))
    return events.kept["neighbours"], events.kept["likelier"]


def _share(events: Events, x: Any) -> NDArray[np.float64]:
    """float64[N]: the share of all people who chose an item, above 0 and below 1."""
    members = max(len(events.members), 1)
    most = members - 0.5 if members > 1 else 0.5
    return np.clip(np.bincount(x.indices, minlength=events.items), 0.5, most) / members
