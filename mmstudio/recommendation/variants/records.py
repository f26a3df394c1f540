"""What the room of variants hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.library.variants import Variant
    from mmstudio.recommendation.records import ScorePart


@dataclass(frozen=True, slots=True)
class RankedVariant:
    """A variant in the order of its appeal for an audience.

    Attributes:
        rank: 1 for the first; variants that fail a check that must hold stand last.
        appeal: predicted share of people who act, 0…1, `low` to `high` with 95 % probability.
        parts: what moves the appeal from the average of all variants, in shares of people; they add up
            exactly to `appeal` minus `base`.
        base: the average appeal it starts from.
        evidence: how many showings of this variant the prediction rests on; 0: from its features alone.
        problems: sentences of checks that failed, empty where all hold.
        why: one sentence.
    """

    rank: int
    variant: Variant
    appeal: float
    low: float
    high: float
    base: float
    parts: list[ScorePart]
    evidence: int
    problems: list[str]
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison of variants (A/B, or A/B/n).

    Attributes:
        id: its number, 0 before it is saved.
        shares: variant id → share of the people who see it, adding up to 1. The first is the control.
        event: what is counted: click, buy, …
        base: expected share of people who act on the control, 0…1.
        effect: smallest difference worth finding, in shares of people (0.01 is one percentage point).
        alpha: probability of a false winner over all comparisons together.
        power: probability of finding a difference of that size.
        correction: "bonferroni" or "sidak", over the comparisons with the control.
        each: how many people must see each variant.
        total: how many in all.
        days: days it takes at the audience stated, None without.
    """

    id: int
    name: str
    audience_id: int | None
    shares: dict[str, float]
    event: str
    base: float
    effect: float
    alpha: float
    power: float
    correction: str
    each: int
    total: int
    days: int | None = None


@dataclass(frozen=True, slots=True)
class VariantCount:
    """One variant in a verdict: how often shown, how often the event followed, with a 95 % interval of the
    rate (Wilson 1927); `better` is the probability that it is the best (Beta posteriors)."""

    variant_id: str
    shown: int
    happened: int
    rate: float
    low: float
    high: float
    best: float
    p: float | None = None  # against the control, corrected; None for the control itself


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison says so far.

    Attributes:
        winner: id of the variant that the test names, None where it names none.
        ready: every variant was shown as often as planned.
        counts: the control first.
        sentence: what may be said, in the person's language; names a winner only where there is one.
    """

    winner: str | None
    ready: bool
    counts: list[VariantCount]
    sentence: str


@dataclass(frozen=True, slots=True)
class ResultsReport:
    """What reading results found.

    Attributes:
        kept: rows kept. variants: ids they were for.
        problems: (line, sentence) of rows that were left out.
        notes: (line, sentence) of rows that were kept with a doubt.
    """

    kept: int
    variants: list[str]
    problems: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
