"""How good the ranking is: held-out events under the field's protocols, popularity and chance always
beside."""

from __future__ import annotations

from mmstudio.recommendation.evaluation.measures import metrics
from mmstudio.recommendation.evaluation.protocols import PROTOCOLS, Protocol
from mmstudio.recommendation.evaluation.run import evaluate, evaluate_work, evaluating
from mmstudio.recommendation.evaluation.table import as_csv, as_svg

__all__ = [
    "PROTOCOLS", "Protocol", "as_csv", "as_svg", "evaluate", "evaluate_work", "evaluating", "metrics",
]  # fmt: skip
