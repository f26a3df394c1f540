"""How many people a comparison needs, and what its results say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.i18n import tr
from mmstudio.recommendation.variants.records import Plan, VariantCount, Verdict

Correction = Literal["bonferroni", "sidak"]
CORRECTIONS: tuple[Correction, ...] = ("bonferroni", "sidak")
UNEVEN = 0.001  # shares that chance would give more rarely than this are said to be uneven
_PRIOR = 20.0  # showings that the common rate counts for in "probability of being the best"
_DRAWS = 20_000
_NORMAL = NormalDist()


def corrected_alpha(alpha: float, comparisons: int, correction: str = "bonferroni") -> float:
    """The alpha of one of several comparisons: α/m (Bonferroni) or 1 − (1 − α)^(1/m) (Šidák 1967)."""
    m = max(1, comparisons)
    return alpha / m if correction == "bonferroni" else 1 - (1 - alpha) ** (1 / m)


def corrected_p(p: float, comparisons: int, correction: str = "bonferroni") -> float:
    """A p value for as many comparisons: m·p, at most 1, or 1 − (1 − p)^m."""
    m = max(1, comparisons)
    return min(1.0, m * p) if correction == "bonferroni" else 1 - (1 - p) ** m


def sample_size(
    base: float,
    effect: float,
    alpha: float = 0.05,
    power: float = 0.8,
    variants: int = 2,
    correction: str = "bonferroni",
) -> int:
    """How many people must see each variant, in a two-sided two-proportion z test.

    n = (z₁₋α′⁄₂ √(2 p̄ (1 − p̄)) + z_power √(p₁(1 − p₁) + p₂(1 − p₂)))² ⁄ (p₂ − p₁)², without a correction for
    continuity (Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed., eq. 4.14; R's
    power.prop.test gives the same). α′ is corrected for the comparisons of the others with the control.

    Args:
        base: share of people who act on the control, between 0 and 1. effect: difference worth finding, in
            shares of people, negative for a loss. alpha, power: between 0 and 1. variants: at least 2.

    Raises:
        UsageError: a number out of its range.
    """
    other = base + effect
    if not (0 < base < 1 and 0 < other < 1) or effect == 0:
        raise UsageError(
            "A rate lies between 0 and 1, before and after the change.",
            hint="Give rates as shares: 0.02 for two percent, and an effect such as 0.005.",
        )
    if not (0 < alpha < 1 and 0 < power < 1):
        raise UsageError("Alpha and power lie between 0 and 1.", hint="0.05 and 0.8 are usual.")
    if variants < 2:
        raise UsageError("A comparison needs at least two variants.", hint="Add another variant first.")
    if correction not in CORRECTIONS:
        raise UsageError("The correction is bonferroni or sidak.", hint="bonferroni is the stricter one.")
    mean = (base + other) / 2
    z_alpha = _NORMAL.inv_cdf(1 - corrected_alpha(alpha, variants - 1, correction) / 2)
    z_power = _NORMAL.inv_cdf(power)
    spread = z_alpha * math.sqrt(2 * mean * (1 - mean)) + z_power * math.sqrt(
        base * (1 - base) + other * (1 - other)
    )
    return math.ceil((spread / effect) ** 2 - 1e-9)


def two_proportions(x1: int, n1: int, x2: int, n2: int) -> float:
    """The two-sided p value of the pooled two-proportion z test; 1 where it says nothing."""
    if not n1 or not n2:
        return 1.0
    pooled = (x1 + x2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    if error == 0:
        return 1.0
    z = abs(x1 / n1 - x2 / n2) / error
    return math.erfc(z / math.sqrt(2))


def wilson(x: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); (0, 1) without any showing."""
    if not n:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf(0.5 + confidence / 2)
    share, square = x / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def judge(plan: Plan, counts: Mapping[str, tuple[int, int]], seed: int = 0) -> Verdict:
    """What a comparison says so far; a winner is named only where the test names one.

    Args:
        counts: variant id → (shown, happened). seed: of the draws for "probability of being the best".
    """
    ids = list(plan.shares)
    pairs = [counts.get(one, (0, 0)) for one in ids]
    comparisons = len(ids) - 1
    control = pairs[0]
    best = best_chances(pairs, seed)
    rows = []
    for k, (one, (shown, happened)) in enumerate(zip(ids, pairs, strict=True)):
        low, high = wilson(happened, shown)
        p = None
        if k:
            p = corrected_p(
                two_proportions(happened, shown, control[1], control[0]), comparisons, plan.correction
            )
        rate = happened / shown if shown else 0.0
        rows.append(VariantCount(one, shown, happened, rate, low, high, best[k], p))
    ready = bool(plan.each) and all(row.shown >= plan.each for row in rows)
    winner = _winner(rows, plan) if ready else None
    return Verdict(winner, ready, rows, _sentence(plan, rows, ready, winner))


def best_chances(pairs: Sequence[tuple[int, int]], seed: int = 0) -> list[float]:
    """Probability that each (shown, happened) has the highest rate: draws from Beta posteriors.

    The prior is worth 20 showings at the common rate, so that few showings do not make a star.
    """
    shown = np.array([n for n, _ in pairs], np.float64)
    happened = np.array([x for _, x in pairs], np.float64)
    if not shown.sum():
        return [1 / len(pairs)] * len(pairs)
    common = (happened.sum() + 0.5) / (shown.sum() + 1)
    a, b = happened + _PRIOR * common, shown - happened + _PRIOR * (1 - common)
    drawn = np.random.default_rng(seed).beta(a, b, (_DRAWS, len(pairs)))
    return [float(share) for share in np.bincount(drawn.argmax(1), minlength=len(pairs)) / _DRAWS]


def uneven(shares: Mapping[str, float], counts: Mapping[str, tuple[int, int]]) -> str:
    """A sentence where the variants were not shown in the shares planned, else empty.

    χ² test of goodness of fit at 0.001 (sample ratio mismatch: Fabijan et al., KDD 2019).
    """
    from scipy.stats import chisquare

    shown = np.array([counts.get(one, (0, 0))[0] for one in shares], np.float64)
    wanted = np.array(list(shares.values()), np.float64)
    if shown.sum() < 100 or len(shown) < 2 or (wanted <= 0).any():
        return ""
    if float(chisquare(shown, shown.sum() * wanted / wanted.sum()).pvalue) >= UNEVEN:
        return ""
    told = ", ".join(f"{one} {int(n)}" for one, n in zip(shares, shown, strict=True))
    return tr(
        "Shown unevenly against the plan ({counts}): look for the cause before trusting it.", counts=told
    )


def _winner(rows: Sequence[VariantCount], plan: Plan) -> str | None:
    """The highest rate, where it differs from the control; the control where it differs from all others."""
    control = rows[0]
    top = max(rows, key=lambda row: row.rate)
    if top is control:
        sure = all(row.p is not None and row.p < plan.alpha for row in rows[1:])
        return control.variant_id if sure else None
    return top.variant_id if top.p is not None and top.p < plan.alpha else None


def _sentence(plan: Plan, rows: Sequence[VariantCount], ready: bool, winner: str | None) -> str:
    shown = min(row.shown for row in rows)
    if not any(row.shown for row in rows):
        return tr("No results yet: {each} people must see each variant.", each=plan.each)
    if not ready:
        return tr(
            "Too early to name a winner: {shown} of {each} people saw the variant shown least.",
            shown=shown,
            each=plan.each,
        )
    if winner is None:
        return tr("No winner: the differences are no larger than chance would make them.")
    best, control = next(row for row in rows if row.variant_id == winner), rows[0]
    if best is control:
        return tr("{winner}, the control, wins with {rate}.", winner=winner, rate=percent(best.rate))
    said = tr(
        "{winner} wins: {rate} against {control} of the control (p = {p}, {others} compared).",
        winner=winner,
        rate=percent(best.rate),
        control=percent(control.rate),
        p=f"{best.p:.2g}",
        others=len(rows) - 1,
    )
    pairs = len(rows) * (len(rows) - 1) // 2
    level = [
        row.variant_id
        for row in rows[1:]
        if row is not best
        and corrected_p(
            two_proportions(row.happened, row.shown, best.happened, best.shown), pairs, plan.correction
        )
        >= plan.alpha
    ]
    if level:
        said += " " + tr("It is not surely better than {others}.", others=", ".join(level))
    return said


def percent(share: float) -> str:
    """A share as a person reads it: "4.18 %"."""
    return f"{100 * share:.2f} %"
