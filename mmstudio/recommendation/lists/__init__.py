"""From scores to a list: rules, caps, exploration, novelty, variety, pins."""

from __future__ import annotations

from mmstudio.recommendation.lists.making import Wish, make
from mmstudio.recommendation.lists.rules import Filter, filters

__all__ = ["Filter", "Wish", "filters", "make"]
