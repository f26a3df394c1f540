"""Audiences × items → ranked, diverse, explained."""

from __future__ import annotations

from mmstudio.recommendation.recommender import Recommender
from mmstudio.recommendation.records import Ranked, Recommendation, ScorePart

__all__ = ["Ranked", "Recommendation", "Recommender", "ScorePart"]
