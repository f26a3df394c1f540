"""A tag from a few examples: ridge regression in its dual form, with leave-one-out in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.tagging.calibration import Platt, calibration_error, fit_platt

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RIDGE = 0.3


@dataclass(frozen=True, slots=True)
class Taught:
    """A taught tag.

    Attributes:
        centre, direction: float32[D]; score = (x - centre) · direction.
        platt: scores → probability that examples and counter-examples are equally common.
        left_out: float64[N], score of each training row by a model that has not seen it.
        right: bool[N], whether each row was told right when it was left out. error: the expected calibration
            error of the left-out scores.
        loss: mean log loss of the left-out probabilities, both sides counting the same; smaller is better.
    """

    centre: NDArray[np.float32]
    direction: NDArray[np.float32]
    platt: Platt
    left_out: NDArray[np.float64]
    right: NDArray[np.bool_]
    error: float
    loss: float

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """[N, D] → float64[N]."""
        offset = float(self.centre @ self.direction)
        direction = self.direction.astype(X.dtype) if X.dtype == np.float16 else self.direction
        made: NDArray[np.float64] = (X @ direction).astype(np.float64) - offset
        return made


def teach(X: NDArray[np.float32], labels: NDArray[np.float64], centre: NDArray[np.float32]) -> Taught:
    """Learn from float32[N, D] rows of length 1 and labels (1 example, 0 counter-example), both present.

    Weighted ridge regression on ±1 where both sides weigh the same. The left-out score of row i is
    (f_i - h_ii y_i) / (1 - h_ii) with h the diagonal of the hat matrix (Allen's PRESS, 1974; Rifkin & Lippert
    2007), so no model is fitted twice.
    """
    y = 2.0 * labels - 1.0
    side = np.where(labels > 0.5, 0.5 / labels.sum(), 0.5 / (1 - labels).sum())
    root = np.sqrt(side * len(y))
    x = X.astype(np.float64) - centre.astype(np.float64)
    scaled = x * root[:, None]
    gram = scaled @ scaled.T
    loaded = gram + _RIDGE * max(1e-9, np.trace(gram) / len(y)) * np.eye(len(y))
    hat = np.linalg.solve(loaded, gram).T
    wanted = y * root
    fitted = hat @ wanted
    h = np.clip(np.diag(hat), 0.0, 1 - 1e-6)
    left_out = (fitted - h * wanted) / (1 - h) / root
    direction = (scaled.T @ np.linalg.solve(loaded, wanted)).astype(np.float32)
    weight = side * len(y)
    # Half as heavy: a few examples should not make anyone sure.
    platt = fit_platt(left_out, labels, weight * min(1.0, 2 * labels.sum() / len(y)))
    probability = platt(left_out)
    right = (probability > 0.5) == (labels > 0.5)
    loss = -np.log(np.clip(np.where(labels > 0.5, probability, 1 - probability), 1e-9, 1.0))
    return Taught(
        centre,
        direction,
        platt,
        left_out,
        right,
        calibration_error(probability, labels),
        float(side @ loss),
    )


def accuracy_of(taught: Taught, examples: int, refused: int, share: float) -> float:
    """Leave-one-out balanced accuracy, 0 to 1.

    Those drawn at random are counter-examples but for the ``share`` of them that deserve the tag too: of the
    rate told positive among them, that part is no mistake (positive-unlabelled learning, Elkan & Noto 2008).

    Args:
        taught: from rows in the order examples, refused, others.
    """
    found = float(taught.right[:examples].mean())
    wrong = ~taught.right[examples:]
    others = wrong[refused:]
    mistakes = float(wrong[:refused].sum())
    if len(others):
        told = float(others.mean())
        mistakes += len(others) * min(1.0, max(0.0, (told - share * found) / (1 - share)))
    return 0.5 * (found + 1 - mistakes / len(wrong))
