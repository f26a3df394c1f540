"""Finished assets as candidates: what they are like, whom they suit, how to test them and what came back."""

from __future__ import annotations

from mmstudio.recommendation.variants.records import Plan, RankedVariant, ResultsReport, Verdict

__all__ = ["Plan", "RankedVariant", "ResultsReport", "Verdict"]
