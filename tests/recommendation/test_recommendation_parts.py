"""The parts of the ranking by themselves: events, re-ranking, metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.recommendation.evaluation import metrics
from mmstudio.recommendation.events import Events, strength
from mmstudio.recommendation.measuring import ndcgs_at
from mmstudio.recommendation.methods.linear import gathered
from mmstudio.recommendation.ranking import diversify


def events(pairs: list[tuple[int, int, float]], items: int, dense: int = 5000) -> Events:
    data = np.array(pairs, np.float64).reshape(-1, 3)
    member, item = data[:, 0].astype(np.int64), data[:, 1].astype(np.int64)
    return Events(member, item, data[:, 2].astype(np.float32), items, dense)


# Items 0-2 go together for five people, items 3-5 for five others; item 6 nobody touched.
PAIRS = [(p, i, 1.0) for p in range(5) for i in range(3) if (p, i) != (0, 2)]
PAIRS += [(p, i, 1.0) for p in range(5, 10) for i in range(3, 6) if (p, i) != (9, 5)]


@pytest.mark.parametrize("dense", [5000, 3, 0])
def test_what_was_chosen_together_scores_highest(dense: int) -> None:
    log = events(PAIRS, 7, dense)
    score = log.score({0: 1.0})
    assert score.shape == (7,)
    assert score.max() <= 1
    assert set(np.argsort(-score)[:2].tolist()) == {1, 2}
    assert score[6] == 0
    assert max(score[3:6]) < 0.05


def test_ease_is_the_closed_form() -> None:
    log = events(PAIRS, 7)
    x = np.zeros((10, 6))
    for person, item, _ in PAIRS:
        x[person, item] = 1
    inverse = np.linalg.inv(x.T @ x + 5.0 * np.eye(6))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    wanted = weights[0] + 0.5 * weights[1]
    np.testing.assert_allclose(
        log.score({0: 1.0, 1: 0.5})[:6], np.clip(wanted / wanted.max(), 0, 1), atol=1e-5
    )


def test_counts_of_people() -> None:
    log = events(PAIRS, 7)
    assert log.together(2, 0) == (4, 5)
    assert log.together(3, 0) == (0, 5)
    assert log.people.tolist() == [5, 5, 4, 5, 5, 4, 0]


def test_an_event_twice_counts_once_and_the_strongest_wins() -> None:
    log = events([(1, 0, 0.2), (1, 0, 1.0), (1, 0, 0.4), (2, 1, 0.0)], 2)
    assert log.count == 1
    assert log.taste([1]) == {0: 1.0}


def test_no_events_at_all() -> None:
    log = events([], 4)
    assert not log.score({0: 1.0}).any()
    assert log.taste([1]) == {}


@pytest.mark.parametrize(
    ("event", "weight", "wanted"),
    [
        ("rating", 5, 1.0),
        ("rating", 3.5, 0.6),
        ("rating", 2, 0.0),
        ("buy", 5, 1.0),
        ("view", 1, 0.2),
        ("view", -3, 0.0),
    ],
)
def test_strength_of_an_event(event: str, weight: float, wanted: float) -> None:
    assert strength(event, weight) == pytest.approx(wanted)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 12), st.floats(0, 1), st.integers(0, 10_000))
def test_re_ranking_picks_distinct_candidates_the_best_first(
    n: int, k: int, relevance: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n + 5, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.random(n + 5)
    rows = np.argsort(-scores)[:n].astype(np.int64)
    chosen = diversify(rows, scores, vectors, k, relevance)
    assert len(chosen) == len(set(chosen)) == min(k, n)
    assert set(chosen) <= set(rows.tolist())
    if relevance == 1:
        assert chosen == rows[:k].tolist()
    elif relevance > 0:
        assert chosen[0] == rows[0]


def test_re_ranking_avoids_twins() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    scores = np.array([1.0, 0.99, 0.5])
    assert diversify(np.array([0, 1, 2]), scores, vectors, 2, 0.4) == [0, 2]


def test_metrics_by_hand() -> None:
    ndcg, recall, hit = metrics(np.array([4, 1, 9]), {1, 2}, 3)
    assert ndcg == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert recall == 0.5
    assert hit == 1.0
    assert metrics(np.array([7]), {1}, 3) == (0.0, 0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.booleans())
def test_the_quick_ndcg_is_that_of_a_sorted_list(seed: int, items: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(np.arange(6 * items)).reshape(6, items).astype(np.float32)
    if coarse:  # equal scores, and items that are left out, but not among the hits
        scores[:, : items // 2] = rng.integers(-3, 0, (6, items // 2))
        scores[0, 0] = -np.inf
    hits = rng.random((6, items)) < 0.3
    hits[:, : items // 2] &= not coarse
    counts = hits.sum(axis=1) + 1
    wanted = []
    for own, good, count in zip(scores, hits, counts, strict=True):
        found = good[np.argsort(-own, kind="stable")[:10]]
        gain = (found / np.log2(np.arange(2, len(found) + 2))).sum()
        wanted.append(gain / (1 / np.log2(np.arange(2, min(count, len(found)) + 2))).sum())
    np.testing.assert_allclose(ndcgs_at(scores, hits, counts), wanted, atol=1e-12)


def test_of_equal_scores_every_place_holds_one_item() -> None:
    hits = np.ones((3, 25), bool)
    np.testing.assert_allclose(ndcgs_at(np.zeros((3, 25), np.float32), hits, hits.sum(axis=1)), 1.0)


@pytest.mark.parametrize("rows", [3, 400])
def test_rows_of_a_sparse_matrix_add_up_however_many_they_are(rows: int) -> None:
    from scipy import sparse

    rng = np.random.default_rng(2)
    matrix = sparse.random(500, 90, 0.1, "csr", np.float32, random_state=rng)
    at, given = rng.permutation(500)[:rows], rng.random(rows)
    np.testing.assert_allclose(
        gathered(matrix, at, given), given @ matrix.toarray()[at], rtol=1e-5, atol=1e-6
    )
