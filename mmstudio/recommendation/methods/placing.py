"""Items placed by what they are: from tags, category, year, words and vectors to what people would do.

Ridge regression from content to people (item features mapped to the space of users, Gantner et al. 2010) in
closed form: score = F (F_wᵀF_w + λI)⁻¹ F_wᵀ x over items with events. It is linear in a person's choices x,
so that it splits exactly by chosen item, and needs no refit for a new item or person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.texts.words import tokens
from mmstudio.recommendation.methods.linear import gathered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Item
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Split

_YEAR = re.compile(r"(?<!\d)(19[0-9]{2}|20[0-4][0-9])(?!\d)")
_MOST = 1200  # columns: the Gram matrix stays below 10 MB and its inverse below a second
_TEXT = 4000  # characters of a description that are read
_DIMENSIONS = 48  # kept of each modality's vectors
# How much each kind of content weighs; rows of a kind have length 1 at most. Chosen on validation parts of
# film ratings (tests/benchmarks/bench_recommendation.py), not on test parts.
WEIGHTS = {"category": 1.0, "fact": 0.7, "year": 0.8, "word": 0.5, "vector": 0.7}
RIDGE = 15.0


def content(items: Sequence[Item], tags: Sequence[frozenset[str]], parts: Mapping[str, Any]) -> Any:
    """csr float32[N,D] of what items are: categories, tags and facts, years, words, vectors per modality."""
    from scipy import sparse

    blocks = [facts_of(items, tags)]
    for block, _mask in parts.values():
        blocks.append(sparse.csr_matrix(WEIGHTS["vector"] * _short(block)))
    return sparse.hstack([np.full((len(items), 1), 0.3, np.float32), *blocks]).tocsr().astype(np.float32)


def facts_of(items: Sequence[Item], tags: Sequence[frozenset[str]]) -> Any:
    """csr float32[N,D] of categories, tags and facts, years and words alone."""
    from scipy import sparse

    blocks = [
        _indicator([_categories(item) for item in items], WEIGHTS["category"], 300, idf=False),
        _indicator(tags, WEIGHTS["fact"], 300),
        _years([_year(item) for item in items]),
        _indicator([_words(item) for item in items], WEIGHTS["word"], _MOST - 600),
    ]
    return sparse.hstack(blocks).tocsr().astype(np.float32)


class Placing:
    """Content of all items and the ridge over those with events."""

    def __init__(self, features: Any, people: NDArray[np.int64], ridge: float = RIDGE) -> None:
        self.features = features
        self.items = features.shape[0]
        self._known = (people > 0).astype(np.float32)
        warm = features[people > 0]
        gram = np.asarray((warm.T @ warm).todense(), np.float64)
        gram[np.diag_indices_from(gram)] += ridge
        self._inverse = np.linalg.inv(gram).astype(np.float32)

    def one(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] scores, their exact shares by row of the profile)."""
        rows = [row for row in profile if self._known[row]]
        given = np.array([profile[row] for row in rows], np.float32)
        if not rows:
            return np.zeros(self.items), lambda _row: []
        sums = gathered(self.features, np.array(rows, np.int64), given.astype(np.float64))
        taste = self._inverse @ sums.astype(np.float32)

        own: list[Any] = []  # the profile's rows, sliced when first asked for

        def split(row: int) -> list[tuple[int, float]]:
            if not own:
                own.append(self.features[rows])
            shares = (given * (own[0] @ self._towards(row))).astype(np.float64)
            return list(zip(rows, shares.tolist(), strict=True))

        return np.asarray(self.features @ taste, np.float64), split

    def batch(self, profiles: Any) -> NDArray[np.float32]:
        """float32[U,N] scores of profiles given as csr [U,N]."""
        given = profiles.multiply(self._known[None, :]).tocsr()
        taste = np.asarray((given @ self.features).todense(), np.float32) @ self._inverse
        return np.asarray((self.features @ taste.T).T, np.float32)

    def expect(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64[N] what a value (float64[N], of the items with events) would be by content alone."""
        taste = self._inverse @ (self.features.T @ (value * self._known)).astype(np.float32)
        return np.asarray(self.features @ taste, np.float64)

    def expect_many(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[U,N] :meth:`expect` of each row of float32[U,N]."""
        taste = self._inverse @ np.asarray(self.features.T @ (values * self._known).T, np.float32)
        return np.asarray((self.features @ taste).T, np.float32)

    def weights(self, row: int) -> NDArray[np.float64]:
        """float64[N]: with how much each item's value counts in what :meth:`expect` gives for one row."""
        return np.asarray(self.features @ self._towards(row), np.float64) * self._known

    def _towards(self, row: int) -> NDArray[np.float32]:
        """float32[D] a row's content times the inverse: few columns are set, and the inverse is symmetric."""
        cells = slice(*self.features.indptr[row : row + 2].tolist())
        found: NDArray[np.float32] = self.features.data[cells] @ self._inverse[self.features.indices[cells]]
        return found


def placing(catalogue: Catalogue) -> Placing:
    """The placing of a catalogue's items, fitted once."""
    kept = catalogue.events.kept
    if "placing" not in kept:
        kept["placing"] = Placing(catalogue.content, catalogue.events.people)
    found: Placing = kept["placing"]
    return found


def _categories(item: Item) -> list[str]:
    parts = [part.strip().lower() for part in re.split(r"[|>;,/]", item.category)]
    return [part for part in parts if part]


def _year(item: Item) -> int | None:
    for key in ("year", "released", "release date", "date", "年份"):
        if (match := _YEAR.search(item.attributes.get(key, ""))) is not None:
            return int(match[1])
    found = _YEAR.findall(item.title)
    return int(found[-1]) if found else None


def _words(item: Item) -> list[str]:
    return tokens(f"{item.title} {item.description[:_TEXT]}")


def _years(years: Sequence[int | None]) -> Any:
    """Years as overlapping tents of five years' width: near years are alike."""
    from scipy import sparse

    if not any(year is not None for year in years):
        return sparse.csr_matrix((len(years), 0), dtype=np.float32)
    centres = np.arange(1900, 2051, 5)
    known = np.array([np.nan if year is None else year for year in years])
    tents = np.clip(1 - np.abs(known[:, None] - centres[None, :]) / 10, 0, None)
    tents = np.nan_to_num(tents)
    tents /= np.maximum(np.linalg.norm(tents, axis=1, keepdims=True), 1e-9)
    return sparse.csr_matrix((WEIGHTS["year"] * tents[:, tents.any(axis=0)]).astype(np.float32))


def _indicator(words: Iterable[Iterable[str]], weight: float, most: int, *, idf: bool = True) -> Any:
    """csr [N,W] of words that at least two items have, the commonest ``most``, weighted by rarity."""
    from scipy import sparse

    rows = [list(dict.fromkeys(own)) for own in words]
    counts = Counter(word for own in rows for word in own)
    kept = [word for word, n in counts.most_common() if n >= 2][:most]
    place = {word: k for k, word in enumerate(kept)}
    rare = np.array([np.log(len(rows) / counts[word]) + 0.1 for word in kept], np.float32)
    cells = [(r, place[word]) for r, own in enumerate(rows) for word in own if word in place]
    if not cells:
        return sparse.csr_matrix((len(rows), 0), dtype=np.float32)
    at = np.array(cells, np.int64)
    values = rare[at[:, 1]] if idf else np.ones(len(at), np.float32)
    found = sparse.csr_matrix((values, (at[:, 0], at[:, 1])), shape=(len(rows), len(kept)))
    norms = np.sqrt(np.asarray(found.power(2).sum(axis=1)).ravel())
    return sparse.diags(weight / np.maximum(norms, 1e-9)) @ found


def _short(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strongest directions of unit vectors, by the eigenvectors of their Gram matrix."""
    if block.shape[1] <= _DIMENSIONS:
        return block
    _, axes = np.linalg.eigh((block.T @ block).astype(np.float64))
    return np.asarray(block @ axes[:, ::-1][:, :_DIMENSIONS], np.float32)
