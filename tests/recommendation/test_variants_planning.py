"""Sample sizes against published figures, tests of proportions, and verdicts that name no early winner."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmstudio.errors import UsageError
from mmstudio.recommendation.variants import Plan
from mmstudio.recommendation.variants.planning import (
    best_chances,
    corrected_alpha,
    corrected_p,
    judge,
    sample_size,
    two_proportions,
    uneven,
    wilson,
)


@pytest.mark.parametrize(
    ("base", "effect", "power", "wanted"),
    [
        (0.50, 0.25, 0.90, 77),  # the example of R's power.prop.test: n = 76.7
        (0.10, 0.02, 0.80, 3841),  # power.prop.test(p1 = .10, p2 = .12, power = .80): n = 3840.8
        (0.10, 0.05, 0.80, 686),  # power.prop.test(p1 = .10, p2 = .15, power = .80): n = 685.6
    ],
)
def test_sample_size_is_that_of_the_books(base: float, effect: float, power: float, wanted: int) -> None:
    assert sample_size(base, effect, power=power) == wanted


def test_a_loss_needs_as_many_people_as_the_same_gain_from_there() -> None:
    assert sample_size(0.10, 0.02) == sample_size(0.12, -0.02)


@pytest.mark.parametrize("correction", ["bonferroni", "sidak"])
def test_more_variants_need_more_people_each(correction: str) -> None:
    sizes = [sample_size(0.1, 0.02, variants=n, correction=correction) for n in (2, 3, 5)]
    assert sizes == sorted(set(sizes))
    # The same as one comparison at the corrected alpha.
    assert sizes[1] == sample_size(0.1, 0.02, alpha=corrected_alpha(0.05, 2, correction))


def test_corrections() -> None:
    assert corrected_alpha(0.05, 5) == pytest.approx(0.01)
    assert corrected_alpha(0.05, 5, "sidak") == pytest.approx(0.010206, abs=1e-6)
    assert corrected_p(0.4, 5) == 1.0
    assert corrected_p(0.010206, 5, "sidak") == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": 0.0}, {"base": 1.2}, {"effect": 0.0}, {"effect": 0.95}, {"alpha": 0.0}, {"power": 1.0},
        {"variants": 1}, {"correction": "none"}, {"base": math.nan},
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_said(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        sample_size(**{"base": 0.1, "effect": 0.02, **wrong})  # type: ignore[arg-type]


def test_two_proportions_by_hand() -> None:
    # (0.15 − 0.10) / √(0.125 · 0.875 · 2/400) = 2.1381, two-sided p = 0.03251
    assert two_proportions(40, 400, 60, 400) == pytest.approx(0.03251, abs=1e-4)
    assert two_proportions(0, 0, 5, 10) == two_proportions(0, 10, 0, 10) == 1.0


def test_wilson_interval_is_that_of_the_books() -> None:
    # 81 of 263: (0.2553, 0.3662), Newcombe 1998, table I, method 3
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0.0, 1.0)


def plan(*ids: str, each: int = 1000) -> Plan:
    share = 1 / len(ids)
    return Plan(
        1, "p", None, dict.fromkeys(ids, share), "click", 0.1, 0.02, 0.05, 0.8, "bonferroni",
        each, each * len(ids),
    )  # fmt: skip


def test_no_winner_before_enough_people_saw_both() -> None:
    early = judge(plan("a", "b"), {"a": (900, 20), "b": (900, 200)})
    assert early.winner is None
    assert not early.ready
    assert "900 of 1000" in early.sentence


def test_no_winner_where_chance_explains_the_difference() -> None:
    verdict = judge(plan("a", "b"), {"a": (1000, 100), "b": (1000, 106)})
    assert verdict.ready
    assert verdict.winner is None
    assert "No winner" in verdict.sentence


def test_a_sure_difference_names_its_winner() -> None:
    verdict = judge(plan("a", "b"), {"a": (1000, 100), "b": (1000, 160)})
    assert verdict.winner == "b"
    assert verdict.counts[1].p is not None
    assert verdict.counts[1].p < 0.05
    assert "b wins: 16.00 % against 10.00 %" in verdict.sentence
    assert verdict.counts[1].best > 0.99


def test_several_comparisons_ask_for_more() -> None:
    counts = {"a": (1000, 100), "b": (1000, 129)}  # p = 0.041 by itself
    assert judge(plan("a", "b"), counts).winner == "b"
    with_more = {**counts, "c": (1000, 100), "d": (1000, 101)}
    assert judge(plan("a", "b", "c", "d"), with_more).winner is None


def test_a_winner_that_is_no_better_than_another_says_so() -> None:
    verdict = judge(plan("a", "b", "c"), {"a": (1000, 50), "b": (1000, 120), "c": (1000, 118)})
    assert verdict.winner == "b"
    assert "not surely better than c" in verdict.sentence


def test_the_control_can_win() -> None:
    assert judge(plan("a", "b"), {"a": (1000, 200), "b": (1000, 100)}).winner == "a"


def test_without_results() -> None:
    verdict = judge(plan("a", "b"), {})
    assert (verdict.winner, verdict.ready) == (None, False)
    assert "No results yet" in verdict.sentence
    assert best_chances([(0, 0), (0, 0)]) == [0.5, 0.5]


def test_false_winners_stay_below_alpha() -> None:
    """Three equal variants, 400 experiments: at most 5 % (and the noise of 400) name a winner."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        happened = rng.binomial(1000, 0.1, 3)
        counts = {name: (1000, int(n)) for name, n in zip("abc", happened, strict=True)}
        wrong += judge(plan("a", "b", "c"), counts).winner is not None
    assert wrong <= 0.05 * 400 + 2 * math.sqrt(400 * 0.05 * 0.95)


def test_uneven_showing_is_noticed() -> None:
    shares = {"a": 0.5, "b": 0.5}
    assert uneven(shares, {"a": (5000, 1), "b": (5060, 1)}) == ""
    assert "a 5000, b 5600" in uneven(shares, {"a": (5000, 1), "b": (5600, 1)})
