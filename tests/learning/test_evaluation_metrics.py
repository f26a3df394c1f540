"""Figures of pictures against closed forms, library implementations and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmstudio.learning.evaluation import metrics
from mmstudio.learning.evaluation.rating import wilson

RANDOM = np.random.default_rng(3)


def test_frechet_distance_of_two_known_gaussians() -> None:
    # Axis-aligned: |μ|² + Σ (√a − √b)². Rows are whitened exactly, so that the fit is the distribution.
    x = RANDOM.normal(size=(400, 3))
    x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    a, b, shift = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 1.0]), np.array([1.0, -2.0, 0.5])
    expected = shift @ shift + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    found = metrics.frechet_distance(x * np.sqrt(a), x * np.sqrt(b) + shift)
    assert found == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_is_its_formula_with_scipys_matrix_root() -> None:
    from scipy.linalg import sqrtm

    x, y = RANDOM.normal(size=(60, 12)), RANDOM.normal(size=(80, 12)) @ RANDOM.normal(size=(12, 12))
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    gap = x.mean(0) - y.mean(0)
    theirs = gap @ gap + np.trace(a + b - 2 * np.real(sqrtm(a @ b)))
    assert metrics.frechet_distance(x, y) == pytest.approx(theirs, rel=1e-6)


def test_frechet_distance_of_equal_rows_is_nothing_also_with_fewer_rows_than_dimensions() -> None:
    rows = RANDOM.normal(size=(6, 40))
    assert metrics.frechet_distance(rows, rows) == pytest.approx(0.0, abs=1e-6)


def test_kernel_distance_is_its_definition_pair_by_pair() -> None:
    x, y = RANDOM.normal(size=(9, 7)), RANDOM.normal(size=(6, 7)) + 0.5

    def mean(a: np.ndarray, b: np.ndarray, same: bool) -> float:
        pairs = [
            (u @ v / 7 + 1) ** 3 for i, u in enumerate(a) for j, v in enumerate(b) if not (same and i == j)
        ]
        return float(np.mean(pairs))

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert metrics.kernel_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_manifolds_of_a_set_with_itself_and_with_one_far_away() -> None:
    rows = RANDOM.normal(size=(50, 4))
    same = metrics.manifolds(rows, rows)
    assert (same.precision, same.recall, same.coverage) == (1.0, 1.0, 1.0)
    far = metrics.manifolds(rows, rows + 1000)
    assert (far.precision, far.recall, far.density, far.coverage) == (0.0, 0.0, 0.0, 0.0)


def test_manifolds_on_a_line_counted_by_hand() -> None:
    real = np.array([[0.0], [1.0], [2.0], [10.0]])  # they reach 1, 1, 1, 8
    drawn = np.array([[0.5], [5.0]])  # reach 4.5, 4.5
    found = metrics.manifolds(real, drawn, k=1)
    assert found.precision == 1.0  # 0.5 near 0 and 1; 5.0 within 8 of 10
    assert found.recall == 0.75  # 10 is 5 away from 5.0
    assert found.density == pytest.approx((2 + 1) / 2)
    assert found.coverage == 0.75  # 0, 1 and 10 have one; 2 has none


def test_collapse_shows_in_recall_and_coverage_not_in_precision() -> None:
    real = RANDOM.normal(size=(200, 5))
    collapsed = real[:1] + 1e-4 * RANDOM.normal(size=(200, 5))
    found = metrics.manifolds(real, collapsed)
    assert found.precision == 1.0
    assert found.recall < 0.05
    assert found.coverage < 0.2


def test_manifolds_take_a_handful() -> None:
    found = metrics.manifolds(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0], [2.0]]))
    assert found.precision >= 2 / 3
    with pytest.raises(ValueError, match="two"):
        metrics.manifolds(np.zeros((1, 2)), np.zeros((5, 2)))


def test_reduction_keeps_distances_within_the_span_it_was_fitted_to() -> None:
    rows = RANDOM.normal(size=(20, 3)) @ RANDOM.normal(size=(3, 30))
    reduce = metrics.Reduction.of(rows, 3)
    own, reduced = metrics.distances(rows, rows), metrics.distances(reduce(rows), reduce(rows))
    assert np.allclose(own, reduced, atol=1e-5)
    assert metrics.Reduction.of(rows[:4]).directions.shape == (30, 3)


def test_psnr_and_ssim_of_known_pictures() -> None:
    real = RANDOM.integers(0, 200, (2, 3, 16, 16), dtype=np.uint8)
    assert metrics.psnr(real + 10, real) == pytest.approx(10 * np.log10(255**2 / 100))
    assert metrics.psnr(real, real) == pytest.approx(10 * np.log10(255**2 / 1e-3))
    assert metrics.ssim(real, real) == pytest.approx(1.0)
    noise = RANDOM.integers(0, 200, real.shape, dtype=np.uint8)
    assert metrics.ssim(noise, real) < 0.3


def test_ssim_is_the_formula_with_scipys_gaussian() -> None:
    from scipy.ndimage import gaussian_filter

    real = RANDOM.integers(0, 256, (1, 1, 20, 24), dtype=np.uint8)
    made = (0.7 * real + 0.3 * RANDOM.integers(0, 256, real.shape)).astype(np.uint8)
    x, y = (part[0, 0].astype(float) for part in (made, real))

    def blur(z: np.ndarray) -> np.ndarray:
        return np.asarray(gaussian_filter(z, 1.5, truncate=3.5))[5:-5, 5:-5]

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    theirs = ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()
    assert metrics.ssim(made, real) == pytest.approx(theirs, rel=1e-9)


def test_ssim_of_flat_pictures_is_their_luminance() -> None:
    # Without structure only luminance counts: (2ab + c) / (a² + b² + c), c = (0.01·255)².
    a, b, c = 50.0, 100.0, (0.01 * 255) ** 2
    flat = [np.full((1, 3, 16, 16), value, np.uint8) for value in (a, b)]
    assert metrics.ssim(*flat) == pytest.approx((2 * a * b + c) / (a**2 + b**2 + c), rel=1e-4)


def test_pixel_rows_are_root_mean_square_differences() -> None:
    a, b = np.zeros((1, 3, 4, 4), np.uint8), np.full((1, 3, 4, 4), 30, np.uint8)
    assert metrics.distances(metrics.pixel_rows(a), metrics.pixel_rows(b))[0, 0] == pytest.approx(30)


def test_diversity_of_a_pair_is_its_distance() -> None:
    assert metrics.diversity(np.array([[0.0, 0.0], [3.0, 4.0]])) == pytest.approx(5.0)
    assert metrics.diversity(np.zeros((1, 2))) == 0.0


@given(wins=st.integers(0, 30), more=st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_wilson_interval_is_scipys(wins: int, more: int) -> None:
    from scipy.stats import binomtest

    total = wins + more
    low, high = wilson(wins, total)
    if total == 0:
        assert (low, high) == (0.0, 1.0)
        return
    theirs = binomtest(wins, total).proportion_ci(0.95, "wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)
